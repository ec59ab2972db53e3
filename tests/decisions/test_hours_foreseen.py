"""On real records the hour foreseen for a household is nearer to its next half year than everybody's hour is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.models.real_shops import warehouse_of

from tenure.decisions.hours import HOURS, Reader
from tenure.domain.moments import parse_as_of
from tenure.warehouse.hours import DuckHabits

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "sending.md"
STRANGER = -1  # of whom nothing is known: hears when everybody does


def near(hour: int, hours: list[int]) -> bool:
    return any(min((hour - one) % HOURS, (one - hour) % HOURS) <= 1 for one in hours)


def test_a_households_own_hour_is_met_more_often_than_everybodys():
    """Habits until the first of July 2017; hit where it lies within an hour of the most usual hour after it."""
    warehouse = warehouse_of("The Complete Journey")
    half = parse_as_of("2017-07-01", "UTC")
    after: dict[int, np.ndarray] = {}
    for key, hour, times in warehouse.fetch(f"""
        SELECT customer_key, "at" // 3600000000 % {HOURS}, count(DISTINCT "at" // 3600000000) FROM facts.orders
        WHERE "at" >= {half.at} GROUP BY ALL"""):  # fmt: skip
        after.setdefault(key, np.zeros(HOURS))[hour] = times
    habits = DuckHabits(warehouse, "UTC").habits(half, list(after))
    reader = Reader(habits)
    usual = {key: np.flatnonzero(seen == seen.max()).tolist() for key, seen in after.items() if key in habits.own}
    best = {key: int(np.argmax(reader.shares(key, "UTC"))) for key in [*usual, STRANGER]}
    own = np.mean([near(best[key], hours) for key, hours in usual.items()])
    everybodys = np.mean([near(best[STRANGER], hours) for hours in usual.values()])
    assert own > everybodys + 0.05
    said = f"of {len(usual):,} households {own:.0%} had their most usual hour of the second half within one hour of it"
    page = " ".join(PAGE.read_text().split())
    assert said in page, said
    assert f"where everybody's hour would have met {everybodys:.0%}" in page, everybodys
