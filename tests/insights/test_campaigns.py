"""What campaigns sent and changed, and what the latest run decided."""

import io
import sys

from tenure.cli.report import _print
from tenure.domain.decision import DECISION_COLUMNS
from tenure.insights.campaigns import Measured, Sendings, campaigns_report, results
from tenure.insights.words import Words
from tenure.operations.report import chosen, question, refused
from tenure.warehouse.snapshot import WarehouseQuery


def test_a_message_opened_five_times_is_opened_once(shop):
    for number in (1, 2, 3):
        shop.add("contacts", customer_key=number, message_id=f"m{number}", campaign="c", at=1, cost=200, state="sent")
    shop.add("contacts", customer_key=4, message_id="m4", campaign="c", at=1, cost=200, state="failed")
    for kind in ("opened", "opened", "clicked"):
        shop.add("deliveries", customer_key=1, message_id="m1", kind=kind, at=2)
    shop.add("deliveries", customer_key=2, message_id="m2", kind="unsubscribed", at=3)
    shop.add("deliveries", customer_key=9, message_id="stranger", kind="opened", at=3)
    for number in range(10):
        shop.add("assignments", customer_key=number, campaign="c", arm="control" if number < 3 else "treated", at=1)
    shop.add("assignments", customer_key=9, campaign="c", arm="treated", occasion_key="again", at=2)
    (row,) = shop.report("campaigns", "2020-01-01").as_json()["campaigns"]
    assert row["treated"] == 7 and row["control"] == 3 and row["sent"] == 3
    assert (row["opened"], row["clicked"], row["unsubscribed"]) == (1 / 3, 1 / 3, 1)
    assert row["cost"] == 0.01  # three times a fifth of a cent, rounded
    assert row["effect"] is None


def test_an_effect_is_told_with_its_interval_and_its_alarm():
    measured = {
        "works": Measured(100, 50, 0.30, 0.20, 0.10, 0.02, 0.18),
        "harms": Measured(100, 50, 0.10, 0.20, -0.10, -0.18, -0.02, "the split is uneven"),
        "open": Measured(100, 50, 0.20, 0.20, 0.0, -0.1, 0.1),
        "young": Measured(),
    }
    found = campaigns_report(results([], {"works": Sendings(200, 150, 0, 50)}, measured), "2020-01-01", Words())
    said = {sentence.split(":")[0]: sentence for sentence in found.sentences[:4]}
    assert said["works"].startswith("works: 200 sent, 25% opened; the goal was reached by 30.0% of treated and 20.0%")
    assert "+10.0 pp (between +2.0 pp and +18.0 pp), it works." in said["works"]
    assert said["harms"].endswith("it harms.")
    assert said["open"].endswith("not told from nothing yet.")
    assert said["young"].endswith("the effect is not known yet.")
    assert found.sentences[4] == "harms: the split is uneven"


def test_how_much_longer_what_was_wasted_and_the_whole_are_told():
    young = Measured(900, 100, 0.11, 0.10, 0.01, -0.07, 0.09, believed=0.02, people_needed=12_345, weeks_needed=30.2)
    slow = Measured(900, 100, 0.11, 0.10, 0.01, -0.07, 0.09, believed=0.001, people_needed=9 * 10**6, weeks_needed=9e5)
    dear = Measured(9_000, 1_000, 0.12, 0.10, 0.02, 0.01, 0.03, variance_ratio=0.8, discount=90_000, wasted=75_000,
                    wasted_low=60_000, wasted_high=90_000)  # fmt: skip
    whole = Measured(2_300, 120, 0.9, 0.9, 0.0, -0.1, 0.1, profit=125, profit_low=-40, profit_high=290)
    sent = {"young": Sendings(10, 10, 0, 5), "dear": Sendings(30, 30)}
    found = results([], sent, {"young": young, "slow": slow, "dear": dear, "everything": whole})
    told = campaigns_report(found, "2020-01-01", Words())
    assert [row[0] for row in told.rows] == ["everything", "dear", "slow", "young"]
    assert told.figures == {"sent": 40, "opened": 5, "wasted": 750.0} and told.as_json()["campaigns"][0]["sent"] == 40
    said = {sentence.split(":")[0]: sentence for sentence in told.sentences}
    assert said["everything"] == (
        "everything: 2,300 people against 120 held out; all of it changed profit per head by $1.25 (between -$0.40 and "
        "$2.90), not told from nothing yet."
    )
    assert said["young"].endswith(
        "not told from nothing yet; to show the +2.0 pp that its file states takes about 12,000 more people, about "
        "30 weeks at this pace."
    )
    assert "more than ten years at this pace" in said["slow"]
    assert "10.0% of control: with their past taken out +2.0 pp (" in said["dear"]
    assert said["dear"].endswith(
        "it works. About $900.00 was given in discounts, $750.00 (between $600.00 and $900.00) of it to people who "
        "would have come anyway."
    )


