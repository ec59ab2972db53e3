"""The contract's commands, called as people call them."""

import mailbox

import pytest


def test_orders_come_in_by_mapping_and_a_second_time_changes_nothing(shop, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text(
        "OrderNo,CustomerID,Date,Quantity,Price\n1,17,2011-01-05,2,4.50\n2,17,2011-02-05,1,3\n3,,2011-02-06,1,3\n"
    )
    words = ("import", "orders", file, "--map", "order_id=OrderNo", "--map", "customer_id=CustomerID",
             "--map", "ordered_at=Date", "--map", "total=Quantity*Price")  # fmt: skip
    first = shop.json(*words)
    assert {k: first[k] for k in ("table", "accepted", "replaced", "quarantined")} == {
        "table": "orders", "accepted": 2, "replaced": 0, "quarantined": 1,
    }  # fmt: skip
    again = shop.json(*words)
    assert (again["accepted"], again["replaced"], again["quarantined"]) == (2, 2, 1)
    (bad,) = shop.json("show", "quarantine")
    assert (bad["table"], bad["row"], bad["column"]) == ("orders", 3, "customer_id")
    assert bad["reason"]
    assert [row["total"] for row in shop.json("show", "fact", "orders")] != []


def test_a_profile_never_sees_the_day_it_is_of(trading, tmp_path):
    import pyarrow.parquet as pq

    from tenure.domain.profile import COLUMNS

    out = tmp_path / "profiles.parquet"
    told = trading.command("profile", "--as-of", "2011-09-01", "--out", out).stdout
    assert (
        "no model was fitted at that moment or before it; `tenure fit --as-of 2011-09-01T00:00:00Z` fits them" in told
    )
    profiles = pq.read_table(out)
    assert [c.name for c in COLUMNS] == [n for n in profiles.column_names if n != "customer_key"]
    assert profiles.num_rows == 40
    assert max(v for v in profiles["last_order_at"].to_pylist() if v).isoformat() < "2011-09-01"


def test_retention_is_told_by_its_formula(trading):
    figures = trading.json("report", "retention", "--from", "2011-06-01", "--to", "2011-09-01")
    assert figures["retention_rate"] == pytest.approx((figures["end"] - figures["new"]) / figures["start"])
    assert figures["churn_rate"] == pytest.approx(1 - figures["retention_rate"])


def test_every_report_reads_as_text_and_as_json(trading):
    trading.command("run", "--as-of", "2011-09-01T10:00:00")
    for kind in ("retention", "cohorts", "revenue", "funnel", "stages", "economics", "campaigns"):
        assert trading.command("report", kind, "--as-of", "2011-09-01").stdout.strip()
        assert trading.json("report", kind, "--as-of", "2011-09-01")


def test_the_daily_job_writes_each_message_once(trading):
    first = trading.json("run", "--as-of", "2011-06-01T10:00:00")
    box = mailbox.Maildir(trading.folder / ".tenure" / "maildir")
    assert first["sent"]["sent"] == len(box) > 0
    trading.json("run", "--as-of", "2011-06-01T10:00:00")
    assert len(mailbox.Maildir(trading.folder / ".tenure" / "maildir")) == len(box)
    message = next(iter(box))
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    standing = trading.json("show", "outbox")
    assert {row["state"] for row in standing} == {"sent"}


def test_explain_says_what_the_run_did(trading, tmp_path):
    import pyarrow.parquet as pq

    out = tmp_path / "decisions.parquet"
    trading.command("run", "--as-of", "2011-06-01T10:00:00")
    trading.command("decide", "--as-of", "2011-06-01T10:00:00", "--out", out)
    rows = pq.read_table(out).to_pylist()
    chosen = {row["customer_id"]: row["campaign"] for row in rows if row["outcome"] == "chosen"}
    silent = sorted({f"c{i}" for i in range(40)} - set(chosen))
    assert chosen
    assert silent
    for customer in (sorted(chosen)[0], silent[0], silent[-1]):
        told = trading.json("explain", customer)
        verdicts = [v["campaign"] for v in told["verdicts"] if v["outcome"] == "chosen"]
        assert verdicts == ([chosen[customer]] if customer in chosen else [])
        assert told["is_as_recorded"]
        assert all(v["why"] for v in told["verdicts"])
    assert len(trading.command("explain", sorted(chosen)[0]).stdout.splitlines()) >= 3


def test_python_opens_the_same_workspace(trading):
    import tenure as tn

    ws = tn.open(trading.folder)
    profiles = ws.profiles(as_of="2011-09-01")
    assert len(profiles.to_pandas()) == len(profiles) == 40
    assert len(ws.profiles(as_of="2011-09-01", customers=["c3"])) == 1
    assert tn.retention_rate(start=1000, new=200, end=800) == pytest.approx(0.6)
