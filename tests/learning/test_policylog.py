"""The log of decisions: each once its days are over, with its chance and what the customer brought."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from tenure.domain.business import Business
from tenure.domain.moments import as_of
from tenure.learning.offpolicy import Log, self_normalised
from tenure.warehouse.policylog import DuckPolicyLog


def logged(past, days: float = 14) -> list[dict]:
    business = Business(margin=Fraction(1, 2))
    return DuckPolicyLog(past.warehouse).log(as_of(past.now, "UTC"), business, days).to_pylist()


def test_a_decision_brings_the_margin_of_its_days_less_its_contact(past):
    past.assigned(1, 20, contact_cost=0.25, stage="active", path="discount")
    past.assigned(2, 20, "control", contact_cost=0.25)
    for customer in (1, 2):
        for day in (20.5, 19, 7, 5):
            past.ordered(customer, day, 1000)
    one, two = logged(past)
    assert (one["action"], one["orders"], one["revenue"], one["reward"]) == ("hello", 2, 20.0, 9.75)
    assert (one["stage"], one["path"], one["propensity"]) == ("active", "discount", 0.5)
    assert (two["action"], two["campaign"], two["reward"]) == ("silence", "hello", 10.0)


def test_losers_services_and_decisions_whose_days_are_not_over_are_not_in_it(past):
    past.assigned(1, 13.9, stage="active")
    at = (past.now - timedelta(days=20)).replace(tzinfo=None)
    for outcome, purpose in (("lost", "marketing"), ("chosen", "service")):
        past.insert("decisions", run_id="r", customer_key=3, customer_id="c3", campaign="hello", outcome=outcome,
                    purpose=purpose, propensity=1.0, as_of=at)  # fmt: skip
    assert logged(past) == [] and len(logged(past, days=13)) == 1


def test_who_explored_and_was_held_back_was_silent_in_a_way_of_its_own(past):
    past.assigned(1, 20, "control", explored=True)
    past.insert("decisions", run_id="r", customer_key=2, customer_id="c2", outcome="silent", propensity=0.3,
                explored=True, as_of=(past.now - timedelta(days=19)).replace(tzinfo=None))  # fmt: skip
    assert [row["action"] for row in logged(past)] == ["held back from hello", "silence"]


def test_what_silence_would_have_brought_is_what_control_brought(past):
    for customer in range(400):
        arm = "control" if customer % 4 == 0 else "treated"
        past.assigned(customer, 20, arm, share=0.25, contact_cost=0.0)
        if customer % 8 in (0, 1, 2, 3):
            past.ordered(customer, 10, 1000)
    rows = logged(past)
    actions = [row["action"] for row in rows]
    log = Log.by_action([row["reward"] for row in rows], [row["propensity"] for row in rows], actions, ["silence"],
                        [[1.0]] * len(rows), [row["customer_id"] for row in rows])  # fmt: skip
    found = self_normalised(log)
    assert found.value == pytest.approx(0.5 * 5.0) and found.effective == pytest.approx(100) and found.low < 2.5


def test_a_notebook_reads_the_log_of_a_workspace(tmp_path):
    import tenure as tn

    (tmp_path / "tenure.yaml").write_text("name: Shop\n")
    (tmp_path / "campaigns").mkdir()
    found = tn.open(tmp_path).decision_log("2024-06-03", days=7)
    assert found.num_rows == 0 and {"action", "propensity", "reward", "customer_id"} <= set(found.column_names)
