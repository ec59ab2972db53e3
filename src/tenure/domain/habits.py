"""When people did things, by the hours of their own clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Habits:
    """Sightings by hour of the day; what counts how much is said where they are counted.

    Attributes:
        own: 24 counts by customer key, of those about whom anything is known.
        zones: 24 counts by time zone, of everybody who lives there.
    """

    own: Mapping[int, Sequence[float]] = field(default_factory=dict)
    zones: Mapping[str, Sequence[float]] = field(default_factory=dict)


UNKNOWN = Habits()
