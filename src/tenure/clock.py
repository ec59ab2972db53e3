"""The two clocks: the machine's, and one that begins at a moment of the past for rehearsals and the demo.

The only place below the doors where the machine is asked for the time.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

# Goes on while a laptop sleeps, so that no message leaves after its deadline because nobody counted the night.
_TICKS = getattr(time, "CLOCK_BOOTTIME", None)


def _monotonic() -> float:
    return time.monotonic() if _TICKS is None else time.clock_gettime(_TICKS)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back, for deadlines."""
        return _monotonic()


class RehearsalClock:
    """A clock that began at `start` when it was made and runs on at the machine's pace."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._began = _monotonic()

    def now(self) -> datetime:
        """The rehearsal's moment."""
        return self._start + timedelta(seconds=self.monotonic() - self._began)

    def monotonic(self) -> float:
        """Seconds that never go back, for deadlines."""
        return _monotonic()
