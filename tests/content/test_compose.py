"""Letters in six languages, as people will see them: golden files beside this test, and what holds for every mail.

To renew the golden files after a deliberate change: TENURE_GOLDEN=write pytest tests/content, then read the diff.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tenure.content import links
from tenure.content.compose import Composed, choose_locale
from tenure.content.words import first_name, greeting, offer_text
from tenure.domain.message import message_key

GOLDEN = Path(__file__).parent / "golden"
SECRET = b"a secret for the tests only 0123"
LETTERS = [("offer", "en"), ("offer", "de"), ("shelf", "fr"), ("shelf", "hu"), ("notice", "ru"), ("notice", "id")]
Mail = Callable[..., Composed]


@pytest.mark.parametrize(("name", "locale"), LETTERS)
def test_letters_look_as_they_were_approved(letter: Mail, name: str, locale: str) -> None:
    mail = letter(name, locale)
    for suffix, content in (("txt", f"Subject: {mail.subject}\n\n{mail.text}"), ("html", mail.html)):
        golden = GOLDEN / f"{name}.{locale}.{suffix}"
        if os.environ.get("TENURE_GOLDEN") == "write":
            golden.write_text(content, "utf-8")
        assert content == golden.read_text("utf-8")


@pytest.mark.parametrize(("name", "locale"), LETTERS)
def test_a_mail_reads_well_when_little_is_known(letter: Mail, name: str, locale: str) -> None:
    nothing = {"customer": {"customer_id": "42"}, "product": {}, "offer": None, "picks": [], "news": []}
    mail = letter(name, locale, **nothing)
    assert mail.text.split("\n")[0] == greeting(None, locale)
    assert "None" not in mail.subject + mail.text
    assert "{" not in mail.subject + mail.text


def test_a_mail_carries_its_links_and_none_of_them_names_the_customer(letter: Mail) -> None:
    mail = letter("offer", "en")
    key = message_key("offer", "42", "1042")
    for purpose in ("unsubscribe", "open"):
        assert links.address("https://tenure.corner.example", purpose, key, SECRET) in mail.html  # type: ignore[arg-type]
    assert "anna@" not in mail.html + mail.text
    assert "1 Market Street" in mail.html
    assert "1 Market Street" in mail.text


def test_a_service_message_is_no_advertising_and_has_nothing_to_unsubscribe_from(letter: Mail) -> None:
    mail = letter("notice", "id")
    assert "bukan iklan" in mail.text
    assert "/u/" not in mail.html + mail.text
    assert b"List-Unsubscribe" not in mail.body


def test_the_wire_form_holds_both_parts(letter: Mail) -> None:
    mail = letter("shelf", "fr")
    message = message_from_bytes(mail.body, policy=policy.SMTP)
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().replace("\r\n", "\n") == mail.text
    assert rich.get_content().replace("\r\n", "\n").strip() == mail.html.strip()
    assert message["Subject"] == mail.subject
    assert len(mail.body) < 100_000


def test_nothing_is_loaded_from_outside_but_the_open_picture(letter: Mail) -> None:
    page = letter("offer", "en").html
    assert "<link" not in page
    assert "@import" not in page
    assert "<script" not in page
    assert page.count("<img") == 1


def test_the_layout_is_ready_for_phones_and_for_the_dark(letter: Mail) -> None:
    page = letter("offer", "en").html
    assert "prefers-color-scheme: dark" in page
    assert "max-width: 480px" in page
    assert 'lang="en"' in page


def test_a_slot_written_in_a_message_is_text(written: Mail) -> None:
    page = written("\\[[footer]] and \\[[body]]", subject="[[body]]").html
    assert "[[footer]] and [[body]]" in page
    assert "<title>[[body]]</title>" in page


@pytest.mark.parametrize(
    ("locale", "chosen"),
    [("de", "de"), ("de-AT", "de"), ("de_CH", "de"), ("en-GB", "en"), ("fr", "en"), ("", "en"), ("pt-BR", "pt-BR")],
)
def test_the_nearest_written_language_is_taken(locale: str, chosen: str) -> None:
    assert choose_locale({"en": "", "de": "", "pt-BR": ""}, locale, "en") == chosen


@pytest.mark.parametrize(
    ("name", "locale", "first"),
    [("Anna Schmidt", "de", "Anna"), ("Anna", "de", None), ("Schmidt, Anna", "de", None),
     ("Dr. Anna Schmidt", "de", None),
     ("A. Schmidt", "en", None), ("Nagy Anna", "hu", None), ("", "en", None), (None, "en", None), ("jo x", "en", None),
     ("Jean-Luc Picard", "fr", "Jean-Luc"), ("http://x y", "en", None), ("ООО Ромашка", "ru", None),
     ("ANNA SCHMIDT", "de", None), ("Анна Петрова", "ru", "Анна"), ("Петрова Анна", "ru", None)],
)  # fmt: skip
def test_nobody_is_greeted_by_a_guess(name: str | None, locale: str, first: str | None) -> None:
    assert first_name(name, locale) == first


@pytest.mark.parametrize(
    ("name", "locale", "said"),
    [("Anna", "en", "Hello Anna,"), (None, "en", "Hello,"), (" ", "de", "Guten Tag,"), ("Anna", "de-AT", "Hallo Anna,"),
     ("Anna", "fr", "Bonjour Anna,"), (None, "hu-HU", "Kedves Ügyfelünk!"), ("Анна", "ru", "Здравствуйте, Анна!"),
     ("Anna", "id", "Halo Anna,"), ("Anna", "pt", "Hello Anna,")],
)  # fmt: skip
def test_a_greeting_reads_well_with_a_name_and_without(name: str | None, locale: str, said: str) -> None:
    assert greeting(name, locale) == said


@pytest.mark.parametrize(
    ("kind", "value", "locale", "said"),
    [("percent", 10, "en", "10% off"), ("percent", 12.5, "en", "12.5% off"), ("percent", 10, "de", "10\u00a0% Rabatt"),
     ("amount", 5, "en", "€5.00 off"), ("free_shipping", 0, "de", "kostenloser Versand"), ("gift", 0, "en", "a gift"),
     ("percent", 10, "fr", "10\u00a0% de réduction"), ("percent", 10, "ru", "скидка 10\u00a0%"),
     ("percent", 10, "id", "diskon 10%"), ("amount", 1000, "hu", "1\u00a0000,00\u00a0EUR kedvezmény")],
)  # fmt: skip
def test_an_offer_is_said_in_the_customers_language(kind: str, value: float, locale: str, said: str) -> None:
    assert offer_text(kind, value, "EUR", locale) == said
