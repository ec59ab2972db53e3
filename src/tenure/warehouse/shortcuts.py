"""The costliest relations of a range of customers, computed beside their text.

`history` reads five relations that together take most of its time, models read two more; what is yielded here stands
for them, row for row. Where keys or sums would leave 64 bits nothing is yielded for them, and their text is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tenure.warehouse import purchase_days
from tenure.warehouse.bases import Asked, stored
from tenure.warehouse.baskets import Baskets, can_be_packed, catalogue
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.order_days import gaps, tempo
from tenure.warehouse.purchase_days import PurchaseDays
from tenure.warehouse.runs import Ints, whole_numbers
from tenure.warehouse.views import KeyRange, facts_of

if TYPE_CHECKING:
    import pyarrow as pa

_LINES = "customer_key, product_no, day, s.at AS at, spend, COALESCE(cost, 0) AS cost"
_THINGS = (
    "SELECT product_id, category, brand, COALESCE(category_no, 0) AS category_no, COALESCE(brand_no, 0) AS brand_no,"
    " COALESCE(lifetime_days, 0) AS lifetime_days, COALESCE(better_no, 0) AS better_no,"
    " CASE WHEN unit_cost IS NULL THEN 0 ELSE 1 END AS has_cost FROM ({}) ORDER BY product_no"
)


class Shortcuts:
    """What can be computed of each range without the text of its relations.

    Args:
        given: the queries that stand for the relations of the whole base.
    """

    def __init__(self, asked: Asked, given: Mapping[str, str]) -> None:
        self._asked = asked
        self._given = {name: given[name] for name in ("catalogue", "base_rhythm")}
        self._gap_milli = int(asked.warehouse.fetch(given["base_rhythm"])[0][0])
        self._things = catalogue(asked.warehouse.arrow(_THINGS.format(given["catalogue"])))

    def of(self, part: KeyRange, reader: DuckWarehouse) -> dict[str, pa.Table]:
        """The relations of a range, by name."""
        return {**self._rhythm(part, reader), **self._goods(part, reader)}

    def _rhythm(self, part: KeyRange, reader: DuckWarehouse) -> dict[str, pa.Table]:
        orders = facts_of(self._asked.as_of, part, stored)["orders"]
        columns = _columns(
            reader, f"SELECT customer_key, day FROM ({orders}) WHERE COALESCE(status, 'paid') <> 'cancelled'"
        )
        found = gaps(columns["customer_key"], columns["day"])
        values = self._asked.values
        multiple = (_whole(values["at_risk_num"]), _whole(values["at_risk_den"]))
        rows = None if found is None else tempo(found, self._gap_milli, multiple)
        return {} if rows is None else {"tempo": rows}

    def _goods(self, part: KeyRange, reader: DuckWarehouse) -> dict[str, pa.Table]:
        lines = _columns(reader, f"SELECT {_LINES} FROM ({self._asked.text('spending', part, self._given)}) AS s")
        if not can_be_packed(part.high - part.low, self._things, lines):
            return {}
        found = Baskets(part.low, self._things, lines)
        return {
            "goods": found.goods(), "taste": found.taste(), "upgrades": found.upgrades(),
            "replacement": found.replacement(self._asked.as_of.day),
        }  # fmt: skip


OF_LINES = ("product_days", "tastes")  # relations that models read, which the lines of orders alone give


def of_lines(
    asked: Asked, part: KeyRange, given: Mapping[str, str], wanted: Collection[str], condition: str = ""
) -> dict[str, pa.Table]:
    """Those of the wanted relations that the lines of a range give, read once, ordered by customer.

    Args:
        given: the queries that stand for relations of the whole base, and for facts that were gathered.
        condition: a WHERE clause over `customer_key`.
    """
    if not set(OF_LINES) & set(wanted):
        return {}
    chosen = "customer_key, product_no, day, s.at AS at"
    lines = _columns(asked.warehouse, f"SELECT {chosen} FROM ({asked.text('spending', part, given)}) AS s{condition}")
    things = asked.warehouse.arrow(
        "SELECT product_id, category, lifetime_days, CASE WHEN lifetime_days > 0 THEN 1 ELSE 0 END AS lasts"
        f" FROM ({given['catalogue']}) ORDER BY product_no"
    )
    if not purchase_days.can_be_packed(things, lines):
        return {}
    found, computed = PurchaseDays(things, lines), {}
    if "product_days" in wanted:
        computed["product_days"] = found.product_days()
    if "tastes" in wanted:
        computed["tastes"] = found.tastes(asked.as_of.day)
    return computed


@contextmanager
def lent(warehouse: DuckWarehouse, tables: Mapping[str, pa.Table]) -> Iterator[dict[str, str]]:
    """The queries that stand for the relations, for as long as the block lasts."""
    with ExitStack() as loans:
        for name, table in tables.items():
            loans.enter_context(warehouse.lend(f"computed_{name}", table))
        yield {name: f"SELECT * FROM computed_{name}" for name in tables}


def _columns(reader: DuckWarehouse, sql: str) -> dict[str, Ints]:
    table = reader.arrow(sql)
    return {name: whole_numbers(table[name]) for name in table.column_names}


def _whole(value: int | float | str | None) -> int:
    assert isinstance(value, int)
    return value
