"""Purchase logs of three real shops, cut where values are checked; and how many totals their intervals hold."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import cache

import duckdb
import numpy as np
from tests.models.real_shops import LOGS

from tenure.models.backtest import choose
from tenure.models.holdouts import Holdout, split
from tenure.models.value import Correction, CustomerValue

# Where each log is cut, and where the held-out days end.
CUTS = {
    "CDNOW": ("1997-10-01", "1998-07-01"),
    "Online Retail II": ("2010-12-09", "2011-12-10"),
    "The Complete Journey": ("2017-07-01", "2018-01-01"),
}


@dataclass(frozen=True)
class Held:
    """The share of totals within the 80% intervals: of all customers, of those who spent; those above, those below."""

    all: float
    spenders: float
    above: float
    below: float
    factor: float = 1.0
    missed: float = 1.0


@cache
def orders(name: str):
    log, file, _ = LOGS[name]
    sql = (
        f"SELECT customer_key AS customer_id, ordered AS ordered_at, total / 100.0 AS total FROM ({log}) ORDER BY 1, 2"
    )
    with duckdb.connect(config={"threads": 1}) as connection:
        return connection.sql(sql.format(file=file())).to_arrow_table()


@cache
def cut(name: str, at: str = "", until: str = "", every: int = 1) -> Holdout:
    """A shop's log, cut; of every so many customers."""
    begins, ends = CUTS[name]
    whole = split(orders(name), at or begins, until or ends)
    return whole.among(np.arange(len(whole)) % every == 0)


def fitted(holdout: Holdout, models=("ModifiedBetaGeo",)) -> CustomerValue:
    """Fitted on the days before the cut, looking as far as the held-out days go."""
    model = choose(holdout, models).model
    return CustomerValue(horizon=holdout.horizon, discount_rate=0.0).fit(holdout.summary, model)


def held(value: CustomerValue, holdout: Holdout) -> Held:
    """What became of the intervals."""
    said, seen = value.predict(holdout.summary), holdout.spend
    within = (seen >= said.low - 1e-6) & (seen <= said.high + 1e-6)
    return Held(
        float(within.mean()), float(within[seen > 0].mean()), float((seen > said.high + 1e-6).mean()),
        float((seen < said.low - 1e-6).mean()), value.params_["factor"], value.params_["missed"],
    )  # fmt: skip


def held_apart(value: CustomerValue, holdout: Holdout) -> list[Held]:
    """Each half of the customers, when the other half alone has taught the correction."""
    halves = np.arange(len(holdout)) % 2 == 0
    found = []
    for mine in (halves, ~halves):
        taught = value.corrected(holdout.among(~mine))
        found.append(held(value.correct(taught, holdout.summary), holdout.among(mine)))
    value.correct(Correction(), holdout.summary)
    return found


def mean(parts: list[Held]) -> Held:
    """Of several parts of about the same size."""
    return Held(*np.mean([astuple(part) for part in parts], axis=0))
