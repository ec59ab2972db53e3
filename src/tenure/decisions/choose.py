"""The best contact of each customer, or silence: what is chosen, what is held back to learn, and what loses.

At most one marketing contact per customer and run: the one worth most, if that is more than 0. Ties go to the campaign
whose name comes first, so that the same facts always give the same decision. If the winner's customer is in that
campaign's control group, nothing marketing is said at all, and the assignment is recorded just as for those who are
written to: both arms then hold the same kind of people (intention to treat). Every service message that may go, goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.decisions.eligibility import CODE, NONE, Codes, flags, judge
from tenure.decisions.worth import Worth, value
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.moments import AsOf

if TYPE_CHECKING:
    import pyarrow as pa

LOSERS = 2
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """One campaign's candidates with the rule that refuses each (`NONE` if none yet) and the parts of its worth."""

    campaign: Campaign
    rows: pa.Table
    verdict: Codes
    worth: Worth

    @property
    def customers(self) -> Indices:
        """The customers' keys."""
        keys: Indices = self.rows["customer_key"].to_numpy()
        return keys


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of the contenders of one campaign, all aligned.

    Attributes:
        index: row of the campaign's candidates.
        rank: 1 for what is chosen or held back, 2 and 3 for its best losers.
        verdict: rule that refused it, `NONE` if chosen.
        propensity: probability with which this customer got what they got (0 for a loser).
    """

    campaign: Campaign
    index: Indices
    rank: Indices
    verdict: Codes
    propensity: NDArray[np.float64]


def assess(rows: pa.Table, campaign: Campaign, business: Business, as_of: AsOf) -> Judged:
    """Judge and value one campaign's candidates; what is not worth its cost is refused by the rule `worth`."""
    verdict = judge(rows, campaign, business.contact, as_of)
    worth = value(rows, campaign, business)
    if campaign.purpose == "marketing":
        verdict[(verdict == NONE) & ~(worth.worth > 0.0)] = CODE["worth"]
    return Judged(campaign, rows, verdict, worth)


def choose(judged: Sequence[Judged]) -> list[Choice]:
    """Choose for every customer among all campaigns; settles `choice` and `control` in the verdicts given.

    Args:
        judged: every campaign's candidates. Their verdicts are completed in place.

    Returns:
        For each campaign the rows worth keeping: chosen, held back, and the best two losers of each customer.
    """
    marketing = sorted((j for j in judged if j.campaign.purpose == "marketing"), key=lambda j: j.campaign.name)
    choices = [_all_that_may(j) for j in judged if j.campaign.purpose == "service"]
    return [*choices, *_best_of(marketing)]


def _all_that_may(judged: Judged) -> Choice:
    index = np.flatnonzero(judged.verdict == NONE)
    count = len(index)
    return Choice(judged.campaign, index, np.ones(count, np.int64), np.full(count, NONE, np.int8), np.ones(count))


def _best_of(judged: list[Judged]) -> list[Choice]:
    if not judged:
        return []
    customer, worth, owner, index = _contenders(judged)
    order = np.lexsort((owner, -worth, customer))
    customer, worth, owner, index = customer[order], worth[order], owner[order], index[order]
    place = _place_within(customer)
    # Who is worth nothing does not win: its place is left to silence, and it counts as a loser.
    first = np.flatnonzero(place == 0)
    silent = np.repeat(~(worth[first] > 0.0), np.diff(np.append(first, len(customer))))
    rank = place + 1 + silent
    choices = []
    for number, one in enumerate(judged):
        mine = owner == number
        choices.append(_settled(one, index[mine], rank[mine]))
    return choices


def _contenders(judged: list[Judged]) -> tuple[Indices, NDArray[np.float64], Indices, Indices]:
    """Everybody whom only money can still refuse: customer, worth, number of the campaign, row."""
    parts = []
    for number, one in enumerate(judged):
        index = np.flatnonzero((one.verdict == NONE) | (one.verdict == CODE["worth"]))
        parts.append((one.customers[index], one.worth.worth[index], np.full(len(index), number, np.int64), index))
    customer, worth, owner, index = (np.concatenate(column) for column in zip(*parts, strict=True))
    return customer, worth, owner, index


def _place_within(customer: Indices) -> Indices:
    """0, 1, 2 … within each run of the same customer."""
    if not len(customer):
        return customer
    starts = np.flatnonzero(np.append(True, customer[1:] != customer[:-1]))
    lengths = np.diff(np.append(starts, len(customer)))
    return np.arange(len(customer)) - np.repeat(starts, lengths)


def _settled(judged: Judged, index: Indices, rank: Indices) -> Choice:
    """Complete the campaign's verdicts and keep the best."""
    share = min(max(float(judged.campaign.control), 0.0), 1.0)
    held = flags(judged.rows, "control")[index] & (rank == 1)
    lost = (rank > 1) & (judged.verdict[index] == NONE)
    judged.verdict[index[lost]] = CODE["choice"]
    judged.verdict[index[held]] = CODE["control"]
    kept = rank <= 1 + LOSERS
    index, rank = index[kept], rank[kept]
    verdict = judged.verdict[index]
    chance = np.where(verdict == CODE["control"], share, 1.0 - share)
    return Choice(judged.campaign, index, rank, verdict, np.where(rank == 1, chance, 0.0))
