"""The figures of a chain that a business can move, by their paths, and what a person wants them to be.

    conversion.FROM.TO   chance of being in TO a month after FROM         churn.STATE   chance of leaving for good
    price.PLAN           price of a month (`spend.STAGE` for buyers)      margin        share of revenue left
    cost.serve.STATE     cost of serving for a month                      cost.acquisition   of winning one customer
    volume.new           new customers in a month

When one chance of a row is changed, the others of the row shrink or grow in proportion, so that the row still adds up
to 1: whoever is kept behaves like those who were not about to leave.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tenure.domain.errors import UsageError, nearest
from tenure.insights.chain import Array, Chain, profit

Kind = Literal["chance", "money", "share", "count"]
_CHANGE = re.compile(r"^(?P<sign>[+-]?)(?P<number>\d+(?:\.\d*)?|\.\d+)(?P<percent>%?)$")
_ROUNDING = 1e-9
_HARDLY_EVER = 1e-4


@dataclass(frozen=True, slots=True)
class Lever:
    """One figure of a chain.

    Attributes:
        path: its name.
        kind: what it is: a chance, money of a month or customer, a share, or a count.
        row, column: of a chance, its place among the moves; of money, its place among states or prices.
    """

    path: str
    kind: Kind
    row: int = -1
    column: int = -1

    def of(self, chain: Chain) -> Array:
        """The lever's value in each draw; money in minor units."""
        match self.path.split(".")[0]:
            case "conversion" | "churn":
                return chain.moves[:, self.row, self.column]
            case "price" | "spend":
                return chain.price[:, self.column]
            case "margin":
                return chain.margin
            case "volume":
                return chain.volume
        return chain.acquisition if self.path == "cost.acquisition" else chain.serve[:, self.column]

    def put(self, chain: Chain, values: Array) -> Chain:
        """The chain with other values in place; a chance is put alone (`moved` puts several of one row)."""
        match self.path.split(".")[0]:
            case "conversion" | "churn":
                return moved(chain, self.row, {self.column: values})
            case "price" | "spend":
                return replace(chain, price=_with(chain.price, self.column, values))
            case "margin":
                return replace(chain, margin=values)
            case "volume":
                return replace(chain, volume=values)
        if self.path == "cost.acquisition":
            return replace(chain, acquisition=values)
        return replace(chain, serve=_with(chain.serve, self.column, values))


def _with(values: Array, column: int, new: Array) -> Array:
    changed = values.copy()
    changed[:, column] = new
    return changed


def moved(chain: Chain, row: int, wanted: dict[int, Array]) -> Chain:
    """The chain with some chances of a row in place and the others of the row scaled to what is left.

    Where nothing else could happen, what is left stays where it is.
    """
    moves = chain.moves.copy()
    fixed = sum(wanted.values(), np.zeros(len(moves)))
    others = moves[:, row].copy()
    others[:, list(wanted)] = 0.0
    room, total = 1.0 - fixed, others.sum(1)
    moves[:, row] = others * np.where(total > 0, room / np.where(total > 0, total, 1.0), 0.0)[:, None]
    for column, values in wanted.items():
        moves[:, row, column] = values
    moves[:, row, row] += np.where(total > 0, 0.0, room)
    return replace(chain, moves=moves)


def levers(chain: Chain, *, only_seen: bool = False) -> dict[str, Lever]:
    """Every lever of a chain by its path; of conversions, `only_seen` leaves out those that never happen."""
    places = (*chain.states, chain.end)
    found = [
        Lever(f"conversion.{a}.{b}", "chance", i, j)
        for i, a in enumerate(chain.states)
        for j, b in enumerate(places)
        if i != j and (not only_seen or (b != chain.end and chain.moves[:, i, j].any()))
    ]
    found += [Lever(f"churn.{a}", "chance", i, len(chain.states)) for i, a in enumerate(chain.states)]
    found += [Lever(f"{chain.bought}.{name}", "money", column=c) for c, name in enumerate(chain.priced)]
    found += [Lever("margin", "share"), Lever("cost.acquisition", "money")]
    found += [
        Lever(f"cost.serve.{a}", "money", column=i)
        for i, a in enumerate(chain.states)
        if not only_seen or chain.serve[:, i].any()
    ]
    return {lever.path: lever for lever in (*found, Lever("volume.new", "count"))}


