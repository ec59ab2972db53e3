"""Every way in which a campaign could speak to its candidates: which channel, with the offer or without it.

A candidate has one option for each of the campaign's channels on which the customer may be reached and the business can
speak. Where the offer has a lift of its own, the message without it is an option beside the message with it; otherwise
the file alone says who is promised something. Of equals the channel that the file names first comes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.decisions.eligibility import CODE, NONE, Codes, flags, judge
from tenure.decisions.worth import Appraisal, Numbers, Worth
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.learned import NOTHING, Learned
from tenure.domain.moments import AsOf

if TYPE_CHECKING:
    import pyarrow as pa

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Options:
    """One entry per row of the candidates and way of speaking, by row and then by the file's order of ways.

    Attributes:
        row: row of the candidates.
        place: which of the campaign's channels.
        offered: whether the offer is promised.
        parts: the parts of the worth.
        doubt: standard deviation of the worth, from that of the lift; in units.
    """

    row: Indices
    place: NDArray[np.int16]
    offered: NDArray[np.bool_]
    parts: Worth
    doubt: Numbers


@dataclass(frozen=True, slots=True)
class Judged:
    """One campaign's candidates: the rule that refuses each (`NONE` if none yet), and the ways to speak to each.

    Attributes:
        taken: per row the option that speaks for it: the most profitable, or the one that was chosen.
    """

    campaign: Campaign
    rows: pa.Table
    verdict: Codes
    options: Options
    taken: Indices

    @property
    def customers(self) -> Indices:
        """The customers' keys."""
        keys: Indices = self.rows["customer_key"].to_numpy()
        return keys

    @property
    def worth(self) -> Worth:
        """The parts of the worth of the option taken, one entry per row."""
        return self.options.parts.take(self.taken)

    @property
    def channels(self) -> list[str | None]:
        """The channel of the option taken, None where the customer cannot be reached."""
        reachable = self.rows["channel"].to_pylist()
        places = self.options.place[self.taken].tolist()
        return [self.campaign.channels[place] if channel is not None else None
                for place, channel in zip(places, reachable, strict=True)]  # fmt: skip

    @property
    def offered(self) -> NDArray[np.bool_]:
        """Whether the option taken promises the offer, one entry per row."""
        return self.options.offered[self.taken]


def assess(
    rows: pa.Table, campaign: Campaign, business: Business, as_of: AsOf, learned: Learned = NOTHING
) -> Judged:  # fmt: skip
    """Judge and value one campaign's candidates; what is not worth its cost is refused by the rule `worth`."""
    verdict = judge(rows, campaign, business.contact, as_of)
    options = options_of(rows, campaign, business, learned)
    taken = best_of(options, rows.num_rows, options.parts.worth)
    if campaign.purpose == "marketing":
        verdict[(verdict == NONE) & ~(options.parts.worth[taken] > 0.0)] = CODE["worth"]
    return Judged(campaign, rows, verdict, options, taken)


def options_of(rows: pa.Table, campaign: Campaign, business: Business, learned: Learned) -> Options:
    """All options of the candidates; who cannot be reached has one all the same, so that its worth can be said."""
    appraisal = Appraisal(rows, campaign, business, learned)
    promised = flags(rows, "offer_ok")
    unreachable = np.asarray(rows["channel"].is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)
    found: list[tuple[Indices, int, NDArray[np.bool_], Worth]] = []
    for place in range(len(campaign.channels)):
        may = flags(rows, f"way_{place}") | (unreachable & (place == 0))
        for mine, offered in _promises(campaign, may, promised):
            index = np.flatnonzero(mine)
            found.append((index, place, offered[index], appraisal.by(place, offered).take(index)))
    row = np.concatenate([each[0] for each in found])
    order = np.argsort(row, kind="stable")
    parts = Worth(*(np.concatenate([getattr(each[3], name) for each in found]) for name in Worth.__slots__))
    places = np.concatenate([np.full(len(each[0]), each[1], np.int16) for each in found])
    row, parts = row[order], parts.take(order)
    doubt = np.abs(appraisal.doubt[row] * parts.margin * parts.goal_value)
    return Options(row, places[order], np.concatenate([each[2] for each in found])[order], parts, doubt)


def best_of(options: Options, rows: int, worth: Numbers) -> Indices:
    """Per row the option of the highest worth given; of equals the first."""
    order = np.lexsort((np.arange(len(options.row)), -worth, options.row))
    first: Indices = np.searchsorted(options.row[order], np.arange(rows))
    return order[first]


def _promises(
    campaign: Campaign, may: NDArray[np.bool_], promised: NDArray[np.bool_]
) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Who has an option on this channel, and whether it promises the offer."""
    if campaign.offer is None or campaign.offer.lift <= 0:
        return [(may, promised)]
    return [(may & promised, promised), (may, np.zeros_like(promised))]
