"""What the pages are given by the roof beam, so that they know no machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenure.domain.business import Business
from tenure.operations.overview import Overview


@dataclass(frozen=True, slots=True)
class Site:
    """One business's pages and the deeds behind them. All callables may be called from several threads at once.

    Attributes:
        business: its settings.
        version: number of the published snapshot; the dashboard is computed once for each.
        overview: the dashboard's figures, or None while nothing is published.
        ready: what keeps the service from working, as a sentence; empty when nothing does.
        record_open: note that the message of this token was opened; a token that is not ours is ignored.
        recipient: the locale of the customer to whom an unsubscribe token was sent; None if the token is not ours.
        unsubscribe: stop writing to the customer of this token, at once; False if the token is not ours.
    """

    business: Business
    version: Callable[[], int]
    overview: Callable[[], Overview | None]
    ready: Callable[[], str]
    record_open: Callable[[str], None]
    recipient: Callable[[str], str | None]
    unsubscribe: Callable[[str], bool]
