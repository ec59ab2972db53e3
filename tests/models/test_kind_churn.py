"""The kind `churn` on the real path: profiles of real shops as of days gone by, and what it fills in."""

import json

import numpy as np
import pyarrow as pa
import pytest
from tests.models.real_shops import past_of, ravenstack

from tenure.domain.business import Business
from tenure.models.kinds import churn as kind
from tenure.models.kinds.contract import Batch

# Share of customers taken where all of them would only cost time.
SAMPLES = {"CDNOW": 3_000, "Online Retail II": 4_000, "The Complete Journey": 2_500}
BACK = {"The Complete Journey": 60}  # days before the end of the log, where few have stayed away for 90 days


@pytest.fixture(scope="module")
def shops():
    """A shop's past and what was trained on it, each made once."""
    made = {}

    def make(name: str):
        if name not in made:
            past = past_of(name, BACK.get(name, 0), SAMPLES[name])
            made[name] = (past, kind.train(past, Business()))
        return made[name]

    return make


def batch(past, as_of=None) -> Batch:
    as_of = as_of or past.as_of
    return Batch(past.profiles(as_of), {"gaps": past.relation("gaps", as_of)}, as_of, Business())


@pytest.mark.parametrize(
    ("name", "ranking", "loss"),
    [("CDNOW", 0.01, 0.02), ("Online Retail II", 0.03, 0.03), ("The Complete Journey", 0.05, 0.01)],
)
def test_it_beats_the_recency_rule_on_days_it_has_not_seen(shops, name, ranking, loss):
    """By at least so much AUC, and so many nats a customer; `python -m benchmarks.churn` has the whole table."""
    past, trained = shops(name)
    score = {each.name: each for each in trained.card.scores}
    assert score["AUC"].model > score["AUC"].naive + ranking
    assert score["log-loss"].model < score["log-loss"].naive - loss
    assert trained.card.beats_naive
    assert trained.card.split == past.earlier(90).moment.isoformat()


@pytest.mark.parametrize(("name", "error"), [("CDNOW", 0.035), ("The Complete Journey", 0.03)])
def test_probabilities_mean_what_they_say(shops, name, error):
    _, trained = shops(name)
    score = {each.name: each for each in trained.card.scores}
    assert score["calibration error"].model < error


@pytest.mark.parametrize(("name", "count"), [("CDNOW", 0), ("Online Retail II", 1), ("The Complete Journey", 1)])
def test_a_season_that_came_is_said(shops, name, count):
    """Before Christmas fewer stay away than ever before, in a shop's first year ever more do; the card says so."""
    _, trained = shops(name)
    assert len(trained.card.notes) == count
    assert all("seasons do that" in note for note in trained.card.notes)


def test_everyone_who_ever_ordered_gets_a_probability_and_a_list(shops):
    past, trained = shops("The Complete Journey")
    state = json.loads(json.dumps(trained.state, allow_nan=False))
    profiles = past.profiles(past.as_of)
    one = profiles.slice(0, 1).to_pylist()[0] | {"customer_key": 10_000, "orders": 0}
    one |= dict.fromkeys(("first_day", "last_day", "recency_days", "frequency", "overdue", "average_order"))
    more = pa.concat_tables([profiles, pa.Table.from_pylist([one], schema=profiles.schema)])
    found = kind.score(state, Batch(more, {"gaps": past.relation("gaps", past.as_of)}, past.as_of, Business()))
    said, why = (found[name].to_pylist() for name in kind.FILLS)
    assert (said[-1], why[-1]) == (None, None), "nothing is said of those who never ordered"
    assert all(0 < chance < 1 for chance in said[:-1])
    assert [] in why
    assert {len(reasons) for reasons in why[:-1]} == {0, 1, 2, 3}


def test_who_is_likelier_to_leave_has_more_reasons(shops):
    past, trained = shops("The Complete Journey")
    found = kind.score(trained.state, batch(past))
    said = found["churn_90d"].to_numpy()
    count = np.array([len(reasons) for reasons in found["churn_reasons"].to_pylist()])
    assert count[said > 0.2].mean() > 1.5
    assert count[said < 0.02].mean() < 0.3


def test_a_customer_alone_gets_what_all_together_get(shops):
    past, trained = shops("The Complete Journey")
    whole = batch(past)
    every = kind.score(trained.state, whole)
    part = Batch(whole.customers.slice(7, 3), whole.relations, whole.as_of, Business())
    some = kind.score(trained.state, part)
    for name in kind.FILLS:
        assert some[name].to_pylist() == every[name].to_pylist()[7:10]
    nobody = kind.score(trained.state, Batch(whole.customers.slice(0, 0), whole.relations, whole.as_of, Business()))
    assert [len(nobody[name]) for name in kind.FILLS] == [0, 0]


def test_a_model_in_place_is_checked_on_the_same_days(shops):
    past, trained = shops("The Complete Journey")
    again = {score.name: score for score in kind.check(trained.state, past, Business())}
    mine = {score.name: score for score in trained.card.scores}
    assert again["AUC"].naive == mine["AUC"].naive
    assert again["AUC"].model > mine["AUC"].model, "it has seen these days, unlike that of the card"


def test_too_short_a_history_gives_no_model():
    """The snapshots learned from must have ended before the held-out one, and have a month of history themselves."""
    assert kind.train(past_of("The Complete Journey", back=165), Business()) is None


def test_contracts_and_feedback_go_through_the_same_pipe():
    """RavenStack is synthetic: what is shown is that usage, tickets and satisfaction arrive, not how good it is."""
    past = ravenstack()
    trained = kind.train(past, Business())
    columns = trained.state["learned"]["importance"]
    assert min(columns[name] for name in ("events_90d", "csat_last", "order_rate")) > 0
    assert len(trained.card.scores) == 3
    reasons = kind.score(trained.state, batch(past))["churn_reasons"].to_pylist()
    assert any("has not opened the shop" in sentence for some in reasons for sentence in some or ())
