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

from benchmarks.accuracy_lines import head, line
from tenure.domain.business import Business
from tenure.models import BetaDiscreteWeibull, ShiftedBetaGeometric
from tenure.models.kinds import churn

SILENT = (
    "- **RavenStack** is thrown with dice: it shows that usage, tickets and satisfaction arrive; what is found in it",
    "  is a property of its generator. Its contracts' ends have no pattern; that model is refused by its own card.",
    "- **Hillstrom** is an e-mail test of three arms. It holds no orders by day, so that no model of who stays can be",
    "  fitted; what a message changes is measured with a control here, not forecast.",
    "- **Online Shoppers** are visits without a customer or a day: nobody comes back in it, and there is nothing that",
    "  this library forecasts.",
)


def segments() -> Iterator[str]:
    """Fader & Hardie's two segments, twelve years on; the rule is that the last year's retention goes on."""
    yield from head(
        "segment", "years used", "model", "parameters", "log-likelihood", "of 1,000 left in year 12", "rule", "seen",
    )  # fmt: skip
    for name, survivors in (("Regular", REGULAR), ("High End", HIGH_END)):
        for years in (7, 4):
            kept = survivors[: years + 1]
            rule = kept[-1] * (kept[-1] / kept[-2]) ** (12 - years)
            for short, model in (("sBG", ShiftedBetaGeometric()), ("BdW", BetaDiscreteWeibull())):
                fitted = model.fit(kept)
                letters = ", ".join(f"{value:.3f}" for value in fitted.params_.values())
                said = float(np.asarray(fitted.expected_survivors(1000, 12)))
                likelihood, ends = f"{fitted.log_likelihood_:,.2f}", (f"{said:.1f}", f"{rule:.1f}", f"{survivors[12]}")
                yield line([name, f"{years}", short, letters, likelihood, *ends])


def curves() -> Iterator[str]:
    """Ten persistency curves, fitted to the first half: mean error over the second, in points of the starting share."""
    held: dict[str, list[float]] = {}
    with found("sbg_retention/persistency_curves.csv").open() as file:
        for row in csv.DictReader(file):
            held.setdefault(row["therapy"], []).append(float(row["value"]) * 10)
    yield from head(
        "therapy", "months", "sBG", "BdW", "rule: constant retention",
    )  # fmt: skip
    every = []
    for name, values in held.items():
        curve = np.minimum.accumulate(values)  # read off printed figures by hand, three of them rise by a hair
        every.append(errors_of_the_second_half(curve, len(curve) // 2))
        yield line([name, f"{len(curve) - 1}", *(f"{error:.2f}" for error in every[-1])])
    yield line(["**mean**", "", *(f"**{error:.2f}**" for error in np.mean(every, axis=0))])


def nothing_claimed() -> Iterator[str]:
    """Records on which no model of this library claims anything, and why."""
    yield from head("records", "forecast", "AUC: rule", "model", "log-loss: rule", "model")
    trained = churn.train(ravenstack(), Business())
    score = {each.name: each for each in trained.card.scores} if trained else {}
    pairs = [(score[name].naive, score[name].model) for name in ("AUC", "log-loss") if name in score]
    yield line(["RavenStack", "churn, as plumbing", *(f"{each:.3f}" for pair in pairs for each in pair)])
    yield ""
    yield from SILENT
