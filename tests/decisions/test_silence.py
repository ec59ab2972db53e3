"""Whatever the world looks like, nobody hears from us who should not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.decisions.eligibility import within
from tenure.domain.decision import RULES


@pytest.fixture(scope="module")
def crowd(request):
    """One warehouse for all examples of this file."""
    kit = request.getfixturevalue("kit")
    made = kit.World()
    yield made
    made.warehouse.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nobody_who_must_be_left_in_peace_is_chosen(crowd, kit, data):
    persons = data.draw(st.lists(kit.people, min_size=8, max_size=20))
    with crowd.warehouse.transaction():
        kit.populate(crowd, persons)
    campaigns = kit.shop_campaigns()
    crowd.decide(*campaigns)
    rules = crowd.business.contact
    shares = {c.name: c.control for c in campaigns}
    rows = crowd.warehouse.fetch(
        "SELECT customer_id, campaign, purpose, channel, worth FROM decisions "
        "WHERE run_id = 'run-1' AND outcome = 'chosen'"
    )
    spoken_to = []
    for who, name, purpose, channel, worth in rows:
        person = persons[int(who[1:])]
        if purpose == "service":
            assert person["address"] and person["refused"] != "denied"
            continue
        spoken_to.append(who)
        assert worth > 0
        assert channel in (person["channels"] or [])
        assert not kit.is_left_alone("pepper", who, crowd.business.holdout)
        assert not kit.is_left_alone("pepper", who, shares[name], name)
        assert person["complained"] is None or person["complained"] >= rules.complaint_days
        waiting_7d, waiting_30d = min(person["waiting"], 1), person["waiting"]
        assert max(person["contacts_7d"], waiting_7d) < rules.per_7_days
        assert max(person["contacts_30d"], waiting_30d) < rules.per_30_days
        if name == "follow-up":
            assert person["stage"] in ("new", "active") and person["recency_days"] <= 7 and not person["used"]
            assert person["contacted"] is None or person["contacted"] >= 10
            assert person["lost"] is None and not person["waiting"]
            assert person["visited"] is None or person["visited"] >= person["recency_days"]
    assert len(spoken_to) == len(set(spoken_to)), "at most one marketing contact each"


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_customer_of_every_campaign_is_either_chosen_or_refused_by_one_rule(crowd, kit, data):
    persons = data.draw(st.lists(kit.people, max_size=20))
    with crowd.warehouse.transaction():
        kit.populate(crowd, persons)
    decided = crowd.decide(*kit.shop_campaigns())
    for name, refused in decided.refused.items():
        assert set(refused) <= set(RULES)
        assert decided.chosen[name] + sum(refused.values()) == len(persons)
    kept = crowd.warehouse.fetch("SELECT campaign, rule, customers FROM refusals")
    assert {(c, r): n for c, r, n in kept} == {(c, r): n for c, rs in decided.refused.items() for r, n in rs.items()}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_explain_says_what_the_run_did_for_every_customer_and_rule(crowd, kit, data):
    persons = data.draw(st.lists(kit.people, min_size=4, max_size=8))
    with crowd.warehouse.transaction():
        kit.populate(crowd, persons)
    campaigns = kit.shop_campaigns()
    decided = crowd.decide(*campaigns)
    counted: dict[str, dict[str, int]] = {c.name: {} for c in campaigns}
    kept = crowd.outcomes()
    for number in range(len(persons)):
        said = crowd.explain(f"c{number}", *campaigns, run_id="run-1")
        assert said.is_as_recorded
        for verdict in said.verdicts:
            outcome = kept.get((said.customer_id, verdict.campaign))
            if verdict.rule is None:
                assert outcome == ("chosen", None)
            else:
                counted[verdict.campaign][verdict.rule] = counted[verdict.campaign].get(verdict.rule, 0) + 1
                assert outcome is None or outcome[1] == verdict.rule
            assert verdict.detail
            assert verdict.rule in (None, "control") or verdict.detail in said.text()
    assert counted == decided.refused


def test_a_window_of_silence_ends_exactly_when_its_days_are_over(world):
    moments = [world.micros(14) - 1, world.micros(14), world.micros(14) + 1]
    import numpy as np

    assert within(np.asarray(moments), 14, world.as_of).tolist() == [False, False, True]
