"""Holds the paths of new buyers against what became of them, in three real shops: `python -m benchmarks.paths`.

Prints the tables of docs/explanation/paths.md. The records are read where the tests find them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tests.models.order_records import cdnow_orders, grocer_orders, retail_orders

from tenure.models.certainty import Certain, certain, precision_that_pays
from tenure.models.discounts import DiscountShare, money_as_orders, money_unit
from tenure.models.early_orders import LAST, Early, early
from tenure.models.metrics import auc, calibration_error
from tenure.models.order_days import OrderDays, day_of, order_days
from tenure.models.path import CLASSES, BuyerPath, outcomes

SHOPS = ("CDNOW", "Online Retail II", "The Complete Journey")
HORIZON = {"CDNOW": 180, "Online Retail II": 180, "The Complete Journey": 90}  # days; the last log holds one year
SILENCES = (0, 30, 60, 120)
CERTAINTIES = (0.6, 0.8)
# The tables' heads.
RANKINGS = "| baskets seen | later share of money above the median | in the top quarter | by counting baskets |"
RANKS = "| shop | path | seen after order 1 | AUC after order 1 | 2 | 3 | 4 | 5 |"
ERRORS = "| shop | trained on | silent days | rows | path | said | seen | ECE | ECE of chance alone |"
SURE = "| shop | silent days | certainty | decided | rightly | hit_and_run | rightly | saved, lift 5% | lift 100% |"
# An order of the usual size U: 30% of it is margin; a contact with its offer costs 10% of it, spent when it is sent.
COST, MARGIN, LIFT = 0.10, 0.30, 0.05

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Check:
    """Customers whom a model has not seen, after each of their first five orders.

    Attributes:
        model: fitted on others; `days`: their order days; `rows`: those looked at; `seen`: what became of each.
    """

    model: BuyerPath
    days: OrderDays
    rows: Whole
    seen: Whole
    trained: int

    @property
    def place(self) -> Whole:
        return self.days.place[self.rows]

    def after(self, silent: int) -> tuple[Numbers, Whole, Whole]:
        """What is said of those who have been silent for so many days, what they did, and after which order."""
        still = self.days.next_day[self.rows] - self.days.day[self.rows] > silent
        rows = self.rows[still]
        known: Early = early(self.days, rows, self.model.shop_)
        said = self.model.chances(known, self.days.day[rows], np.full(len(rows), silent))
        return said, self.seen[still], self.place[still]


@cache
def check(shop: str, is_strict: bool = False) -> Check:
    """A model of the earlier customers of a shop, and the later ones.

    CDNOW and Online Retail II are cut by the date of first orders. The households of the grocer were customers before
    its records begin, and who appears late in them is merely a rare visitor: they are cut by chance.

    Args:
        is_strict: what the earlier customers did after the cut is not learned from either.
    """
    days = order_days({"CDNOW": cdnow_orders, "Online Retail II": retail_orders}.get(shop, grocer_orders)())
    today, first = int(days.day.max()) + 1, days.day[days.begins]
    cut = int(day_of("2010-10-01") if shop == "Online Retail II" else np.quantile(first, 0.65))
    is_late = first >= cut
    if shop == "The Complete Journey":
        is_late = np.random.default_rng(17).random(len(first)) < 0.4
    model = BuyerPath(HORIZON[shop]).fit(days.of(~is_late), cut if is_strict else today)
    late = days.of(is_late & (first + HORIZON[shop] < today))
    rows = np.flatnonzero(late.place <= LAST)
    seen = outcomes(late, rows, today, model)
    return Check(model, late, rows[seen >= 0], seen[seen >= 0], int((~is_late).sum()))


def floor(said: Numbers, times: int = 20) -> float:
    """The calibration error that chance alone would show if every said chance were true."""
    rng = np.random.default_rng(5)
    return float(np.mean([calibration_error(said, rng.random(len(said)) < said) for _ in range(times)]))


def sure(shop: str, silent: int, certainty: float) -> tuple[Certain, Certain]:
    """Who is decided after so many days of silence: of any class, and of hit_and_run alone."""
    said, seen, _ = check(shop).after(silent)
    return certain(said.max(axis=1), said.argmax(axis=1) == seen, certainty), certain(said[:, 0], seen == 0, certainty)


@dataclass(frozen=True, slots=True)
class Ranking:
    """How well the first baskets of a grocer's 1,307 households tell who will buy at a discount later.

    Attributes:
        median, quarter: AUC of the expected share of money, for a later share above the median, and in the top quarter.
        counted: AUC of the share of baskets with any discount, for a later such share above the median.
    """

    k: int
    median: float
    quarter: float
    counted: float


@cache
def rankings() -> tuple[Ranking, ...]:
    """AUC by the expected share of money given as discount, after 1, 5, 10 and 20 baskets.

    Of the 1,307 households with 40 paid baskets and more; spread and unit are learned from all other households.
    """
    table = grocer_orders()
    _, begins, owner, counts = np.unique(
        table["customer_id"].to_numpy(), return_index=True, return_inverse=True, return_counts=True
    )
    place, many = np.arange(table.num_rows) - begins[owner] + 1, counts[owner] >= 40
    others = table.filter(pa.array(~many))
    unit = money_unit(others)
    model = DiscountShare().fit(money_as_orders(others, unit))
    ids, carries = table["customer_id"].to_numpy(), table["discount"].to_numpy() > 0
    found = []
    for k in (1, 5, 10, 20):
        first, rest = many & (place <= k), many & (place > k)
        later = money_as_orders(table.filter(pa.array(rest)), unit)
        share = later["discounted"].to_numpy() / later["orders"].to_numpy()
        expected = model.expected_share(money_as_orders(table.filter(pa.array(first)), unit))
        plain, plain_later = (_mean_by(ids[part], carries[part]) for part in (first, rest))
        found.append(Ranking(
            k, *(auc(expected, share > np.quantile(share, bar)) for bar in (0.5, 0.75)),
            auc(plain, plain_later > np.median(plain_later)),
        ))  # fmt: skip
    return tuple(found)


def _mean_by(ids: NDArray[np.int64], flags: NDArray[np.bool_]) -> Numbers:
    _, owner = np.unique(ids, return_inverse=True)
    return np.bincount(owner, flags) / np.bincount(owner)


def main() -> None:
    """Measure and print."""
    _head(RANKINGS)
    for each in rankings():
        print(f"| {each.k} | {each.median:.3f} | {each.quarter:.3f} | {each.counted:.3f} |")
    _head(RANKS)
    for shop in SHOPS:
        _print_ranks(shop)
    _head(ERRORS)
    for shop in SHOPS:
        for silent in _silences(shop):
            _print_errors(shop, False, silent)
    _print_errors("Online Retail II", True, 0)
    _head(SURE)
    for shop in SHOPS:
        for silent in _silences(shop):
            for certainty in CERTAINTIES:
                _print_certain(shop, silent, certainty)
    pays = ", ".join(f"{precision_that_pays(0.0, COST, MARGIN, lift):.1%} at lift {lift:.0%}" for lift in (LIFT, 1.0))
    print(f"\nPays from a precision of {pays}.")


def _head(names: str) -> None:
    print("", names, "|---" * (names.count("|") - 1) + "|", sep="\n")


def _silences(shop: str) -> list[int]:
    return [days for days in SILENCES if days < HORIZON[shop]]


def ranks(shop: str, path: int) -> list[float]:
    """The AUC of one path after the first, …, fifth order."""
    said, seen, place = check(shop).after(0)
    return [auc(said[place == k, path], seen[place == k] == path) for k in range(1, LAST + 1)]


def _print_ranks(shop: str) -> None:
    _, seen, place = check(shop).after(0)
    for path, name in _told(seen):
        scores = " | ".join(f"{score:.3f}" for score in ranks(shop, path))
        print(f"| {shop} | {name} | {(seen[place == 1] == path).mean():.1%} | {scores} |")


def _print_errors(shop: str, is_strict: bool, silent: int) -> None:
    found = check(shop, is_strict)
    said, seen, _ = found.after(silent)
    what = f"{found.trained:,}{', days before the cut' if is_strict else ''}"
    for path, name in _told(seen):
        forecast, truth = said[:, path], seen == path
        print(f"| {shop} | {what} | {silent} | {len(seen):,} | {name} | {forecast.mean():.1%} | {truth.mean():.1%} "
              f"| {calibration_error(forecast, truth):.3f} | {floor(forecast):.3f} |")  # fmt: skip


def _told(seen: Whole) -> list[tuple[int, str]]:
    """The paths that occur; of two, one tells of the other."""
    found = [(path, name) for path, name in enumerate(CLASSES) if (seen == path).any()]
    return found[:1] if len(found) == 2 else found


def _print_certain(shop: str, silent: int, certainty: float) -> None:
    decided, gone = sure(shop, silent, certainty)
    per_100 = [100 * gone.saved(0.0, COST, MARGIN, lift) / gone.everyone for lift in (LIFT, 1.0)]
    right = [f"{each.precision:.1%}" if each.share else "–" for each in (decided, gone)]
    print(f"| {shop} | {silent} | {certainty:g} | {decided.share:.1%} | {right[0]} | {gone.share:.1%} | {right[1]} "
          f"| {per_100[0]:+.2f} | {per_100[1]:+.2f} |")  # fmt: skip


if __name__ == "__main__":
    main()
