"""Who is who: the integer that stands for each customer, and the sign-ins that join anonymous events to them.

A customer's key is given in the order in which customers first appear in an import and never changes. An event that
carries both a customer and an anonymous id is a sign-in: the earliest one joins all events of that anonymous id, and
`known_at` remembers when, so that no profile as of an earlier moment knows it.
"""

from __future__ import annotations

from tenure.domain.facts import FactTable
from tenure.warehouse.duckdb import DuckWarehouse


def assign_keys(warehouse: DuckWarehouse, table: FactTable) -> int:
    """Give keys to customers whom the accepted rows name for the first time, as `staging.newcomers`; how many."""
    names = {column.name for column in table.columns}
    if table.owner != "self" or "customer_id" not in names:
        warehouse.run("CREATE TABLE staging.newcomers (customer_id VARCHAR, customer_key BIGINT)")
        return 0
    first = int(warehouse.fetch("SELECT value FROM meta WHERE name = 'next_customer_key'")[0][0])
    warehouse.run(
        "CREATE TABLE staging.newcomers AS "
        f"SELECT customer_id, {first} - 1 + row_number() OVER (ORDER BY first_row, customer_id) AS customer_key "
        "FROM (SELECT customer_id, min(row_no) AS first_row FROM staging.checked "
        "WHERE reject_column IS NULL AND customer_key IS NULL AND customer_id IS NOT NULL GROUP BY customer_id)"
    )
    return int(warehouse.fetch("SELECT count(*) FROM staging.newcomers")[0][0])


def record_newcomers(warehouse: DuckWarehouse, table: FactTable, source: str, received_at: int) -> None:
    """Make the newcomers known; customers whom the business lists itself are recorded by their own rows."""
    warehouse.run(
        "UPDATE meta SET value = value + (SELECT count(*) FROM staging.newcomers) WHERE name = 'next_customer_key'"
    )
    if table.name == "customers":
        return
    warehouse.run(
        "INSERT INTO facts.customers (customer_key, customer_id, declared, source, received_at) "
        "SELECT customer_key, customer_id, 0, ?, ? FROM staging.newcomers ORDER BY customer_key",
        [source, received_at],
    )


def note_anonymous(warehouse: DuckWarehouse) -> None:
    """Write down, as `staging.anonymous`, the anonymous ids that arriving events name, or named before."""
    warehouse.run(
        "CREATE TABLE staging.anonymous AS "
        "SELECT anonymous_id FROM staging.arriving WHERE anonymous_id IS NOT NULL "
        "UNION SELECT f.anonymous_id FROM facts.events f JOIN staging.arriving a ON a.event_id = f.event_id "
        "WHERE a.known AND f.anonymous_id IS NOT NULL"
    )


def join_sign_ins(warehouse: DuckWarehouse) -> int:
    """Let anonymous events belong to whoever first signed in with their anonymous id; how many events changed.

    Within the caller's transaction. The changed ones stand in the temporary table `joined`.

    Looks at the anonymous ids in `staging.anonymous` only; earlier links that a new import precedes are made anew.
    """
    warehouse.run(
        'CREATE OR REPLACE TEMP TABLE sign_ins AS SELECT anonymous_id, customer_key, "at" FROM ('
        'SELECT anonymous_id, customer_key, "at", '
        'row_number() OVER (PARTITION BY anonymous_id ORDER BY "at", event_id) AS place '
        "FROM facts.events WHERE customer_id IS NOT NULL "
        "AND anonymous_id IN (SELECT anonymous_id FROM staging.anonymous)"
        ") WHERE place = 1"
    )
    warehouse.run(
        "CREATE OR REPLACE TEMP TABLE joined AS SELECT e.event_id, s.customer_key, "
        "CASE WHEN s.at > e.at THEN s.at ELSE e.at END AS known_at "
        "FROM facts.events e LEFT JOIN sign_ins s ON s.anonymous_id = e.anonymous_id "
        "WHERE e.customer_id IS NULL AND e.anonymous_id IN (SELECT anonymous_id FROM staging.anonymous) "
        "AND (e.customer_key IS DISTINCT FROM s.customer_key "
        "OR e.known_at IS DISTINCT FROM CASE WHEN s.at > e.at THEN s.at ELSE e.at END)"
    )
    changed = int(warehouse.fetch("SELECT count(*) FROM joined")[0][0])
    if changed:
        warehouse.run(
            "UPDATE facts.events SET customer_key = j.customer_key, known_at = j.known_at FROM joined j "
            "WHERE events.event_id = j.event_id"
        )
    return changed
