"""How long customers keep renewing a contract when their chance to leave also changes with age: three numbers.

Source: P. S. Fader, B. G. S. Hardie, Y. Liu, J. Davin and T. Steenburgh 2018, "How to Project Customer Retention
Revisited: The Role of Duration Dependence", Journal of Interactive Marketing 43. With c = 1 it is the shifted
beta-geometric model.
"""

from __future__ import annotations

from tenure.models.renewal import RenewalModel


class BetaDiscreteWeibull(RenewalModel):
    """Each customer's chance to leave differs, and rises (c above 1) or falls (c below 1) with every renewal (BdW).

    S(t) = B(alpha, beta + t^c) ÷ B(alpha, beta). It needs at least three renewals, and few of them leave c doubtful:
    look at its standard error before reading a meaning into it.

        BetaDiscreteWeibull().fit([1000, 631, 468, 382, 326]).survival(12)
    """

    names = ("alpha", "beta", "c")
    meanings = {  # noqa: RUF012 (as declared by the parent)
        "alpha": "the larger beside beta, the more leave at the first renewal",
        "beta": "the larger beside alpha, the more stay at the first renewal",
        "c": "above 1 each customer tires with age, below 1 each settles in",
    }
    starts = ((1.0, 1.0, 1.0), (0.5, 2.0, 1.2), (5.0, 20.0, 0.8))
