"""The kind `path`: in a shop whose truth is known, in a real one without discounts, and in nearly empty ones."""

import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from tests.models.real_shops import past_of

from tenure.domain.business import Business
from tenure.domain.facts import TABLES
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.models.early_orders import DEPTHS, Usual
from tenure.models.kinds import path as kind
from tenure.models.kinds.contract import Batch, Trained
from tenure.models.order_days import arranged
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.past import DuckPast

TODAY = 18_000
NOW = AsOf(TODAY * MICROS_PER_DAY, TODAY)
_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64()}


def add(warehouse: DuckWarehouse, table: str, columns: dict[str, object]) -> None:
    """Write rows into a fact table."""
    count = len(columns["customer_key"]) if "customer_key" in columns else len(columns["product_id"])
    whole = {"source": ["test"] * count, "received_at": np.zeros(count, np.int64), **columns}
    if "at" in whole:
        whole |= {"day": np.asarray(whole["at"]) // MICROS_PER_DAY, "month_no": np.zeros(count, np.int64)}
    rows = pa.table({name: pa.array(whole[name], _ARROW[type]) if name in whole else pa.nulls(count, _ARROW[type])
                     for name, type in TABLES[table].stored})  # fmt: skip
    with warehouse.lend("rows_to_add", rows):
        warehouse.fetch(f"INSERT INTO facts.{table} SELECT * FROM rows_to_add")
    warehouse.touch()


def open_shop(customers: int, seed: int, days: int = 1_100) -> DuckWarehouse:
    """A shop whose customers are gone for good after a first order: 30% of those of large ones, 70% of the others.

    Three in ten hunt for discounts: 90% of their orders have one, 10% of the others'. The last two customers never
    bought; the last but two bought eight times at a discount.
    """
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, int, int, int]] = []
    for who in range(customers):
        large, hunts, day = rng.random() < 0.5, rng.random() < 0.3, TODAY - int(rng.integers(1, days))
        gone = rng.random() < (0.3 if large else 0.7)
        while day < TODAY:
            rows.append((who, day, 8000 if large else 2000, 500 if rng.random() < (0.9 if hunts else 0.1) else 0))
            if gone:
                break
            day += int(rng.exponential(30.0)) + 1
    rows += [(customers, TODAY - 10 * k, 5000, 500) for k in range(1, 9)]
    key, day, total, discount = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    warehouse = DuckWarehouse(":memory:", threads=1)
    everyone = np.arange(customers + 3)
    add(warehouse, "customers", {"customer_key": everyone, "customer_id": [f"c{each}" for each in everyone],
                                 "declared": np.zeros(len(everyone), np.int64)})  # fmt: skip
    add(warehouse, "orders", {
        "customer_key": key, "customer_id": [f"c{each}" for each in key], "at": day * MICROS_PER_DAY + 1,
        "order_id": [f"o{each}" for each in range(len(key))], "total": total, "discount": discount,
    })  # fmt: skip
    return warehouse


@pytest.fixture(scope="module")
def shop() -> Iterator[DuckWarehouse]:
    warehouse = open_shop(2_500, 7)
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def past(shop) -> DuckPast:
    return DuckPast(shop, NOW, Business())


@pytest.fixture(scope="module")
def trained(past) -> Trained:
    made = kind.train(past, Business())
    assert made is not None
    return made


def scored(trained: Trained, past: DuckPast) -> list[dict[str, object]]:
    customers = past.profiles(past.as_of)
    relations = {name: past.relation(name, past.as_of) for name in kind.RELATIONS}
    columns = kind.score(trained.state, Batch(customers, relations, past.as_of, Business()))
    assert tuple(columns) == kind.FILLS
    return pa.table({name: customers[name] for name in ("customer_key", "orders", "last_day")} | columns).to_pylist()


def test_it_beats_the_base_rates_on_days_it_has_not_seen(trained):
    scores = {score.name: score for score in trained.card.scores}
    assert trained.card.beats_naive and scores["log loss"].model < scores["log loss"].naive - 0.02
    assert scores["AUC of hit_and_run"].model > scores["AUC of hit_and_run"].naive + 0.03
    assert scores["calibration error"].model < 0.05
    assert not any("too short" in note for note in trained.card.notes)
    assert any("first 90 days" in note for note in trained.card.notes)
    assert trained.card.customers > 2_000 and trained.card.checked > 400
    assert trained.card.split < trained.card.as_of and len(trained.card.curve) == 10


