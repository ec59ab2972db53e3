"""The library's mails, as people will see them: golden files beside this test, and what must hold for every mail.

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
CAMPAIGNS = ["follow-up", "replacement-due", "win-back"]
Mail = Callable[..., Composed]


@pytest.mark.parametrize("campaign", CAMPAIGNS)
@pytest.mark.parametrize("locale", ["en", "de"])
def test_the_librarys_mails_look_as_they_were_approved(library_mail: Mail, campaign: str, locale: str) -> None:
    mail = library_mail(campaign, locale)
    for suffix, content in (("txt", f"Subject: {mail.subject}\n\n{mail.text}"), ("html", mail.html)):
        golden = GOLDEN / f"{campaign}.{locale}.{suffix}"
        if os.environ.get("TENURE_GOLDEN") == "write":
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(content, "utf-8")
        assert content == golden.read_text("utf-8")


@pytest.mark.parametrize("campaign", CAMPAIGNS)
@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_mail_reads_well_when_little_is_known(library_mail: Mail, campaign: str, locale: str) -> None:
    mail = library_mail(campaign, locale, customer={"customer_id": "42"}, product={}, occasion={}, offer=None)
    assert mail.text.startswith({"en": "Hello,\n", "de": "Guten Tag,\n"}[locale])
    for text in (mail.subject, mail.text):
        assert "None" not in text
        assert " ," not in text
        assert " ." not in text
        assert "  " not in text


def test_a_mail_carries_its_three_links_and_none_of_them_names_the_customer(library_mail: Mail) -> None:
    mail = library_mail("win-back", "en")
    key = message_key("win-back", "42", "1042")
    for purpose in ("unsubscribe", "open"):
        assert links.address("https://tenure.corner.example", purpose, key, SECRET) in mail.html  # type: ignore[arg-type]
    assert "anna@" not in mail.html + mail.text
    assert "1 Market Street" in mail.html
    assert "1 Market Street" in mail.text


def test_the_wire_form_holds_both_parts(library_mail: Mail) -> None:
    mail = library_mail("win-back", "de")
    message = message_from_bytes(mail.body, policy=policy.SMTP)
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().replace("\r\n", "\n") == mail.text
    assert rich.get_content().replace("\r\n", "\n").strip() == mail.html.strip()
    assert message["Subject"] == mail.subject.replace("\u00a0", " ") or message["Subject"] == mail.subject
    assert len(mail.body) < 100_000


def test_nothing_is_loaded_from_outside_but_the_open_picture(library_mail: Mail) -> None:
    page = library_mail("win-back", "en").html
    assert "<link" not in page
    assert "@import" not in page
    assert "<script" not in page
    assert page.count("<img") == 1


def test_the_layout_is_ready_for_phones_and_for_the_dark(library_mail: Mail) -> None:
    page = library_mail("win-back", "en").html
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
     ("Anna", "fr", "Bonjour Anna,"), (None, "hu-HU", "Tisztelt Ügyfelünk!"), ("Анна", "ru", "Здравствуйте, Анна!"),
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
