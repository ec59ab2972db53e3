"""Holds the churn model against the recency rule on real records: `python -m benchmarks.churn [--back DAYS …]`.

Prints the table of docs/explanation/churn.md. The records are read where the tests find them; `--back` looks at the
shop so many days before its log ends, which makes another season the held-out one.
"""

from __future__ import annotations

import argparse
import time

from tests.models.real_shops import LOGS, past_of

from tenure.domain.business import Business
from tenure.models.cards import Card
from tenure.models.kinds import churn
from tenure.models.kinds.contract import Batch

HEAD = (
    "| shop | held out from | customers | stayed away | AUC: rule | model | log-loss: rule | model | said − seen "
    "| seconds to fit | µs to score one |",
    "|" + "---|" * 11,
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--back", type=int, nargs="+", default=[0, 60, 120], metavar="DAYS")
    backs = parser.parse_args().back
    print(*HEAD, sep="\n")
    for name in LOGS:
        for back in backs:
            print(measured(name, back), flush=True)


def measured(name: str, back: int) -> str:
    """One row of the table."""
    past = past_of(name, back)
    profiles, relation = past.profiles(past.as_of), past.relation("gaps", past.as_of)
    for days in churn.BACK:
        past.profiles(past.earlier(days))  # kept by the past, so that the model alone is timed
    began = time.process_time()
    trained = churn.train(past, Business())
    fitted = time.process_time()
    if trained is None:
        return f"| {name} | too few days |" + " |" * 9
    churn.score(trained.state, Batch(profiles, {"gaps": relation}, past.as_of, Business()))
    scored = time.process_time()
    return _row(name, trained.card, fitted - began, (scored - fitted) / profiles.num_rows * 1e6)


def _row(name: str, card: Card, seconds: float, micros: float) -> str:
    score = {each.name: each for each in card.scores}
    total = sum(part["count"] for part in card.curve)
    said, seen = (sum(part[key] * part["count"] for part in card.curve) / total for key in ("said", "seen"))
    ranking, loss = score["AUC"], score["log-loss"]
    return (
        f"| {name} | {card.split[:10]} | {card.checked:,} | {seen:.1%} | {ranking.naive:.3f} | **{ranking.model:.3f}** "
        f"| {loss.naive:.3f} | **{loss.model:.3f}** | {100 * (said - seen):+.1f} | {seconds:.1f} | {micros:.0f} |"
    )


if __name__ == "__main__":
    main()
