"""How each policy of a simulation chooses: the real stations for `tenure`, a rule of its own for each rival.

Rivals see the same candidates, rules and caps as the engine; only the choice among them is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tenure.app import line
from tenure.app.fitting import fit_in
from tenure.app.simulated import customer_ids
from tenure.decisions.eligibility import NONE, flags, judge, numbers
from tenure.domain.campaign import Campaign
from tenure.domain.message import message_key
from tenure.domain.moments import MICROS_PER_DAY, to_micros
from tenure.domain.silence import Silent
from tenure.simulation import policies
from tenure.simulation.oracle import Oracle
from tenure.simulation.people import Flags, Indices, Numbers
from tenure.simulation.policies import Options, Standing
from tenure.simulation.tally import Tally
from tenure.simulation.truth import kind_of
from tenure.simulation.world import Mail

if TYPE_CHECKING:
    from tenure.app.simulating import Shop

POLICIES = ("none", "everyone", "random", "rfm", "oracle", "tenure")


@dataclass(frozen=True, slots=True)
class Open:
    """The options of a morning with what sending them needs, aligned.

    Attributes:
        channel, occasion: of each option.
    """

    options: Options
    channel: NDArray[np.str_]
    occasion: NDArray[np.str_]


class Chooser:
    """One policy through a simulation.

    Args:
        policy: of `POLICIES`.
        every: days between decisions; `until` the day on which the count ends.
        seed: of the random policy's dice.
    """

    def __init__(self, policy: str, every: int, until: int, seed: int) -> None:
        self.policy, self.every, self.until, self.seed = policy, every, until, seed
        self.tally = Tally()
        self._oracle: Oracle | None = None

    def choose(self, shop: Shop) -> list[Mail]:
        """The contacts of this morning; the shop's profiles are renewed for it."""
        # What contacts were truly worth is counted for every policy; only one of them is guided by it.
        self._oracle = self._oracle or _ask_oracle(shop, self.every, self.until)
        if self.policy == "tenure":
            return self._decided(shop)
        line.profile_in(shop.ws, shop.opened, shop.as_of, Silent())
        found = open_options(shop)
        taken = np.flatnonzero(self._taken(found.options, shop, self._oracle))
        self._count(shop, found.options, taken)
        mail = list(_mail(shop, found, taken))
        _assign(shop, mail)
        return mail

    def _taken(self, options: Options, shop: Shop, oracle: Oracle) -> Flags:
        match self.policy:
            case "everyone":
                return policies.everyone(options)
            case "random":
                dice = np.random.default_rng([self.seed, 2, shop.world.day])
                return policies.random(options, dice, len(shop.world.people))
            case "rfm":
                return policies.rfm(options, _standing(shop))
            case _:
                return oracle.choose(options, shop.world)

    def _decided(self, shop: Shop) -> list[Mail]:
        """What the engine decides, by the stations of the nightly run: fit what is due, learn, decide."""
        from tenure.store.journal import finish_run

        fit_in(shop.ws, shop.opened, shop.as_of, Silent())
        line.profile_in(shop.ws, shop.opened, shop.as_of, Silent())
        line.learn_in(shop.ws, shop.opened, shop.as_of, Silent(), shop.recipes)
        decided = line.decide_in(shop.ws, shop.opened, shop.desk, shop.recipes, shop.as_of, Silent())
        # Nothing of it is planned: the contacts are recorded as sent, and no later `send` may send them.
        finish_run(shop.desk, decided.run_id, to_micros(shop.ws.clock.now()), {"planned": 0})
        first = decided.decisions.filter(np.isin(decided.decisions["outcome"].to_pylist(), ("chosen", "control")))
        found, is_sent = _first_choices(shop, first), np.asarray(first["outcome"].to_pylist()) == "chosen"
        believed = numbers(first, "gain") - numbers(first, "discount_cost") - numbers(first, "contact_cost")
        self._count(shop, found.options, np.flatnonzero(is_sent), np.flatnonzero(~is_sent), believed)
        return list(_mail(shop, found, np.flatnonzero(is_sent)))

    def _count(
        self, shop: Shop, options: Options, sent: Indices, held: Indices | None = None, believed: Numbers | None = None
    ) -> None:  # fmt: skip
        assert self._oracle is not None
        worth = self._oracle.before_wear(options, shop.world, shop.world.now())
        for number, name in enumerate(shop.names):
            mine = sent[options.campaign[sent] == number]
            if len(mine):
                self.tally.sent(name, worth[mine], None if believed is None else believed[mine])
            kept = held[options.campaign[held] == number] if held is not None else np.empty(0, np.int64)
            if len(kept):
                self.tally.kept(name, worth[kept])


def _ask_oracle(shop: Shop, every: int, until: int) -> Oracle:
    kinds = [kind_of(campaign) for campaign in shop.campaigns]
    costs = np.array([price_of(shop, one.channels[0]) / 100_000.0 for one in shop.campaigns])
    return Oracle(shop.campaigns, kinds, costs, every, until)


