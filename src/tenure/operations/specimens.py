"""Real customers to show a campaign by: some of those who would hear from us, and for whom its message is rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from tenure.decisions.eligibility import NAMES, NONE
from tenure.decisions.options import Judged
from tenure.domain.campaign import Campaign
from tenure.operations.record import SCHEMA

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Specimen:
    """One customer and the occasion to speak to them.

    Attributes:
        offered: whether the offer is promised.
        rule: why the customer would hear nothing, None if they would.
        occasion: key, moment and properties of the occasion, as `decisions` has them; None where there is none.
    """

    campaign: Campaign
    customer_key: int
    customer_id: str
    stage: str | None
    worth: float
    channel: str | None
    offered: bool
    rule: str | None
    occasion: Mapping[str, Any]

    def saying(self, part: Campaign) -> Specimen:
        """The same customer and occasion for a later step, with its offer if it makes one."""
        rule = self.rule if part.name == self.campaign.name else "occasion"
        return replace(self, campaign=part, channel=part.channels[0], offered=part.offer is not None, rule=rule)


def examples(judged: Judged) -> tuple[Specimen, ...]:
    """Up to ten of those who would hear from us, evenly from the one worth most to the one worth least."""
    taken = np.flatnonzero(judged.verdict == NONE)
    worth = judged.worth.worth[taken]
    ranked = taken[np.lexsort((judged.customers[taken], -worth))]
    places = np.unique(np.linspace(0, len(ranked) - 1, min(_SHOWN, len(ranked))).astype(np.int64))
    return _specimens(judged, ranked[places].tolist()) if len(ranked) else ()


def speakers(judged: Judged) -> tuple[Specimen, ...]:
    """For whom the message is shown: the one worth most, with the offer and without it where both are said.

    Of those who would hear from us if there are any, else of those whom the last rule refuses.
    """
    if not judged.rows.num_rows:
        return ()
    far = np.where(judged.verdict == NONE, len(NAMES), judged.verdict)
    worth, offered = judged.worth.worth, judged.offered
    ranked = np.lexsort((judged.customers, -worth, -far)).tolist()
    last = far[ranked[0]]
    first = {bool(offered[row]): row for row in reversed(ranked) if far[row] == last}
    found = _specimens(judged, [first[kind] for kind in sorted(first, reverse=True)])
    if judged.campaign.offer is not None and last != len(NAMES):
        return tuple(replace(found[0], offered=kind) for kind in (True, False))
    return found


def as_decisions(specimens: Sequence[Specimen], run_id: str) -> pa.Table:
    """Rows of `DECISION_COLUMNS` as a run would have chosen them."""
    rows = [
        {
            "run_id": run_id, "outcome": "chosen", "rank": 1, "campaign": one.campaign.name,
            "campaign_version": one.campaign.version, "purpose": one.campaign.purpose, "channel": one.channel,
            "customer_key": one.customer_key, "customer_id": one.customer_id, **_offer(one), **one.occasion,
        }
        for one in specimens
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _offer(one: Specimen) -> dict[str, Any]:
    offer = one.campaign.offer
    return {"offer_kind": offer.kind, "offer_value": offer.value} if offer and one.offered else {}


def _specimens(judged: Judged, places: Sequence[int]) -> tuple[Specimen, ...]:
    worth, channels, offered = judged.worth.worth, judged.channels, judged.offered
    rows = judged.rows.take(pa.array(places, pa.int64())).to_pylist()
    return tuple(
        Specimen(
            judged.campaign, row["customer_key"], row["customer_id"], row["stage"], float(worth[place]),
            channels[place], bool(offered[place]),
            None if judged.verdict[place] == NONE else NAMES[judged.verdict[place]],
            {name: row[name] for name in ("occasion_key", "occasion_at", "occasion_properties")},
        )
        for place, row in zip(places, rows, strict=True)
    )  # fmt: skip
