"""What a customer's first orders look like, as numbers for a linear model; nothing that came after them is looked at.

One row is one customer after their first, second, … order: its size beside the shop's usual order, how much of the
buying was discounted, how many goods of how many kinds, weekday and hour, and the days between the orders so far.
Columns that a shop does not know are left out; single gaps count as the average of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure.models.discounts import DiscountShare
from tenure.models.order_days import OrderDays

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

LAST = 5  # orders after which a customer is no new buyer any more
DEPTHS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
_SMALLEST = 0.01  # of the usual order; free orders would have a size of minus infinity
_MONDAY = 3  # 1970-01-01 was a Thursday
_OF_REPEATS = ("last gap", "mean gap", *(f"order {k}" for k in range(2, LAST + 1)))


@dataclass(frozen=True, slots=True)
class Usual:
    """What an order of this shop usually is, learned from the orders that a model is trained on.

    Attributes:
        total: of the middle order, in money.
        depth: an order is discounted when more than this share of its price was given as discount.
        share: alpha and beta of the shares of discounted orders (`DiscountShare`), to which few orders are drawn.
    """

    total: float
    depth: float
    share: tuple[float, float]

    def discounted(self, days: OrderDays) -> Numbers:
        """1 for each discounted order day, 0 for the others; a coupon counts unless discounts must be deep."""
        coupon = np.nan_to_num(days.measures.get("coupon", np.zeros(len(days)))) > 0
        return ((depth(days) > self.depth) | (coupon & (self.depth == 0))).astype(np.float64)


def depth(days: OrderDays) -> Numbers:
    """The share of each order's price that was given as discount; 0 where none is known."""
    discount = np.nan_to_num(days.measures.get("discount", np.zeros(len(days))))
    gross = np.nan_to_num(days.measures.get("total", np.zeros(len(days)))) + discount
    return np.divide(discount, gross, out=np.zeros(len(days)), where=gross > 0)


def usual(days: OrderDays, asked_depth: float | None) -> Usual:
    """What is usual among some orders, at least one.

    Where most orders carry some discount, as at a grocer's, "any discount" would call everyone a bargain hunter: there,
    only orders with more than about the shop's middle discount count (the highest of `DEPTHS` that it reaches).

    Args:
        asked_depth: the share from which an order counts as discounted; found as above when None.
    """
    totals = days.measures.get("total", np.ones(len(days)))
    positive = totals[np.isfinite(totals) & (totals > 0)]
    if asked_depth is None:
        share = depth(days)
        most = float(np.median(share)) if (share > 0).mean() > 0.5 else 0.0
        asked_depth = max(bar for bar in DEPTHS if bar <= most or (bar <= DEPTHS[1] and most > 0))
    shop = Usual(float(np.median(positive)) if len(positive) else 1.0, asked_depth, (1.0, 1.0))
    hits = np.bincount(days.owner, shop.discounted(days), minlength=len(days.customers))
    shares = DiscountShare().fit({"discounted": hits, "orders": days.counts}).params_
    return replace(shop, share=(shares["alpha"], shares["beta"]))


@dataclass(frozen=True, slots=True)
class Early:
    """The columns of some rows of order days.

    Attributes:
        rows: of the order days, one per row here: the latest order that is looked at.
        place: 1 for a first order, 2 for a second.
        columns: by name, NaN where not known.
    """

    rows: Whole
    place: Whole
    columns: Mapping[str, Numbers]

    def of(self, chosen: NDArray[Any]) -> Early:
        """Some of the rows, by flags or places."""
        columns = {name: values[chosen] for name, values in self.columns.items()}
        return Early(self.rows[chosen], self.place[chosen], columns)


def early(days: OrderDays, rows: Whole, shop: Usual) -> Early:
    """What is known of customers at some of their orders, from these and the ones before.

    Args:
        rows: rows of `days`, the order at which each customer is looked at, at most the fifth.
        shop: what is usual.
    """
    tale = _Tale(days, rows, shop)
    found: dict[str, Numbers] = {}
    for columns in (_sizes, _discounts, _goods, _moments, _rhythm):
        found |= columns(tale)
    return Early(rows, tale.place, found)


@dataclass(frozen=True, slots=True)
class _Tale:
    days: OrderDays
    rows: Whole
    shop: Usual

    @property
    def place(self) -> Whole:
        return self.days.place[self.rows]

    @property
    def first(self) -> Whole:
        return self.days.begins[self.days.owner[self.rows]]

    def known(self, name: str) -> Numbers | None:
        return self.days.measures.get(name)

    def so_far(self, values: Numbers) -> Numbers:
        """The mean of a value over each customer's orders up to the row, of those where it is known."""
        # Order by order, so that not even the last bit depends on anybody else's orders, as it would in running sums.
        sums, many = np.zeros(len(self.rows)), np.zeros(len(self.rows))
        for back in range(LAST):
            rows = self.rows - back
            value = np.where(rows >= self.first, values[np.maximum(rows, 0)], np.nan)
            sums, many = sums + np.nan_to_num(value), many + np.isfinite(value)
        mean: Numbers = np.divide(sums, many, out=np.full(len(self.rows), np.nan), where=many > 0)
        return mean


