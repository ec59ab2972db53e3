"""Looking at a workspace: one customer, the reports, the outbox, the campaigns, and whether all is well."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenure.app import adapters
from tenure.app.line import run_id
from tenure.app.recipes import kept_business, kept_campaigns, recipes, taking_part
from tenure.app.workspace import Workspace, moment, open_workspace, write_key
from tenure.domain.campaign import Campaign
from tenure.domain.errors import TenureError
from tenure.domain.moments import AsOf, from_micros

if TYPE_CHECKING:
    from tenure.decisions.explain import Explanation
    from tenure.insights.table import Report


def customer(ws: Workspace, customer_id: str, as_of: AsOf) -> dict[str, Any]:
    """One customer's profile as of a moment.

    Raises:
        TenureError: nobody of that id was known before that moment.
    """
    with adapters.warehouse(ws) as opened:
        found = adapters.profiles(ws, opened).compute(as_of, ws.business, [customer_id]).to_pylist()
    if not found:
        raise TenureError(f"nobody with the id `{customer_id}` was known before {as_of}", "Check the id.")
    return {name: value for name, value in found[0].items() if name != "customer_key"}


def explain(ws: Workspace, customer_id: str, as_of: str | None) -> Explanation:
    """Why a customer hears from us, or does not: of the latest run, or as of a moment, whose run is then recalled."""
    from tenure.operations.explain import explain as operation
    from tenure.store.journal import load_run
    from tenure.warehouse.candidates import DuckCandidates
    from tenure.warehouse.choices import DuckDecisions
    from tenure.warehouse.learned import DuckLearned

    with adapters.warehouse(ws) as opened, adapters.store(ws) as desk:
        decisions = DuckDecisions(opened, ws.business.currency)
        latest = decisions.latest()
        asked = moment(ws, as_of) if as_of or latest is None else moment(ws, from_micros(latest[1]).isoformat())
        journal = load_run(desk, run_id(asked))
        campaigns = kept_campaigns(desk, journal.versions, ws) if journal else active(ws)
        business = kept_business(desk, journal.versions, ws) if journal else ws.business
        return operation(
            customer_id, campaigns, adapters.profiles(ws, opened), DuckCandidates(opened), decisions, asked, business,
            run_id=journal.run_id if journal else None, decided_at=journal.started_at if journal else None,
            learned=DuckLearned(opened).learned(asked),
        )  # fmt: skip


def active(ws: Workspace) -> list[Campaign]:
    """The campaigns that can be read now, with their steps."""
    return taking_part(recipes(ws)[0])


def campaigns(ws: Workspace) -> tuple[list[Campaign], list[TenureError]]:
    """The campaigns of a workspace, and the mistakes in those that cannot be read."""
    read, mistakes = recipes(ws)
    return [recipe.campaign for recipe in read], mistakes


def report(
    ws: Workspace, kind: str, as_of: str | None = None, from_: str | None = None, to: str | None = None
) -> Report:
    """One report as of a moment; the end of its period, else the latest run's moment, else now, if not given."""
    from tenure.operations.overview import published_moment
    from tenure.operations.report import report as operation

    if kind == "models":
        return _models_report(ws, as_of)
    from tenure.warehouse.snapshot import WarehouseQuery

    end = moment(ws, to) if to else None
    start = moment(ws, from_) if from_ else None
    with adapters.warehouse(ws) as opened:
        query = WarehouseQuery(opened)
        asked = moment(ws, as_of) if as_of else end or published_moment(query, ws.business) or moment(ws, None)
        return operation(kind, query, ws.business, asked, start, end)


def _models_report(ws: Workspace, as_of: str | None) -> Report:
    from tenure.insights.models import models_report
    from tenure.insights.words import Words

    fitted = adapters.shelf(ws).all()
    latest = from_micros(max(model.as_of for model in fitted)).isoformat() if fitted else None
    return models_report(fitted, moment(ws, as_of or latest), Words.of(ws.business))


def outbox(ws: Workspace) -> list[dict[str, Any]]:
    """How many messages stand in each state, and why."""
    from tenure.store.review import count_messages

    with adapters.store(ws) as desk:
        return [
            {"state": c.state, "reason": c.reason, "channel": c.channel, "messages": c.messages}
            for c in count_messages(desk)
        ]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that `doctor` looked at."""

    name: str
    ok: bool
    says: str


def doctor(folder: Path) -> list[Check]:
    """Look over a workspace: settings, campaigns, sources, warehouse, store and channels."""
    try:
        ws = open_workspace(folder)
    except TenureError as mistake:
        return [Check("settings", False, mistake.sentence)]
    return [
        Check("settings", True, f"{ws.business.name}, {ws.business.currency}, {ws.business.timezone}"),
        _checked("campaigns", lambda: _look_at_campaigns(ws)),
        _checked("sources", lambda: _look_at_sources(ws)),
        _checked("warehouse", lambda: _look_at_warehouse(ws)),
        _checked("store", lambda: _look_at_store(ws)),
        _checked("events", lambda: _look_at_events(ws)),
        *(_checked(f"channel {name}", lambda name=name: _look_at_channel(ws, name)) for name in adapters.carriers(ws)),  # type: ignore[misc]
        *_warnings(ws),
    ]


def _checked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except TenureError as mistake:
        return Check(name, False, mistake.sentence)


def _look_at_campaigns(ws: Workspace) -> str:
    read, mistakes = recipes(ws)
    if mistakes:
        raise mistakes[0]
    return f"{len(read)} can be read" if read else "none yet"


def _look_at_sources(ws: Workspace) -> str:
    from tenure.app.intake import extracts

    found = extracts(ws)
    return f"{len(found)} tables from {len({e.source for e in found})} sources" if found else "none yet"


def _look_at_warehouse(ws: Workspace) -> str:
    with adapters.warehouse(ws) as opened:
        (orders,) = opened.fetch("SELECT COUNT(*) FROM facts.orders")[0]
        (people,) = opened.fetch("SELECT COUNT(*) FROM facts.customers")[0]
    return f"{people:,} customers, {orders:,} orders"


def _look_at_store(ws: Workspace) -> str:
    with adapters.store(ws) as desk:
        return f"{desk.place} is ready" if ws.business.store == "postgresql" else "SQLite is ready"


def _look_at_events(ws: Workspace) -> str:
    from tenure.app.ingestion import inbox

    states, _ = inbox(ws, 0)
    write_key(ws)
    where = "TENURE_WRITE_KEY" if os.environ.get("TENURE_WRITE_KEY") else ".tenure/write-key"
    return f"{states.get('waiting', 0):,} wait, {states.get('aside', 0):,} are kept aside; the write key is in {where}"


def _look_at_channel(ws: Workspace, name: str) -> str:
    channel = adapters.carriers(ws)[name].connect()
    try:
        channel.open()
    finally:
        channel.close()
    settings = ws.business.channel(name)
    if settings is None or not settings.is_recorder:
        return "answers"
    folder = "maildir" if settings.adapter == "maildir" else f"recorded/{name}"
    return f"records into .tenure/{folder}, sends nothing"


def _warnings(ws: Workspace) -> list[Check]:
    found: list[Check] = []
    if not ws.business.salt:
        found.append(
            Check("salt", False, "`salt` is empty: set it once, or control groups are the same in every shop.")
        )
    if not ws.business.sender.postal_address:
        found.append(
            Check("sender", False, "`sender.postal_address` is empty: the law asks for it in marketing e-mail.")
        )
    return found
