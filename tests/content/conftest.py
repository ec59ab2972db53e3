"""A shop, a customer and the library's messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources

import pytest

from tenure.content.compose import Composed, compose_email
from tenure.domain.business import Business, Sender
from tenure.domain.message import message_key

SECRET = b"a secret for the tests only 0123"
DATE = datetime(2011, 9, 14, 7, 30, tzinfo=UTC)
BUSINESS = Business(
    name="Corner Shop",
    currency="EUR",
    timezone="Europe/Berlin",
    base_url="https://tenure.corner.example",
    sender=Sender("Corner Shop", "hello@corner.example", "", "Corner Shop\n1 Market Street\nLeeds LS1 1AA"),
)
CONTEXT: dict[str, object] = {
    "customer": {
        "customer_id": "42",
        "name": "Anna Schmidt",
        "last_order_at": "2011-06-03 10:15:00",
        "replacement_due_at": "2011-09-16T00:00:00",
        "channels": ["email"],
    },
    "product": {"name": "Ground coffee 500 g", "url": "https://corner.example/p/coffee?size=500&grind=fine"},
    "occasion": {"key": "1042", "at": "2011-09-10 08:00:00", "properties": {"order_id": "1042", "total": 23.5}},
    "offer": {"kind": "percent", "value": 10},
    "shop": {"name": "Corner Shop", "url": "https://corner.example/"},
}


def library(campaign: str) -> dict[str, str]:
    """The messages of a campaign that comes with Tenure, by locale."""
    folder = resources.files("tenure.campaigns").joinpath(campaign)
    return {file.name.split(".")[1]: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".md")}


def compose(campaign: str, locale: str, **changes: object) -> Composed:
    """One mail of the library to the same customer."""
    key = message_key(campaign, "42", "1042")
    context = {**CONTEXT, **changes}
    return compose_email(
        library(campaign), locale, context, BUSINESS, key, SECRET, DATE, recipient="anna@example.org", path=campaign
    )


@pytest.fixture
def library_mail() -> Callable[..., Composed]:
    """Composes one of the library's mails: campaign, locale, changes to the context."""
    return compose


@pytest.fixture
def written() -> Callable[..., Composed]:
    """Composes a message from its own text: `body`, `subject`, context changes."""

    def write(body: str, subject: str = "Hello", locale: str = "en", **changes: object) -> Composed:
        text = f"---\nsubject: {subject}\n---\n{body}"
        key = message_key("test", "42", "1")
        context = {**CONTEXT, **changes}
        return compose_email(
            {"en": text, "de": text}, locale, context, BUSINESS, key, SECRET, DATE, recipient="anna@example.org"
        )

    return write
