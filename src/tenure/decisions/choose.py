"""The best contact of each customer, or silence: what is chosen, what is held back to learn, and what loses.

At most one marketing contact per customer and run: the one worth most over the price of what is scarce, if that is more
than 0. Of equals the campaign whose name comes first wins, so that the same facts always give the same decision. If the
winner's customer is in that campaign's control group, nothing marketing is said at all, and the assignment is recorded
just as for those who are written to: both arms then hold the same kind of people (intention to treat), and for the same
reason both count against what is scarce. Every service message that may go, goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tenure.decisions.eligibility import CODE, NONE, Codes, flags
from tenure.decisions.explore import NOBODY, Exploring, Tried, explore
from tenure.decisions.options import Judged
from tenure.decisions.scarcity import Contenders, Indices, Numbers, Scarcity, priced, settle
from tenure.domain.campaign import Campaign

LOSERS = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of the contenders of one campaign, all aligned.

    Attributes:
        index: row of the campaign's candidates.
        rank: 1 for what is chosen or held back, 2 and 3 for its best losers.
        verdict: rule that refused it, `NONE` if chosen.
        arm: probability of the arm that this customer is in, 0 for a loser.
        propensity: probability with which this customer got what they got: that of the arm, times that of the draw
            where it was drawn to learn; 0 for a loser.
        explored: whether it was drawn.
        price: what it takes of what is scarce, in units.
    """

    campaign: Campaign
    index: Indices
    rank: Indices
    verdict: Codes
    arm: Numbers
    propensity: Numbers
    explored: NDArray[np.bool_]
    price: Numbers


@dataclass(frozen=True, slots=True)
class Chosen:
    """The choice of a whole run.

    Attributes:
        choices: for each campaign the rows worth keeping: chosen, held back, and the best two losers of each customer.
        silent: keys of the customers for whom silence was drawn to learn, each with its chance.
        rates: the price of each limit: what one more contact, or one more unit of money, would have brought.
        explored: how many customers explored.
        exploration_price: expected worth given up for it, in units.
    """

    choices: list[Choice]
    silent: dict[int, float] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    explored: int = 0
    exploration_price: float = 0.0


@dataclass(frozen=True, slots=True)
class Given:
    """What one customer got in a run that is over, where limits or a draw decided and not worth alone.

    Attributes:
        campaign: None for silence.
        chance: of the draw, None where nothing was drawn.
    """

    campaign: str | None
    channel: str | None = None
    chance: float | None = None


NO_LIMITS = Scarcity()


def choose(
    judged: Sequence[Judged], scarcity: Scarcity = NO_LIMITS, how: Exploring = NOBODY, given: Given | None = None
) -> Chosen:
    """Choose for every customer among all campaigns; settles the open verdicts and the options taken.

    Args:
        judged: every campaign's candidates. Their verdicts and options taken are completed in place.
        scarcity: what is left of channels and money.
        how: how much may be tried out.
        given: what the one customer judged got; then nothing is chosen, and only the rest is worked out.
    """
    service = [_all_that_may(j) for j in judged if j.campaign.purpose == "service"]
    marketing = sorted((j for j in judged if j.campaign.purpose == "marketing"), key=lambda j: j.campaign.name)
    if not marketing:
        return Chosen(service)
    contenders = _contenders(marketing)
    bringing = _some(contenders, np.flatnonzero(contenders.worth > 0.0))
    kept, rates = settle(bringing, scarcity)
    winners = np.flatnonzero(contenders.worth > 0.0)[kept]
    price = priced(contenders, rates)
    if given is None:
        tried = explore(contenders, winners, price, scarcity, how)
    else:
        tried = _as_given(marketing, contenders, given)
    choices = _settled(marketing, contenders, tried, price, scarcity)
    won = frozenset(contenders.customer[tried.winners].tolist())
    silent = {key: chance for key, chance in tried.chance.items() if key not in won}
    return Chosen([*service, *choices], silent, rates, len(tried.chance), tried.price)


def _as_given(judged: list[Judged], contenders: Contenders, given: Given) -> Tried:
    names = [one.campaign.name for one in judged]
    owner = names.index(given.campaign) if given.campaign in names else -1
    mine = np.flatnonzero(contenders.owner == owner)
    spoken = [option for option in mine.tolist() if contenders.channels[contenders.channel[option]] == given.channel]
    winners = np.array(sorted(spoken, key=lambda option: -contenders.worth[option])[:1], dtype=np.int64)
    chance = {} if given.chance is None else {int(key): given.chance for key in contenders.customer[:1]}
    return Tried(winners, chance, 0.0)


def _all_that_may(judged: Judged) -> Choice:
    index = np.flatnonzero(judged.verdict == NONE)
    ones, none = np.ones(len(index)), np.zeros(len(index))
    return Choice(judged.campaign, index, ones.astype(np.int64), np.full(len(index), NONE, np.int8), ones, ones,
                  none.astype(bool), none)  # fmt: skip


