"""Import: bring in what happened, table after table, so that orders are there before their lines."""

from __future__ import annotations

from collections.abc import Iterable

from tenure.domain.extract import Extract, Loaded
from tenure.domain.facts import TABLES
from tenure.domain.moments import to_micros
from tenure.ports import Clock, Facts, Progress


def import_facts(facts: Facts, extracts: Iterable[Extract], clock: Clock, progress: Progress) -> list[Loaded]:
    """Load each extract, in the order in which tables need each other.

    Each extract is loaded whole or not at all; those before a refused one stay loaded, and running it again changes
    nothing about them.

    Args:
        facts: where they go.
        extracts: what comes in; extracts of one table keep their order, so the later one replaces.
        clock: says when the rows arrived.
        progress: hears of each table.

    Raises:
        TenureError: a file, a column or an expression is not as it should be.
    """
    order = {name: place for place, name in enumerate(TABLES)}
    waiting = sorted(extracts, key=lambda extract: order[extract.table])
    received_at = to_micros(clock.now())
    return [facts.load(extract, received_at, progress) for extract in waiting]
