"""What the pages show works as they show it, and no key is left undescribed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tenure.campaigns import occasion, steps
from tenure.campaigns.conditions import Source, parse_condition
from tenure.campaigns.kinds import CHANNELS
from tenure.campaigns.parse import KEYS, QUIET_WORDS, parse
from tenure.campaigns.pieces import OFFERS, SENDS, STOPS
from tenure.content import matter, templates, vocabulary
from tenure.content.filters import allowed
from tenure.content.words import DATE_STYLES
from tenure.domain import happenings
from tenure.domain.errors import Place, TenureError
from tenure.domain.profile import STAGES

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference/campaign-file.md").read_text("utf-8")
HOW_TO = (DOCS / "how-to/write-a-campaign.md").read_text("utf-8")
CONDITIONS = (DOCS / "reference/conditions.md").read_text("utf-8")
MESSAGES = {"en": "---\nsubject: x\n---\ny"}
SHELL = "title: T\nchannels: [email]\n"


def blocks(text: str, language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [block for name, block in fenced if name == language]


@pytest.mark.parametrize("example", [*blocks(REFERENCE, "yaml"), *blocks(HOW_TO, "yaml")])
def test_every_campaign_on_the_pages_reads(example: str) -> None:
    text = example if example.startswith("title:") else SHELL + example
    if "occasion" not in text:
        text += "occasion: {key: last_order_at}\n"
    steps_written = dict.fromkeys(re.findall(r"^  - name: (\S+)", text, re.MULTILINE), MESSAGES)
    campaign = parse("renew-happy", text, MESSAGES, step_messages=steps_written)
    assert campaign.occasion.key
    assert [step.step for step in campaign.steps] == [*steps_written]


@pytest.mark.parametrize(
    "example", [*blocks(HOW_TO, "markdown"), *[b for b in blocks(REFERENCE, "") if "subject" in b]]
)
def test_every_message_on_the_pages_reads(example: str) -> None:
    assert templates.parse(example, "message.en.md").parts["body"]


def test_the_reference_names_every_word_that_can_be_written() -> None:
    words = {*KEYS, *STOPS, *OFFERS, *QUIET_WORDS, *CHANNELS, *STAGES, *templates.TAGS, *allowed(), *matter.KEYS,
             *occasion.KEYS, *steps.KEYS, *SENDS, *happenings.IMPLIED_EVENTS, *happenings.CALENDAR_KINDS,
             *happenings.RELEASES, *happenings.PERIODS, *happenings.CALENDAR, *happenings.RELEASE,
             *happenings.SCHEDULE, *happenings.YEARLY}  # fmt: skip
    assert [word for word in sorted(words) if f"`{word}`" not in REFERENCE] == []
    assert [style for style in DATE_STYLES if f'`"{style}"`' not in REFERENCE] == []
    assert [name for name in vocabulary.VOCABULARY if f"`{name}" not in REFERENCE] == []


def _conditions() -> list[str]:
    rows = re.findall(r"^\| [^|]+ \| (.+) \|$", CONDITIONS.split("## ")[0], re.MULTILINE)
    return [
        code for row in rows for code in re.findall(r"`([^`]+)`", row) if re.search(r"[=<>]| IN |NOT |IS | BETW", code)
    ]


@pytest.mark.parametrize("text", [text for text in _conditions() if text not in ("!=",)])
def test_every_condition_on_the_page_reads(text: str) -> None:
    assert parse_condition(text, Source("audience", Place("page"), properties=True))


def test_the_refusal_on_the_page_is_the_refusal_people_see() -> None:
    shown = blocks(CONDITIONS, "")[0].strip()
    with pytest.raises(TenureError) as refused:
        parse_condition("orders >= 2 AND ovredue > 1", Source("audience", Place("campaigns/win-back/campaign.yaml", 4)))
    assert refused.value.sentence == shown
