"""Simulation: policies run on a shop whose truth is known, day-block by day-block through the real intake and stations.

A year of history without any contact comes first; then each policy decides every few days, from nothing but the facts
imported so far. The contacts it chooses are recorded as sent, without rendering a message, and the world answers them.
"""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tenure.app import adapters, line
from tenure.app.choosing import POLICIES, Chooser
from tenure.app.fitting import fit_in
from tenure.app.recipes import Recipe, recipes, taking_part
from tenure.app.simulated import SOURCE, extracts, own_rows
from tenure.app.workspace import MACHINE, Workspace, initialise, open_workspace
from tenure.clock import SystemClock
from tenure.domain.errors import TenureError, UsageError, nearest
from tenure.domain.moments import AsOf, as_of, date_of, start_of_day
from tenure.domain.silence import Silent
from tenure.operations.import_facts import import_facts
from tenure.ports import Progress
from tenure.simulation.comparison import HOME, NONE, Run, Simulated, Simulation
from tenure.simulation.records import Columns
from tenure.simulation.truth import Truth
from tenure.simulation.world import World

if TYPE_CHECKING:
    from tenure.store.connection import Store
    from tenure.warehouse.duckdb import DuckWarehouse

__all__ = ["Simulation", "simulate"]

TRUTH = "truth.json"
FIRST_DAY = 19_358  # 2023-01-01
# Those of the library that the shop's facts can feed: it has no trials, tiers, donations or birthdays.
CAMPAIGNS = (
    "abandoned-browsing", "abandoned-cart", "anniversary", "cross-sell", "discount-to-habit", "follow-up",
    "last-goodbye", "new-product", "newest-release", "newsletter", "renewal-by-date", "replacement-due",
    "save-before-leaving", "season-opening", "second-order", "thank-you", "up-sell", "vip-offer", "welcome", "win-back",
)  # fmt: skip


def simulate(folder: Path, plan: Simulation, progress: Progress, truth: Truth | None = None) -> Simulated:
    """Make a workspace of a simulated shop and let the policies decide in it.

    The workspace that is left is that of `tenure`, or of the last policy named; the others' are thrown away.

    Raises:
        UsageError: there is no such policy.
        TenureError: the folder holds something else.
    """
    truth = truth or Truth()
    names = list(dict.fromkeys((NONE, *(plan.policies or POLICIES))))
    for policy in names:
        if policy not in POLICIES:
            raise UsageError(f"there is no policy `{policy}`", nearest(policy, POLICIES))
    ws = prepare(folder, plan, truth)
    world = World(truth, plan.customers, plan.history + plan.days, plan.seed, FIRST_DAY)
    progress.start("History", plan.history)
    used, _ = recipes(ws)
    with Shop(ws, world, used) as shop:
        shop.bring_in(world.live(plan.history))
        fit_in(shop.ws, shop.opened, shop.as_of, Silent())
    progress.finish(f"{int((world.people.arrives < world.day).sum()):,} customers, no contact yet")
    begin_count(world)
    home = HOME if HOME in names else names[-1]
    runs: dict[str, Run] = {}
    with tempfile.TemporaryDirectory(prefix="tenure-simulation-") as elsewhere:
        for name in [*(n for n in names if n != home), home]:
            mine = ws if name == home else _copied(ws, Path(elsewhere) / name, needed=name != NONE)
            runs[name] = _run(mine, copy.deepcopy(world), used, name, plan, keeps=name == home, progress=progress)
    return Simulated(plan, tuple(runs[name] for name in names))


