"""What ends a campaign between its occasion and the moment at which something would be said, as SQL.

Reads the alias `p`: a profile with its occasion (`occasions.py`). That the goal is reached and that somebody
unsubscribed holds for every campaign and is asked elsewhere; here stand the other words of `stop:`.
"""

from __future__ import annotations

from tenure.domain.campaign import Campaign
from tenure.domain.moments import AsOf
from tenure.warehouse.dialect import text_literal
from tenure.warehouse.occasions import happened_sql, span

_ALWAYS = ("goal_reached", "unsubscribed")
_COLUMNS = {"ordered": "last_order_at", "complaint": "last_complaint_at"}
# Whoever clicked has opened, even where no picture told so.
_ANSWERS = {"opened": "'opened', 'clicked'", "clicked": "'clicked'"}


def stopped_sql(campaign: Campaign, as_of: AsOf) -> str:
    """The condition that something written under `stop:` has happened since; false where nothing is written."""
    since = f"COALESCE(p.since_at, {as_of.at - span(campaign.occasion)})"
    tests = [f"{_moment(index, word)} > {since}" for index, word in _words(campaign)]
    return f"COALESCE({' OR '.join(tests)}, FALSE)" if tests else "FALSE"


def stop_joins(campaign: Campaign, as_of: AsOf, currency: str) -> list[str]:
    """The joins that `stopped_sql` reads."""
    return [_join(campaign, index, word, as_of, currency) for index, word in _words(campaign) if word not in _COLUMNS]


def latest_sql(alias: str, event: str, as_of: AsOf, currency: str) -> str:
    """A join of the latest moment at which something of this name happened, as `alias."at"`."""
    happened = happened_sql(event, as_of, currency)
    return f"""LEFT JOIN (SELECT customer_key, max("at") AS "at" FROM ({happened}) GROUP BY customer_key) {alias}
        ON {alias}.customer_key = p.customer_key"""


def _words(campaign: Campaign) -> list[tuple[int, str]]:
    return [(index, word) for index, word in enumerate(campaign.stop) if word not in _ALWAYS]


def _moment(index: int, word: str) -> str:
    return f"epoch_us(p.{_COLUMNS[word]})" if word in _COLUMNS else f's{index}."at"'


def _join(campaign: Campaign, index: int, word: str, as_of: AsOf, currency: str) -> str:
    if word not in _ANSWERS:
        return latest_sql(f"s{index}", word, as_of, currency)
    return f"""LEFT JOIN (SELECT c.customer_key, c.occasion_key, max(v."at") AS "at"
            FROM facts.contacts c JOIN facts.deliveries v ON v.message_id = c.message_id
            WHERE split_part(c.campaign, '/', 1) = {text_literal(campaign.folder)} AND v.kind IN ({_ANSWERS[word]})
                AND c."at" < {as_of.at} AND v."at" < {as_of.at} GROUP BY c.customer_key, c.occasion_key) s{index}
        ON s{index}.customer_key = p.customer_key AND s{index}.occasion_key = p.occasion_key"""
