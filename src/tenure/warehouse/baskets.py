"""What each customer buys, from the lines of their orders, faster than the text of four relations gives it.

The rows are those of `goods`, `taste`, `upgrades` and `replacement` (tests hold them equal): one sort by customer and
product serves all four, where the text groups the same lines six times over. Days and moments must be in the same
order, as import makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tenure.warehouse.runs import LARGEST, Flags, Ints, Runs, arrow, bits_for, may_be_summed, packed, whole_numbers

if TYPE_CHECKING:
    import pyarrow as pa

_MICROS_PER_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The relation `catalogue` by product number; 0 says none, and nobody has number 0."""

    product_id: pa.Array
    category_no: Ints
    brand_no: Ints
    lifetime_days: Ints
    better_no: Ints
    has_cost: Flags
    category: pa.Array
    brand: pa.Array


def catalogue(rows: pa.Table) -> Catalogue:
    """The catalogue as arrays.

    Args:
        rows: the relation, ordered by product_no, with 0 where a number is not known.
    """
    import pyarrow as pa

    def numbers(name: str) -> Ints:
        return np.insert(whole_numbers(rows[name]), 0, 0)

    category_no, brand_no = numbers("category_no"), numbers("brand_no")
    return Catalogue(
        pa.concat_arrays([pa.nulls(1, pa.string()), *rows["product_id"].cast(pa.string()).chunks]),
        category_no, brand_no, numbers("lifetime_days"), numbers("better_no"), numbers("has_cost") == 1,
        _named(category_no, rows["category"]), _named(brand_no, rows["brand"]),
    )  # fmt: skip


def _named(number: Ints, names: pa.ChunkedArray) -> pa.Array:
    """The name of each number, none for 0; numbers have no holes."""
    import pyarrow as pa

    _, first = np.unique(number, return_index=True)
    return pa.concat_arrays([pa.nulls(1, pa.string()), *names.cast(pa.string()).chunks]).take(arrow(first))


