"""Taste: the product each customer is likely to buy next, and the better version they are likeliest to move up to.

The next product comes from `Affinity`, taught by what customers bought in the latest days: the last 28, or more where
buying is rare. The naive rule names to everybody what most people bought lately. The better version is still one that
the business named; of several it is the one whose lesser version's buyers most often moved up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.domain.moments import AsOf, from_micros
from tenure.models.affinity import Affinity
from tenure.models.cards import Card, Score
from tenure.models.holdings import Holdings, Whole, coded, gathered
from tenure.models.kinds.contract import Batch, State, Trained
from tenure.models.recall import habit_first, popular_first, recall
from tenure.models.upgrades import BetterVersions
from tenure.ports import Past

if TYPE_CHECKING:
    import pyarrow as pa

RELATIONS = ("tastes", "better_versions")
FILLS = ("next_product", "better_product")
AFTER: tuple[str, ...] = ()
DUE_DAYS = 28

_FEWEST = 200  # customers who bought on two days or more
_HORIZONS = (28, 56, 91)  # days ahead, the shortest in which enough customers buy again
_ENOUGH = 50  # customers who bought in the held-out days, or a figure is an accident
_MOVES = 50  # buyers of something with a better version, before anything is said of who moves up
_K = 10


@dataclass(frozen=True, slots=True)
class _Span:
    """Some days of the past: what customers held when they began, and what these customers bought until they ended.

    Attributes:
        bought: customer and product as numbered in `before`; products that nobody held then have numbers past its last,
            for nobody could have named them and they count as missed.
    """

    before: Holdings
    bought: tuple[Whole, Whole]

    @property
    def buyers(self) -> int:
        """How many bought in these days."""
        return len(np.unique(self.bought[0]))

    @property
    def lesson(self) -> Whole:
        """What was bought of the products held before, as `Holdings.key`."""
        customer, product = self.bought
        known = product < len(self.before.products)
        return customer[known] * len(self.before.products) + product[known]


def train(past: Past, business: Business) -> Trained | None:  # noqa: ARG001 (the protocol decides)
    """Learn from everything before `past.as_of`; checked on its last 28 days, or more where buying is rare."""
    whole = gathered(past.relation("tastes", past.as_of), past.as_of.day)
    if _returned(whole) < _FEWEST:
        return None
    horizon, last = _latest(past)
    if last.buyers < _ENOUGH:
        return None
    split = past.earlier(horizon)
    earlier = _span(past, past.earlier(2 * horizon), split)
    try:
        trial = Affinity(horizon_days=horizon).fit_held(earlier.before, earlier.lesson, last.before)
        model = Affinity(horizon_days=horizon).fit_held(last.before, last.lesson, whole, trial.wares_)
    except TenureError:  # too few came back within the days that teach, before the split or after it
        return None
    notes = (f"{len(model.wares_.names):,} products are known", f"checked on {horizon} days")
    moments = [from_micros(each.at).isoformat() for each in (past.as_of, split)]
    card = Card("taste", moments[0], moments[1], len(whole.customers), last.buyers, _scores(trial, last), notes)
    return Trained({**model.to_json(), "upgrades": _upgrades(past)}, card)


def check(state: State, past: Past, business: Business) -> tuple[Score, ...]:  # noqa: ARG001 (the protocol decides)
    """How a fitted state does on the days that `train` would hold out."""
    _, last = _latest(past)
    return _scores(Affinity.from_json(state), last) if last.buyers >= _ENOUGH else ()


def score(state: State, batch: Batch) -> dict[str, pa.Array]:
    """The likeliest next product, and the likeliest better version; null for those who never bought either."""
    import pyarrow as pa

    keys = batch.customers.column("customer_key").to_numpy()
    product = np.full(len(keys), None, dtype=object)
    if batch.relations["tastes"].num_rows:
        held = gathered(batch.relations["tastes"], batch.as_of.day)
        best = Affinity.from_json(state).rank(held, 1, explain=False)
        places = np.searchsorted(keys, held.customers.to_numpy()[best.customer])
        product[places] = np.asarray(best.names.take(pa.array(best.product)).to_pylist(), dtype=object)
    better = np.full(len(keys), None, dtype=object)
    if state.get("upgrades") is not None and batch.relations["better_versions"].num_rows:
        asked = batch.relations["better_versions"]
        for key, version in BetterVersions.from_json(state["upgrades"]).likeliest(asked).items():
            better[np.searchsorted(keys, key)] = version
    found = {"next_product": product, "better_product": better}
    return {name: pa.array(values.tolist(), pa.string()) for name, values in found.items()}


def _returned(held: Holdings) -> int:
    """How many customers bought on two days or more, as far as their holdings show."""
    first, last = np.full(len(held.customers), np.inf), np.full(len(held.customers), -np.inf)
    np.minimum.at(first, held.customer, held.first)
    np.maximum.at(last, held.customer, held.last)
    return int((last > first).sum())


def _latest(past: Past) -> tuple[int, _Span]:
    """The held-out days, and how many there are."""
    for horizon in _HORIZONS:
        span = _span(past, past.earlier(horizon), past.as_of)
        if span.buyers >= _FEWEST:
            break
    return horizon, span


def _span(past: Past, begin: AsOf, end: AsOf) -> _Span:
    before = gathered(past.relation("tastes", begin), begin.day)
    return _Span(before, _bought(before, past.relation("latest_goods", end), begin.day))


def _bought(before: Holdings, table: pa.Table, begin: int) -> tuple[Whole, Whole]:
    """Customer and product of what those who held something bought since a day."""
    from pyarrow import compute

    recent = table.filter(compute.and_(
        compute.greater_equal(table.column("last_day"), begin),
        compute.is_in(table.column("customer_key"), value_set=before.customers),
    ))  # fmt: skip
    customer = compute.index_in(recent.column("customer_key").combine_chunks(), value_set=before.customers)
    known = compute.index_in(recent.column("product_id").combine_chunks(), value_set=before.products).fill_null(-1)
    product = known.to_numpy().astype(np.int64)
    return customer.to_numpy().astype(np.int64), np.where(
        product >= 0, product, len(before.products) + coded(recent, "product_id")[1]
    )  # fmt: skip


def _scores(model: Affinity, last: _Span) -> tuple[Score, ...]:
    named = model.rank(last.before, _K, explain=False).pairs(last.before)
    rules = popular_first(last.before, _K), habit_first(last.before, _K)
    model_, popular, habit = (recall(pairs, last.bought, (1, _K)) for pairs in (named, *rules))
    return (
        Score("recall@10", model_[_K], popular[_K], "higher", "what most customers bought lately"),
        Score("recall@1", model_[1], popular[1], "higher", "what most customers bought lately", decides=False),
        Score("recall@10 against habit", model_[_K], habit[_K], "higher", "what the customer bought most and latest",
              decides=False),
    )  # fmt: skip


def _upgrades(past: Past) -> dict[str, Any] | None:
    """What is known of moving up; None where too few bought anything with a better version."""
    table = past.relation("better_versions", past.as_of)
    return BetterVersions().fit(table).to_json() if table.num_rows >= _MOVES else None
