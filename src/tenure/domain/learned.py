"""What results have taught: the lift of each campaign by stage and path, and how often people redeem and unsubscribe.

Made by `learning/` from people whose goal's days were over before the moment; read by `decisions/`. Where nothing was
learned, each question is answered with what the campaign file or the settings state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Lift:
    """An added probability of the goal, and how unsure it is.

    Attributes:
        mean: after shrinkage, between −1 and 1.
        sd: standard deviation of the belief.
        people: how many people of both arms it rests on, besides the stated belief.
    """

    mean: float
    sd: float
    people: int = 0


@dataclass(frozen=True, slots=True)
class Learned:
    """Everything learned as of a moment.

    Attributes:
        lifts: by campaign, stage and path; None stands for all stages or all paths.
        alone: share of each campaign's control people who reached the goal, shrunk; p0 where no model gives one.
        redeemed: share of those who bought with a campaign's offer in hand who redeemed it, shrunk towards all.
        unsubscribed: chance by channel that one marketing message makes somebody unsubscribe, shrunk.
        promised: share of those written to by each campaign who were promised its offer: a measured lift is that of
            both kinds of message together.
    """

    lifts: Mapping[tuple[str, str | None, str | None], Lift] = field(default_factory=dict)
    alone: Mapping[str, float] = field(default_factory=dict)
    redeemed: Mapping[str, float] = field(default_factory=dict)
    unsubscribed: Mapping[str, float] = field(default_factory=dict)
    promised: Mapping[str, float] = field(default_factory=dict)

    def lift(self, campaign: str, stage: str | None, path: str | None) -> Lift | None:
        """The finest lift known for somebody of that stage and path; None when the campaign has none at all."""
        for key in ((campaign, stage, path), (campaign, stage, None), (campaign, None, None)):
            if (found := self.lifts.get(key)) is not None:
                return found
        return None


NOTHING = Learned()
