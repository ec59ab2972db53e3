"""The published snapshot: the same answers as the warehouse, switched at once, safe to read while it changes."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from tenure import registry
from tenure.domain.errors import TenureError
from tenure.warehouse import snapshot
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.snapshot import SnapshotReader, WarehouseQuery, publish

VALUES = {
    "as_of": 1_600_000_000_000_000, "from_at": 1_580_000_000_000_000, "from_day": 18_287,
    "to_at": 1_600_000_000_000_000, "to_day": 18_518, "window_days": 90, "loyal_orders": 2, "minor_per_unit": 100,
    "cost_minor": 100, "lift_num": 1, "lift_den": 20,
}  # fmt: skip
RELATIONS = registry.relations_of("insights")


@pytest.fixture
def busy(shop):
    """A shop with something in every table."""
    chance = random.Random(7)
    for number in range(60):
        who, month = chance.randint(1, 12), chance.randint(1, 9)
        order = shop.order(who, f"2020-0{month}-1{number % 10}", chance.randint(1, 9999),
                           status=chance.choice([None, "paid", "refunded", "cancelled"]))  # fmt: skip
        if number % 7 == 0:
            shop.refund(order, "2020-08-20", 5)
    for who in range(5, 9):
        shop.contract(
            who, "2020-01-15", 100 * who, "month", ends_at="2020-06-20" if who % 2 else None, auto_renew=who % 3
        )
        shop.payment(who, "2020-02-15", 100)
        shop.customer(who, "2020-01-01")
    for who in range(1, 5):
        shop.add("contacts", customer_key=who, message_id=f"m{who}", campaign="c", at=1, day=1, cost=2, state="sent")
        shop.add("deliveries", customer_key=who, message_id=f"m{who}", campaign="c", kind="opened", at=2, day=1)
        shop.add("assignments", customer_key=who, campaign="c", arm="treated" if who > 1 else "control", at=1, day=1)
    shop.warehouse.run("CREATE TABLE refusals (run_id VARCHAR, as_of TIMESTAMP, campaign VARCHAR, rule VARCHAR, "
                       "customers BIGINT)")  # fmt: skip
    shop.warehouse.run("INSERT INTO refusals VALUES ('r', TIMESTAMP '2020-01-01', 'c', 'stage', 5)")
    return shop


@pytest.mark.parametrize("relation", sorted(RELATIONS))
def test_a_snapshot_gives_the_warehouses_rows(busy, tmp_path, relation):
    publish(busy.warehouse, tmp_path)
    ours = WarehouseQuery(busy.warehouse).query(relation, VALUES)
    theirs = SnapshotReader(tmp_path).query(relation, VALUES)
    assert sorted(map(repr, theirs.to_pylist())) == sorted(map(repr, ours.to_pylist()))
    assert tuple(theirs.column_names) == RELATIONS[relation].columns


def test_the_relations_of_orders_find_something(busy, tmp_path):
    publish(busy.warehouse, tmp_path)
    reader = SnapshotReader(tmp_path)
    for relation in ("retention", "cohorts", "repeats", "revenue", "recurring", "arms", "contacted", "refused"):
        assert any(any(row.values()) for row in reader.query(relation, VALUES).to_pylist()), relation


def test_nothing_published_is_an_empty_business(tmp_path):
    reader = SnapshotReader(tmp_path / "never")
    assert reader.version() == 0
    assert reader.query("cohorts", VALUES).num_rows == 0
    assert reader.query("repeats", VALUES).to_pylist()[0]["known"] == 0


def test_the_one_before_is_kept_and_older_ones_are_not(busy, tmp_path):
    for expected in (1, 2, 3):
        assert publish(busy.warehouse, tmp_path) == expected
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["2", "3", "CURRENT"]


def test_a_failed_publication_changes_nothing_for_readers(busy, tmp_path, monkeypatch):
    publish(busy.warehouse, tmp_path)
    before = SnapshotReader(tmp_path).query("revenue", VALUES).to_pylist()
    busy.order(1, "2020-03-01", 5)
    written = snapshot._write

    def full(warehouse, name, columns, file):
        if name == "payments":
            raise TenureError("the disk is full")
        written(warehouse, name, columns, file)

    monkeypatch.setattr(snapshot, "_write", full)
    with pytest.raises(TenureError, match="disk is full"):
        publish(busy.warehouse, tmp_path)
    assert SnapshotReader(tmp_path).query("revenue", VALUES).to_pylist() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["1", "CURRENT"]
    monkeypatch.undo()
    assert publish(busy.warehouse, tmp_path) == 2


def test_readers_never_see_half_a_publication(shop, tmp_path):
    """Each publication holds as many payments as orders; a reader who mixed two would see a difference."""
    stop, seen, wrong = threading.Event(), set(), []
    publish(shop.warehouse, tmp_path)
    reader = SnapshotReader(tmp_path)

    def read() -> None:
        while not stop.is_set():
            try:
                rows = reader.query("revenue", VALUES).to_pylist()
            except Exception as error:
                wrong.append(repr(error))
                return
            orders, payments = sum(r["orders"] for r in rows), sum(r["contract_revenue"] for r in rows)
            seen.add(orders)
            if orders != payments:
                wrong.append((orders, payments))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(15):
        shop.order(1, "2020-02-01", 0)
        shop.payment(1, "2020-02-01", 1)
        publish(shop.warehouse, tmp_path)
    time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(seen) > 2 and max(seen) == 15


PUBLISH_FOR_EVER = """
import sys
from pathlib import Path
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.snapshot import publish
with DuckWarehouse(sys.argv[1]) as warehouse:
    while True:
        publish(warehouse, Path(sys.argv[2]))
"""


def test_a_killed_publisher_leaves_a_whole_snapshot(tmp_path):
    chance, reader = random.Random(3), SnapshotReader(tmp_path / "published")
    for _ in range(3):
        words = [sys.executable, "-c", PUBLISH_FOR_EVER, str(tmp_path / "w.duckdb"), str(tmp_path / "published")]
        before = reader.version()
        process = subprocess.Popen(words)
        until = time.monotonic() + 30
        while reader.version() <= before and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(chance.random() * 0.2)  # anywhere in the publication that follows
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert reader.version() > before
        for relation in RELATIONS:
            reader.query(relation, VALUES)
    with DuckWarehouse(tmp_path / "w.duckdb") as warehouse:
        publish(warehouse, tmp_path / "published")
    assert not [entry for entry in (tmp_path / "published").iterdir() if entry.suffix == ".part"]


def test_a_damaged_pointer_is_a_sentence(tmp_path):
    (tmp_path / "CURRENT").write_text("../../elsewhere")
    with pytest.raises(TenureError, match="does not name a snapshot"):
        SnapshotReader(tmp_path).version()