def prepare(folder: Path, plan: Simulation, truth: Truth) -> Workspace:
    """A fresh workspace, with the truth beside it; an earlier simulation in the folder is replaced.

    Raises:
        TenureError: the folder holds something else.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MACHINE).is_dir() or not (folder / TRUTH).is_file():
            raise TenureError(f"{folder} holds something that is not a simulation", "Name another folder.")
        shutil.rmtree(folder)
    initialise(folder, "simulation", salt=f"simulation-{plan.seed}")
    for campaign in (folder / "campaigns").iterdir():
        if campaign.name not in CAMPAIGNS:
            shutil.rmtree(campaign)
    told = {"seed": plan.seed, "customers": plan.customers, "history": plan.history, "days": plan.days}
    (folder / TRUTH).write_text(json.dumps({**told, "truth": truth.as_json()}, indent=2) + "\n", "utf-8")
    return open_workspace(folder)


def begin_count(world: World) -> None:
    """Profit is counted from here on."""
    for part in world.state.gained.values():
        part[:] = 0.0


def _copied(ws: Workspace, folder: Path, *, needed: bool) -> Workspace:
    if needed:
        shutil.copytree(ws.folder, folder)
    return replace(ws, folder=folder) if needed else ws


def _run(
    ws: Workspace, world: World, used: list[Recipe], policy: str, plan: Simulation, *, keeps: bool, progress: Progress
) -> Run:  # fmt: skip
    """Let one policy decide every few days until the days are over."""
    progress.start(f"Policy {policy}", -(-plan.days // plan.every))
    until = world.day + plan.days
    orders_before = int(world.state.orders.sum())
    unsubscribed = 0
    with ExitStack() as stack:
        # Silence needs no facts: without a workspace to leave behind the world alone is enough.
        shop = stack.enter_context(Shop(ws, world, used)) if keeps or policy != NONE else None
        chooser = Chooser(policy, plan.every, until, plan.seed)
        while world.day < until:
            mail = chooser.choose(shop) if shop is not None and policy != NONE else []
            records = world.live(min(plan.every, until - world.day), mail)
            if "deliveries" in records:
                unsubscribed += int((records["deliveries"]["kind"] == "unsubscribed").sum())
            if shop is not None:
                shop.bring_in(records)
            progress.advance()
        if shop is not None and keeps:
            shop.finish()
    parts = {part: float(cents.sum()) / 100.0 for part, cents in world.state.gained.items()}
    profit = np.sum(list(world.state.gained.values()), axis=0) / 100.0
    run = Run(policy, unsubscribed, int(world.state.orders.sum()) - orders_before, profit, parts, chooser.tally)
    progress.finish(f"{run.total:,.2f} profit with {run.contacts:,} contacts")
    return run


class Shop:
    """A simulated shop's workspace, open: its warehouse, its store, and the world's moment as its clock."""

    def __init__(self, ws: Workspace, world: World, used: list[Recipe]) -> None:
        self._ws, self.world, self.recipes = ws, world, used
        self.campaigns = taking_part(self.recipes)
        self.names = [campaign.name for campaign in self.campaigns]
        self.keys = np.full(len(world.people), -1, dtype=np.int64)
        self._stack = ExitStack()

    def __enter__(self) -> Shop:
        self.opened: DuckWarehouse = self._stack.enter_context(adapters.warehouse(self._ws))
        self.desk: Store = self._stack.enter_context(adapters.store(self._ws))
        self._look_up_keys()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def as_of(self) -> AsOf:
        """The midnight at which the world's day begins."""
        return as_of(start_of_day(date_of(self.world.first_day + self.world.day), "UTC"), "UTC")

    @property
    def ws(self) -> Workspace:
        """The workspace, whose clock stands at the world's moment."""
        return replace(self._ws, clock=Standing(self.as_of.moment))

    def bring_in(self, records: dict[str, Columns]) -> None:
        """Import what was written down, and record our own contacts and what came of them."""
        from tenure.warehouse.intake import FactIntake

        intake = FactIntake(self.opened, self._ws.business)
        loaded = import_facts(intake, extracts(records, self.world.truth, self.names), self.ws.clock, Silent())
        aside = sum(one.quarantined for one in loaded)
        if aside:
            raise TenureError(f"{aside} rows of the {SOURCE} were kept aside", "See `tenure show quarantine`.")
        self._look_up_keys()
        for table in ("contacts", "deliveries"):
            if table in records:
                intake.record(table, own_rows(records[table], self.keys, self.names))

    def finish(self) -> None:
        """Leave a workspace that every command can go on with."""
        line.profile_in(self.ws, self.opened, self.as_of, Silent())
        line.learn_in(self.ws, self.opened, self.as_of, Silent(), self.recipes)
        line.publish_in(self.ws, self.opened)

    def _look_up_keys(self) -> None:
        for customer_id, key in self.opened.fetch("SELECT customer_id, customer_key FROM facts.customers"):
            self.keys[int(customer_id[1:])] = key


class Standing:
    """A clock that stands still at one moment, so that a simulation does not depend on how long it takes."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        """The moment."""
        return self._moment

    def monotonic(self) -> float:
        """Seconds that never go back, for deadlines."""
        return SystemClock().monotonic()
