"""`BuyerPath`: on invented customers whose chances are known, and what must hold for every customer."""

import json
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.domain.errors import TenureError
from tenure.models import BuyerPath
from tenure.models.certainty import certain
from tenure.models.early_orders import Usual, early
from tenure.models.order_days import day_of, order_days
from tenure.models.path import CLASSES, outcomes

END = 15_000


def invented(customers: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Customers who come back at a rate or never: those of large orders more often; hunters mostly at a discount."""
    rng = np.random.default_rng(seed)
    large = rng.random(customers) < 0.5
    gone = rng.random(customers) < np.where(large, 0.3, 0.7)  # after the first order, for good
    hunts = rng.random(customers) < 0.3
    begins = rng.integers(END - 700, END, customers)
    rows: list[tuple[int, int, float, float]] = []
    for who in range(customers):
        day = int(begins[who])
        while day < END:
            coupon = rng.random() < (0.9 if hunts[who] else 0.1)
            rows.append((who, day, 80.0 if large[who] else 20.0, 5.0 if coupon else 0.0))
            if gone[who]:
                break
            day += int(rng.exponential(30.0)) + 1
    who, day, total, discount = (np.array(column) for column in zip(*rows, strict=True))
    return {"customer_id": who, "day": day, "total": total, "discount": discount, "large": large, "gone": gone}


@pytest.fixture(scope="module")
def shop():
    return invented(6_000)


@pytest.fixture(scope="module")
def model(shop):
    return BuyerPath().fit(orders_of(shop))


def orders_of(shop):
    return {name: shop[name] for name in ("customer_id", "day", "total", "discount")}


def test_the_known_chances_of_invented_customers_are_found(model):
    new = {"customer_id": [1, 2], "day": [END, END], "total": [80.0, 20.0], "discount": [0.0, 0.0]}
    said = model.predict(new, END + 1)
    # Who comes back does so at a rate of one in 30.5 days: within 180 days with a chance of .997.
    assert said["p_hit_and_run"].to_numpy() == pytest.approx([0.30, 0.70], abs=0.04)
    drawn = model.predict({**new, "discount": [5.0, 5.0]}, END + 1)["p_discount"].to_numpy()
    plain = said["p_discount"].to_numpy()
    # One coupon lifts the share of hunters among those who return from .05 to .79.
    back = 1 - said["p_hit_and_run"].to_numpy()
    assert (drawn / back > 0.7).all() and (plain / back < 0.12).all()


def test_silence_is_weighed_as_bayes_would(model):
    new = {"customer_id": [1], "day": [END], "total": [20.0], "discount": [0.0]}
    for silent in (0, 15, 30, 60, 90):
        said = model.predict(new, END + 1 + silent)["p_hit_and_run"][0].as_py()
        assert said == pytest.approx(0.7 / (0.7 + 0.3 * np.exp(-silent / 30.5)), abs=0.05)
    assert model.predict(new, END + 181)["p_hit_and_run"][0].as_py() == pytest.approx(1.0)


def test_the_latest_cohorts_teach_without_being_waited_for(shop):
    early_only = BuyerPath().fit(orders_of(shop), END - 500)
    new = {"customer_id": [1, 2], "day": [END, END], "total": [80.0, 20.0], "discount": [0.0, 0.0]}
    # 200 days of records: next to nobody has been watched for the horizon, and yet the chances are found.
    assert early_only.predict(new, END + 1)["p_hit_and_run"].to_numpy() == pytest.approx([0.30, 0.70], abs=0.08)


def test_undecided_is_what_most_are_after_a_first_order(model):
    said = model.predict({"customer_id": [1], "day": [END], "total": [20.0], "discount": [0.0]}, END + 1)
    assert said["path"].to_pylist() == ["undecided"]
    assert model.named(np.array([[0.79, 0.11, 0.1], [0.8, 0.1, 0.1], [0.1, 0.85, 0.05]])).tolist() == [
        "undecided", "hit_and_run", "discount",
    ]  # fmt: skip
    assert model.named(np.zeros((2, 3))).tolist() == ["undecided", "undecided"]


def test_from_the_sixth_order_only_the_share_of_discounts_counts(model):
    days = np.arange(END - 80, END, 10)
    orders = {"customer_id": np.repeat([1, 2], 8), "day": np.tile(days, 2), "total": np.full(16, 50.0),
              "discount": np.repeat([5.0, 0.0], 8)}  # fmt: skip
    said = model.predict(orders, END + 400)
    assert said["p_hit_and_run"].to_pylist() == [0, 0]
    assert said["path"].to_pylist() == ["discount", "active"]
    assert said["reasons"].to_pylist() == [["8 of 8 orders were discounted."], ["0 of 8 orders were discounted."]]


def test_reasons_are_sentences_of_what_is_so(model):
    new = {"customer_id": [1, 2, 3, 3], "day": [END, END, END - 20, END], "total": [80.0, 20.0, 80.0, 80.0],
           "discount": [0.0, 0.0, 5.0, 5.0]}  # fmt: skip
    soon, late = model.predict(new, END + 1)["reasons"].to_pylist(), model.predict(new, END + 61)["reasons"].to_pylist()
    assert soon[0] == ["0 of 1 orders were discounted.", "Orders are larger than usual."]
    assert soon[1][0] == "Orders are smaller than usual." and late[1][0] == "Nothing has come for 61 days."
    assert soon[2][0] == "2 of 2 orders were discounted."
    assert all(len(each) <= 3 and all(text.endswith(".") for text in each) for each in soon + late)


orders = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 400), st.integers(1, 9_000), st.integers(0, 900), st.booleans()),
    min_size=1, max_size=40,
)  # fmt: skip


def framed(rows):
    who, day, total, discount, coupon = (list(column) for column in zip(*rows, strict=True))
    return {"customer_id": who, "day": day, "total": np.array(total) / 100, "discount": np.array(discount) / 100,
            "coupon": coupon}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(rows=orders, k=st.integers(1, 5), more=orders)
def test_what_comes_later_does_not_change_the_first_orders(rows, k, more):
    usual = Usual(20.0, 0.0, (1.0, 3.0))
    before = order_days(framed(rows))
    at = np.flatnonzero(before.place == k)
    last = {int(before.customers[before.owner[row]]): int(before.day[row]) for row in at}
    later = [(who, last.get(who, 400) + 1 + day, *rest) for who, day, *rest in more if who in last]
    kept = [row for row in rows if row[0] in last and row[1] <= last[row[0]]]
    if not last:
        return
    after = order_days(framed(kept + later))
    now, then = early(before, at, usual), early(after, np.flatnonzero(after.place == k), usual)
    assert now.columns.keys() == then.columns.keys()
    for name, values in now.columns.items():
        np.testing.assert_array_equal(values, then.columns[name])


@settings(max_examples=60, deadline=None)
@given(rows=orders, wait=st.integers(1, 300))
def test_chances_sum_to_one_and_silence_never_speaks_against_hit_and_run(model, rows, wait):
    soon, late = (model.predict(framed(rows), 401 + days) for days in (1, wait))
    for said in (soon, late):
        chances = np.column_stack([said[f"p_{name}"].to_numpy() for name in CLASSES])
        assert np.allclose(chances.sum(axis=1), 1) and (chances >= 0).all()
        top = np.where(chances.max(axis=1) >= model.certainty, np.array(CLASSES)[chances.argmax(axis=1)], "undecided")
        assert said["path"].to_pylist() == top.tolist()
    assert (late["p_hit_and_run"].to_numpy() >= soon["p_hit_and_run"].to_numpy() - 1e-12).all()


def test_paths_are_what_became_of_customers():
    frame = {
        "customer_id": ["gone", "hunts", "hunts", "hunts", "buys", "buys", "late", "late"],
        "ordered_at": [date(2010, 1, 1), date(2010, 1, 1), date(2010, 2, 1), date(2010, 3, 1), date(2010, 1, 1),
                       date(2010, 2, 1), date(2010, 1, 1), date(2010, 7, 1)],
        "discount": [0.0, 0.0, 2.0, 2.0, 2.0, 0.0, 0.0, 9.0], "total": [9.0] * 8,
    }  # fmt: skip
    days = order_days(pa.table(frame))
    judge = BuyerPath()
    judge.shop_ = Usual(9.0, 0.0, (1.0, 1.0))
    assert days.customers.tolist() == ["buys", "gone", "hunts", "late"]
    today = int(day_of("2010-07-02"))
    seen = outcomes(days, days.begins, today, judge)
    assert [CLASSES[each] for each in seen] == ["active", "hit_and_run", "discount", "hit_and_run"]
    assert outcomes(days, days.begins, today - 5, judge).tolist() == [-1, -1, -1, -1]


def test_two_orders_of_one_day_are_one_purchase():
    noon = datetime(2011, 5, 1, 12)
    frame = pd.DataFrame({
        "customer_id": ["a", "a", "a"], "ordered_at": [noon, noon - timedelta(hours=3), noon + timedelta(days=1)],
        "total": [10.0, 5.0, 1.0], "coupon": [None, "SAVE", None], "products": [2, 3, 1],
    })  # fmt: skip
    days = order_days(frame)
    assert days.measures["total"].tolist() == [15, 1] and days.measures["coupon"].tolist() == [1, 0]
    assert days.measures["products"].tolist() == [3, 1] and days.measures["minute"].tolist() == [540, 720]
    model = BuyerPath(horizon_days=30).fit(invented_frame())
    assert isinstance(model.predict(frame, "2011-05-03"), pd.DataFrame)


def invented_frame():
    return orders_of(invented(800, seed=2))


def test_a_grocer_calls_only_deep_discounts_discounts(shop):
    often = {**orders_of(shop), "discount": np.where(shop["discount"] > 0, 0.2 * shop["total"], 0.01 * shop["total"])}
    assert BuyerPath().fit(often).discounted_from_ == 0.05
    assert BuyerPath().fit(orders_of(shop)).discounted_from_ == 0
    assert BuyerPath(discounted_from=0.5).fit(orders_of(shop)).base_rates_.discount == 0


def test_a_model_survives_its_file(model, shop, tmp_path):
    model.save(tmp_path / "path.json")
    again = BuyerPath.load(tmp_path / "path.json")
    assert json.dumps(again.to_json()) == json.dumps(model.to_json())
    assert again.predict(orders_of(shop)).equals(model.predict(orders_of(shop)))
    assert "hit_and_run" in repr(again.summary())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: BuyerPath().fit({"day": [1]}), "`customer_id` is missing"),
        (lambda: BuyerPath().fit({"customer_id": [1], "total": [1.0]}), "`ordered_at` is missing"),
        (lambda: BuyerPath().fit({"customer_id": [1], "day": [1], "total": [-1.0]}), "negative"),
        (lambda: BuyerPath().fit({"customer_id": [1], "ordered_at": ["soon"]}), "dates"),
        (lambda: BuyerPath().fit({"customer_id": [1], "day": [1]}), "watched for 180 days"),
        (lambda: BuyerPath(certainty=1.5).fit({"customer_id": [1], "day": [1]}), "`certainty`"),
        (lambda: BuyerPath(horizon_days=0).fit({"customer_id": [1], "day": [1]}), "above 0"),
        (lambda: BuyerPath().predict({"customer_id": [1], "day": [1]}), "not been fitted"),
        (lambda: day_of("never"), "no date"),
        (lambda: certain([0.5], [1, 0], 0.8), "1 chances"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(call, words):
    with pytest.raises(TenureError) as refused:
        call()
    assert words in str(refused.value)
