"""Explains one customer: gathers the profile and the candidates as of the run, and has them judged as the run did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenure.decisions.choose import Given
from tenure.decisions.explain import Explanation
from tenure.decisions.explain import explain as put_into_words
from tenure.decisions.options import assess
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.errors import TenureError
from tenure.domain.learned import NOTHING, Learned
from tenure.domain.moments import AsOf
from tenure.ports import Candidates, Decisions, Profiles


def explain(
    customer_id: str, campaigns: Sequence[Campaign], profiles: Profiles, candidates: Candidates, decisions: Decisions,
    as_of: AsOf, business: Business, *, run_id: str | None = None, decided_at: int | None = None,
    learned: Learned = NOTHING,
) -> Explanation:  # fmt: skip
    """Why this customer hears from us, or does not, as of a moment.

    Args:
        campaigns: those of the run, in the versions it used.
        business: the settings of the run.
        run_id: the run whose record is compared, if one decided at that moment.
        decided_at: when the run ran (microseconds UTC by the clock), to tell which facts arrived after it.
        learned: what results before `as_of` had taught.

    Raises:
        TenureError: nobody of that id was known before that moment.
    """
    found = profiles.compute(as_of, business, [customer_id])
    if not found.num_rows:
        raise TenureError(
            f"nobody with the id `{customer_id}` was known before {as_of}",
            "Check the id, or give a later moment with --as-of.",
        )
    judged = [
        assess(candidates.examine(one, as_of, business, found), one, business, as_of, learned) for one in campaigns
    ]
    recorded, given, rates = None, None, dict[str, float]()
    if run_id is not None:
        rows, rates = decisions.recall(run_id, customer_id), decisions.rates(run_id)
        recorded = tuple((row["campaign"], row["outcome"]) for row in rows if row["outcome"] in ("chosen", "control"))
        given = _given(rows, rates)
    arrived = decisions.arrived_since(customer_id, as_of, decided_at) if decided_at is not None else {}
    return put_into_words(
        found.to_pylist()[0], judged, as_of, business, run_id=run_id, recorded=recorded, arrived=arrived, rates=rates,
        given=given,
    )  # fmt: skip


def _given(rows: list[dict[str, Any]], rates: Mapping[str, float]) -> Given | None:
    """What the run gave, where one customer alone cannot tell: something was scarce, or drawn."""
    first = next((row for row in rows if row["rank"] == 1 and row["purpose"] != "service"), None)
    drawn = first is not None and bool(first["explored"])
    if not drawn and not any(rate > 0 for rate in rates.values()):
        return None
    if first is None or first["outcome"] == "silent":
        return Given(None, chance=float(first["propensity"]) if first else None)
    return Given(first["campaign"], first["channel"], float(first["propensity"]) if drawn else None)
