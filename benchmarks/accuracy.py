"""How right the models are, on every real data set, against simple rules: `python -m benchmarks.accuracy [--only …]`.

Prints the tables of docs/explanation/accuracy.md in Markdown; progress goes to the other stream. The records are read
where the tests find them, and what is not there is said. Other libraries take part where a Python of an environment
that has them is named: they are no part of this project.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from benchmarks import accuracy_contracts as bound
from benchmarks import accuracy_purchases as purchases
from benchmarks import accuracy_shops as shops

# Name → heading, and what prints its tables.
SECTIONS: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "purchases": ("How many orders", purchases.tables),
    "rescaling": ("How many orders where records begin in the middle", purchases.rescaled),
    "spend": ("How much an order is worth", purchases.spend),
    "value": ("Value: how many totals lie in their 80% intervals", shops.value),
    "churn": ("Who orders nothing in the next 90 days", shops.churn),
    "paths": ("What becomes of new buyers", shops.paths),
    "discounts": ("Who buys at a discount", shops.discounts),
    "affinity": ("What is bought next", shops.affinity),
    "replacement": ("When a category is bought again", shops.replacement),
    "seasons": ("Seasons", shops.seasons),
    "contracts": ("Contracts: two segments over twelve years", bound.segments),
    "curves": ("Contracts: ten persistency curves", bound.curves),
    "nothing": ("Where nothing is claimed", bound.nothing_claimed),
}


def lines(name: str, peers: list[str] | None = None) -> Iterator[str]:
    """One section, or the sentence that its records are not here."""
    heading, told = SECTIONS[name]
    yield f"### {heading}"
    yield ""
    try:
        yield from purchases.tables(peers) if name == "purchases" and peers else told()
    except pytest.skip.Exception as absent:  # what the tests' readers raise
        yield f"Not measured: {absent}."
    yield ""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), default=list(SECTIONS), metavar="NAME",
                        help=f"of {', '.join(SECTIONS)}")  # fmt: skip
    parser.add_argument("--peers", nargs="*", default=[], help="Pythons that have lifetimes or PyMC-Marketing")
    asked = parser.parse_args()
    for name in asked.only:
        began = time.perf_counter()
        print(f"{name} …", file=sys.stderr, flush=True)
        for line in lines(name, asked.peers):
            print(line, flush=True)
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
