"""The records of a simulated shop as rows of the contract, ready for the same intake as any shop's.

Names and addresses are invented; the domain example.invalid can never receive mail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.extract import Extract
from tenure.domain.facts import TABLES
from tenure.simulation.records import MISSING, Columns
from tenure.simulation.truth import Truth

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE = "simulation"
_FIRST = ("Ada", "Ben", "Clara", "David", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Leon", "Mina")
_LAST = ("Archer", "Baker", "Carter", "Dyer", "Fisher", "Glover", "Hooper", "Mason", "Porter", "Sawyer", "Turner")
_DAY = 86_400_000_000

Text = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class _Shop:
    truth: Truth
    campaigns: Sequence[str]


def extracts(records: Mapping[str, Columns], truth: Truth, campaigns: Sequence[str]) -> list[Extract]:
    """One extract for each table in which something was written down.

    Args:
        campaigns: their names by number, for the codes of offers.
    """
    import pyarrow as pa

    of = _Shop(truth, campaigns)
    found = []
    for table, make in _ROWS.items():
        if table in records:
            batch = pa.RecordBatch.from_pydict(_arrow(table, make(records[table], of)))
            found.append(Extract(table, SOURCE, batches=lambda batch=batch: iter([batch])))  # type: ignore[misc]
    return found


def own_rows(columns: Columns, keys: NDArray[np.int64], campaigns: Sequence[str]) -> pa.Table:
    """Contacts or deliveries in the canonical form of our own facts.

    Args:
        keys: the warehouse's number of each customer.
    """
    import pyarrow as pa

    names = np.array(campaigns, dtype=np.str_)[columns["campaign"]]
    rows = {
        "customer_key": keys[columns["customer"]], "message_id": columns["message"], "campaign": names,
        "channel": columns["channel"], "at": columns["at"], "day": columns["at"] // _DAY,
    }  # fmt: skip
    if "cost" in columns:
        rows |= {
            "cost": columns["cost"],
            "purpose": columns["purpose"],
            "state": np.full(len(names), "sent"),
            "occasion_key": columns["occasion"],
        }
    else:
        rows |= {"kind": columns["kind"]}
    return pa.table({name: pa.array(column) for name, column in rows.items()})


def customer_ids(who: NDArray[np.int64]) -> Text:
    """The business's own ids of some customers."""
    return _named("c{:07d}", who)


