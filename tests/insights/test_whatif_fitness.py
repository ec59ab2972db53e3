"""The invented fitness subscription: its page says what the commands say, and its future was foreseen."""

import re
import shlex
from pathlib import Path

import pytest

from tenure.domain.errors import TenureError
from tenure.insights.whatif import Ask
from tenure.operations.whatif import whatif
from tenure.scaffold import members
from tenure.warehouse.snapshot import WarehouseQuery

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorial/does-a-customer-pay.md"
STEP = re.compile(r"^<!-- (run|says|begins|ends) -->\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The workspace of the example as the demo leaves it."""
    from tenure.app import show

    made = tmp_path_factory.mktemp("example") / "stride"
    shown = show(made, "fitness", Silent())
    assert not [one for one in shown.loaded if one.quarantined]
    assert shown.profiles == members.PEOPLE
    assert any("is lost on each" in sentence for sentence in shown.sentences())
    assert shown.as_json()["whatif"]["cheapest"] == "cost.acquisition"
    return made


class Silent:
    def start(self, task, total=None): ...
    def advance(self, steps=1): ...
    def finish(self, summary=""): ...


def test_the_tutorial_shows_what_the_commands_say(folder, monkeypatch, capsys):
    from tenure.cli import tenure

    monkeypatch.chdir(folder)
    monkeypatch.delenv("TENURE_WORKSPACE", raising=False)
    said, compared = "", 0
    for kind, text in STEP.findall(PAGE.read_text("utf-8")):
        if kind == "run":
            for line in text.splitlines():
                if line.startswith("tenure whatif"):
                    tenure.main(shlex.split(line)[1:], prog_name="tenure", standalone_mode=False)
                    said = capsys.readouterr().out
                    assert max(map(len, said.splitlines())) <= 80
            continue
        compared += 1
        assert text == said if kind == "says" else said.startswith(text) if kind == "begins" else said.endswith(text)
    assert compared == 5


def test_the_records_are_the_same_at_every_call_and_say_that_they_are_invented(folder):
    files = members.files()
    for name, text in files.items():
        assert (folder / "exports" / name).read_text("utf-8") == text
    assert "Nobody in these files exists" in (folder / "exports" / "README.md").read_text("utf-8")
    assert files["people.csv"].count("\n") == members.PEOPLE + 1
    assert not re.search(r"@(?!example\.invalid)", "".join(files.values()))


def test_a_year_ahead_was_foreseen(folder):
    """Asked at the start of 2025, the profit of everybody over the year lies within what was said of it."""
    from tenure.app import adapters, moment, open_workspace

    ws = open_workspace(folder)
    with adapters.warehouse(ws) as opened:
        told = whatif(WarehouseQuery(opened), ws.business, moment(ws, "2025-01-01"),
                      Ask(months=(12,), discount_rate=0.0))  # fmt: skip
        (paid, served, won) = (
            opened.fetch(f'SELECT SUM({column}) FROM facts.{table} WHERE "at" >= ?', [told.as_of.at])[0][0]
            for table, column in (("payments", "amount"), ("costs", "amount"), ("customers", "acquisition_cost"))
        )
    foreseen = told.answer.now.ahead[12][1]
    seen = 0.85 * paid - served - won
    assert foreseen.low < seen < foreseen.high
    assert foreseen.high - foreseen.low < abs(seen) / 3


def test_what_was_counted_is_what_was_made_up(folder):
    from tenure.app import adapters, moment, open_workspace

    ws = open_workspace(folder)
    with adapters.warehouse(ws) as opened:
        told = whatif(WarehouseQuery(opened), ws.business, moment(ws, members.END.date().isoformat()), Ask(draws=100))
    found = told.answer.evidence
    assert found.states == ("trial", "light", "full", "full+addon")
    assert found.counts.entry.tolist() == [members.PEOPLE, 0, 0, 0]
    assert [m.value for m in found.price[:2]] == [599.0, 999.0]
    trial, light, full = (m.value for m in found.serve[:3])
    assert trial == pytest.approx(100 * float(members.SERVE["trial"]), rel=0.05)
    assert light == pytest.approx(100 * (float(members.SERVE["light"]) - float(members.ADVERTISERS)), rel=0.05)
    assert full == pytest.approx(100 * float(members.SERVE["full"]), rel=0.06)
    people = (folder / "exports" / "people.csv").read_text("utf-8")
    listed = re.findall(r",(\d+\.\d\d),(?:yes|no)$", people, re.MULTILINE)
    assert found.acquisition.value == pytest.approx(100 * sum(map(float, listed)) / len(listed))


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    from tenure.app import show

    (tmp_path / "letters").mkdir()
    with pytest.raises(TenureError, match="holds something that is not this demo"):
        show(tmp_path, "fitness", Silent())
    assert [entry.name for entry in tmp_path.iterdir()] == ["letters"]
