"""The rival of the benchmark does the same work: every column that the profile fills without a model is equal."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from tenure.domain.business import Business
from tenure.domain.profile import COLUMNS
from tenure.domain.silence import Silent
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.profiles import ProfileBuilder

sys.path.append(str(Path(__file__).parents[2]))  # the benchmarks lie beside the package

from benchmarks.run import tables
from benchmarks.shop import AS_OF, Shop, generate

LOYALTY = {"points", "tier", "member", "referrals", "investment"}  # constants until there is a programme
pandas = pytest.importorskip("pandas", reason="pandas is not installed")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """(our profiles, the script's) over one generated shop, each as columns."""
    from benchmarks.with_pandas import profiles

    file = tmp_path_factory.mktemp("rivals") / "shop.duckdb"
    with DuckWarehouse(file) as warehouse:
        generate(warehouse, Shop(1_500))
        ProfileBuilder(warehouse).build(AS_OF, Business(), Silent())
        ours = warehouse.arrow("SELECT * FROM main.profiles ORDER BY customer_key").to_pydict()
    tables(file)
    return ours, profiles(file.with_suffix(".tables")).reset_index().to_dict("list")


@pytest.mark.parametrize("name", [c.name for c in COLUMNS if not c.model and c.name not in LOYALTY])
def test_the_script_gives_the_same_column(both, name):
    ours, theirs = both
    here, there = ours[name], [_plain(value) for value in theirs[name]]
    assert len(here) == 1_500
    assert [k for k, a, b in zip(ours["customer_key"], here, there, strict=True) if not _equal(a, b)] == []


def _plain(value):
    if value is pandas.NaT or value is pandas.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.to_pydatetime() if isinstance(value, pandas.Timestamp) else value


def _equal(here, there):
    if isinstance(here, float) and there is not None:
        return math.isclose(here, there, rel_tol=1e-12, abs_tol=1e-12)
    return here == there
