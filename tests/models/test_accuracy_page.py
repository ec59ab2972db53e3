"""The page on accuracy shows what `python -m benchmarks.accuracy` prints, and agrees with the page on churn."""

from pathlib import Path

import pytest
from benchmarks.accuracy import SECTIONS, lines
from benchmarks.accuracy_purchases import rescaled, tables

PAGES = Path(__file__).resolve().parents[2] / "docs" / "explanation"
PAGE = (PAGES / "accuracy.md").read_text("utf-8").splitlines()


def figures_of(line: str) -> tuple[str, ...]:
    """The cells of a row; another page may write .786 for 0.786, a long minus, and bold."""
    cells = (cell.strip(" *").replace("−", "-") for cell in line.split("|")[1:-1])
    return tuple(cell.removeprefix("0") if cell.startswith("0.") else cell for cell in cells)


def missing(printed) -> list[str]:
    """The printed lines that the page has not, or has before an earlier one."""
    at, lacking = 0, []
    for line in filter(None, printed):
        if line in PAGE[at:]:
            at = PAGE.index(line, at)
        else:
            lacking.append(line)
    return lacking


# The others take from a quarter of a minute to several; their figures are held by the tests of their own models.
@pytest.mark.parametrize("name", ["spend", "paths", "discounts", "contracts", "curves"])
def test_the_page_shows_what_the_command_prints(name):
    printed = list(lines(name))
    if any(line.startswith("Not measured") for line in printed):
        pytest.skip("the records are not on this machine")
    assert len(printed) > 5 and not missing(printed)


def test_the_page_shows_what_the_models_say_of_cdnow():
    assert not missing(tables(shops=("CDNOW, every tenth",)))


def test_the_page_shows_what_rescaling_did():
    assert not missing(rescaled())


def test_every_section_of_the_command_is_on_the_page_in_its_order():
    assert not missing(f"### {heading}" for heading, _ in SECTIONS.values())


def test_the_churn_table_is_that_of_its_own_page():
    theirs = [line for line in (PAGES / "churn.md").read_text("utf-8").splitlines() if line.count("|") == 10]
    days = [figures_of(line) for line in theirs if figures_of(line)[1][:2] in ("19", "20")]
    assert len(days) == 9
    assert set(days) <= {figures_of(line) for line in PAGE if line.count("|") == 10}
