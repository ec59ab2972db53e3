"""Makes a planned message ready to leave, under its lease: the last checks first, then the words.

Whoever asks gets the same bytes for the same plan and day, so a message that is composed twice is the same message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenure.content.compose import compose_email
from tenure.decisions.timing import is_quiet, next_open, zone_of
from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.domain.message import Envelope, Plan, Refusal
from tenure.domain.moments import to_micros
from tenure.ports import Clock

# The messages of a campaign's version by locale, or None when that version was not kept.
Texts = Callable[[str], Mapping[str, str] | None]


@dataclass(frozen=True, slots=True)
class Composer:
    """Composes the messages of one business.

    Attributes:
        texts: finds the templates of a campaign by its version.
        secret: what links are signed with.
        overheard: whether a customer has by now heard from us as often as the settings allow.
    """

    business: Business
    texts: Texts
    secret: bytes
    clock: Clock
    overheard: Callable[[Plan], bool]

    def __call__(self, plan: Plan) -> Envelope | Refusal:
        """The message in its wire form, or why it does not leave now.

        Raises:
            TenureError: the templates are gone or cannot be rendered; this one message fails.
        """
        context = json.loads(plan.context)
        if plan.purpose == "marketing" and (refusal := self._disturbs(plan, context)):
            return refusal
        texts = self.texts(plan.campaign_version)
        if texts is None:
            raise TenureError(f"the texts of {plan.campaign} version {plan.campaign_version} were not kept",
                              "Decide again; the new run keeps them.")  # fmt: skip
        composed = compose_email(
            texts, plan.locale, context, self.business, plan.key, self.secret, self.clock.now(),
            recipient=plan.recipient, purpose="service" if plan.purpose == "service" else "marketing",
            path=f"campaigns/{plan.campaign}",
        )  # fmt: skip
        return Envelope(plan.key, plan.recipient, self.business.sender.email, composed.body)

    def _disturbs(self, plan: Plan, context: Mapping[str, Mapping[str, str]]) -> Refusal | None:
        contact, now = self.business.contact, self.clock.now()
        zone = zone_of(context["customer"].get("timezone"), self.business.timezone)
        if is_quiet(now, zone, contact.quiet_from, contact.quiet_until):
            opens = next_open(now, zone, contact.quiet_from, contact.quiet_until)
            return Refusal("planned", "quiet hours where the customer lives", to_micros(opens))
        if self.overheard(plan):
            return Refusal("cancelled", "the customer has heard from us enough by now")
        return None