def test_its_chances_are_the_true_ones(trained, past):
    rows = [row for row in scored(trained, past) if row["orders"] == 1]
    silent = np.array([TODAY - 1 - row["last_day"] for row in rows])
    large = set(
        past.relation("first_orders", NOW).filter(pa.compute.field("total") == 8000)["customer_key"].to_pylist()
    )
    gone = np.array([0.3 if row["customer_key"] in large else 0.7 for row in rows])
    true = gone / (gone + (1 - gone) * np.exp(-silent / 30.5))
    said = np.array([row["p_hit_and_run"] for row in rows])
    assert np.abs(said - true).mean() < 0.03 and said.mean() == pytest.approx(true.mean(), abs=0.02)
    assert (said[silent >= 180] == 1).all()


def test_those_without_an_order_get_nothing_and_all_others_chances_that_sum_to_one(trained, past):
    for row in scored(trained, past):
        chances = [row["p_hit_and_run"], row["p_discount"], row["p_active"]]
        if not row["orders"]:
            assert row["path"] is None and chances == [None, None, None]
            continue
        assert sum(chances) == pytest.approx(1) and min(chances) >= 0
        sure = dict(zip(("hit_and_run", "discount", "active"), chances, strict=True))
        assert row["path"] == "undecided" if max(chances) < 0.8 else sure[row["path"]] == max(chances)


def test_from_the_sixth_order_on_only_discounts_divide(trained, past):
    later = [row for row in scored(trained, past) if row["orders"] > 5]
    assert len(later) > 300 and {row["p_hit_and_run"] for row in later} == {0.0}
    eight = next(row for row in later if row["customer_key"] == 2_500)
    assert eight["path"] == "discount" and eight["p_discount"] > 0.95
    named = [row["path"] for row in later]
    assert named.count("undecided") < 0.3 * len(named) and named.count("active") > named.count("discount") > 0


def test_a_state_is_plain_data_and_checks_as_its_card_says(trained, past):
    assert json.loads(json.dumps(trained.state)) == trained.state
    again = kind.check(trained.state, past, Business())
    assert [score.name for score in again] == [score.name for score in trained.card.scores]
    assert [score.naive for score in again] == [score.naive for score in trained.card.scores]
    assert again[0].model == pytest.approx(trained.card.scores[0].model, abs=0.02)


def test_training_does_not_see_what_came_after():
    shop = open_shop(800, 5)
    then = DuckPast(shop, NOW, Business()).earlier(200)
    before = kind.train(DuckPast(shop, then, Business()), Business())
    add(shop, "orders", {
        "customer_key": [7] * 30, "customer_id": ["c7"] * 30, "order_id": [f"late{each}" for each in range(30)],
        "at": [(then.day + each) * MICROS_PER_DAY for each in range(30)], "total": [9_999] * 30, "discount": [0] * 30,
    })  # fmt: skip
    after = kind.train(DuckPast(shop, then, Business()), Business())
    now = kind.train(DuckPast(shop, NOW, Business()), Business())
    shop.close()
    assert before is not None and after is not None and now is not None
    assert before.state == after.state != now.state
    assert before.card == after.card


def test_few_new_buyers_and_short_records_teach_nothing():
    for few in (open_shop(150, 3), open_shop(400, 3, days=140)):
        past = DuckPast(few, NOW, Business())
        assert kind.train(past, Business()) is None
        assert kind.check({}, past, Business()) == ()
        few.close()
    with DuckWarehouse(":memory:", threads=1) as empty:
        assert kind.train(DuckPast(empty, NOW, Business()), Business()) is None


