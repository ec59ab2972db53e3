"""Which kind of buyer each customer seems to be: hit_and_run, discount or active; undecided unless it is certain.

Up to the fifth order day the model of first orders speaks, moment by moment: every day of silence counts. From the
sixth on nobody is a new buyer any more, and only the share of discounted order days divides `discount` from `active`.
The check is on later cohorts than those trained on; the naive rule is the base rates after a first, second, … order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.domain.business import Business
from tenure.domain.moments import from_micros
from tenure.models import metrics
from tenure.models.cards import Card, Score
from tenure.models.certainty import certain
from tenure.models.early_orders import LAST, early
from tenure.models.kinds.contract import Batch, State, Trained, plain
from tenure.models.order_days import OrderDays, arranged
from tenure.models.path import CLASSES, BuyerPath, outcomes
from tenure.ports import Past

if TYPE_CHECKING:
    import pyarrow as pa

RELATIONS = ("first_orders", "bargains")
FILLS = ("path", "p_hit_and_run", "p_discount", "p_active")
AFTER = ()
DUE_DAYS = 28

_FEWEST = 200  # first-time buyers whose path is known
_CHECKED = 0.35  # of these are held out, the latest
_HORIZONS = (180, 120, 90, 60)  # days; the longest of which the records hold two and a half
_OLD_DAYS = 90  # of records, in which an old customer's next order looks like a first one
_RULE = "the base rates after as many orders"

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What training reads.

    Attributes:
        days: the order days of customers taken for new; `today`: the first day that is not known in full.
        split: cohorts that began before this day are learned from, the later ones held out.
        until: what the early cohorts did up to this day is learned from.
        notes: what was left out, and why.
    """

    days: OrderDays
    today: int
    horizon: int
    split: int
    until: int
    notes: tuple[str, ...]

    @property
    def first(self) -> Whole:
        return self.days.day[self.days.begins]

    @property
    def early(self) -> OrderDays:
        return self.days.of(self.first < self.split)

    @property
    def late(self) -> OrderDays:
        return self.days.of((self.first >= self.split) & (self.first + self.horizon < self.today))


def train(past: Past, business: Business) -> Trained | None:  # noqa: ARG001 (the protocol decides)
    """Fit as of `past.as_of` and check on the latest cohorts; None with fewer than 200 known paths of new buyers."""
    lesson = _lesson(past)
    if lesson is None:
        return None
    earlier = BuyerPath(lesson.horizon).fit(lesson.early, lesson.until)
    model = BuyerPath(lesson.horizon).fit(lesson.days, lesson.today)
    said, seen, _ = _answers(earlier, lesson, earlier)
    card = Card(
        "path", from_micros(past.as_of.at).isoformat(), from_micros(lesson.split * 86_400_000_000).isoformat(),
        model.customers_, len(lesson.late.customers), _scores(earlier, lesson, earlier),
        (*lesson.notes, *_notes(model, said, seen)), _curve(said, seen),
    )  # fmt: skip
    return Trained(model.to_json(), card)


def check(state: State, past: Past, business: Business) -> tuple[Score, ...]:  # noqa: ARG001 (the protocol decides)
    """How a fitted state does on the cohorts that `train` would hold out."""
    lesson = _lesson(past)
    if lesson is None:
        return ()
    judge = BuyerPath(lesson.horizon).fit(lesson.early, lesson.until)
    return _scores(BuyerPath.from_json(state), lesson, judge)


def score(state: State, batch: Batch) -> dict[str, pa.Array]:
    """The chances of the three paths, and the path where one is certain; null for those without an order."""
    import pyarrow as pa

    model = BuyerPath.from_json(state)
    said = np.full((batch.customers.num_rows, 3), np.nan)
    bargains, places = batch.relations["bargains"], batch.places("bargains")
    counts = plain(bargains, "order_days")
    is_new = counts <= LAST
    days = _days(batch.relations["first_orders"], None)
    new = days.of(np.isin(days.customers, batch.customers.column("customer_key").to_numpy()[places[is_new]]))
    if len(new):
        rows = new.latest()
        silent = batch.as_of.day - 1 - new.day[rows]
        said[places[is_new]] = model.chances(early(new, rows, model.shop_), new.day[rows], silent)
    drawn = plain(bargains, f"over_{round(100 * model.discounted_from_)}")
    said[places[~is_new]] = model.chances_later(drawn[~is_new], counts[~is_new])
    bought = np.isfinite(said[:, 0])
    names = model.named(np.nan_to_num(said))
    chances = {f"p_{name}": pa.array(said[:, at], mask=~bought) for at, name in enumerate(CLASSES)}
    return {"path": pa.array(names, pa.string(), mask=~bought), **chances}


