"""Explains one customer: gathers the profile and the candidates as of the run, and has them judged as the run did."""

from __future__ import annotations

from collections.abc import Sequence

from tenure.decisions.choose import assess
from tenure.decisions.explain import Explanation
from tenure.decisions.explain import explain as put_into_words
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.errors import TenureError
from tenure.domain.moments import AsOf
from tenure.ports import Candidates, Decisions, Profiles


def explain(
    customer_id: str, campaigns: Sequence[Campaign], profiles: Profiles, candidates: Candidates, decisions: Decisions,
    as_of: AsOf, business: Business, *, run_id: str | None = None, decided_at: int | None = None,
) -> Explanation:  # fmt: skip
    """Why this customer hears from us, or does not, as of a moment.

    Args:
        campaigns: those of the run, in the versions it used.
        business: the settings of the run.
        run_id: the run whose record is compared, if one decided at that moment.
        decided_at: when the run ran (microseconds UTC by the clock), to tell which facts arrived after it.

    Raises:
        TenureError: nobody of that id was known before that moment.
    """
    found = profiles.compute(as_of, business, [customer_id])
    if not found.num_rows:
        raise TenureError(
            f"nobody with the id `{customer_id}` was known before {as_of}",
            "Check the id, or give a later moment with --as-of.",
        )
    judged = [assess(candidates.examine(one, as_of, business, found), one, business, as_of) for one in campaigns]
    recorded = None
    if run_id is not None:
        rows = decisions.recall(run_id, customer_id)
        recorded = tuple((row["campaign"], row["outcome"]) for row in rows if row["outcome"] in ("chosen", "control"))
    arrived = decisions.arrived_since(customer_id, as_of, decided_at) if decided_at is not None else {}
    return put_into_words(
        found.to_pylist()[0], judged, as_of, business, run_id=run_id, recorded=recorded, arrived=arrived
    )