def test_the_table_of_a_terminal_is_eighty_wide(monkeypatch):
    """The longest name of the library, everything large, and still readable where there is no more room."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    large = Measured(1_234_567, 123_456, 0.5, 0.5, -0.1234, -0.2345, 0.1234, variance_ratio=0.463, wasted=123_456_789)
    told = campaigns_report(results([], {}, {"membership-invitation": large}), "2020-01-01", Words())
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", Terminal())
    _print(told, Words())
    lines = [line.split() for line in sys.stdout.getvalue().splitlines()]
    row = ["membership-invitation", "−12.3", "pp", "−23.4", "pp", "+12.3", "pp", "46.3%", "$1,234,568"]
    assert row in lines


def test_only_the_latest_run_is_todays(shop, moment):
    body = ", ".join(f'"{name}" {kind}' for name, kind in DECISION_COLUMNS)
    shop.warehouse.run(f"CREATE TABLE decisions ({body})")
    shop.warehouse.run("CREATE TABLE refusals (run_id VARCHAR, as_of TIMESTAMP, campaign VARCHAR, rule VARCHAR, "
                       "customers BIGINT)")  # fmt: skip
    decided = [
        ("a", "2020-01-01", 1, "chosen", 9.0), ("b", "2020-01-02", 1, "chosen", 0.1),
        ("b", "2020-01-02", 1, "chosen", 0.2), ("b", "2020-01-02", 2, "lost", 5.0),
        ("b", "2020-01-02", 1, "control", 5.0), ("c", "2020-02-01", 1, "chosen", 7.0),
    ]  # fmt: skip
    columns = "run_id, as_of, rank, outcome, worth, campaign"
    for row in decided:
        shop.warehouse.run(f"INSERT INTO decisions ({columns}) VALUES (?, CAST(? AS TIMESTAMP), ?, ?, ?, 'x')", row)
    for row in (("a", "2020-01-01", "stage", 9), ("b", "2020-01-02", "cap", 3), ("b", "2020-01-02", "control", 2)):
        shop.warehouse.run("INSERT INTO refusals VALUES (?, CAST(? AS TIMESTAMP), 'x', ?, ?)", row)
    asked = question(WarehouseQuery(shop.warehouse), shop.business, moment("2020-01-15"))
    said = chosen(asked)
    assert said.figures == {"customers": 2, "expected_profit_minor": 30} and said.as_of == "2020-01-02"
    silence = refused(asked)
    assert [row[0] for row in silence.rows] == [
        "The customer has heard from us enough lately", "The customer is in this campaign's control group"
    ]  # fmt: skip
    assert silence.figures == {"control": 2, "holdout": 0}


def test_without_a_run_there_is_a_calm_sentence(shop, moment):
    asked = question(WarehouseQuery(shop.warehouse), shop.business, moment("2020-01-15"))
    assert chosen(asked).sentences == ("The latest run chose to write to nobody.",)
    assert refused(asked).sentences == ("There has been no run yet.",)
    assert shop.report("campaigns", "2020-01-15").sentences == ("No campaign has been decided yet.",)
