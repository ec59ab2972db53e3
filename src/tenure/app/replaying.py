"""Replay: policies side by side over past days, each day by what was known on it; the workspace is not touched."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenure.app import adapters
from tenure.app.recipes import recipes, taking_part
from tenure.app.workspace import Workspace, moment
from tenure.decisions.rivals import RIVALS, Thirds
from tenure.domain import moments
from tenure.domain.campaign import Campaign
from tenure.domain.errors import TenureError, UsageError
from tenure.domain.moments import AsOf
from tenure.domain.silence import Silent
from tenure.operations.replay import Outcome, Policy, Tally, lifts_of, replay_day
from tenure.ports import Progress

if TYPE_CHECKING:
    from tenure.warehouse.duckdb import DuckWarehouse

POLICIES = (*RIVALS, "tenure")


@dataclass(frozen=True, slots=True)
class Replayed:
    """A comparison of policies.

    Attributes:
        days: moments that were decided.
        notes: what must be known to read it, as sentences.
    """

    start: AsOf
    end: AsOf
    days: int
    currency: str
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The comparison for machines."""
        return {
            "from": self.start.moment.isoformat(), "to": self.end.moment.isoformat(), "days": self.days,
            "currency": self.currency, "policies": [one.as_json() for one in self.outcomes],
            "notes": list(self.notes),
        }  # fmt: skip


def replay(
    ws: Workspace, from_: str, to: str, policies: Sequence[str], every: int, progress: Progress
) -> Replayed:  # fmt: skip
    """Let policies decide over past days, side by side.

    Args:
        from_, to: the first moment, and the end, which is not decided any more.
        policies: names of `POLICIES`, or folders of campaigns that the engine shall decide with; all four if empty.
        every: days between decisions.

    Raises:
        UsageError: a policy or a period that is none.
        TenureError: a folder of campaigns cannot be read.
    """
    start, end = moment(ws, from_), moment(ws, to)
    if start.at >= end.at:
        raise UsageError(f"--from {from_} is not before --to {to}", "Give the earlier moment first.")
    asked = [_policy(ws, name) for name in policies or POLICIES]
    days = _days(ws, start, end, every)
    progress.start("replay", len(days))
    with _copies(ws, start, len(asked)) as opened:
        tallies = [Tally(policy) for policy in asked]
        for day in days:
            _day(ws, opened, tallies, day)
            progress.advance()
        outcomes = tuple(_outcome(ws, *pair, start) for pair in zip(tallies, opened, strict=True))
    progress.finish(f"{len(days)} decisions of {len(asked)} policies")
    return Replayed(start, end, len(days), ws.business.currency, outcomes, _notes(ws, start))


def _policy(ws: Workspace, name: str) -> Policy:
    """A rival, the engine, or the engine with somebody's own folder of campaigns."""
    if name in POLICIES:
        return Policy(name, tuple(_campaigns(ws, None)), None if name == "tenure" else name)
    folder = Path(name) if Path(name).is_dir() else ws.folder / name
    if not folder.is_dir():
        raise UsageError(f"there is no policy `{name}` and no folder of that name",
                         f"Give {', '.join(POLICIES)} or a folder of campaigns.")  # fmt: skip
    return Policy(name, tuple(_campaigns(ws, folder)))


def _campaigns(ws: Workspace, folder: Path | None) -> list[Campaign]:
    read, mistakes = recipes(ws, folder)
    if folder is not None and mistakes:
        raise mistakes[0]
    if not read:
        raise TenureError("there is no campaign to decide with", "Put one into campaigns/.")
    return taking_part(read)


def _days(ws: Workspace, start: AsOf, end: AsOf, every: int) -> list[AsOf]:
    found, step = [], timedelta(days=every)
    at = start.moment
    while at < end.moment:
        found.append(moments.as_of(at, ws.business.timezone))
        at += step
    return found


@contextmanager
def _copies(ws: Workspace, start: AsOf, count: int) -> Iterator[list[DuckWarehouse]]:
    """A copy of the warehouse for each policy, gone when the block ends however it ends."""
    from tenure.warehouse.duckdb import DuckWarehouse
    from tenure.warehouse.scratch import forget_since

    source = ws.machine / "warehouse.duckdb"
    with adapters.warehouse(ws) as held:
        held.run("CHECKPOINT")
    folder = Path(tempfile.mkdtemp(prefix="replay-", dir=ws.machine))
    try:
        with ExitStack() as stack:
            opened = []
            for number in range(count):
                shutil.copyfile(source, folder / f"{number}.duckdb")
                one = stack.enter_context(DuckWarehouse(folder / f"{number}.duckdb", spill=folder / "spill"))
                forget_since(one, start)
                opened.append(one)
            yield opened
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _day(ws: Workspace, opened: Sequence[DuckWarehouse], tallies: Sequence[Tally], day: AsOf) -> None:
    from tenure.app.line import run_id
    from tenure.warehouse.candidates import DuckCandidates
    from tenure.warehouse.choices import DuckDecisions
    from tenure.warehouse.learned import DuckLearned
    from tenure.warehouse.scratch import say, take_over, thirds

    first, *others = opened
    adapters.profiles(ws, first).build(day, ws.business, Silent())
    if others:
        profiles = first.arrow("SELECT * FROM profiles")
        for one in others:
            take_over(one, profiles)
    bounds = thirds(first)
    cells = Thirds(bounds["recency_days"], bounds["orders"], bounds["revenue"])
    for one, tally in zip(opened, tallies, strict=True):
        decisions = DuckDecisions(one, ws.business.currency)
        chosen = replay_day(tally.policy, DuckCandidates(one), decisions, day, ws.business, run_id(day),
                            DuckLearned(one).learned(day), cells, tally)  # fmt: skip
        say(one, chosen, day)


def _outcome(ws: Workspace, tally: Tally, opened: DuckWarehouse, start: AsOf) -> Outcome:
    from tenure.warehouse.learned import DuckLearned
    from tenure.warehouse.occasions import ORDER_COMPLETED
    from tenure.warehouse.scratch import came_anyway

    now = moment(ws, None)
    lifts = lifts_of(tally.policy.campaigns, DuckLearned(opened).learned(now))
    ordering = [one.name for one in tally.policy.campaigns if one.goal.event == ORDER_COMPLETED]
    return Outcome.of(tally, lifts, came_anyway(opened, ordering, start, ws.business.currency))


def _notes(ws: Workspace, start: AsOf) -> tuple[str, ...]:
    notes = [
        "Each day was decided by what was known on it; messages count as sent at once, and nobody was reached.",
        "Who came anyway is told by the records, without these messages; what the others would have done is not.",
    ]
    if not any(model.as_of <= start.at for model in adapters.shelf(ws).all()):
        notes.append("No model had been fitted by then, so the customers' own rhythm spoke; "
                     f"`tenure fit --as-of {start.moment:%Y-%m-%d}` fits what could have been known.")  # fmt: skip
    return tuple(notes)
