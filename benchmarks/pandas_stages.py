"""The end of the pandas script: where in life each customer stands, since when, and the columns as people read them."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from benchmarks.shop import AS_OF
from tenure.domain import arms
from tenure.domain.business import Business

DAY = 86_400_000_000
NEW = 30
MONEY = ("revenue", "discount", "refunds", "margin", "cost_to_serve", "contact_cost", "profit", "average_order",
         "cart_value", "plan_price")  # fmt: skip
COUNTS = ("orders", "frequency", "events_7d", "events_30d", "events_90d", "tickets_open", "contacts_7d", "contacts_30d",
          "days_to_end")  # fmt: skip


def stage(whole: pd.DataFrame) -> None:
    """Fill in `stage` and `stage_since`."""
    state, orders, recency = whole["state"], whole["orders"] > 0, whole["recency_days"]
    order_new = pd.Series(np.where(orders, whole["tenure_days"] < NEW, np.nan), whole.index)
    paid_new = (AS_OF.at - whole["paid_from"] < NEW * DAY).astype(float).where(whole["paid_from"].notna())
    loyal = (whole["orders"] >= 6) & (whole["value_rank"] >= 0.8)
    runs = state == "running"
    whole["stage"] = np.select(
        [(state == "trial") & ~orders, state == "leaving",
         runs & (paid_new == 1) & (order_new.fillna(1) == 1), runs & loyal & (recency < whole["at_risk_days"]), runs,
         orders & (order_new == 1) & (paid_new.fillna(1) == 1),
         orders & (recency >= whole["lost_days"]), orders & (recency >= whole["lapsed_days"]),
         orders & (recency >= whole["at_risk_days"]), orders & loyal, orders,
         (state == "ended") & (AS_OF.at - whole["ended_at"] >= 365 * DAY), state == "ended"],
        ["trial", "at_risk", "new", "loyal", "active", "new", "lost", "lapsed", "at_risk", "loyal", "active", "lost",
         "lapsed"], "prospect",
    )  # fmt: skip
    whole["stage_since"] = _since(whole, orders)


def _since(whole: pd.DataFrame, orders: pd.Series) -> pd.Series:
    state, now = whole["state"], whole["stage"]
    by_contract = state.isin(["trial", "leaving", "running"]) & ((state != "trial") | ~orders)
    over = whole["last_day"]
    start = np.select(
        [now == "at_risk", now == "lapsed", now == "lost"],
        [over + whole["at_risk_days"], over + whole["lapsed_days"], over + whole["lost_days"]],
        np.maximum(whole["run_day"], whole["first_day"] + NEW),
    )
    start_at = (AS_OF.at // DAY - AS_OF.day + pd.Series(start, whole.index)) * DAY
    paid_until = whole["paid_from"] + NEW * DAY
    return pd.Series(np.select(
        [now == "trial", (now == "at_risk") & by_contract, now == "new", by_contract, orders, now == "lost",
         state.isin(["ended", "tried"])],
        [whole["started_at"], whole["left_at"], whole[["paid_from", "first_order_at"]].min(axis=1),
         np.fmax(whole["started_at"], paid_until), start_at, whole["ended_at"] + 365 * DAY, whole["ended_at"]],
        whole["at"],
    ), whole.index)  # fmt: skip


def published(whole: pd.DataFrame) -> pd.DataFrame:
    """The columns as people read them: money in units, moments as such, flags, everyone's lot in the holdout."""
    business = Business()
    bound = arms.bound(business.holdout)
    lots = (hashlib.md5(f"{business.salt}|{who}".encode()).hexdigest()[:8] for who in whole["customer_id"])
    whole["holdout"] = [lot < bound for lot in lots]
    whole["as_of"] = AS_OF.at
    moments = [name for name in whole.columns if name.endswith("_at") or name in (
        "as_of", "stage_since", "next_order_low", "next_order_high")]  # fmt: skip
    for name in moments:
        whole[name] = pd.to_datetime(whole[name], unit="us")
    whole[list(MONEY)] = whole[list(MONEY)] / 100
    whole["auto_renew"] = whole["auto_renew"].astype("boolean")
    for name in COUNTS:
        whole[name] = whole[name].astype("Int64")
    hidden = ["at", "email", "phone", "first_day", "last_day", "known_cost", "known_spend", "gap_p10", "gap_p90",
              "gap_milli", "at_risk_days", "lapsed_days", "lost_days", "run_day", "state", "started_at", "left_at",
              "ended_at", "paid_from"]  # fmt: skip
    return whole.drop(columns=hidden)