def _first_choices(shop: Shop, rows: pa.Table) -> Open:
    """The engine's first choices, sent or held back, in the form of a rival's options."""
    number = {name: place for place, name in enumerate(shop.names)}
    campaign = np.array([number[name] for name in rows["campaign"].to_pylist()], dtype=np.int64)
    offered = np.array([kind is not None for kind in rows["offer_kind"].to_pylist()], dtype=np.bool_)
    service = np.array([purpose == "service" for purpose in rows["purpose"].to_pylist()], dtype=np.bool_)
    kind = np.array([kind_of(one) for one in shop.campaigns])[campaign]
    options = Options(_places(rows), campaign, kind, offered, service, np.ones(len(campaign), dtype=np.int64))
    channel, occasion = (np.array(rows[name].to_pylist(), dtype=np.str_) for name in ("channel", "occasion_key"))
    return Open(options, channel, occasion)


def price_of(shop: Shop, channel: str) -> int:
    """What a contact costs on a channel, in thousandths of a minor unit."""
    found = shop.ws.business.channel(channel)
    return found.cost_milli_minor if found else 0


def open_options(shop: Shop) -> Open:
    """Every contact that audience, occasion, rules and caps leave open this morning, on the first channel that may."""
    from tenure.warehouse.candidates import DuckCandidates

    candidates, business = DuckCandidates(shop.opened), shop.ws.business
    parts: list[tuple[NDArray[np.int64], int, Flags, NDArray[np.int64], list[str], list[str]]] = []
    for number, campaign in enumerate(shop.campaigns):
        rows = candidates.draw(campaign, shop.as_of, business).rows
        rows = rows.filter(pa.array(judge(rows, campaign, business.contact, shop.as_of) == NONE))
        who = _places(rows)
        room = np.minimum(business.contact.per_7_days - numbers(rows, "pressure_7d", 0),
                          business.contact.per_30_days - numbers(rows, "pressure_30d", 0)).astype(np.int64)  # fmt: skip
        for offered in _promises(campaign, flags(rows, "offer_ok")):
            parts.append((who, number, offered, room, rows["channel"].to_pylist(), rows["occasion_key"].to_pylist()))
    who, offered, room = (np.concatenate([part[place] for part in parts]) for place in (0, 2, 3))
    which = np.repeat([part[1] for part in parts], [len(part[0]) for part in parts])
    order = np.lexsort((which, who))
    kinds = np.array([kind_of(one) for one in shop.campaigns])
    service = np.array([one.purpose == "service" for one in shop.campaigns])
    options = Options(
        customer=who[order], campaign=which[order], kind=kinds[which[order]], offered=offered[order],
        service=service[which[order]], room=room[order],
    )  # fmt: skip
    channel = np.array([word for part in parts for word in part[4]], dtype=np.str_)[order]
    occasion = np.array([word for part in parts for word in part[5]], dtype=np.str_)[order]
    return Open(options, channel, occasion)


def _promises(campaign: Campaign, promised: Flags) -> list[Flags]:
    """With or without the offer, as the file allows: both where the offer has a lift of its own."""
    if campaign.offer is None:
        return [np.zeros_like(promised)]
    return [promised] if campaign.offer.lift <= 0 or not promised.any() else [promised, np.zeros_like(promised)]


def _standing(shop: Shop) -> Standing:
    rows = shop.opened.arrow("SELECT customer_id, recency_days, orders, revenue FROM profiles")
    who, count = _places(rows), len(shop.world.people)
    recency, orders, revenue = np.full(count, np.inf), np.zeros(count), np.zeros(count)
    recency[who] = numbers(rows, "recency_days", np.inf)
    orders[who], revenue[who] = numbers(rows, "orders", 0.0), numbers(rows, "revenue", 0.0)
    return Standing(recency, orders, revenue)


def _mail(shop: Shop, found: Open, taken: NDArray[np.int64]) -> Iterator[Mail]:
    options = found.options
    prices = {word: price_of(shop, word) for word in np.unique(found.channel[taken]).tolist()}
    for number in np.unique(options.campaign[taken]):
        mine = taken[options.campaign[taken] == number]
        campaign, who = shop.campaigns[number], options.customer[mine]
        pairs = zip(customer_ids(who).tolist(), found.occasion[mine].tolist(), strict=True)
        message = np.array([message_key(campaign.name, *pair) for pair in pairs], dtype=np.str_)
        cost = np.array([prices[word] for word in found.channel[mine].tolist()], dtype=np.int64)
        yield Mail(campaign, int(number), who, options.offered[mine], found.channel[mine], found.occasion[mine],
                   message, cost)  # fmt: skip


def _assign(shop: Shop, mail: list[Mail]) -> None:
    """Remember which occasions a rival has used, as the engine does for its own."""
    from tenure.warehouse import own

    if not mail:
        return
    who = np.concatenate([each.who for each in mail])
    goal_days = np.repeat([each.campaign.goal.within_days for each in mail], [len(each.who) for each in mail])
    now, count = shop.as_of, len(who)
    own.record(shop.opened, "assignments", pa.table({
        "customer_key": shop.keys[who], "occasion_key": np.concatenate([each.occasion for each in mail]),
        "campaign": np.repeat([each.campaign.name for each in mail], [len(each.who) for each in mail]),
        "arm": np.full(count, "treated"), "at": np.full(count, now.at), "day": np.full(count, now.day),
        "goal_until": now.at + np.rint(goal_days * MICROS_PER_DAY).astype(np.int64), "propensity": np.ones(count),
        "run_id": np.full(count, line.run_id(now)),
    }))  # fmt: skip


def _places(rows: pa.Table) -> NDArray[np.int64]:
    """Which customer of the world each row is about."""
    return np.array([int(customer_id[1:]) for customer_id in rows["customer_id"].to_pylist()], dtype=np.int64)
