"""The same columns in idiomatic pandas, each fact table read from Parquet: groupby, merge, diff, np.select.

What an analyst would write who wants every column that the profile fills without a model, to the same definitions; a
test holds all of them equal. It is vectorised throughout, knows that everyone in the generated shop is listed, and is
not protected from peeking beyond the moments written out here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.pandas_stages import published, stage
from benchmarks.shop import AS_OF

DAY = 86_400_000_000
KEY = "customer_key"
COUNTED = ("orders", "revenue", "discount", "frequency", "refunds", "cost_to_serve", "contact_cost", "events_7d",
           "events_30d", "events_90d", "tickets_open", "contacts_7d", "contacts_30d", "known_cost",
           "known_spend")  # fmt: skip


def load(folder: Path, name: str, columns: list[str]) -> pd.DataFrame:
    """A fact table before the moment of looking."""
    frame = pd.read_parquet(folder / f"{name}.parquet", columns=columns)
    return frame[frame["at"] < AS_OF.at] if "at" in columns else frame


def profiles(folder: Path) -> pd.DataFrame:
    """One row per customer."""
    customers = load(folder, "customers", [KEY, "customer_id", "at", "country", "locale", "email", "phone"])
    orders = load(folder, "orders", [KEY, "order_id", "at", "day", "total", "discount", "coupon", "shipping",
                                     "on_sale", "status"])  # fmt: skip
    events = load(folder, "events", [KEY, "at", "known_at", "name", "product_id", "value"])
    events = events[events["known_at"] < AS_OF.at]
    products = load(folder, "products", ["product_id", "category", "brand", "price", "unit_cost", "lifetime_days",
                                         "better_version"])  # fmt: skip
    lines = _lines(folder, products)
    whole = customers.set_index(KEY).join([
        _buying(orders, lines), _goods(lines), _replacement(lines), _refunds(folder, orders), _engagement(events),
        _carts(events, orders, products), _care(folder, orders), _pressure(folder), _contract(folder, events),
    ])  # fmt: skip
    whole["channels"] = _channels(folder, whole)
    whole[list(COUNTED)] = whole[list(COUNTED)].fillna(0)
    _rhythm(whole, _runs(orders, whole))
    _value(whole)
    stage(whole)
    return published(whole.sort_index())


def _lines(folder: Path, products: pd.DataFrame) -> pd.DataFrame:
    lines = load(folder, "order_lines", [KEY, "order_id", "product_id", "at", "day", "quantity", "unit_price",
                                         "discount", "cancelled"])  # fmt: skip
    lines = lines[lines["cancelled"] == 0].merge(products, on="product_id", how="left")
    lines["spend"] = lines["quantity"] * lines["unit_price"] - 1000 * lines["discount"].fillna(0)
    lines["cost"] = lines["quantity"] * lines["unit_cost"]
    return lines


def _buying(orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    placed = orders[orders["status"] != "cancelled"].copy()
    if placed["discount"].isna().any():
        placed["discount"] = placed["discount"].fillna(placed["order_id"].map(
            lines.groupby("order_id")["discount"].sum())).fillna(0)  # fmt: skip
    placed["cheap"] = (placed["discount"] > 0) | placed["coupon"].notna()
    found = placed.groupby(KEY).agg(
        orders=("total", "size"), revenue=("total", "sum"), discount=("discount", "sum"),
        discount_share=("cheap", "mean"), sale_share=("on_sale", "mean"), first_order_at=("at", "min"),
        last_order_at=("at", "max"), first_day=("day", "min"), last_day=("day", "max"),
    )  # fmt: skip
    found["average_order"] = (2 * found["revenue"] + found["orders"]) // (2 * found["orders"])
    gaps = _gaps(orders).sort_values([KEY, "gap"])
    by = gaps.groupby(KEY)["gap"]
    place, count = by.cumcount() + 1, by.transform("size")
    found["frequency"] = by.size()
    for name, share in (("gap_p10", 1), ("gap_median_days", 5), ("gap_p90", 9)):
        found[name] = gaps[place == -(-share * count // 10)].set_index(KEY)["gap"]
    return found


def _gaps(orders: pd.DataFrame) -> pd.DataFrame:
    placed = orders.loc[orders["status"] != "cancelled", [KEY, "day"]]
    days = placed.drop_duplicates().sort_values([KEY, "day"])
    days["gap"] = days.groupby(KEY)["day"].diff()
    return days.dropna()


def _runs(orders: pd.DataFrame, whole: pd.DataFrame) -> pd.Series:
    """The day on which the present run of orders began; also fills in the expected gap that tells."""
    repeat, span = whole["frequency"], (whole["last_day"] - whole["first_day"]).fillna(0)
    base = 1000 * span.sum() // repeat.sum()
    whole["gap_milli"] = ((1000 * span + 2 * base) // (repeat + 2)).where(whole["orders"] > 0)
    bound = 3 * (1000 * span + 2 * base) / (repeat + 2)
    gaps = _gaps(orders)
    broken = gaps[2000 * gaps["gap"] >= gaps[KEY].map(bound)]
    return broken.groupby(KEY)["day"].max()


def _rhythm(whole: pd.DataFrame, run_day: pd.Series) -> None:
    whole["run_day"] = run_day
    whole["run_day"] = whole["run_day"].fillna(whole["first_day"])
    whole["recency_days"] = AS_OF.day - whole["last_day"]
    whole["tenure_days"] = AS_OF.day - whole["first_day"]
    whole["gap_expected_days"] = whole["gap_milli"] / 1000
    whole["overdue"] = 1000 * whole["recency_days"] / whole["gap_milli"]
    whole["next_order_at"] = whole["last_order_at"] + whole["gap_milli"] * (DAY // 1000)
    often = whole["frequency"] >= 4
    for name, gap in (("next_order_low", "gap_p10"), ("next_order_high", "gap_p90")):
        whole[name] = (whole["last_order_at"] + whole[gap] * DAY).where(often)
    for name, num, den in (("at_risk_days", 3, 2), ("lapsed_days", 3, 1), ("lost_days", 6, 1)):
        whole[name] = -(-num * whole["gap_milli"] // (1000 * den))


def _goods(lines: pd.DataFrame) -> pd.DataFrame:
    known = lines[lines["cost"].notna()].groupby(KEY)
    found = known.agg(known_cost=("cost", "sum"), known_spend=("spend", "sum")) // 1000
    for name in ("category", "brand"):
        sums = lines.groupby([KEY, name])["spend"].sum().reset_index()
        top = sums.sort_values([KEY, "spend", name], ascending=[True, False, True]).drop_duplicates(KEY)
        found = found.join(top.set_index(KEY)[name].rename(f"top_{name}"), how="outer")
    wanted = lines[lines["better_version"].notna()].groupby([KEY, "better_version"])["at"].max().reset_index()
    owned = lines.loc[lines["product_id"].isin(wanted["better_version"].unique()), [KEY, "product_id"]]
    wanted = wanted.merge(owned.drop_duplicates(), left_on=[KEY, "better_version"], right_on=[KEY, "product_id"],
                          how="left")  # fmt: skip
    wanted = wanted[wanted["product_id"].isna()].sort_values(
        ["at", "better_version"], ascending=[False, True]).drop_duplicates(KEY)  # fmt: skip
    return found.join(wanted.set_index(KEY)["better_version"].rename("better_product"), how="outer")


def _replacement(lines: pd.DataFrame) -> pd.DataFrame:
    pair = [KEY, "product_id"]
    days = lines[[*pair, "day"]].drop_duplicates().sort_values([*pair, "day"])
    days["gap"] = days.groupby(pair)["day"].diff()
    gaps = days.dropna(subset="gap").groupby(pair)["gap"]
    many = gaps.size() >= 2
    own = gaps.quantile(0.5, interpolation="lower")[many]
    last = lines.groupby(pair).agg(day=("day", "max"), at=("at", "max"), lifetime=("lifetime_days", "max"))
    last["gap"] = own.reindex(last.index).fillna(last["lifetime"])
    last["due"] = last["day"] + last["gap"]
    due = last[last["due"] + last["gap"] >= AS_OF.day].reset_index().sort_values([KEY, "due", "product_id"])
    first = due.drop_duplicates(KEY).set_index(KEY)
    return pd.DataFrame(
        {"replacement_product": first["product_id"], "replacement_due_at": first["at"] + first["gap"] * DAY}
    )


def _refunds(folder: Path, orders: pd.DataFrame) -> pd.DataFrame:
    refunds = load(folder, "refunds", [KEY, "order_id", "at", "amount"])
    cancelled = orders.loc[orders["status"] == "cancelled", "order_id"]
    paid_back = refunds[~refunds["order_id"].isin(cancelled)]
    silent = orders[(orders["status"] == "refunded") & ~orders["order_id"].isin(refunds["order_id"])]
    every = pd.concat([paid_back[[KEY, "amount"]], silent[[KEY, "total"]].rename(columns={"total": "amount"})])
    return every.groupby(KEY).agg(refunds=("amount", "sum"))


def _value(whole: pd.DataFrame) -> None:
    unknown = (whole["revenue"] - whole["known_spend"]).clip(lower=0)
    whole["margin"] = whole["revenue"] - whole["refunds"] - whole["known_cost"] - (unknown * 7 // 10)
    whole["profit"] = whole["margin"] - whole["cost_to_serve"] - whole["contact_cost"]
    buyers = whole["profit"].where(whole["orders"] > 0)
    whole["value_rank"] = 1000 * buyers.rank(method="max") // buyers.count() / 1000


def _engagement(events: pd.DataFrame) -> pd.DataFrame:
    windows = (7, 30, 60, 90)
    marked = events[[KEY, "at"]].assign(**{f"events_{w}d": events["at"] >= AS_OF.at - w * DAY for w in windows})
    by = marked.groupby(KEY)
    found = by[[f"events_{w}d" for w in windows]].sum()
    found["last_event_at"] = by["at"].max()
    found["engagement_trend"] = (2 * found["events_30d"] - found["events_60d"]) / found["events_60d"].replace(0, np.nan)
    return found.drop(columns="events_60d")


def _carts(events: pd.DataFrame, orders: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    moves = events[events["name"].isin(["Product Added", "Product Removed", "Cart Viewed"])].copy()
    moves["value"] = moves["value"].fillna(moves["product_id"].map(products.set_index("product_id")["price"]))
    bought = pd.concat([events.loc[events["name"] == "Order Completed", [KEY, "at"]], orders[[KEY, "at"]]])
    moves["bought_at"] = moves[KEY].map(bought.groupby(KEY)["at"].max())
    moves = moves[moves["bought_at"].isna() | (moves["at"] > moves["bought_at"])]
    seen = moves[(moves["name"] == "Cart Viewed") & moves["value"].notna()].sort_values(["at", "value"])
    seen = seen.drop_duplicates(KEY, keep="last").set_index(KEY)
    sign = moves["name"].map({"Product Added": 1, "Product Removed": -1, "Cart Viewed": 0})
    counts = sign.ne(0) & ~(moves["at"] <= moves[KEY].map(seen["at"]))
    moves["moved"] = (sign * moves["value"]).where(counts)
    moves["things"], moves["views"] = sign, sign.eq(0)
    found = moves.groupby(KEY).agg(things=("things", "sum"), views=("views", "sum"), cart_at=("at", "max"))
    moved = moves.groupby(KEY)["moved"].sum(min_count=1)
    value = moved.add(seen["value"], fill_value=0).clip(lower=0)
    found["cart_value"] = value
    full = (found["things"] > 0) | ((found["things"] == 0) & (found["views"] > 0) & (found["cart_value"] > 0))
    return found.loc[full, ["cart_value", "cart_at"]]


def _care(folder: Path, orders: pd.DataFrame) -> pd.DataFrame:
    tickets = load(folder, "tickets", [KEY, "at", "closed_at", "kind", "cost"])
    tickets["open"] = tickets["closed_at"].isna() | (tickets["closed_at"] >= AS_OF.at)
    found = tickets.groupby(KEY).agg(tickets_open=("open", "sum"))
    found["last_complaint_at"] = tickets[tickets["kind"] == "complaint"].groupby(KEY)["at"].max()
    feedback = load(folder, "feedback", [KEY, "feedback_id", "at", "kind", "score"])
    scored = feedback[feedback["score"].notna() & feedback["kind"].isin(["csat", "nps"])]
    last = scored.sort_values(["at", "feedback_id"]).drop_duplicates([KEY, "kind"], keep="last")
    found = found.join(last.pivot(index=KEY, columns="kind", values="score").add_suffix("_last"), how="outer")
    costs = load(folder, "costs", [KEY, "at", "amount"]).rename(columns={"amount": "cost"})
    sent = orders[orders["shipping"].notna() & (orders["status"] != "cancelled")].rename(columns={"shipping": "cost"})
    borne = pd.concat([frame[[KEY, "cost"]].dropna() for frame in (costs, tickets, sent)])
    return found.join(borne.groupby(KEY)["cost"].sum().rename("cost_to_serve"), how="outer")


def _channels(folder: Path, whole: pd.DataFrame) -> pd.Series:
    consents = load(folder, "consents", [KEY, "consent_id", "at", "channel", "purpose", "state"])
    consents = consents[consents["purpose"] == "marketing"].assign(yes=consents["state"] != "denied")
    latest = consents.sort_values(["at", "yes", "consent_id"], ascending=[True, False, True]).drop_duplicates(
        [KEY, "channel"], keep="last")  # fmt: skip
    latest = latest[latest["state"] == "granted"]
    reached = latest.merge(whole[["email", "phone"]], left_on=KEY, right_index=True)
    lost = ((reached["channel"] == "email") & reached["email"].isna()) | (
        (reached["channel"] == "sms") & reached["phone"].isna())  # fmt: skip
    lists = reached[~lost].groupby(KEY)["channel"].agg(list)
    return lists.reindex(whole.index).map(lambda names: names if isinstance(names, list) else [])


def _pressure(folder: Path) -> pd.DataFrame:
    contacts = load(folder, "contacts", [KEY, "at", "purpose", "cost"])
    for window in (7, 30):
        contacts[f"contacts_{window}d"] = (contacts["purpose"] == "marketing") & (
            contacts["at"] >= AS_OF.at - window * DAY)  # fmt: skip
    found = contacts.groupby(KEY).agg(
        contacts_7d=("contacts_7d", "sum"), contacts_30d=("contacts_30d", "sum"), last_contact_at=("at", "max"),
        contact_cost=("cost", "sum"),
    )  # fmt: skip
    found["contact_cost"] //= 1000
    return found


def _contract(folder: Path, events: pd.DataFrame) -> pd.DataFrame:
    held = load(folder, "subscriptions", [KEY, "subscription_id", "plan", "price", "at", "trial_ends_at", "ends_at",
                                          "auto_renew", "auto_renew_consent_at", "cancelled_at"])  # fmt: skip
    held["cancelled_at"] = held["cancelled_at"].where(held["cancelled_at"] < AS_OF.at)
    held["auto_renew"] = held["auto_renew"].mask(held["auto_renew_consent_at"] >= AS_OF.at, 0).fillna(0)
    late = held["ends_at"].where(held["ends_at"] > held["cancelled_at"], held["cancelled_at"])
    held["ended_at"] = late.where(held["cancelled_at"].notna(), held["ends_at"].where(held["auto_renew"] != 1))
    over = held["ended_at"] <= AS_OF.at
    held["state"] = np.select(
        [over & (held["ended_at"] <= held["trial_ends_at"]), over, held["trial_ends_at"] > AS_OF.at,
         held["cancelled_at"].notna()],
        ["tried", "ended", "trial", "leaving"], "running",
    )  # fmt: skip
    held["order"] = held["state"].map({"running": 1, "trial": 2, "leaving": 3, "ended": 4, "tried": 5})
    first = held.sort_values(["order", "at", "subscription_id"], ascending=[True, False, False]).drop_duplicates(KEY)
    found = first.set_index(KEY).rename(columns={"at": "started_at", "price": "plan_price", "cancelled_at": "left_at"})
    paid = held[held["state"].isin(["running", "leaving", "ended"])]
    found["paid_from"] = paid[["at", "trial_ends_at"]].max(axis=1).groupby(paid[KEY]).min()
    binds = found["state"].isin(["running", "trial", "leaving"])
    used = events.loc[events[KEY].isin(found.index[binds]), [KEY, "at"]]
    used = used[used["at"] >= used[KEY].map(found["started_at"])]
    found["last_used_at"] = used.groupby(KEY)["at"].max()
    ends = found["ended_at"].fillna(found["ends_at"])
    found["contract_ends_at"] = ends.where(binds & (ends > AS_OF.at))
    found["days_to_end"] = (found["contract_ends_at"] - AS_OF.at) // DAY
    found["auto_renew"] = found["auto_renew"].mask(found["left_at"].notna(), 0).where(binds)
    for name in ("plan", "plan_price", "trial_ends_at"):
        found[name] = found[name].where(binds)
    return found.drop(columns=["subscription_id", "order", "auto_renew_consent_at", "ends_at"])
