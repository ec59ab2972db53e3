"""The past that training is given ends where it says: what comes after it changes no sample, no question, no model."""

import numpy as np
import pyarrow as pa
import pytest
from tests.models.test_kind_path import NOW, TODAY, add, open_shop

from tenure.domain.business import Business
from tenure.domain.moments import MICROS_PER_DAY
from tenure.models.kinds.order import kinds
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.past import DuckPast

BACK = 130  # days before the end of the records at which training happens
THEN = DuckPast(DuckWarehouse(":memory:", threads=1), NOW, Business()).earlier(BACK)
GOODS = ("soap", "soap plus", "ski", "filter", "rope")
_DATED = ("orders", "order_lines", "subscriptions", "events", "tickets")


def furnished(customers: int, seed: int) -> DuckWarehouse:
    """A shop of which every kind of model can learn: goods with seasons and successors, contracts, visits, tickets."""
    shop, rng = open_shop(customers, seed, 1_200), np.random.default_rng(seed)
    orders = shop.arrow("SELECT o.customer_key, o.order_id, o.at, o.day, o.total FROM facts.orders AS o ORDER BY 1, 3")
    day, count = orders["day"].to_numpy(), orders.num_rows
    is_winter = np.cos(2 * np.pi * day / 365.25) > rng.uniform(-1, 1, count)
    which = np.where(is_winter & (rng.random(count) < 0.5), 2, rng.choice([0, 0, 0, 1, 3, 4], count))
    add(shop, "products", {
        "product_id": list(GOODS), "name": list(GOODS), "category": ["bath", "bath", "snow", "home", "home"],
        "price": [500, 800, 9_000, 700, 300], "better_version": ["soap plus", None, None, None, None],
        "released_at": [None, (TODAY - 700) * MICROS_PER_DAY, None, (TODAY - 20) * MICROS_PER_DAY, None],
    })  # fmt: skip
    add(shop, "order_lines", {
        **{name: orders[name].to_pylist() for name in ("customer_key", "order_id", "at")}, "line": [1] * count,
        "product_id": [GOODS[each] for each in which], "quantity": [1_000] * count, "unit_price": orders["total"],
        "cancelled": [0] * count,
    })  # fmt: skip
    add(shop, "subscriptions", _contracts(rng, customers))
    for table, kind in (("events", "name"), ("tickets", "kind")):
        rows = 2 * customers
        at = rng.integers(TODAY - 600, TODAY, rows) * MICROS_PER_DAY
        key = rng.integers(0, customers, rows)
        add(shop, table, {
            f"{table[:-1]}_id": [f"{table}{each}" for each in range(rows)], "customer_key": key, "at": at,
            "customer_id": [f"c{each}" for each in key], kind: ["complaint"] * rows,
            "known_at": at, "closed_at": at + 9 * MICROS_PER_DAY,
        })  # fmt: skip
    return shop


def _contracts(rng: np.random.Generator, customers: int) -> dict[str, object]:
    """A monthly contract of every third customer; half of them end after some months."""
    key = np.arange(0, customers, 3)
    began = TODAY - rng.integers(10, 700, len(key))
    ends = began + rng.integers(1, 24, len(key)) * 30
    return {
        "customer_key": key, "customer_id": [f"c{each}" for each in key], "plan": ["gym"] * len(key),
        "subscription_id": [f"s{each}" for each in key], "price": [1_900] * len(key), "period": ["month"] * len(key),
        "at": began * MICROS_PER_DAY, "auto_renew": [1] * len(key),
        "cancelled_at": pa.array([int(day) * MICROS_PER_DAY if day < TODAY else None for day in ends], pa.int64()),
    }  # fmt: skip


def forget_later(shop: DuckWarehouse) -> None:
    """Delete every fact at or after the moment of training, and what was written later into those before it."""
    for table in _DATED:
        shop.run(f"DELETE FROM facts.{table} AS f WHERE f.at >= {THEN.at}")
    shop.run(f"DELETE FROM facts.products WHERE released_at >= {THEN.at}")
    for table, column in (("tickets", "closed_at"), ("subscriptions", "cancelled_at")):
        shop.run(f"UPDATE facts.{table} SET {column} = NULL WHERE {column} >= {THEN.at}")
    seen = " UNION ".join(f"SELECT customer_key FROM facts.{table}" for table in _DATED)
    shop.run(f"DELETE FROM facts.customers WHERE customer_key NOT IN ({seen})")
    shop.touch()


@pytest.fixture(scope="module")
def pasts():
    """The same past twice: with what came after it, and without."""
    knowing, unknowing = furnished(600, 5), furnished(600, 5)
    forget_later(unknowing)
    with knowing, unknowing:
        yield [DuckPast(shop, THEN, Business()) for shop in (knowing, unknowing)]


def test_a_moment_after_the_end_is_refused():
    with open_shop(20, 3) as shop:
        past = DuckPast(shop, THEN, Business())
        later = past.earlier(-1)
        for ask in (past.profiles, lambda moment: past.relation("gaps", moment)):
            with pytest.raises(ValueError, match="training may not see it"):
                ask(later)
        assert past.profiles(THEN).num_rows and past.days()[1] < THEN.day


@pytest.mark.parametrize("name", list(kinds()))
def test_training_learns_the_same_whether_or_not_there_is_a_later(pasts, name):
    kind = kinds()[name]
    knowing, unknowing = (kind.train(past, Business()) for past in pasts)
    assert knowing is not None and unknowing is not None
    assert knowing.state == unknowing.state and knowing.card == unknowing.card


def test_customers_who_come_later_change_nothing_about_who_is_in_the_sample():
    drawn = []
    for customers in (300, 900):
        with open_shop(300, 4) as shop:
            extra = np.arange(1_000, 1_000 + customers)
            add(shop, "customers", {"customer_key": extra, "customer_id": [f"x{each}" for each in extra],
                                    "declared": [0] * customers})  # fmt: skip
            add(shop, "orders", {
                "customer_key": extra, "customer_id": [f"x{each}" for each in extra], "total": [100] * customers,
                "order_id": [f"x{each}" for each in extra], "at": [TODAY * MICROS_PER_DAY] * customers,
            })  # fmt: skip
            past = DuckPast(shop, NOW, Business(), sample=150)
            drawn.append((past.profiles(NOW)["customer_key"].to_pylist(),
                          past.relation("gaps", NOW)["customer_key"].unique().to_pylist()))  # fmt: skip
    assert drawn[0] == drawn[1] and 100 < len(drawn[0][0]) < 200
    assert set(drawn[0][1]) <= set(drawn[0][0])