def _named(form: str, *columns: NDArray[Any]) -> Text:
    made = [form.format(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    return np.array(made, dtype=np.str_)


def _customers(c: Columns, _: _Shop) -> dict[str, Any]:
    who = c["customer"]
    first, last = np.array(_FIRST)[who % len(_FIRST)], np.array(_LAST)[who // len(_FIRST) % len(_LAST)]
    return {
        "customer_id": customer_ids(who), "created_at": c["created_at"],
        "email": _named("c{:07d}@example.invalid", who),
        "phone": _named("+999{:07d}", who), "name": _named("{} {}", first, last), "locale": _all("en", who),
        "timezone": _all("UTC", who), "country": _all("US", who),
    }  # fmt: skip


def _products(c: Columns, of: _Shop) -> dict[str, Any]:
    category = np.array([one.name for one in of.truth.categories])[c["category"]]
    better = [f"p{place:04d}" if place >= 0 else None for place in c["better"].tolist()]
    return {
        "product_id": _named("p{:04d}", c["product"]), "category": category,
        "name": _named("{} no. {}", category, c["product"] % of.truth.products + 1), "price": c["price"],
        "unit_cost": c["unit_cost"], "released_at": c["released_at"], "lifetime_days": c["lifetime_days"],
        "better_version": better,
    }  # fmt: skip


def _orders(c: Columns, of: _Shop) -> dict[str, Any]:
    coupons = [f"{of.campaigns[number]}-offer" if number >= 0 else None for number in c["coupon"].tolist()]
    return {
        "order_id": _named("o{:08d}", c["order"]), "customer_id": customer_ids(c["customer"]),
        "ordered_at": c["ordered_at"], "total": c["total"], "discount": c["discount"], "coupon": coupons,
        "on_sale": c["on_sale"], "status": _all("paid", c["order"]),
    }  # fmt: skip


def _order_lines(c: Columns, _: _Shop) -> dict[str, Any]:
    return {
        "order_id": _named("o{:08d}", c["order"]), "line": c["line"], "product_id": _named("p{:04d}", c["product"]),
        "quantity": c["quantity"], "unit_price": c["unit_price"],
    }  # fmt: skip


def _events(c: Columns, _: _Shop) -> dict[str, Any]:
    kind = np.where(c["name"] == "Product Added", "a", "v")
    return {
        "event_id": _named("{}{}-{}", kind, c["customer"], c["occurred_at"]), "name": c["name"],
        "customer_id": customer_ids(c["customer"]), "occurred_at": c["occurred_at"],
        "properties": _named('{{"product_id": "p{:04d}"}}', c["product"]),
    }  # fmt: skip


def _tickets(c: Columns, _: _Shop) -> dict[str, Any]:
    return {
        "ticket_id": _named("t{}-{}", c["customer"], c["opened_at"]), "customer_id": customer_ids(c["customer"]),
        "opened_at": c["opened_at"], "closed_at": c["closed_at"], "kind": _all("complaint", c["customer"]),
        "cost": c["cost"],
    }  # fmt: skip


def _feedback(c: Columns, _: _Shop) -> dict[str, Any]:
    return {
        "feedback_id": _named("f{}-{}", c["customer"], c["given_at"]), "customer_id": customer_ids(c["customer"]),
        "given_at": c["given_at"], "kind": _all("csat", c["customer"]), "score": c["score"],
    }  # fmt: skip


def _costs(c: Columns, _: _Shop) -> dict[str, Any]:
    return {
        "cost_id": _named("{}{}-{}", c["kind"], c["customer"], c["at"]), "customer_id": customer_ids(c["customer"]),
        "at": c["at"], "kind": c["kind"], "amount": c["amount"],
    }  # fmt: skip


def _consents(c: Columns, _: _Shop) -> dict[str, Any]:
    return {
        "consent_id": _named("{}{}-{}", c["channel"], c["customer"], c["at"]), "at": c["at"],
        "customer_id": customer_ids(c["customer"]), "channel": c["channel"], "purpose": _all("marketing", c["at"]),
        "state": np.where(c["granted"], "granted", "denied"), "proof": _all("simulated", c["at"]),
    }  # fmt: skip


def _subscriptions(c: Columns, of: _Shop) -> dict[str, Any]:
    return {
        "subscription_id": _named("s{}-{}", c["customer"], c["number"]), "customer_id": customer_ids(c["customer"]),
        "plan": _all("Service", c["customer"]),
        "price": np.full(len(c["number"]), round(of.truth.contract_price * 100)),
        "period": _all(f"P{of.truth.contract_days}D", c["customer"]), "started_at": c["started_at"],
        "ends_at": c["ends_at"], "auto_renew": c["automatic"], "cancelled_at": c["cancelled_at"],
        "auto_renew_consent_at": np.where(c["automatic"] > 0, c["started_at"], MISSING),
    }  # fmt: skip


def _payments(c: Columns, _: _Shop) -> dict[str, Any]:
    subscription = _named("s{}-{}", c["customer"], c["number"])
    return {
        "payment_id": _named("{}-{}", subscription, c["paid_at"]), "subscription_id": subscription,
        "paid_at": c["paid_at"], "amount": c["amount"], "automatic": c["automatic"],
        "status": _all("paid", c["customer"]),
    }  # fmt: skip


def _occasions(c: Columns, of: _Shop) -> dict[str, Any]:
    category = np.array([one.name for one in of.truth.categories])[c["category"]]
    return {
        "occasion_id": _named("season-{}-{}", c["category"], c["starts_on"]), "name": _named("{} season", category),
        "starts_on": c["starts_on"], "ends_on": c["ends_on"], "kind": _all("season", category), "category": category,
    }  # fmt: skip


_ROWS: dict[str, Callable[[Columns, _Shop], dict[str, Any]]] = {
    "customers": _customers, "products": _products, "orders": _orders, "order_lines": _order_lines,
    "subscriptions": _subscriptions, "payments": _payments, "events": _events, "tickets": _tickets,
    "feedback": _feedback, "costs": _costs, "consents": _consents, "occasions": _occasions,
}  # fmt: skip


def _all(word: str, like: NDArray[Any]) -> Text:
    return np.full(len(like), word)


def _arrow(table: str, columns: dict[str, Any]) -> dict[str, Any]:
    """Numbers as the contract has them: moments as timestamps, money in units, flags as truth values."""
    import pyarrow as pa

    made: dict[str, Any] = {}
    for name, values in columns.items():
        kind = TABLES[table].column(name).kind
        array = np.asarray(values)
        missing = array == MISSING if array.dtype == np.int64 else None
        match kind:
            case "moment":
                made[name] = pa.array(array, pa.int64(), mask=missing).cast(pa.timestamp("us"))
            case "date":
                made[name] = pa.array(array.astype(np.int32), pa.int32()).cast(pa.date32())
            case "money":
                made[name] = pa.array(array / 100.0, pa.float64(), mask=missing)
            case "flag":
                made[name] = pa.array(array > 0, pa.bool_(), mask=missing)
            case _:
                made[name] = pa.array(values if isinstance(values, list) else array, mask=missing)
    return made