class Baskets:
    """The lines of a range of customers, gathered by customer and product.

    Args:
        low: the least key of the range.
        things: the catalogue.
        lines: columns `customer_key`, `product_no`, `day`, `at`, `spend`, `cost`, in any order.
    """

    def __init__(self, low: int, things: Catalogue, lines: dict[str, Ints]) -> None:
        self._low, self._things, self._lines = low, things, lines
        self._bits = bits_for(len(things.category_no))
        pair = packed(lines["customer_key"] - low, lines["product_no"], self._bits)
        self._order = np.argsort(pair, kind="stable")
        in_order = pair[self._order]
        self._runs = Runs(in_order)
        self._pair = self._runs.first(in_order)
        self._who = self._pair >> self._bits
        self._product = self._pair & ((1 << self._bits) - 1)
        self._spend = self._runs.sums(lines["spend"][self._order])
        self._last_at = self._runs.largest(lines["at"][self._order])

    def goods(self) -> pa.Table:
        """The relation `goods`."""
        import pyarrow as pa

        known = np.flatnonzero(self._things.has_cost[self._product])
        runs = Runs(self._who[known])
        cost = self._runs.sums(self._lines["cost"][self._order])[known]
        return pa.table({
            "customer_key": arrow(runs.first(self._who[known]) + self._low),
            "known_cost": arrow(np.floor(runs.sums(cost) / 1000.0).astype(np.int64)),
            "known_spend": arrow(np.floor(runs.sums(self._spend[known]) / 1000.0).astype(np.int64)),
        })  # fmt: skip

    def taste(self) -> pa.Table:
        """The relation `taste`."""
        import pyarrow as pa

        category, brand = self._favourite(self._things.category_no), self._favourite(self._things.brand_no)
        some = np.flatnonzero((category > 0) | (brand > 0))
        return pa.table({
            "customer_key": arrow(some + self._low),
            "top_category": self._things.category.take(arrow(category[some])),
            "top_brand": self._things.brand.take(arrow(brand[some])),
        })  # fmt: skip

    def _favourite(self, number_of: Ints) -> Ints:
        """By customer of the range: the number on which they spent most, the lesser of equals; 0 for none."""
        found = np.zeros(int(self._who.max(initial=-1)) + 1, dtype=np.int64)
        number = number_of[self._product]
        known = np.flatnonzero(number)
        bits = bits_for(int(number_of.max()))
        key = packed(self._who[known], number[known], bits)
        order = np.argsort(key, kind="stable")
        groups = Runs(key[order])
        spend, key = groups.sums(self._spend[known][order]), groups.first(key[order])
        most = Runs(key >> bits).where_most(spend)
        found[key[most] >> bits] = key[most] & ((1 << bits) - 1)
        return found

    def upgrades(self) -> pa.Table:
        """The relation `upgrades`."""
        import pyarrow as pa

        lesser = np.flatnonzero(self._things.better_no[self._product])
        key = packed(self._who[lesser], self._things.better_no[self._product[lesser]], self._bits)
        order = np.argsort(key, kind="stable")
        groups = Runs(key[order])
        last_at, key = groups.largest(self._last_at[lesser][order]), groups.first(key[order])
        place = np.minimum(np.searchsorted(self._pair, key), max(len(self._pair) - 1, 0))
        missing = np.flatnonzero(self._pair[place] != key)
        key, last_at = key[missing], last_at[missing]
        latest = key[Runs(key >> self._bits).where_most(last_at)]
        return pa.table({
            "customer_key": arrow((latest >> self._bits) + self._low),
            "better_product": self._things.product_id.take(arrow(latest & ((1 << self._bits) - 1))),
        })  # fmt: skip

    def replacement(self, as_of_day: int) -> pa.Table:
        """The relation `replacement`."""
        import pyarrow as pa

        last_day = self._runs.largest(self._lines["day"][self._order])
        gap = self._own_gaps()
        gap = np.where(gap > 0, gap, self._things.lifetime_days[self._product])
        due = np.flatnonzero((gap > 0) & (last_day + 2 * gap >= as_of_day))
        first = due[Runs(self._who[due]).where_most(-(last_day + gap)[due])]
        return pa.table({
            "customer_key": arrow(self._who[first] + self._low),
            "replacement_product": self._things.product_id.take(arrow(self._product[first])),
            "replacement_due_at": arrow(self._last_at[first] + gap[first] * _MICROS_PER_DAY),
        })  # fmt: skip

    def _own_gaps(self) -> Ints:
        """By customer and product: the median of the days between purchase days; 0 below two gaps."""
        found = np.zeros(len(self._pair), dtype=np.int64)
        often = self._runs.counts >= 3
        rows = np.flatnonzero(self._runs.along(often))
        if not len(rows):
            return found
        day = self._lines["day"][self._order[rows]]
        bits = bits_for(int(day.max()) - int(day.min()))
        which = np.repeat(np.flatnonzero(often), self._runs.counts[often])
        key = np.sort(packed(which, day - int(day.min()), bits))
        step = np.diff(key)
        which = key >> bits
        follows = np.flatnonzero((which[1:] == which[:-1]) & (step > 0))
        ranked = np.sort(packed(which[follows + 1], step[follows], bits))
        runs = Runs(ranked >> bits)
        median = runs.nth(ranked & ((1 << bits) - 1), (runs.counts + 1) // 2)
        enough = runs.counts >= 2
        found[runs.first(ranked >> bits)[enough]] = median[enough]
        return found


def can_be_packed(width: int, things: Catalogue, lines: dict[str, Ints]) -> bool:
    """Whether keys and sums of these lines stay within whole numbers of 64 bits.

    Args:
        width: how many customers the range can hold.
    """
    bits = bits_for(len(things.category_no))
    pairs = (width << bits) < LARGEST
    days = len(lines["day"]) << bits_for(int(np.ptp(lines["day"]) if len(lines["day"]) else 0)) < LARGEST
    return pairs and days and may_be_summed(lines["spend"], lines["cost"])
