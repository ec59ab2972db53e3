"""Simple policies beside the engine's: everybody who may be written to, and the classic best segments.

They choose among the same candidates, under the same rules and caps; only the choice among them is theirs. Service
messages are nobody's choice and go in every policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.decisions.choose import Choice, Chosen
from tenure.decisions.eligibility import CODE, NONE, numbers
from tenure.decisions.options import Indices, Judged
from tenure.domain.business import Business

RIVALS = ("none", "everyone", "rfm")
_BEST = 6  # of 9 points: the upper half of the classic cells


@dataclass(frozen=True, slots=True)
class Thirds:
    """The bounds between the lowest, the middle and the highest third of buyers.

    Attributes:
        recency: days since the latest order, fewer is better.
        orders, revenue: more is better.
    """

    recency: tuple[float, float]
    orders: tuple[float, float]
    revenue: tuple[float, float]


def rival(policy: str, judged: Sequence[Judged], business: Business, thirds: Thirds) -> Chosen:
    """What a rival chooses; the verdicts given are completed in place."""
    service = [_taken(one, np.flatnonzero(one.verdict == NONE)) for one in judged if one.campaign.purpose == "service"]
    marketing = [one for one in judged if one.campaign.purpose == "marketing"]
    if policy == "none" or not marketing:
        return Chosen(service)
    # A rival knows no worth: what would cost more than it brings is written to all the same.
    open_to = [np.flatnonzero((one.verdict == NONE) | (one.verdict == CODE["worth"])) for one in marketing]
    picked = _everyone(marketing, open_to, business) if policy == "everyone" else _rfm(marketing, open_to, thirds)
    return Chosen([*service, *(_taken(one, rows) for one, rows in zip(marketing, picked, strict=True))])


def _everyone(judged: list[Judged], open_to: list[Indices], business: Business) -> list[Indices]:
    """Each campaign to its whole audience in the order of their names, as far as the caps leave room."""
    contact, used = business.contact, dict[int, int]()
    picked = []
    for one, rows in zip(judged, open_to, strict=True):
        room = np.minimum(contact.per_7_days - numbers(one.rows, "pressure_7d", 0),
                          contact.per_30_days - numbers(one.rows, "pressure_30d", 0))[rows]  # fmt: skip
        keys = one.customers[rows].tolist()
        kept = [place for place, key in enumerate(keys) if used.get(key, 0) < room[place]]
        for place in kept:
            used[keys[place]] = used.get(keys[place], 0) + 1
        picked.append(rows[np.asarray(kept, dtype=np.int64)])
    return picked


def _rfm(judged: list[Judged], open_to: list[Indices], thirds: Thirds) -> list[Indices]:
    """One contact for each customer of the best cells: that of the campaign with the highest stated lift.

    Recency, frequency and money give one to three points each by thirds of the buyers (Hughes, "Strategic Database
    Marketing", 1994); six of nine are enough.
    """
    order = sorted(range(len(judged)), key=lambda n: (-judged[n].campaign.effect.lift, judged[n].campaign.name))
    taken: set[int] = set()
    picked: dict[int, Indices] = {}
    for number in order:
        one, rows = judged[number], open_to[number]
        good = rows[points(one, rows, thirds) >= _BEST]
        keys = one.customers[good].tolist()
        kept = [place for place, key in enumerate(keys) if key not in taken]
        taken.update(keys[place] for place in kept)
        picked[number] = good[np.asarray(kept, dtype=np.int64)]
    return [picked[number] for number in range(len(judged))]


def points(judged: Judged, rows: Indices, thirds: Thirds) -> NDArray[np.int64]:
    """Three to nine points of each row's customer; three for those who never bought."""
    table = judged.rows
    recency = _third(-numbers(table, "recency_days", np.inf)[rows], (-thirds.recency[1], -thirds.recency[0]))
    orders = _third(numbers(table, "orders", 0.0)[rows], thirds.orders)
    revenue = _third(numbers(table, "revenue", 0.0)[rows], thirds.revenue)
    found: NDArray[np.int64] = recency + orders + revenue
    return found


def _third(values: NDArray[np.float64], bounds: tuple[float, float]) -> NDArray[np.int64]:
    third: NDArray[np.int64] = 1 + (values > bounds[0]).astype(np.int64) + (values > bounds[1]).astype(np.int64)
    return third


def _taken(judged: Judged, rows: Indices) -> Choice:
    judged.verdict[rows] = NONE
    ones, none = np.ones(len(rows)), np.zeros(len(rows))
    return Choice(judged.campaign, rows, ones.astype(np.int64), np.full(len(rows), NONE, np.int8), ones, ones,
                  none.astype(bool), none)  # fmt: skip