def test_a_real_shop_without_discounts_has_two_paths():
    past = past_of("CDNOW")
    made = kind.train(past, Business())
    assert made is not None and made.card.beats_naive
    assert any("may not be the first" in note for note in made.card.notes)
    assert {score.name: score.model for score in made.card.scores}["calibration error"] < 0.03
    rows = {name: past.relation(name, past.as_of) for name in kind.RELATIONS}
    customers = pa.table({"customer_key": rows["bargains"]["customer_key"]})
    found = kind.score(made.state, Batch(customers, rows, past.as_of, Business()))
    assert set(found["p_discount"].to_pylist()) == {0.0}
    assert set(found["path"].to_pylist()) == {"hit_and_run", "active", "undecided"}


@pytest.mark.parametrize(("days_ago", "is_good"), [(0, True), (60, True), (120, False)])
def test_in_a_shop_that_changes_the_card_says_when_the_base_rates_are_better(days_ago, is_good):
    past = past_of("Online Retail II", days_ago)
    made = kind.train(past, Business())
    assert made is not None and made.card.beats_naive is is_good
    assert "1,712 customers of the first 90 days" in made.card.notes[0]


def test_goods_of_a_day_are_counted_once_for_all_its_parcels():
    with DuckWarehouse(":memory:", threads=1) as warehouse:
        noon = 17_000 * MICROS_PER_DAY + MICROS_PER_DAY // 2
        add(warehouse, "customers", {"customer_key": [1], "customer_id": ["c1"], "declared": [0]})
        add(warehouse, "products", {"product_id": ["nut", "bolt", "saw"], "category": ["small", "small", "tool"]})
        add(warehouse, "orders", {
            "customer_key": [1, 1, 1, 1], "order_id": ["a", "b", "void", "c"], "total": [500, 300, 900, 100],
            "at": [noon, noon - 3_600_000_000, noon, noon + MICROS_PER_DAY], "coupon": [None, "SAVE", None, None],
            "status": ["paid", None, "cancelled", "paid"], "discount": [None, 20, 900, None],
        })  # fmt: skip
        add(warehouse, "order_lines", {
            "customer_key": [1, 1, 1, 1], "order_id": ["a", "a", "b", "void"], "line": [1, 2, 1, 1], "at": [noon] * 4,
            "product_id": ["nut", "bolt", "nut", "saw"], "quantity": [2000, 1000, 500, 9000],
            "cancelled": [0, 0, 0, 1], "unit_price": [100] * 4,
        })  # fmt: skip
        past = DuckPast(warehouse, NOW, Business())
        one, two = past.relation("first_orders", NOW).sort_by("place").to_pylist()
        assert (one["day"], one["minute"], one["total"], one["discount"], one["coupon"]) == (17_000, 660, 800, 20, 1)
        assert (one["quantity"], one["products"], one["categories"]) == (3500, 2, 1)
        assert (two["total"], two["discount"], two["quantity"]) == (100, None, None)
        assert past.relation("bargains", NOW).to_pylist()[0]["order_days"] == 2


def test_the_relation_counts_discounts_as_the_model_does():
    rng = np.random.default_rng(9)
    price = rng.integers(0, 40, 3_000)
    off = np.minimum(price, rng.integers(0, 16, 3_000))  # often exactly 5, 10, … 30% of a price
    coupon = rng.random(3_000) < 0.1
    day = np.arange(14_000, 17_000)
    with DuckWarehouse(":memory:", threads=1) as warehouse:
        add(warehouse, "customers", {"customer_key": [1], "customer_id": ["c1"], "declared": [0]})
        add(warehouse, "orders", {
            "customer_key": [1] * 3_000, "order_id": [f"o{each}" for each in day], "total": price - off,
            "discount": [None if each % 7 == 0 else each for each in off.tolist()], "at": day * MICROS_PER_DAY,
            "coupon": ["SAVE" if each else None for each in coupon],
        })  # fmt: skip
        counted = DuckPast(warehouse, NOW, Business()).relation("bargains", NOW).to_pylist()[0]
    known = np.where(off % 7 == 0, np.nan, off)
    measures = {"total": (price - off) * 1.0, "discount": known, "coupon": coupon * 1.0}
    days = arranged(np.array([1]), np.zeros(3_000, np.int64), day, measures)
    for depth in DEPTHS:
        assert counted[f"over_{round(100 * depth)}"] == Usual(1.0, depth, (1.0, 1.0)).discounted(days).sum()
    assert counted["over_0"] > counted["over_10"] > counted["over_30"] > 100
