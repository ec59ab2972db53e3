"""Fitting: what is due is trained, what earns its place is used, and every model stays to be looked at."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tenure.domain.business import Business
from tenure.domain.errors import TenureError, UsageError
from tenure.domain.fitted import Fitted
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.domain.silence import Silent
from tenure.insights.models import models_report
from tenure.insights.words import Words
from tenure.models.cards import Card, Score
from tenure.models.kinds.contract import Trained
from tenure.models.kinds.order import _in_order, kinds
from tenure.operations.fit import fit
from tenure.warehouse.shelf import FolderShelf

DAY = 18_000


def on(day):
    return AsOf(day * MICROS_PER_DAY, day)


def card(model=0.8, naive=0.7, as_of=DAY, split=DAY - 30, **more):
    score = Score("AUC", model, naive, "higher", "the recency rule")
    text = [on(day).moment.isoformat() for day in (as_of, split)]
    return Card("kind", text[0], text[1], 100, 50, (score,), **more)


class Kind:
    """A kind of model that says what it is told to say."""

    RELATIONS = FILLS = AFTER = ()
    DUE_DAYS = 7

    def __init__(self, told, checked=0.8):
        self.told, self.checked, self.trained = told, checked, 0

    def train(self, past, business):
        self.trained += 1
        return Trained({"n": self.trained}, self.told) if self.told else None

    def check(self, state, past, business):
        return (Score("AUC", self.checked, 0.7, "higher", "the recency rule"),)

    def score(self, state, batch):
        return {}


@pytest.fixture
def shelf(tmp_path):
    return FolderShelf(tmp_path / "models")


def run(shelf, kind, day=DAY, **more):
    past = SimpleNamespace(as_of=on(day))
    return fit({"kind": kind}, past, shelf, Business(), Silent(), **more)[0]


def test_a_model_that_beats_the_rule_is_used_and_its_verdict_says_by_how_much(shelf):
    found = run(shelf, Kind(card()))
    assert (found.state, found.says) == ("promoted", "kind: in use; AUC 0.8 against 0.7 with the recency rule.")
    assert shelf.in_place(on(DAY).at)["kind"].state == {"n": 1}
    assert shelf.in_place(on(DAY).at - 1) == {}


@pytest.mark.parametrize("figure", [0.7, 0.69])
def test_a_model_that_does_not_beat_the_rule_is_kept_but_not_used(shelf, figure):
    assert run(shelf, Kind(card(figure))).state == "kept"
    assert shelf.in_place(on(DAY).at) == {} and len(shelf.all()) == 1


def test_without_days_to_check_on_nothing_is_used(shelf):
    found = run(shelf, Kind(replace(card(), split="")))
    assert found.state == "kept" and "too few days to check" in found.says


def test_without_records_nothing_is_kept(shelf):
    assert run(shelf, Kind(None)).state == "no such records"
    assert shelf.all() == []


def test_the_model_in_place_is_beaten_on_the_same_days_or_stays(shelf):
    run(shelf, Kind(card()))
    later = Kind(card(0.75, as_of=DAY + 60, split=DAY + 30), checked=0.76)
    assert run(shelf, later, DAY + 60).state == "kept"
    assert shelf.in_place(on(DAY + 60).at)["kind"].as_of == on(DAY).at
    later.checked = 0.74
    assert run(shelf, later, DAY + 67).state == "promoted"
    assert shelf.in_place(on(DAY + 67).at)["kind"].as_of == on(DAY + 67).at
    assert shelf.in_place(on(DAY + 66).at)["kind"].as_of == on(DAY).at  # the past keeps the model it had


def test_one_that_has_seen_the_days_is_judged_by_its_own_card(shelf):
    run(shelf, Kind(card(0.80)))
    cheat = Kind(card(0.77, as_of=DAY + 7, split=DAY - 20), checked=0.99)  # the rival learned from DAY − 20 on
    assert run(shelf, cheat, DAY + 7).state == "promoted"
    assert run(shelf, Kind(card(0.71, as_of=DAY + 14, split=DAY - 10)), DAY + 14).state == "kept"


def test_a_young_model_is_not_trained_again_unless_asked(shelf):
    kind = Kind(card())
    assert [run(shelf, kind, day).state for day in (DAY, DAY + 6, DAY + 7)] == ["promoted", "not due", "promoted"]
    assert run(shelf, kind, DAY + 8, even_if_not_due=True).state == "promoted"
    assert kind.trained == 3


def test_an_unknown_model_is_named_with_the_nearest(shelf):
    with pytest.raises(UsageError, match="Did you mean `kind`"):
        run(shelf, Kind(card()), wanted=["kid"])


def test_a_kept_file_is_readable_and_a_broken_one_is_named(shelf, tmp_path):
    run(shelf, Kind(card()))
    (file,) = (tmp_path / "models" / "kind").iterdir()
    assert file.name == "2019-04-14T000000Z.json" and json.loads(file.read_text())["state"] == {"n": 1}
    file.write_text("{")
    with pytest.raises(TenureError, match=r"models/kind/2019-04-14T000000Z.json: this is not a fitted model"):
        FolderShelf(tmp_path / "models").all()


def test_a_model_of_a_newer_version_is_passed_over(shelf, tmp_path):
    run(shelf, Kind(card()))
    (file,) = (tmp_path / "models" / "kind").iterdir()
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 99}))
    assert FolderShelf(tmp_path / "models").in_place(on(DAY).at) == {}


def test_kinds_come_after_those_they_read_and_may_not_wait_for_each_other():
    made = {name: SimpleNamespace(AFTER=after) for name, after in {"a": ("b",), "b": ("z",), "c": ()}.items()}
    assert list(_in_order(made)) == ["b", "c", "a"]
    made["b"].AFTER = ("a",)
    with pytest.raises(TenureError, match="a, b wait for each other"):
        _in_order(made)


def test_every_kind_says_what_it_fills_and_fills_what_only_models_may():
    from tenure.domain.profile import BY_NAME

    overriding = {"replacement_product", "replacement_due_at", "better_product", "next_order_at", "next_order_low",
                  "next_order_high"}  # fmt: skip
    for name, kind in kinds().items():
        assert set(kind.FILLS) <= set(BY_NAME), name
        assert all(BY_NAME[column].model or column in overriding for column in kind.FILLS), name
        assert kind.DUE_DAYS >= 1 and kind.train and kind.check and kind.score


def test_the_report_shows_the_model_in_use_beside_the_simple_rule(shelf):
    run(shelf, Kind(card(notes=("forecasts were 20% too high and are scaled",))))
    run(shelf, Kind(card(0.6, as_of=DAY + 9)), DAY + 9)
    told = models_report(shelf.all(), on(DAY + 10), Words())
    assert [row[:6] for row in told.rows] == [("kind", "2019-04-14", True, "AUC", 0.8, 0.7)]
    assert told.sentences == (
        "kind: in use; AUC 0.8 against 0.7 with the recency rule.",
        "kind: forecasts were 20% too high and are scaled",
    )
    assert told.chart["series"][0]["data"] == [pytest.approx(0.8 / 0.7 - 1)]
    assert models_report(shelf.all(), on(DAY - 1), Words()).rows == ()


def test_the_reports_chart_is_drawn_on_a_terminal(shelf):
    from tenure.cli.report import bars

    run(shelf, Kind(card()))
    told = models_report(shelf.all(), on(DAY + 10), Words())
    assert bars(told, Words(), width=4) == ["", "Better than the simple rule:", "kind  ▓▓▓▓ 14.3%"]
    assert bars(models_report([], on(DAY), Words()), Words()) == []


def test_the_report_fits_a_terminal_and_machines_get_all_of_it(shelf, monkeypatch):
    import io
    import sys

    from tenure.cli.report import _print

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    run(shelf, Kind(card()))
    told = models_report(shelf.all(), on(DAY + 10), Words())
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", Terminal())
    _print(told, Words())
    written = [line.split() for line in sys.stdout.getvalue().splitlines()]
    assert ["kind", "AUC", "0.8", "0.7"] in written
    assert set(told.as_json()["models"][0]) >= {"fitted", "is_used", "rule", "checked", "value", "naive"}


def test_a_moment_before_the_first_model_is_said_to_have_none(shelf, tmp_path):
    from tenure.app import open_workspace
    from tenure.app.fitting import unfitted

    (tmp_path / "tenure.yaml").write_text("name: Shop\n")
    ws = open_workspace(tmp_path)
    run(FolderShelf(ws.machine / "models"), Kind(card(0.6)))
    assert unfitted(ws, on(DAY)) is None and unfitted(ws, on(DAY + 1)) is None
    assert "`tenure fit --as-of 2019-04-13T00:00:00Z` fits them." in unfitted(ws, on(DAY - 1))


def test_a_model_is_what_it_was_when_it_is_read_again():
    made = Fitted("kind", 5, {"n": 1}, card().as_json(), True, "kind: in use.")
    again = Fitted.from_json(json.loads(json.dumps(made.as_json())))
    assert again.as_json() == json.loads(json.dumps(made.as_json())) and Card.from_json(again.card) == card()
