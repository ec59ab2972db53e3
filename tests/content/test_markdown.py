"""A message read block by block is the message read as a whole, and each form looks as it should."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.content.markdown import render, render_block, split
from tenure.domain.errors import TenureError

_LINES = st.sampled_from(
    ["", "", "", " ", "\t", "word", "two words  ", "ends\\", "- item", "* item", "+ x", "  - deeper", "    indented",
     "\tcode", "1. one", "2) two", "12345678901. no", "> quoted", ">", "# Title", "###", "---", "***", "===", "```",
     "~~~", "`a", "[x](https://x.example)", "[y]", "[y]: https://y.example", "![p](https://x.example/p.png)",
     "| a | b |", "|---|:-:|", "|c|d|", "<div>", "<!-- no", "-->", "**bold", "bold**", "&amp;", "\u00a0", "\x0b",
     "-", "1.", "-x", "a\rb", "c\r\nd", "\u2028"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(lines=st.lists(_LINES, max_size=14))
def test_blocks_one_by_one_are_the_message_as_a_whole(lines: list[str]) -> None:
    text = "\n".join(lines)
    whole, made = render_block(text), render(text)
    assert made.html == whole.html
    assert made.text.strip() == whole.text.strip()
    assert (made.button, made.link) == (whole.button, whole.link)


def test_most_of_a_message_is_read_once_for_everybody() -> None:
    assert len(list(split("Hello,\n\nsame for all.\n\n- a\n\n- b\n\n[Go](https://x.example)\n"))) == 3


def test_a_link_alone_is_a_button_and_a_quotation_a_panel() -> None:
    made = render("> now\n\nsee [this](https://x.example/1)\n\n[Go](https://x.example/2)\n")
    assert (made.button, made.link) == ("https://x.example/2", "https://x.example/1")
    assert 'class="panel"' in made.html
    assert 'class="action"' in made.html
    assert "<blockquote" not in made.html


@pytest.mark.parametrize(
    ("text", "is_shelf"),
    [("- [a](https://x.example): 5\n- [b](https://x.example)", True), ("- [a](https://x.example)\n- plain", False),
     ("- [a](https://x.example)\n\n- [b](https://x.example)", True), ("- a", False), ("-", False),
     ("- ![](https://x.example/a.png) [a](https://x.example)", True), ("1. [a](https://x.example)", False),
     ("- [a](https://x.example)\n  - plain", True)],
)  # fmt: skip
def test_a_list_of_links_is_a_shelf(text: str, is_shelf: bool) -> None:
    assert ('class="shelf"' in render(text).html) == is_shelf


def test_a_table_without_a_head_has_none() -> None:
    made = render("| | |\n|---|---|\n| [Tea](https://x.example/t) | 5 € |\n| Pot | |\n")
    assert "<thead" not in made.html
    assert made.text == "- Tea (https://x.example/t)\n  5 €\n- Pot\n"
    assert "<thead" in render("| a |\n|---|\n| b |\n").html


def test_a_link_that_leads_nowhere_is_refused_under_the_name_of_its_file() -> None:
    for _ in range(2):
        with pytest.raises(TenureError) as refused:
            render("fine\n\n[x](javascript:y)", "campaigns/x/message.en.md")
        assert refused.value.sentence.startswith("campaigns/x/message.en.md: a link with the scheme `javascript`")
