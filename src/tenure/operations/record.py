"""The record of a run as tables: decisions, refusals, limits, and both arms as facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from tenure.decisions.eligibility import CODE, NAMES, NONE
from tenure.domain.decision import DECISION_COLUMNS, Kept
from tenure.domain.moments import MICROS_PER_DAY, AsOf

if TYPE_CHECKING:
    from tenure.decisions.choose import Choice, Chosen
    from tenure.decisions.options import Judged
    from tenure.decisions.scarcity import Scarcity

_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "TIMESTAMP": pa.timestamp("us"),
          "BOOLEAN": pa.bool_()}  # fmt: skip
SCHEMA = pa.schema([(name, _ARROW[kind]) for name, kind in DECISION_COLUMNS])


def record(
    run_id: str, as_of: AsOf, judged: Sequence[Judged], chosen: Chosen, scarcity: Scarcity,
    refused: Mapping[str, Mapping[str, int]],
) -> Kept:  # fmt: skip
    """The tables that a run leaves.

    Args:
        refused: customers by campaign and rule.
    """
    by_name = {one.campaign.name: one for one in judged}
    parts, arms = [SCHEMA.empty_table()], []
    for choice in chosen.choices:
        rows = _decision_rows(choice, by_name[choice.campaign.name], run_id, as_of)
        parts.append(rows)
        arms.append(_assignment_rows(rows, choice, as_of))
    parts.append(_silent_rows(chosen, judged, run_id, as_of))
    decisions = pa.concat_tables(parts).sort_by(
        [("customer_key", "ascending"), ("rank", "ascending"), ("campaign", "ascending")]
    )
    assignments = pa.concat_tables([_assignment_schema().empty_table(), *arms])
    return Kept(decisions, _refusal_rows(run_id, as_of, refused), _limit_rows(run_id, as_of, chosen.rates, scarcity),
                assignments.sort_by([("customer_key", "ascending"), ("campaign", "ascending")]))  # fmt: skip


def _decision_rows(choice: Choice, judged: Judged, run_id: str, as_of: AsOf) -> pa.Table:
    index, count, campaign = choice.index, len(choice.index), choice.campaign
    worth = judged.options.parts.take(judged.taken[index])
    rows = judged.rows.take(pa.array(index))
    outcome = np.where(choice.verdict == NONE, "chosen", np.where(choice.verdict == CODE["control"], "control", "lost"))
    offer, given = campaign.offer, judged.offered[index].tolist()
    channels = judged.channels
    columns: dict[str, Any] = {
        "run_id": [run_id] * count, "as_of": _moments(as_of, count),
        "customer_key": rows["customer_key"], "customer_id": rows["customer_id"], "rank": choice.rank,
        "outcome": outcome.tolist(),
        "rule": [None if code == NONE else NAMES[code] for code in choice.verdict.tolist()],
        "campaign": [campaign.name] * count, "campaign_version": [campaign.version] * count,
        "channel": [channels[row] for row in index.tolist()], "purpose": [campaign.purpose] * count,
        "occasion_key": rows["occasion_key"], "occasion_at": rows["occasion_at"].cast(pa.timestamp("us")),
        "occasion_properties": rows["occasion_properties"],
        "offer_kind": [offer.kind if offer and ok else None for ok in given],
        "offer_value": [offer.value if offer and ok else None for ok in given],
        "stage": rows["stage"], "path": rows["path"],
        "p0": worth.p0, "lift": worth.lift, "goal_value": worth.goal_value, "gain": worth.gain,
        "discount_cost": worth.discount, "contact_cost": worth.contact_cost, "wear": worth.wear,
        "worth": worth.worth, "price": choice.price, "propensity": choice.propensity, "explored": choice.explored,
    }  # fmt: skip
    return pa.table([_column(columns[f.name], f.type) for f in SCHEMA], schema=SCHEMA)


def _silent_rows(chosen: Chosen, judged: Sequence[Judged], run_id: str, as_of: AsOf) -> pa.Table:
    """Silence that was drawn to learn: without it, what a policy of more or less silence would bring cannot be told."""
    names: dict[int, str] = {}
    for one in judged:
        mine = np.flatnonzero(np.isin(one.customers, np.fromiter(chosen.silent, np.int64, len(chosen.silent))))
        ids = one.rows["customer_id"].take(pa.array(mine)).to_pylist()
        names |= dict(zip(one.customers[mine].tolist(), ids, strict=True))
    keys = sorted(chosen.silent)
    count = len(keys)
    known: dict[str, Any] = {
        "run_id": [run_id] * count, "as_of": _moments(as_of, count), "customer_key": keys,
        "customer_id": [names[key] for key in keys], "rank": [1] * count, "outcome": ["silent"] * count,
        "rule": ["explore"] * count, "worth": [0.0] * count, "price": [0.0] * count,
        "propensity": [chosen.silent[key] for key in keys], "explored": [True] * count,
    }  # fmt: skip
    return pa.table([_column(known.get(f.name, [None] * count), f.type) for f in SCHEMA], schema=SCHEMA)


def _assignment_schema() -> pa.Schema:
    return pa.schema([
        ("customer_key", pa.int64()), ("campaign", pa.string()), ("occasion_key", pa.string()), ("arm", pa.string()),
        ("at", pa.int64()), ("day", pa.int64()), ("goal_until", pa.int64()), ("propensity", pa.float64()),
        ("run_id", pa.string()),
    ])  # fmt: skip


def _assignment_rows(decisions: pa.Table, choice: Choice, as_of: AsOf) -> pa.Table:
    """Both arms as facts: who was written to and who was held back, from this moment to the end of the goal's days.

    Their propensity is that of the arm alone: however somebody came to be the campaign's, by worth or by a draw, the
    lot of the control group was the same.
    """
    first = np.flatnonzero(choice.rank == 1)
    rows, count = decisions.take(pa.array(first)), len(first)
    until = as_of.at + round(choice.campaign.goal.within_days * MICROS_PER_DAY)
    arms = np.where(choice.verdict[first] == CODE["control"], "control", "treated").tolist()
    columns: dict[str, Any] = {
        "customer_key": rows["customer_key"], "campaign": rows["campaign"], "occasion_key": rows["occasion_key"],
        "arm": arms, "at": [as_of.at] * count, "day": [as_of.day] * count, "goal_until": [until] * count,
        "propensity": choice.arm[first], "run_id": rows["run_id"],
    }  # fmt: skip
    schema = _assignment_schema()
    return pa.table([_column(columns[f.name], f.type) for f in schema], schema=schema)


def _refusal_rows(run_id: str, as_of: AsOf, refused: Mapping[str, Mapping[str, int]]) -> pa.Table:
    rows = [(campaign, rule, count) for campaign, rules in refused.items() for rule, count in rules.items()]
    return pa.table({
        "run_id": pa.array([run_id] * len(rows), pa.string()), "as_of": _moments(as_of, len(rows)),
        "campaign": pa.array([row[0] for row in rows], pa.string()),
        "rule": pa.array([row[1] for row in rows], pa.string()),
        "customers": pa.array([row[2] for row in rows], pa.int64()),
    })  # fmt: skip


def _limit_rows(run_id: str, as_of: AsOf, rates: Mapping[str, float], scarcity: Scarcity) -> pa.Table:
    amounts = dict(scarcity.capacity) | {f"budget of {name}": left for name, left in scarcity.campaign_budget.items()}
    if scarcity.budget is not None:
        amounts["budget"] = scarcity.budget
    names = sorted(amounts)
    return pa.table({
        "run_id": pa.array([run_id] * len(names), pa.string()), "as_of": _moments(as_of, len(names)),
        "name": pa.array(names, pa.string()), "amount": pa.array([float(amounts[name]) for name in names]),
        "rate": pa.array([rates.get(name, 0.0) for name in names], pa.float64()),
    })  # fmt: skip


def _moments(as_of: AsOf, count: int) -> pa.Array:
    return pa.array([as_of.at] * count, pa.int64()).cast(pa.timestamp("us"))


def _column(values: Any, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    return values.cast(kind) if isinstance(values, (pa.ChunkedArray, pa.Array)) else pa.array(values, kind)
