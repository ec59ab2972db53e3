"""Reads `tenure.yaml`, the settings of one business; a mistake is named with file, line and the nearest known key.

Secrets are never read from the file: passwords and signing keys come from the environment (`TENURE_SMTP_PASSWORD`,
`TENURE_STORE_URL`, `TENURE_SECRET`), and a key that looks like one is refused with that advice.
"""

from __future__ import annotations

from datetime import time
from fractions import Fraction
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies

from tenure.documents import Document, parse
from tenure.domain.business import LINKS, Business, ChannelSettings, ContactRules, Sender, StageRules, ValueRules
from tenure.domain.errors import TenureError, nearest
from tenure.domain.money import minor_per_unit

FILE = "tenure.yaml"
CHANNELS = ("email", "sms", "push", "inapp", "webhook", "mail")
# By channel; the first is what a channel takes that says nothing. All but e-mail can only be recorded.
ADAPTERS: dict[str, tuple[str, ...]] = {"email": ("maildir", "smtp"), "": ("recorder",)}
ENGINES = ("duckdb",)
STORES = ("sqlite", "postgresql")

KEYS: dict[str, tuple[str, ...]] = {
    "": ("name", "currency", "timezone", "locale", "salt", "url", "base_url", "consent_default", "margin", "holdout",
         "retention_window_days", "rates", "engine", "store", "sender", "stages", "contact", "value",
         "links", "channels"),
    "links": LINKS,
    "sender": ("name", "email", "reply_to", "postal_address"),
    "stages": ("new_days", "at_risk", "lapsed", "lost", "loyal_orders", "loyal_rank"),
    "contact": ("per_7_days", "per_30_days", "quiet_from", "quiet_until", "complaint_days", "unsubscribe_risk",
                "fatigue", "budget", "explore", "explore_budget"),
    "value": ("discount_rate", "retention_cost", "retention_lift"),
    "channels": CHANNELS,
    "channel": ("adapter", "cost", "per_day", "connections", "host", "port", "security", "user", "timeout_seconds"),
}  # fmt: skip
_SECRET = ("password", "secret", "token", "api_key", "key")


def read_business(text: str, file: str = FILE) -> Business:
    """The business that a settings file describes.

    Args:
        text: the file's content.
        file: its name, for messages.

    Raises:
        TenureError: an unknown key, a value out of its bounds, or a secret in the file.
    """
    document = parse(text, file)
    _check_keys(document, KEYS[""])
    default = Business()
    currency = _currency(document, default.currency)
    return Business(
        name=document.text("name", default.name),
        currency=currency,
        timezone=_zone(document, default.timezone),
        locale=_locale(document, default.locale),
        salt=document.text("salt"),
        url=_address(document, "url", default.url),
        base_url=_address(document, "base_url", default.base_url),
        consent_default=document.choice("consent_default", ("granted", "denied"), "denied"),  # type: ignore[arg-type]
        margin=_share(document, "margin", default.margin),
        retention_window_days=int(document.number("retention_window_days", 90, low=1, high=3650)),
        holdout=_share(document, "holdout", default.holdout, high=0.5),
        sender=_sender(document.child("sender")),
        stages=_stages(document.child("stages")),
        contact=_contact(document.child("contact")),
        value=_value(document.child("value")),
        channels=_channels(document, currency),
        links=_links(document.child("links")),
        rates=_rates(document.child("rates")),
        engine=document.choice("engine", ENGINES, "duckdb"),
        store=document.choice("store", STORES, "sqlite"),
    )


def _check_keys(document: Document, known: tuple[str, ...]) -> None:
    for key in document:
        if key not in known and any(word in key.lower() for word in _SECRET):
            raise TenureError(
                f"`{key}` looks like a secret and secrets do not belong in {document.file}",
                "Put it into the environment (TENURE_SMTP_PASSWORD, TENURE_STORE_URL or TENURE_SECRET).",
                document.place(key),
            )
    document.allow(known)


def _currency(document: Document, default: str) -> str:
    code = document.text("currency", default).upper()
    _check_currency(code, document, "currency")
    return code


def _check_currency(code: str, document: Document, key: str) -> None:
    known = sorted(list_currencies())
    if code not in known:
        raise TenureError(f"`{code}` is not a currency", nearest(code, known), document.place(key))


def _zone(document: Document, default: str) -> str:
    name = document.text("timezone", default)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise TenureError(f"`{name}` is not a time zone", "Write an IANA name, such as Europe/Amsterdam.",
                          document.place("timezone")) from None  # fmt: skip
    return name


def _locale(document: Document, default: str) -> str:
    name = document.text("locale", default)
    try:
        Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        raise TenureError(f"`{name}` is not a language", "Write a code such as en or pt-BR.",
                          document.place("locale")) from None  # fmt: skip
    return name


def _address(document: Document, key: str, default: str) -> str:
    url = document.text(key, default).rstrip("/")
    if url and not url.startswith(("http://", "https://")):
        raise TenureError(f"`{url}` is no web address", "Begin it with https://.", document.place(key))
    return url


