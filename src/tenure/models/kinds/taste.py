"""What each customer will most likely buy next: again, or for the first time because people like them did.

Checked on the last 28 days: of what a customer bought in them, how much stands among the ten products named before. The
naive rule names the ten products that most people bought lately to everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.domain.moments import AsOf, from_micros
from tenure.models.affinity import Affinity
from tenure.models.cards import Card, Score
from tenure.models.holdings import Holdings, gathered
from tenure.models.kinds.contract import Batch, State, Trained
from tenure.ports import Past

if TYPE_CHECKING:
    import pyarrow as pa

RELATIONS = ("tastes",)
FILLS = ("next_product",)
AFTER: tuple[str, ...] = ()
DUE_DAYS = 28

_HELD_OUT = 28  # days; the model's own horizon
_FEWEST = 200  # customers with two products, below which company says nothing
_NAMED = 10
_RULE = "the ten most bought products for everybody"

Whole = NDArray[np.int64]


def train(past: Past, business: Business) -> Trained | None:  # noqa: ARG001 (the protocol decides)
    """Fit as of `past.as_of`, checked on the last 28 days; None where too few customers bought several products."""
    days = past.days()
    if days is None or past.as_of.day - days[0] < 3 * _HELD_OUT:
        return None
    now, split, teaching = past.as_of, past.earlier(_HELD_OUT), past.earlier(2 * _HELD_OUT)
    whole, before, earlier = (_held(past, moment) for moment in (now, split, teaching))
    if (np.bincount(whole.customer, minlength=1) >= 2).sum() < _FEWEST:
        return None
    try:
        trial = Affinity(_HELD_OUT).fit_held(earlier, _bought(past, split, earlier), before)
        model = Affinity(_HELD_OUT).fit_held(before, _bought(past, now, before), whole)
    except TenureError:  # too few came back within the days that teach
        return None
    found = _scores(trial, before, _bought(past, now, before))
    moments = [from_micros(each.at).isoformat() for each in (now, split)]
    checked = len(np.unique(_bought(past, now, before) // max(len(before.products), 1)))
    notes = (f"{len(model.wares_.names):,} products are known",)
    card = Card("taste", moments[0], moments[1], len(whole.customers), checked, found, notes)
    return Trained(model.to_json(), card)


def check(state: State, past: Past, business: Business) -> tuple[Score, ...]:  # noqa: ARG001 (the protocol decides)
    """How a fitted state names what was bought in the days that `train` would hold out."""
    before = _held(past, past.earlier(_HELD_OUT))
    return _scores(Affinity.from_json(state), before, _bought(past, past.as_of, before))


def score(state: State, batch: Batch) -> dict[str, pa.Array]:
    """The likeliest product of each customer; null for those who bought no product yet."""
    import pyarrow as pa

    rows = batch.customers.num_rows
    held = gathered(batch.relations["tastes"], batch.as_of.day)
    if not len(held.customers):
        return {"next_product": pa.nulls(rows, pa.string())}
    best = Affinity.from_json(state).rank(held, 1, explain=False)
    place = np.full(rows, -1, np.int64)
    keys = batch.customers.column("customer_key").to_numpy()
    place[np.searchsorted(keys, held.customers.to_numpy()[best.customer])] = best.product
    return {"next_product": best.names.take(pa.array(place, mask=place < 0))}


def _held(past: Past, moment: AsOf) -> Holdings:
    return gathered(past.relation("tastes", moment), moment.day)


def _bought(past: Past, end: AsOf, before: Holdings) -> Whole:
    """What the holders of `before` bought from its day up to `end`, as `Holdings.key`; what nobody held is left out."""
    import pyarrow as pa
    from pyarrow import compute

    table = past.relation("latest_goods", end)
    table = table.filter(compute.greater_equal(table.column("last_day"), pa.scalar(before.before)))
    customer = compute.index_in(table.column("customer_key"), value_set=before.customers).fill_null(-1).to_numpy()
    product = compute.index_in(table.column("product_id"), value_set=before.products).fill_null(-1).to_numpy()
    known = (customer >= 0) & (product >= 0)
    return np.unique(customer[known].astype(np.int64) * max(len(before.products), 1) + product[known])


def _scores(model: Affinity, before: Holdings, bought: Whole) -> tuple[Score, ...]:
    """Recall among the ten named, over customers who bought something in the held-out days."""
    width = max(len(before.products), 1)
    if not bought.size:
        return ()
    best = model.rank(before, _NAMED, explain=False)
    number = _in(before, best.names)[best.product]
    named = best.customer * width + np.where(number >= 0, number, 0)
    popular = _in(before, model.wares_.names)[np.argsort(-model.wares_.lately, kind="stable")[:_NAMED]]
    buyer = bought // width
    counts = np.bincount(buyer, minlength=len(before.customers))
    ours = np.bincount(buyer, np.isin(bought, named[number >= 0]), len(before.customers))
    theirs = np.bincount(buyer, np.isin(bought % width, popular), len(before.customers))
    came = counts > 0
    return (
        Score("recall@10 of what is bought in 28 days", float((ours[came] / counts[came]).mean()),
              float((theirs[came] / counts[came]).mean()), "higher", _RULE),
    )  # fmt: skip


def _in(held: Holdings, names: pa.Array) -> Whole:
    """The number in `held` of each name, −1 where nobody holds it."""
    from pyarrow import compute

    found = compute.index_in(names.cast(held.products.type), value_set=held.products)
    return np.asarray(found.fill_null(-1).to_numpy(), np.int64)
