"""A business's settings as plain values: what `tenure.yaml` says, with the defaults of those who say nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from fractions import Fraction
from typing import Literal

# Adapters that write messages down and reach nobody, so that a rehearsal may use them.
RECORDERS = ("maildir", "recorder")

# The pages of the business that a message may lead to, besides the shop itself and the product it is about.
LINKS = ("account", "cart", "renew", "cancel", "payment", "preferences", "survey", "review", "refer", "rewards")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes. The postal address stands in every marketing e-mail, as the law asks in most countries."""

    name: str = ""
    email: str = "hello@example.com"
    reply_to: str = ""
    postal_address: str = ""


@dataclass(frozen=True, slots=True)
class StageRules:
    """Thresholds of the stage rules; `at_risk`, `lapsed` and `lost` are multiples of the customer's expected gap."""

    new_days: int = 30
    at_risk: Fraction = Fraction(3, 2)
    lapsed: Fraction = Fraction(3)
    lost: Fraction = Fraction(6)
    loyal_orders: int = 6
    loyal_rank: Fraction = Fraction(4, 5)


@dataclass(frozen=True, slots=True)
class ContactRules:
    """How often and when anyone may be written to, across all campaigns.

    Attributes:
        per_7_days, per_30_days: marketing contacts allowed in any such window.
        quiet_from, quiet_until: the customer's local hours in which nothing marketing is sent.
        complaint_days: days of silence after a complaint.
        unsubscribe_risk: share of people whom one marketing message makes unsubscribe, believed until measured.
        fatigue: share of the next contact's worth that one contact of the last 30 days takes away.
        budget: money that contacts and offers may cost in any 30 days, in units; None without a limit.
        explore: share of the customers for whom, in each run, something else than the best may be drawn, to learn.
        explore_budget: expected worth that one run may give up for it, in units; None without a limit.
    """

    per_7_days: int = 2
    per_30_days: int = 6
    quiet_from: time = time(21, 0)
    quiet_until: time = time(8, 0)
    complaint_days: int = 14
    unsubscribe_risk: float = 0.001
    fatigue: float = 0.05
    budget: float | None = None
    explore: float = 0.0
    explore_budget: float | None = None


@dataclass(frozen=True, slots=True)
class ValueRules:
    """What money to come is worth today, and what keeping a customer costs.

    Attributes:
        discount_rate: yearly, continuous; money a year from now is worth exp(−rate) of itself.
        retention_cost: of one effort to keep one customer, offer and contact together, in units of the currency.
        retention_lift: share of those about to leave whom such an effort keeps, believed until measured.
    """

    discount_rate: float = 0.1
    retention_cost: float = 1.0
    retention_lift: float = 0.05


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """One channel: which adapter carries it, what a contact costs, and the adapter's own options.

    Attributes:
        name: the contract's channel name: email, sms, push, inapp, webhook, mail.
        adapter: `smtp` or `maildir` for e-mail, `recorder` for every other channel.
        cost_milli_minor: price of one contact in thousandths of a minor unit (an e-mail costs a fraction of a cent).
        connections: parallel connections, which is also how many messages a crash can leave in doubt.
        per_day: contacts that it may carry on one day of the business's calendar; None without a limit.
    """

    name: str
    adapter: str
    cost_milli_minor: int = 0
    connections: int = 4
    per_day: int | None = None
    host: str = "localhost"
    port: int = 25
    security: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    timeout_seconds: float = 30.0

    @property
    def is_recorder(self) -> bool:
        """Whether messages are only written down here: nobody is reached."""
        return self.adapter in RECORDERS


@dataclass(frozen=True, slots=True)
class Business:
    """One business: everything `tenure.yaml` can say.

    Attributes:
        salt: makes the arms of this business its own; never change it, or everyone changes arms.
        url: the shop's own web address, to which messages lead.
        base_url: where `tenure serve` is reached from outside, for the links that people follow in messages.
        consent_default: what silence means for marketing: `denied` (opt-in) or `granted` (opt-out).
        margin: share of revenue that is margin where a product's unit cost is unknown.
        retention_window_days: who ordered within so many days counts as a customer.
        holdout: share of customers whom all campaigns leave alone.
        links: address of each page of `LINKS` that has one of its own; all others lead to the shop.
        rates: units of the workspace currency for one unit of another currency.
    """

    name: str = "My shop"
    currency: str = "USD"
    timezone: str = "UTC"
    locale: str = "en"
    salt: str = ""
    url: str = ""
    base_url: str = "http://127.0.0.1:8000"
    consent_default: Literal["granted", "denied"] = "denied"
    margin: Fraction = Fraction(3, 10)
    retention_window_days: int = 90
    holdout: Fraction = Fraction(1, 20)
    sender: Sender = field(default_factory=Sender)
    stages: StageRules = field(default_factory=StageRules)
    contact: ContactRules = field(default_factory=ContactRules)
    value: ValueRules = field(default_factory=ValueRules)
    channels: tuple[ChannelSettings, ...] = (ChannelSettings("email", "maildir"),)
    links: tuple[tuple[str, str], ...] = ()
    rates: tuple[tuple[str, Fraction], ...] = ()
    engine: str = "duckdb"
    store: str = "sqlite"

    def channel(self, name: str) -> ChannelSettings | None:
        """The settings of a channel, or None when this business does not use it."""
        return next((c for c in self.channels if c.name == name), None)

    @property
    def address(self) -> str:
        """Where the shop is found: its own web address, else that of `tenure serve`."""
        return self.url or self.base_url
