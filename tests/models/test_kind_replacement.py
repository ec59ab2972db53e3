"""The kind `replacement`: in a shop whose truth is known, in one without repeats, and on a real grocer's purchases."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from tests.features.conftest import World, line, order

from tenure.domain.business import Business
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.models.kinds import replacement as kind
from tenure.models.kinds.contract import Batch, Trained
from tenure.warehouse.past import DuckPast

TODAY = 18_000
NOW = AsOf(TODAY * MICROS_PER_DAY + 1, TODAY)
GAPS = {"filter": 45, "soap": 20, "brush": 90}


def purchases(customers, seed=2, days=500):
    """(customer, product, day): everyone buys each product about every so many days, and some stop for good."""
    rng = np.random.default_rng(seed)
    for who in range(1, customers + 1):
        tempo = np.exp(0.4 * rng.standard_normal())
        for product, gap in GAPS.items():
            day = TODAY - days + float(rng.integers(0, 40))
            while day < TODAY and rng.random() > 0.03:
                yield who, product, int(day)
                day += max(1.0, gap * tempo * np.exp(0.35 * rng.standard_normal()))


def world_of(rows, lifetime=None) -> World:
    """A warehouse with an order for every purchase."""
    facts = [("products", {"product_id": name, "name": name, "category": "home",
                           "lifetime_days": lifetime if name == "boiler" else None})
             for name in (*GAPS, "boiler")]  # fmt: skip
    keys = set()
    for number, (who, product, day) in enumerate(rows):
        at = day * MICROS_PER_DAY + MICROS_PER_DAY // 2
        facts += [order(who, number, at), line(who, number, at, product)]
        keys.add(who)
    facts += [("customers", {"customer_key": key, "customer_id": f"c{key}", "declared": 1}) for key in keys]
    return World(facts)


def past_of(world: World) -> DuckPast:
    return DuckPast(world.warehouse, NOW, Business())


def scored(state, past: DuckPast) -> dict[str, tuple[str | None, datetime | None]]:
    """Customer id → product and due date."""
    customers = past.profiles(NOW)
    filled = kind.score(state, Batch(customers, {"product_days": past.relation("product_days", NOW)}, NOW, Business()))
    assert set(filled) == set(kind.FILLS)
    rows = zip(*(filled[name].to_pylist() for name in kind.FILLS), strict=True)
    return dict(zip(customers.column("customer_id").to_pylist(), rows, strict=True))


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[DuckPast, Trained]]:
    world = world_of(purchases(250))
    past = past_of(world)
    trained = kind.train(past, Business())
    assert trained is not None
    yield past, trained
    world.warehouse.close()


def test_the_model_beats_the_simple_rules(shop):
    _, trained = shop
    assert trained.card.beats_naive
    assert [score.better for score in trained.card.scores] == ["higher", "lower", "higher"]
    assert trained.card.checked > 500
    assert datetime.fromisoformat(trained.card.split) == datetime.fromtimestamp((TODAY - 56) * 86_400, UTC)


def test_said_and_bought_agree_on_the_held_out_days(shop):
    _, trained = shop
    total = sum(row["count"] for row in trained.card.curve)
    said, seen = (sum(row[side] * row["count"] for row in trained.card.curve) / total for side in ("said", "seen"))
    assert said == pytest.approx(seen, abs=0.03)


def test_a_state_is_checked_on_the_same_days_as_it_was_trained_for(shop):
    past, trained = shop
    found = kind.check(trained.state, past, Business())
    assert [score.name for score in found] == [score.name for score in trained.card.scores]
    assert [score.naive for score in found] == [score.naive for score in trained.card.scores]


def test_most_customers_are_due_for_something_soon_or_since_lately(shop):
    past, trained = shop
    due = [at for _, at in scored(trained.state, past).values() if at is not None]
    days = np.array([at.replace(tzinfo=UTC).timestamp() for at in due]) / 86_400 - TODAY
    assert len(due) > 200
    assert np.median(np.abs(days)) < 20  # of three products bought every 20, 45 and 90 days
    assert (days > -10).mean() > 0.9


def test_a_due_date_stays_where_it_is_from_night_to_night(shop):
    past, trained = shop
    customers, relation = past.profiles(NOW), past.relation("product_days", NOW)
    tonight, tomorrow = (
        kind.score(trained.state, Batch(customers, {"product_days": relation}, AsOf(NOW.at + n, TODAY + n), Business()))
        for n in (0, 1)
    )
    same = [
        first == second
        for one, two, first, second in zip(
            *(night["replacement_product"].to_pylist() for night in (tonight, tomorrow)),
            *(night["replacement_due_at"].to_pylist() for night in (tonight, tomorrow)), strict=True,
        )
        if one is not None and one == two
    ]  # fmt: skip
    assert len(same) > 100
    assert np.mean(same) > 0.9


def test_what_was_given_up_long_ago_is_not_due():
    rows = [*purchases(60), *((900, "soap", TODAY - 400 + 20 * n) for n in range(5))]
    world = world_of(rows)
    past = past_of(world)
    trained = kind.train(past, Business())
    assert scored(trained.state, past)["c900"] == (None, None)
    world.warehouse.close()


def test_something_with_a_lifetime_is_due_after_a_single_purchase():
    rows = [*purchases(60), (900, "boiler", TODAY - 395)]
    world = world_of(rows, lifetime=400)
    past = past_of(world)
    trained = kind.train(past, Business())
    product, due = scored(trained.state, past)["c900"]
    assert product == "boiler"
    assert abs((due.replace(tzinfo=UTC).timestamp() / 86_400) - TODAY) < 60
    world.warehouse.close()


def test_an_empty_batch_has_no_dates(shop):
    past, trained = shop
    nobody = past.profiles(NOW).slice(0, 0)
    nothing = {"product_days": past.relation("product_days", NOW).slice(0, 0)}
    filled = kind.score(trained.state, Batch(nobody, nothing, NOW, Business()))
    assert all(len(column) == 0 for column in filled.values())
    assert filled["replacement_due_at"].type == pa.timestamp("us")


@pytest.mark.parametrize("rows", [[], [(1, "soap", TODAY - 300)], [(1, "soap", TODAY - 20), (1, "soap", TODAY - 10)]])
def test_a_shop_without_repeats_or_history_has_no_such_model(rows):
    world = world_of(rows)
    assert kind.train(past_of(world), Business()) is None
    world.warehouse.close()
