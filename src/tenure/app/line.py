"""The stations of the line for a workspace: profile, decide, send, learn, and the daily run of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tenure.app import adapters
from tenure.app.recipes import Recipe, keep, kept, kept_recipes, recipes, showing_lists, taking_part
from tenure.app.workspace import Workspace, secret
from tenure.clock import RehearsalClock, SystemClock
from tenure.domain import moments
from tenure.domain.errors import TenureError
from tenure.domain.message import Plan
from tenure.domain.moments import AsOf, to_micros
from tenure.operations.collect import collect
from tenure.operations.send import Sent
from tenure.ports import Progress

if TYPE_CHECKING:
    import pyarrow as pa

    from tenure.operations.decide import Decided
    from tenure.store.connection import Store
    from tenure.warehouse.duckdb import DuckWarehouse

_RUN_SECONDS = 6 * 3600.0  # a daily job that takes longer has died without saying so


def sent_sentence(sent: Sent) -> str:
    """What one send did, in words."""
    counts = ", ".join(f"{count:,} {state}" for state, count in sorted(sent.states.items()) if count) or "nothing due"
    return " ".join([f"Messages: {counts}.", *sent.stopped])


def run_id(as_of: AsOf) -> str:
    """The name of the run that decides as of a moment; the same moment again is the same run."""
    return as_of.moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").replace(".000000Z", "Z")


def profile(ws: Workspace, as_of: AsOf, progress: Progress, out: Path | None = None) -> int:
    """Publish everyone's profile, or write it to a file; returns how many customers there are."""
    from tenure.operations import profile as operation

    with adapters.warehouse(ws) as opened:
        return operation.profile(adapters.profiles(ws, opened), as_of, ws.business, progress, out)


def profiles(ws: Workspace, as_of: AsOf, customer_ids: Sequence[str] | None, progress: Progress) -> pa.Table:
    """The profiles of all, or of the named customers, as an Arrow table; nothing is stored."""
    import pyarrow as pa

    with adapters.warehouse(ws) as opened:
        builder = adapters.profiles(ws, opened)
        if customer_ids is not None:
            return builder.compute(as_of, ws.business, customer_ids)
        return pa.Table.from_batches(list(builder.stream(as_of, ws.business, progress)))


def decide(ws: Workspace, as_of: AsOf, progress: Progress, out: Path | None = None) -> Decided:
    """Decide for everyone as of a moment, profiles included; nothing is sent."""
    from tenure.operations.profile import check_ending, write_rows

    if out is not None:
        check_ending(out)
    used, mistakes = recipes(ws)
    if not used and mistakes:
        raise mistakes[0]
    with only_one(ws), adapters.warehouse(ws) as opened, adapters.store(ws) as desk:
        finish_planning(ws, opened, desk)
        decided = decide_in(ws, opened, desk, used, as_of, progress)
    if out is not None:
        write_rows(iter(decided.decisions.to_batches()), out)
    return decided


def send(ws: Workspace, as_of: AsOf | None, progress: Progress) -> Sent:
    """Plan what the latest run chose and was not planned yet, then send everything that is due.

    Raises:
        TenureError: a channel could not go on; its messages stay planned.
    """
    ws = rehearsing(ws, as_of)
    with only_one(ws), adapters.store(ws) as desk:
        with adapters.warehouse(ws) as opened:
            finish_planning(ws, opened, desk)
        sent = send_in(ws, desk, progress)
        with adapters.warehouse(ws) as opened:
            collect_in(ws, opened, desk, progress)
    if sent.stopped:
        raise TenureError(sent.stopped[0])
    return sent


def learn(ws: Workspace, as_of: AsOf, progress: Progress) -> pa.Table:
    """Measure what each campaign changed, as of a moment; the figures are kept and returned."""
    with adapters.warehouse(ws) as opened, adapters.store(ws) as desk:
        collect_in(ws, opened, desk, progress)
        effects = learn_in(ws, opened, as_of, progress)
        publish_in(ws, opened)
        return effects


def rehearsing(ws: Workspace, as_of: AsOf | None) -> Workspace:
    """The workspace with its clock set to a moment of the past, which only recorders may follow.

    Raises:
        TenureError: a channel would really send messages that were decided in the past.
    """
    if as_of is None:
        return ws
    real = [channel.name for channel in ws.business.channels if not channel.is_recorder]
    if real:
        raise TenureError(
            f"a rehearsal as of {as_of} would really send by {', '.join(real)}",
            "Leave --as-of away, or set the channel's adapter to maildir (e-mail) or recorder.",
        )
    return replace(ws, clock=RehearsalClock(as_of.moment))


@contextmanager
def only_one(ws: Workspace) -> Iterator[None]:
    """Nobody else decides or sends in this workspace while the block lasts.

    Raises:
        TenureError: somebody else does; the sentence says since when.
    """
    from tenure.store.leases import give_back_lease, take_lease
    from tenure.store.process import this_process

    with adapters.store(ws) as desk:
        # By the machine's clock even in a rehearsal: a lease must not look old because the rehearsal is.
        lease = take_lease(desk, "run", this_process(), to_micros(SystemClock().now()), _RUN_SECONDS)
        try:
            yield
        finally:
            give_back_lease(desk, lease)


