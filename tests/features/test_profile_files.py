"""`tenure profile --out`: a whole file or none, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv

import pyarrow.parquet as pq
import pytest

from tenure.domain.business import Business
from tenure.domain.errors import TenureError, UsageError
from tenure.operations.profile import profile
from tenure.warehouse.profiles import ProfileBuilder


class Counting:
    """A progress that remembers what it was told."""

    def __init__(self):
        self.total, self.steps, self.said = 0, 0, ""

    def start(self, task, total=None):
        self.total = total

    def advance(self, steps=1):
        self.steps += steps

    def finish(self, summary=""):
        self.said = summary


@pytest.fixture
def builder(world, at):
    odd = ["=1+1", "+31", "-5", "@you", "\tx", "plain", "=cmd|' /C calc'!A0"]
    people = [("customers", {"customer_key": n, "customer_id": text, "declared": 1, "email": "a@example.com"})
              for n, text in enumerate(odd, 1)]  # fmt: skip
    orders = [("orders", {"customer_key": n, "customer_id": text, "order_id": str(n), "at": at(-n), "total": 100})
              for n, text in enumerate(odd, 1)]  # fmt: skip
    return ProfileBuilder(world([*people, *orders]).warehouse, rows_per_chunk=2)


def test_a_parquet_file_holds_the_rows_of_the_published_profiles(builder, noon, tmp_path):
    progress = Counting()
    out = tmp_path / "profiles.parquet"
    assert profile(builder, noon, Business(), progress, out) == 7
    assert progress.steps == progress.total > 2
    assert progress.said == "7 profiles"
    profile(builder, noon, Business(), Counting())
    written = pq.read_table(out)
    published = builder._warehouse.arrow("SELECT * FROM main.profiles ORDER BY customer_key")
    assert written.to_pylist() == published.to_pylist()


def test_a_csv_file_runs_nothing_in_a_spreadsheet(builder, noon, tmp_path):
    out = tmp_path / "profiles.csv"
    profile(builder, noon, Business(consent_default="granted"), Counting(), out)
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["customer_id"] for row in rows] == [
        "'=1+1", "+31", "-5", "'@you", "'\tx", "plain", "'=cmd|' /C calc'!A0"
    ]  # fmt: skip
    assert rows[0]["channels"] == "email push inapp webhook"
    assert rows[0]["last_order_at"].startswith("2011-01-25 12:00:00")


def test_a_profile_that_fails_half_way_leaves_the_old_file(builder, noon, tmp_path):
    out = tmp_path / "profiles.csv"
    out.write_text("old")

    class Breaks(Counting):
        def advance(self, steps=1):
            super().advance(steps)
            if self.steps > self.total // 2 + 1:
                raise RuntimeError("the power is out")

    with pytest.raises(RuntimeError):
        profile(builder, noon, Business(), Breaks(), out)
    assert out.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["profiles.csv"]


def test_a_missing_folder_and_a_strange_ending_are_sentences(builder, noon, tmp_path):
    with pytest.raises(TenureError, match="could not be written"):
        profile(builder, noon, Business(), Counting(), tmp_path / "nowhere" / "profiles.parquet")
    with pytest.raises(UsageError, match="must end in"):
        profile(builder, noon, Business(), Counting(), tmp_path / "profiles.xlsx")


def test_an_empty_business_is_a_file_with_a_header(world, noon, tmp_path):
    out = tmp_path / "profiles.csv"
    assert profile(ProfileBuilder(world().warehouse), noon, Business(), Counting(), out) == 0
    assert out.read_text().startswith('"customer_key","customer_id"')
