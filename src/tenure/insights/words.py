"""Numbers as people of the business write them: counts, shares, money, days and months in its language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_compact_currency, format_currency, format_decimal, format_percent

from tenure.domain.business import Business
from tenure.domain.moments import EPOCH_DAY, AsOf, date_of, start_of_day, to_micros
from tenure.domain.money import Money, exponent

NOTHING = "–"
_LARGE = 10_000  # whole currency units from here on: cents are noise in a figure of five digits


@dataclass(frozen=True, slots=True)
class Words:
    """How one business writes numbers.

    Attributes:
        locale: language and region, such as `de` or `pt_BR`.
        currency: ISO 4217 code of all money.
        timezone: IANA zone of the business's calendar.
    """

    locale: str = "en"
    currency: str = "USD"
    timezone: str = "UTC"

    @classmethod
    def of(cls, business: Business) -> Words:
        """The habits that a business's settings name."""
        return cls(str(Locale.parse(business.locale.replace("-", "_"))), business.currency, business.timezone)

    def count(self, value: int | None) -> str:
        """1,234."""
        return NOTHING if value is None else format_decimal(value, locale=self.locale)

    def number(self, value: float | None, digits: int = 1) -> str:
        """1,234.5."""
        return NOTHING if value is None else format_decimal(round(value, digits), locale=self.locale)

    def share(self, value: float | None, digits: int = 1) -> str:
        """12.3%."""
        if value is None:
            return NOTHING
        pattern = "#,##0." + "0" * digits + "%" if digits else "#,##0%"
        return format_percent(value, format=pattern, locale=self.locale)

    def points(self, value: float | None, digits: int = 1) -> str:
        """A difference of two shares, in percentage points with its sign: +1.2 pp."""
        if value is None:
            return NOTHING
        rounded = round(value * 100, digits)
        sign = "+" if rounded > 0 else "−" if rounded < 0 else "±"
        return f"{sign}{format_decimal(abs(rounded), format='0.' + '0' * digits, locale=self.locale)} pp"

    def money(self, minor: int | None) -> str:
        """$1,234.50 below ten thousand, $12,345 from there on."""
        if minor is None:
            return NOTHING
        amount = Money(minor, self.currency).amount
        if abs(amount) < _LARGE and exponent(self.currency):
            return str(format_currency(amount, self.currency, locale=self.locale))
        whole = Locale.parse(self.locale).currency_formats["standard"].pattern.replace("0.00", "0")
        return str(format_currency(amount, self.currency, whole, locale=self.locale, currency_digits=False))

    def compact(self, minor: int | None) -> str:
        """$1.2M, for narrow places."""
        if minor is None:
            return NOTHING
        amount = Money(minor, self.currency).amount
        if abs(amount) < _LARGE:
            return self.money(minor)
        return str(format_compact_currency(amount, self.currency, locale=self.locale, fraction_digits=1))

    def month(self, month_no: int | None) -> str:
        """Sep 2011."""
        return NOTHING if month_no is None else str(format_date(month_day(month_no), "MMM y", locale=self.locale))

    def day(self, day: int | None) -> str:
        """Sep 1, 2011."""
        return NOTHING if day is None else str(format_date(date_of(day), "medium", locale=self.locale))

    def when(self, as_of: AsOf) -> str:
        """A moment for machines: 2011-09-01 where a day of the business begins, 2011-09-01T18:30:00Z elsewhere."""
        if as_of.at == to_micros(start_of_day(date_of(as_of.day), self.timezone)):
            return date_of(as_of.day).isoformat()
        return as_of.moment.isoformat().replace("+00:00", "Z")

    def moment(self, as_of: AsOf) -> str:
        """The day on which a moment lies, on the business's calendar."""
        return self.day(as_of.day)


def month_day(month_no: int) -> date:
    """The first day of the month that lies `month_no` months after January 1970."""
    return date(EPOCH_DAY.year + month_no // 12, month_no % 12 + 1, 1)
