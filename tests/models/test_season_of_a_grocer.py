"""The seasonal clock at a grocer, where hardly anything is seasonal: it must help what is and cost the rest nothing.

There is one year of records, so nothing earlier can teach a season: the clock learns from the even households' whole
year, and is checked on odd ones'. That shows what a season that is truly there brings, not a forecast of one.
"""

import numpy as np
import pyarrow as pa
import pytest
from tests.models.test_replacement import purchase_days
from tests.models.test_season import flat_clock, number

from tenure.models import ReplacementCycle, SeasonalClock, due, log_gaps, metrics
from tenure.models.pairs import next_days, read

DAYS = 28
STRONG = 3.0  # fastest week ÷ slowest


def some(rows, every, rest):
    return rows.filter(pa.array(rows.column("customer_id").to_numpy() % every == rest))


def clock_of(rows):
    sold = rows.group_by(["product", "day"]).aggregate([([], "count_all")])
    return SeasonalClock().fit(sold.rename_columns(["category", "day", "orders"]))


def chances(rows, clock, cut):
    """For each pair that came back before: its category, the chance of a purchase within 28 days, whether one came."""
    product = np.array(rows.column("product").to_pylist())
    day = rows.column("day").cast(pa.int32()).to_numpy().astype(float)
    passed = day.copy()
    for name in clock.seasonal_:
        passed[product == name] = cut + clock.elapsed(name, cut, day[product == name])
    told = rows.set_column(2, "day", pa.array(passed))
    log, model = read(told), ReplacementCycle().fit(told.filter(pa.array(passed < cut)))
    found, names = model.forecast(log, cut), log.products.to_pylist()
    levels = log_gaps.restored(model.levels_, names, log.groups.to_pylist(), log.group, log.lifetime)
    until = np.array([clock.elapsed(name, cut, cut + DAYS) for name in names])[found.pairs.product]
    said = due.renewal(log_gaps.place(found.pairs, levels), found.pairs.elapsed, until)
    came, again = next_days(log, found.pairs) - cut < until - 1e-6, found.pairs.gaps > 0
    return np.array(names)[found.pairs.product][again], said[again], came[again]


def losses(rows, clock, cut):
    """Log-loss on the calendar and on the clock: of strongly seasonal, weakly seasonal and flat categories."""
    names, plain, came = chances(rows, flat_clock(cut), cut)
    _, told, _ = chances(rows, clock, cut)
    reach = {name: weights.max() / weights.min() for name, weights in clock.weights_.items()}
    size = np.array([reach.get(name, 1.0) for name in names])
    sides = (size > STRONG, (size > 1) & (size <= STRONG), size == 1)
    return [(metrics.log_loss(plain[side], came[side]), metrics.log_loss(told[side], came[side])) for side in sides]


@pytest.fixture(scope="module")
def households():
    return purchase_days(every=1)


@pytest.fixture(scope="module")
def clock(households):
    return clock_of(some(households, 2, 0))


def test_the_seasons_are_those_that_everybody_knows(clock):
    def runs_fast(name, text):
        return clock.speed(name, number(text)) > 1.4

    assert runs_fast("MELONS", "2017-07-05")
    assert runs_fast("TURKEY", "2017-11-18")
    assert runs_fast("ROSES", "2017-02-13")
    assert not runs_fast("MELONS", "2017-12-05")
    assert 0 < len(clock.seasonal_) < len(clock.categories_) / 2


@pytest.mark.parametrize("cut", ["2017-06-01", "2017-11-01"])
def test_the_clock_helps_seasonal_categories_and_costs_the_flat_ones_nothing(households, clock, cut):
    strong, weak, flat = losses(some(households, 4, 1), clock, number(cut))
    assert strong[1] < 0.95 * strong[0]
    assert weak[1] < weak[0]
    assert flat[1] == pytest.approx(flat[0], abs=0.001)
