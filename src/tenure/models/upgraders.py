"""Keepers and upgraders: who buys the better version within weeks of its release, and who stays with what they have.

Every release of a better version puts a question to each owner of the lesser one. How often a customer answered yes is
drawn to what is usual (beta-binomial), so that one quick purchase does not make an upgrader of anyone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tenure.domain.errors import TenureError, nearest
from tenure.frames import arrow, like
from tenure.models.base import Estimator, Params, Table
from tenure.models.discounts import DiscountShare
from tenure.models.pairs import Day, PurchaseLog, day_number, days_of, read

if TYPE_CHECKING:
    import pyarrow as pa

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Per customer number: releases of something better than what they owned, and how many they followed."""

    log: PurchaseLog
    chances: Numbers
    upgrades: Numbers


class Upgraders(Estimator):
    """How likely each customer is to buy the next better version soon after its release.

    Args:
        weeks: how soon a purchase must follow the release to count as an upgrade.

    Attributes:
        params_: `alpha` and `beta` of the shares of releases that customers follow; the usual share is
            alpha ÷ (alpha + beta).
        log_likelihood_: of the answers it was fitted on.
    """

    params_: Params
    log_likelihood_: float

    def __init__(self, weeks: int = 8) -> None:
        self.weeks = weeks

    def fit(self, purchases: Any, releases: Any, as_of: Day | None = None) -> Self:
        """Learn how readily customers follow better versions.

        Args:
            purchases: rows with `customer_id`, `product` and `day`.
            releases: rows with `product`, `better_version` and `released_on`, one per product that has a better one.
            as_of: purchases on or after it are not looked at; the day after the last purchase if left out. A release
                whose weeks are not over by then is no question yet.

        Raises:
            TenureError: a column is missing, or no owner ever saw a better version released.
        """
        asked = self._asked(purchases, releases, as_of)
        rows = asked.chances > 0
        if not rows.any():
            raise TenureError(
                "no customer owned a product when its better version came out",
                "Give releases that lie at least the upgrade weeks before the last purchase, with their products.",
            )
        self._share_ = DiscountShare().fit({"discounted": asked.upgrades[rows], "orders": asked.chances[rows]})
        self.params_, self.log_likelihood_ = self._share_.params_, self._share_.log_likelihood_
        return self

    def predict(self, purchases: Any, releases: Any, as_of: Day | None = None) -> Any:
        """Each customer's chance of following the next release.

        Returns:
            A frame of the kind given, one row per customer of `purchases`: `customer_id`, `chances` (releases of
            something better than what they owned), `upgrades` (those they followed), `p_upgrader`: the chance that they
            follow the next, (alpha + upgrades) ÷ (alpha + beta + chances). A keeper is far below the usual share.

        Raises:
            TenureError: the model is not fitted, or a column is missing.
        """
        self._check_fitted()
        asked = self._asked(purchases, releases, as_of)
        return like(purchases, _table(asked, self._share_))

    def _asked(self, purchases: Any, releases: Any, as_of: Day | None) -> _Asked:
        log = read(purchases)
        if not log.day.size:
            raise TenureError("there are no purchases to learn from", "Give rows with customer_id, product and day.")
        today = float(np.floor(log.day.max())) + 1 if as_of is None else day_number(as_of)
        chances, upgrades = np.zeros(len(log.customers)), np.zeros(len(log.customers))
        bought = log.day < today
        for lesser, better, released in _releases(releases, log):
            until = released + 7 * self.weeks
            if until > today:
                continue
            owners = np.unique(log.customer[bought & (log.product == lesser) & (log.day < released)])
            had = np.unique(log.customer[bought & (log.product == better) & (log.day < released)])
            soon = (log.product == better) & (log.day >= released) & (log.day < until)
            owners = np.setdiff1d(owners, had)
            chances[owners] += 1
            upgrades[np.intersect1d(owners, log.customer[bought & soon])] += 1
        return _Asked(log, chances, upgrades)

    def summary(self) -> Table:
        """The usual share, and how many releases weigh as much as what is usual."""
        self._check_fitted()
        alpha, beta = self.params_["alpha"], self.params_["beta"]
        return Table(("what", "value", "meaning"), [
            ("usual share", alpha / (alpha + beta), f"of owners buy the better version within {self.weeks} weeks"),
            ("weight", alpha + beta, "releases at which own history and the usual share weigh the same"),
        ])  # fmt: skip

    def _learned(self) -> dict[str, Any]:
        return {"share": self._share_.to_json()}

    def _restore(self, learned: Mapping[str, Any]) -> None:
        self._share_ = DiscountShare.from_json(learned["share"])
        self.params_, self.log_likelihood_ = self._share_.params_, self._share_.log_likelihood_


def _table(asked: _Asked, share: DiscountShare) -> pa.Table:
    import pyarrow as pa

    chance = share.expected_share({"discounted": asked.upgrades, "orders": asked.chances})
    return pa.table({
        "customer_id": asked.log.customers, "chances": asked.chances.astype(np.int64),
        "upgrades": asked.upgrades.astype(np.int64), "p_upgrader": chance,
    })  # fmt: skip


def _releases(releases: Any, log: PurchaseLog) -> list[tuple[int, int, float]]:
    """Numbers of the lesser and the better product, and the day the better one came out; unknown products left out.

    A better version that nobody bought has a number that no purchase has: its question was asked and answered no.
    """
    table = arrow(releases)
    for name in ("product", "better_version", "released_on"):
        if name not in table.column_names:
            raise TenureError(f"the column `{name}` is missing", nearest(name, table.column_names))
    number = {str(name): place for place, name in enumerate(log.products.to_pylist())}
    days, _ = days_of(table, "released_on")
    rows = zip(table.column("product").to_pylist(), table.column("better_version").to_pylist(), days, strict=True)
    return [
        (number[str(lesser)], number.get(str(better), -1), float(day))
        for lesser, better, day in rows
        if str(lesser) in number
    ]
