"""A small world of facts, written straight into a warehouse in canonical form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from tenure.domain.business import Business
from tenure.domain.facts import OWN_TABLES, TABLES
from tenure.domain.moments import MICROS_PER_DAY, AsOf, from_micros, month_of
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.profiles import ProfileBuilder

DAY = 15_000  # the day on which every world is looked at, at noon UTC
NOON = AsOf(DAY * MICROS_PER_DAY + MICROS_PER_DAY // 2, DAY)
_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64()}

Fact = tuple[str, dict[str, Any]]


def moment(days: float) -> int:
    """Microseconds of so many days after (before, if negative) the moment of looking."""
    return NOON.at + round(days * 86_400) * 1_000_000


class Silent:
    """A progress that nobody watches."""

    def start(self, task: str, total: int | None = None) -> None: ...

    def advance(self, steps: int = 1) -> None: ...

    def finish(self, summary: str = "") -> None: ...


class World:
    """A warehouse with facts in it."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self.warehouse = DuckWarehouse(":memory:", threads=1)
        self.add(facts)

    def add(self, facts: Iterable[Fact]) -> None:
        """Add rows: a table's name and its columns; `at` in microseconds gives day and month."""
        rows = defaultdict(list)
        for table, row in facts:
            rows[table].append(_dated(table, row))
        for table, whole in rows.items():
            columns = TABLES[table].stored if table in TABLES else OWN_TABLES[table]
            schema = pa.schema([(name, _ARROW[kind]) for name, kind in columns])
            with self.warehouse.lend("rows_to_add", pa.Table.from_pylist(whole, schema=schema)):
                self.warehouse.fetch(f"INSERT INTO facts.{table} SELECT * FROM rows_to_add")
        self.warehouse.touch()

    def build(self, business: Business | None = None, as_of: AsOf = NOON, rows_per_chunk: int = 1_000) -> pa.Table:
        """The published profiles of everyone."""
        ProfileBuilder(self.warehouse, rows_per_chunk=rows_per_chunk).build(as_of, business or Business(), Silent())
        return self.warehouse.arrow("SELECT * FROM main.profiles ORDER BY customer_key")

    def compute(self, ids: list[str], business: Business | None = None, as_of: AsOf = NOON) -> pa.Table:
        """The profiles of a few."""
        return ProfileBuilder(self.warehouse).compute(as_of, business or Business(), ids)


def _dated(table: str, row: dict[str, Any]) -> dict[str, Any]:
    whole = {"source": "test", "received_at": 0, **row}
    if whole.get("at") is not None:
        whole["day"] = whole["at"] // MICROS_PER_DAY
        whole["month_no"] = month_of(whole["day"])
    if table == "events":
        whole.setdefault("known_at", whole["at"])
    return whole


@pytest.fixture
def world():
    """Makes worlds and closes them."""
    made: list[World] = []

    def make(facts: Iterable[Fact] = ()) -> World:
        made.append(World(facts))
        return made[-1]

    yield make
    for each in made:
        each.warehouse.close()


@pytest.fixture
def at():
    """`moment`, for tests."""
    return moment


@pytest.fixture(name="noon")
def the_moment_of_looking() -> AsOf:
    """The moment as of which worlds are looked at."""
    return NOON


def order(key, number, at, total=1000, **more):
    return "orders", {"customer_key": key, "customer_id": f"c{key}", "order_id": f"o{key}-{number}", "at": at,
                      "total": total, **more}  # fmt: skip


def line(key, number, at, product, quantity=1, price=1000, place=1, **more):
    return "order_lines", {"customer_key": key, "order_id": f"o{key}-{number}", "line": place, "product_id": product,
                           "quantity": 1000 * quantity, "unit_price": price, "at": at, "day": at // MICROS_PER_DAY,
                           "cancelled": 0, **more}  # fmt: skip


def listed(key, at=None, **more):
    return "customers", {"customer_key": key, "customer_id": f"c{key}", "declared": 1, "at": at, **more}


def event(key, number, name, at, **more):
    return "events", {"customer_key": key, "customer_id": f"c{key}", "event_id": f"e{key}-{number}", "name": name,
                      "at": at, **more}  # fmt: skip


def contract(key, at, **more):
    return "subscriptions", {"customer_key": key, "customer_id": f"c{key}", "subscription_id": f"s{key}-{at}",
                             "plan": "light", "price": 999, "period": "month", "at": at, **more}  # fmt: skip


def utc(micros):
    """The published form of a moment."""
    return from_micros(micros).replace(tzinfo=None)


def midnight(micros):
    """The first moment of that day, published."""
    return utc(micros - micros % MICROS_PER_DAY)


@pytest.fixture
def story(world):
    """What happens to customers, in short words; `one` gives the profile of one of them."""

    def one(facts, business=None, key=1, **more):
        rows = {row["customer_key"]: row for row in world(facts).build(business, **more).to_pylist()}
        return rows[key]

    return SimpleNamespace(order=order, line=line, listed=listed, event=event, contract=contract, one=one)


@pytest.fixture(name="utc")
def the_published_form_of_a_moment():
    """`utc`, for tests."""
    return utc


@pytest.fixture(name="midnight")
def the_first_moment_of_a_day():
    """`midnight`, for tests."""
    return midnight