def profile_in(ws: Workspace, opened: DuckWarehouse, as_of: AsOf, progress: Progress) -> int:
    return adapters.profiles(ws, opened).build(as_of, ws.business, progress)


def decide_in(
    ws: Workspace, opened: DuckWarehouse, desk: Store, used: list[Recipe], as_of: AsOf, progress: Progress
) -> Decided:
    from tenure.operations.decide import decide as operation
    from tenure.store.journal import start_run
    from tenure.warehouse.candidates import DuckCandidates
    from tenure.warehouse.choices import DuckDecisions
    from tenure.warehouse.learned import DuckLearned

    name, now = run_id(as_of), to_micros(ws.clock.now())
    if profiles_as_of(opened) != as_of.at:
        profile_in(ws, opened, as_of, progress)
    versions = keep(desk, ws, used, now)
    start_run(desk, name, as_of.at, now, versions)
    campaigns = taking_part(used)
    decisions, learned = DuckDecisions(opened, ws.business.currency), DuckLearned(opened).learned(as_of)
    return operation(campaigns, DuckCandidates(opened), decisions, as_of, ws.business, name, progress, learned)


def profiles_as_of(opened: DuckWarehouse) -> int | None:
    """The moment of the published profiles in microseconds UTC, or None when there are none."""
    if not opened.fetch("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'main' AND table_name = 'profiles'"):
        return None
    found = opened.fetch("SELECT epoch_us(as_of) FROM profiles LIMIT 1")
    return int(found[0][0]) if found else None


def finish_planning(ws: Workspace, opened: DuckWarehouse, desk: Store) -> None:
    """Plan the latest run's messages unless that is done: a crash may lie between deciding and planning."""
    from tenure.store.journal import load_run
    from tenure.warehouse.choices import DuckDecisions

    latest = DuckDecisions(opened, ws.business.currency).latest()
    if latest is None or profiles_as_of(opened) != latest[1]:
        return
    journal = load_run(desk, latest[0])
    if journal is not None and journal.finished_at is None:
        plan_in(ws, opened, desk, latest[0])


def plan_in(ws: Workspace, opened: DuckWarehouse, desk: Store, run: str) -> int:
    """Plan a run's messages, each once however often this is called; returns how many were new."""
    from tenure.operations.plan import plan
    from tenure.store.journal import finish_run, load_run
    from tenure.warehouse.choices import DuckDecisions
    from tenure.warehouse.hours import DuckHabits

    journal = load_run(desk, run)
    if journal is None:
        return 0
    used = kept_recipes(desk, journal.versions, ws)
    as_of = moments.as_of(moments.from_micros(journal.as_of), ws.business.timezone)
    decisions = DuckDecisions(opened, ws.business.currency)
    hours = DuckHabits(opened, ws.business.timezone)
    now = to_micros(ws.clock.now())
    messages = plan(run, taking_part(used), decisions, as_of, ws.business, showing_lists(used), hours)
    added = adapters.outbox(desk).plan(list(messages), now)
    finish_run(desk, run, now, {"planned": added})
    return added


def send_in(ws: Workspace, desk: Store, progress: Progress) -> Sent:
    from tenure.operations.compose import Composer
    from tenure.operations.send import send as operation
    from tenure.store.pressure import is_overheard
    from tenure.store.process import this_process

    @cache
    def recipe(version: str) -> Recipe | None:
        return kept(desk, version, ws)

    def texts(version: str, name: str) -> Mapping[str, str] | None:
        found = recipe(version)
        return found.texts(name) if found else None

    def overheard(plan: Plan) -> bool:
        return is_overheard(desk, plan, ws.business.contact, to_micros(ws.clock.now()))

    composer = Composer(ws.business, texts, secret(ws), ws.clock, overheard)
    return operation(
        adapters.outbox(desk), adapters.carriers(ws), composer, ws.clock, progress, this_process(),
    )  # fmt: skip


def collect_in(ws: Workspace, opened: DuckWarehouse, desk: Store, progress: Progress) -> None:
    from tenure.warehouse.cursors import Cursors
    from tenure.warehouse.intake import FactIntake

    facts, journals = FactIntake(opened, ws.business), adapters.StoreJournals(desk)
    collect(facts, journals, Cursors(opened), ws.business.timezone, to_micros(ws.clock.now()), progress)


def learn_in(
    ws: Workspace, opened: DuckWarehouse, as_of: AsOf, progress: Progress, used: list[Recipe] | None = None
) -> pa.Table:  # fmt: skip
    from tenure.operations.learn import learn as operation
    from tenure.warehouse.learned import DuckLearned
    from tenure.warehouse.outcomes import DuckOutcomes

    campaigns = taking_part(recipes(ws)[0] if used is None else used)
    return operation(campaigns, DuckOutcomes(opened), DuckLearned(opened), as_of, ws.business, progress)


def publish_in(ws: Workspace, opened: DuckWarehouse) -> None:
    from tenure.warehouse.snapshot import publish

    publish(opened, ws.machine / "published")
