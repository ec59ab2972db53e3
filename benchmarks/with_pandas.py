"""The same core columns in idiomatic pandas, each fact table read from Parquet: groupby, merge, diff, quantile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.shop import AS_OF

DAY = 86_400_000_000


def load(folder: Path, name: str, columns: list[str]) -> pd.DataFrame:
    """A fact table before the moment of looking."""
    frame = pd.read_parquet(folder / f"{name}.parquet", columns=columns)
    return frame[frame["at"] < AS_OF.at] if "at" in columns else frame


def profiles(folder: Path) -> pd.DataFrame:
    """One row per customer."""
    key = "customer_key"
    customers = load(folder, "customers", [key, "customer_id", "country", "locale"])
    whole = customers.set_index(key).join([
        _buying(folder), _goods(folder), _engagement(folder), _care(folder), _pressure(folder), _contract(folder),
    ])  # fmt: skip
    unknown = (whole["revenue"] - whole["known_spend"].fillna(0)).clip(lower=0)
    whole["margin"] = whole["revenue"] - whole["refunds"].fillna(0) - whole["known_cost"].fillna(0) - 0.7 * unknown
    whole["profit"] = whole["margin"] - whole["ticket_cost"].fillna(0) - whole["contact_cost"].fillna(0)
    whole["value_rank"] = whole["profit"].where(whole["orders"] > 0).rank(pct=True, method="max")
    whole["recency_days"] = AS_OF.day - whole["last_day"]
    whole["tenure_days"] = AS_OF.day - whole["first_day"]
    base = (whole["last_day"] - whole["first_day"]).sum() / whole["frequency"].sum()
    whole["gap_expected"] = (whole["last_day"] - whole["first_day"] + 2 * base) / (whole["frequency"] + 2)
    whole["overdue"] = whole["recency_days"] / whole["gap_expected"]
    whole["stage"] = np.select(
        [whole["orders"].isna(), whole["tenure_days"] < 30, whole["overdue"] >= 6, whole["overdue"] >= 3,
         whole["overdue"] >= 1.5, (whole["orders"] >= 6) & (whole["value_rank"] >= 0.8)],
        ["prospect", "new", "lost", "lapsed", "at_risk", "loyal"], "active",
    )  # fmt: skip
    return whole.sort_index()


def _buying(folder: Path) -> pd.DataFrame:
    orders = load(
        folder, "orders", ["customer_key", "order_id", "at", "day", "total", "discount", "coupon", "on_sale", "status"]
    )
    orders = orders[orders["status"] != "cancelled"]
    orders["cheap"] = (orders["discount"] > 0) | orders["coupon"].notna()
    by = orders.groupby("customer_key")
    found = by.agg(
        orders=("total", "size"), revenue=("total", "sum"), discount=("discount", "sum"),
        average_order=("total", "mean"), discount_share=("cheap", "mean"), sale_share=("on_sale", "mean"),
        first_order_at=("at", "min"),
        last_order_at=("at", "max"), first_day=("day", "min"), last_day=("day", "max"),
    )  # fmt: skip
    days = orders[["customer_key", "day"]].drop_duplicates().sort_values(["customer_key", "day"])
    days["gap"] = days.groupby("customer_key")["day"].diff()
    gaps = days.dropna().groupby("customer_key")["gap"]
    found["frequency"] = gaps.size().reindex(found.index).fillna(0)
    for name, share in (("gap_p10", 0.1), ("gap_median", 0.5), ("gap_p90", 0.9)):
        found[name] = gaps.quantile(share, interpolation="lower")
    refunds = load(folder, "refunds", ["customer_key", "order_id", "at", "amount"])
    found["refunds"] = refunds.groupby("customer_key")["amount"].sum()
    return found


def _goods(folder: Path) -> pd.DataFrame:
    lines = load(
        folder, "order_lines", ["customer_key", "product_id", "at", "day", "quantity", "unit_price", "cancelled"]
    )
    products = load(
        folder, "products", ["product_id", "category", "brand", "unit_cost", "lifetime_days", "better_version"]
    )
    lines = lines[lines["cancelled"] == 0].merge(products, on="product_id", how="left")
    lines["spend"] = lines["quantity"] * lines["unit_price"] / 1000
    lines["cost"] = lines["quantity"] * lines["unit_cost"] / 1000
    known = lines[lines["cost"].notna()].groupby("customer_key")
    found = known.agg(known_cost=("cost", "sum"), known_spend=("spend", "sum"))
    for name in ("category", "brand"):
        sums = lines.groupby(["customer_key", name])["spend"].sum().reset_index()
        top = sums.sort_values(["customer_key", "spend"], ascending=[True, False]).drop_duplicates("customer_key")
        found[f"top_{name}"] = top.set_index("customer_key")[name]
    better = lines[lines["better_version"].notna()].sort_values("at").drop_duplicates("customer_key", keep="last")
    found["better_product"] = better.set_index("customer_key")["better_version"]
    return found.join(_replacement(lines))


def _replacement(lines: pd.DataFrame) -> pd.DataFrame:
    pair = ["customer_key", "product_id"]
    days = lines[[*pair, "day", "lifetime_days"]].drop_duplicates([*pair, "day"]).sort_values([*pair, "day"])
    days["gap"] = days.groupby(pair)["day"].diff()
    gaps = days.dropna(subset="gap").groupby(pair)["gap"]
    last = days.groupby(pair).agg(last_day=("day", "max"), lifetime_days=("lifetime_days", "max"))
    last["gap"] = gaps.median().where(gaps.size() >= 2).reindex(last.index).fillna(last["lifetime_days"])
    last["due"] = last["last_day"] + last["gap"]
    due = last[last["due"] + last["gap"] >= AS_OF.day].reset_index().sort_values(["customer_key", "due"])
    return due.drop_duplicates("customer_key").set_index("customer_key")[["product_id", "due"]]


def _engagement(folder: Path) -> pd.DataFrame:
    events = load(folder, "events", ["customer_key", "at", "name", "product_id"])
    for window in (7, 30, 60, 90):
        events[f"events_{window}d"] = events["at"] >= AS_OF.at - window * DAY
    by = events.groupby("customer_key")
    found = by[[f"events_{window}d" for window in (7, 30, 60, 90)]].sum()
    found["last_event_at"] = by["at"].max()
    return found


def _care(folder: Path) -> pd.DataFrame:
    tickets = load(folder, "tickets", ["customer_key", "at", "closed_at", "kind", "cost"])
    tickets["open"] = tickets["closed_at"].isna() | (tickets["closed_at"] >= AS_OF.at)
    found = tickets.groupby("customer_key").agg(tickets_open=("open", "sum"), ticket_cost=("cost", "sum"))
    found["last_complaint_at"] = tickets[tickets["kind"] == "complaint"].groupby("customer_key")["at"].max()
    feedback = load(folder, "feedback", ["customer_key", "at", "kind", "score"]).sort_values("at")
    last = feedback.drop_duplicates(["customer_key", "kind"], keep="last")
    return found.join(last.pivot_table(index="customer_key", columns="kind", values="score"), how="outer")


def _pressure(folder: Path) -> pd.DataFrame:
    contacts = load(folder, "contacts", ["customer_key", "at", "cost"])
    for window in (7, 30):
        contacts[f"contacts_{window}d"] = contacts["at"] >= AS_OF.at - window * DAY
    return contacts.groupby("customer_key").agg(
        contacts_7d=("contacts_7d", "sum"), contacts_30d=("contacts_30d", "sum"), last_contact_at=("at", "max"),
        contact_cost=("cost", "sum"),
    )  # fmt: skip


def _contract(folder: Path) -> pd.DataFrame:
    held = load(folder, "subscriptions", ["customer_key", "plan", "price", "at", "ends_at", "auto_renew"])
    runs = held[(held["auto_renew"] == 1) | held["ends_at"].isna() | (held["ends_at"] > AS_OF.at)]
    latest = runs.sort_values("at").drop_duplicates("customer_key", keep="last").set_index("customer_key")
    return latest[["plan", "price", "ends_at", "auto_renew"]]
