"""Histories that several tests of purchase models share: CDNOW's as published, and simulated ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from tests.models.records import cdnow, found

WEEKS = 39  # to fit, and as many to check


@dataclass(frozen=True)
class Published:
    """The CDNOW sample as of 1997-10-01, in weeks: histories, orders of the next 39 weeks, moments of first orders."""

    summary: pa.Table
    later: np.ndarray
    first: np.ndarray

    def tracked(self, model: Any) -> float:
        """Repeat orders that a model expects by 1998-06-30, end of week 78, from the moments of first orders alone."""
        return float(model.expected_cumulative(545 / 7, self.first)[0])


def cdnow_published() -> Published:
    table = pa.csv.read_csv(found("cdnow/cdnow_sample_cbs_39wk.csv"))
    first = table["first"].to_numpy() - np.datetime64("1997-01-01")
    return Published(as_summary(table), table["x_star"].to_numpy(), first.astype("timedelta64[D]").astype(float) / 7)


def cdnow_buys_within(days: int) -> np.ndarray:
    """For each customer of the sample, whether they order within so many days from 1997-10-01."""
    log, start = cdnow(), np.datetime64("1997-10-01")
    at = log["date"].to_numpy().astype("datetime64[D]")
    buyers = log["sample_id"].to_numpy()[(at >= start) & (at < start + days)]
    return np.isin(cdnow_published_ids(), buyers)


def cdnow_published_ids() -> np.ndarray:
    return pa.csv.read_csv(found("cdnow/cdnow_sample_cbs_39wk.csv"))["sample_id"].to_numpy()


def cdnow_everybody() -> pa.Table:
    return as_summary(pa.parquet.read_table(found("cdnow/cdnow_master_cbs_39wk.parquet")))


def as_summary(table: pa.Table) -> pa.Table:
    names = {"x": "frequency", "t_x": "recency", "T": "T", "zbar": "monetary"}
    return table.select(list(names)).rename_columns(list(names.values()))


def regular_buyers(customers: int, k: int, seed: int, weeks: float = 52, later: float = 26) -> tuple[dict, np.ndarray]:
    """Customers of MBG/CNBD-k with r = alpha = 1.5, a = 0.5, b = 4, and their purchases in the `later` weeks."""
    rng = np.random.default_rng(seed)
    age = weeks - rng.integers(0, 84, customers) / 7
    tempo, risk = rng.gamma(1.5, 1 / 1.5, customers), rng.beta(0.5, 4, customers)
    x, recency, log_gaps, future = np.zeros((4, customers))
    moment, active = np.zeros(customers), np.flatnonzero(rng.random(customers) > risk)
    while len(active):
        gap = rng.gamma(k, 1 / tempo[active])
        moment[active] += gap
        is_before, is_after = moment[active] <= age[active], moment[active] <= age[active] + later
        x[active] += is_before
        log_gaps[active] += np.where(is_before, np.log(gap), 0)
        recency[active] = np.where(is_before, moment[active], recency[active])
        future[active] += is_after & ~is_before
        active = active[is_after & (rng.random(len(active)) > risk[active])]
    return {"frequency": x, "recency": recency, "T": age, "log_gaps": log_gaps}, future
