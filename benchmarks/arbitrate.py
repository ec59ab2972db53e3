"""Prints what a choice among very many contacts costs: seconds, CPU seconds, memory beyond its input, and the gap.

python -m benchmarks.arbitrate [CUSTOMERS]      each with 40 candidates
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pyarrow as pa

from tenure.decisions.arbitrate import arbitrate

EACH = 40
CHANNELS, CAMPAIGNS = ["email", "sms", "push", "mail"], [f"c{n}" for n in range(5)]


def offers(customers: int, seed: int = 1) -> pa.Table:
    """Contacts of random worth (a third of them worth less than silence) and cost, in four channels."""
    rng = np.random.default_rng(seed)
    rows = customers * EACH

    def words(values: list[str]) -> pa.Array:
        drawn = rng.integers(0, len(values), rows, dtype=np.int32)
        return pa.DictionaryArray.from_arrays(drawn, values).cast(pa.string())

    return pa.table({
        "customer_id": np.repeat(np.arange(customers), EACH), "campaign": words(CAMPAIGNS), "channel": words(CHANNELS),
        "worth": rng.gamma(1, 1, rows) - 0.3, "cost": np.round(rng.uniform(0, 1, rows), 3),
    })  # fmt: skip


def main() -> None:
    """Measure and print one row."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    table = offers(customers)
    before, began, cpu = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter(), time.process_time()
    capacity = {"email": customers * 0.3, "sms": customers * 0.05, "mail": customers * 0.01}
    found = arbitrate(table, 1, capacity, customers * 0.1)
    seconds, spent = time.perf_counter() - began, time.process_time() - cpu
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print("| customers | candidates | seconds | CPU s | MB beyond input | gap |\n|---|---|---|---|---|---|")
    print(f"| {customers:,} | {table.num_rows:,} | {seconds:.1f} | {spent:.1f} | {more:,.0f} | {found.gap:.1e} |")


if __name__ == "__main__":
    main()
