"""Measures the purchase models: `python -m benchmarks.models [--peers PYTHON …]` fits and scores simulated customers.

Every measurement is a fresh process over the same file, rivals take turns, and a rival's parameters are judged by one
likelihood over all rows. `lifetimes` and PyMC-Marketing run only where a Python of another environment that has them is
named: they are no part of this project. See docs/explanation/purchase-models.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenure import models
from tenure.models.base import Params
from tenure.models.cells import cells
from tenure.models.histories import histories
from tenure.models.purchase_model import PurchaseModel

OUT = Path(__file__).parent / "out"
MODELS = ("BetaGeo", "ModifiedBetaGeo", "ParetoNBD")
PEERS = ("lifetimes", "pymc_marketing")
HORIZON = 39.0  # weeks
Numbers = NDArray[np.float64]


def simulate(customers: int, seed: int = 11) -> dict[str, Numbers]:
    """Customers of BG/NBD with CDNOW's parameters, in weeks by whole days, known for 26 to 52 weeks."""
    rng = np.random.default_rng(seed)
    age = rng.integers(182, 365, customers) / 7
    tempo = rng.gamma(0.2426, 1 / 4.4136, customers)
    risk = np.clip(rng.beta(0.793, 2.426, customers), 1e-12, 1)
    frequency, recency, moment = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    open_ = np.arange(customers)
    while len(open_):
        moment[open_] += rng.exponential(1.0, len(open_)) / np.maximum(tempo[open_], 1e-12)
        open_ = open_[moment[open_] < age[open_]]
        day = np.ceil(moment[open_] * 7) / 7
        is_new_day = (day > recency[open_]) & (day <= age[open_])
        frequency[open_] += is_new_day
        recency[open_] = np.where(is_new_day, day, recency[open_])
        open_ = open_[rng.random(len(open_)) > risk[open_]]
    return {"frequency": frequency, "recency": recency, "T": age}


def tenure(name: str, summary: dict[str, Numbers]) -> dict[str, Any]:
    """Fit, then score everyone."""
    model = getattr(models, name)()
    model.fit({column: values[:1000] for column, values in summary.items()})  # imports and first use, for all alike
    model.expected_purchases(HORIZON, {column: values[:1000] for column, values in summary.items()})
    began, used = time.perf_counter(), time.process_time()
    model.fit(summary)
    fitted, spent = time.perf_counter(), time.process_time()
    model.expected_purchases(HORIZON, summary)
    scored = time.perf_counter()
    distinct = cells(histories(summary)).histories
    counted = {"frequency": distinct.x, "recency": distinct.recency, "T": distinct.age, "weight": distinct.weight}
    before = time.process_time()
    model.fit(counted)
    return {
        "fit": fitted - began, "cpu": spent - used, "search": time.process_time() - before, "score": scored - fitted,
        "params": model.params_.to_dict(), "log_likelihood": model.log_likelihood_, "cells": len(distinct),
    }  # fmt: skip


def judged(name: str, params: dict[str, float], summary: dict[str, Numbers]) -> float:
    """The log-likelihood of a rival's parameters over all rows."""
    model: PurchaseModel = getattr(models, name)()
    found = cells(histories(summary))
    values = np.asarray(Params(params), dtype=np.float64)
    return float(found.weight @ model._kernel().likelihood(values, found)[0])


def stored(customers: int) -> Path:
    """The simulated customers, made once and kept."""
    OUT.mkdir(exist_ok=True)
    file = OUT / f"histories-{customers}.npz"
    if not file.exists():
        np.savez(file, **simulate(customers))  # type: ignore[arg-type]
    return file


def measure(python: str, words: list[str]) -> dict[str, Any] | None:
    """What a fresh process says of itself; None where it lacks the library."""
    done = subprocess.run([python, *words], capture_output=True, text=True, cwd=OUT.parents[1], check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    said: dict[str, Any] | None = json.loads(done.stdout.splitlines()[-1])
    return said


def rounds(python: str, words: list[str], repeat: int) -> dict[str, Any] | None:
    """The median of several runs."""
    runs = [measure(python, words) for _ in range(repeat)]
    if any(run is None for run in runs):
        return None
    middle = {key: statistics.median(run[key] for run in runs if run) for key in ("fit", "cpu", "search", "score")}
    return {**(runs[0] or {}), **middle}


def line(who: str, customers: int, run: dict[str, Any], log_likelihood: float) -> str:
    """One line of the Markdown table."""
    distinct = f"{run['cells']:,} | " if "cells" in run else "– | "
    search = f"{run['search']:.2f}" if "search" in run else "–"
    times = f"{run['fit']:.2f} | {run['cpu']:.2f} | {search} | {run['score']:.2f}"
    return f"| {who} | {customers:,} | {distinct}{times} | {log_likelihood:,.2f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the purchase models.")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--customers", type=int, nargs="*", default=[1_000_000, 3_000_000])
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=MODELS)
    parser.add_argument(
        "--peers", nargs="*", default=[], help="Pythons of environments that have lifetimes or PyMC-Marketing"
    )
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    if asked.step:
        with np.load(asked.file) as found:
            print(json.dumps(tenure(asked.step, dict(found))))
        return
    print(
        "| what | customers | distinct histories | fit, s | CPU s | of it search | score, s | log-likelihood of all |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for customers in asked.customers:
        file = stored(customers)
        for name in asked.models:
            words = ["-m", "benchmarks.models", "--step", name, "--file", str(file)]
            run = rounds(sys.executable, words, asked.repeat)
            if run:
                print(line(f"Tenure {name}", customers, run, run["log_likelihood"]), flush=True)
    smallest = min(asked.customers)
    for python in asked.peers:
        compare(python, smallest, asked.models)


def compare(python: str, customers: int, names: list[str]) -> None:
    """The rivals on the same customers, once each: they take minutes."""
    file = stored(customers)
    with np.load(file) as found:
        summary = dict(found)
    for peer in PEERS:
        for name in names:
            run = measure(python, ["benchmarks/models_peers.py", peer, name, str(file)])
            if run:
                print(
                    line(f"{peer} {run['version']} {name}", customers, run, judged(name, run["params"], summary)),
                    flush=True,
                )


if __name__ == "__main__":
    main()