@dataclass(frozen=True, slots=True)
class Change:
    """What a person wants of one lever: `+0.02` adds, `-10%` scales, `=9.99` replaces; money in currency units."""

    lever: Lever
    how: Literal["add", "scale", "replace"]
    amount: float

    def applied(self, values: Array, minor: int) -> Array:
        """The lever's values after the change; money in minor units."""
        amount = self.amount * (minor if self.lever.kind == "money" and self.how != "scale" else 1)
        match self.how:
            case "add":
                return values + amount
            case "scale":
                return values * (1 + amount)
        return np.full_like(values, amount)


def parse(text: str, known: dict[str, Lever]) -> Change:
    """The change that `PATH=±X` asks for.

    Raises:
        UsageError: there is no such lever, or the change cannot be read.
    """
    path, sign, wanted = text.partition("=")
    lever = known.get(path.strip().lower())
    if lever is None:
        raise UsageError(f"there is no lever `{path.strip()}`", nearest(path.strip().lower(), known))
    wanted = wanted.strip()
    how: Literal["add", "scale", "replace"] = "add"
    if wanted.startswith("="):
        wanted, how = wanted[1:].strip(), "replace"
    found = _CHANGE.match(wanted.replace("−", "-"))
    if not sign or not found:
        raise UsageError(
            f"`{text}` does not say what to do with `{lever.path}`",
            f"Write {lever.path}=+0.02 to add, {lever.path}=-10% to scale, or {lever.path}=0.3 to replace.",
        )
    if not found["sign"] and not found["percent"]:
        how = "replace"  # without a sign a number means itself
    amount = float(found["number"]) * (-1 if found["sign"] == "-" else 1) / (100 if found["percent"] else 1)
    if found["percent"] and how != "replace":
        how = "scale" if found["sign"] else "replace"
    return Change(lever, how, amount)


def apply(chain: Chain, changes: Sequence[Change], minor: int, *, strictly: bool = True) -> Chain:
    """The chain after all changes, in the order given; a lever that is named twice is changed twice.

    Args:
        minor: minor units in one unit of the currency.
        strictly: refuse impossible values; else they are taken back to what is possible, as draws need it.

    Raises:
        UsageError: a chance leaves 0 to 1, the chances of a state add up to more than 1, or a cost falls below nothing.
    """
    rows: dict[int, dict[int, Array]] = {}
    for change in changes:
        lever = change.lever
        before = rows.get(lever.row, {}).get(lever.column) if lever.kind == "chance" else None
        values = change.applied(lever.of(chain) if before is None else before, minor)
        values = _possible(lever, values, strictly)
        if not strictly and lever.kind == "chance" and lever.column == len(chain.states):
            values = np.maximum(values, _HARDLY_EVER)  # a draw in which nobody leaves would be worth without end
        if lever.kind == "chance":
            rows.setdefault(lever.row, {})[lever.column] = values
        else:
            chain = lever.put(chain, values)
    for row, wanted in rows.items():
        total = sum(wanted.values(), np.zeros(len(chain.moves)))
        if strictly and total.max() > 1 + _ROUNDING:
            raise UsageError(
                f"the chances after `{chain.states[row]}` would add up to {total.max():.3f}, which is more than 1",
                "Raise one of them less.",
            )
        over = np.maximum(total, 1.0)
        chain = moved(chain, row, {column: values / over for column, values in wanted.items()})
    if strictly and (stuck := _endless(chain)):
        raise UsageError(
            f"nobody who is in `{stuck}` would ever leave for good, so a life would have no end",
            f"Leave `churn.{stuck}`, or that of a state that follows it, above 0.",
        )
    return chain


