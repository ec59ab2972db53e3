"""Bad input: each a sentence that says what is wrong and what to do; nothing half-written, nothing sent twice."""

import mailbox
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("imprt",), 2, "Did you mean `import`?"),
        (("profile", "--as-of", "yesterday"), 2, "Write a date such as 2011-09-01"),
        (("import", "ordrs", "x.csv"), 2, "Did you mean `orders`?"),
        (("import", "orders", "nowhere.csv"), 1, "nowhere.csv"),
        (("import", "orders"), 2, "Name the files"),
        (("import", "orders", "x.csv", "--map", "total"), 2, "COLUMN=EXPRESSION"),
        (("explain", "nobody"), 1, "nobody"),
        (("show", "customer", "nobody"), 1, "nobody"),
        (("show", "fact", "ordrs"), 2, "Did you mean `orders`?"),
        (("report", "retenton"), 2, "retention"),
        (("profile", "--out", "p.xlsx"), 2, ".parquet"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(shop, words, code, says):
    done = shop.command(*words, code=code)
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 3


def test_a_folder_that_is_no_workspace_is_told_so(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tenure", "run", "--workspace", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "is not a workspace" in done.stderr
    assert "tenure init" in done.stderr


def test_a_wrong_setting_names_file_line_and_key(shop):
    shop.write("tenure.yaml", "name: x\nchanels: {}\n")
    done = shop.command("run", code=1)
    assert "tenure.yaml, line 2: unknown key `chanels`. Did you mean `channels`?" in done.stderr


def test_a_campaign_that_names_no_column_is_refused_and_the_others_go_on(trading):
    file = trading.folder / "campaigns" / "win-back" / "campaign.yaml"
    file.write_text(file.read_text().replace("audience:", "audience: recenzy_days > 3 AND", 1))
    check = trading.command("campaign", "check", code=1)
    assert "campaigns/win-back/campaign.yaml, line" in check.stderr
    assert "recency_days" in check.stderr
    done = trading.json("run", "--as-of", "2011-06-01T10:00:00")
    assert any("recenzy_days" in sentence for sentence in done["attention"])
    assert done["sent"]["sent"] > 0


def test_a_source_with_an_unknown_column_names_file_and_column(shop, tmp_path):
    (tmp_path / "o.csv").write_text("id,who,at,amount\n1,a,2011-01-01,3\n")
    shop.write(
        "sources/o.yaml",
        f"path: {tmp_path}/o.csv\norders:\n  order_id: id\n  customer_id: whoo\n  ordered_at: at\n  total: amount\n",
    )
    done = shop.command("import", code=1)
    assert "whoo" in done.stderr
    assert "who" in done.stderr


def test_an_unreachable_mail_server_keeps_every_message(trading, tmp_path):
    lately = datetime.now(UTC) - timedelta(days=3)
    orders = tmp_path / "lately.csv"
    orders.write_text(
        "order_id,customer_id,ordered_at,total\n" + "".join(f"n{i},c{i},{lately:%F %T},20\n" for i in range(40))
    )
    trading.command("import", "orders", orders)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    text = (trading.folder / "tenure.yaml").read_text()
    (trading.folder / "tenure.yaml").write_text(
        text.replace("adapter: maildir ", f"adapter: smtp\n    host: 127.0.0.1\n    port: {port} ")
    )
    decided = trading.json("decide")
    assert sum(decided["chosen"].values()) > 0
    text = (trading.folder / "tenure.yaml").read_text()
    (trading.folder / "tenure.yaml").write_text(text.replace("contact:", 'contact:\n  quiet_from: "00:00"', 1).replace(
        'quiet_from: "21:00"', "", 1).replace('quiet_until: "08:00"', 'quiet_until: "00:00"', 1))  # fmt: skip
    done = trading.command("send", code=1)
    assert f"127.0.0.1:{port}" in done.stderr
    assert {row["state"] for row in trading.json("show", "outbox")} == {"planned"}


def test_two_runs_at_once_are_one_run(trading):
    words = [sys.executable, "-m", "tenure", "run", "--as-of", "2011-06-01T10:00:00"]
    first = subprocess.Popen(words, env=trading.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    second = subprocess.run(words, env=trading.environment, capture_output=True, text=True, timeout=120)
    _, first_err = first.communicate(timeout=120)
    codes = sorted((first.returncode, second.returncode))
    assert codes in ([0, 1], [0, 0]), (first_err, second.stderr)
    refused = second if second.returncode else None
    said = refused.stderr if refused else first_err
    assert codes == [0, 0] or "has been running since" in said
    kept = mailbox.Maildir(trading.folder / ".tenure" / "maildir")
    keys = [m["X-Tenure-Key"] or m["Message-ID"] for m in kept]
    assert len(keys) == len(set(keys)) > 0


def test_a_run_that_is_killed_anywhere_sends_nothing_twice(trading):
    words = [sys.executable, "-m", "tenure", "run", "--as-of", "2011-06-01T10:00:00"]
    for delay in (0.3, 0.8, 1.2, 1.6, 2.0):
        run = subprocess.Popen(words, env=trading.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
    trading.command("run", "--as-of", "2011-06-01T10:00:00")
    keys = [m["Message-ID"] for m in mailbox.Maildir(trading.folder / ".tenure" / "maildir")]
    assert len(keys) == len(set(keys)) > 0


def test_a_full_disk_is_a_sentence_and_changes_nothing(trading, tmp_path):
    before = trading.json("show", "fact", "orders")
    big = tmp_path / "more.csv"
    with big.open("w") as out:
        out.write("order_id,customer_id,ordered_at,total\n")
        out.writelines(f"z{i},k{i % 5000},2011-05-0{1 + i % 9},{i % 97}.5\n" for i in range(300_000))
    size = (trading.folder / ".tenure" / "warehouse.duckdb").stat().st_size
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f {size // 1024 + 512}; exec {sys.executable} -m tenure import orders {big}"],
        env=trading.environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "full" in done.stderr, done.stderr
    assert trading.json("show", "fact", "orders") == before
