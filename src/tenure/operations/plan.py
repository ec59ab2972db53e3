"""Turns what a run chose into messages to be sent: to whom, in which language, with what to say, from when until when.

Nothing is rendered and nothing leaves; what a template may know is described in `known.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tenure.content.words import language_of
from tenure.decisions.timing import next_open, zone_of
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.errors import TenureError
from tenure.domain.message import Plan, message_key
from tenure.domain.moments import MICROS_PER_DAY, AsOf, date_of, day_of, from_micros, start_of_day, to_micros
from tenure.operations.known import known, properties
from tenure.ports import Decisions

if TYPE_CHECKING:
    import pyarrow as pa


def plan(
    run_id: str,
    campaigns: Sequence[Campaign],
    decisions: Decisions,
    as_of: AsOf,
    business: Business,
    showing: Collection[str] = (),
) -> Iterator[Plan]:
    """The messages of a run, one by one; a customer who has lost the address meanwhile gets none.

    Args:
        campaigns: those that the run decided with, steps included.
        as_of: the run's moment; the published profiles must still be as of it.
        showing: campaigns whose messages show lists of products.

    Raises:
        TenureError: the run chose for a campaign that is not given.
    """
    by_name = {campaign.name: campaign for campaign in campaigns}
    chosen = decisions.addressees(run_id, as_of, showing)
    for name in chosen["campaign"].unique().to_pylist():
        if name not in by_name:
            raise TenureError(
                f"the run {run_id} chose the campaign `{name}`, which is no longer there",
                "Put its folder back, or decide again.",
            )
    return _messages(chosen, by_name, as_of, business)


def _messages(chosen: pa.Table, by_name: Mapping[str, Campaign], as_of: AsOf, business: Business) -> Iterator[Plan]:
    # A row is a whole profile: as Python objects, only so many of them fit into memory at once.
    for batch in chosen.to_batches(max_chunksize=2_000):
        for row in batch.to_pylist():
            if recipient := _recipient(row):
                campaign = by_name[row["campaign"]]
                first = by_name.get(campaign.folder, campaign)
                yield _message(row, campaign, first, recipient, as_of, business)


def _message(
    row: dict[str, Any], campaign: Campaign, first: Campaign, recipient: str, as_of: AsOf, business: Business
) -> Plan:
    channel = business.channel(row["channel"])
    not_before = _not_before(row, campaign, as_of, business)
    locale = _locale(campaign, row["person_locale"] or business.locale)
    return Plan(
        key=message_key(campaign.name, row["customer_id"], row["occasion_key"]),
        run_id=row["run_id"],
        campaign=campaign.name,
        campaign_version=row["campaign_version"],
        customer_id=row["customer_id"],
        customer_key=row["customer_key"],
        occasion_key=row["occasion_key"],
        channel=row["channel"],
        purpose=campaign.purpose,
        recipient=recipient,
        locale=locale,
        context=known(row, first, locale, business),
        not_before=not_before,
        expires_at=_expires_at(row, campaign, as_of, not_before, business.timezone),
        cost_milli_minor=channel.cost_milli_minor if channel else 0,
    )


def _recipient(row: dict[str, Any]) -> str:
    """The address; channels that need none of their own know the customer by id."""
    if row["channel"] == "email":
        return str(row["email"] or "")
    return str(row["phone"] or "") if row["channel"] == "sms" else str(row["customer_id"])


def _locale(campaign: Campaign, wanted: str) -> str:
    """The written language nearest to the customer's, else the campaign's first."""
    exact = wanted.replace("_", "-").lower()
    for same in (lambda known: known.lower() == exact, lambda known: language_of(known) == language_of(wanted)):
        if found := next(filter(same, campaign.locales), None):
            return found
    return campaign.locales[0]


def _not_before(row: dict[str, Any], campaign: Campaign, as_of: AsOf, business: Business) -> int:
    """Now, or for marketing the end of the quiet hours where the customer lives."""
    if campaign.purpose == "service":
        return as_of.at
    zone = zone_of(row["person_timezone"], business.timezone)
    return to_micros(next_open(as_of.moment, zone, business.contact.quiet_from, business.contact.quiet_until))


def _expires_at(row: dict[str, Any], campaign: Campaign, as_of: AsOf, not_before: int, zone: str) -> int:
    """When there is no longer a reason: the occasion's own end, or its days from now if it has none.

    A reason found on its last day still gets a day to be sent, or a night's quiet hours would swallow it. Never later
    than the days of the goal: whoever reads it after them is no longer counted as moved by it.
    """
    span = round(campaign.occasion.within_days * MICROS_PER_DAY)
    end = max(_closes_at(row, campaign, as_of, zone), not_before + min(span, MICROS_PER_DAY))
    return min(end, as_of.at + round(campaign.goal.within_days * MICROS_PER_DAY))


def _closes_at(row: dict[str, Any], campaign: Campaign, as_of: AsOf, zone: str) -> int:
    """The moment at which the occasion is over."""
    occasion = campaign.occasion
    span, late = (round(days * MICROS_PER_DAY) for days in (occasion.within_days, occasion.late_days))
    if occasion.schedule is not None:
        return to_micros(start_of_day(_next_period(occasion.schedule, date_of(as_of.day)), zone))
    has_moment = any((occasion.event, occasion.release, occasion.after, occasion.date, occasion.calendar))
    if not row["occasion_at"] or not has_moment:
        return as_of.at + span
    at = _micros(row["occasion_at"])
    if occasion.calendar is not None:
        last = properties(row["occasion_properties"]).get("ends_on")
        day = date.fromisoformat(last) if isinstance(last, str) else date_of(day_of(from_micros(at), zone))
        return to_micros(start_of_day(day + timedelta(days=1), zone)) + late
    if occasion.date is not None:
        return at + late + (MICROS_PER_DAY if occasion.every else 0)
    return at + span


def _next_period(schedule: str, day: date) -> date:
    """The first day after the day, week (from Monday) or month that a day lies in."""
    if schedule == "week":
        return day + timedelta(days=7 - day.weekday())
    if schedule == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=1)


def _micros(moment: datetime) -> int:
    return to_micros(moment.replace(tzinfo=UTC))
