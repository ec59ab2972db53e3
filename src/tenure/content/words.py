"""How things are said to one person: greeting, offers, dates and money.

A language that is not here yet speaks English in the footer; dates and money follow the customer's locale in any case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent

from tenure.content.phrases import BY_LANGUAGE
from tenure.content.phrases.phrases import Phrases

DATE_STYLES = ("short", "medium", "long", "full", "day", "month", "month_year")
_SKELETONS = {"day": "MMMMd", "month_year": "yMMMM"}
_FIRST = re.compile(r"\b1(?=\s[^\W\d])")


@dataclass(frozen=True, slots=True)
class Manner:
    """How dates and money are written for one person."""

    locale: str
    currency: str
    timezone: str


# Languages without phrases of their own in which the family name stands first.
_FAMILY_NAME_FIRST = frozenset({"ja", "ko", "zh", "vi"})
# A Russian name comes in either order; a first word that ends like a family name is perhaps one.
_FAMILY_ENDINGS = {"ru": ("ов", "ова", "ев", "ева", "ёв", "ёва", "ин", "ина", "ский", "ская", "цкий", "цкая", "енко")}


def phrases_of(locale: str) -> Phrases:
    """The phrases of a locale's language, English if it has none yet."""
    return BY_LANGUAGE.get(language_of(locale), BY_LANGUAGE["en"])


def language_of(locale: str) -> str:
    """The language of a locale: `pt` of `pt-BR`."""
    return locale.replace("_", "-").split("-", maxsplit=1)[0].lower()


def greeting(first_name: str | None, locale: str) -> str:
    """A greeting that reads well with a name and without one."""
    said = phrases_of(locale)
    name = " ".join(first_name.split()) if first_name else ""
    return said.hello_name.format(name=name) if name else said.hello


def first_name(name: str | None, locale: str) -> str | None:
    """The word to greet somebody with, or None when the name does not plainly show it."""
    parts = (name or "").split()
    if len(parts) < 2 or any("," in part for part in parts) or _begins_with_family(parts[0], language_of(locale)):
        return None
    first = parts[0]
    is_word = len(first) > 1 and all(sign.isalpha() or sign in "-'’" for sign in first)
    # In capitals throughout it may as well be a firm's legal form: GMBH, ООО.
    return first if is_word and first[0].isupper() and not first.isupper() else None


def _begins_with_family(first: str, language: str) -> bool:
    known = BY_LANGUAGE.get(language)
    is_rule = known.family_name_first if known else language in _FAMILY_NAME_FIRST
    return is_rule or first.lower().endswith(_FAMILY_ENDINGS.get(language, ()))


def offer_text(kind: str, value: float, currency: str, locale: str) -> str:
    """An offer in a few words, such as `10% off` or `5,00 € Rabatt`."""
    said = phrases_of(locale)
    if kind == "percent":
        share = Decimal(str(value)) / 100
        return said.off.format(amount=format_percent(share, locale=babel_locale(locale), decimal_quantization=False))
    if kind == "amount":
        return said.off.format(amount=money(value, currency, locale))
    return said.free_shipping if kind == "free_shipping" else said.gift


def money(value: object, currency: str, locale: str) -> str:
    """An amount in units of the currency, written as in the locale.

    Raises:
        ValueError: it is no number.
    """
    return format_currency(_decimal(value), currency, locale=babel_locale(locale))


def number(value: object, locale: str) -> str:
    """A number written as in the locale, with at most two decimals.

    Raises:
        ValueError: it is no number.
    """
    return format_decimal(_decimal(value), format="#,##0.##", locale=babel_locale(locale))


def day(value: object, style: str, locale: str, zone: str) -> str:
    """The date of a moment on the calendar of `zone`, written as in the locale.

    Args:
        value: a date, a moment, or either as ISO 8601 text; UTC unless it says.
        style: short, medium, long, full, `day` (12 September), `month` (September) or `month_year` (September 2024).

    Raises:
        ValueError: it is no date, or the style is unknown.
    """
    if style not in DATE_STYLES:
        raise ValueError(f"`{style}` is not one of {', '.join(DATE_STYLES)}")
    on, known = _date(value, zone), babel_locale(locale)
    if style in _SKELETONS:
        moment = datetime(on.year, on.month, on.day, tzinfo=UTC)
        said = format_skeleton(_SKELETONS[style], moment, tzinfo=UTC, locale=known)
    else:
        said = format_date(on, "LLLL" if style == "month" else style, locale=known)
    # The first of a month is an ordinal in French, which the data of locales do not know.
    return _FIRST.sub("1er", said) if language_of(locale) == "fr" and on.day == 1 else said


@cache
def babel_locale(locale: str) -> Locale:
    """Babel's locale: the exact one, else its language, else English."""
    for text in (locale, language_of(locale), "en"):
        try:
            return Locale.parse(text.replace("_", "-"), sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    raise AssertionError("English is always there")


def _decimal(value: object) -> Decimal:
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError("this is not a number") from None
    if isinstance(value, bool) or not found.is_finite() or abs(found) > Decimal(10) ** 15:
        raise ValueError("this is not a number")
    return found


def _date(value: object, zone: str) -> date:
    if isinstance(value, str):
        try:
            text = value.strip()
            value = date.fromisoformat(text) if len(text) == len("2011-09-01") else datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("this is not a date") from None
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(ZoneInfo(zone)).date()
    if isinstance(value, date):
        return value
    raise ValueError("this is not a date")
