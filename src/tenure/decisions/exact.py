"""The very best choice among few candidates, where no choice at multipliers can come close to the bound.

With thirty customers one contact more or less is a tenth of a budget, so the bound, which may split contacts, lies well
above every whole choice. HiGHS searches whole choices by branch and bound (Huangfu and Hall 2018, "Parallelizing the
dual revised simplex method"); it stops after two seconds and then says how far it has come.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tenure.decisions.candidates import ROUNDING, Candidates, Whole

_SECONDS = 2.0
_CLOSE = 1e-6  # relative, between the choice and what is proven


def exact(candidates: Candidates, wanted: int) -> tuple[Whole, float]:
    """Rows, in order, and what no choice can be worth more than: the two meet where time sufficed.

    No rows where no choice was found in time; the bound is infinite where none was proven.
    """
    rows = np.flatnonzero((candidates.worth > 0) & candidates.fits(candidates.limits.amounts))
    if not rows.size:
        return rows, 0.0
    found, amounts = _solved(candidates, rows, wanted), candidates.limits.amounts
    bound = np.inf if found.mip_dual_bound is None else -found.mip_dual_bound * candidates.worth.max()
    chosen = rows[:0] if found.x is None else rows[found.x > 0.5]
    # HiGHS lets money be overspent by a millionth; such a choice is none.
    is_kept = (candidates.usage(chosen) <= amounts * (1 + ROUNDING) + ROUNDING).all()
    return chosen if is_kept else rows[:0], float(bound)


def _solved(candidates: Candidates, rows: Whole, wanted: int) -> Any:
    """HiGHS' answer for some rows, with worth in units of the greatest and each limit in units of itself."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix, vstack

    shape = candidates.customers, len(rows)
    customers = csr_matrix((np.ones(len(rows)), (candidates.whose[rows], np.arange(len(rows)))), shape)
    most = np.append(np.full(candidates.customers, wanted), np.ones(len(candidates.limits.names)))
    # HiGHS 1.12 now and then prints a line about `tmpSolver.run` past every setting for silence; it means nothing.
    return milp(
        -candidates.worth[rows] / candidates.worth.max(),
        integrality=np.ones(len(rows)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(vstack([customers, _shares(candidates, rows)]).tocsr(), -np.inf, most),
        options={"time_limit": _SECONDS, "mip_rel_gap": _CLOSE},
    )


def _shares(candidates: Candidates, rows: Whole) -> Any:
    """Which share of each limit each row takes."""
    from scipy.sparse import csr_matrix

    limits, cost = candidates.limits, candidates.cost[rows]
    shares = np.zeros((len(limits.names), len(rows)))
    for number, amount in enumerate(limits.amounts):
        if number < limits.channels:
            taken = (candidates.channel[rows] == number + 1).astype(np.float64)
        elif limits.has_budget and number == limits.channels:
            taken = cost
        else:
            taken = cost * (candidates.campaign[rows] == number + 1)
        shares[number] = taken / amount if amount > 0 else 0.0
    return csr_matrix(shares)