def _contenders(judged: list[Judged]) -> Contenders:
    """Every option of everybody whom only money can still refuse."""
    channels = tuple(sorted({name for one in judged for name in one.campaign.channels}))
    folders = tuple(sorted({one.campaign.folder for one in judged}))
    parts = []
    for number, one in enumerate(judged):
        options, campaign = one.options, one.campaign
        is_open = (one.verdict == NONE) | (one.verdict == CODE["worth"])
        option = np.flatnonzero(is_open[options.row])
        channel = np.array([channels.index(name) for name in campaign.channels], np.int16)[options.place[option]]
        count = len(option)
        parts.append((
            one.customers[options.row[option]], np.full(count, number, np.int64), option,
            options.parts.worth[option], options.doubt[option], options.parts.cost[option], channel,
            np.full(count, folders.index(campaign.folder), np.int16),
        ))  # fmt: skip
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    customer, owner, option, worth, doubt, cost, channel, folder = (column[order] for column in columns)
    return Contenders(customer, owner, option, worth, doubt, cost, channel, folder, channels, folders)


def _some(contenders: Contenders, index: Indices) -> Contenders:
    c = contenders
    return Contenders(c.customer[index], c.owner[index], c.option[index], c.worth[index], c.doubt[index], c.cost[index],
                      c.channel[index], c.folder[index], c.channels, c.folders)  # fmt: skip


def _settled(
    judged: list[Judged], contenders: Contenders, tried: Tried, price: Numbers, scarcity: Scarcity
) -> list[Choice]:
    """Complete the verdicts of all campaigns, rank what is worth keeping, and say how likely it was."""
    winners = tried.winners
    for number, one in enumerate(judged):
        won = contenders.option[winners[contenders.owner[winners] == number]]
        one.taken[one.options.row[won]] = won
    customer, worth, owner, index = _by_row(judged)
    winner, beaten = _winners_of(customer, contenders, winners)
    first = winner == owner
    order = np.lexsort((owner, -worth, ~first, customer))
    rank = np.empty(len(order), np.int64)
    rank[order] = _place_within(customer[order]) + 1 + (winner[order] < 0)
    choices = []
    for number, one in enumerate(judged):
        mine, options = owner == number, contenders.owner == number
        spent = np.zeros(len(one.options.row))
        spent[contenders.option[options]] = price[options]
        rows = index[mine]
        choices.append(_one(one, rows, rank[mine], first[mine], beaten[mine], spent[one.taken[rows]], tried, scarcity))
    return choices


def _winners_of(customer: Indices, contenders: Contenders, winners: Indices) -> tuple[Indices, Numbers]:
    """For each customer given the number of the campaign that won (−1 for silence) and its worth (0 for silence)."""
    keys = contenders.customer[winners]
    if not len(keys):
        return np.full(len(customer), -1, np.int64), np.zeros(len(customer))
    place = np.minimum(np.searchsorted(keys, customer), len(keys) - 1)
    has = keys[place] == customer
    return (np.where(has, contenders.owner[winners][place], -1),
            np.where(has, contenders.worth[winners][place], 0.0))  # fmt: skip


def _by_row(judged: list[Judged]) -> tuple[Indices, Numbers, Indices, Indices]:
    """Customer, worth, number of the campaign and row of everybody whom only money can still refuse."""
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


def _one(
    judged: Judged, index: Indices, rank: Indices, first: NDArray[np.bool_], beaten: Numbers, price: Numbers,
    tried: Tried, scarcity: Scarcity,
) -> Choice:  # fmt: skip
    """Complete one campaign's verdicts and keep the best."""
    share = min(max(float(judged.campaign.control), 0.0), 1.0)
    worth, keys = judged.worth.worth[index], judged.customers[index]
    drawn = np.isin(keys, np.fromiter(tried.chance, np.int64, len(tried.chance)))
    lost = ~first & (judged.verdict[index] == NONE)
    rule = np.where(worth > beaten + 1e-12, _scarce(judged, index, scarcity), CODE["choice"])
    judged.verdict[index[lost]] = np.where(drawn, CODE["explore"], rule)[lost]
    judged.verdict[index[first]] = NONE
    held = flags(judged.rows, "control")[index] & first
    judged.verdict[index[held]] = CODE["control"]
    kept = np.flatnonzero(rank <= 1 + LOSERS)
    index, first, drawn = index[kept], first[kept], drawn[kept]
    verdict = judged.verdict[index]
    arm = np.where(first, np.where(verdict == CODE["control"], share, 1.0 - share), 0.0)
    draw = np.array([tried.chance.get(int(key), 1.0) for key in keys[kept]])
    return Choice(judged.campaign, index, rank[kept], verdict, arm, arm * draw, drawn & first, price[kept])


def _scarce(judged: Judged, index: Indices, scarcity: Scarcity) -> NDArray[np.int64]:
    """The rule to name where something better lost for want of what is limited: its channel, else money."""
    full = np.array([name in scarcity.capacity for name in judged.campaign.channels])
    place = judged.options.place[judged.taken[index]]
    rule: NDArray[np.int64] = np.where(full[place], CODE["capacity"], CODE["budget"])
    return rule if scarcity.is_any else np.full(len(index), CODE["choice"])
