"""Figures as a person says them: how long ago, how often, how much."""

from __future__ import annotations

from datetime import UTC, datetime

from tenure.domain.moments import AsOf, to_micros

_CHANNELS = {"email": "by e-mail", "sms": "by text message", "push": "by push notice", "inapp": "inside the app",
             "webhook": "by webhook", "mail": "by letter"}  # fmt: skip
# What the profile's moments are called in a sentence; any other column goes by its name.
_MOMENTS = {
    "first_order_at": "the first order", "last_order_at": "the last order", "next_order_at": "the next expected order",
    "last_event_at": "the last visit", "cart_at": "the last change to the cart",
    "last_complaint_at": "the last complaint", "trial_ends_at": "the end of the trial",
    "contract_ends_at": "the end of the contract", "last_used_at": "the last use",
    "replacement_due_at": "the day a replacement is due", "last_contact_at": "our last contact",
    "stage_since": "the beginning of the stage",
}  # fmt: skip
_MICROS_PER_HOUR = 3_600_000_000


def days(count: float) -> str:
    """A span in days, or in hours under a day: `3 days`, `1 day`, `5 hours`."""
    if abs(count) < 1:
        hours = round(abs(count) * 24)
        return "less than an hour" if hours == 0 else f"{hours} hour{'' if hours == 1 else 's'}"
    shown = f"{abs(count):.1f}".removesuffix(".0") if abs(count) < 10 else f"{abs(count):,.0f}"
    return f"{shown} day{'' if shown == '1' else 's'}"


def since(moment: datetime | int, as_of: AsOf) -> float:
    """Days from a moment (UTC, or microseconds) to `as_of`; negative if it lies ahead."""
    at = moment if isinstance(moment, int) else to_micros(moment.replace(tzinfo=UTC))
    return (as_of.at - at) / (24 * _MICROS_PER_HOUR)


def ago(moment: datetime | int, as_of: AsOf) -> str:
    """`3 days ago`, or `in 2 days` if it lies ahead."""
    count = since(moment, as_of)
    return f"{days(count)} ago" if count >= 0 else f"in {days(count)}"


def times(count: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {0: "not at all", 1: "once", 2: "twice"}.get(count, f"{count} times")


def money(amount: float, currency: str) -> str:
    """An amount in units; fractions of a cent are shown when there is nothing else to show."""
    digits = 2 if abs(amount) >= 0.01 or amount == 0 else 4
    return f"{amount:,.{digits}f} {currency}".replace("-", "−")


def percent(share: float) -> str:
    """A share in percent: `5%`, `0.4%`."""
    return f"{share * 100:.1f}".removesuffix(".0") + "%"


def listed(words: list[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else "nothing"


def by_channel(name: str) -> str:
    """How a channel is said in a sentence."""
    return _CHANNELS.get(name, f"by {name}")


def moment(column: str) -> str:
    """What a moment of the profile is called in a sentence."""
    return _MOMENTS.get(column, f"`{column}`")


def value(found: object, as_of: AsOf) -> str:
    """A profile's value in a sentence."""
    if found is None:
        return "not known"
    if isinstance(found, datetime):
        return ago(found, as_of)
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float):
        return f"{found:,.2f}".rstrip("0").rstrip(".")
    return listed([str(item) for item in found]) if isinstance(found, list) else f"{found}"
