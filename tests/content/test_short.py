"""Text messages, notifications, letters and webhooks say what their file says, within the length of their channel."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.content.short import LIMITS, Short, shorten

Make = Callable[..., Short]
STOP = "https://tenure.corner.example/u/"


def test_a_marketing_text_message_says_how_to_stop_in_its_own_language(short: Make) -> None:
    assert re.fullmatch(
        rf"Corner Shop: Sie waren eine Weile nicht da\. https://corner\.example/\nAbmelden: {STOP}[\w-]{{36}}",
        short("sms", "offer", "de-AT").text,
    )


def test_a_service_text_message_has_nothing_to_stop(short: Make) -> None:
    made = short("sms", "notice", "ru")
    assert made.text == "Corner Shop: платёж 23,50 € не прошёл. Исправить: https://corner.example/pay"
    assert made.body == f"{made.text}\n".encode()


def test_a_text_message_is_plain_text_whatever_its_values_hold(short: Make) -> None:
    shop = {"name": "*Corner* [Shop]\n", "url": "https://corner.example/a_b"}
    assert short("sms", "offer", "en", shop=shop).text.startswith(
        "*Corner* [Shop] : it has been a while. 10% off on your next order: https://corner.example/a_b\nStop: "
    )


def test_a_notification_has_a_title_a_text_and_leads_where_the_mails_button_does(short: Make) -> None:
    document = json.loads(short("push", "offer", "en").body)
    assert document == {
        "message": document["message"], "campaign": "offer", "to": "+44 20 7946 0018", "language": "en",
        "title": "We have missed you", "text": "10% off on your next order.", "link": "https://corner.example/",
    }  # fmt: skip


def test_an_app_shows_the_mails_own_words_where_it_has_no_others(short: Make) -> None:
    assert short("inapp", "notice", "ru").text == "Платёж не прошёл. Проверьте способ оплаты."
    made = short("inapp", "notice", "id")
    assert made.title == "Pembayaran belum berhasil"
    assert made.text.startswith("Halo Anna, Kopi Pembayaran Anda sebesar €23,50")


def test_a_letter_is_the_mails_text_under_the_shops_address(short: Make) -> None:
    text = short("mail", "offer", "en").body.decode()
    assert text.startswith(
        "Corner Shop, 1 Market Street, Leeds LS1 1AA\n\nWe have missed you: 10% off\n\nHello Anna,\n"
    )
    assert "/u/" not in text


def test_a_webhook_carries_every_variant_that_is_written(short: Make) -> None:
    document = json.loads(short("webhook", "offer", "en").body)
    assert {"subject", "preheader", "sms", "push_title", "push", "text", "link", "purpose"} < set(document)
    assert "inapp" not in document


@pytest.mark.parametrize(
    ("text", "limit", "said"),
    [("short", 10, "short"), ("one two three", 9, "one two…"), ("one, two", 6, "one…"), ("x" * 20, 5, "xxxx…"),
     ("see what is new https://x.example/abc", 30, "see… https://x.example/abc"),
     ("https://x.example/abcdef and more words", 20, "https://x.example/abcdef")],
)  # fmt: skip
def test_what_is_too_long_ends_at_a_word(text: str, limit: int, said: str) -> None:
    assert shorten(text, limit) == said


_WORD = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=12) | st.just("https://x.example/a?b=c")


@settings(max_examples=100)
@given(words=st.lists(_WORD, min_size=1, max_size=80), limit=st.sampled_from(sorted(LIMITS.values())))
def test_no_link_is_ever_cut_and_no_text_is_too_long(words: list[str], limit: int) -> None:
    text = " ".join(words)
    made = shorten(text, limit)
    assert len(made) <= limit
    links = re.findall(r"https?://\S+", text)
    assert made == text or set(re.findall(r"https?://\S+", made)) <= set(links)
    assert not links or links[-1] in made
