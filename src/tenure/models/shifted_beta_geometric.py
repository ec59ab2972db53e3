"""How long customers keep renewing a contract when each has a steady chance to leave: two numbers, and a long view.

Source: P. S. Fader and B. G. S. Hardie 2007, "How to Project Customer Retention", Journal of Interactive Marketing
21(1). Retention rises with age although no customer changes: those who leave easily have left.
"""

from __future__ import annotations

from tenure.models.renewal import RenewalModel


class ShiftedBetaGeometric(RenewalModel):
    """Each customer leaves at every renewal with the same chance θ, which differs between customers (sBG).

    S(t) = B(alpha, beta + t) ÷ B(alpha, beta); retention at renewal t is (beta + t − 1) ÷ (alpha + beta + t − 1).
    alpha ÷ (alpha + beta) leave at the first renewal. Both parameters below 1: customers are of two kinds, who leave
    at once and who never do; both large: they are alike.

        ShiftedBetaGeometric().fit([1000, 869, 743, 653]).survival(12)
    """

    names = ("alpha", "beta")
    meanings = {  # noqa: RUF012 (as declared by the parent)
        "alpha": "the larger beside beta, the more leave at the first renewal",
        "beta": "the larger beside alpha, the more stay at the first renewal",
    }
    starts = ((1.0, 1.0), (0.5, 2.0), (5.0, 20.0))
