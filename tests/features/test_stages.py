"""Where in life with the business a customer stands, worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.features.conftest import DAY

from tenure.domain.business import Business, StageRules
from tenure.domain.moments import AsOf


@pytest.mark.parametrize(
    ("days", "stage", "since"),
    [
        ((), "prospect", None),
        ((-29,), "new", -29),
        ((-30,), "lapsed", 0),
        ((-31,), "lapsed", -1),
        ((-59,), "lapsed", -29),
        ((-60,), "lost", 0),
        ((-100,), "lost", -40),
        ((-65, -55, -45, -35, -25, -14), "active", -35),
        ((-65, -55, -45, -35, -25, -15), "at_risk", 0),
        ((-200, -190, -60, -55, -50, -45, -40, -35, -30, -25, -20, -15), "active", -60),  # the long gap broke the run
    ],
)
def test_the_stage_follows_the_customers_own_gap(story, at, utc, midnight, days, stage, since):
    """After one order day the expected gap is the base's 10 days: at risk from 15, lapsed from 30, lost from 60."""
    never_loyal = Business(stages=StageRules(loyal_orders=99))
    base = [story.order(2, n, at(when)) for n, when in enumerate((-400, -390, -380))] if len(days) < 2 else []
    facts = [story.listed(1), story.listed(2), *base, *(story.order(1, n, at(when)) for n, when in enumerate(days))]
    row = story.one(facts, never_loyal)
    assert row["stage"] == stage
    if since is not None:
        assert row["stage_since"] == (utc(at(since)) if stage == "new" else midnight(at(since)))


def test_between_orders_a_stage_only_moves_on_whatever_others_buy(world, at):
    """The base's typical gap moves every day with the two who buy ever more often, then ever more seldom."""
    others = [-300, -200, -140, -100, -70, -50, -30, -20, -15, *range(-12, -3), 0, 4, 9, 16, 25, 36, 50]
    days = (-130, -118, -109, -95, -84, -70, -61)
    bought = [(1, days), (2, days[:2]), (3, others), (4, [day - 1 for day in others])]
    made = world(("customers", {"customer_key": key, "customer_id": f"c{key}", "declared": 1}) for key, _ in bought)
    made.add(
        ("orders", {"customer_key": key, "customer_id": f"c{key}", "order_id": f"o{key}-{day}", "at": at(day),
                    "total": 1_000}) for key, when in bought for day in when
    )  # fmt: skip
    way = ("new", "loyal", "active", "at_risk", "lapsed", "lost")
    seen = [
        [way.index(row["stage"]) for row in made.compute(["c1", "c2"], as_of=AsOf(at(day), DAY + day)).to_pylist()]
        for day in (-60, -46, -43, -40, -25, -10, 20, 49)
    ]
    for stages in zip(*seen, strict=True):
        assert list(stages) == sorted(stages) and len(set(stages)) >= 3


def test_loyal_needs_orders_rank_and_punctuality(story, at):
    def stage(business, key=1):
        days = (-65, -55, -45, -35, -25, -9)
        facts = [story.listed(1), story.listed(2), *(story.order(1, n, at(when), 5_000) for n, when in enumerate(days))]
        return story.one([*facts, *(story.order(2, n, at(when), 1_000) for n, when in enumerate(days))], business, key)[
            "stage"
        ]

    assert stage(Business()) == "loyal"
    assert stage(Business(), key=2) == "active"  # rank 0.5 is below 0.8
    assert stage(Business(stages=StageRules(loyal_rank=Fraction(1, 2))), key=2) == "loyal"
    assert stage(Business(stages=StageRules(loyal_orders=7))) == "active"


@pytest.mark.parametrize(
    ("began", "terms", "stage", "since", "filled"),
    [
        (-5, {"trial": 9}, "trial", -5, True),
        (-20, {"trial": -6}, "new", -6, True),
        (-100, {"ends": 30}, "active", -70, True),
        (-100, {"ends": 30, "left": -3}, "at_risk", -3, True),
        (-100, {"ends": 30, "left": 3}, "active", -70, True),  # not known yet
        (-100, {"ends": -40}, "lapsed", -40, False),
        (-200, {"ends": -100}, "lost", -10, False),
        (-100, {"ends": -40, "auto": 1}, "active", -70, True),
        (-20, {"trial": -6, "ends": -6}, "prospect", -6, False),
    ],
)
def test_a_contract_says_where_its_customer_stands(story, at, utc, began, terms, stage, since, filled):
    def when(name):
        return at(terms[name]) if name in terms else None

    terms_of = {"trial_ends_at": when("trial"), "ends_at": when("ends"), "cancelled_at": when("left")}
    facts = [
        story.listed(1),
        story.contract(1, at(began), auto_renew=terms.get("auto"), **terms_of),
        story.event(1, 1, "Login", at(-1)),
    ]
    row = story.one(facts)
    assert row["stage"] == stage
    assert row["stage_since"] == utc(at(since))
    assert (row["plan"], row["plan_price"]) == (("light", 9.99) if filled else (None, None))
    assert row["last_used_at"] == (utc(at(-1)) if filled else None)
    ends = terms.get("ends", -1)
    assert row["days_to_end"] == (float(ends) if filled and ends > 0 else None)
    assert row["auto_renew"] is ((terms.get("auto") == 1) if filled else None)


def test_consent_to_renew_that_is_yet_to_come_is_not_known(story, at):
    row = story.one([story.listed(1), story.contract(1, at(-10), auto_renew=1, auto_renew_consent_at=at(3))])
    assert row["auto_renew"] is False
