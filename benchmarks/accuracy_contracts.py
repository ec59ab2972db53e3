"""Contract models on printed retention curves, and the records of which nothing is claimed.

Part of `python -m benchmarks.accuracy`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np
from tests.models.real_shops import ravenstack
from tests.models.records import found
from tests.models.test_beta_discrete_weibull import _errors as errors_of_the_second_half
from tests.models.test_shifted_beta_geometric import HIGH_END, REGULAR

from tenure.domain.business import Business
from tenure.models import BetaDiscreteWeibull, ShiftedBetaGeometric
from tenure.models.kinds import churn, contracts

SILENT = {
    "Hillstrom": "an e-mail test of three arms: it has no orders before and after of single customers, so that no model "
    "of who stays can be fitted. It asks what a message changes, which is measured with a control and not forecast here.",
    "Online Shoppers": "visits without a customer or a day: nobody comes back in it, so that there is nothing of which "
    "this library forecasts anything.",
}


def segments() -> Iterator[str]:
    """Fader & Hardie's two segments, twelve years on; the rule is that the last year's retention goes on."""
    yield "| segment | years used | model | parameters | log-likelihood | still there in year 12 of 1,000 | rule | seen |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, survivors in (("Regular", REGULAR), ("High End", HIGH_END)):
        for years in (7, 4):
            kept = survivors[: years + 1]
            rule = kept[-1] * (kept[-1] / kept[-2]) ** (12 - years)
            for short, model in (("sBG", ShiftedBetaGeometric()), ("BdW", BetaDiscreteWeibull())):
                fitted = model.fit(kept)
                letters = ", ".join(f"{value:.3f}" for value in fitted.params_.values())
                said = float(np.asarray(fitted.expected_survivors(1000, 12)))
                yield (
                    f"| {name} | {years} | {short} | {letters} | {fitted.log_likelihood_:,.2f} | {said:.1f} "
                    f"| {rule:.1f} | {survivors[12]} |"
                )


def curves() -> Iterator[str]:
    """Ten persistency curves, fitted to the first half: mean error over the second, in points of the starting share."""
    held: dict[str, list[float]] = {}
    with found("sbg_retention/persistency_curves.csv").open() as file:
        for row in csv.DictReader(file):
            held.setdefault(row["therapy"], []).append(float(row["value"]) * 10)
    yield "| therapy | months | sBG | BdW | rule: constant retention |"
    yield "|---|---|---|---|---|"
    every = []
    for name, values in held.items():
        curve = np.minimum.accumulate(values)  # read off printed figures by hand, three of them rise by a hair
        every.append(errors_of_the_second_half(curve, len(curve) // 2))
        yield f"| {name} | {len(curve) - 1} | " + " | ".join(f"{error:.2f}" for error in every[-1]) + " |"
    yield "| **mean** | | " + " | ".join(f"**{error:.2f}**" for error in np.mean(every, axis=0)) + " |"


def nothing_claimed() -> Iterator[str]:
    """Records on which no model of this library claims anything, and why."""
    past = ravenstack()
    yield "| records | what | AUC: rule | model | log-loss: rule | model | used |"
    yield "|---|---|---|---|---|---|---|"
    for name, kind in (("contracts", contracts), ("churn", churn)):
        trained = kind.train(past, Business())
        if trained is None:
            yield f"| RavenStack | {name} | – | – | – | – | no model |"
            continue
        score = {each.name: each for each in trained.card.scores}
        figures = " | ".join(
            f"{score[each].naive:.3f} | {score[each].model:.3f}" for each in ("AUC", "log-loss") if each in score
        )
        yield f"| RavenStack | {name} | {figures} | {'yes' if trained.card.beats_naive else 'no'} |"
    yield ""
    yield "- **RavenStack** is made with dice: it shows that contracts, usage, tickets and satisfaction arrive, no more."
    for name, why in SILENT.items():
        yield f"- **{name}**: {why}"