def _sizes(tale: _Tale) -> dict[str, Numbers]:
    total = tale.known("total")
    if total is None:
        return {}
    size = np.log(np.maximum(total / tale.shop.total, _SMALLEST))
    return {"size": tale.so_far(size), "last size": size[tale.rows]}


def _discounts(tale: _Tale) -> dict[str, Numbers]:
    found: dict[str, Numbers] = {}
    if tale.known("discount") is not None or tale.known("coupon") is not None:
        hits = tale.shop.discounted(tale.days)
        alpha, beta = tale.shop.share
        share = (alpha + tale.so_far(hits) * tale.place) / (alpha + beta + tale.place)
        found |= {"discounted": np.log(share / (1 - share)), "last discounted": hits[tale.rows],
                  "depth": tale.so_far(depth(tale.days))}  # fmt: skip
    for name in ("coupon", "on_sale"):
        if (values := tale.known(name)) is not None:
            found[name] = tale.so_far(values)
    return found


def _goods(tale: _Tale) -> dict[str, Numbers]:
    names = [name for name in ("items", "products", "categories") if tale.known(name) is not None]
    return {name: tale.so_far(np.log1p(tale.days.measures[name])) for name in names}


def _moments(tale: _Tale) -> dict[str, Numbers]:
    found = {"weekend": ((tale.days.day[tale.rows] + _MONDAY) % 7 >= 5).astype(np.float64)}
    if (minute := tale.known("minute")) is not None:
        turn = 2 * np.pi * minute[tale.rows] / 1440
        found |= {"hour, sine": np.sin(turn), "hour, cosine": np.cos(turn)}
    return found


def _rhythm(tale: _Tale) -> dict[str, Numbers]:
    """Days between the orders so far, in logarithms, and which order it is; a first order has no gap."""
    repeats = tale.place > 1
    last = tale.days.day[tale.rows] - tale.days.day[np.maximum(tale.rows - 1, 0)]
    span = tale.days.day[tale.rows] - tale.days.day[tale.first]
    return {
        "last gap": np.where(repeats, np.log(np.maximum(last, 1)), np.nan),
        "mean gap": np.where(repeats, np.log(np.maximum(span / np.maximum(tale.place - 1, 1), 1)), np.nan),
        **{f"order {k}": (tale.place == k).astype(np.float64) for k in range(2, LAST + 1)},
    }


@dataclass(frozen=True, slots=True)
class Scale:
    """Centre and spread of the columns that a model learned from.

    What a first order tells wears off once somebody has come back, so each column stands twice in the linear model:
    for everyone, and once more for those with one order only.
    """

    names: tuple[str, ...]
    means: Numbers
    spreads: Numbers

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the linear model, in the order of `matrix`."""
        return (*self.names, *(f"{self.names[each]} of a first order" for each in self._twice))

    def matrix(self, seen: Early) -> Numbers:
        """Rows × columns, centred and scaled; what is not known is 0, the average."""
        nothing = np.full(len(seen.rows), np.nan)
        raw = [seen.columns.get(name, nothing) for name in self.names]
        once = np.nan_to_num((np.array(raw).T - self.means) / self.spreads)
        return np.hstack([once, once[:, self._twice] * (seen.place == 1)[:, None]])

    def folded(self, by_column: Numbers) -> Numbers:
        """Figures of the columns of the linear model, rows × columns, with both places of a name summed."""
        once = by_column[:, : len(self.names)].copy()
        once[:, self._twice] += by_column[:, len(self.names) :]
        return once

    @property
    def _twice(self) -> list[int]:
        return [each for each, name in enumerate(self.names) if name not in _OF_REPEATS]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"names": list(self.names), "means": self.means.tolist(), "spreads": self.spreads.tolist()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Scale:
        """What `as_json` described."""
        return cls(tuple(stored["names"]), np.array(stored["means"]), np.array(stored["spreads"]))


def scale(seen: Early) -> Scale:
    """Centre and spread of every column that is not the same everywhere."""
    kept: list[tuple[str, float, float]] = []
    for name, values in seen.columns.items():
        known = values[np.isfinite(values)]
        if len(known) and (spread := float(known.std())) > 1e-9:
            kept.append((name, float(known.mean()), spread))
    names, means, spreads = zip(*kept, strict=True) if kept else ((), (), ())
    return Scale(tuple(names), np.array(means), np.array(spreads))
