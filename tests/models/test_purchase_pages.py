"""The example on the page about purchase models runs, and its table is the models'."""

import re
from pathlib import Path

import numpy as np
import pytest
from tests.models.purchases import WEEKS, cdnow_published
from tests.models.records import cdnow

from tenure.models import BetaGeo, ModifiedBetaGeo, ParetoNBD

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "explanation" / "purchase-models.md").read_text("utf-8")


def test_the_example_on_the_page_runs():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    log = cdnow()
    names = {"orders": {"customer_id": log["sample_id"].to_numpy(), "date": log["date"].to_numpy()}}
    exec(code.replace("2011-09-01", "1997-10-01"), names)
    assert names["histories"].num_rows == 2357
    assert names["model"].log_likelihood_ == pytest.approx(-9594.976, abs=0.001)


@pytest.mark.parametrize(("place", "model"), enumerate((BetaGeo, ModifiedBetaGeo, ParetoNBD)))
def test_the_table_on_the_page_is_the_models(place, model):
    rows = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.count("|") == 5]
    said = {row[0].strip(): row[1 + place] for row in rows}
    shop = cdnow_published()
    fitted = model().fit(shop.summary)
    expected = fitted.expected_purchases(WEEKS, shop.summary)
    assert f"{-fitted.log_likelihood_:,.2f}" in said["log-likelihood"]
    assert f"{shop.tracked(fitted):,.1f}" in said["repeat orders by week 78 (4,339 seen), unconditional"]
    assert f"{expected.sum():,.1f}" in said["sum of customers' forecasts for weeks 40–78 (1,882 seen)"]
    assert f"{np.corrcoef(expected, shop.later)[0, 1]:.3f}"[1:] in said["correlation with orders seen"]
    assert f"{np.abs(expected - shop.later).mean():.4f}"[1:] in said["mean absolute error per customer"]
