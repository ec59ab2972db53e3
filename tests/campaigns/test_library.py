"""The campaigns that come with Tenure can be used as they are: each reads, and says whole sentences to everybody."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

from tenure.app import initialise
from tenure.app.recipes import recipes
from tenure.app.workspace import open_workspace
from tenure.campaigns.parse import parse, sorted_messages
from tenure.content import markdown, templates
from tenure.content.compose import complete
from tenure.content.matter import KEYS
from tenure.content.words import Manner
from tenure.domain.business import Business, Sender
from tenure.domain.campaign import Campaign
from tenure.domain.happenings import CALENDAR, IMPLIED_EVENTS, RELEASE, SCHEDULE, YEARLY
from tenure.domain.profile import COLUMNS, Unit

LIBRARY = resources.files("tenure.campaigns")
NAMES = ["welcome", "cultural-moments", "whats-new", "abandoned-cart", "abandoned-browsing", "paywall-preview",
         "trial-ending", "plan-upgrade", "add-on", "thank-you", "follow-up", "second-order", "discount-to-habit",
         "satisfaction-survey", "cross-sell", "up-sell", "new-product", "sale", "vip-offer", "birthday", "anniversary",
         "season-opening", "replacement-due", "newest-release", "newsletter", "review-request", "referral",
         "reward-available", "tier-near", "tier-reached", "milestone", "challenge", "donation-impact",
         "membership-invitation", "renewal-by-date", "renewal-by-use", "check-details", "auto-renewal-notice",
         "payment-confirmation", "still-using", "payment-failed", "save-before-leaving", "complaint-recovery",
         "win-back", "exit-survey", "last-goodbye"]  # fmt: skip
# What somebody is owed because of what they agreed to or suffered; everything else is advertising and asks for consent.
SERVICE = {"auto-renewal-notice", "payment-confirmation", "payment-failed", "still-using", "trial-ending",
           "complaint-recovery"}  # fmt: skip

SHOP = Business(name="Corner Shop", currency="EUR", url="https://corner.example", sender=Sender("Corner Shop"))
SAMPLES: dict[Unit, object] = {
    "text": "tea", "texts": ["email"], "moment": "2011-09-14T07:30:00", "money": 1234.5, "number": 1.5, "share": 0.5,
    "days": 12.0, "count": 12, "flag": True,
}  # fmt: skip
PRODUCT = {"product_id": "p1", "name": "Ground coffee, 500 g", "category": "coffee", "brand": "Aroma", "price": 7.9,
           "url": "https://corner.example/p/1", "image_url": "https://corner.example/p/1.png"}  # fmt: skip
LONG = "Hand-woven picnic blanket with a waterproof back, two metres by two, in moss green"
# Properties of events that a business records itself, and that the library's files name.
RECORDED = ("title", "tier", "next_tier", "milestone", "challenge", "cause")
OFFER = {"kind": "percent", "value": 10}

Context = dict[str, object]


def everything(name: str = "", **changes: object) -> Context:
    """All that a message may name is known; names are long where one is given."""
    said = name or "Harvest festival"
    properties: dict[str, object] = dict.fromkeys((*CALENDAR, *RELEASE, *SCHEDULE, *YEARLY, *RECORDED), said)
    properties |= dict.fromkeys((key for keys in IMPLIED_EVENTS.values() for key in keys), 3)
    properties |= dict.fromkeys(("starts_on", "ends_on", "released_at"), "2011-09-20") | {"total": 23.5, "years": 2}
    properties |= {"points_missing": 40, "goal": "30 km", "given": 12, "share_url": "https://corner.example/s/1"}
    product = PRODUCT | ({"name": name} if name else {})
    return {
        "customer": {column.name: SAMPLES[column.unit] for column in COLUMNS} | {"name": "Anna Schmidt"},
        "product": product,
        "picks": [product | {"product_id": f"p{n}"} for n in range(4)],
        "news": [product | {"product_id": f"p{n}", "price": None, "url": None} for n in range(4)],
        "occasion": {"key": "k", "at": "2011-09-13T10:00:00", "properties": properties},
        **changes,
    }  # fmt: skip


CONTEXTS: dict[str, Context] = {
    "everything is known": everything(),
    "everything and an offer": everything(offer=OFFER),
    "names are long": everything(LONG, offer=OFFER),
    "nothing renews by itself": everything(customer={"auto_renew": False, "trial_ends_at": "2011-09-14T07:30:00"}),
    "nothing is known": {},
    "nothing but an offer": {"offer": OFFER},
}


@cache
def files(name: str) -> Mapping[str, str]:
    return {file.name: file.read_text("utf-8") for file in LIBRARY.joinpath(name).iterdir()}


@cache
def campaign(name: str) -> Campaign:
    messages, steps = sorted_messages(files(name))
    return parse(name, files(name)["campaign.yaml"], messages, name, step_messages=steps)


def said(name: str) -> Iterator[tuple[str, str, Campaign]]:
    """Every message file of a campaign with its locale and the part that it speaks for."""
    parts = {part.step or "message": part for part in (campaign(name), *campaign(name).steps)}
    for file in sorted(files(name)):
        if file.endswith(".md"):
            stem, locale, _ = file.split(".")
            yield file, locale, parts[stem]


@cache
def template(name: str, file: str, channels: tuple[str, ...]) -> templates.Template:
    return templates.parse(files(name)[file], f"{name}/{file}", channels)


def words(markdown_text: str) -> int:
    """Words of the running text, without lists and addresses."""
    kept = [line for line in markdown_text.splitlines() if not line.startswith("- ")]
    return len(re.sub(r"\]\([^)]*\)", "", "\n".join(kept)).split())


def test_the_library_holds_these_campaigns_and_no_other() -> None:
    found = [entry.name for entry in LIBRARY.iterdir() if entry.is_dir() and not entry.name.startswith("_")]
    assert sorted(found) == sorted(NAMES) and len(set(NAMES)) == 46


def test_the_page_of_the_library_shows_each_of_them_once() -> None:
    page = runpy.run_path(str(Path(__file__).parents[2] / "docs/_ext/library.py"))
    assert sorted(name for names in page["CHAPTERS"].values() for name in names) == sorted(NAMES)
    assert page["library"]().count("\n| when | ") == len(NAMES)


def test_a_new_workspace_can_use_all_of_them(tmp_path) -> None:
    initialise(tmp_path)
    read, mistakes = recipes(open_workspace(tmp_path))
    assert [mistake.sentence for mistake in mistakes] == []
    assert len(read) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_campaign_reads_and_keeps_the_house_s_judgement(name: str) -> None:
    read = campaign(name)
    is_service = read.purpose == "service"
    assert files(name)["campaign.yaml"].startswith("# "), "it says what it is for"
    assert "email" in read.channels
    assert (name in SERVICE) or not is_service
    assert (read.control == 0.0) if is_service else (0.05 <= read.control <= 0.2)
    assert not (is_service and read.offer and name != "complaint-recovery")
    assert is_service or "complaint" in dict(read.quiet_after)
    assert read.effect.lift <= 0.1 and (read.effect.lift >= 0.003 or is_service)
    assert read.offer is None or read.offer.when is not None or read.offer.lift > 0


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_written_in_the_languages_of_the_first_message(name: str) -> None:
    read = campaign(name)
    assert {step.locales for step in read.steps} <= {read.locales}


@pytest.mark.parametrize("name", NAMES)
def test_everybody_gets_whole_sentences_on_every_channel(name: str) -> None:
    for file, locale, part in said(name):
        read = template(name, file, part.channels)
        for about, context in CONTEXTS.items():
            if ("offer" in context) > (part.offer is not None):
                continue
            where, known = f"{file}, {about}", complete(context, SHOP, locale)
            manner = Manner(locale, SHOP.currency, SHOP.timezone)
            shown = templates.render(read, known, manner)
            lines = {key: templates.render_line(read, key, known, manner) for key in KEYS}
            body = shown.markdown
            assert shown.preheader, where
            assert len(lines["sms"]) <= 320 and len(lines["push"]) <= 180 and len(lines["push_title"]) <= 50, where
            assert all(lines[key] for key in read.parts if key != "body"), where
            assert ("offer" in context) == (str(known["offer"] and known["offer"]["text"]) in plain(body)), where
            assert sum(token.attrGet("class") == "button" for token in inline(body)) <= 1, where
            for text in (*lines.values(), plain(body)):
                assert not dangling(text), f"{where}: {dangling(text)}"
            if locale == "en":
                assert len(shown.subject) <= 60, f"{where}: {shown.subject}"
                assert words(body) <= 135, where
                assert words(body) >= 40 or about != "everything is known", where


def inline(body: str) -> Iterator[markdown.Token]:
    for token in markdown.parse(body):
        yield from token.children or ()


def plain(body: str) -> str:
    return re.sub(r"https?://\S+", "", markdown.to_text(markdown.parse(body)))


def dangling(text: str) -> str | None:
    """What is left behind where something unset was meant to stand, or cried instead of said."""
    # French sets a narrow space that does not break before `:;!?`, after a word and nowhere else.
    french = r"[^\S\u202f][,.;:!?](?:\s|$)|(?:^|\s)\u202f[:;!?]|\u202f[,.]|"
    found = re.search(french + r"[,.:;]{2}|,[.!?]|\(\s*\)|!\s*!|\*\*|\bNone\b|\{|\}|[,:]\s*$", text)
    return found and text[max(0, found.start() - 20) : found.end() + 20]
