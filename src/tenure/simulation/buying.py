"""Who orders on a day, and what: the purchase hazard of each customer, baskets, discounts and offers redeemed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenure.simulation.answers import Moment
from tenure.simulation.coins import MOST_LINES, Coins
from tenure.simulation.goods import demand, picked, wears_out
from tenure.simulation.people import NEVER, Indices, Numbers
from tenure.simulation.records import Records

DAY = 86_400_000_000
HOUR = 3_600_000_000
MORE_LINES = (0.45, 0.20, 0.07)  # share of orders with at least a second, third and fourth line
TWO = 0.15  # share of lines with two pieces
_WORN_DAYS = 7
_REPLACES = 0.8  # of orders around the end of a thing's life, those that replace it
_SPREAD = 0.15  # of how long things last, in logarithms


def buying_today(now: Moment, coins: Coins) -> Indices:
    """Customers who place an order today, in their order."""
    state, people, day = now.state, now.people, now.day
    chance = -np.expm1(-hazard(now))
    begins = (people.arrives == day) & people.buys_at_once
    return np.flatnonzero((coins.of("buys") < chance) & (people.arrives < day) & (state.lost > day) | begins)


def hazard(now: Moment) -> Numbers:
    """Orders expected of each customer today: own rhythm by season, what has worn out, the cart, and answers."""
    state, day = now.state, now.day
    orders = own_hazard(now)
    orders += now.truth.worn_orders * (np.abs(day - state.due) <= _WORN_DAYS)
    orders += now.truth.cart_orders * (np.abs(day - state.cart_at - 1.5) < 1.0)
    for wave in state.waves:
        if wave.since <= day < wave.until:
            np.add.at(orders, wave.who, wave.orders)
    return orders


def own_hazard(now: Moment) -> Numbers:
    """Orders expected of each customer today without any occasion, for as long as they are customers."""
    people = now.people
    wanted = people.taste @ demand(now.truth, now.day_of_year)
    own: Numbers = np.where(now.state.orders > 0, people.rate * wanted, now.truth.prospect_rate)
    return own


def place_orders(now: Moment, who: Indices, coins: Coins, midnight: int, number: int, records: Records) -> Indices:
    """Write down the orders of today's buyers and what follows from them for each; returns when each was placed.

    Args:
        midnight: microseconds UTC at which the day begins.
        number: of the first order.
    """
    state, people = now.state, now.people
    at = midnight + 12 * HOUR + (coins.of("ordered_at", who) * 36_000).astype(np.int64) * 1_000_000
    order = number + np.arange(len(who))
    value, cost = _lines(now, who, order, coins, records)
    discount, on_sale, coupon, gift = _discounts(now, who, value, coins)
    given = gift > 0
    records.write("costs", customer=who[given], at=at[given], kind="gift", amount=gift[given])
    state.gain("gifts", who, -gift)
    records.write(
        "orders", order=order, customer=who, ordered_at=at, total=value - discount, discount=discount,
        coupon=coupon, on_sale=on_sale.astype(np.int64),
    )  # fmt: skip
    state.gain("goods", who, value - discount - cost)
    first = who[state.orders[who] == 0]
    state.lost[first] = now.day + 1 + np.floor(people.life[first]).astype(np.int64)
    state.orders[who] += 1
    state.last_order[who] = now.day
    state.cart_at[who] = -NEVER
    return at


def _lines(
    now: Moment, who: Indices, order: Indices, coins: Coins, records: Records
) -> tuple[Indices, Indices]:  # fmt: skip
    """Write the orders' lines; returns what the goods are worth and what they cost, in minor units."""
    value, cost = np.zeros(len(who), np.int64), np.zeros(len(who), np.int64)
    more = 1 + sum((coins.of("lines", who) < share).astype(np.int64) for share in MORE_LINES)
    wanted = demand(now.truth, now.day_of_year)
    for line in range(MOST_LINES):
        mine = np.flatnonzero(more > line)
        some = who[mine]
        product = picked(now.goods, now.people.taste[some], wanted, now.day, coins.of(f"category_{line}", some),
                         coins.of(f"product_{line}", some))  # fmt: skip
        if line == 0:
            product = _replaced(now, some, product, coins)
        pieces = 1 + (coins.of(f"quantity_{line}", some) < TWO).astype(np.int64)
        records.write("order_lines", order=order[mine], line=line + 1, product=product, quantity=pieces,
                      unit_price=now.goods.price[product])  # fmt: skip
        value[mine] += now.goods.price[product] * pieces
        cost[mine] += now.goods.cost[product] * pieces
        _start_wearing(now, some, product, coins)
    return value, cost


def _replaced(now: Moment, who: Indices, product: Indices, coins: Coins) -> Indices:
    """The thing that has worn out in place of the product, for most whose thing has."""
    near = (now.day >= now.state.due[who] - 10) & (now.day <= now.state.due[who] + 21)
    found: Indices = np.where(near & (coins.of("replaces", who) < _REPLACES), now.state.due_product[who], product)
    return found


def _start_wearing(now: Moment, who: Indices, product: Indices, coins: Coins) -> None:
    lasting = wears_out(now.goods, product)
    some, thing = who[lasting], product[lasting]
    # The sum of three even numbers is near enough to normal: its standard deviation is one half.
    bell = 2.0 * (coins.of("lasts_1", some) + coins.of("lasts_2", some) + coins.of("lasts_3", some) - 1.5)
    lasts = now.goods.lifetime[thing] * np.exp(_SPREAD * bell)
    now.state.due[some] = now.day + np.rint(lasts).astype(np.int64)
    now.state.due_product[some] = thing


def _discounts(
    now: Moment, who: Indices, value: Indices, coins: Coins
) -> tuple[Indices, NDArray[np.bool_], Indices, Indices]:  # fmt: skip
    """What comes off each order: the shop's own sale or the offer in hand, whichever is more; the offer is used up.

    Returns:
        The discount, whether the shop's sale gave it, the campaign whose offer was redeemed or −1, and the gift's cost.
    """
    state = now.state
    on_sale = coins.of("bargain", who) < now.people.bargains[who]
    sale = np.rint(value * now.truth.sale * on_sale).astype(np.int64)
    in_hand = state.offer_until[who] > now.day
    offer = np.rint(value * state.offer_share[who]).astype(np.int64) + np.minimum(state.offer_cents[who], value)
    offer *= in_hand
    gift = state.offer_gift[who] * in_hand
    redeemed = in_hand & ((offer > sale) | (gift > 0))
    coupon = np.where(redeemed, state.offer_from[who], -1)
    state.offer_until[who[redeemed]] = -1
    return np.maximum(sale, offer), on_sale & ~(redeemed & (offer > sale)), coupon, gift
