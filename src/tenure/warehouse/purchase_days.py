"""What each customer bought on which days, from the lines of their orders, faster than the text of two relations.

The rows are those of `product_days` and `tastes` (tests hold them equal), ordered by customer and product: one sort by
customer, product and day serves both, where the text groups the same lines by hash three times over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tenure.warehouse.runs import LARGEST, Ints, Runs, arrow, bits_for, packed, whole_numbers

if TYPE_CHECKING:
    import pyarrow as pa

_FOREMOST = 50  # products of a customer that `tastes` keeps
_WEIGHTS = ((182, 2), (91, 4), (28, 8))  # days back → what a purchase day within them counts, as in `tastes`


class PurchaseDays:
    """The purchase days of some customers, by customer, product and day.

    Args:
        things: `product_id`, `category`, `lifetime_days` and `lasts` (1 where that is above 0) of every product,
            ordered by its number; numbers count from 1.
        lines: columns `customer_key`, `product_no`, `day` and `at`, in any order; see `can_be_packed`.
    """

    def __init__(self, things: pa.Table, lines: dict[str, Ints]) -> None:
        self._things, self._lines = things, lines
        self._low, self._earliest = (
            int(lines[name].min()) if len(lines[name]) else 0 for name in ("customer_key", "day")
        )
        self._day_bits, self._bits = _bits(things, lines)
        pair = packed(lines["customer_key"] - self._low, lines["product_no"], self._bits)
        key = packed(pair, lines["day"] - self._earliest, self._day_bits)
        self._order = np.argsort(key)
        key = key[self._order]
        self._days = Runs(key)
        self._key = self._days.first(key)
        pair = self._key >> self._day_bits
        self._pairs = Runs(pair)
        pair = self._pairs.first(pair)
        self._who, self._product = pair >> self._bits, pair & ((1 << self._bits) - 1)

    def product_days(self) -> pa.Table:
        """The relation `product_days`."""
        import pyarrow as pa

        lasts = whole_numbers(self._things["lasts"])
        pairs = np.flatnonzero((self._pairs.counts >= 2) | (lasts[self._product - 1] == 1))
        counts = self._pairs.counts[pairs]
        # Every row of the chosen pairs: where the pair begins, and how far into it the row is.
        into = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = np.repeat(self._pairs.starts[pairs], counts) + into
        at = self._days.largest(self._lines["at"][self._order])
        thing = self._things.take(arrow(np.repeat(self._product[pairs] - 1, counts)))
        return pa.table({
            "customer_key": arrow(np.repeat(self._who[pairs] + self._low, counts)),
            **{name: thing[name] for name in ("product_id", "category", "lifetime_days")},
            "day": arrow((self._key[rows] & ((1 << self._day_bits) - 1)) + self._earliest), "at": arrow(at[rows]),
        })  # fmt: skip

    def tastes(self, as_of_day: int) -> pa.Table:
        """The relation `tastes`."""
        import pyarrow as pa

        day = (self._key & ((1 << self._day_bits) - 1)) + self._earliest
        counted = np.ones(len(day), dtype=np.int64)
        for days, each in _WEIGHTS:
            counted[day >= as_of_day - days] = each
        weight, last = self._pairs.sums(counted), self._pairs.largest(day)
        rows = self._foremost(weight, last)
        return pa.table({
            "customer_key": arrow(self._who[rows] + self._low),
            "product_id": self._things["product_id"].take(arrow(self._product[rows] - 1)),
            "times": arrow(self._pairs.counts[rows]), "weight": arrow(weight[rows]),
            "first_day": arrow(self._pairs.first(day)[rows]), "last_day": arrow(last[rows]),
        })  # fmt: skip

    def _foremost(self, weight: Ints, last: Ints) -> Ints:
        """The pairs of most weight of each customer, the latest of equals first, then by product."""
        bits = bits_for(int(weight.max(initial=0)))
        key = packed(self._who, int(weight.max(initial=0)) - weight, bits)
        key = packed(key, int(last.max(initial=0)) - last, self._day_bits)
        order = np.argsort(key, kind="stable")  # pairs stand by customer and product already
        runs = Runs(self._who[order])
        place = np.arange(len(order)) - runs.along(runs.starts)
        return np.sort(order[place < _FOREMOST])


def can_be_packed(things: pa.Table, lines: dict[str, Ints]) -> bool:
    """Whether customer, product and day, or customer, weight and day, of these lines stay within 64 bits."""
    who = bits_for(int(np.ptp(lines["customer_key"])) if len(lines["day"]) else 0)
    day_bits, bits = _bits(things, lines)
    weight = bits_for(8 << day_bits)  # every day may count eightfold
    return 1 << (who + day_bits + max(bits, weight)) < LARGEST


def _bits(things: pa.Table, lines: dict[str, Ints]) -> tuple[int, int]:
    """The bits that a day and a product take."""
    return bits_for(int(np.ptp(lines["day"])) if len(lines["day"]) else 0), bits_for(things.num_rows)
