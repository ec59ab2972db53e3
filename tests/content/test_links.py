"""A signed link does what it says for the message it was made for, and nothing else."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.content.links import PATHS, Purpose, address, read, sign
from tenure.domain.message import message_key

SECRET = b"sixteen bytes at least"
KEY = message_key("win-back", "42", "2011-06-03")
PURPOSES: list[Purpose] = ["unsubscribe", "open"]
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_token_is_36_characters_and_comes_back_as_the_start_of_the_key(purpose: Purpose) -> None:
    token = sign(purpose, KEY, SECRET)
    assert len(token) == 36
    assert read(token, purpose, SECRET) == KEY[:22]


@pytest.mark.parametrize("made", PURPOSES)
@pytest.mark.parametrize("used", PURPOSES)
def test_a_token_serves_one_purpose_only(made: Purpose, used: Purpose) -> None:
    assert (read(sign(made, KEY, SECRET), used, SECRET) is not None) == (made == used)


def test_no_token_with_one_character_changed_is_accepted() -> None:
    tried = 0
    for purpose in PURPOSES:
        for number in range(2):
            token = sign(purpose, message_key("c", str(number), "o"), SECRET)
            for at, sign_ in enumerate(token):
                for other in ALPHABET:
                    if other != sign_:
                        tried += 1
                        assert read(token[:at] + other + token[at + 1 :], purpose, SECRET) is None
    assert tried > 9_000


@settings(max_examples=500)
@given(raw=st.binary(min_size=27, max_size=27), purpose=st.sampled_from(PURPOSES))
def test_no_guessed_token_is_accepted(raw: bytes, purpose: Purpose) -> None:
    assert read(base64.urlsafe_b64encode(raw).decode(), purpose, SECRET) is None


@given(text=st.text(max_size=60))
def test_any_text_may_be_asked_and_nothing_breaks(text: str) -> None:
    assert read(text, "open", SECRET) is None


@pytest.mark.parametrize("change", [lambda t: t + "=", lambda t: t + "\n", lambda t: " " + t, lambda t: t[:-1]])
def test_a_token_has_one_spelling(change: object) -> None:
    assert callable(change)
    assert read(change(sign("open", KEY, SECRET)), "open", SECRET) is None


def test_another_secret_opens_nothing() -> None:
    assert read(sign("open", KEY, SECRET), "open", b"another secret of length") is None


def test_a_short_secret_or_a_strange_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        sign("open", KEY, b"short")
    with pytest.raises(ValueError, match="32 hex digits"):
        sign("open", "42", SECRET)


def test_a_link_stands_under_the_path_of_its_purpose() -> None:
    for purpose in PURPOSES:
        assert address("https://x.example/", purpose, KEY, SECRET).startswith(f"https://x.example{PATHS[purpose]}")
