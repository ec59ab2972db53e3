"""What a template may do to a value: a closed list of Liquid filters, each bounded in size.

Left out because one line of them can fill the memory or hide a value from escaping: replace, split, concat, safe and
everything that decodes. Dates, money and numbers are written in the customer's locale.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import Any, cast

from liquid import RenderContext
from liquid.builtin.filters import array, math, misc, string
from liquid.exceptions import FilterArgumentError
from liquid.filter import with_context

from tenure.content import words
from tenure.content.words import Manner

LONGEST = 20_000
LARGEST = 10**15
MOST_ITEMS = 1_000
MOST_DECIMALS = 6

# The name under which rendering passes currency, locale and zone; no template can spell it.
MANNER = "tenure manner"

Filter = Callable[..., Any]


def allowed() -> dict[str, Filter]:
    """Every filter that a template may use, by name."""
    bounded: dict[str, Filter] = {
        "abs": math.abs_, "at_least": math.at_least, "at_most": math.at_most, "ceil": math.ceil,
        "divided_by": math.divided_by, "floor": math.floor, "minus": math.minus, "plus": math.plus,
        "times": math.times, "append": string.append, "capitalize": string.capitalize, "downcase": string.downcase,
        "prepend": string.prepend, "strip": string.strip, "truncate": string.truncate,
        "truncatewords": string.truncatewords, "upcase": string.upcase, "url_encode": string.url_encode,
        "first": array.first, "join": array.join, "last": array.last, "size": misc.size, "default": misc.default,
        "round": _round,
    }  # fmt: skip
    return {**{name: _bounded(name, each) for name, each in bounded.items()}, "date": _date, "money": _money,
            "number": _number}  # fmt: skip


def _bounded(name: str, inner: Filter) -> Filter:
    @wraps(inner)
    def outer(value: object, *args: object, **named: object) -> object:
        for each in (value, *args, *named.values()):
            _check(name, each)
        result = inner(value, *args, **named)
        _check(name, result)
        return result

    return outer


def _check(name: str, value: object) -> None:
    is_long = isinstance(value, str) and len(value) > LONGEST
    is_large = isinstance(value, int | float | Decimal) and not -LARGEST <= value <= LARGEST
    has_many = isinstance(value, list | tuple | range) and len(value) > MOST_ITEMS
    if is_long or is_large or has_many:
        raise FilterArgumentError(f"`{name}` is given or gives more than a message may hold", token=None)


def _round(value: object, digits: object = 0) -> object:
    places = digits if isinstance(digits, int) else -1
    if not 0 <= places <= MOST_DECIMALS:
        raise FilterArgumentError(f"`round` takes 0 to {MOST_DECIMALS} decimals", token=None)
    return math.round_(value, places) if places else math.round_(value)


@with_context
def _date(value: object, style: object = "long", *, context: RenderContext) -> str:
    if value is None or value == "":
        return ""
    manner = _manner(context)
    return _said("date", lambda: words.day(value, str(style), manner.locale, manner.timezone))


@with_context
def _money(value: object, *, context: RenderContext) -> str:
    if value is None or value == "":
        return ""
    manner = _manner(context)
    return _said("money", lambda: words.money(value, manner.currency, manner.locale))


@with_context
def _number(value: object, *, context: RenderContext) -> str:
    if value is None or value == "":
        return ""
    manner = _manner(context)
    return _said("number", lambda: words.number(value, manner.locale))


def _manner(context: RenderContext) -> Manner:
    return cast(Manner, context.globals[MANNER])


def _said(name: str, write: Callable[[], str]) -> str:
    try:
        return write()
    except ValueError as error:
        raise FilterArgumentError(f"`{name}`: {error}", token=None) from None
