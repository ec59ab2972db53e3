"""The hour at which this person reads, learned from when they did things, and the next moment at which it strikes.

What somebody did is counted by the hours of their own wall clock. Few people have been seen often, so the share of each
hour is drawn towards that of people in the same time zone, and theirs towards everybody's (Dirichlet-multinomial: the
mean of the posterior with a prior of `LIKE` sightings spread as the larger group's):

    share(h) = (seen(h) + LIKE · share of the group(h)) / (seen + LIKE)

Neighbouring hours speak for each other, since nobody reads by the stroke of the clock: each hour's share is half its
own and a quarter of each neighbour's.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from tenure.decisions.timing import is_quiet, next_open
from tenure.domain.habits import Habits

HOURS = 24
LIKE = 10.0  # sightings of the larger group that the smaller one's own are mixed with
SHORTEST = timedelta(hours=1)  # a message must have so long before it expires, or it leaves at once

Shares = NDArray[np.float64]


class Reader:
    """Says of anybody at which hours they read.

    Args:
        habits: what is known of the people asked about and of everybody.
    """

    def __init__(self, habits: Habits) -> None:
        self._own = habits.own
        counts = {zone: np.asarray(seen, dtype=float) for zone, seen in habits.zones.items()}
        self._everybody = np.sum([*counts.values(), np.zeros(HOURS)], axis=0)
        total = self._everybody.sum()
        self._zones = {zone: drawn(seen, self._everybody / total) for zone, seen in counts.items()} if total else {}

    def shares(self, customer_key: int, zone: str) -> Shares | None:
        """The share of each of the 24 hours for this customer; None when nobody was ever seen."""
        if not self._zones:
            return None
        group = self._zones.get(zone)
        if group is None:
            group = self._everybody / self._everybody.sum()
        return smoothed(drawn(np.asarray(self._own.get(customer_key, np.zeros(HOURS)), dtype=float), group))

    def sightings(self, customer_key: int) -> float:
        """How often this customer was seen."""
        return float(sum(self._own.get(customer_key, ())))


def drawn(seen: Shares, towards: Shares) -> Shares:
    """Shares of what was seen, drawn towards those of a larger group."""
    shares: Shares = (seen + LIKE * towards) / (seen.sum() + LIKE)
    return shares


def smoothed(shares: Shares) -> Shares:
    """Each hour with a part of its neighbours, around the clock."""
    around: Shares = 0.5 * shares + 0.25 * np.roll(shares, 1) + 0.25 * np.roll(shares, -1)
    return around


def best_moment(
    shares: Shares | None, moment: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time, until: datetime
) -> datetime:
    """The moment within the next 24 hours at which this person most likely reads, in UTC.

    Never in the quiet hours, never before `moment`, and an hour before `until` at the latest where there is that much
    time; the hour that is running counts from now. Of equal hours the first.

    Args:
        shares: of the 24 hours of this person's clock; None to send as soon as may be.
        moment, until: aware moments.
    """
    soonest = next_open(moment, zone, quiet_from, quiet_until)
    if shares is None:
        return soonest
    latest = min(until - SHORTEST, moment + timedelta(hours=HOURS))
    strikes = [_next_strike(soonest, zone) + timedelta(hours=number) for number in range(HOURS)]
    open_to = [soonest, *(at for at in strikes if at < latest and not is_quiet(at, zone, quiet_from, quiet_until))]
    return max(open_to, key=lambda at: (round(float(shares[at.astimezone(zone).hour]), 12), -at.timestamp()))


def _next_strike(moment: datetime, zone: ZoneInfo) -> datetime:
    """The next full hour of a wall clock, whose zone may lie half an hour beside the others."""
    local = moment.astimezone(zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return (moment - past + timedelta(hours=1) if past else moment).astimezone(UTC)
