"""An occasion in words: when a campaign may speak, as its file says it."""

from __future__ import annotations

from tenure.decisions import phrases
from tenure.domain.campaign import Occasion
from tenure.domain.happenings import BIRTHDAY

_RELEASED = {
    "any": "a new product", "category": "a new product in the category they spend most on",
    "brand": "a new product of the brand they spend most on", "better": "a better version of what they bought",
}  # fmt: skip


def when(occasion: Occasion) -> str:
    """When a campaign may speak, a clause without its first capital."""
    said = _found(occasion)
    return f"{said}, if `{occasion.where.text}`" if occasion.where else said


def _found(occasion: Occasion) -> str:
    within = phrases.days(occasion.within_days)
    if occasion.after:
        return f"{phrases.days(occasion.wait_days)} after `{occasion.after}` was sent"
    if occasion.event:
        waiting = f"from {phrases.days(occasion.wait_days)} to {within} after"
        return f"{waiting if occasion.wait_days else f'within {within} of'} `{occasion.event}`"
    if occasion.release:
        return f"within {within} of the release of {_RELEASED[occasion.release]}"
    if occasion.schedule:
        return f"every {occasion.schedule}"
    return _around(occasion) if occasion.date or occasion.calendar else "as soon as it is so"


def _around(occasion: Occasion) -> str:
    early = f"from {phrases.days(occasion.before_days)} before " if occasion.before_days else "from "
    over = f" to {phrases.days(occasion.late_days)} after it" if occasion.late_days else ""
    if occasion.calendar:
        return f"{early}the first to the last day of a {occasion.calendar}{over}"
    named = "the birthday" if occasion.date == BIRTHDAY else phrases.moment(occasion.date or "")
    returns = "each return of the day of " if occasion.every and occasion.date != BIRTHDAY else ""
    return f"{early}{returns}{named}{over or ', and not after it'}"
