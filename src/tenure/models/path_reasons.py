"""Why a customer is taken for the kind of buyer that they seem to be: what is known and speaks for it, as sentences.

In: the likeliest class of each customer, and how much each known thing moves the log-odds of coming back and of being
drawn by discounts. Out: up to three sentences per customer, the weightiest first; only things that speak for the class.
"""

from __future__ import annotations

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
    days: OrderDays, who: Whole, discounted: Numbers, today: int, likeliest: Whole, grounds: Grounds
) -> list[list[str]]:
    """Up to three sentences for each of some new buyers.

    Args:
        days: order days; `who`: places of the buyers among its customers.
        discounted: how many orders of each of its customers were discounted.
        likeliest: the place of each buyer's likeliest class, and their `grounds`.
    """
    latest = days.latest()
    found: list[list[str]] = []
    for place, customer in enumerate(who):
        count, row = int(days.counts[customer]), int(latest[customer])
        silent = today - int(days.day[row])
        told = _Told(count, int(discounted[customer]), int(days.day[row] - days.day[row - 1]) if count > 1 else 0)
        said = [_silence(silent)] if likeliest[place] == 0 and silent > _LONG_SILENCE else []
        back, drawn = grounds.back[place], grounds.drawn[place]
        weights = (-back, drawn, back - drawn)[int(likeliest[place])]
        for column in np.argsort(-weights):
            if weights[column] < _WEIGHTY or len(said) >= _MOST:
                break
            text = _text(grounds.names[column], bool(grounds.above[place, column]), told)
            if text not in said:
                said.append(text)
        found.append(said)
    return found


def bought(discounted: int, count: int) -> str:
    """How many orders were discounted."""
    return f"{discounted} of {count} orders were discounted."


@dataclass(frozen=True, slots=True)
class _Told:
    """What sentences tell of one buyer: orders, discounted ones, and days between the last two."""

    count: int
    discounted: int
    gap: int


def _silence(days: int) -> str:
    return f"Nothing has come for {days:,} days."


def _text(name: str, is_above: bool, told: _Told) -> str:
    if told.count == 1:
        name = name.removeprefix("last ")  # of one order, the mean is the latest
    if name in _SAID:
        return _SAID[name][0 if is_above else 1]
    if name in ("discounted", "last discounted"):
        return bought(told.discounted, told.count)
    if name == "coupon":
        return "Coupons were used." if is_above else "No coupon was used."
    if name in ("last gap", "mean gap") and told.count > 1:
        return f"The latest order came {told.gap:,} days after the one before."
    return "There is only one order so far." if told.count == 1 else f"There are {told.count} orders so far."
