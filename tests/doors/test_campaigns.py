"""Campaigns as people make, check and preview them by commands."""

import shutil

import pytest

KEPT = ("win-back", "follow-up")
DEAR = """title: Too much of a good thing
occasion: {schedule: day}
audience: orders > 0
channels: [email]
offer: {kind: amount, value: 500}
goal: {within: 2 days}
effect: {lift: 0.01}
steps:
  - {name: late, wait: 3 days, channels: [sms]}
"""


@pytest.fixture(scope="module")
def profiled_once(traded, tmp_path_factory, neighbour):
    shop = neighbour("doors/conftest.py").Shop(shutil.copytree(traded, tmp_path_factory.mktemp("profiled") / "shop"))
    for folder in (shop.folder / "campaigns").iterdir():
        if folder.name not in KEPT:
            shutil.rmtree(folder)
    shop.command("profile", "--as-of", "2011-09-01")
    return shop


@pytest.fixture
def profiled(profiled_once, tmp_path):
    """A workspace of one's own with two campaigns and a profile of everybody."""
    return type(profiled_once)(shutil.copytree(profiled_once.folder, tmp_path / "shop"))


def test_check_says_what_looks_unintended_and_still_ends_well(profiled):
    profiled.write("campaigns/dear/campaign.yaml", DEAR)
    for name in ("message", "late"):
        profiled.write(f"campaigns/dear/{name}.en.md", "---\nsubject: Hello\nsms: Hello\n---\nHello\n")
    told = {row["campaign"]: row for row in profiled.json("campaign", "check")["campaigns"]}
    said = "; ".join(told["dear"]["remarks"])
    assert "the offer of 500.00 is more than the average order of 20" in said
    assert "the step `late` reaches nobody: the business has set up no channel `sms`" in said
    assert "the step `late` speaks 3 days after the first message, when the 2 days of the goal are over" in said
    assert "it would cost more than it brings for any of the 40 customers of its audience" in said
    assert told["win-back"]["remarks"] == []
    page = profiled.command("campaign", "check").stdout
    assert "Worth a look (4):" in page
    assert all(len(line) <= 80 for line in page.splitlines())


def test_a_preview_fits_the_terminal_and_its_files_show_every_message(profiled, tmp_path):
    out = tmp_path / "preview"
    page = profiled.command("campaign", "preview", "follow-up", "--out", out, "--locale", "en", "--locale", "de").stdout
    assert all(len(line) <= 80 for line in page.splitlines() if str(out) not in line)
    assert "everybody" in page
    assert "Person" not in page, "names are left out"
    shown = (out / "index.html").read_text("utf-8")
    messages = sorted(file.name for file in out.iterdir() if file.name != "index.html")
    assert {name.split(".")[1] for name in messages} == {"en", "de"}
    letters = [name for name in messages if name.endswith(".html")]
    assert letters
    for name in messages:
        assert f'"{name}"' in shown
    assert shown.count("<iframe") == 2 * len(letters)
    assert "Person" not in "".join((out / name).read_text("utf-8") for name in messages)
    assert profiled.json("show", "outbox") == []


def test_a_campaign_is_made_from_the_library_or_a_skeleton_and_never_over_another(profiled):
    made = profiled.json("campaign", "new", "comeback", "--from", "win-back")["created"]
    assert made == [f"campaigns/comeback/{file}" for file in ("campaign.yaml", "message.en.md", "second.en.md")]
    made = profiled.json("campaign", "new", "letter", "--locale", "de", "--locale", "nl")
    files = ("campaign.yaml", "message.en.md", "message.de.md", "message.nl.md")
    assert made["created"] == [f"campaigns/letter/{file}" for file in files]
    assert made["in_english"] == ["nl"]
    refused = profiled.command("campaign", "new", "letter", code=1)
    assert "There is a campaign `letter` already" in refused.stderr
    assert "Did you mean `win-back`" in profiled.command("campaign", "new", "x", "--from", "winback", code=2).stderr
    assert not (profiled.folder / "campaigns" / "x").exists()
    told = {row["campaign"]: row for row in profiled.json("campaign", "check")["campaigns"]}
    assert told["letter"]["idle"] == "the event `Name Of Your Event` was never recorded"
    assert told["comeback"]["idle"] is None


def test_the_library_says_what_would_be_idle_and_campaigns_are_added_once(profiled):
    shelved = {row["campaign"]: row for row in profiled.json("campaign", "library")}
    assert len(shelved) == 46
    assert [name for name, row in shelved.items() if row["here"]] == sorted(KEPT)
    assert shelved["abandoned-cart"]["idle"] == "the event `Product Added` was never recorded"
    assert profiled.json("campaign", "add", "win-back", "birthday") == {
        "added": ["birthday"], "already_there": ["win-back"]}  # fmt: skip
    assert "Did you mean `birthday`" in profiled.command("campaign", "add", "birthdays", code=2).stderr
    assert len(profiled.json("campaign", "add", "--all")["added"]) == 43
