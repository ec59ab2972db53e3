"""What is worth saying about the campaigns of a workspace, beyond mistakes and idleness."""

from __future__ import annotations

from collections.abc import Collection

from tenure.app import adapters
from tenure.app.line import profiles_as_of
from tenure.app.recipes import recipes
from tenure.app.workspace import Workspace, moment
from tenure.domain.moments import from_micros

_LOOKED_AT = 500  # customers whose worth is worked out, drawn by lot


def remarks(ws: Workspace, idle: Collection[str] = ()) -> dict[str, tuple[str, ...]]:
    """For each campaign of which anything is worth saying, what that is, as clauses.

    Whether it pays is told by the published profiles; where there are none nothing is said of it.

    Args:
        idle: campaigns that can find nobody, so that nothing need be worked out of what they would bring.
    """
    from tenure.decisions.remarks import remarks as said_of
    from tenure.decisions.remarks import unprofitable
    from tenure.warehouse.candidates import DuckCandidates
    from tenure.warehouse.choices import DuckDecisions
    from tenure.warehouse.learned import DuckLearned
    from tenure.warehouse.previews import DuckPreviews

    campaigns = [recipe.campaign for recipe in recipes(ws)[0]]
    found: dict[str, tuple[str, ...]] = {}
    with adapters.warehouse(ws) as opened:
        published = profiles_as_of(opened)
        as_of = moment(ws, from_micros(published).isoformat() if published is not None else None)
        candidates, learned = DuckCandidates(opened), DuckLearned(opened).learned(as_of)
        usual = candidates.usual_order(as_of, ws.business)
        some = (
            DuckPreviews(opened, DuckDecisions(opened, ws.business.currency)).some(_LOOKED_AT)
            if published is not None
            else None
        )
        for campaign in campaigns:
            said = said_of(campaign, ws.business, usual)
            if some is not None and campaign.name not in idle:
                rows = candidates.examine(campaign, as_of, ws.business, some)
                said += filter(None, [unprofitable(rows, campaign, ws.business, as_of, learned)])
            if said:
                found[campaign.name] = tuple(said)
    return found
