"""What if a rate, a price or a cost were another: the chain as it is, as it would be, and what each lever is worth.

Pure: counts come in, figures go out, each with the interval that the draws give it. The words are `whatif_words`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tenure.domain.errors import UsageError, nearest
from tenure.insights.chain import Array, Chain, Worth, interval, profit, share, steady, worth
from tenure.insights.levers import Change, Lever, apply, bounds, break_even, levers, parse
from tenure.insights.rates import Evidence, drawn, likely

POINT = 0.01
_NUDGE = 1e-5
LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Ask:
    """What a person wants to know.

    Attributes:
        sets: changes as typed, `PATH=±X`.
        efforts: what moving a lever by one percent of its value costs, in units of the currency, by path.
        months: horizons of profit, each at least 1.
        discount_rate: yearly and continuous.
        minor: minor units in one unit of the currency.
        draws, seed: how many chains are drawn for the intervals, and which.
    """

    sets: tuple[str, ...] = ()
    efforts: Mapping[str, float] = field(default_factory=dict)
    months: tuple[int, ...] = (12, 24, 36)
    discount_rate: float = 0.1
    minor: int = 100
    draws: int = 1000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and the interval in which it lies with the certainty `LEVEL`; money in minor units."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: Array, draws: Array) -> Figure:
        """The figure of the likely chain, with the interval of the draws."""
        return cls(float(value[0]), *interval(draws, LEVEL))


@dataclass(frozen=True, slots=True)
class Pull:
    """What one lever can do, all others left as they are.

    Attributes:
        value: where it stands.
        needed: where it would have to stand for a customer to bring what they cost; None where it cannot.
        reachable: share of the draws in which it can.
        each, monthly: what one step (a point of a chance, a percent of money) is worth for each new customer, and for a
            month once as many leave as come; in the direction that pays.
        direction: +1 if more of it pays, −1 if less does, 0 if it changes nothing.
        cost: stated cost of moving it to `needed`, in units of the currency; None where none is stated.
    """

    lever: Lever
    value: Figure
    needed: Figure | None
    reachable: float
    each: Figure
    monthly: Figure
    direction: int
    cost: float | None = None

    @property
    def move(self) -> float | None:
        """The change that is needed, relative to where the lever stands.

        A chance is taken relative to itself or to what it lacks to 1, whichever is smaller: leaving less often from 90%
        to 80% is as large a step as staying twice as often.
        """
        now = self.value.value
        whole = min(now, 1 - now) if self.lever.kind in ("chance", "share") else now
        if self.needed is None or not whole:
            return None
        return (self.needed.value - now) / abs(whole)


@dataclass(frozen=True, slots=True)
class State:
    """A business as it is or would be.

    Attributes:
        figures: by name, as in `Worth`; `cohort` and `whole` stand in `ahead`.
        ahead: horizon → profit of one month's new customers, and of everybody.
        sure: chance that a customer brings more than they cost.
        profit, steady: of the likely chain, and of each draw.
    """

    likely: Chain
    draws: Chain
    profit: Array
    steady: Array
    profit_draws: Array
    steady_draws: Array
    figures: Mapping[str, Figure]
    ahead: Mapping[int, tuple[Figure, Figure]]
    sure: float


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything there is to say.

    Attributes:
        now, then: the business as it is, and after the changes; `then` is None without changes.
        gained: difference of the two by figure, draw by draw.
        pulls: the levers, the cheapest to reach break-even with first; after the changes if there are some.
        groups: the same by group, the largest first: name, new customers, state.
    """

    ask: Ask
    changes: tuple[Change, ...]
    evidence: Evidence
    now: State
    then: State | None
    gained: Mapping[str, Figure]
    gained_ahead: Mapping[int, tuple[Figure, Figure]]
    pulls: tuple[Pull, ...]
    groups: tuple[tuple[str, Evidence, State], ...] = ()

    @property
    def state(self) -> State:
        """After the changes, or as it is without any."""
        return self.then or self.now

    @property
    def cheapest(self) -> Pull | None:
        """The lever that reaches break-even at the lowest stated cost, else with the smallest relative move."""
        if self.state.figures["profit"].value >= 0:
            return None
        able = [p for p in self.pulls if p.move is not None]
        if priced := [p for p in able if p.cost is not None]:
            return min(priced, key=lambda p: p.cost or 0.0)
        return min(able, key=lambda p: abs(p.move or 0.0), default=None)


def answer(evidence: Evidence, ask: Ask, groups: Sequence[tuple[str, Evidence]] = ()) -> Answer:
    """Answer one question about a business.

    Raises:
        UsageError: a change or an effort names no lever, or would make something impossible.
    """
    rng = np.random.Generator(np.random.PCG64(ask.seed))
    before = likely(evidence, ask.discount_rate)
    before_draws = drawn(evidence, ask.discount_rate, rng, ask.draws)
    known = levers(before)
    changes = tuple(parse(text, known) for text in ask.sets)
    for path in ask.efforts:
        if path not in known:
            raise UsageError(f"there is no lever `{path}`", nearest(path, known))
    now, at, at_draws = _state(before, before_draws, ask)
    then: State | None = None
    gained: dict[str, Figure] = {}
    gained_ahead: dict[int, tuple[Figure, Figure]] = {}
    if changes:
        after = apply(before, changes, ask.minor)
        then, to, to_draws = _state(after, apply(before_draws, changes, ask.minor, strictly=False), ask)
        gained, gained_ahead = _gained(at, at_draws, to, to_draws, ask)
    state = then or now
    pulls = [_pull(lever, state, ask) for lever in levers(state.likely, only_seen=True).values()]
    told = tuple(_group(name, found, evidence, changes, ask, rng) for name, found in groups)
    return Answer(ask, changes, evidence, now, then, gained, gained_ahead, tuple(sorted(pulls, key=_rank)), told)


