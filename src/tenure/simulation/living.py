"""What customers do besides ordering: sign up, look around, fill carts, complain, rate, sign and renew contracts."""

from __future__ import annotations

from datetime import date

import numpy as np

from tenure.domain.moments import date_of, day_number
from tenure.simulation.answers import Moment
from tenure.simulation.buying import DAY, HOUR
from tenure.simulation.coins import Coins
from tenure.simulation.goods import demand, picked
from tenure.simulation.people import Indices
from tenure.simulation.records import MISSING, Records
from tenure.simulation.truth import Truth

_SEASONAL = 0.5  # amplitude from which a category has a season of its own
_OPENS_BEFORE = 60  # days before the peak


def announce_seasons(truth: Truth, first_day: int, days: int, records: Records) -> None:
    """Write down when the season of each seasonal category opens, as far ahead as the simulation goes."""
    for number, category in enumerate(truth.categories):
        if category.season < _SEASONAL:
            continue
        for year in range(date_of(first_day).year, date_of(first_day + days).year + 2):
            peak = day_number(date(year, 1, 1)) + category.peak - 1
            records.write("occasions", category=np.array([number]), starts_on=np.array([peak - _OPENS_BEFORE]),
                          ends_on=np.array([peak]))  # fmt: skip


def sign_up(now: Moment, midnight: int, records: Records) -> None:
    """Write down today's new customers and what they consent to."""
    who = np.flatnonzero(now.people.arrives == now.day)
    records.write("customers", customer=who, created_at=np.full(len(who), midnight + 6 * HOUR))
    for name, said_yes in now.people.consents.items():
        now.state.allowed[name][who] = said_yes[who]
        records.write("consents", customer=who, channel=name, granted=said_yes[who], at=midnight + 6 * HOUR)


def look_around(now: Moment, coins: Coins, midnight: int, records: Records) -> None:
    """Visits of today, before noon; some leave something in the cart."""
    state, people = now.state, now.people
    here = (people.arrives <= now.day) & (state.lost > now.day)
    who = np.flatnonzero(here & (coins.of("visits") < now.truth.visits))
    product = picked(now.goods, people.taste[who], demand(now.truth, now.day_of_year), now.day,
                     coins.of("views_category", who), coins.of("views_product", who))  # fmt: skip
    at = midnight + 7 * HOUR + (coins.of("visited_at", who) * 16_000).astype(np.int64) * 1_000_000
    records.write("events", customer=who, name="Product Viewed", occurred_at=at, product=product)
    left = coins.of("carts", who) < now.truth.carts
    records.write("events", customer=who[left], name="Product Added", occurred_at=at[left] + 60_000_000,
                  product=product[left])  # fmt: skip
    state.cart_at[who[left]] = now.day
    state.cart_product[who[left]] = product[left]


def complain(now: Moment, who: Indices, at: Indices, coins: Coins, records: Records) -> None:
    """Some of today's buyers complain or rate within the hours after the order; a complaint may end the relation."""
    truth, state = now.truth, now.state
    unhappy = coins.of("complains", who) < truth.complaints
    some, when = who[unhappy], at[unhappy] + HOUR
    cost = round(truth.complaint_cost * 100)
    write_tickets(some, when, np.full(len(some), MISSING), cost, records)
    state.complained[some] = now.day
    state.gain("care", some, np.full(len(some), -cost, dtype=np.int64))
    gone = some[coins.of("breaks", some) < truth.complaint_loss]
    state.lost[gone] = np.minimum(state.lost[gone], now.day + 1)
    rated = coins.of("rates", who) < truth.ratings
    score = np.where(unhappy, 1, 3 + np.floor(3 * coins.of("score", who))).astype(np.int64)
    records.write("feedback", customer=who[rated], given_at=at[rated] + HOUR, score=score[rated])


def write_tickets(who: Indices, opened: Indices, closed: Indices, cost: int, records: Records) -> None:
    """Complaints as rows; the same ticket again, with its end, replaces the open one."""
    records.write("tickets", customer=who, opened_at=opened, closed_at=closed, cost=np.full(len(who), cost))


def sign_contracts(now: Moment, who: Indices, at: Indices, coins: Coins, records: Records) -> None:
    """Some of today's buyers without a contract sign one and pay for its first term."""
    state = now.state
    signs = (state.contract_ends[who] < 0) & (coins.of("signs", who) < now.people.contracts[who])
    some, when = who[signs], at[signs]
    state.contract_number[some] += 1
    state.contract_ends[some] = now.day + now.truth.contract_days
    state.automatic[some] = coins.of("automatic", some) < now.truth.automatic
    state.contract_since[some] = when
    _pay(now, some, when, records)


def renew_contracts(now: Moment, coins: Coins, midnight: int, records: Records) -> None:
    """Contracts that end today are renewed, or end; who let it renew by itself and does not want to, cancels."""
    truth, state = now.truth, now.state
    who = np.flatnonzero(state.contract_ends == now.day)
    automatic = state.automatic[who]
    chance = np.where(automatic, truth.renewing_automatic, np.minimum(truth.renewing + state.renewal[who], 1.0))
    chance = np.where(state.lost[who] > now.day, chance, 0.2 * chance)
    renews = coins.of("renews", who) < chance
    state.renewal[who] = 0.0
    some = who[renews]
    state.contract_ends[some] += truth.contract_days
    _pay(now, some, np.full(len(some), midnight), records)
    over = who[~renews]
    state.contract_ends[over] = -1
    stops = over[automatic[~renews]]
    records.write("subscriptions", customer=stops, number=state.contract_number[stops],
                  started_at=state.contract_since[stops], ends_at=np.full(len(stops), midnight),
                  automatic=np.ones(len(stops), np.int64), cancelled_at=np.full(len(stops), midnight))  # fmt: skip


def _pay(now: Moment, who: Indices, at: Indices, records: Records) -> None:
    """A term's payment and what serving it will cost; the contract's row with its end."""
    truth, state = now.truth, now.state
    cents, cost = round(truth.contract_price * 100), round(truth.contract_price * truth.contract_cost * 100)
    ends = at - at % DAY + truth.contract_days * DAY
    records.write("subscriptions", customer=who, number=state.contract_number[who],
                  started_at=state.contract_since[who], ends_at=ends,
                  automatic=state.automatic[who].astype(np.int64), cancelled_at=np.full(len(who), MISSING))  # fmt: skip
    records.write("payments", customer=who, number=state.contract_number[who], paid_at=at,
                  amount=np.full(len(who), cents), automatic=state.automatic[who].astype(np.int64))  # fmt: skip
    records.write("costs", customer=who, at=at, kind="contract", amount=np.full(len(who), cost))
    state.gain("contracts", who, np.full(len(who), cents - cost, dtype=np.int64))
