"""What it is worth to act only on those about whom a model is certain: how many these are, and how often it is right.

Acting on a certain hit-and-run means to leave them alone. What is saved is the contact, offer included, for each who
would indeed not have come; what is lost is margin of those who would have come had they been spoken to:

    saved = right · (contact + discount) − wrong · lift · margin

`lift` is the share of the wrongly silenced whose order hangs on the contact; 1, the dearest belief, when nobody knows.
It pays from a precision of lift · margin ÷ (contact + discount + lift · margin) on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenure.domain.errors import TenureError

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Certain:
    """Those whose chance reaches a certainty.

    Attributes:
        everyone: how many were looked at; `right`, `wrong`: how many of the certain were so, and were not.
    """

    everyone: int
    right: int
    wrong: int

    @property
    def share(self) -> float:
        """Certain ÷ everyone; 0 of nobody."""
        return (self.right + self.wrong) / self.everyone if self.everyone else 0.0

    @property
    def precision(self) -> float:
        """Right ÷ certain; NaN where nobody is certain."""
        certain = self.right + self.wrong
        return self.right / certain if certain else float("nan")

    def saved(self, contact: float, discount: float, margin: float, lift: float = 1.0) -> float:
        """Money saved by leaving the certain alone, less what is lost on those who were wrongly left alone.

        Args:
            contact: price of one contact; `discount`: what its offer costs.
            margin: of the order that a wrongly silenced customer would have placed.
            lift: share of these whose order hangs on the contact.
        """
        return self.right * (contact + discount) - self.wrong * lift * margin


def certain(said: ArrayLike, seen: ArrayLike, certainty: float) -> Certain:
    """How many are certain of something, and how often it was so.

    Args:
        said: its chance for each customer; `seen`: whether it happened.
        certainty: chance from which one acts.

    Raises:
        TenureError: the two are not equally long.
    """
    forecast, truth = np.asarray(said, np.float64), np.asarray(seen, bool)
    if forecast.shape != truth.shape:
        raise TenureError(
            f"{forecast.size:,} chances were said of {truth.size:,} customers", "Give one of each per customer."
        )
    chosen = forecast >= certainty
    return Certain(len(forecast), int((chosen & truth).sum()), int((chosen & ~truth).sum()))


def precision_that_pays(contact: float, discount: float, margin: float, lift: float = 1.0) -> float:
    """The precision from which leaving the certain alone saves money."""
    return lift * margin / (contact + discount + lift * margin)
