"""What decisions earn in a shop whose truth is known, and whether a planted effect is found.

`python -m benchmarks.simulation` takes three measurements: seconds of the world alone; every policy through a year of
weekly decisions, compared customer by customer; and many small seeded shops, in each of which one campaign's planted
effect must lie inside the interval that assignment, import and `learn` arrive at. See docs/explanation/simulation.md.
"""

from __future__ import annotations

import argparse
import copy
import json
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.run import OUT
from tenure.app import line
from tenure.app.recipes import recipes
from tenure.app.simulating import FIRST_DAY, Shop, prepare, simulate
from tenure.campaigns.parse import parse
from tenure.domain.campaign import Campaign
from tenure.domain.silence import Silent
from tenure.simulation.comparison import Simulation
from tenure.simulation.truth import Truth
from tenure.simulation.world import Mail, World

CAMPAIGN = """\
title: A planted effect
purpose: marketing
audience: orders >= 1
occasion: {key: first_order_at}
channels: [email]
goal: {event: Order Completed, within: 14 days}
effect: {lift: 0.5, confidence: low}
control: 0.5
"""
MESSAGE = "---\nsubject: Planted\n---\nHello.\n"
GOAL_DAYS = 14
HISTORY = 120


def world_seconds(customers: int, days: int) -> float:
    """How long the shop alone takes to live."""
    began = time.perf_counter()
    World(Truth(), customers, days, 1, FIRST_DAY).live(days)
    return time.perf_counter() - began


def planted(seed: int, effect: float, customers: int, folder: Path) -> dict[str, float | bool]:
    """One small shop: what the campaign truly changed for those who were in it, and what was measured."""
    plan = Simulation(customers, GOAL_DAYS, seed, history=HISTORY)
    ws = prepare(folder, plan, Truth())
    for campaign in (folder / "campaigns").iterdir():
        shutil.rmtree(campaign)
    home = folder / "campaigns" / "planted"
    home.mkdir()
    (home / "campaign.yaml").write_text(CAMPAIGN)
    (home / "message.en.md").write_text(MESSAGE)
    world = World(Truth(same_for_all=effect), customers, HISTORY + GOAL_DAYS, seed, FIRST_DAY)
    with Shop(ws, world, recipes(ws)[0]) as shop:
        shop.bring_in(world.live(HISTORY))
        mail = _decided(shop)
        with_all, with_none = (_reached(world, who) for who in (mail["both"], mail["none"]))
        both = mail["both"]
        truth = float((with_all[both] - with_none[both]).mean())
        shop.bring_in(world.live(GOAL_DAYS + 1, [mail_to(shop, mail["chosen"])]))
        effects = line.learn_in(shop.ws, shop.opened, shop.as_of, Silent(), shop.recipes).to_pylist()
    row = next(row for row in effects if row["campaign"] == "planted")
    found = {name: row[name] for name in ("effect", "effect_low", "effect_high", "once_low", "once_high")}
    return found | {
        "truth": truth, "always": row["effect_low"] <= truth <= row["effect_high"],
        "once": row["once_low"] <= truth <= row["once_high"],
    }  # fmt: skip


def _decided(shop: Shop) -> dict[str, np.ndarray]:
    """Who was chosen, who was chosen or held back, and nobody, by the real decision."""
    decided = line.decide_in(shop.ws, shop.opened, shop.desk, shop.recipes, shop.as_of, Silent()).decisions.to_pylist()
    first = [row for row in decided if row["campaign"] == "planted"]
    who = {
        outcome: np.array([int(row["customer_id"][1:]) for row in first if row["outcome"] == outcome], dtype=np.int64)
        for outcome in ("chosen", "control")
    }
    return {"chosen": who["chosen"], "both": np.concatenate(list(who.values())), "none": np.empty(0, np.int64)}


def mail_to(shop: Shop, who: np.ndarray) -> Mail:
    """The planted campaign's contacts."""
    channel = np.full(len(who), "email")
    return Mail(shop.campaigns[0], 0, who, np.zeros(len(who), np.bool_), channel, channel,
                np.char.mod("planted-%d", who), np.full(len(who), 200, np.int64))  # fmt: skip


def _reached(world: World, who: np.ndarray) -> np.ndarray:
    """Who orders within the goal's days if just these are written to, in a copy of the world."""
    lived = copy.deepcopy(world)
    channel = np.full(len(who), "email")
    mail = Mail(
        _campaign(), 0, who, np.zeros(len(who), np.bool_), channel, channel, channel, np.zeros(len(who), np.int64)
    )
    orders = lived.live(GOAL_DAYS, [mail] if len(who) else [])["orders"]["customer"]
    return np.bincount(orders, minlength=len(world.people)).clip(max=1)


def _campaign() -> Campaign:
    return parse("planted", CAMPAIGN, {"en": MESSAGE}, "campaigns/planted", default_locale="en")


def recovered(runs: int, customers: int) -> dict[str, float]:
    """How often the planted effect lies inside each interval; effects go from none to twelve points."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(runs):
            rows.append(planted(seed, 0.03 * (seed % 5), customers, Path(folder) / "shop"))
            if (seed + 1) % 20 == 0:
                print(f"  {seed + 1} shops: {np.mean([row['always'] for row in rows]):.1%} always, "
                      f"{np.mean([row['once'] for row in rows]):.1%} once", flush=True)  # fmt: skip
    error = np.array([row["effect"] - row["truth"] for row in rows])
    return {
        "runs": runs, "always": float(np.mean([row["always"] for row in rows])),
        "once": float(np.mean([row["once"] for row in rows])), "bias": float(error.mean()),
        "bias_error": float(error.std(ddof=1) / np.sqrt(runs)),
        "mean_width": float(np.mean([row["effect_high"] - row["effect_low"] for row in rows])),
    }  # fmt: skip


class Told:
    """Progress as lines with the time of day's seconds, for a job of an hour."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._task = ""

    def start(self, task: str, total: int | None = None) -> None:
        """Remember the task."""
        self._task = task

    def advance(self, steps: int = 1) -> None:
        """Steps are not shown."""

    def finish(self, summary: str = "") -> None:
        """Say what came of it."""
        print(f"  {self._task}: {summary} ({time.perf_counter() - self._began:,.0f} s)", flush=True)


def main() -> None:
    """Measure and print; the figures also go to benchmarks/out/simulation.json."""
    parser = argparse.ArgumentParser(description="What decisions earn in a shop whose truth is known.")
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--policy", action="append", default=[], help="may be given again (default: all)")
    parser.add_argument("--planted", type=int, default=200, help="small shops with a planted effect")
    parser.add_argument("--small", type=int, default=800, help="customers of such a shop")
    parser.add_argument("--folder", type=Path, default=OUT / "simulation", help="the workspace that is left")
    asked = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    figures: dict[str, object] = {}
    if asked.planted:
        print(f"Planted effects in {asked.planted} shops of {asked.small:,}", flush=True)
        figures["planted"] = recovered(asked.planted, asked.small)
        print(f"  {figures['planted']}", flush=True)
    if asked.days:
        print(f"World alone, {asked.customers:,} customers: {world_seconds(asked.customers, 365):.1f} s for 365 days")
        plan = Simulation(asked.customers, asked.days, asked.seed, tuple(asked.policy))
        done = simulate(asked.folder, plan, Told())
        columns, rows = done.table()
        print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
        for row in rows:
            print("| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell or "–") for cell in row) + " |")
        print("\n".join(done.sentences()))
        figures["policies"] = done.as_json()
    (OUT / "simulation.json").write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
