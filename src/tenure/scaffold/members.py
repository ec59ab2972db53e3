"""Invents the records of a fitness subscription, the same ones at every call: nothing in them is real.

Who comes, what they choose and when they leave is drawn from a hash of their number, never from a clock or a generator
that another version of a library could change. The rules are written down in the README that goes with the files: a
free trial of 30 days, two plans, two add-ons, chances by month, and people who differ in how diligent they are, so that
those who stay are not like those who left.
"""

from __future__ import annotations

import csv
import hashlib
import io
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

PEOPLE = 5_000
BEGIN, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
PRICES = {"light": "5.99", "full": "9.99", "coach": "3.99", "meals": "2.99"}
# Channel → share of people, and from what to what winning one of them costs.
CHANNELS: dict[str, tuple[float, float, float]] = {
    "search": (0.34, 22.0, 34.0), "social": (0.31, 26.0, 42.0), "influencer": (0.13, 44.0, 70.0),
    "referral": (0.09, 8.0, 12.0), "organic": (0.13, 0.0, 0.0),
}  # fmt: skip
# Channel → how much more or less eager than others its people are to begin with.
EAGER = {"search": 1.1, "social": 0.8, "influencer": 0.75, "referral": 1.6, "organic": 1.2}
COUNTRIES = {"US": 0.6, "CA": 0.15, "GB": 0.15, "AU": 0.1}
TRIAL_LIGHT, TRIAL_FULL = 0.20, 0.10  # of an average person after the trial
LEAVE = {"light": 0.095, "full": 0.06, "extra": 0.035}  # in a month, of an average person
UPGRADE, DOWNGRADE, ADD, DROP = 0.022, 0.012, 0.03, 0.05
SERVE = {"trial": "0.45", "light": "0.62", "full": "0.71"}  # of one person for a month
ADVERTISERS = "0.38"  # for a month of a person on `light`
REASONS = ("too expensive", "no time", "injury", "gym instead", "missing features")
_FIRST = ("Ada", "Ben", "Clara", "David", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Leon", "Mina")
_LAST = ("Archer", "Baker", "Carter", "Dyer", "Fisher", "Glover", "Hooper", "Mason", "Porter", "Sawyer", "Turner")


def chance(*words: object) -> float:
    """A number between 0 and 1 that belongs to these words for ever."""
    digest = hashlib.sha256("/".join(map(str, ("stride", *words))).encode()).digest()
    return int.from_bytes(digest[:7]) / (1 << 56)


@dataclass(slots=True)
class Contract:
    """One row of contracts.csv in the making."""

    person: str
    number: int
    plan: str
    started: datetime
    trial_until: datetime | None = None
    cancelled: datetime | None = None
    ends: datetime | None = None
    reason: str = ""

    @property
    def name(self) -> str:
        return f"{self.person}-{self.number}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who began a trial."""

    name: str
    joined: datetime
    channel: str
    diligence: float  # 1 on average; leaves so many times less often, converts so many times more often


def people() -> Iterator[Person]:
    """Everybody, in the order of joining, as many in one month as in another."""
    for i in range(PEOPLE):
        share = (i + chance(i, "joined")) / PEOPLE
        day = share * (END - BEGIN).days
        joined = BEGIN + _DAY * int(day) + timedelta(minutes=int(60 * 7 + 900 * chance(i, "minute")))
        channel = _pick({name: part for name, (part, _, _) in CHANNELS.items()}, chance(i, "channel"))
        spread = 0.4 + 1.2 * chance(i, "diligence")
        yield Person(f"m{i + 1:04}", joined, channel, spread * EAGER[channel])


def contracts(person: Person) -> list[Contract]:
    """A person's contracts until they leave or the records end."""
    i, until = person.name, person.joined + 30 * _DAY
    light, full = TRIAL_LIGHT * person.diligence, TRIAL_FULL * person.diligence
    drawn = chance(i, "choice")
    plan = "full" if drawn < full else "light" if drawn < full + light else ""
    first = Contract(i, 1, plan or "light", person.joined, trial_until=until)
    if not plan:
        _leave(first, person.joined + _DAY * int(2 + 27 * chance(i, "gave up")), until)
        return [first]
    made, running, extra, month = [first], first, None, 0
    while (at := _later(until, month)) < END:
        state = "extra" if extra else running.plan
        month += 1
        paid_until = _later(until, month)
        drawn, leave = chance(i, "month", month), LEAVE[state] / person.diligence
        if drawn < leave:
            for contract in filter(None, (running, extra)):
                _leave(contract, at + _DAY * int(3 + 22 * chance(i, "day", month)), paid_until)
            break
        drawn -= leave
        if extra and drawn < DROP:
            _leave(extra, at + 5 * _DAY, paid_until)
            extra = None
        elif not extra and running.plan == "full" and drawn < ADD:
            extra = Contract(i, len(made) + 1, "coach" if chance(i, "extra") < 0.6 else "meals", paid_until)
            made.append(extra)
        elif not extra and drawn - ADD * (running.plan == "full") < (UPGRADE if running.plan == "light" else DOWNGRADE):
            _leave(running, at + 12 * _DAY, paid_until, "changed plan")
            running = Contract(i, len(made) + 1, "full" if running.plan == "light" else "light", paid_until)
            made.append(running)
    return [contract for contract in made if contract.started < END]


def _leave(contract: Contract, at: datetime, ends: datetime, reason: str = "") -> None:
    if at < END:
        contract.cancelled, contract.ends = max(at, contract.started), ends
        contract.reason = reason or REASONS[int(chance(contract.name, "reason") * len(REASONS))]


def _later(moment: datetime, months: int) -> datetime:
    """The same day so many months later, or the last of the month where it has no such day."""
    number = moment.year * 12 + moment.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def _pick(shares: dict[str, float], drawn: float) -> str:
    for name, part in shares.items():
        if drawn < part:
            return name
        drawn -= part
    return next(reversed(shares))


def files() -> dict[str, str]:
    """The records as CSV texts by file name."""
    everybody = list(people())
    made = [contract for person in everybody for contract in contracts(person)]
    return {
        "people.csv": _table(("person", "name", "joined_at", "country", "channel", "won_for", "newsletter"),
                             (_listed(p) for p in everybody)),
        "contracts.csv": _table(
            ("contract", "person", "plan", "price", "started_at", "trial_ends_at", "ends_at", "cancelled_at",
             "cancel_reason"),
            ((c.name, c.person, c.plan, PRICES[c.plan], c.started, c.trial_until, c.ends, c.cancelled, c.reason)
             for c in made),
        ),
        "payments.csv": _table(("payment", "contract", "paid_at", "amount"), _payments(made)),
        "costs.csv": _table(("cost", "plan", "at", "kind", "amount"), _costs(made)),
    }  # fmt: skip


def _listed(person: Person) -> tuple[object, ...]:
    i = person.name
    _, low, high = CHANNELS[person.channel]
    first, last = _FIRST[int(chance(i, "first") * len(_FIRST))], _LAST[int(chance(i, "last") * len(_LAST))]
    return (
        i, f"{first} {last}", person.joined,
        _pick(COUNTRIES, chance(i, "country")), person.channel, f"{low + (high - low) * chance(i, 'cost'):.2f}",
        "yes" if chance(i, "newsletter") < 0.7 else "no",
    )  # fmt: skip


def _months(contract: Contract) -> Iterator[datetime]:
    """When each paid month of a contract begins."""
    begin, month = contract.trial_until or contract.started, 0
    while (at := _later(begin, month)) < min(contract.ends or END, END):
        yield at
        month += 1


def _payments(made: Sequence[Contract]) -> Iterator[tuple[object, ...]]:
    for contract in made:
        for number, at in enumerate(_months(contract), 1):
            yield f"{contract.name}-{number}", contract.name, at, PRICES[contract.plan]


def _costs(made: Sequence[Contract]) -> Iterator[tuple[object, ...]]:
    """What each month's members cost, booked at the end of the month to their plan."""
    months: dict[tuple[str, datetime], int] = {}
    for contract in made:
        begins = [("trial", contract.started)] if contract.trial_until else []
        begins += [(contract.plan, at) for at in _months(contract) if contract.plan in SERVE]
        for plan, at in begins:
            month = at.replace(day=1, hour=0, minute=0)
            months[plan, month] = months.get((plan, month), 0) + 1
    for (plan, month), members in sorted(months.items(), key=lambda item: (item[0][1], item[0][0])):
        at = _later(month, 1) - _DAY / 2
        yield f"serve-{plan}-{month:%Y-%m}", plan, at, "service", f"{float(SERVE[plan]) * members:.2f}"
        if plan == "light":
            yield f"ads-{plan}-{month:%Y-%m}", plan, at, "advertisers", f"{-float(ADVERTISERS) * members:.2f}"


def _table(head: Sequence[str], rows: Iterable[tuple[object, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([f"{v:%Y-%m-%d %H:%M}" if isinstance(v, datetime) else v for v in row] for row in rows)
    return out.getvalue()
