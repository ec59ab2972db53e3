"""A rehearsed day: the clock goes on from message to message, so that what waits for its hour leaves then."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tenure.app.line import send_in
from tenure.app.workspace import Workspace
from tenure.clock import RehearsalClock
from tenure.domain.message import State
from tenure.domain.moments import from_micros, to_micros
from tenure.operations.send import Sent
from tenure.ports import Progress

if TYPE_CHECKING:
    from tenure.store.connection import Store

DAY = timedelta(days=1)


def send_the_day(ws: Workspace, desk: Store, progress: Progress) -> Sent:
    """Send what is due; in a rehearsal also what falls due within a day from its moment, each at its own hour."""
    from tenure.store.review import next_due

    sent = send_in(ws, desk, progress)
    if not isinstance(ws.clock, RehearsalClock):
        return sent
    now = ws.clock.now()
    end = to_micros(now + DAY)
    after = to_micros(now)
    while (due := next_due(desk, after)) is not None and due < end and not sent.stopped:
        after = due
        sent = _both(sent, send_in(replace(ws, clock=RehearsalClock(from_micros(due))), desk, progress))
    return sent


def _both(one: Sent, other: Sent) -> Sent:
    states: Counter[State] = Counter(one.states)
    # What was put off in the first is due, and counted anew, in the other.
    states["planned"] = 0
    states += Counter(other.states)
    resolved: Counter[State] = Counter(one.resolved) + Counter(other.resolved)
    return Sent(+states, one.recovered, resolved, (*one.stopped, *other.stopped))