def _state(chain: Chain, draws: Chain, ask: Ask) -> tuple[State, Worth, Worth]:
    at, spread = worth(chain, ask.months), worth(draws, ask.months)
    ranges = spread.items()
    figures = {n: Figure.of(v, ranges[n]) for n, v in at.items().items() if n not in ("cohort", "whole")}
    ahead = {
        horizon: (Figure.of(at.cohort[:, i], spread.cohort[:, i]), Figure.of(at.whole[:, i], spread.whole[:, i]))
        for i, horizon in enumerate(ask.months)
    }
    money = (at.profit, at.steady, spread.profit, spread.steady)
    return State(chain, draws, *money, figures, ahead, share(spread.profit >= 0)), at, spread


def _gained(
    at: Worth, at_draws: Worth, to: Worth, to_draws: Worth, ask: Ask
) -> tuple[dict[str, Figure], dict[int, tuple[Figure, Figure]]]:
    """What the changes change, draw by draw: the doubt that both share cancels out."""
    a, b, c, d = at.items(), to.items(), at_draws.items(), to_draws.items()
    with np.errstate(invalid="ignore"):
        change = {n: (b[n] - a[n], d[n] - c[n]) for n in a}
    figures = {n: Figure.of(v, spread) for n, (v, spread) in change.items() if n not in ("cohort", "whole")}
    (cohort, cohort_draws), (whole, whole_draws) = change["cohort"], change["whole"]
    return figures, {
        horizon: (Figure.of(cohort[:, i], cohort_draws[:, i]), Figure.of(whole[:, i], whole_draws[:, i]))
        for i, horizon in enumerate(ask.months)
    }


def _pull(lever: Lever, state: State, ask: Ask) -> Pull:
    values, spread = lever.of(state.likely), lever.of(state.draws)
    needed, needed_draws = break_even(state.likely, lever), break_even(state.draws, lever)
    reaches = bool(np.isfinite(needed[0]))
    beyond = np.inf if reaches and needed[0] >= values[0] else -np.inf
    pull = Pull(
        lever, Figure.of(values, spread),
        Figure(float(needed[0]), *interval(np.where(np.isnan(needed_draws), beyond, needed_draws), LEVEL))
        if reaches else None,
        share(~np.isnan(needed_draws)), *_step(lever, state),
    )  # fmt: skip
    effort = ask.efforts.get(lever.path)
    if effort is None or pull.move is None:
        return pull
    return Pull(pull.lever, pull.value, pull.needed, pull.reachable, pull.each, pull.monthly, pull.direction,
                abs(pull.move) * 100 * effort)  # fmt: skip


def _step(lever: Lever, state: State) -> tuple[Figure, Figure, int]:
    """What one step in the direction that pays is worth, by the slope where the lever stands."""
    each, month = _slopes(lever, state.likely, state.profit, state.steady)
    each_draws, month_draws = _slopes(lever, state.draws, state.profit_draws, state.steady_draws)
    pays = float(each[0]) or float(month[0])
    direction = 0 if abs(pays) < 1e-9 else 1 if pays > 0 else -1
    sign = direction or 1
    return Figure.of(sign * each, sign * each_draws), Figure.of(sign * month, sign * month_draws), direction


def _slopes(lever: Lever, chain: Chain, each: Array, month: Array) -> tuple[Array, Array]:
    """Change of profit by one step of the lever: a hundredth of a chance or share, a percent of money or people.

    Args:
        each, month: profit of a customer and of a month as the chain stands.
    """
    values = lever.of(chain)
    whole = lever.kind in ("chance", "share")
    step = np.full_like(values, POINT) if whole else POINT * np.abs(values)
    nudge = _NUDGE if whole else _NUDGE * np.maximum(np.abs(values), 1.0)
    up = np.where(values + nudge > bounds(lever)[1], -nudge, nudge)
    moved = lever.put(chain, values + up)
    return (profit(moved) - each) / up * step, (steady(moved) - month) / up * step


def _rank(pull: Pull) -> tuple[bool, float, float, str]:
    """Cheapest first, then by the smallest move; what cannot reach break-even last, by what a step is worth."""
    if pull.move is None:
        return (True, 0.0, -abs(pull.monthly.value), pull.lever.path)
    return (False, np.inf if pull.cost is None else pull.cost, abs(pull.move), pull.lever.path)


def _group(
    name: str, found: Evidence, whole: Evidence, changes: Sequence[Change], ask: Ask, rng: np.random.Generator
) -> tuple[str, Evidence, State]:
    chain = apply(likely(found, ask.discount_rate, whole), changes, ask.minor, strictly=False)
    draws = apply(drawn(found, ask.discount_rate, rng, ask.draws, whole), changes, ask.minor, strictly=False)
    return name, found, _state(chain, draws, ask)[0]
