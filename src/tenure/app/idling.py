"""Which campaigns of a workspace can find nobody, and why; and which of them speak about the same occasions."""

from __future__ import annotations

from tenure.app import adapters
from tenure.app.recipes import recipes
from tenure.app.workspace import Workspace, moment


def idle(ws: Workspace, as_of: str | None = None) -> dict[str, str]:
    """Why each campaign that can find nobody is idle, by its name.

    Args:
        ws: the workspace.
        as_of: what was recorded before this moment counts; all that is known if not given.
    """
    from tenure.campaigns.idling import events_of, idle_reason
    from tenure.warehouse.idling import look

    campaigns = [recipe.campaign for recipe in recipes(ws)[0]]
    with adapters.warehouse(ws) as opened:
        seen = look(opened, events_of(campaigns), moment(ws, as_of), ws.business)
    reasons = {campaign.name: idle_reason(campaign, seen) for campaign in campaigns}
    return {name: reason for name, reason in reasons.items() if reason is not None}


def rivals(ws: Workspace) -> dict[str, tuple[str, ...]]:
    """For each campaign that has any, the others that speak about the same occasions to the same stages."""
    from tenure.campaigns.idling import rivals as rivals_of

    campaigns = [recipe.campaign for recipe in recipes(ws)[0]]
    found = {campaign.name: rivals_of(campaign, campaigns) for campaign in campaigns}
    return {name: others for name, others in found.items() if others}
