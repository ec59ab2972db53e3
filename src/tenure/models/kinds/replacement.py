"""Replacement: which product each customer is about to want again, and when.

The rule in SQL adds a customer's median gap to the latest purchase. This model knows more (products, tempo, silence
that has become too long) and says which of many products is due about now and likeliest to be wanted. Its due date
hangs on the latest purchase, so it does not wander from night to night while nothing is bought.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.domain.business import Business
from tenure.domain.moments import MICROS_PER_DAY, AsOf, from_micros
from tenure.models import metrics
from tenure.models.cards import Card, Score
from tenure.models.kinds.contract import Batch, State, Trained
from tenure.models.pairs import Numbers, PurchaseLog, Whole, median_gaps, next_days, read, repeated_before, repeats
from tenure.models.replacement import Forecast, ReplacementCycle
from tenure.ports import Past

if TYPE_CHECKING:
    import pyarrow as pa

RELATIONS = ("product_days",)
FILLS = ("replacement_product", "replacement_due_at")
AFTER: tuple[str, ...] = ()
DUE_DAYS = 28

_HELD_OUT = 56  # days to check on: most of what is bought again within two gaps is, and a season is no longer
_SHORTEST = 84  # days of records below which coming back cannot be told from a second visit
_FEW = 100  # pairs bought again below which a figure is an accident
_GIVEN_UP = 2.0  # silences of more gaps than this: replaced elsewhere, or no longer wanted
_LATE, _SOON = 4, 7  # days after and before its due date in which a product counts as due about now
_STEP = 0.05  # gaps are rounded to steps of a twentieth, or a tempo that moves by a hair would move every date


@dataclass(frozen=True, slots=True)
class _Checked:
    """What was expected of each pair at the beginning of the held-out days, and what came.

    Attributes:
        bought: the day of the next purchase; NaN where none was seen.
        median: each pair's own median gap, which the simple rule goes by.
    """

    begins: int
    found: Forecast
    bought: Numbers
    median: Numbers

    @property
    def soon(self) -> NDArray[np.bool_]:
        """Whether the purchase came within the days of which the model speaks."""
        return np.asarray(self.bought < self.begins + 14)


def train(past: Past, business: Business) -> Trained | None:  # noqa: ARG001 (the protocol decides)
    """Learn from everything before `past.as_of`; checked on its last 56 days (a third of a short history)."""
    split = _split(past)
    whole = read(_purchases(past.relation("product_days", past.as_of)))
    if split is None or repeats(whole) < _FEW:
        return None
    before = repeated_before(whole, split.day)
    card = Card("replacement", from_micros(past.as_of.at).isoformat(), "", len(whole.customers), 0, ())
    if repeats(before) >= _FEW:
        seen = _checked(ReplacementCycle(once=False).fit(before), whole, split)
        if scores := _scores(seen):
            card = replace(card, split=from_micros(split.at).isoformat(), checked=len(seen.bought), scores=scores,
                           notes=_notes(seen), curve=_curve(seen))  # fmt: skip
    return Trained(ReplacementCycle(once=False).fit(whole).to_json(), card)


def check(state: State, past: Past, business: Business) -> tuple[Score, ...]:  # noqa: ARG001 (the protocol decides)
    """How a fitted state does on the days that `train` would hold out."""
    split = _split(past)
    if split is None:
        return ()
    whole = read(_purchases(past.relation("product_days", past.as_of)))
    if repeats(repeated_before(whole, split.day)) < _FEW:
        return ()
    return _scores(_checked(ReplacementCycle.from_json(state), whole, split))


def score(state: State, batch: Batch) -> dict[str, pa.Array]:
    """The product that is due about now and likeliest to be wanted, and its due date; null where none is."""
    import pyarrow as pa

    table = batch.relations["product_days"]
    product = np.full(batch.customers.num_rows, None, dtype=object)
    due_at = np.zeros(batch.customers.num_rows, dtype=np.int64)
    if table.num_rows:
        found = ReplacementCycle.from_json(state).forecast(_purchases(table), batch.as_of.day)
        due = _steady(found)
        rows = _picked(found, due, batch.as_of.day)
        keys = found.log.customers.to_numpy()[found.pairs.customer[rows]]
        places = np.searchsorted(batch.customers.column("customer_key").to_numpy(), keys)
        product[places] = found.log.products.to_numpy(zero_copy_only=False)[found.pairs.product[rows]]
        last_at = _last_at(table, found, rows)
        due_at[places] = last_at + np.rint(due[rows] - found.pairs.last[rows]).astype(np.int64) * MICROS_PER_DAY
    unknown = np.array([name is None for name in product], dtype=bool)
    return {
        "replacement_product": pa.array(product.tolist(), pa.string()),
        "replacement_due_at": pa.array(due_at, pa.int64(), mask=unknown).cast(pa.timestamp("us")),
    }


def _split(past: Past) -> AsOf | None:
    """The beginning of the held-out days; None in a history too short to have any."""
    days = past.days()
    if days is None or past.as_of.day - days[0] < _SHORTEST:
        return None
    return past.earlier(min(_HELD_OUT, (past.as_of.day - days[0]) // 3))


def _purchases(table: pa.Table) -> pa.Table:
    names = {"customer_key": "customer_id", "product_id": "product", "category": "product_group",
             "lifetime_days": "lifetime_days", "day": "day"}  # fmt: skip
    return table.select(list(names)).rename_columns(list(names.values()))


def _checked(model: ReplacementCycle, whole: PurchaseLog, split: AsOf) -> _Checked:
    found = model.forecast(repeated_before(whole, split.day), split.day)
    return _Checked(split.day, found, next_days(whole, found.pairs), median_gaps(found.log, found.pairs))


def _renumbered(names: pa.Array, among: pa.Array) -> Whole:
    """The number that each name has in a log that holds them all."""
    from pyarrow import compute

    return np.asarray(compute.index_in(names, value_set=among).to_numpy(), dtype=np.int64)


def _scores(seen: _Checked) -> tuple[Score, ...]:
    found, elapsed = seen.found, seen.found.pairs.elapsed
    again = found.pairs.gaps > 0
    ratio = -elapsed / np.where(again, seen.median, 1.0)
    open_ = again & ~np.isnan(seen.bought) & (elapsed <= _GIVEN_UP * np.where(again, seen.median, 0.0))
    scores = (
        Score("AUC of a purchase within 14 days", metrics.auc(found.chance[again], seen.soon[again]),
              metrics.auc(ratio[again], seen.soon[again]), "higher", "elapsed ÷ own median gap"),
        Score("median error of the due date in days",
              metrics.median_absolute_error(_steady(found)[open_], seen.bought[open_]) if open_.any() else float("nan"),
              metrics.median_absolute_error((found.pairs.last + seen.median)[open_], seen.bought[open_])
              if open_.any() else float("nan"), "lower", "latest purchase + own median gap"),
        Score("picked products bought within 14 days", *_hits(seen), "higher", "the earliest due by own median gap",
              decides=False),
    )  # fmt: skip
    return scores if all(np.isfinite((s.model, s.naive)).all() for s in scores) else ()


def _hits(seen: _Checked) -> tuple[float, float]:
    """The share of customers' picked products that were bought within 14 days: by the model, by the rule in SQL."""
    pairs = seen.found.pairs
    picked = _picked(seen.found, _steady(seen.found), seen.begins)
    due = pairs.last + seen.median
    usable = (pairs.gaps >= 2) & (pairs.last + 2 * seen.median >= seen.begins)
    by_rule = _first(pairs.customer, np.where(usable, due, np.inf), usable)
    model, rule = (float(seen.soon[rows].mean()) if rows.size else float("nan") for rows in (picked, by_rule))
    return model, rule


