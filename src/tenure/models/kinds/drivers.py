"""What each customer responds to, named where the evidence is strong, and checked on what they chose later.

The check asks whether customers who were said to be driven by price (or by what is new, or by service) chose it above
the bar in the held-out days too. The naive rule takes everybody for alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.domain.business import Business
from tenure.domain.moments import AsOf, from_micros
from tenure.models import metrics
from tenure.models.cards import Card, Score
from tenure.models.drivers import DRIVERS, Response
from tenure.models.early_orders import DEPTHS
from tenure.models.kinds.contract import Batch, State, Trained, plain
from tenure.ports import Past

if TYPE_CHECKING:
    import pyarrow as pa

RELATIONS = ("bargains", "sensitivity")
FILLS = ("driver", "driver_strength")
AFTER: tuple[str, ...] = ()
DUE_DAYS = 28

_LEAST, _MOST = 56, 182  # held-out days: a quarter of the records within these
_FEWEST = 200  # customers with two orders
_RULE = "everybody alike"
_DEPTHS = tuple(round(100 * depth) for depth in DEPTHS)  # percent, as `bargains` counts them

Numbers = NDArray[np.float64]
Frame = dict[str, Numbers]


def train(past: Past, business: Business) -> Trained | None:  # noqa: ARG001 (the protocol decides)
    """Fit as of `past.as_of` and check on the last quarter of the records; None with too few repeat buyers."""
    split = _split(past)
    if split is None:
        return None
    keys, frame, depth = _frame(past, past.as_of)
    if (frame["orders"] >= 2).sum() < _FEWEST:
        return None
    model = Response().fit(frame)
    if not model.shares_:
        return None
    trial = Response().fit(_frame(past, split, depth)[1])
    scores, checked = _scores(trial, past, split, depth)
    named = model.named(model.strengths(frame), len(keys))[0]
    notes = [f"{name} drives {named.to_pylist().count(name) / len(keys):.0%} of buyers" for name in model.shares_]
    notes += [f"nothing is known about {name}" for name in DRIVERS if name not in model.shares_]
    moments = [from_micros(each.at).isoformat() for each in (past.as_of, split)]
    card = Card("drivers", moments[0], moments[1], len(keys), checked, scores, tuple(notes))
    return Trained({"depth": depth, "model": model.to_json()}, card)


def check(state: State, past: Past, business: Business) -> tuple[Score, ...]:  # noqa: ARG001 (the protocol decides)
    """How a fitted state does on the days that `train` would hold out."""
    split = _split(past)
    if split is None:
        return ()
    return _scores(Response.from_json(state["model"]), past, split, state["depth"])[0]


def score(state: State, batch: Batch) -> dict[str, pa.Array]:
    """The driver and how strong the evidence is; null where no driver is certain enough, or nothing was bought."""
    import pyarrow as pa

    model = Response.from_json(state["model"])
    frame = _joined(batch.relations["bargains"], batch.relations["sensitivity"], state["depth"])[1]
    rows, place = batch.customers.num_rows, batch.places("sensitivity")
    driver, strength = model.named(model.strengths(frame), len(place))
    found = np.full(rows, -1, np.int64)
    found[place] = np.arange(len(place))
    take = pa.array(found, mask=found < 0)
    return {"driver": driver.take(take), "driver_strength": strength.take(take)}


def _split(past: Past) -> AsOf | None:
    days = past.days()
    spare = 0 if days is None else (past.as_of.day - days[0]) // 4
    return past.earlier(min(spare, _MOST)) if spare >= _LEAST else None


def _frame(past: Past, moment: AsOf, depth: int | None = None) -> tuple[NDArray[np.int64], Frame, int]:
    # Both are a row per customer: little to keep, and the check asks for them again.
    bargains, sensitivity = past.once(
        f"drivers at {moment.at}", lambda: (past.relation("bargains", moment), past.relation("sensitivity", moment))
    )
    return _joined(bargains, sensitivity, depth)


def _joined(bargains: pa.Table, sensitivity: pa.Table, depth: int | None) -> tuple[NDArray[np.int64], Frame, int]:
    """Customers' keys, what they chose and out of how many, and how deep a discount must be to count.

    A discount that most order days carry is no choice: the least depth that fewer than half of them reach is taken.
    """
    keys = sensitivity.column("customer_key").to_numpy()
    place = np.searchsorted(keys, bargains.column("customer_key").to_numpy())
    days = _spread(plain(bargains, "order_days"), place, len(keys))
    if depth is None:
        depth = next((each for each in _DEPTHS if 2 * plain(bargains, f"over_{each}").sum() < days.sum()), _DEPTHS[-1])
    frame = {
        "orders": plain(sensitivity, "orders"),
        "price": _spread(plain(bargains, f"over_{depth}"), place, len(keys)), "price_of": days,
        "exclusivity": plain(sensitivity, "early_lines"), "exclusivity_of": plain(sensitivity, "released_lines"),
        "service": plain(sensitivity, "service_contacts"),
    }  # fmt: skip
    return keys, frame, depth


def _spread(values: Numbers, place: NDArray[np.int64], rows: int) -> Numbers:
    found = np.zeros(rows)
    found[place] = values
    return found


def _scores(model: Response, past: Past, split: AsOf, depth: int) -> tuple[tuple[Score, ...], int]:
    """Brier score and AUC of having chosen it above the bar later, by driver; the first one's Brier score decides."""
    keys, before, _ = _frame(past, split, depth)
    later_keys, now, _ = _frame(past, past.as_of, depth)
    place = np.searchsorted(later_keys, keys)
    strengths, checked = model.strengths(before), 0
    scores: list[Score] = []
    for name in model.shares_:
        of = name if f"{name}_of" not in before else f"{name}_of"
        out_of = "orders" if of == name else of
        chosen, times = now[name][place] - before[name], now[out_of][place] - before[out_of]
        back = times >= 3
        if back.sum() < _FEWEST // 4:
            continue
        seen = np.minimum(chosen[back] / times[back], 1.0) > model.bar(name)
        said, own = strengths[name][back], before[name][back] / np.maximum(before[out_of][back], 1.0)
        alike = np.full(len(seen), seen.mean())
        is_first = not scores
        scores.append(Score(f"Brier score of choosing {name} later", metrics.brier(said, seen),
                            metrics.brier(alike, seen), "lower", _RULE, is_first))  # fmt: skip
        scores.append(Score(f"AUC of choosing {name} later", metrics.auc(said, seen), metrics.auc(own, seen), "higher",
                            "the own share so far", False))  # fmt: skip
        checked = max(checked, int(back.sum()))
    return tuple(score for score in scores if np.isfinite(score.model) and np.isfinite(score.naive)), checked
