"""Measures the profile: seconds, CPU seconds, peak memory and rows per second, as a table on the terminal and Markdown.

Each measurement is a fresh process over its own copy of the same generated facts; two rivals take turns (A B A B), so
that a busy machine is busy for both, and the ratio is that of their medians. See docs/explanation/performance.md.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shop import AS_OF, Shop, generate
from tenure.domain.business import Business
from tenure.domain.silence import Silent
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.profiles import ProfileBuilder

HERE = Path(__file__).parent
MEMORY = "1500MB"  # what DuckDB may hold; the process itself comes on top
OUT = HERE / "out"


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: wall and CPU seconds, peak memory in MB, rows given."""

    seconds: float
    cpu: float
    peak_mb: int
    rows: int


def tenure(file: Path) -> int:
    """The full profile, in chunks."""
    with DuckWarehouse(file, spill=file.with_suffix(".spill"), memory_limit=MEMORY) as warehouse:
        return ProfileBuilder(warehouse).build(AS_OF, Business(), Silent())


def handwritten(file: Path) -> int:
    """The same core columns as one idiomatic query."""
    import duckdb

    sql = (HERE / "handwritten.sql").read_text()
    connection = duckdb.connect(str(file), config={"temp_directory": str(file.with_suffix(".spill"))})
    connection.execute(sql.replace("{as_of_day}", str(AS_OF.day)).replace("{as_of}", str(AS_OF.at))).fetchall()
    rows = connection.execute("SELECT count(*) FROM profiles").fetchall()[0][0]
    connection.close()
    return int(rows)


def pandas(file: Path) -> int:
    """The same core columns in pandas, written to Parquet."""
    from benchmarks.with_pandas import profiles

    folder = file.with_suffix(".tables")
    found = profiles(folder)
    found.to_parquet(folder / "profiles.parquet")
    return len(found)


def named(file: Path) -> int:
    """1,000 customers drawn from all, in a process that has computed profiles before."""
    with DuckWarehouse(file, spill=file.with_suffix(".spill"), memory_limit=MEMORY) as warehouse:
        builder = ProfileBuilder(warehouse)
        total = warehouse.fetch("SELECT count(*) FROM facts.customers")[0][0]
        ids = [f"c{1 + place * total // 1_000}" for place in range(1_000)]
        builder.compute(AS_OF, Business(), ids)
        times = []
        for _ in range(5):
            began = time.perf_counter()
            rows = builder.compute(AS_OF, Business(), ids).num_rows
            times.append(time.perf_counter() - began)
        _INNER.append(statistics.median(times))
        return rows


_INNER: list[float] = []  # a step that measures inside itself leaves its seconds here
STEPS: dict[str, Callable[[Path], int]] = {
    "tenure": tenure, "handwritten": handwritten, "pandas": pandas, "named": named,
}  # fmt: skip


def measure(step: str, source: Path) -> Measured:
    """Run a step in a process of its own over a copy of the facts."""
    copy = source.with_name(f"copy-{step}.duckdb")
    shutil.copy(source, copy)
    if step == "pandas":
        tables(copy)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.run", "--step", step, "--file", str(copy)],
            check=True, capture_output=True, text=True, cwd=HERE.parent,
        )  # fmt: skip
        return Measured(**json.loads(done.stdout.splitlines()[-1]))
    finally:
        copy.unlink(missing_ok=True)
        shutil.rmtree(copy.with_suffix(".tables"), ignore_errors=True)


def tables(file: Path) -> None:
    """Write the stored facts as Parquet, for pandas."""
    folder = file.with_suffix(".tables")
    folder.mkdir(exist_ok=True)
    with DuckWarehouse(file) as warehouse:
        for (name,) in warehouse.fetch("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'facts'"):
            warehouse.fetch(f"COPY facts.{name} TO '{folder / name}.parquet' (FORMAT parquet)")


def step(name: str, file: Path) -> None:
    """What the process of one measurement does: the step, then its figures as JSON."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    rows = STEPS[name](file)
    seconds = _INNER[0] if _INNER else time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": after.ru_maxrss // 1024, "rows": rows}))


def shop(customers: int) -> Path:
    """The generated facts, made once and kept."""
    OUT.mkdir(exist_ok=True)
    file = OUT / f"shop-{customers}.duckdb"
    if not file.exists():
        half = file.with_suffix(".part")
        half.unlink(missing_ok=True)
        with DuckWarehouse(half, spill=OUT / "spill") as warehouse:
            generate(warehouse, Shop(customers))
        half.rename(file)
    return file


def rivals(names: list[str], customers: int, repeat: int) -> dict[str, Measured]:
    """The median run of each, taken in turns."""
    file = shop(customers)
    runs: dict[str, list[Measured]] = {name: [] for name in names}
    for _ in range(repeat):
        for name in names:
            runs[name].append(measure(name, file))
            print(row(name, customers, runs[name][-1]), flush=True)
    return {name: _median(each) for name, each in runs.items()}


def _median(runs: list[Measured]) -> Measured:
    return Measured(
        statistics.median(r.seconds for r in runs), statistics.median(r.cpu for r in runs),
        max(r.peak_mb for r in runs), runs[0].rows,
    )  # fmt: skip


def row(name: str, customers: int, run: Measured) -> str:
    """One line of the Markdown table."""
    speed = run.rows / run.seconds
    return f"| {name} | {customers:,} | {run.seconds:.2f} | {run.cpu:.1f} | {run.peak_mb:,} | {speed:,.0f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the profile.")
    parser.add_argument("--step", choices=sorted(STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--customers", type=int, default=1_000_000, help="the size for the rivals and the named few")
    parser.add_argument("--small", type=int, default=100_000, help="the size for pandas")
    parser.add_argument("--sizes", type=int, nargs="*", default=[250_000, 1_000_000], help="the sizes for growth")
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    if asked.step:
        step(asked.step, asked.file)
        return
    print("| what | customers | seconds | CPU s | peak MB | rows/s |\n|---|---|---|---|---|---|")
    large = rivals(["tenure", "handwritten"], asked.customers, asked.repeat)
    few = rivals(["named"], asked.customers, asked.repeat)["named"]
    small = rivals(["tenure", "pandas"], asked.small, asked.repeat)
    growth = {size: rivals(["tenure"], size, asked.repeat)["tenure"] for size in asked.sizes}
    print()
    print(f"hand-written ÷ tenure: {large['handwritten'].seconds / large['tenure'].seconds:.2f}")
    print(f"pandas ÷ tenure: {small['pandas'].seconds / small['tenure'].seconds:.1f}")
    print(f"1,000 named ÷ full: {few.seconds / large['tenure'].seconds:.2%}")
    for size, run in growth.items():
        print(f"seconds per million at {size:,}: {run.seconds * 1e6 / size:.1f}")


if __name__ == "__main__":
    main()
