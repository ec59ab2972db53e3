"""`tenure simulate` end to end: a small shop through the real line, and what it leaves behind."""

import json
import os
import subprocess
import sys

import pytest

from tenure.app.simulating import FIRST_DAY, Simulation, simulate
from tenure.domain.errors import TenureError, UsageError
from tenure.domain.moments import MICROS_PER_DAY
from tenure.domain.silence import Silent
from tenure.warehouse.duckdb import DuckWarehouse

HISTORY, DAYS = 40, 14


def tenure(*words, code=0):
    done = subprocess.run([sys.executable, "-m", "tenure", *map(str, words)], capture_output=True, text=True,
                          timeout=250, env={**os.environ, "OMP_NUM_THREADS": "1"})  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """The folder, and the figures."""
    folder = tmp_path_factory.mktemp("simulation") / "shop"
    words = ("--customers", 150, "--history", HISTORY, "--days", DAYS, "--seed", 2, "--policy", "oracle")
    done = tenure("simulate", folder, *words, "--policy", "tenure", "--json")
    return folder, json.loads(done.stdout)


@pytest.fixture
def facts(simulated):
    """The warehouse that `tenure` left."""
    with DuckWarehouse(simulated[0] / ".tenure" / "warehouse.duckdb") as opened:
        yield opened


def test_each_policy_is_compared_with_silence(simulated):
    rows = {row["policy"]: row for row in simulated[1]["policies"]}
    assert list(rows) == ["none", "oracle", "tenure"]
    assert rows["none"]["contacts"] == 0
    assert rows["none"]["gain"] == {"value": 0, "low": 0, "high": 0}
    for policy in ("oracle", "tenure"):
        assert rows[policy]["contacts"] > 0
        assert rows[policy]["gain"]["value"] == pytest.approx(rows[policy]["profit"] - rows["none"]["profit"], abs=0.02)
        assert sum(one["contacts"] for one in rows[policy]["campaigns"].values()) == rows[policy]["contacts"]
    assert rows["oracle"]["held"] == 0 < rows["tenure"]["held"]
    assert simulated[1]["tenure_less"]["none"]["value"] == rows["tenure"]["gain"]["value"]


def test_the_profit_is_that_of_the_imported_facts_to_the_cent(simulated, facts):
    begins = (FIRST_DAY + HISTORY) * MICROS_PER_DAY
    told = next(row for row in simulated[1]["policies"] if row["policy"] == "tenure")

    def cents(sql):
        return facts.fetch(f'SELECT COALESCE(SUM({sql} AND "at" >= {begins}')[0][0]

    goods = cents("l.quantity / 1000 * p.unit_cost), 0) FROM facts.order_lines l JOIN facts.products p "
                  "USING (product_id) WHERE TRUE")  # fmt: skip
    booked = (
        cents("total), 0) FROM facts.orders WHERE TRUE") - goods
        + cents("amount), 0) FROM facts.payments WHERE status = 'paid'")
        - cents("amount), 0) FROM facts.costs WHERE TRUE")
        - cents("cost), 0) FROM facts.tickets WHERE TRUE")
        - cents("cost / 1000), 0) FROM facts.contacts WHERE TRUE")
    )  # fmt: skip
    assert told["profit"] == pytest.approx(booked / 100, abs=0.006)


def test_nobody_hears_without_consent(facts):
    spoken = facts.fetch("SELECT count(*) FROM facts.contacts WHERE purpose = 'marketing'")[0][0]
    allowed = facts.fetch("""
        SELECT count(*) FROM facts.contacts t WHERE purpose = 'marketing' AND 'granted' = (
            SELECT arg_max(state, c.at) FROM facts.consents c
            WHERE c.customer_key = t.customer_key AND c.channel = t.channel AND c.at < t.at)""")[0][0]
    assert spoken == allowed > 0


def test_every_contact_was_decided_and_its_occasion_is_remembered(facts):
    unknown = facts.fetch("""SELECT count(*) FROM facts.contacts t WHERE NOT EXISTS (SELECT 1 FROM decisions d
        WHERE d.customer_key = t.customer_key AND d.campaign = t.campaign AND d.occasion_key = t.occasion_key
            AND d.outcome = 'chosen')""")[0][0]
    assert unknown == 0
    assert facts.fetch("SELECT count(*) FROM facts.quarantine") == [(0,)]


def test_the_truth_stands_beside_the_workspace(simulated):
    told = json.loads((simulated[0] / "truth.json").read_text())
    assert told["seed"] == 2
    assert told["truth"]["buyers"]["active"]["share"] == 0.35


def test_other_commands_go_on_with_the_shop_and_send_nothing_of_it(simulated):
    folder = simulated[0]
    sent = json.loads(tenure("send", "-w", folder, "--as-of", "2023-03-16T12:00", "--json").stdout)
    assert sum(sent["sent"].values()) == 0


def test_a_folder_with_something_else_and_an_unknown_policy_are_refused(tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(TenureError, match="holds something that is not a simulation"):
        simulate(tmp_path, Simulation(), Silent())
    assert (tmp_path / "diary.txt").read_text() == "mine"
    with pytest.raises(UsageError, match="There is no policy `evryone`.*`everyone`"):
        simulate(tmp_path / "shop", Simulation(policies=("evryone",)), Silent())
    assert not (tmp_path / "shop").exists()
