"""Makes a planned message ready to leave, under its lease: the last checks first, then the words.

Whoever asks gets the same bytes for the same plan and day, so a message that is composed twice is the same message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenure.content.compose import compose_email
from tenure.content.context import shop_name
from tenure.content.footer import Purpose
from tenure.content.short import compose_short
from tenure.decisions.timing import is_quiet, next_open, zone_of
from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.domain.message import Envelope, Plan, Refusal
from tenure.domain.moments import to_micros
from tenure.ports import Clock

# The messages by locale of a version and a campaign (or step) of it, or None when that version was not kept.
Texts = Callable[[str, str], Mapping[str, str] | None]


@dataclass(frozen=True, slots=True)
class Composer:
    """Composes the messages of one business.

    Attributes:
        texts: finds the templates of a campaign by its version and its name, which may be that of a step.
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
        texts = self.texts(plan.campaign_version, plan.campaign)
        if texts is None:
            raise TenureError(f"the texts of {plan.campaign} version {plan.campaign_version} were not kept",
                              "Decide again; the new run keeps them.")  # fmt: skip
        sender = self.business.sender.email if plan.channel == "email" else shop_name(self.business)
        return Envelope(plan.key, plan.recipient, sender, self._composed(plan, texts, context))

    def _composed(self, plan: Plan, texts: Mapping[str, str], context: Mapping[str, object]) -> bytes:
        purpose: Purpose = "service" if plan.purpose == "service" else "marketing"
        folder, _, step = plan.campaign.partition("/")
        path, stem = f"campaigns/{folder}", step or "message"
        if plan.channel == "email":
            return compose_email(
                texts, plan.locale, context, self.business, plan.key, self.secret, self.clock.now(),
                recipient=plan.recipient, purpose=purpose, path=path, stem=stem,
            ).body  # fmt: skip
        return compose_short(
            plan.channel, texts, plan.locale, context, self.business, plan.key, self.secret,
            recipient=plan.recipient, purpose=purpose, path=path, stem=stem, campaign=plan.campaign,
        ).body  # fmt: skip

    def _disturbs(self, plan: Plan, context: Mapping[str, Mapping[str, str]]) -> Refusal | None:
        contact, now = self.business.contact, self.clock.now()
        zone = zone_of(context["customer"].get("timezone"), self.business.timezone)
        if is_quiet(now, zone, contact.quiet_from, contact.quiet_until):
            opens = next_open(now, zone, contact.quiet_from, contact.quiet_until)
            return Refusal("planned", "quiet hours where the customer lives", to_micros(opens))
        if self.overheard(plan):
            return Refusal("cancelled", "the customer has heard from us enough by now")
        return None
