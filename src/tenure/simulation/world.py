"""The simulated shop itself: days go by, contacts arrive, and what everybody does is written down and booked.

One day is one pass over all customers, in this order: contacts of that morning are read, people sign up, look around,
order, complain and rate, sign and renew. Nothing here knows which policy sends the contacts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.domain.moments import date_of
from tenure.simulation import buying, living
from tenure.simulation.answers import Answers, Moment, answers
from tenure.simulation.buying import DAY, HOUR
from tenure.simulation.coins import Coins
from tenure.simulation.goods import draw_goods
from tenure.simulation.people import Indices, draw_people
from tenure.simulation.records import MISSING, Columns, Records
from tenure.simulation.state import MONTH, Wave, fresh
from tenure.simulation.truth import Truth, kind_of
from tenure.simulation.worths import offer_share, usual_orders

if TYPE_CHECKING:
    from tenure.domain.campaign import Campaign

MINUTE = HOUR // 60
SENT_AT = 9 * HOUR  # contacts leave at nine, read or not
_CLOSED_AFTER = 3  # days until a complaint is dealt with


@dataclass(frozen=True, slots=True)
class Mail:
    """Contacts of one campaign, sent on the morning of the world's day.

    Attributes:
        campaign: which; `number` stands for it in the records.
        who: customers.
        offered: whether each is promised the campaign's offer.
        channel: on which channel each is reached.
        occasion: the key of each one's occasion; `message` what each message is known by.
        cost: of one contact on each, in thousandths of a minor unit.
    """

    campaign: Campaign
    number: int
    who: Indices
    offered: NDArray[np.bool_]
    channel: NDArray[np.str_]
    occasion: NDArray[np.str_]
    message: NDArray[np.str_]
    cost: Indices


class World:
    """A shop that lives.

    Args:
        truth: what is so.
        customers: how many sign up in all.
        days: over how many days they do.
        seed: another seed is another shop.
        first_day: days since 1970 of its first day.
    """

    def __init__(self, truth: Truth, customers: int, days: int, seed: int, first_day: int) -> None:
        self.truth, self.seed, self.first_day, self.day = truth, seed, first_day, 0
        chance = np.random.default_rng([seed, 0])
        self.people = draw_people(truth, customers, days, chance)
        self.goods = draw_goods(truth, days, chance)
        self.state = fresh(self.people)
        self.records = Records()
        self.usual = usual_orders(truth, self.people, self.goods)
        self._orders = 0
        self._tickets: dict[int, tuple[Indices, Indices]] = {}
        self._list_products(np.flatnonzero(self.goods.released < 0))
        living.announce_seasons(truth, first_day, days, self.records)

    @property
    def midnight(self) -> int:
        """Microseconds UTC at which the world's day begins."""
        return (self.first_day + self.day) * DAY

    def now(self) -> Moment:
        """What answers depend on, on the morning of the world's day."""
        of_year = date_of(self.first_day + self.day).timetuple().tm_yday
        return Moment(self.truth, self.people, self.goods, self.state, self.day, of_year)

    def live(self, days: int, mail: list[Mail] | None = None) -> dict[str, Columns]:
        """Let days go by, the first of them with contacts; returns what was written down, by table."""
        for day in range(days):
            self._live_a_day(mail or [] if day == 0 else [])
        return self.records.drain()

    def _live_a_day(self, mail: list[Mail]) -> None:
        now, midnight, records = self.now(), self.midnight, self.records
        coins = Coins(self.seed, self.day, len(self.people))
        self.state.heard[:, self.day % MONTH] = 0
        # Everybody answers as they stood in the morning, whatever else arrives that day.
        for each, answer in [(each, self.answers_to(each, now)) for each in mail]:
            self._arrive(each, answer, now, coins)
        self._list_products(np.flatnonzero(self.goods.released == self.day))
        living.sign_up(now, midnight, records)
        living.look_around(now, coins, midnight, records)
        self._close_tickets()
        who = buying.buying_today(now, coins)
        at = buying.place_orders(now, who, coins, midnight, self._orders, records)
        self._orders += len(who)
        living.complain(now, who, at, coins, records)
        unhappy = self.state.complained[who] == self.day
        self._tickets[self.day + _CLOSED_AFTER] = (who[unhappy], at[unhappy] + HOUR)
        living.renew_contracts(now, coins, midnight, records)
        living.sign_contracts(now, who, at, coins, records)
        self.state.waves = [wave for wave in self.state.waves if wave.until > self.day + 1]
        self.day += 1

    def answers_to(self, mail: Mail, now: Moment) -> Answers:
        """What the contacts would do to each, in expectation."""
        share = offer_share(mail.campaign.offer, self.usual.value[mail.who]) * mail.offered
        return answers(now, mail.who, mail.campaign, kind_of(mail.campaign), share)

    def _arrive(self, mail: Mail, answer: Answers, now: Moment, coins: Coins) -> None:
        who, state = mail.who, self.state
        reads = coins.of("reads", who) < answer.read
        leaves = reads & (coins.of("leaves", who) < answer.leaves)
        self._write_contacts(mail, reads, leaves)
        np.add.at(state.heard[:, self.day % MONTH], who, 1)
        state.gain("contacts", who, -mail.cost / 1000.0)
        some, added = who[reads], answer.orders[reads] / answer.days
        state.waves.append(Wave(some, added, self.day + 1, self.day + 1 + answer.days))
        state.renewal[some] += answer.renewal[reads]
        self._hand_out(mail, who[reads & mail.offered])
        for name in np.unique(mail.channel[leaves]):
            state.allowed[str(name)][who[leaves & (mail.channel == name)]] = False

    def _hand_out(self, mail: Mail, who: Indices) -> None:
        offer, state = mail.campaign.offer, self.state
        if offer is None:
            return
        state.offer_until[who] = self.day + round(mail.campaign.goal.within_days)
        state.offer_share[who] = offer.value / 100.0 if offer.kind == "percent" else 0.0
        state.offer_cents[who] = round(offer.value * 100) if offer.kind == "amount" else 0
        state.offer_gift[who] = round(offer.value * 100) if offer.kind == "gift" else 0
        state.offer_from[who] = mail.number

    def _write_contacts(self, mail: Mail, reads: NDArray[np.bool_], leaves: NDArray[np.bool_]) -> None:
        who, sent_at = mail.who, self.midnight + SENT_AT
        read_at = np.maximum(self.midnight + self.people.hour[who] * HOUR, sent_at) + HOUR // 2
        self.records.write("contacts", customer=who, message=mail.message, campaign=mail.number, channel=mail.channel,
                           at=np.full(len(who), sent_at), cost=mail.cost, purpose=mail.campaign.purpose,
                           occasion=mail.occasion)  # fmt: skip
        for kind, some, later in (("opened", reads, 0), ("unsubscribed", leaves, MINUTE)):
            self.records.write("deliveries", customer=who[some], message=mail.message[some], campaign=mail.number,
                               channel=mail.channel[some], at=read_at[some] + later, kind=kind)  # fmt: skip
        self.records.write("consents", customer=who[leaves], channel=mail.channel[leaves],
                           granted=np.zeros(int(leaves.sum()), np.bool_), at=read_at[leaves] + MINUTE)  # fmt: skip

    def _close_tickets(self) -> None:
        who, opened = self._tickets.pop(self.day, (np.empty(0, np.int64), np.empty(0, np.int64)))
        cost = round(self.truth.complaint_cost * 100)
        living.write_tickets(who, opened, np.full(len(who), self.midnight + 8 * HOUR), cost, self.records)

    def _list_products(self, which: Indices) -> None:
        goods = self.goods
        released = (self.first_day + goods.released[which]) * DAY
        self.records.write(
            "products", product=which, category=goods.category[which], price=goods.price[which],
            unit_cost=goods.cost[which], released_at=released, better=goods.better[which],
            lifetime_days=np.where(goods.lifetime[which] > 0, goods.lifetime[which], MISSING),
        )  # fmt: skip
