"""What contacts would have earned is never said without its ground."""

from __future__ import annotations

import pytest

from tenure.domain.learned import Lift
from tenure.learning.ground import Exposure, earned

SALE = Exposure("sale", contacts=100, value=1_000.0, gain=20.0, cost=5.0)
CARE = Exposure("care", contacts=300, value=2_000.0, gain=40.0, cost=1.0)


def test_belief_alone_reaches_from_no_effect_to_what_is_stated():
    found = earned([SALE, CARE], {})
    assert (found.low, found.high, found.measured) == (-6.0, 54.0, 0.0)
    assert found.rests_on.startswith("Rests on belief alone")


def test_a_measured_lift_is_counted_with_its_doubt_which_all_contacts_share():
    found = earned([CARE], {"care": Lift(0.01, 0.005, 4_000)})
    assert found.low == pytest.approx(19 - 1.96 * 10) and found.high == pytest.approx(19 + 1.96 * 10)
    assert found.measured == 1.0 and found.rests_on == "Rests on 4,000 people of measured campaigns."


def test_doubts_of_different_campaigns_are_added_as_chances_are():
    lifts = {"care": Lift(0.01, 0.005, 4_000), "sale": Lift(0.02, 0.003, 500)}
    found = earned([SALE, CARE], lifts)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * (10**2 + 3**2) ** 0.5)


def test_both_grounds_are_told_apart():
    found = earned([SALE, CARE], {"care": Lift(0.01, 0.005, 4_000)})
    assert found.measured == 0.75 and "for 75% of the contacts, on belief alone for the others" in found.rests_on
    assert found.low == pytest.approx(-5 + 19 - 19.6)


def test_a_lift_that_rests_on_nobody_is_belief():
    assert earned([CARE], {"care": Lift(0.01, 0.01, 0)}).measured == 0
    assert earned([], {}).rests_on.startswith("Nothing was said")
