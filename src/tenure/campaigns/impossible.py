"""Refuses what a campaign file can say and never mean: an audience of nobody, an offer dearer than its success."""

from __future__ import annotations

from collections.abc import Sequence

from tenure.campaigns.contradictions import Named, beyond, contradiction
from tenure.documents import Document
from tenure.domain.campaign import Audience, Campaign, Offer
from tenure.domain.errors import Place, TenureError
from tenure.domain.segment import Column, Constant, OneOf


def refuse_impossible(document: Document, campaign: Campaign) -> None:
    """Look over a campaign with its steps.

    Raises:
        TenureError: conditions that cannot hold together, with the words of each; an offer of more money than the goal
            brings; a stop that only steps could meet, where there are none.
    """
    occasion = document.child("occasion")
    _refuse_nobody(campaign, campaign.audience, document.place("audience"))
    if campaign.occasion.where is not None:
        _refuse_nobody(campaign, campaign.audience, occasion.place("where"), campaign.occasion.where)
    _refuse_offer(campaign, document)
    if not campaign.steps:
        for word in ("opened", "clicked"):
            if word in campaign.stop:
                raise TenureError(f"`{word}` stops nothing in a campaign without steps",
                                  "Take it away, or add `steps:`.", document.place("stop"))  # fmt: skip
    written = document.get("steps")
    for step, file in zip(campaign.steps, written if isinstance(written, list) else [], strict=False):
        _refuse_nobody(step, step.audience, file.place("audience"))
        _refuse_offer(step, file)


def _refuse_offer(campaign: Campaign, document: Document) -> None:
    offer = campaign.offer
    if offer is None:
        return
    place = document.child("offer").place
    if offer.when is not None:
        _refuse_nobody(campaign, campaign.audience, place("when"), offer.when)
    brings = _constant(campaign)
    if brings is not None and _costs(offer) > brings:
        raise TenureError(f"the offer costs {_costs(offer):g} and one success brings {brings:g} (`goal.value`)",
                          "Offer less, or say what a success really brings.", place("value"))  # fmt: skip


def _costs(offer: Offer) -> float:
    return offer.value if offer.kind in ("amount", "gift") else 0.0


def _constant(campaign: Campaign) -> float | None:
    value = campaign.goal.value
    known = isinstance(value, Constant) and isinstance(value.value, int | float) and not isinstance(value.value, bool)
    return float(value.value) if known else None  # type: ignore[union-attr, arg-type]


def _refuse_nobody(campaign: Campaign, audience: Audience, place: Place, more: Audience | None = None) -> None:
    terms: list[Named] = [*audience.terms, *(more.terms if more else ())]
    if campaign.stages:
        stages = tuple(Constant(stage) for stage in campaign.stages)
        terms.insert(0, (f"stage: [{', '.join(campaign.stages)}]", OneOf(Column("stage"), stages)))
    if found := contradiction(terms):
        raise TenureError(_cannot(found), "Change one of them." if len(found) > 1 else "Mend it.", place)
    if never := beyond(terms):
        raise TenureError(f"`{never[0]}` can never hold, for {never[1]}", "A share of 30% is written 0.3."
                          if "between" in never[1] else "Mend it.", place)  # fmt: skip


def _cannot(words: Sequence[str]) -> str:
    shown = [f"`{one}`" for one in words]
    if len(shown) == 1:
        return f"{shown[0]} can never hold"
    said = f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"{said} cannot {'both' if len(shown) == 2 else 'all'} hold"
