"""Every language says everything, in its own words and with every blank that is filled in."""

from __future__ import annotations

import string
from dataclasses import fields

import pytest

from tenure.content.phrases import BY_LANGUAGE
from tenure.content.words import first_name, greeting

ENGLISH = BY_LANGUAGE["en"]
TEXTS = [field.name for field in fields(ENGLISH) if field.name != "family_name_first"]


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_six_languages_are_spoken() -> None:
    assert set(BY_LANGUAGE) >= {"en", "fr", "de", "ru", "id", "hu"}


@pytest.mark.parametrize("language", sorted(BY_LANGUAGE))
def test_each_phrase_is_there_with_the_same_blanks(language: str) -> None:
    said = BY_LANGUAGE[language]
    for name in TEXTS:
        assert getattr(said, name).strip() == getattr(said, name) != ""
        assert blanks(getattr(said, name)) == blanks(getattr(ENGLISH, name)), name
    same = [name for name in TEXTS if getattr(said, name) == getattr(ENGLISH, name)]
    assert language == "en" or len(same) <= 1, same


def test_where_the_family_name_comes_first_nobody_is_greeted_by_it() -> None:
    assert greeting(first_name("Nagy Anna", "hu-HU"), "hu-HU") == "Kedves Ügyfelünk!"
