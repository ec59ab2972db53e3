"""No progress at all, for machines and notebooks: the port `Progress` that says nothing."""

from __future__ import annotations


class Silent:
    """Progress that nobody watches."""

    def start(self, task: str, total: int | None = None) -> None:
        """Nothing."""

    def advance(self, steps: int = 1) -> None:
        """Nothing."""

    def finish(self, summary: str = "") -> None:
        """Nothing."""
