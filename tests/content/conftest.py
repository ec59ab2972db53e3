"""A shop, a customer, and letters in six languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tenure.content.compose import Composed, compose_email
from tenure.content.short import Short, compose_short
from tenure.domain.business import Business, Sender
from tenure.domain.message import message_key

LETTERS = Path(__file__).parent / "letters"
SECRET = b"a secret for the tests only 0123"
DATE = datetime(2011, 9, 14, 7, 30, tzinfo=UTC)
BUSINESS = Business(
    name="Corner Shop",
    currency="EUR",
    timezone="Europe/Berlin",
    base_url="https://tenure.corner.example",
    links=(("payment", "https://corner.example/pay"),),
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
    "picks": [
        {
            "product_id": "p1",
            "name": "Oolong [spring] 100 g",
            "price": 12.5,
            "url": "https://corner.example/p/1?a=1&b=2",
        },
        {"product_id": "p2", "name": "Tea pot | glass", "price": 1234.0},
    ],
    "news": [
        {
            "product_id": "p3",
            "name": "Kettle",
            "price": 49,
            "url": "https://corner.example/p/3",
            "image_url": "https://corner.example/i/3.jpg",
        },
        {"product_id": "p4", "name": "Cups, set of six", "price": None, "url": "https://corner.example/p/4"},
    ],
    "product": {"name": "Ground coffee 500 g", "url": "https://corner.example/p/coffee?size=500&grind=fine"},
    "occasion": {"key": "1042", "at": "2011-09-10 08:00:00", "properties": {"order_id": "1042", "total": 23.5}},
    "offer": {"kind": "percent", "value": 10},
    "shop": {"name": "Corner Shop", "url": "https://corner.example/"},
}


def texts_of(letter: str) -> dict[str, str]:
    """A letter's files by locale."""
    return {file.name.split(".")[1]: file.read_text("utf-8") for file in sorted(LETTERS.glob(f"{letter}.*.md"))}


def key_of(letter: str) -> str:
    return message_key(letter, "42", "1042")


def purpose_of(letter: str) -> str:
    return "service" if letter == "notice" else "marketing"


def compose(letter: str, locale: str, **changes: object) -> Composed:
    """One of the letters to the same customer."""
    context = {**CONTEXT, **changes}
    return compose_email(
        texts_of(letter), locale, context, BUSINESS, key_of(letter), SECRET, DATE, recipient="anna@example.org",
        purpose=purpose_of(letter), path="letters", stem=letter,  # type: ignore[arg-type]
    )  # fmt: skip


def compose_for(channel: str, letter: str, locale: str, **changes: object) -> Short:
    """One of the letters to the same customer, on another channel."""
    context = {**CONTEXT, **changes}
    return compose_short(
        channel, texts_of(letter), locale, context, BUSINESS, key_of(letter), SECRET, recipient="+44 20 7946 0018",
        purpose=purpose_of(letter), path="letters", stem=letter, campaign=letter,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def letter() -> Callable[..., Composed]:
    """Composes one of the letters: name, locale, changes to the context."""
    return compose


@pytest.fixture
def short() -> Callable[..., Short]:
    """Composes one of the letters for another channel: channel, name, locale, changes to the context."""
    return compose_for


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