def _lesson(past: Past) -> _Lesson | None:
    """Whom to learn from; None where too few new buyers' paths are known."""
    span, today = past.days(), past.as_of.day
    horizon = next((each for each in _HORIZONS if span and 2 * (today - span[0]) >= 5 * each), None)
    if span is None or horizon is None:
        return None
    days = _days(past.relation("order_days", past.as_of), past.relation("first_orders", past.as_of)).before(today)
    first = days.day[days.begins]
    known = first + horizon < today
    is_new = first >= span[0] + _OLD_DAYS
    notes: tuple[str, ...] = ()
    if (known & is_new).sum() >= _FEWEST:
        notes = (f"{int((~is_new).sum()):,} customers of the first {_OLD_DAYS} days of records are left out: they may "
                 "be old ones.",)  # fmt: skip
        days = days.of(is_new)
        first, known = first[is_new], known[is_new]
    elif known.sum() < _FEWEST:
        return None
    else:
        notes = ("Nearly all customers appear at the beginning of the records: first orders may not be the first.",)
    split = int(np.quantile(first[known], 1 - _CHECKED, method="higher"))
    if not 0 < (known & (first < split)).sum() < known.sum():
        return None
    until = split
    if split - int(first.min()) < 2 * horizon:
        until = today
        notes += ("The records are too short to check on later days: the check is on later customers only.",)
    return _Lesson(days, today, horizon, split, until, notes)


def _days(orders: pa.Table, first_orders: pa.Table | None) -> OrderDays:
    """Order days out of a relation; goods of the first five out of another one, where the first lacks them."""
    keys = orders.column("customer_key").to_numpy()
    day, place = orders.column("day").to_numpy(), orders.column("place").to_numpy()
    order = np.lexsort((day, keys))
    measures = {name: plain(orders, name)[order] for name in ("minute", "total", "discount", "coupon", "on_sale")}
    goods = orders if first_orders is None else first_orders
    rows = np.arange(len(order)) if first_orders is None else np.flatnonzero(place[order] <= LAST)
    within = np.lexsort((goods.column("day").to_numpy(), goods.column("customer_key").to_numpy()))
    for name, column in (("items", "quantity"), ("products", "products"), ("categories", "categories")):
        measures[name] = np.full(len(order), np.nan)
        measures[name][rows] = plain(goods, column)[within] / (1000 if name == "items" else 1)
    customers, owner = np.unique(keys[order], return_inverse=True)
    known = {name: values for name, values in measures.items() if np.isfinite(values).any()}
    return arranged(customers, owner, day[order].astype(np.int64), known)


def _answers(model: BuyerPath, lesson: _Lesson, judge: BuyerPath) -> tuple[Numbers, Whole, Whole]:
    """What a model says of the late cohorts after each of their first five orders, what they did, and which order."""
    days = lesson.late
    rows = np.flatnonzero(days.place <= LAST)
    seen = outcomes(days, rows, lesson.today, judge)
    rows, seen = rows[seen >= 0], seen[seen >= 0]
    said = model.chances(early(days, rows, model.shop_), days.day[rows], np.zeros(len(rows)))
    return said, seen, days.place[rows]


def _scores(model: BuyerPath, lesson: _Lesson, judge: BuyerPath) -> tuple[Score, ...]:
    """The figures of a model on the late cohorts, beside the base rates of the early ones.

    Args:
        judge: fitted on the early cohorts; what counts as discounted is what is usual there, whatever the model thinks.
    """
    said, seen, place = _answers(model, lesson, judge)
    naive = _rates(judge, lesson)[place - 1]
    gone = seen == 0
    return (
        Score("log loss", _loss(said, seen), _loss(naive, seen), "lower", _RULE),
        Score("AUC of hit_and_run", metrics.auc(said[:, 0], gone), metrics.auc(naive[:, 0], gone), "higher", _RULE,
              decides=False),
        Score("calibration error", _worst_error(said, seen), _worst_error(naive, seen), "lower", _RULE, decides=False),
    )  # fmt: skip


def _rates(judge: BuyerPath, lesson: _Lesson) -> Numbers:
    """The base rates of the early cohorts after their first, …, fifth order, one pseudo-customer of each in it."""
    days = lesson.early.before(lesson.until)
    rows = np.flatnonzero(days.place <= LAST)
    seen = outcomes(days, rows, lesson.until, judge)
    counts = np.array(
        [np.bincount(seen[(days.place[rows] == k) & (seen >= 0)], minlength=3) for k in range(1, LAST + 1)]
    )
    overall = (counts.sum(axis=0) + 1) / (counts.sum() + 3)
    return np.asarray((counts + overall) / (counts.sum(axis=1, keepdims=True) + 1))


def _loss(said: Numbers, seen: Whole) -> float:
    return float(-np.log(np.clip(said[np.arange(len(seen)), seen], 1e-12, 1)).mean())


def _worst_error(said: Numbers, seen: Whole) -> float:
    return max(metrics.calibration_error(said[:, place], seen == place) for place in range(3))


def _curve(said: Numbers, seen: Whole) -> tuple[dict[str, float], ...]:
    bins = metrics.calibration(said[:, 0], seen == 0)
    return tuple({"said": each.said, "seen": each.seen, "count": float(each.count)} for each in bins)


def _notes(model: BuyerPath, said: Numbers, seen: Whole) -> tuple[str, ...]:
    sure = certain(said.max(axis=1), said.argmax(axis=1) == seen, model.certainty)
    right = f", {sure.precision:.0%} of these rightly" if sure.right + sure.wrong else ""
    from_ = f"more than {model.discounted_from_:.0%} off" if model.discounted_from_ else "any discount or coupon"
    return (f"On the day of an order, {sure.share:.0%} are decided at a certainty of {model.certainty:g}{right}.",
            f"Coming back means another order within {model.horizon_days} days; discounted means {from_}.")  # fmt: skip
