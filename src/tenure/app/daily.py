"""The daily job: import, fit what is due, profile, decide, send, learn, publish, and say what needs attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tenure.app import adapters
from tenure.app.fitting import fit_in
from tenure.app.intake import import_new
from tenure.app.line import (
    collect_in,
    decide_in,
    finish_planning,
    learn_in,
    only_one,
    plan_in,
    profile_in,
    publish_in,
    rehearsing,
    sent_sentence,
)
from tenure.app.recipes import recipes
from tenure.app.rehearsal import send_the_day
from tenure.app.workspace import Workspace, moment
from tenure.domain.extract import Loaded
from tenure.domain.moments import AsOf
from tenure.operations.decide import Decided
from tenure.operations.send import Sent
from tenure.ports import Progress


@dataclass(frozen=True, slots=True)
class Ran:
    """What one daily job did."""

    as_of: AsOf
    imported: tuple[Loaded, ...]
    profiles: int
    decided: Decided
    sent: Sent
    attention: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The job's counts, for machines."""
        return {
            "as_of": self.as_of.moment.isoformat(),
            "imported": [{"table": r.table, "source": r.source, "accepted": r.accepted, "replaced": r.replaced,
                          "quarantined": r.quarantined} for r in self.imported],
            "profiles": self.profiles,
            "decided": self.decided.as_json(),
            "sent": dict(self.sent.states),
            "attention": list(self.attention),
        }  # fmt: skip

    def sentences(self) -> list[str]:
        """The job in words, most important first."""
        return [*self.decided.sentences(), sent_sentence(self.sent), *self.attention]


def run(ws: Workspace, as_of: str | None, progress: Progress) -> Ran:
    """The daily job, one at a time for a workspace.

    Args:
        as_of: a moment of the past to rehearse; now, if not given.

    Raises:
        TenureError: another run is at work; or a rehearsal would really send.
    """
    asked = moment(ws, as_of)
    ws = rehearsing(ws, asked if as_of else None)
    used, mistakes = recipes(ws)
    with only_one(ws), adapters.store(ws) as desk:
        with adapters.warehouse(ws) as opened:
            finish_planning(ws, opened, desk)
            collect_in(ws, opened, desk, progress)
            imported = import_new(ws, opened, desk, progress)
            fit_in(ws, opened, asked, progress)
            counted = profile_in(ws, opened, asked, progress)
            decided = decide_in(ws, opened, desk, used, asked, progress)
            plan_in(ws, opened, desk, decided.run_id)
        sent = send_the_day(ws, desk, progress)
        with adapters.warehouse(ws) as opened:
            collect_in(ws, opened, desk, progress)
            learn_in(ws, opened, asked, progress, used)
            publish_in(ws, opened)
    attention = (*(m.sentence for m in mistakes), *_set_aside(imported), *sent.stopped)
    return Ran(asked, tuple(imported), counted, decided, sent, attention)


def _set_aside(imported: Sequence[Loaded]) -> list[str]:
    return [
        f"{r.quarantined:,} rows of {r.table} from {r.source} are kept aside; see `tenure show quarantine`."
        for r in imported
        if r.quarantined
    ]
