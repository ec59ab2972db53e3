"""A what-if in words: what a customer is worth, what would make one pay, how sure that is, which lever is cheapest.

Sentences come first, most important first; then tables of text, narrow enough for a terminal of 80 columns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tenure.insights.levers import Lever
from tenure.insights.whatif import Answer, Figure, Pull
from tenure.insights.words import NOTHING, Words

_FEW_ENDS = 20  # so many make the length of a life known to within about a fifth
_FEW_MONTHS = 100  # so many months of a state leave its chances to within ten points
_MOST_MOVES = 3
_ROUNDS_AWAY = 0.0005
_WORTH_TELLING = 3  # further levers are in the table


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts: its title, the names of its columns, its rows, and how to read it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Saying:
    """How one business writes the figures of a chain; money comes in minor units that need not be whole."""

    words: Words

    def money(self, value: float) -> str:
        """$1.23, or what there is to say where there is no amount."""
        return "out of reach" if math.isinf(value) else self.words.money(round(value))

    def share(self, value: float) -> str:
        """12.3%, and never less than nothing by a rounding."""
        return self.words.share(0.0 if abs(value) < _ROUNDS_AWAY else value)

    def value(self, lever: Lever, value: float) -> str:
        """The value of a lever."""
        if math.isinf(value):
            return "none"
        if lever.kind == "money":
            return self.words.money(round(value))
        return self.words.number(value) if lever.kind == "count" else self.share(value)

    def month(self, value: float) -> str:
        """A month of pay-back."""
        if math.isnan(value) or math.isinf(value):
            return "never"
        return "at once" if value == 0 else f"month {self.words.count(int(value))}"

    def times(self, value: float) -> str:
        """A ratio."""
        return NOTHING if math.isinf(value) else self.words.number(value, 2)

    def range(self, figure: Figure, say: Callable[[float], str]) -> str:
        """The interval of a figure."""
        low, high = say(figure.low), say(figure.high)
        return low if low == high else f"{low} to {high}"


def sentences(told: Answer, words: Words) -> list[str]:
    """What there is to know, most important first."""
    say = Saying(words)
    said = [*(_changed(told, say) if told.then else ()), *_verdict(told, say), *_cure(told, say)]
    return [*said, *_steps(told, say), *_doubts(told, words)]


def _verdict(told: Answer, say: Saying) -> Iterator[str]:
    state, then = told.state, "then " if told.then else ""
    figures = state.figures
    profit = figures["profit"]
    if not figures["acquisition"].value:
        value, months = figures["value"], say.words.number(figures["months"].value)
        yield (
            f"A customer {then}brings {say.money(value.value)} in a life of {months} months (90% between "
            f"{say.money(value.low)} and {say.money(value.high)})."
        )
        return
    each = say.money(abs(profit.value))
    verb = f"{each} is gained" if profit.value >= 0 else f"{each} is lost"
    months = say.words.number(figures["months"].value)
    yield (
        f"A customer {then}brings {say.money(figures['value'].value)} in a life of {months} months and costs "
        f"{say.money(figures['acquisition'].value)} to win: {verb} on each "
        f"(90% between {say.money(profit.low)} and {say.money(profit.high)})."
    )
    yield (
        f"The chance that a customer pays for their acquisition is {say.words.share(state.sure, 0)}; "
        f"{_payback(figures['payback'], say)}."
    )


def _payback(payback: Figure, say: Saying) -> str:
    if math.isnan(payback.value):
        return "on average they never do"
    return f"on average they have paid by {say.month(payback.value)} (90%: {say.range(payback, say.month)})"


def _cure(told: Answer, say: Saying) -> Iterator[str]:
    cheapest = told.cheapest
    if not told.state.figures["acquisition"].value:
        return
    if told.state.figures["profit"].value >= 0:
        held = next((p for p in told.pulls if p.move is not None), None)
        if held is not None:
            yield f"The least room is in {_to(held, say)} before a customer costs more than they bring."
        return
    if cheapest is None:
        yield "No lever makes a customer pay for their acquisition on its own; combine several with --set."
        return
    cost = f", at a stated cost of {say.words.number(cheapest.cost, 2)}" if cheapest.cost is not None else ""
    how = "The cheapest lever" if cheapest.cost is not None else "The shortest way"
    yield f"{how} to break even is {_to(cheapest, say)}{cost}."
    others = [p for p in told.pulls if p.move is not None and p is not cheapest][: _WORTH_TELLING - 1]
    if others:
        yield f"Or, each alone: {'; '.join(_to(p, say) for p in others)}."


def _to(pull: Pull, say: Saying) -> str:
    if pull.needed is None:
        return f"`{pull.lever.path}`"
    lever, needed = pull.lever, pull.needed
    return (
        f"`{lever.path}` from {say.value(lever, pull.value.value)} to {say.value(lever, needed.value)} "
        f"(90%: {say.range(needed, lambda v: say.value(lever, v))})"
    )


def _steps(told: Answer, say: Saying) -> Iterator[str]:
    """What one point or percent more is worth, of the levers where it is worth most."""
    best = sorted((p for p in told.pulls if p.direction), key=lambda p: (-p.each.value, p.lever.path))
    if best:
        top = best[0]
        yield (
            f"{_step(top).capitalize()} of `{top.lever.path}` is worth {say.money(top.each.value)} for each new "
            f"customer (90% between {say.money(top.each.low)} and {say.money(top.each.high)}), and "
            f"{say.money(top.monthly.value)} a month in the long run."
        )


def _step(pull: Pull) -> str:
    unit = "one point" if pull.lever.kind in ("chance", "share") else "one percent"
    return f"{unit} {'more' if pull.direction > 0 else 'less'}"


def _changed(told: Answer, say: Saying) -> Iterator[str]:
    moves = ", ".join(
        f"`{c.lever.path}` from {say.value(c.lever, float(c.lever.of(told.now.likely)[0]))} to "
        f"{say.value(c.lever, float(c.lever.of(told.state.likely)[0]))}"
        for c in {c.lever.path: c for c in told.changes}.values()
    )
    gained = told.gained["profit"]
    more = "more" if gained.value >= 0 else "less"
    yield (
        f"With {moves}, a customer brings {say.money(abs(gained.value))} {more} (90% between {say.money(gained.low)} "
        f"and {say.money(gained.high)})."
    )
    if any(c.lever.path.startswith("price.") for c in told.changes) and not any(
        c.lever.path.startswith("churn.") for c in told.changes
    ):
        yield "Nobody is taken to leave for the price: say with --set churn.PLAN=+0.01 how many would."


def _doubts(told: Answer, words: Words) -> Iterator[str]:
    found = told.evidence
    ends = int(found.counts.moves[:, -1].sum())
    if ends < _FEW_ENDS:
        yield f"Customers who were seen to leave: {words.count(ends)}. How long a life lasts is a guess."
    few = [s for s, n in zip(found.states, found.counts.moves.sum(1), strict=True) if n < _FEW_MONTHS]
    if few:
        names = ", ".join(f"`{name}`" for name in few)
        yield f"Fewer than {words.count(_FEW_MONTHS)} months of {names} were seen: what is said of them is a guess."


def tables(told: Answer, words: Words) -> list[Table]:
    """The figures, what follows what, the levers, and the groups if they were asked for."""
    say = Saying(words)
    made = [_figures(told, say), _chain(told, say), _levers(told, say)]
    return [*made, _groups(told, say)] if told.groups else made


_NAMES: tuple[tuple[str, str], ...] = (
    ("months", "Months of life"), ("paying", "  of them paid for"), ("revenue", "Revenue"), ("margin", "Margin"),
    ("served", "Cost to serve"), ("value", "Lifetime value"), ("acquisition", "Acquisition cost"),
    ("profit", "Profit"), ("ratio", "Value ÷ acquisition"), ("payback", "Paid back"),
    ("steady", "Profit a month"),
)  # fmt: skip


def _figures(told: Answer, say: Saying) -> Table:
    lines = [(label, _say(name, say), told.now.figures[name], told.then and told.then.figures[name],
              told.gained.get(name)) for name, label in _NAMES
             if name != "paying" or told.now.likely.bought == "price"]  # fmt: skip
    for i, label in enumerate(("New", "All")):
        for horizon in told.ask.months:
            after, gained = told.then and told.then.ahead[horizon][i], told.gained_ahead.get(horizon)
            lines.append((f"{label}, {say.words.count(horizon)} months", say.money, told.now.ahead[horizon][i], after,
                          gained and gained[i]))  # fmt: skip
    columns: tuple[str, ...] = ("", "now", "90% between")
    rows: list[tuple[str, ...]] = [(label, s(now.value), say.range(now, s)) for label, s, now, _, _ in lines]
    if told.then is not None:
        columns = ("", "now", "then", "difference", "90% between")
        rows = [
            (label, s(now.value), s(then.value) if then else NOTHING, *_difference(s, gained, say))
            for label, s, now, then, gained in lines
        ]
    return Table("What a customer is worth", columns, tuple(rows), _FIGURES_NOTE)


def _say(name: str, say: Saying) -> Callable[[float], str]:
    if name in ("months", "paying"):
        return say.words.number
    return {"ratio": say.times, "payback": say.month}.get(name, say.money)


def _difference(s: Callable[[float], str], gained: Figure | None, say: Saying) -> tuple[str, str]:
    if gained is None or s == say.month or not all(map(math.isfinite, (gained.value, gained.low, gained.high))):
        return NOTHING, NOTHING
    return ("+" if gained.value > 0 else "") + s(gained.value), say.range(gained, s)


def _chain(told: Answer, say: Saying) -> Table:
    chain, counts = told.state.likely, told.evidence.counts
    places = (*chain.states, chain.end)
    monthly = chain.monthly[0]
    rows = []
    for i, state in enumerate(chain.states):
        chances = sorted(zip(places, chain.moves[0, i].tolist(), strict=True), key=lambda pair: -pair[1])
        told_of = [f"{name} {say.words.share(p)}" for name, p in chances if p > 0]
        shown = told_of[:_MOST_MOVES] + (["…"] if len(told_of) > _MOST_MOVES else [])
        rows.append((state, ", ".join(shown), say.words.count(int(counts.months[i])), say.money(monthly[i])))
    return Table("Where they are a month later", ("from", "to", "months", "brings"), tuple(rows), _CHAIN_NOTE)


def _levers(told: Answer, say: Saying) -> Table:
    rows = []
    for pull in told.pulls:
        lever, needed = pull.lever, pull.needed
        sign = {1: "+", -1: "−", 0: ""}[pull.direction]
        step = f"{sign}1{'pt' if lever.kind in ('chance', 'share') else '%'} {say.money(pull.each.value)}"
        each = step if pull.each.value or not pull.direction else f"{sign}1% {say.money(pull.monthly.value)}/mo"
        rows.append((
            lever.path, say.value(lever, pull.value.value),
            say.value(lever, needed.value) if needed else NOTHING,
            say.range(needed, lambda v, lever=lever: say.value(lever, v)) if needed else NOTHING,  # type: ignore[misc]
            each if pull.direction else NOTHING,
        ))  # fmt: skip
    columns = ("lever", "now", "even at", "90% between", "a step brings")
    return Table("Levers, each alone", columns, tuple(rows), _LEVERS_NOTE)


def _groups(told: Answer, say: Saying) -> Table:
    rows = tuple(
        (name, say.words.count(int(found.counts.entry.sum())), say.money(state.figures["value"].value),
         say.money(state.figures["acquisition"].value), say.money(state.figures["profit"].value),
         say.range(state.figures["profit"], say.money), say.words.share(state.sure, 0))
        for name, found, state in told.groups
    )  # fmt: skip
    columns = ("", "new", "value", "won for", "profit", "90% between", "sure")
    return Table("By group", columns, rows, _GROUPS_NOTE)


_FIGURES_NOTE = (
    "Of one customer, discounted to the month they begin, down to the month in which they have paid for themselves. "
    "Then profit of a month once as many leave as come, not discounted; and profit over the months to come, of the new "
    "customers of one month, and of all, those who are there and those who come."
)
_CHAIN_NOTE = "`months` were seen; `brings` is the margin of one, less what serving costs."
_LEVERS_NOTE = (
    "`even at`: where a customer brings just what they cost, all else as it is; `none`, or a dash, where no value "
    "does. `a step`: what one point of a chance, or one percent of anything else, is worth for each new customer (of "
    "`volume.new`: a month), in the direction that pays."
)
_GROUPS_NOTE = "`sure`: the chance that a customer of the group pays for their acquisition."
