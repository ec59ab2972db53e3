"""Why a customer is taken for the kind of buyer that they seem to be: what is known and speaks for it, as sentences.

In: the likeliest class of each customer, and how much each known thing moves the log-odds of coming back and of being
drawn by discounts. Out: up to three sentences per customer, the weightiest first; only things that speak for the class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenure.models.order_days import OrderDays

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

_MOST = 3
_WEIGHTY = 0.1  # of log-odds; less than this is not worth a sentence
_LONG_SILENCE = 7  # days

# What is said of a column that is above the average, and below it.
_SAID = {
    "size": ("Orders are larger than usual.", "Orders are smaller than usual."),
    "last size": ("The latest order is larger than usual.", "The latest order is smaller than usual."),
    "depth": ("More than usual of the price was given as discount.", "Less than usual was given as discount."),
    "on_sale": ("Orders fall on sales.", "Orders fall outside sales."),
    "items": ("Orders hold more pieces than usual.", "Orders hold fewer pieces than usual."),
    "products": ("Orders hold more different products than usual.", "Orders hold fewer different products than usual."),
    "categories": ("Orders reach over more categories than usual.", "Orders reach over fewer categories than usual."),
    "weekend": ("The latest order came at a weekend.", "The latest order came on a working day."),
    "hour, sine": ("The latest order came before noon.", "The latest order came after noon."),
    "hour, cosine": ("The latest order came in the evening or at night.", "The latest order came in the daytime."),
}


@dataclass(frozen=True, slots=True)
class Grounds:
    """How much each known thing moves each new buyer's log-odds; rows × columns.

    Attributes:
        names: of the columns.
        back, drawn: of coming back, and of being drawn by discounts given that.
        above: whether the known thing lies above the average.
    """

    names: tuple[str, ...]
    back: Numbers
    drawn: Numbers
    above: NDArray[np.bool_]


def reasons(
    days: OrderDays, discounted: Numbers, today: int, likeliest: Whole, grounds: Grounds, places: Whole
) -> list[list[str]]:
    """Up to three sentences for each customer.

    Args:
        days: their order days; `discounted`: how many of these were discounted.
        likeliest: the place of each customer's likeliest class.
        grounds: of the new buyers; `places`: for each customer, their row in it, −1 for one who is no new buyer.
    """
    latest = days.latest()
    found: list[list[str]] = []
    for who in range(len(days.customers)):
        count, place = int(days.counts[who]), int(places[who])
        bought = f"{int(discounted[who])} of {count} orders were discounted."
        if place < 0:
            found.append([bought])
            continue
        silent = today - int(days.day[latest[who]])
        gap = int(days.day[latest[who]] - days.day[latest[who] - 1]) if count > 1 else 0
        said = [_silence(silent)] if likeliest[who] == 0 and silent > _LONG_SILENCE else []
        pull = (-grounds.back[place], grounds.drawn[place], grounds.back[place] - grounds.drawn[place])
        weights = pull[int(likeliest[who])]
        for column in np.argsort(-weights):
            if weights[column] < _WEIGHTY or len(said) >= _MOST:
                break
            text = _text(grounds.names[column], bool(grounds.above[place, column]), count, gap, bought)
            if text not in said:
                said.append(text)
        found.append(said)
    return found


def _silence(days: int) -> str:
    return f"Nothing has come for {days:,} days."


def _text(name: str, is_above: bool, count: int, gap: int, bought: str) -> str:
    if name in _SAID:
        return _SAID[name][0 if is_above else 1]
    if name in ("discounted", "last discounted"):
        return bought
    if name == "coupon":
        return "Coupons were used." if is_above else "No coupon was used."
    if name in ("last gap", "mean gap") and count > 1:
        return f"The latest order came {gap:,} days after the one before."
    return "There is only one order so far." if count == 1 else f"There are {count} orders so far."


def pulls(names: Sequence[str], matrix: Numbers, slopes: Numbers, drawn: Numbers) -> Grounds:
    """The grounds of new buyers, from what is known of them (centred and scaled) and a model's coefficients."""
    return Grounds(tuple(names), matrix * slopes, matrix * drawn, matrix > 0)