def _steady(found: Forecast) -> Numbers:
    """Due dates that stay where they are while nothing is bought."""
    return np.asarray(found.pairs.last + np.exp(np.round(np.log(found.gap) / _STEP) * _STEP))


def _picked(found: Forecast, due: Numbers, today: int) -> Whole:
    """One pair per customer: the likeliest of those due about now, else the first to come, else the latest gone by."""
    silence = found.pairs.elapsed
    usable = (silence <= _GIVEN_UP * (due - found.pairs.last)) & (found.gone < 0.5)
    is_now = (due >= today - _LATE) & (due <= today + _SOON)
    to_come = np.where(due > today, 1 + (due - today), 1e6 + (today - due))
    return _first(found.pairs.customer, np.where(is_now, -found.chance, to_come), usable)


def _first(customer: Whole, rank: Numbers, usable: NDArray[np.bool_]) -> Whole:
    """The row with the lowest rank of every customer who has a usable one."""
    rows = np.flatnonzero(usable)
    order = rows[np.lexsort((rows, rank[rows], customer[rows]))]
    who = customer[order]
    return order[np.r_[True, who[1:] != who[:-1]]] if order.size else order


def _last_at(table: pa.Table, found: Forecast, rows: Whole) -> Whole:
    """The moment of the latest purchase of each picked pair, in microseconds."""
    log, wide = found.log, len(found.log.products)
    pair = _renumbered(table.column("customer_key").combine_chunks(), log.customers) * wide + _renumbered(
        table.column("product_id").combine_chunks(), log.products
    )
    wanted = found.pairs.customer[rows] * wide + found.pairs.product[rows]
    order = np.argsort(wanted)
    place = np.minimum(np.searchsorted(wanted[order], pair), max(len(wanted) - 1, 0))
    latest = np.zeros(len(wanted), dtype=np.int64)
    hit = wanted[order][place] == pair
    np.maximum.at(latest, order[place[hit]], table.column("at").to_numpy()[hit])
    return latest


def _notes(seen: _Checked) -> tuple[str, ...]:
    again = seen.found.pairs.gaps > 0
    said, came = float(seen.found.chance[again].mean()), float(seen.soon[again].mean())
    return (f"said to be bought within 14 days: {said:.1%}, bought: {came:.1%}",)


def _curve(seen: _Checked) -> tuple[dict[str, float], ...]:
    again = seen.found.pairs.gaps > 0
    bins = metrics.calibration(seen.found.chance[again], seen.soon[again])
    return tuple({"said": b.said, "seen": b.seen, "count": float(b.count)} for b in bins)
