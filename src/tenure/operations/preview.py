"""What a campaign would do at a moment: whom it would reach, what that would cost and bring, and what it would say.

The campaign is judged by the rules, the figures and the limits of a real run, alone with its later steps: what other
campaigns would say to the same customers is left out. Nothing is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tenure.decisions.choose import choose
from tenure.decisions.eligibility import NAMES, NONE, counted
from tenure.decisions.occasions import when
from tenure.decisions.options import Judged, assess
from tenure.decisions.scarcity import Scarcity
from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.learned import NOTHING, Learned
from tenure.domain.moments import AsOf
from tenure.operations.leftover import left
from tenure.operations.specimens import Specimen, examples, speakers
from tenure.ports import Candidates, Decisions, Previews

RUN = "preview"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """One rule on the way from everybody to those who would hear from us.

    Attributes:
        rule: `everybody`, or one of `RULES`.
        term: the words of the stage, of one term of the audience or of the occasion; empty for other rules.
        left: customers who pass this rule and all before it.
    """

    rule: str
    term: str
    left: int


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the first message, or one later step, would do.

    Attributes:
        chosen: customers who would hear from us.
        control: customers who would be left alone to learn the effect.
        channels: contacts by channel.
        contact_cost, offer_cost: in units; offers as far as they are expected to be redeemed.
        profit: sum of the worth of the contacts, in units.
        examples: up to ten of those who would hear from us, from the one worth most to the one worth least.
        specimens: for whom the message is shown.
    """

    campaign: Campaign
    funnel: tuple[Narrowing, ...]
    chosen: int
    control: int
    channels: Mapping[str, int]
    contact_cost: float
    offer_cost: float
    profit: float
    examples: tuple[Specimen, ...]
    specimens: tuple[Specimen, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a campaign would do.

    Attributes:
        parts: the first message and each later step.
        limits: what is scarce: how much of it is left, and what one more would bring; in units.
        locales: customers by locale, None where it is not known.
    """

    campaign: Campaign
    as_of: AsOf
    business: Business
    parts: tuple[Foreseen, ...]
    limits: Mapping[str, tuple[float, float]]
    locales: Mapping[str | None, int]


def preview(
    campaign: Campaign, candidates: Candidates, decisions: Decisions, previews: Previews, as_of: AsOf,
    business: Business, learned: Learned = NOTHING,
) -> Preview:  # fmt: skip
    """What a campaign with its steps would do at a moment, by itself.

    Args:
        decisions: tells what earlier runs took of what is limited.
        as_of: the moment of the profiles that `candidates` and `previews` see.
        learned: what results before `as_of` have taught.

    Raises:
        TenureError: there are no profiles as of that moment.
    """
    parts = (campaign, *campaign.steps)
    judged: list[Judged] = []
    early: list[dict[str, int]] = []
    for part in parts:
        drawn = candidates.draw(part, as_of, business)
        judged.append(assess(drawn.rows, part, business, as_of, learned))
        early.append(dict(drawn.refused))
    scarcity = left(judged, decisions, business, as_of, RUN)
    rates = choose(judged, scarcity).rates
    first = speakers(judged[0]) or _nearest(campaign, candidates, previews, as_of, business, learned)
    return Preview(
        campaign, as_of, business,
        tuple(_foreseen(one, refused, previews, first) for one, refused in zip(judged, early, strict=True)),
        {name: (amount, rates.get(name, 0.0)) for name, amount in _amounts(scarcity).items()}, previews.locales(),
    )  # fmt: skip


def _foreseen(judged: Judged, early: Mapping[str, int], previews: Previews, first: Sequence[Specimen]) -> Foreseen:
    taken = np.flatnonzero(judged.verdict == NONE)
    worth, channels = judged.worth.take(taken), judged.channels
    refused = {**early, **counted(judged.verdict)}
    return Foreseen(
        judged.campaign, tuple(_funnel(judged.campaign, previews.narrowing(judged.campaign), refused)),
        len(taken), refused.get("control", 0), Counter(channels[row] or "" for row in taken.tolist()),
        float(worth.contact_cost.sum()), float(worth.discount.sum()), float(worth.worth.sum()),
        examples(judged), speakers(judged) or _following(judged.campaign, first),
    )  # fmt: skip


def _following(part: Campaign, first: Sequence[Specimen]) -> tuple[Specimen, ...]:
    """The customers of the first message, for a part that nobody would hear today: a step waits for what was sent."""
    return tuple(first) if not part.step else tuple(one.saying(part) for one in first[:1])


def _funnel(campaign: Campaign, counts: Sequence[int], refused: Mapping[str, int]) -> list[Narrowing]:
    """Everybody, then each rule; what refuses nobody is left out but for stage, audience and occasion."""
    steps = [Narrowing("everybody", "", counts[0])]
    if campaign.stages:
        steps.append(Narrowing("stage", ", ".join(campaign.stages), counts[1]))
    terms = zip(campaign.audience.terms, counts[2:], strict=True)
    steps += [Narrowing("audience", text, count) for (text, _), count in terms]
    remaining = counts[-1]
    for rule in NAMES[NAMES.index("occasion") :]:
        remaining -= refused.get(rule, 0)
        if rule == "occasion" or refused.get(rule):
            steps.append(Narrowing(rule, when(campaign.occasion) if rule == "occasion" else "", remaining))
    return steps


def _nearest(
    campaign: Campaign, candidates: Candidates, previews: Previews, as_of: AsOf, business: Business, learned: Learned
) -> tuple[Specimen, ...]:
    """Who comes nearest to the campaign among some customers, where nobody has an occasion at all."""
    profiles = previews.some(200)
    if not profiles.num_rows:
        return ()
    rows = candidates.examine(campaign, as_of, business, profiles)
    return speakers(assess(rows, campaign, business, as_of, learned))


def _amounts(scarcity: Scarcity) -> dict[str, float]:
    whole = {} if scarcity.budget is None else {"budget": scarcity.budget}
    own = {f"budget of {name}": amount for name, amount in scarcity.campaign_budget.items()}
    return {**scarcity.capacity, **whole, **own}
