"""Now and then something else than what looks best, so that beliefs which happen to be wrong can be found out.

A small share of the customers, drawn anew in every run, gets each of the contacts open to them, or silence, with the
chance that it is the best of them, given how unsure each worth is (Thompson 1933, "On the likelihood that one unknown
probability exceeds another in view of the evidence of two samples"):

    π_k = P(worth_k > 0 and worth_k > worth_j for all j ≠ k),        worth_k ~ N(mean_k, doubt_k)

worked out by Gauss-Legendre quadrature over the quantiles above 0 instead of by dice, so that the chance of everything
done is known and can be logged. What it costs is known too, Σ (best − Σ_k π_k · mean_k), and stays within a budget.
Exploring takes nothing scarce from others: an option counts only if it uses what is limited no more than the best does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss

from tenure.decisions.scarcity import Contenders, Indices, Numbers, Scarcity

_NODES, _WEIGHTS = leggauss(48)
_SURE = 1e-9  # the least doubt, in units: without any there is nothing to integrate


@dataclass(frozen=True, slots=True)
class Exploring:
    """How much may be tried out in a run.

    Attributes:
        share: of the customers, between 0 and 1.
        budget: expected worth given up at most, in units; None without a limit.
        seed: names the dice of this run.
    """

    share: float = 0.0
    budget: float | None = None
    seed: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What was drawn.

    Attributes:
        winners: the options chosen after drawing.
        chance: of what each of those who explored got, by the customer's key. Whoever explores is drawn by lot, so they
            alone tell what another policy would have brought; all others got what they got for certain.
        price: expected worth given up, in units.
    """

    winners: Indices
    chance: dict[int, float]
    price: float


NOBODY = Exploring()


def explore(contenders: Contenders, winners: Indices, price: Numbers, scarcity: Scarcity, how: Exploring) -> Tried:
    """Draw for some customers among all that is open to them.

    Args:
        contenders: every option that competes.
        winners: the options that look best, at most one per customer.
        price: what each option takes of what is scarce, in units.
        scarcity: which limits there are.
    """
    best = dict(zip(contenders.customer[winners].tolist(), winners.tolist(), strict=True))
    chosen, spent, chances = dict(best), 0.0, dict[int, float]()
    for key, mine in _drawn(contenders, how):
        open_to = _open(contenders, mine, best.get(key), scarcity)
        net = contenders.worth[open_to] - price[open_to]
        chance = chances_of(net, contenders.doubt[open_to])
        greedy = contenders.worth[best[key]] - price[best[key]] if key in best else 0.0
        lost = max(float(greedy - chance[:-1] @ net), 0.0)
        if how.budget is not None and spent + lost > how.budget:
            break
        spent += lost
        pick = min(int(np.searchsorted(np.cumsum(chance), lot(how.seed, key, "what"), side="right")), len(open_to))
        chances[key] = float(chance[pick])
        chosen.pop(key, None)
        if pick < len(open_to):
            chosen[key] = int(open_to[pick])
    return Tried(np.sort(np.fromiter(chosen.values(), np.int64, len(chosen))), chances, spent)


def _drawn(contenders: Contenders, how: Exploring) -> list[tuple[int, Indices]]:
    """Those who explore, in the order of their lots, each with the numbers of their options."""
    if not how.share or not len(contenders.customer):
        return []
    starts = np.flatnonzero(np.append(True, contenders.customer[1:] != contenders.customer[:-1]))
    ends = np.append(starts[1:], len(contenders.customer))
    keys = contenders.customer[starts].tolist()
    lots = sorted((lot(how.seed, key, "who"), place) for place, key in enumerate(keys))
    return [(keys[place], np.arange(starts[place], ends[place])) for drawn, place in lots if drawn < how.share]


def chances_of(mean: Numbers, doubt: Numbers) -> Numbers:
    """The chance of each option to be the best, and last that of silence, which is worth 0; they add up to 1."""
    from scipy.special import ndtr, ndtri

    spread = np.maximum(doubt, _SURE)
    silent = ndtr(-mean / spread)
    found = np.empty(len(mean) + 1)
    for number, (middle, width) in enumerate(zip(mean, spread, strict=True)):
        # The quantiles at which this option is worth more than silence, so that nothing jumps within the range.
        low = silent[number]
        reached = middle + width * ndtri(np.clip(low + (1.0 - low) * (_NODES + 1.0) / 2.0, 1e-300, 1.0 - 1e-16))
        others = np.delete(np.arange(len(mean)), number)
        beaten = ndtr((reached[:, None] - mean[others]) / spread[others]).prod(axis=1)
        found[number] = (1.0 - low) / 2.0 * (_WEIGHTS @ beaten)
    found[-1] = silent.prod()
    total = found.sum()
    return found / total if total > 0 else np.append(np.zeros(len(mean)), 1.0)


def lot(seed: str, key: int, what: str) -> float:
    """A number between 0 and 1 that is the same for the same run and customer, on every machine."""
    digest = hashlib.sha256(f"{seed}|{key}|{what}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def _open(contenders: Contenders, mine: Indices, best: int | None, scarcity: Scarcity) -> Indices:
    """The best option of each campaign of those that take nothing scarce from others."""
    kept: dict[int, int] = {}
    for option in mine.tolist():
        if not _takes_no_more(contenders, option, best, scarcity):
            continue
        owner = int(contenders.owner[option])
        if owner not in kept or contenders.worth[option] > contenders.worth[kept[owner]]:
            kept[owner] = option
    return np.array(sorted(kept.values()), dtype=np.int64)


def _takes_no_more(contenders: Contenders, option: int, best: int | None, scarcity: Scarcity) -> bool:
    channel, folder = contenders.channel[option], contenders.folder[option]
    is_full = contenders.channels[channel] in scarcity.capacity
    is_dear = scarcity.budget is not None or contenders.folders[folder] in scarcity.campaign_budget
    if best is None:
        return not is_full and (not is_dear or contenders.cost[option] == 0)
    own_budget = contenders.folders[folder] in scarcity.campaign_budget
    if is_full and contenders.channel[best] != channel:
        return False
    if own_budget and contenders.folder[best] != folder:
        return False
    return not is_dear or contenders.cost[option] <= contenders.cost[best]
