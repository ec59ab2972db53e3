"""Why a customer may leave, in sentences: built from exact contributions, and true of the values they speak of.

Columns that speak of the same thing (days of silence, overdue, silence against the longest gap) share a topic, and
their contributions are added: the trees divide a cause among its columns as chance has it. A topic that raises the
log-odds by `STANDS_OUT` or more may speak; it says nothing where its values do not bear out any of its sentences, so no
sentence is ever said for the look of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, isnan, nan

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

STANDS_OUT = 0.2  # of log-odds: the odds of leaving are raised by a fifth
_BESIDE_THE_FIRST = 0.25  # a lesser reason must weigh at least this share of the gravest


class Seen:
    """One customer after the other: values and, for comparison, those of the typical one; NaN where there is none."""

    def __init__(self, columns: Sequence[str], rows: Numbers, medians: Mapping[str, float | None]) -> None:
        self._values: dict[str, list[float]] = dict(zip(columns, rows.T.tolist(), strict=True))
        self._medians = {name: nan if value is None else value for name, value in medians.items()}
        self._unknown = [nan] * len(rows)
        self.row = 0

    def __call__(self, name: str) -> float:
        """The customer's value."""
        return self._values.get(name, self._unknown)[self.row]

    def typical(self, name: str) -> float:
        """The median customer's."""
        return self._medians.get(name, nan)


Words = Callable[[Seen], str | None]


def _silence(of: Seen) -> str | None:
    silent, usual, longest = of("recency_days"), of("gap_median_days"), of("longest_gap")
    if of("frequency") == 0:
        return _single(silent)
    if silent > longest:
        return f"silent for {_days(silent)}, longer than ever before (at most {_days(longest)} between orders)"
    if silent > 1.5 * usual:
        return f"orders have become rarer: usually every {_days(usual)}, now {_days(silent)} of silence"
    if silent > of("gap_expected_days"):
        return f"silent for {_days(silent)}, where an order was to be expected after {_days(of('gap_expected_days'))}"
    return None


def _slowing(of: Seen) -> str | None:
    before, lately = of("order_days_before"), of("order_days_90d")
    if lately < before:
        return f"orders less often: on {_days(lately)} of the last 90, on {_days(before)} of the 90 before"
    if of("slowing") > 0.25:
        return f"orders have become rarer: the latest gaps are {exp(of('slowing')):.1f} times the earlier ones"
    if of("last_gap") > 1.5 * of("gap_median_days"):
        return f"the last order came after {_days(of('last_gap'))}, usually it is {_days(of('gap_median_days'))}"
    return None


def _seldom(of: Seen) -> str | None:
    if of("frequency") == 0:
        return _single(of("recency_days"))
    own, typical = of("gap_expected_days"), of.typical("gap_expected_days")
    if own > 1.2 * typical:
        return f"orders seldom: about every {_days(own)}, where {_days(typical)} are typical"
    if of("frequency") < of.typical("frequency"):
        return f"has come back on {_days(of('frequency'))} only, in {_days(of('tenure_days'))}"
    return None


def _single(silent: float) -> str:
    """Of those who ordered on one day only silence, rarity and age are the same thing, and said in the same words."""
    return f"has bought on a single day only, {_days(silent)} ago"


def _engagement(of: Seen) -> str | None:
    lately, trend, away = of("events_30d"), of("engagement_trend"), of("event_age_days")
    if away >= 30:
        return f"has not opened the shop for {_days(away)}"
    if -1 < trend <= -0.15:
        before = lately * (1 - trend) / (1 + trend)
        return f"has opened the shop less in the last 30 days: {lately:.0f} events, {before:.0f} in the 30 before"
    own, typical = of("events_90d"), of.typical("events_90d")
    if own < 0.7 * typical:
        return f"opens the shop little: {own:.0f} events in 90 days, {typical:.0f} are typical"
    return None


def _satisfaction(of: Seen) -> str | None:
    if of("csat_last") <= 3 or of("csat_last") < of.typical("csat_last"):
        return f"the last satisfaction score was {of('csat_last'):g}"
    return None


def _recommending(of: Seen) -> str | None:
    if of("nps_last") <= 8:
        mood = "would not recommend the shop" if of("nps_last") <= 6 else "is lukewarm about recommending the shop"
        return f"{mood}: the last answer was {of('nps_last'):g} of 10"
    return None


def _care(of: Seen) -> str | None:
    if of("tickets_open") >= 1:
        return (
            "a ticket is still open" if of("tickets_open") == 1 else f"{of('tickets_open'):.0f} tickets are still open"
        )
    if of("complaint_age_days") <= 180:
        return f"complained {_days(of('complaint_age_days'))} ago"
    return None


