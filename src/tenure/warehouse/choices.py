"""The record of what was decided: chosen contacts with their best losers, refusals counted, and both arms as facts.

A run is kept whole or not at all. An assignment (campaign, customer, occasion) exists once for ever, whichever run made
it first, because the effect of a campaign is measured from it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from tenure.domain.decision import DECISION_COLUMNS, Kept, Usage
from tenure.domain.facts import OWN_TABLES, TABLES
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.domain.money import minor_per_unit
from tenure.warehouse.dialect import text_literal
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.picks import lists_sql, product_sql

if TYPE_CHECKING:
    import pyarrow as pa

REFUSALS = (("run_id", "VARCHAR"), ("as_of", "TIMESTAMP"), ("campaign", "VARCHAR"), ("rule", "VARCHAR"),
            ("customers", "BIGINT"))  # fmt: skip
# What was limited in a run: how much there was of it, and what one more would have brought.
LIMITS = (("run_id", "VARCHAR"), ("as_of", "TIMESTAMP"), ("name", "VARCHAR"), ("amount", "DOUBLE"),
          ("rate", "DOUBLE"))  # fmt: skip
# What names a product, and what a message's context calls it: columns of the profile, and what happened.
PRODUCTS = (("p.replacement_product", "replacement"), ("p.better_product", "better"), ("p.next_product", "next"),
            ("CASE WHEN json_valid(d.occasion_properties) THEN "
             "json_extract_string(d.occasion_properties, '$.product_id') END", "occasion"))  # fmt: skip


def lay_out(warehouse: DuckWarehouse) -> None:
    """Create the tables of decisions where they are missing."""
    for name, columns in (("decisions", DECISION_COLUMNS), ("refusals", REFUSALS), ("limits", LIMITS)):
        warehouse.lay_table(name, columns)


class DuckDecisions:
    """What was decided in one workspace."""

    def __init__(self, warehouse: DuckWarehouse, currency: str) -> None:
        self._warehouse = warehouse
        self._per_unit = minor_per_unit(currency)
        lay_out(warehouse)

    def keep(self, run_id: str, kept: Kept) -> None:
        """Store a run whole or not at all; the same run again replaces what it stored."""
        with self._warehouse.transaction():
            for name in ("decisions", "refusals", "limits", "facts.assignments"):
                self._warehouse.run(f"DELETE FROM {name} WHERE run_id = ?", [run_id])
            self._insert("decisions", [name for name, _ in DECISION_COLUMNS], kept.decisions)
            self._insert("refusals", [name for name, _ in REFUSALS], kept.refusals)
            self._insert("limits", [name for name, _ in LIMITS], kept.limits)
            self._assign(kept.assignments)
            self._warehouse.touch()

    def latest(self) -> tuple[str, int] | None:
        """Id and moment (microseconds UTC) of the latest run."""
        found = self._warehouse.fetch(
            # Where everybody is chosen there are no refusals, and where nobody may be there are no decisions.
            """SELECT run_id, epoch_us(as_of) FROM (SELECT run_id, as_of FROM refusals
                UNION SELECT run_id, as_of FROM decisions) ORDER BY as_of DESC, run_id DESC LIMIT 1"""
        )
        return (str(found[0][0]), int(found[0][1])) if found else None

    def usage(self, run_id: str, as_of: AsOf, midnight: int) -> Usage:
        """What other runs before a moment took of what is limited; today began at `midnight` (microseconds UTC)."""
        spent = self._warehouse.fetch(
            f"""SELECT split_part(campaign, '/', 1) AS folder,
                sum(COALESCE(contact_cost, 0) + COALESCE(discount_cost, 0)) FROM decisions
            WHERE outcome = 'chosen' AND run_id <> ? AND epoch_us(as_of) < {as_of.at}
                AND epoch_us(as_of) >= {as_of.at - 30 * MICROS_PER_DAY} GROUP BY folder ORDER BY folder""", [run_id],
        )  # fmt: skip
        contacted = self._warehouse.fetch(
            f"""SELECT channel, count(*) FROM decisions WHERE outcome = 'chosen' AND channel IS NOT NULL AND run_id <> ?
                AND epoch_us(as_of) < {as_of.at} AND epoch_us(as_of) >= {midnight}
            GROUP BY channel ORDER BY channel""", [run_id],
        )  # fmt: skip
        return Usage({str(k): float(v) for k, v in spent}, {str(k): int(v) for k, v in contacted})

    def rates(self, run_id: str) -> dict[str, float]:
        """What one more of each limited thing would have brought in a run, by name."""
        return {str(name): float(rate) for name, rate in
                self._warehouse.fetch("SELECT name, rate FROM limits WHERE run_id = ?", [run_id])}  # fmt: skip

    def recall(self, run_id: str, customer_id: str) -> list[dict[str, Any]]:
        """The run's rows for one customer, best first."""
        table = self._warehouse.arrow(
            "SELECT * FROM decisions WHERE run_id = ? AND customer_id = ? ORDER BY rank, campaign",
            [run_id, customer_id],
        )
        return list(table.to_pylist())

    def addressees(self, run_id: str, as_of: AsOf, showing: Collection[str] = ()) -> pa.Table:
        """The run's chosen contacts, each with its customer's address, name, time zone, profile and products.

        The profile's columns stand in the struct `profile`, each product that it or the occasion names in one struct
        of `product_…`, the lists of products in `picks` and `news` (null but for the campaigns in `showing`), and the
        contact's own row of `decisions` in the other columns.
        """
        products = ", ".join(f"{product_sql(word, self._per_unit)} AS product_{word}" for _, word in PRODUCTS)
        joins = " ".join(f"LEFT JOIN facts.products {word} ON {word}.product_id = {key}" for key, word in PRODUCTS)
        chosen = self._warehouse.fetch(
            "SELECT DISTINCT campaign FROM decisions WHERE run_id = ? AND outcome = 'chosen'", [run_id]
        )
        showing = {str(name) for (name,) in chosen} & set(showing)
        named = ", ".join(text_literal(name) for name in sorted(showing)) or "NULL"
        return self._warehouse.arrow(
            f"""WITH lists AS ({lists_sql(as_of, showing, self._per_unit)})
            SELECT d.*, c.email, c.phone, c.name AS person, c.locale AS person_locale,
                c.timezone AS person_timezone, p AS profile, l.picks, l.news, {products}
            FROM decisions d JOIN facts.customers c ON c.customer_key = d.customer_key
            JOIN profiles p ON p.customer_key = d.customer_key AND epoch_us(p.as_of) = {as_of.at} {joins}
            LEFT JOIN lists l ON l.customer_key = d.customer_key AND d.campaign IN ({named})
            WHERE d.run_id = ? AND d.outcome = 'chosen' ORDER BY d.customer_key, d.campaign""",
            [run_id, run_id],
        )

    def arrived_since(self, customer_id: str, as_of: AsOf, received_at: int) -> dict[str, int]:
        """How many of the customer's facts before `as_of` were received after a moment, by fact table."""
        counts: dict[str, int] = {}
        for table in TABLES.values():
            if table.owner == "none":
                continue
            before = f'AND "at" < {as_of.at}' if any(name == "at" for name, _ in table.stored) else ""
            found = self._warehouse.fetch(
                f"""SELECT count(*) FROM facts.{table.name} WHERE received_at > {received_at} {before}
                    AND customer_key = (SELECT customer_key FROM facts.customers WHERE customer_id = ?)""",
                [customer_id],
            )[0][0]
            if found:
                counts[table.name] = int(found)
        return counts

    def _insert(self, name: str, columns: list[str], rows: pa.Table) -> None:
        listed = ", ".join(f'"{column}"' for column in columns)
        with self._warehouse.lend("kept_rows", rows):
            self._warehouse.run(f"INSERT INTO {name} ({listed}) SELECT {listed} FROM kept_rows")

    def _assign(self, rows: pa.Table) -> None:
        listed = ", ".join(f'"{name}"' for name, _ in OWN_TABLES["assignments"])
        with self._warehouse.lend("kept_rows", rows):
            self._warehouse.run(f"""INSERT INTO facts.assignments ({listed}) SELECT {listed} FROM kept_rows k
                WHERE NOT EXISTS (SELECT 1 FROM facts.assignments a WHERE a.customer_key = k.customer_key
                    AND a.campaign = k.campaign AND a.occasion_key = k.occasion_key)""")
