"""The very best choice among few candidates, where no choice at multipliers can come close to the bound.

With thirty customers one contact more or less is a tenth of a budget, so the bound, which may split contacts, lies well
above every whole choice. HiGHS searches whole choices by branch and bound (Huangfu and Hall 2018, "Parallelizing the
dual revised simplex method"); it stops after two seconds and then says how far it has come.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tenure.decisions.candidates import ROUNDING, Candidates, Numbers, Whole

_SECONDS = 2.0
# HiGHS lets money be overspent by 1e-6. Where it does, it is told of so much less.
_MARGINS = (0.0, 2e-6)


def exact(candidates: Candidates, wanted: int) -> tuple[Whole, float]:
    """Rows, in order, and what no choice can be worth more than: the two meet where time sufficed.

    No rows where no choice was found in time; the bound is infinite where none was proven.
    """
    rows = np.flatnonzero((candidates.worth > 0) & candidates.fits(candidates.limits.amounts))
    bound = np.inf
    for margin in _MARGINS if rows.size else ():
        found = _solved(candidates, rows, wanted, margin)
        if margin == 0.0 and found.mip_dual_bound is not None:
            bound = -float(found.mip_dual_bound) * float(candidates.worth.max())
        if found.x is None:
            break
        chosen = rows[found.x > 0.5]
        amounts = candidates.limits.amounts
        if (candidates.usage(chosen) <= amounts * (1 + ROUNDING) + ROUNDING).all():
            return chosen, bound
    return np.empty(0, np.int64), bound


def _solved(candidates: Candidates, rows: Whole, wanted: int, margin: float) -> Any:
    """HiGHS' answer for some rows, with worth in units of the greatest and each limit in units of itself."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix, vstack

    each = np.arange(len(rows))
    customers = csr_matrix((np.ones(len(rows)), (candidates.whose[rows], each)), (candidates.customers, len(rows)))
    is_money = np.arange(len(candidates.limits.names)) >= candidates.limits.channels
    most = np.append(np.full(candidates.customers, wanted), 1.0 - margin * is_money)
    return milp(
        -candidates.worth[rows] / candidates.worth.max(),
        integrality=np.ones(len(rows)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(vstack([customers, _shares(candidates, rows)]).tocsr(), -np.inf, most),
        options={"time_limit": _SECONDS, "mip_rel_gap": 1e-6},
    )


def _shares(candidates: Candidates, rows: Whole) -> Any:
    """Which share of each limit each row takes."""
    from scipy.sparse import csr_matrix

    limits, channel, campaign = candidates.limits, candidates.channel[rows], candidates.campaign[rows]
    cost, shares = candidates.cost[rows], np.zeros((len(limits.names), len(rows)))
    for number, amount in enumerate(limits.amounts):
        if number < limits.channels:
            taken: Numbers = (channel == number + 1).astype(np.float64)
        elif limits.has_budget and number == limits.channels:
            taken = cost
        else:
            taken = cost * (campaign == number + 1)
        shares[number] = taken / amount if amount > 0 else 0.0
    return csr_matrix(shares)
