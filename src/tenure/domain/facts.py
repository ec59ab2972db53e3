"""What happened, as the business records it: the tables of facts, their keys and columns.

This is the one description from which import, the warehouse, `tenure show fact` and the reference page are made.
The names are the contract's. In the warehouse each kind has one canonical form:

| kind | canonical form |
|---|---|
| text, json, choice | VARCHAR |
| moment | BIGINT, microseconds since 1970 UTC |
| date | BIGINT, days since 1970 |
| money | BIGINT, minor units of the workspace currency |
| quantity | BIGINT, thousandths |
| number | DOUBLE (never summed) |
| count | BIGINT |
| flag | BIGINT, 0 or 1 |

The table's own moment (`moment`) is stored as `at`, with `day` and `month_no` beside it on the business's calendar; a
table that belongs to a customer carries `customer_key`, the integer that stands for the customer inside the warehouse.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "json", "choice", "moment", "date", "money", "quantity", "number", "count", "flag"]

CANONICAL_TYPE: dict[Kind, str] = {
    "text": "VARCHAR", "json": "VARCHAR", "choice": "VARCHAR", "moment": "BIGINT", "date": "BIGINT",
    "money": "BIGINT", "quantity": "BIGINT", "number": "DOUBLE", "count": "BIGINT", "flag": "BIGINT",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a fact table.

    Attributes:
        name: the contract's name.
        kind: how it is read and stored.
        required: a row without it goes to quarantine.
        choices: allowed values of a `choice`.
        signed: negative values are allowed (money and quantities are not, unless it says so).
        about: one phrase for the reference page.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    signed: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True)
class FactTable:
    """One table of facts.

    Attributes:
        name: the contract's name.
        key: the columns by which a row is known; the same key again replaces the row.
        columns: all columns of the contract, in its order.
        moment: the column that says when it happened (stored as `at`), if the table has one.
        owner: how a row finds its customer: `customer_id` of its own, through another table's key, or none.
        needs: tables whose rows must be there first.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    moment: str | None = None
    owner: Literal["self", "orders", "subscriptions", "none"] = "self"
    needs: tuple[str, ...] = ()
    about: str = ""
    _by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {c.name: c for c in self.columns})

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        return self._by_name[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The contract's column names, in order."""
        return tuple(c.name for c in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Columns without which a row is not accepted."""
        return tuple(c.name for c in self.columns if c.required)

    @property
    def stored(self) -> tuple[tuple[str, str], ...]:
        """Canonical (name, SQL type) of every stored column, in order, with the arrival columns last."""
        own: list[tuple[str, str]] = []
        if self.owner != "none":
            own.append(("customer_key", "BIGINT"))
        for column in self.columns:
            if column.name == self.moment:
                own += [("at", "BIGINT"), ("day", "BIGINT"), ("month_no", "BIGINT")]
            else:
                own.append((column.name, CANONICAL_TYPE[column.kind]))
        own += _EXTRA.get(self.name, [])
        return (*own, ("source", "VARCHAR"), ("received_at", "BIGINT"))


# Columns that import adds because they cost too much to find again at every profile.
_EXTRA: dict[str, list[tuple[str, str]]] = {
    # 1 when the business listed this customer itself, 0 when only a fact made it known: the latter must not exist
    # before its first fact.
    "customers": [("declared", "BIGINT")],
    # The line's order, repeated so that a chunk of customers needs no join: its moment, and 1 if it was cancelled.
    "order_lines": [("at", "BIGINT"), ("day", "BIGINT"), ("month_no", "BIGINT"), ("cancelled", "BIGINT")],
    # The moment at which the event's customer is known: the later of the event and the sign-in that joined it.
    # Read from properties: what was bought or put in the cart.
    "events": [("known_at", "BIGINT"), ("product_id", "VARCHAR"), ("value", "BIGINT"), ("message_id", "VARCHAR")],
}


def _text(name: str, about: str = "", *, required: bool = False) -> Column:
    return Column(name, "text", required, about=about)


_CUSTOMER = Column("customer_id", "text", True, about="who")

TABLES: dict[str, FactTable] = {
    table.name: table
    for table in (
        FactTable(
            "customers", ("customer_id",),
            (_CUSTOMER, Column("created_at", "moment"), _text("email"), _text("phone"), _text("name"),
             _text("locale", "language, such as de or pt-BR"), _text("timezone", "IANA name"),
             _text("country", "ISO 3166 alpha-2"), Column("birthday", "date"), _text("acquisition_channel"),
             Column("acquisition_cost", "money"), Column("attributes", "json", about="anything else, as JSON")),
            moment="created_at", about="People and firms who may buy.",
        ),
        FactTable(
            "products", ("product_id",),
            (_text("product_id", required=True), _text("name", required=True), _text("category"), _text("brand"),
             Column("price", "money"), Column("unit_cost", "money"), Column("released_at", "moment"),
             Column("lifetime_days", "count", about="how long one lasts"),
             _text("better_version", "product_id of the version to move up to"), _text("url"), _text("image_url")),
            owner="none", about="What is sold.",
        ),
        FactTable(
            "orders", ("order_id",),
            (_text("order_id", required=True), _CUSTOMER, Column("ordered_at", "moment", True),
             Column("total", "money", True, about="what the customer paid"), Column("discount", "money"),
             _text("coupon"), Column("shipping", "money"), _text("currency", "ISO 4217, if not the workspace's"),
             Column("on_sale", "flag"),
             Column("status", "choice", choices=("paid", "refunded", "cancelled"))),
            moment="ordered_at", about="Purchases.",
        ),
        FactTable(
            "order_lines", ("order_id", "line"),
            (_text("order_id", required=True), Column("line", "count", True), _text("product_id", required=True),
             Column("quantity", "quantity", True), Column("unit_price", "money", True), Column("discount", "money")),
            owner="orders", needs=("orders",), about="What each order held.",
        ),
        FactTable(
            "refunds", ("refund_id",),
            (_text("refund_id", required=True), _text("order_id", required=True),
             Column("refunded_at", "moment", True), Column("amount", "money", True)),
            moment="refunded_at", owner="orders", needs=("orders",), about="Money given back.",
        ),
        FactTable(
            "subscriptions", ("subscription_id",),
            (_text("subscription_id", required=True), _CUSTOMER, _text("plan", required=True),
             Column("price", "money", True), _text("period", "month, year or an ISO 8601 duration", required=True),
             Column("started_at", "moment", True), Column("trial_ends_at", "moment"), Column("ends_at", "moment"),
             Column("auto_renew", "flag"), Column("auto_renew_consent_at", "moment"),
             Column("cancelled_at", "moment"), _text("cancel_reason")),
            moment="started_at", about="Contracts: leases, policies, memberships, trials.",
        ),
        FactTable(
            "payments", ("payment_id",),
            (_text("payment_id", required=True), _text("subscription_id", required=True),
             Column("paid_at", "moment", True), Column("amount", "money", True), Column("automatic", "flag"),
             Column("status", "choice", choices=("paid", "failed")), _text("failure")),
            moment="paid_at", owner="subscriptions", needs=("subscriptions",), about="Payments of contracts.",
        ),
        FactTable(
            "events", ("event_id",),
            (_text("event_id", required=True), _text("customer_id"), _text("anonymous_id"),
             _text("name", required=True), Column("occurred_at", "moment", True), Column("properties", "json")),
            moment="occurred_at", about="What people did on a site or in an app.",
        ),
        FactTable(
            "tickets", ("ticket_id",),
            (_text("ticket_id", required=True), _CUSTOMER, Column("opened_at", "moment", True),
             Column("closed_at", "moment"), Column("kind", "choice", choices=("complaint", "question", "return")),
             Column("severity", "number"), Column("cost", "money")),
            moment="opened_at", about="Questions, complaints and returns.",
        ),
        FactTable(
            "feedback", ("feedback_id",),
            (_text("feedback_id", required=True), _CUSTOMER, Column("given_at", "moment", True),
             Column("kind", "choice", True, choices=("csat", "nps", "review", "exit")), Column("score", "number"),
             _text("reason"), _text("text"), _text("about")),
            moment="given_at", about="What people said when asked.",
        ),
        FactTable(
            "costs", ("cost_id",),
            (_text("cost_id", required=True), _text("customer_id"), _text("segment"), Column("at", "moment", True),
             _text("kind", required=True), Column("amount", "money", True, signed=True)),
            moment="at", about="What serving a customer or segment cost.",
        ),
        FactTable(
            "consents", ("consent_id",),
            (_text("consent_id", required=True), _CUSTOMER, _text("channel", required=True),
             _text("purpose", required=True), Column("state", "choice", True, choices=("granted", "denied")),
             Column("at", "moment", True), _text("proof")),
            moment="at", about="Permission by channel and purpose.",
        ),
        FactTable(
            "occasions", ("occasion_id",),
            (_text("occasion_id", required=True), _text("name", required=True), Column("starts_on", "date", True),
             Column("ends_on", "date"),
             Column("kind", "choice", True, choices=("sale", "holiday", "season", "launch")), _text("country"),
             _text("category")),
            owner="none", about="Sales, holidays, seasons and launches.",
        ),
    )
}  # fmt: skip

# Facts of our own: what Tenure itself did and what came of it, written by `decide` and `collect`, not imported.
# `contacts.cost` is in thousandths of a minor unit: an e-mail costs a fraction of a cent, and a million of them do not.
OWN_TABLES: dict[str, tuple[tuple[str, str], ...]] = {
    "contacts": (
        ("customer_key", "BIGINT"), ("message_id", "VARCHAR"), ("campaign", "VARCHAR"), ("channel", "VARCHAR"),
        ("purpose", "VARCHAR"), ("at", "BIGINT"), ("day", "BIGINT"), ("cost", "BIGINT"), ("state", "VARCHAR"),
        ("occasion_key", "VARCHAR"),
    ),
    "deliveries": (
        ("customer_key", "BIGINT"), ("message_id", "VARCHAR"), ("campaign", "VARCHAR"), ("channel", "VARCHAR"),
        ("kind", "VARCHAR"), ("at", "BIGINT"), ("day", "BIGINT"),
    ),
    "assignments": (
        ("customer_key", "BIGINT"), ("campaign", "VARCHAR"), ("occasion_key", "VARCHAR"), ("arm", "VARCHAR"),
        ("at", "BIGINT"), ("day", "BIGINT"), ("goal_until", "BIGINT"), ("propensity", "DOUBLE"), ("run_id", "VARCHAR"),
    ),
}  # fmt: skip

DELIVERY_KINDS = ("delivered", "opened", "clicked", "bounced", "complained", "unsubscribed")
