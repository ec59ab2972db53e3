"""The chance that a customer orders nothing in the next 90 days, and why.

Learned from snapshots of the profile as of days gone by, each labelled by what happened in the 90 days after it, among
customers who then were not yet given up (`_is_in_question`). The latest labelled snapshot is held out; what is checked
on it has learned only from snapshots whose 90 days had ended by then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.domain.business import Business
from tenure.domain.moments import AsOf
from tenure.models.cards import Score
from tenure.models.churn import ChurnRisk
from tenure.models.kinds.contract import Batch, State, Trained
from tenure.models.labelled import FEWEST_EACH, FEWEST_ROWS
from tenure.models.snapshots import Gaps, features, gaps_of, ordered_within
from tenure.ports import Past

if TYPE_CHECKING:
    import pyarrow as pa

RELATIONS = ("gaps",)
FILLS = ("churn_90d", "churn_reasons")
AFTER = ("purchases",)
DUE_DAYS = 28

HORIZON = 90
# Days before now of the snapshots; those from 180 on had ended when the first was taken.
BACK = (90, 120, 180, 210, 240)
_YOUNGEST = 30  # days of history that a snapshot must have to say anything
_GIVEN_UP_DAYS, _GIVEN_UP_GAPS = 365, 6  # silent for both: nobody asks whether such a customer will leave


def train(past: Past, business: Business) -> Trained | None:  # noqa: ARG001 (the protocol decides)
    """Fit as of `past.as_of`; None with less than 210 days of orders, 300 customers, or 30 who stayed away or came."""
    snapshots = _snapshots(past)
    if snapshots is None:
        return None
    model = ChurnRisk(horizon_days=HORIZON).fit(snapshots)
    customers = len(snapshots.column("customer_key").unique())
    split = past.earlier(HORIZON).moment.isoformat() if model.card_.split else ""
    model.card_ = replace(
        model.card_, as_of=past.as_of.moment.isoformat(), split=split, customers=customers,
    )  # fmt: skip
    return Trained(model.to_json(), model.card_)


def check(state: State, past: Past, business: Business) -> tuple[Score, ...]:  # noqa: ARG001 (the protocol decides)
    """How a fitted state does on the latest labelled snapshot, beside the recency rule."""
    snapshots = _snapshots(past)
    return () if snapshots is None else ChurnRisk.from_json(state).check(snapshots)


def score(state: State, batch: Batch) -> dict[str, pa.Array]:
    """Probability and reasons of everyone who ever ordered."""
    import pyarrow as pa

    keys = batch.customers.column("customer_key").to_numpy()
    columns = features(batch.customers, gaps_of(batch.relations["gaps"], keys), batch.as_of)
    asked = batch.column("orders") > 0
    model, mine = ChurnRisk.from_json(state), {name: values[asked] for name, values in columns.items()}
    said = np.full(len(keys), np.nan)
    said[asked] = model.predict(mine)
    why: NDArray[np.object_] = np.full(len(keys), None, dtype=object)
    told = np.empty(int(asked.sum()), dtype=object)
    told[:] = model.reasons(mine)
    why[asked] = told
    return {
        "churn_90d": pa.array(said, pa.float64(), from_pandas=True),
        "churn_reasons": pa.array(why.tolist(), pa.list_(pa.string())),
    }


def _snapshots(past: Past) -> pa.Table | None:
    """The labelled snapshots of the past; None where there are too few."""
    import pyarrow as pa

    span = past.days()
    moments = [past.earlier(days) for days in BACK]
    moments = [moment for moment in moments if span is not None and moment.day - span[0] >= _YOUNGEST]
    if not moments or moments[-1].day + HORIZON > moments[0].day:
        return None
    whole = past.relation("gaps", past.as_of)
    found = pa.concat_tables([_snapshot(past, moment, whole) for moment in moments])
    lost = int(np.sum(found.column("churned").to_numpy()))
    is_enough = found.num_rows >= FEWEST_ROWS and min(lost, found.num_rows - lost) >= FEWEST_EACH
    return found if is_enough else None


def _snapshot(past: Past, as_of: AsOf, whole: pa.Table) -> pa.Table:
    """One snapshot: its columns, `customer_key`, `snapshot` (its day) and `churned`."""
    import pyarrow as pa
    from pyarrow import compute

    profile = past.profiles(as_of)
    profile = profile.filter(compute.greater(profile.column("orders"), 0))
    keys = profile.column("customer_key").to_numpy()
    gaps: Gaps = gaps_of(whole, keys)
    columns = features(profile, gaps, as_of)
    stayed = ordered_within(gaps, len(keys), as_of.day, HORIZON)
    columns |= {
        "customer_key": keys, "snapshot": np.full(len(keys), as_of.day), "churned": (~stayed).astype(np.int64)
    }  # fmt: skip
    chosen = _is_in_question(columns)
    return pa.table({name: values[chosen] for name, values in columns.items()})


def _is_in_question(columns: dict[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
    """Whose staying is an open question: all but those silent for a year and six of their own expected gaps."""
    return np.asarray((columns["recency_days"] <= _GIVEN_UP_DAYS) | (columns["overdue"] <= _GIVEN_UP_GAPS))
