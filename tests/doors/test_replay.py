"""Replay: past days decided anew by what was known then, and nothing in the workspace changes."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tenure import app
from tenure.domain.errors import UsageError
from tenure.domain.silence import Silent

FROM, TO = "2011-06-01T10:00:00", "2011-06-15T10:00:00"
KEPT = ("follow-up", "win-back", "save-before-leaving", "newsletter")


@pytest.fixture(scope="module")
def past(traded, tmp_path_factory):
    """A shop with four campaigns and a real run behind it."""
    folder = Path(shutil.copytree(traded, tmp_path_factory.mktemp("past") / "shop"))
    for campaign in (folder / "campaigns").iterdir():
        if campaign.name not in KEPT:
            shutil.rmtree(campaign)
    app.decide(app.open_workspace(folder), app.moment(app.open_workspace(folder), "2011-05-20T10:00:00"), Silent())
    return folder


def replayed(folder, *policies, from_=FROM, to=TO, every=7):
    return app.replay(app.open_workspace(folder), from_, to, policies, every, Silent())


def by_name(done):
    return {one.policy: one for one in done.outcomes}


def fingerprint(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_workspace_is_the_same_to_the_byte(past):
    replayed(past, "none", from_=FROM, to="2011-06-02T10:00:00")  # the file settles when it is first opened
    before = fingerprint(past)
    done = by_name(replayed(past))
    assert fingerprint(past) == before
    assert set(done) == {"none", "everyone", "rfm", "tenure"}
    assert done["none"].contacts == 0 and done["none"].earned.high == 0
    assert done["everyone"].contacts >= done["rfm"].contacts > 0
    assert done["tenure"].contacts > 0 and done["tenure"].held >= 0


def test_a_replayed_day_is_what_would_have_been_decided_on_it(past, tmp_path):
    copy = Path(shutil.copytree(past, tmp_path / "shop"))
    ws = app.open_workspace(copy)
    decided = app.decide(ws, app.moment(ws, FROM), Silent())
    (one,) = replayed(past, "tenure", to="2011-06-02T10:00:00").outcomes
    assert dict(one.campaigns) == {name: count for name, count in decided.chosen.items() if count}
    assert one.held == sum(decided.control.values())


def test_what_happened_later_changes_no_decision(past, tmp_path):
    copy = Path(shutil.copytree(past, tmp_path / "shop"))
    ws = app.open_workspace(copy)
    with app.adapters.warehouse(ws) as opened:
        end = app.moment(ws, TO).at
        opened.run(f'DELETE FROM facts.orders WHERE "at" >= {end}')
        opened.run(f'DELETE FROM facts.order_lines WHERE "at" >= {end}')
        opened.touch()
    for before, after in zip(replayed(past).outcomes, replayed(copy).outcomes, strict=True):
        assert (before.contacts, before.campaigns, before.held) == (after.contacts, after.campaigns, after.held)


def test_everybody_is_written_to_only_as_often_as_the_caps_allow(past):
    done = by_name(replayed(past, "everyone", every=2))["everyone"]
    assert done.contacts <= 6 * done.customers


def test_the_engine_may_decide_with_campaigns_of_ones_own(past, tmp_path):
    own = tmp_path / "campaigns-b"
    shutil.copytree(past / "campaigns" / "win-back", own / "win-back")
    done = replayed(past, str(own), "tenure").outcomes
    assert set(done[0].campaigns) <= {"win-back"} and done[0].policy == str(own)
    assert set(done[1].campaigns) - {"win-back"}


def test_what_an_estimate_rests_on_is_said(past):
    one = by_name(replayed(past, "everyone"))["everyone"]
    assert "Rests on belief alone" in one.earned.rests_on and one.earned.measured == 0
    assert one.earned.low == pytest.approx(-(one.contact_cost + one.discount_cost))
    assert 0 <= one.came <= one.measured <= one.contacts


def test_a_policy_or_a_period_that_is_none_is_refused(past):
    with pytest.raises(UsageError, match="no policy `tenur`"):
        replayed(past, "tenur")
    with pytest.raises(UsageError, match="is not before"):
        replayed(past, from_=TO, to=FROM)


def test_the_command_tells_it_on_a_terminal_and_to_machines(past):
    from click.testing import CliRunner

    from tenure.cli.replay import replay

    words = ["--from", FROM, "--to", "2011-06-02", "--policy", "tenure", "-w", str(past)]
    told = CliRunner().invoke(replay, words).output
    assert "1 decisions from 2011-06-01 10:00:00" in told and "nobody was reached" in " ".join(told.split())
    assert max(map(len, told.splitlines())) <= 80
    assert '"rests_on"' in CliRunner().invoke(replay, [*words, "--json"]).output