def _endless(chain: Chain) -> str:
    """A state from which the end is never reached; empty when there is none."""
    ends = chain.moves[:, :, -1] > 0
    for _ in chain.states:
        ends |= ((chain.stays > 0) & ends[:, None, :]).any(2)
    return next((state for i, state in enumerate(chain.states) if not ends[:, i].all()), "")


_BOUNDS: dict[Kind, tuple[float, float]] = {
    "chance": (0.0, 1.0), "share": (-np.inf, 1.0), "count": (0.0, np.inf), "money": (-np.inf, np.inf),
}  # fmt: skip


def bounds(lever: Lever) -> tuple[float, float]:
    """Between which values a lever can lie; serving may bring money (a credit), winning and prices may not be less than
    nothing."""
    if lever.path == "cost.acquisition" or lever.path.startswith("price."):
        return 0.0, np.inf
    return _BOUNDS[lever.kind]


def _possible(lever: Lever, values: Array, strictly: bool) -> Array:
    low, high = bounds(lever)
    wrong = values[(values < low - _ROUNDING) | (values > high + _ROUNDING)]
    if strictly and len(wrong):
        allowed = (
            "between 0 and 1" if lever.kind == "chance" else f"at most {high:g}" if high < np.inf else "at least 0"
        )
        raise UsageError(f"`{lever.path}` would be {wrong[0]:g} and must be {allowed}", "Change it by less.")
    return np.clip(values, low, high)


def break_even(chain: Chain, lever: Lever) -> Array:
    """The value of one lever, all else as it is, at which a customer brings exactly what they cost; NaN if none does.

    Money and shares enter the profit of a customer in a straight line. A chance changes one row of the chain, so that
    the value of that row's state at break-even follows from the rest, and the chance follows from that value in closed
    form.
    """
    if lever.kind == "count":
        return np.full(len(chain.moves), np.nan)
    if lever.kind == "chance":
        found = _chance_at_zero(chain, lever.row, lever.column)
    else:
        now, at_now = lever.of(chain), profit(chain)
        step = np.maximum(np.abs(now), 1.0)
        slope = (profit(lever.put(chain, now + step)) - at_now) / step
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(np.abs(slope) > _ROUNDING, now - at_now / slope, np.nan)
    low, high = bounds(lever)
    if low < 0:
        low = float(np.minimum(lever.of(chain), 0.0).min())  # what is a cost does not turn into an income by itself
    return np.where((found >= low - _ROUNDING) & (found <= high + _ROUNDING), found, np.nan)


def _chance_at_zero(chain: Chain, row: int, column: int) -> Array:
    """The chance p of going from `row` to `column` at which the value of a customer is what winning them costs.

    With x the value of standing in `row`, every other state's value is α + β x, whatever p is. At break-even
    Σ entry (α + β x) = acquisition gives x, and x = m + γ (p V(column) + (1 − p) V(otherwise)) gives p.
    """
    size, draws = len(chain.states), np.arange(len(chain.moves))
    rest = chain.stays.copy()
    rest[:, row] = 0.0
    system = np.eye(size) - chain.discount * rest
    known = np.zeros((len(draws), size, 2))
    known[:, :, 0] = chain.monthly
    known[:, row] = (0.0, 1.0)  # the row's own value is x
    solved = np.linalg.solve(system, known)
    alpha, beta = solved[:, :, 0], solved[:, :, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        x = (chain.acquisition - (chain.entry * alpha).sum(1)) / (chain.entry * beta).sum(1)
        values = np.concatenate([alpha + beta * x[:, None], np.zeros((len(draws), 1))], axis=1)  # the end is worth 0
        others = chain.moves[:, row].copy()
        others[:, column] = 0.0
        total = others.sum(1)
        otherwise = np.where(total > 0, (others * values).sum(1) / np.where(total > 0, total, 1.0), values[:, row])
        gained = values[:, column] - otherwise
        needed = (x - chain.monthly[:, row]) / chain.discount - otherwise
        return np.where(np.abs(gained) > _ROUNDING, needed / gained, np.nan)
