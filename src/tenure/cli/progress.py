"""Progress: bars on a terminal, plain lines elsewhere, silence for machines. Always on standard error."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from tenure.domain.silence import Silent

if TYPE_CHECKING:
    from rich.progress import TaskID


class Lines:
    """One plain line when a task is done, for logs and pipes."""

    def __init__(self) -> None:
        self._task = ""
        self._began = 0.0

    def start(self, task: str, total: int | None = None) -> None:
        """Remember the task; it is printed when it is done."""
        self._task, self._began = task, time.monotonic()

    def advance(self, steps: int = 1) -> None:
        """Steps are not shown."""

    def finish(self, summary: str = "") -> None:
        """Print the task, what came of it and how long it took."""
        seconds = time.monotonic() - self._began
        click.echo(f"{self._task}: {summary or 'done'} ({seconds:.1f} s)", err=True)


class Bars:
    """A bar that becomes a line with the outcome when the task is done."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._console = Console(stderr=True)
        self._bars = Progress(
            SpinnerColumn(), TextColumn("{task.description:<44}"), BarColumn(bar_width=32), MofNCompleteColumn(),
            TimeElapsedColumn(), console=self._console, transient=True,
        )  # fmt: skip
        self._task: TaskID | None = None
        self._text, self._began = "", 0.0
        self._live = False

    def start(self, task: str, total: int | None = None) -> None:
        """Show a bar for the task."""
        if not self._live:
            self._bars.start()
            self._live = True
        self._text, self._began = task, time.monotonic()
        self._task = self._bars.add_task(task, total=total)

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bars.advance(self._task, steps)

    def finish(self, summary: str = "") -> None:
        """Replace the bar by one line."""
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None
        self._bars.stop()
        self._live = False
        seconds = time.monotonic() - self._began
        self._console.print(f"[green]✓[/] {self._text:<44} {summary} [dim]({seconds:.1f} s)[/]", highlight=False)


def progress_for(as_json: bool = False) -> Silent | Lines | Bars:
    """The progress that suits where the output goes."""
    if as_json:
        return Silent()
    return Bars() if sys.stderr.isatty() else Lines()
