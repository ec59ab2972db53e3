"""Decides for every customer whether to say something and what, and keeps the record of it; nothing is sent.

Campaign by campaign the candidates leave the warehouse, are judged and valued, and compete for their customers and for
what is scarce. The record is written once, whole, at the end: a run that fails leaves no trace, and the same run again
replaces itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from tenure.decisions.choose import Chosen, choose
from tenure.decisions.eligibility import NONE, counted
from tenure.decisions.explore import Exploring
from tenure.decisions.options import Judged, assess
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.decision import RULES
from tenure.domain.learned import NOTHING, Learned
from tenure.domain.moments import AsOf
from tenure.operations.leftover import left
from tenure.operations.record import record
from tenure.ports import Candidates, Decisions, Progress

_FEW = 5  # campaigns without anybody are told one by one up to so many


@dataclass(frozen=True, slots=True)
class Decided:
    """What a run decided.

    Attributes:
        chosen: contacts by campaign.
        control: customers left alone to learn, by campaign.
        refused: customers by campaign and rule.
        expected_profit: sum of the worth of what was chosen, in units of the currency.
        decisions: the rows kept (`DECISION_COLUMNS`).
        limits: what was scarce: how much of it was left for the run, and what one more would have brought.
        explored: customers for whom something else than the best could be drawn, to learn.
        exploration_price: expected profit given up for that, in units.
    """

    run_id: str
    as_of: AsOf
    currency: str
    chosen: dict[str, int]
    control: dict[str, int]
    refused: dict[str, dict[str, int]]
    expected_profit: float
    decisions: pa.Table = field(repr=False)
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)
    explored: int = 0
    exploration_price: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The counts, for machines."""
        moment: datetime = self.as_of.moment
        return {
            "run_id": self.run_id, "as_of": moment.isoformat(), "chosen": self.chosen, "control": self.control,
            "refused": self.refused, "expected_profit": round(self.expected_profit, 2), "currency": self.currency,
            "limits": {name: {"amount": amount, "rate": rate} for name, (amount, rate) in self.limits.items()},
            "explored": self.explored, "exploration_price": round(self.exploration_price, 4),
        }  # fmt: skip

    def sentences(self) -> list[str]:
        """The counts, for people."""
        total = sum(self.chosen.values())
        said = [f"{total:,} contacts chosen as of {self.as_of}, expected to bring {self.expected_profit:,.2f} "
                f"{self.currency} more than silence."]  # fmt: skip
        said += self._scarce()
        quiet = [name for name, count in self.chosen.items() if not count and not self.control.get(name)]
        for campaign, count in sorted(self.chosen.items()):
            if campaign in quiet:
                continue
            held = self.control.get(campaign, 0)
            kept = f" ({held:,} more left alone to learn its effect)" if held else ""
            said.append(f"{campaign}: {count:,} chosen{kept}. Silence: {self._silence(campaign)}.")
        if quiet and len(quiet) <= _FEW:
            said += [f"{name}: nobody. Silence: {self._silence(name)}." for name in sorted(quiet)]
        elif quiet:
            said.append(f"{len(quiet)} more campaigns found nobody; `tenure campaign check` says which have no data.")
        return said

    def _silence(self, campaign: str) -> str:
        reasons = sorted(self.refused.get(campaign, {}).items(), key=lambda item: (-item[1], item[0]))
        return "; ".join(f"{count:,} because {RULES[rule]}" for rule, count in reasons if rule != "control") or "none"

    def _scarce(self) -> list[str]:
        said = []
        for name, (amount, rate) in sorted(self.limits.items()):
            if rate <= 0:
                continue
            what = f"{amount:,.2f} {self.currency}" if name.startswith("budget") else f"{amount:,.0f} contacts"
            one = f"one more {self.currency}" if name.startswith("budget") else "one more"
            said.append(f"The limit of {what} ({name}) holds back: {one} would bring {rate:,.2f} {self.currency}.")
        if self.explored:
            said.append(f"For {self.explored:,} customers the contact was drawn, to learn, which costs "
                        f"{self.exploration_price:,.2f} {self.currency} of expected profit.")  # fmt: skip
        return said


def decide(
    campaigns: Sequence[Campaign], candidates: Candidates, decisions: Decisions, as_of: AsOf, business: Business,
    run_id: str, progress: Progress, learned: Learned = NOTHING,
) -> Decided:  # fmt: skip
    """Choose for every customer of the published profiles and keep the record.

    Args:
        campaigns: those that take part; their names differ.
        candidates: where customers and their figures come from.
        decisions: where the record goes.
        as_of: the moment of the decision, which must be that of the profiles.
        run_id: names the run; deciding again under the same name replaces what it kept.
        learned: what results before `as_of` have taught.

    Raises:
        TenureError: there are no profiles as of that moment.
    """
    progress.start("decide", len(campaigns))
    judged: list[Judged] = []
    refused: dict[str, dict[str, int]] = {}
    for campaign in campaigns:
        drawn = candidates.draw(campaign, as_of, business)
        judged.append(assess(drawn.rows, campaign, business, as_of, learned))
        refused[campaign.name] = dict(drawn.refused)
        progress.advance()
    scarcity = left(judged, decisions, business, as_of, run_id)
    contact = business.contact
    chosen = choose(judged, scarcity, Exploring(contact.explore, contact.explore_budget, f"{business.salt}|{run_id}"))
    for one in judged:
        refused[one.campaign.name] |= counted(one.verdict)
    kept = record(run_id, as_of, judged, chosen, scarcity, refused)
    decisions.keep(run_id, kept)
    limits = {row["name"]: (row["amount"], row["rate"]) for row in kept.limits.to_pylist()}
    decided = _summary(run_id, as_of, business, refused, judged, kept.decisions, limits, chosen)
    progress.finish(decided.sentences()[0])
    return decided


def _summary(
    run_id: str, as_of: AsOf, business: Business, refused: dict[str, dict[str, int]], judged: Sequence[Judged],
    rows: pa.Table, limits: Mapping[str, tuple[float, float]], chosen: Chosen,
) -> Decided:  # fmt: skip
    counts = {one.campaign.name: int(np.count_nonzero(one.verdict == NONE)) for one in judged}
    control = {name: rules["control"] for name, rules in refused.items() if "control" in rules}
    worth = np.asarray(rows["worth"].to_pylist(), dtype=np.float64)
    said = np.asarray(rows["outcome"].to_pylist()) == "chosen"
    return Decided(run_id, as_of, business.currency, counts, control, refused, float(worth[said].sum()), rows,
                   dict(limits), chosen.explored, chosen.exploration_price)  # fmt: skip
