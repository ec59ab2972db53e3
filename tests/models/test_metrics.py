"""How forecasts are judged: each figure against its definition."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.models import metrics

PAIRS = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.1, 0.5, 0.9]), st.booleans()), min_size=2, max_size=40)


@given(PAIRS)
def test_auc_is_the_chance_that_the_one_was_ranked_above_the_other(pairs):
    said, seen = zip(*pairs, strict=True)
    happened = [s for s, t in pairs if t]
    spared = [s for s, t in pairs if not t]
    found = metrics.auc(said, seen)
    if not happened or not spared:
        assert np.isnan(found)
        return
    wins = [(a > b) + 0.5 * (a == b) for a in happened for b in spared]
    assert found == pytest.approx(np.mean(wins))


@given(PAIRS)
def test_calibration_bins_hold_everybody_once(pairs):
    said, seen = zip(*pairs, strict=True)
    found = metrics.calibration(said, seen, bins=5)
    assert sum(part.count for part in found) == len(pairs)
    assert sum(part.count * part.seen for part in found) == pytest.approx(sum(seen))
    assert all(low.said <= high.said + 1e-12 for low, high in pairwise(found))


def test_a_forecast_that_says_what_is_seen_is_calibrated():
    seen = np.tile([1, 0, 0, 0], 250)
    assert metrics.calibration_error(np.full(1000, 0.25), seen) == pytest.approx(0.0, abs=0.02)
    assert metrics.calibration_error(np.full(1000, 0.75), seen) == pytest.approx(0.5, abs=0.02)


def test_errors_and_shares_are_what_they_say():
    assert metrics.mean_absolute_error([1, 2, 3], [1, 4, 3]) == pytest.approx(2 / 3)
    assert metrics.median_absolute_error([1, 2, 30], [1, 4, 3]) == 2
    assert metrics.bias([2, 2], [1, 1]) == 1.0
    assert metrics.brier([0.5, 1.0], [1, 1]) == 0.125
    assert metrics.log_loss([0.5, 0.5], [1, 0]) == pytest.approx(np.log(2))
    assert metrics.share_of_top([3, 2, 1, 0, 0, 0, 0, 0, 0, 0], [6, 2, 2, 0, 0, 0, 0, 0, 0, 0]) == 0.6
    assert np.isnan(metrics.bias([1], [0])) and np.isnan(metrics.share_of_top([1], [0]))
