"""When somebody will want the same thing again: a due date and a chance for every customer and product.

A gap between two purchases is log-normal around the product's level, the customer's tempo and what is special about the
two (`log_gaps`); products are drawn to their group, groups to all. From it come a due date, a window, and the chance of
a purchase within days, which a logistic stack makes calibrated (`due`). Days may be read off a seasonal clock first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError
from tenure.frames import like
from tenure.models import due, log_gaps
from tenure.models.base import Estimator, Params, Table
from tenure.models.due import Stack
from tenure.models.log_gaps import Levels, Placed
from tenure.models.pairs import Day, Pairs, PurchaseLog, chosen, day_number, next_days, pairs, read, repeats

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]

_OVERDUE = 1.5  # a window reaches at least this many times the silence so far


@dataclass(frozen=True)
class Forecast:
    """What is expected of every pair, one row each, in the order of `pairs`.

    Attributes:
        log, pairs: who bought what, and what is known of it.
        gap: the days by which half of such gaps end.
        due: the latest purchase and that gap; it stays where it is while nothing is bought, and so may be past.
        chance: of a purchase within `due_days`; `gone`: that the pair has ended.
        until: the days by which a share of those have bought who have been silent as long and do come back.
    """

    log: PurchaseLog
    pairs: Pairs
    gap: Numbers
    due: Numbers
    chance: Numbers
    gone: Numbers
    until: Callable[[float], Numbers]

    @cached_property
    def next(self) -> Numbers:
        """The day by which half of those have bought who have been silent as long and do come back."""
        return self.pairs.last + self.until(0.5)

    @cached_property
    def low(self) -> Numbers:
        """The day by which a tenth of them have."""
        return self.pairs.last + self.until(0.1)

    @cached_property
    def high(self) -> Numbers:
        """The day by which nine tenths of them have."""
        return self.pairs.last + self.until(0.9)


class ReplacementCycle(Estimator):
    """When each customer will buy each product again, and who is about to.

    Args:
        due_days: the days within which `p_due` speaks.
        once: whether purchases that nobody repeated are learned from. False where the frame holds repeated ones only:
            at any earlier moment it would look as if everybody came back. Products with a lifetime count either way.
    """

    def __init__(self, due_days: int = 14, once: bool = True) -> None:
        self.due_days, self.once = due_days, once

    def fit(self, purchases: Any) -> Self:
        """Learn products' gaps and how silence ends.

        Args:
            purchases: rows with `customer_id`, `product` (or a category), `day` (a date, or days since 1970), and,
                where known, `product_group` (backed off to where a product is rare) and `lifetime_days` (what a
                product is said to last: its gap until its own are seen).

        Raises:
            TenureError: there are no purchases, a column is missing, or nothing was ever bought twice.
        """
        log = read(purchases)
        if not log.day.size:
            raise TenureError("there are no purchases to learn from", "Give rows with customer_id, product and day.")
        end, start = float(np.floor(log.day.max())) + 1, float(log.day.min())
        if not repeats(log) and np.isnan(log.lifetime).all():
            raise TenureError("nobody bought anything twice", "A cycle is learned from repeated purchases.")
        cuts = [end - n * self.due_days for n in (2, 1) if end - n * self.due_days - start >= 2 * self.due_days]
        earlier = [self._seen(log, cut) for cut in cuts]
        first = earlier[0] if earlier else self._seen(log, end)
        levels = log_gaps.learn(
            first, log_gaps.beginning(first, log.group, len(log.groups), log.lifetime), log.group, log.lifetime
        )  # fmt: skip
        self._stacks_ = self._stacked(log, levels, earlier)
        if earlier:
            levels = log_gaps.learn(self._seen(log, end), levels, log.group, log.lifetime, warm=True)
        self.span_days_ = max(end - start, 1.0)
        self.levels_ = log_gaps.as_json(levels, log.products.to_pylist(), log.groups.to_pylist(), log.group)
        self.params_ = Params({
            "gap_days": np.exp(levels.overall), "scatter": np.sqrt(levels.overall_scatter),
            "ending": levels.overall_ending, "groups": np.sqrt(levels.between_groups),
            "products": np.sqrt(levels.between_products), "customers": np.sqrt(levels.between_customers),
            "pairs": np.sqrt(levels.between_pairs),
        })  # fmt: skip
        return self

    def _stacked(self, log: PurchaseLog, levels: Levels, earlier: list[Pairs]) -> dict[str, Stack]:
        """A stack for pairs that came back before and one for those that did not: their silence means other things."""
        parts: dict[str, list[Any]] = {"again": [], "once": []}
        for known in earlier:
            rows = due.features(known, log_gaps.place(known, levels), levels, self.due_days)
            followed = next_days(log, known) < known.before + self.due_days
            for name, rows_of in (("again", known.gaps > 0), ("once", known.gaps == 0)):
                parts[name].append((rows[rows_of], followed[rows_of]))
        found = {name: due.train(part) for name, part in parts.items()}
        return {name: stack for name, stack in found.items() if stack is not None}

    def _seen(self, log: PurchaseLog, cut: float) -> Pairs:
        seen = pairs(log, cut)
        return seen if self.once else chosen(seen, (seen.gaps > 0) | ~np.isnan(log.lifetime[seen.product]))

    def forecast(self, purchases: Any, as_of: Day) -> Forecast:
        """Expectations as arrays, for those who go on computing; `predict` gives the same as a table."""
        self._check_fitted()
        log = read(purchases)
        return self._forecast(log, day_number(as_of))

    def _forecast(self, log: PurchaseLog, day: float) -> Forecast:
        levels = log_gaps.restored(
            self.levels_, log.products.to_pylist(), log.groups.to_pylist(), log.group, log.lifetime
        )  # fmt: skip
        seen = pairs(log, day)
        placed = log_gaps.place(seen, levels)
        elapsed = seen.elapsed
        gap = self._until(placed, np.full(len(elapsed), 1e-9), 0.5, self._longest(placed, elapsed * 0))

        def until(share: float) -> Numbers:
            return self._until(placed, elapsed, share, self._longest(placed, elapsed))

        return Forecast(log, seen, gap, seen.last + gap, self._chance(seen, placed, levels), 1 - placed.alive, until)

    def _longest(self, placed: Placed, elapsed: Numbers) -> Numbers:
        """Gaps beyond what the records could show are not spoken of."""
        return np.maximum(self.span_days_, _OVERDUE * elapsed)

    def _until(self, placed: Placed, elapsed: Numbers, share: float, longest: Numbers) -> Numbers:
        """The days by which a share of those gaps end that last longer than `elapsed` and end before `longest`."""
        from scipy.special import ndtri

        still, never = due.survival(placed, elapsed), due.survival(placed, longest)
        left = np.clip(still - share * (still - never), 1e-300, 1 - 1e-16)
        days = np.exp(placed.centre - placed.spread * ndtri(left))
        return np.asarray(np.clip(days, elapsed, longest))

    def _chance(self, seen: Pairs, placed: Placed, levels: Levels) -> Numbers:
        chance = due.renewal(placed, seen.elapsed, self.due_days)
        if self._stacks_ and len(chance):
            rows = due.features(seen, placed, levels, self.due_days)
            for name, rows_of in (("again", seen.gaps > 0), ("once", seen.gaps == 0)):
                if name in self._stacks_:
                    chance[rows_of] = self._stacks_[name].chance(rows[rows_of])
        return chance

    def predict(self, purchases: Any, as_of: Day) -> Any:
        """When each customer buys each product again, as of a day.

        Args:
            purchases: as for `fit`; those on or after `as_of` are not looked at.
            as_of: a date, or days since 1970.

        Returns:
            A frame of the kind that was given, one row per customer and product bought before `as_of`: `customer_id`,
            `product`, `gaps` (how many were seen), `last_day`, `gap_days` (the expected gap), `due_day` (`last_day` and
            that gap; in the past for who is overdue), `next_day` (half of those as silent who come back have come back
            by then), `low_day` and `high_day` (a tenth and nine tenths of them), `p_due_14d` (named by `due_days`) and
            `p_gone`. Days are dates where `purchases` has dates, else days since 1970.

        Raises:
            TenureError: the model is not fitted, or a column is missing.
        """
        return like(purchases, self.table(self.forecast(purchases, as_of)))

    def table(self, found: Forecast) -> pa.Table:
        """A forecast as an Arrow table, columns as in `predict`."""
        import pyarrow as pa

        days = {"last_day": found.pairs.last, "due_day": found.due, "next_day": found.next, "low_day": found.low,
                "high_day": found.high}  # fmt: skip
        return pa.table({
            "customer_id": found.log.customers.take(pa.array(found.pairs.customer)),
            "product": found.log.products.take(pa.array(found.pairs.product)),
            "gaps": found.pairs.gaps.astype(np.int64), "gap_days": found.gap,
            **{name: _written(day, found.log.is_dated) for name, day in days.items()},
            f"p_due_{self.due_days}d": found.chance, "p_gone": found.gone,
        })  # fmt: skip

    def summary(self) -> Table:
        """What was learned over all: the middle gap, and how much each term moves it (factors of one deviation)."""
        self._check_fitted()
        p = self.params_
        rows = [("gap", p["gap_days"], "days: the middle of all gaps"),
                ("ending", p["ending"], "chance that a purchase was the last of its product")]  # fmt: skip
        rows += [(name, float(np.exp(p[name])), f"{told} × or ÷") for name, told in (
            ("groups", "groups differ by"), ("products", "products of a group differ by"),
            ("customers", "customers differ by"), ("pairs", "a customer's habit with one product differs by"),
            ("scatter", "one gap differs from the next by"))]  # fmt: skip
        return Table(("what", "value", "meaning"), rows)

    def _learned(self) -> dict[str, Any]:
        stacks = {name: stack.as_json() for name, stack in self._stacks_.items()}
        return {"params": self.params_.to_dict(), "span_days": self.span_days_, "levels": self.levels_,
                "stacks": stacks}  # fmt: skip

    def _restore(self, learned: Mapping[str, Any]) -> None:
        self.params_, self.span_days_ = Params(learned["params"]), float(learned["span_days"])
        self.levels_ = learned["levels"]
        self._stacks_ = {name: Stack.from_json(stack) for name, stack in learned["stacks"].items()}


def _written(day: Numbers, is_dated: bool) -> Any:
    import pyarrow as pa

    whole = np.floor(day).astype(np.int64)
    return pa.array(whole.astype(np.int32)).cast(pa.date32()) if is_dated else pa.array(whole)
