"""Events that mean more than themselves: a completed order is an order, an opened e-mail is a delivery.

The names are those of the Segment specification. Events stay events; what they mean is brought in beside them through
the same judgement as any import, as soon as it is known whose they are. Orders that another source has recorded are
left as they are: a shop knows its orders better than its web page does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenure.domain.business import Business
from tenure.domain.money import minor_per_unit
from tenure.warehouse import instants
from tenure.warehouse.canonical import rate
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.staging import Staged

if TYPE_CHECKING:
    import pyarrow as pa

ORDERED, REFUNDED = "Order Completed", "Order Refunded"
DELIVERIES = {
    "Email Delivered": "delivered", "Email Opened": "opened", "Email Link Clicked": "clicked",
    "Email Bounced": "bounced", "Email Marked as Spam": "complained", "Unsubscribed": "unsubscribed",
}  # fmt: skip
TABLES = ("orders", "order_lines", "refunds")
_SUFFIX = " (events)"


def source_of(source: str) -> str:
    """The source under which facts out of events are stored."""
    return f"{source}{_SUFFIX}"


def prepare(warehouse: DuckWarehouse) -> None:
    """Make room for the ids of events whose meaning is not brought in yet; a crash leaves them there."""
    warehouse.run("CREATE TABLE IF NOT EXISTS facts.untold (event_id VARCHAR)")
    warehouse.run("CREATE OR REPLACE TEMP TABLE kept_back (event_id VARCHAR)")


def note(warehouse: DuckWarehouse, event_ids: str) -> None:
    """Remember events whose meaning must be looked at; within the caller's transaction.

    Args:
        warehouse: where.
        event_ids: SQL of a relation with a column `event_id`.
    """
    names = ", ".join(f"'{name}'" for name in (ORDERED, REFUNDED, *DELIVERIES))
    warehouse.run(
        f"INSERT INTO facts.untold SELECT event_id FROM facts.events WHERE name IN ({names}) "
        f"AND customer_key IS NOT NULL AND event_id IN (SELECT event_id FROM {event_ids})"
    )


def is_waiting(warehouse: DuckWarehouse) -> bool:
    """Whether there are events whose meaning is not brought in yet."""
    return bool(warehouse.fetch("SELECT 1 FROM facts.untold LIMIT 1"))


def keep_back(warehouse: DuckWarehouse) -> None:
    """Remember the events whose rows in `staging.checked` were not accepted: what they need may come later."""
    warehouse.run(
        "INSERT INTO kept_back SELECT DISTINCT t.event_id FROM staging.checked c "
        "JOIN staging.told t ON t.rowid + 1 = c.row_no WHERE c.reject_column IS NOT NULL"
    )


def done(warehouse: DuckWarehouse) -> None:
    """All that waited has been brought in, except what is kept back."""
    with warehouse.transaction():
        warehouse.run("DELETE FROM facts.untold")
        warehouse.run("INSERT INTO facts.untold SELECT DISTINCT event_id FROM kept_back")
        warehouse.run("DELETE FROM kept_back")


def tell(warehouse: DuckWarehouse, table: str, business: Business) -> Staged | None:
    """Stage the rows of a table that waiting events mean; None when there are none.

    Args:
        warehouse: has an attached `staging`.
        table: one of `TABLES`.
        business: whose currency lines are converted into.
    """
    warehouse.run(f"CREATE TABLE staging.told AS {_TELLING[table](business)}")
    if not warehouse.fetch("SELECT 1 FROM staging.told LIMIT 1"):
        return None
    known = {name: kind for name, kind, *_ in warehouse.fetch("DESCRIBE staging.told")}
    return Staged('(SELECT *, rowid + 1 AS "#row" FROM staging.told)', known)


def deliveries(warehouse: DuckWarehouse, business: Business) -> pa.Table:
    """What waiting events say about messages, in the form of the table `deliveries`."""
    kinds = " ".join(f"WHEN '{name}' THEN '{kind}'" for name, kind in DELIVERIES.items())
    names = ", ".join(f"'{name}'" for name in DELIVERIES)
    return warehouse.arrow(
        "SELECT e.customer_key, e.message_id, "
        f"COALESCE(c.campaign, {_property('campaign', 'campaign_name', 'campaign_id')}) AS campaign, "
        f"COALESCE(c.channel, 'email') AS channel, CASE e.name {kinds} END AS kind, e.at, "
        f"{instants.day('e.at', business.timezone)} AS day "
        "FROM facts.events e JOIN facts.untold u ON u.event_id = e.event_id "
        "LEFT JOIN (SELECT message_id, min(campaign) AS campaign, min(channel) AS channel FROM facts.contacts "
        "GROUP BY message_id) c ON c.message_id = e.message_id "
        f"WHERE e.name IN ({names}) AND e.message_id IS NOT NULL ORDER BY e.at, e.event_id"
    )


def _property(*names: str) -> str:
    found = ", ".join(f"json_extract_string(e.properties, '$.{name}')" for name in names)
    return f"COALESCE({found}, NULL)"


_ORDER_ID = _property("order_id", "orderId", "checkout_id")
_TOTAL = _property("total", "revenue", "value")
_NOT_RECORDED = (
    f"NOT EXISTS (SELECT 1 FROM facts.orders o WHERE o.order_id = {_ORDER_ID} AND o.source NOT LIKE '%{_SUFFIX}')"
)
_WAITING = "facts.events e JOIN facts.untold u ON u.event_id = e.event_id"
_IN_ORDER = "ORDER BY e.at, e.event_id"


def _orders(_: Business) -> str:
    return (
        f"SELECT e.event_id AS event_id, {_ORDER_ID} AS order_id, c.customer_id AS customer_id, "
        "make_timestamptz(e.at) AS ordered_at, "
        f"{_TOTAL} AS total, {_property('discount')} AS discount, {_property('coupon')} AS coupon, "
        f"{_property('shipping')} AS shipping, {_property('currency')} AS currency "
        f"FROM {_WAITING} JOIN facts.customers c ON c.customer_key = e.customer_key "
        f"WHERE e.name = '{ORDERED}' AND {_NOT_RECORDED} {_IN_ORDER}"
    )


def _order_lines(business: Business) -> str:
    # Lines have no currency of their own, so theirs is turned into the workspace's here.
    currency, factor, _ = rate("VARCHAR", business)
    item = "json_extract(e.properties, '$.products')"
    lines = (
        f"SELECT e.event_id AS event_id, {_ORDER_ID} AS order_id, "
        f"unnest(range(1, CAST(json_array_length({item}) AS BIGINT) + 1)) AS line, "
        f"{item} AS items, {_property('currency')} AS currency FROM {_WAITING} "
        f"WHERE e.name = '{ORDERED}' AND json_type({item}) = 'ARRAY' AND {_NOT_RECORDED} {_IN_ORDER}"
    )

    def cell(*names: str) -> str:
        found = (f"json_extract_string(items, '$[' || (line - 1) || '].{name}')" for name in names)
        return f"COALESCE({', '.join(found)}, NULL)"

    return (
        f"SELECT event_id, order_id, line, {cell('product_id', 'productId', 'sku')} AS product_id, "
        f"COALESCE({cell('quantity')}, '1') AS quantity, "
        f"TRY_CAST({cell('price')} AS DOUBLE) * {factor} AS unit_price "
        f'FROM (SELECT *, {currency} AS "#code" FROM ({lines}))'
    )


def _refunds(business: Business) -> str:
    # A refund that names no amount gives back the whole order.
    whole = f"CAST(o.total / CAST({minor_per_unit(business.currency)} AS DOUBLE) AS VARCHAR)"
    return (
        f"SELECT e.event_id AS event_id, COALESCE({_property('refund_id')}, 'refund-' || e.event_id) AS refund_id, "
        f"{_ORDER_ID} AS order_id, make_timestamptz(e.at) AS refunded_at, COALESCE({_TOTAL}, {whole}) AS amount "
        f"FROM {_WAITING} LEFT JOIN facts.orders o ON o.order_id = {_ORDER_ID} "
        f"WHERE e.name = '{REFUNDED}' {_IN_ORDER}"
    )


_TELLING = {"orders": _orders, "order_lines": _order_lines, "refunds": _refunds}
