"""Turns what a run chose into messages to be sent: to whom, in which language, with what to say, from when until when.

Nothing is rendered and nothing leaves; what a template may know is described in `known.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
from pyarrow import compute

from tenure.content.words import language_of
from tenure.decisions.hours import Reader, best_moment
from tenure.decisions.timing import next_open, zone_of
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.errors import TenureError
from tenure.domain.habits import UNKNOWN
from tenure.domain.message import Plan, message_key
from tenure.domain.moments import MICROS_PER_DAY, AsOf, date_of, day_of, from_micros, start_of_day, to_micros
from tenure.operations.known import known, properties
from tenure.ports import Decisions, Hours


def plan(
    run_id: str,
    campaigns: Sequence[Campaign],
    decisions: Decisions,
    as_of: AsOf,
    business: Business,
    showing: Collection[str] = (),
    hours: Hours | None = None,
) -> Iterator[Plan]:
    """The messages of a run, one by one; a customer who has lost the address meanwhile gets none.

    Args:
        campaigns: those that the run decided with, steps included.
        as_of: the run's moment; the published profiles must still be as of it.
        showing: campaigns whose messages show lists of products.
        hours: tells when people read, for campaigns that speak at their best hour; without it all speak at once.

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
    unhurried = [name for name, campaign in by_name.items() if campaign.send == "best_hour"]
    waiting = chosen.filter(compute.is_in(chosen["campaign"], pa.array(unhurried, pa.string())))["customer_key"]
    habits = hours.habits(as_of, waiting.to_pylist()) if hours and len(waiting) else UNKNOWN
    return _messages(chosen, by_name, _Moments(as_of, business, Reader(habits)))


def _messages(chosen: pa.Table, by_name: Mapping[str, Campaign], moments: _Moments) -> Iterator[Plan]:
    # A row is a whole profile: as Python objects, only so many of them fit into memory at once.
    for batch in chosen.to_batches(max_chunksize=2_000):
        for row in batch.to_pylist():
            if recipient := _recipient(row):
                campaign = by_name[row["campaign"]]
                first = by_name.get(campaign.folder, campaign)
                yield _message(row, campaign, first, recipient, moments)


def _message(row: dict[str, Any], campaign: Campaign, first: Campaign, recipient: str, moments: _Moments) -> Plan:
    business = moments.business
    channel = business.channel(row["channel"])
    not_before, expires_at = moments.of(row, campaign)
    locale = spoken_locale(campaign, row["person_locale"] or business.locale)
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
        expires_at=expires_at,
        cost_milli_minor=channel.cost_milli_minor if channel else 0,
    )


def _recipient(row: dict[str, Any]) -> str:
    """The address; channels that need none of their own know the customer by id."""
    if row["channel"] == "email":
        return str(row["email"] or "")
    return str(row["phone"] or "") if row["channel"] == "sms" else str(row["customer_id"])


def spoken_locale(campaign: Campaign, wanted: str) -> str:
    """The written language nearest to the customer's, else the campaign's first."""
    exact = wanted.replace("_", "-").lower()
    for same in (lambda known: known.lower() == exact, lambda known: language_of(known) == language_of(wanted)):
        if found := next(filter(same, campaign.locales), None):
            return found
    return campaign.locales[0]


@dataclass(frozen=True, slots=True)
class _Moments:
    """Between which moments a message may leave."""

    as_of: AsOf
    business: Business
    reader: Reader

    def of(self, row: dict[str, Any], campaign: Campaign) -> tuple[int, int]:
        """Not before, and when it expires.

        At once, or at the hour at which this person reads; marketing never in the quiet hours where they live.
        """
        as_of, business, contact = self.as_of, self.business, self.business.contact
        zone = zone_of(row["person_timezone"], business.timezone)
        service = campaign.purpose == "service"
        opens = as_of.moment if service else next_open(as_of.moment, zone, contact.quiet_from, contact.quiet_until)
        expires_at = _expires_at(row, campaign, as_of, to_micros(opens), business.timezone)
        if campaign.send == "best_hour":
            shares = self.reader.shares(row["customer_key"], zone.key)
            opens = best_moment(shares, as_of.moment, zone, contact.quiet_from, contact.quiet_until,
                                from_micros(expires_at))  # fmt: skip
        return to_micros(opens), expires_at


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
