"""Decides for every customer whether to say something and what, and keeps the record of it; nothing is sent.

Campaign by campaign the candidates leave the warehouse, are judged and valued, and compete for their customers. The
record is written once, whole, at the end: a run that fails leaves no trace, and the same run again replaces itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from tenure.decisions.choose import Choice, Judged, assess, choose
from tenure.decisions.eligibility import CODE, NAMES, NONE, counted
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.decision import DECISION_COLUMNS, RULES
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.ports import Candidates, Decisions, Progress

_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "TIMESTAMP": pa.timestamp("us")}
SCHEMA = pa.schema([(name, _ARROW[kind]) for name, kind in DECISION_COLUMNS])


@dataclass(frozen=True, slots=True)
class Decided:
    """What a run decided.

    Attributes:
        chosen: contacts by campaign.
        control: customers left alone to learn, by campaign.
        refused: customers by campaign and rule.
        expected_profit: sum of the worth of what was chosen, in units of the currency.
        decisions: the rows kept (`DECISION_COLUMNS`).
    """

    run_id: str
    as_of: AsOf
    currency: str
    chosen: dict[str, int]
    control: dict[str, int]
    refused: dict[str, dict[str, int]]
    expected_profit: float
    decisions: pa.Table = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """The counts, for machines."""
        moment: datetime = self.as_of.moment
        return {
            "run_id": self.run_id, "as_of": moment.isoformat(), "chosen": self.chosen, "control": self.control,
            "refused": self.refused, "expected_profit": round(self.expected_profit, 2), "currency": self.currency,
        }  # fmt: skip

    def sentences(self) -> list[str]:
        """The counts, for people."""
        total = sum(self.chosen.values())
        said = [f"{total:,} contacts chosen as of {self.as_of}, expected to bring {self.expected_profit:,.2f} "
                f"{self.currency} more than silence."]  # fmt: skip
        for campaign, count in sorted(self.chosen.items()):
            held = self.control.get(campaign, 0)
            kept = f" ({held:,} more left alone to learn its effect)" if held else ""
            reasons = sorted(self.refused.get(campaign, {}).items(), key=lambda item: (-item[1], item[0]))
            noes = "; ".join(f"{count:,} because {RULES[rule]}" for rule, count in reasons if rule != "control")
            said.append(f"{campaign}: {count:,} chosen{kept}. Silence: {noes or 'none'}.")
        return said


def decide(
    campaigns: Sequence[Campaign], candidates: Candidates, decisions: Decisions, as_of: AsOf, business: Business,
    run_id: str, progress: Progress,
) -> Decided:  # fmt: skip
    """Choose for every customer of the published profiles and keep the record.

    Args:
        campaigns: those that take part; their names differ.
        candidates: where customers and their figures come from.
        decisions: where the record goes.
        as_of: the moment of the decision, which must be that of the profiles.
        run_id: names the run; deciding again under the same name replaces what it kept.

    Raises:
        TenureError: there are no profiles as of that moment.
    """
    progress.start("decide", len(campaigns))
    judged: list[Judged] = []
    refused: dict[str, dict[str, int]] = {}
    for campaign in campaigns:
        drawn = candidates.draw(campaign, as_of, business)
        judged.append(assess(drawn.rows, campaign, business, as_of))
        refused[campaign.name] = dict(drawn.refused)
        progress.advance()
    choices = choose(judged)
    for one in judged:
        refused[one.campaign.name] |= counted(one.verdict)
    by_name = {one.campaign.name: one for one in judged}
    rows = _table([_decision_rows(choice, by_name[choice.campaign.name], run_id, as_of) for choice in choices])
    decided = _summary(run_id, as_of, business, refused, judged, rows)
    decisions.keep(run_id, rows, _refusal_rows(run_id, as_of, refused), _assignment_rows(rows, campaigns, as_of))
    progress.finish(decided.sentences()[0])
    return decided


def _table(parts: list[pa.Table]) -> pa.Table:
    joined = pa.concat_tables([SCHEMA.empty_table(), *parts])
    return joined.sort_by([("customer_key", "ascending"), ("rank", "ascending"), ("campaign", "ascending")])


def _decision_rows(choice: Choice, judged: Judged, run_id: str, as_of: AsOf) -> pa.Table:
    index, count, campaign, worth = choice.index, len(choice.index), choice.campaign, judged.worth
    rows = judged.rows.take(pa.array(index))
    outcome = np.where(choice.verdict == NONE, "chosen", np.where(choice.verdict == CODE["control"], "control", "lost"))
    rule = [None if code == NONE else NAMES[code] for code in choice.verdict.tolist()]
    offer = campaign.offer
    given = rows["offer_ok"].to_pylist() if offer else [False] * count
    columns: dict[str, Any] = {
        "run_id": [run_id] * count, "as_of": pa.array([as_of.at] * count, pa.int64()).cast(pa.timestamp("us")),
        "customer_key": rows["customer_key"], "customer_id": rows["customer_id"], "rank": choice.rank,
        "outcome": outcome.tolist(), "rule": rule, "campaign": [campaign.name] * count,
        "campaign_version": [campaign.version] * count, "channel": rows["channel"],
        "purpose": [campaign.purpose] * count, "occasion_key": rows["occasion_key"],
        "occasion_at": rows["occasion_at"].cast(pa.timestamp("us")), "occasion_properties": rows["occasion_properties"],
        "offer_kind": [offer.kind if offer and ok else None for ok in given],
        "offer_value": [offer.value if offer and ok else None for ok in given], "stage": rows["stage"],
        "path": rows["path"],
        "p0": worth.p0[index], "lift": worth.lift[index], "goal_value": worth.goal_value[index],
        "gain": worth.gain[index], "discount_cost": worth.discount[index],
        "contact_cost": worth.contact_cost[index], "wear": worth.wear[index], "worth": worth.worth[index],
        "propensity": choice.propensity,
    }  # fmt: skip
    return pa.table([_column(columns[f.name], f.type) for f in SCHEMA], schema=SCHEMA)


def _column(values: Any, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    return values.cast(kind) if isinstance(values, (pa.ChunkedArray, pa.Array)) else pa.array(values, kind)


def _refusal_rows(run_id: str, as_of: AsOf, refused: dict[str, dict[str, int]]) -> pa.Table:
    rows = [(campaign, rule, count) for campaign, rules in refused.items() for rule, count in rules.items()]
    return pa.table({
        "run_id": pa.array([run_id] * len(rows), pa.string()),
        "as_of": pa.array([as_of.at] * len(rows), pa.int64()).cast(pa.timestamp("us")),
        "campaign": pa.array([row[0] for row in rows], pa.string()),
        "rule": pa.array([row[1] for row in rows], pa.string()),
        "customers": pa.array([row[2] for row in rows], pa.int64()),
    })  # fmt: skip


def _assignment_rows(decisions: pa.Table, campaigns: Sequence[Campaign], as_of: AsOf) -> pa.Table:
    """Both arms as facts: who was written to and who was held back, from this moment to the end of the goal's days."""
    both = decisions.filter(
        pa.array(np.isin(np.asarray(decisions["outcome"].to_pylist()), ("chosen", "control")), pa.bool_())
    )
    days = {campaign.name: campaign.goal.within_days for campaign in campaigns}
    until = [as_of.at + round(days[name] * MICROS_PER_DAY) for name in both["campaign"].to_pylist()]
    arms = ["treated" if outcome == "chosen" else "control" for outcome in both["outcome"].to_pylist()]
    count = both.num_rows
    return pa.table({
        "customer_key": both["customer_key"], "campaign": both["campaign"], "occasion_key": both["occasion_key"],
        "arm": pa.array(arms, pa.string()), "at": pa.array([as_of.at] * count, pa.int64()),
        "day": pa.array([as_of.day] * count, pa.int64()), "goal_until": pa.array(until, pa.int64()),
        "propensity": both["propensity"], "run_id": both["run_id"],
    })  # fmt: skip


def _summary(
    run_id: str, as_of: AsOf, business: Business, refused: dict[str, dict[str, int]], judged: Sequence[Judged],
    rows: pa.Table,
) -> Decided:  # fmt: skip
    chosen = {one.campaign.name: int(np.count_nonzero(one.verdict == NONE)) for one in judged}
    control = {name: rules["control"] for name, rules in refused.items() if "control" in rules}
    worth = np.asarray(rows["worth"].to_pylist(), dtype=np.float64)
    said = np.asarray(rows["outcome"].to_pylist()) == "chosen"
    return Decided(run_id, as_of, business.currency, chosen, control, refused, float(worth[said].sum()), rows)