def _links(document: Document) -> tuple[tuple[str, str], ...]:
    _check_keys(document, KEYS["links"])
    return tuple((name, _address(document, name, "")) for name in document)


def _share(document: Document, key: str, default: Fraction, high: float = 1.0) -> Fraction:
    return Fraction(document.number(key, float(default), low=0, high=high)).limit_denominator(10_000)


def _sender(document: Document) -> Sender:
    _check_keys(document, KEYS["sender"])
    default = Sender()
    email = document.text("email", default.email)
    if email.count("@") != 1 or any(c.isspace() for c in email):
        raise TenureError("the sender's `email` is not an address", "", document.place("email"))
    return Sender(document.text("name"), email, document.text("reply_to"), document.text("postal_address"))


def _stages(document: Document) -> StageRules:
    _check_keys(document, KEYS["stages"])
    default = StageRules()
    at_risk, lapsed, lost = (
        Fraction(document.number(key, float(value), low=0.1, high=1000)).limit_denominator(1000)
        for key, value in (("at_risk", default.at_risk), ("lapsed", default.lapsed), ("lost", default.lost))
    )
    if not at_risk < lapsed < lost:
        raise TenureError("the stages must grow: at_risk < lapsed < lost", "", document.place())
    return StageRules(
        new_days=int(document.number("new_days", default.new_days, low=0, high=3650)),
        at_risk=at_risk,
        lapsed=lapsed,
        lost=lost,
        loyal_orders=int(document.number("loyal_orders", default.loyal_orders, low=1)),
        loyal_rank=_share(document, "loyal_rank", default.loyal_rank),
    )


def _contact(document: Document) -> ContactRules:
    _check_keys(document, KEYS["contact"])
    default = ContactRules()
    return ContactRules(
        per_7_days=int(document.number("per_7_days", default.per_7_days, low=0)),
        per_30_days=int(document.number("per_30_days", default.per_30_days, low=0)),
        quiet_from=_hour(document, "quiet_from", default.quiet_from),
        quiet_until=_hour(document, "quiet_until", default.quiet_until),
        complaint_days=int(document.number("complaint_days", default.complaint_days, low=0)),
        unsubscribe_risk=document.number("unsubscribe_risk", default.unsubscribe_risk, low=0, high=1),
        fatigue=document.number("fatigue", default.fatigue, low=0, high=1),
        budget=_at_most(document, "budget"),
        explore=document.number("explore", default.explore, low=0, high=0.5),
        explore_budget=_at_most(document, "explore_budget"),
    )


def _at_most(document: Document, key: str) -> float | None:
    return None if document.get(key) is None else document.number(key, 0.0, low=0)


def _value(document: Document) -> ValueRules:
    _check_keys(document, KEYS["value"])
    default = ValueRules()
    return ValueRules(
        discount_rate=document.number("discount_rate", default.discount_rate, low=0, high=2),
        retention_cost=document.number("retention_cost", default.retention_cost, low=0),
        retention_lift=document.number("retention_lift", default.retention_lift, low=0, high=1),
    )


def _hour(document: Document, key: str, default: time) -> time:
    text = document.text(key, default.isoformat("minutes"))
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise TenureError(
            f"`{key}` is not a time of day: `{text}`", "Write it as 21:00.", document.place(key)
        ) from None


def _channels(document: Document, currency: str) -> tuple[ChannelSettings, ...]:
    channels = document.child("channels")
    channels.allow(CHANNELS)
    if not channels.keys():
        return (ChannelSettings("email", "maildir"),)
    return tuple(_channel(name, channels.child(name), currency) for name in channels)


def _channel(name: str, document: Document, currency: str) -> ChannelSettings:
    _check_keys(document, KEYS["channel"])
    known = ADAPTERS["email" if name == "email" else ""]
    adapter = document.choice("adapter", known, known[0])
    security = document.choice("security", ("none", "starttls", "tls"), "none")
    cost = document.number("cost", 0.0, low=0, high=1_000)
    return ChannelSettings(
        name=name,
        adapter=adapter,
        cost_milli_minor=round(cost * minor_per_unit(currency) * 1000),
        per_day=None if document.get("per_day") is None else int(document.number("per_day", 0, low=0)),
        connections=int(document.number("connections", 4, low=1, high=64)),
        host=document.text("host", "localhost"),
        port=int(document.number("port", {"none": 25, "starttls": 587, "tls": 465}[security], low=1, high=65535)),
        security=security,  # type: ignore[arg-type]
        user=document.text("user"),
        timeout_seconds=document.number("timeout_seconds", 30.0, low=1, high=600),
    )


def _rates(document: Document) -> tuple[tuple[str, Fraction], ...]:
    for key in document:
        _check_currency(key.upper(), document, key)
    return tuple(
        (key.upper(), Fraction(document.number(key, 1.0, low=1e-9)).limit_denominator(10**9)) for key in document
    )