def _discounts(of: Seen) -> str | None:
    for column, what in (("discount_share", "with a discount"), ("sale_share", "in a sale")):
        own, typical = of(column), of.typical(column)
        if abs(own - typical) >= 0.1:
            return f"{own:.0%} of the orders were made {what}, {typical:.0%} are typical"
    return None


def _spending(of: Seen) -> str | None:
    own, typical = of("average_order"), of.typical("average_order")
    if own < 0.8 * typical:
        return f"spends little: {own:,.2f} an order, {typical:,.2f} are typical"
    if of("value_rank") <= 0.33:
        return f"has brought little: {1 - of('value_rank'):.0%} of the buyers brought more"
    return None


def _contacts(of: Seen) -> str | None:
    if of("contacts_30d") >= 4:
        return f"was written to {of('contacts_30d'):.0f} times in the last 30 days"
    return None


def _contract(of: Seen) -> str | None:
    if of("unused_days") >= 14:
        return f"has not used the contract for {_days(of('unused_days'))}"
    if of("days_to_end") <= 90 and of("auto_renew") == 0:
        return f"the contract ends in {_days(of('days_to_end'))} and does not renew by itself"
    return None


@dataclass(frozen=True, slots=True)
class Topic:
    """What belongs together, and its words."""

    columns: tuple[str, ...]
    words: Words


TOPICS = (
    Topic(("recency_days", "overdue", "silence_ratio", "order_days_30d"), _silence),
    Topic(("slowing", "pace_change", "order_days_90d", "order_days_180d", "order_days_before", "last_gap",
           "gap_spread"), _slowing),
    Topic(("order_rate", "frequency", "tenure_days", "gap_expected_days", "gap_median_days", "longest_gap"), _seldom),
    Topic(("events_30d", "events_90d", "engagement_trend", "event_age_days"), _engagement),
    Topic(("csat_last",), _satisfaction),
    Topic(("nps_last",), _recommending),
    Topic(("tickets_open", "complaint_age_days"), _care),
    Topic(("discount_share", "sale_share"), _discounts),
    Topic(("average_order", "value_rank"), _spending),
    Topic(("contacts_30d",), _contacts),
    Topic(("days_to_end", "auto_renew", "unused_days"), _contract),
)  # fmt: skip


def tell(
    columns: Sequence[str], rows: Numbers, moved: Numbers, medians: Mapping[str, float | None], most: int
) -> list[list[str]]:
    """For each row its reasons, gravest first.

    Args:
        columns: names of the columns; those that no topic knows speak for themselves.
        rows: rows × columns, NaN where missing; `moved`: the contributions to the log-odds, of the same shape.
        medians: of every column, None where nobody has a value.
        most: reasons for a row at most.
    """
    topics = _topics(columns)
    place = {name: i for i, name in enumerate(columns)}
    weights = np.column_stack([moved[:, [place[c] for c in t.columns if c in place]].sum(axis=1) for t in topics])
    least = np.maximum(STANDS_OUT, _BESIDE_THE_FIRST * weights.max(axis=1, initial=0.0))
    outstanding = (weights >= least[:, None]).sum(axis=1)
    found: list[list[str]] = [[] for _ in range(len(rows))]
    speaking = np.flatnonzero(outstanding)
    order = np.argsort(-weights[speaking], axis=1, kind="stable").tolist()
    seen = Seen(columns, rows[speaking], medians)
    for row, (customer, count) in enumerate(zip(speaking.tolist(), outstanding[speaking].tolist(), strict=True)):
        seen.row = row
        found[customer] = _sentences(seen, [topics[i] for i in order[row][:count]], most)
    return found


def _sentences(seen: Seen, topics: Sequence[Topic], most: int) -> list[str]:
    found: list[str] = []
    for topic in topics:
        sentence = topic.words(seen) if len(found) < most else None
        if sentence is not None and sentence not in found:
            found.append(sentence)
    return found


def _topics(columns: Sequence[str]) -> list[Topic]:
    known = {column for topic in TOPICS for column in topic.columns}
    mine = [topic for topic in TOPICS if not set(topic.columns).isdisjoint(columns)]
    return mine + [Topic((name,), _plain(name)) for name in columns if name not in known]


def _plain(name: str) -> Words:
    """Words for a column of which only the name is known."""

    def words(of: Seen) -> str | None:
        own, typical = of(name), of.typical(name)
        if isnan(own):
            return f"{name.replace('_', ' ')} is not known"
        if own == typical:
            return None
        return f"{name.replace('_', ' ')} is {own:.4g}, where {typical:.4g} is typical"

    return words


def _days(count: float) -> str:
    return "1 day" if round(count) == 1 else f"{count:,.0f} days"
