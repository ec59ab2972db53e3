"""The overview: every figure of the first page, as of the profiles that are published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from tenure.domain.business import Business
from tenure.domain.moments import AsOf, as_of
from tenure.insights.retention import Retention
from tenure.insights.table import Report
from tenure.operations.report import Asked, chosen, question, refused, report, retained
from tenure.ports import Query

_END_OF_TIME = AsOf(253_402_300_799_000_000, 2_932_896)  # the last second of the year 9999


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page's reports, all as of one moment.

    Attributes:
        retention, before: the latest period, and the counts of the one of the same length before it.
        chosen, refused: the latest run.
    """

    as_of: AsOf
    retention: Report
    before: Retention
    revenue: Report
    cohorts: Report
    funnel: Report
    stages: Report
    chosen: Report
    refused: Report
    campaigns: Report


def published_moment(query: Query, business: Business) -> AsOf | None:
    """The moment of the profiles that are published; None when there are none."""
    (row,) = Asked(query, business, _END_OF_TIME, _END_OF_TIME, _END_OF_TIME).rows("published")
    moment: datetime | None = row["as_of"]
    return as_of(moment.replace(tzinfo=UTC), business.timezone) if moment else None


def overview(query: Query, business: Business) -> Overview | None:
    """Every figure of the first page; None while nothing is published."""
    moment = published_moment(query, business)
    if moment is None:
        return None
    asked = question(query, business, moment)

    def tell(kind: str) -> Report:
        return report(kind, query, business, moment)

    earlier = asked.midnight(asked.from_.day - business.retention_window_days)
    return Overview(
        as_of=moment,
        retention=tell("retention"),
        before=retained(asked, earlier, asked.from_),
        revenue=tell("revenue"),
        cohorts=tell("cohorts"),
        funnel=tell("funnel"),
        stages=tell("stages"),
        chosen=chosen(asked),
        refused=refused(asked),
        campaigns=tell("campaigns"),
    )
