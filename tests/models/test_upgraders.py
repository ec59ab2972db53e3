"""Keepers and upgraders: known shares are found again, and what is no question is not counted as one."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from tenure.domain.errors import TenureError
from tenure.models.upgraders import Upgraders

RELEASES = {"product": [f"phone-{n}" for n in range(4)], "better_version": [f"phone-{n}" for n in range(1, 5)],
            "released_on": [365 * n for n in range(1, 5)]}  # fmt: skip
END = 365 * 5


def owners(customers=600, seed=3):
    """Everyone owns the first phone; a third buy most new ones within weeks, the others long after."""
    rng = np.random.default_rng(seed)
    rows = {"customer_id": [], "product": [], "day": []}
    for who in range(customers):
        share = 0.8 if who % 3 == 0 else 0.05
        bought = [("phone-0", int(rng.integers(0, 300)))]
        for n in range(1, 5):
            delay = rng.integers(1, 50) if rng.random() < share else rng.integers(80, 300)
            bought.append((f"phone-{n}", 365 * n + int(delay)))
        for product, day in bought:
            for name, value in zip(rows, (who, product, day), strict=True):
                rows[name].append(value)
    return rows


@pytest.fixture(scope="module")
def said():
    purchases = owners()
    return Upgraders().fit(purchases, RELEASES).predict(purchases, RELEASES).to_pydict()


def test_upgraders_are_told_from_keepers(said):
    chance, is_quick = np.array(said["p_upgrader"]), np.array(said["customer_id"]) % 3 == 0
    assert np.mean(chance[is_quick]) == pytest.approx(0.75, abs=0.06)
    assert np.mean(chance[~is_quick]) == pytest.approx(0.08, abs=0.05)
    assert set(said["chances"]) == {4}


def test_one_quick_purchase_does_not_make_an_upgrader():
    purchases = owners()
    model = Upgraders().fit(purchases, RELEASES)
    newcomer = {"customer_id": [-1, -1], "product": ["phone-3", "phone-4"], "day": [1_400, 1_461]}
    row = model.predict(newcomer, RELEASES, as_of=END).to_pylist()[0]
    assert (row["chances"], row["upgrades"]) == (1, 1)
    assert 0.3 < row["p_upgrader"] < 0.9


def test_a_release_whose_weeks_are_not_over_is_no_question_yet():
    purchases = owners()
    model = Upgraders().fit(purchases, RELEASES)
    before, after = (model.predict(purchases, RELEASES, as_of=365 * 4 + days).to_pydict() for days in (55, 56))
    assert set(before["chances"]) == {3}
    assert set(after["chances"]) == {4}


def test_who_has_the_better_version_already_is_not_asked():
    purchases = {"customer_id": [1, 1, 2, 3, 3], "product": ["a", "b", "a", "a", "b"], "day": [0, 5, 1, 2, 12]}
    releases = {"product": ["a"], "better_version": ["b"], "released_on": [10]}
    rows = Upgraders().fit(purchases, releases, as_of=100).predict(purchases, releases, as_of=100).to_pylist()
    assert {row["customer_id"]: (row["chances"], row["upgrades"]) for row in rows} == {1: (0, 0), 2: (1, 0), 3: (1, 1)}


def test_a_saved_model_says_the_same(tmp_path):
    purchases = owners(90)
    model = Upgraders(weeks=6).fit(purchases, RELEASES)
    model.save(tmp_path / "upgraders.json")
    again = Upgraders.load(tmp_path / "upgraders.json")
    assert again.predict(purchases, RELEASES).equals(model.predict(purchases, RELEASES))
    assert "6 weeks" in repr(again.summary())


def test_dates_are_read_as_well_as_day_numbers():
    purchases, releases = owners(60), dict(RELEASES)
    plain = Upgraders().fit(purchases, releases).predict(purchases, releases)
    days = pa.array(np.array(purchases["day"], dtype=np.int32)).cast(pa.date32())
    released = pa.array(np.array(releases["released_on"], dtype=np.int32)).cast(pa.date32())
    dated = pa.table({"customer_id": purchases["customer_id"], "product": purchases["product"], "day": days})
    rows = pa.table({**{name: releases[name] for name in ("product", "better_version")}, "released_on": released})
    assert Upgraders().fit(dated, rows, date(1980, 1, 1)).predict(dated, rows, date(1980, 1, 1)).equals(plain)


def test_a_shop_without_better_versions_has_no_upgraders():
    with pytest.raises(TenureError, match="(?i)no customer owned a product when its better version came out"):
        Upgraders().fit(owners(5), {"product": ["x"], "better_version": ["y"], "released_on": [5]})
    with pytest.raises(TenureError, match="`released_on` is missing"):
        Upgraders().fit(owners(5), {"product": ["x"], "better_version": ["y"]})
