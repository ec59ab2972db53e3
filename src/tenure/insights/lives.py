"""Customers' lives month by month, and what is counted of them: moves between states, money, and time.

A life is a run of entries, one for each month: the state, when the month begins, what was paid for it. It ends with the
first entry in the end state, or at the latest month that was over. Lives of contracts come from `spells`, those of
buyers from `stages`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tenure.domain.moments import MICROS_PER_DAY

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lives:
    """Lives one after another; L lives, n entries, moments in microseconds, money in minor units.

    Attributes:
        customers: key of each life's customer, rising, (L,).
        first: where each life begins among the entries, and n at the end, (L + 1,).
        begins: when each entry's month begins, (n,).
        state: number of each entry's state, `len(states)` for the end, (n,).
        over: whether the entry's month was over before the moment asked about, (n,).
        paid: what each entry's month costs or brought, add-ons left out, (n,).
        more, held: what its add-ons cost, and how many they are, (n,).
        present: state of each life at the moment asked about, (L,).
        states: names of the states that can be left.
        end: name of the one that is never left.
        returned: lives that went on after they had come to the end state; what came later is not looked at.
    """

    customers: Ints
    first: Ints
    begins: Ints
    state: Ints
    over: Flags
    paid: Floats
    more: Floats
    held: Floats
    present: Ints
    states: tuple[str, ...]
    end: str
    returned: int = 0

    @property
    def life(self) -> Ints:
        """Number of the life to which each entry belongs, (n,)."""
        return np.repeat(np.arange(len(self.customers)), np.diff(self.first))

    @property
    def starts(self) -> Ints:
        """When each life began, (L,)."""
        return self.begins[self.first[:-1]]

    def of(self, chosen: Flags) -> Lives:
        """Some of the lives."""
        entries = chosen[self.life]
        return replace(
            self, customers=self.customers[chosen], first=np.r_[0, np.cumsum(np.diff(self.first)[chosen])],
            present=self.present[chosen], **{name: getattr(self, name)[entries] for name in ENTRIES},
        )  # fmt: skip


_STRIDE = 1 << 20  # days, more than any business is old
ENTRIES = ("begins", "state", "over", "paid", "more", "held")


def cut(lives: Lives) -> Lives:
    """The lives up to their first end; who came back afterwards is counted in `returned`."""
    gone = (lives.state == len(lives.states)).astype(np.int64)
    ends_before = np.cumsum(gone) - gone
    ends_before -= np.repeat(ends_before[lives.first[:-1]], np.diff(lives.first))
    kept = ends_before == 0
    back = np.unique(lives.life[~kept & (gone == 0)])
    lengths = np.bincount(lives.life[kept], minlength=len(lives.customers))
    return replace(
        lives, first=np.r_[0, np.cumsum(lengths)], returned=len(back),
        **{name: getattr(lives, name)[kept] for name in ENTRIES},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted of lives since a moment; S states.

    Attributes:
        moves: how often each state was followed by each, the end last, (S, S + 1).
        entry: how many lives began in each state, (S,).
        months: months in each state that were over, (S,).
        present: customers in each state at the moment asked about, (S,).
        paid, more, held: sums of the entries', by state, (S,).
        paid_squares: sum of the squares of `paid`, by state, (S,).
        current: `paid`, `more` and `held` summed over the months that run at the moment asked about, and how many run,
            (4, S).
    """

    moves: Ints
    entry: Ints
    months: Ints
    present: Ints
    paid: Floats
    more: Floats
    held: Floats
    paid_squares: Floats
    current: Floats


def count(lives: Lives, since: int) -> Counts:
    """Count the months that began at a moment or after it."""
    size = len(lives.states)
    late = lives.begins >= since
    transient = lives.state < size
    follows = np.r_[lives.life[1:] == lives.life[:-1], False] & late
    pairs = lives.state[:-1][follows[:-1]] * (size + 1) + lives.state[1:][follows[:-1]]
    begun = lives.state[lives.first[:-1]][lives.starts >= since]
    months = late & transient & lives.over
    running = transient & ~lives.over

    def by_state(values: Floats, where: Flags = months) -> Floats:
        return np.bincount(lives.state[where], values[where], minlength=size).astype(np.float64)

    ones = np.ones(len(lives.state))
    return Counts(
        moves=np.bincount(pairs, minlength=size * (size + 1)).reshape(size, size + 1),
        entry=np.bincount(begun[begun < size], minlength=size),
        months=np.bincount(lives.state[months], minlength=size),
        present=np.bincount(lives.present[lives.present < size], minlength=size),
        paid=by_state(lives.paid), more=by_state(lives.more), held=by_state(lives.held),
        paid_squares=by_state(lives.paid**2),
        current=np.stack([by_state(v, running) for v in (lives.paid, lives.more, lives.held, ones)]),
    )  # fmt: skip


def spent(lives: Lives, customers: Ints, at: Ints, amounts: Floats) -> Floats:
    """What was spent on each entry's month, (n,); what fell before a life began goes to its first month.

    Args:
        customers, at, amounts: one entry for each cost; those of nobody among the lives are left out.
    """
    total = np.zeros(len(lives.state))
    life = np.searchsorted(lives.customers, customers)
    known = np.zeros(len(life), np.bool_)
    inside = life < len(lives.customers)
    known[inside] = lives.customers[life[inside]] == customers[inside]
    life, days = life[known], at[known] // MICROS_PER_DAY
    # Life and day as one rising number, so that one search finds the month of every cost.
    months = lives.begins // MICROS_PER_DAY
    origin = months.min(initial=0)
    line = lives.life * _STRIDE + (months - origin)
    sought = life * _STRIDE + np.clip(days - origin, 0, _STRIDE - 1)
    spots = np.maximum(np.searchsorted(line, sought, side="right") - 1, lives.first[life])
    np.add.at(total, spots, amounts[known])
    return total
