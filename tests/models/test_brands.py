"""Brands that customers favour: loyalty that is there is found, chance is not taken for it, and shares add up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.domain.errors import TenureError
from tenure.models.brands import brand_affinity

USUAL = np.array([0.5, 0.3, 0.15, 0.05])


def shop(strength, customers=400, purchases=20, seed=5):
    """Customers whose shares of four brands spread about the usual ones; None for no difference between them."""
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(customers):
        share = USUAL if strength is None else rng.dirichlet(strength * USUAL)
        rows += [(f"c{who}", f"b{brand}", share[brand]) for brand in rng.choice(4, purchases, p=share)]
    customer, brand, truth = zip(*rows, strict=True)
    return {"customer_id": list(customer), "brand": list(brand)}, dict(
        zip(zip(customer, brand, strict=True), truth, strict=True)
    )


def test_shrunk_shares_are_nearer_to_the_truth_than_plain_ones():
    bought, truth = shop(strength=4.0)
    found = brand_affinity(bought, k=4).to_pylist()
    said = np.array([row["share"] for row in found])
    plain = np.array([row["bought"] / 20 for row in found])
    real = np.array([truth[row["customer_id"], row["brand"]] for row in found])
    assert ((said - real) ** 2).mean() < 0.9 * ((plain - real) ** 2).mean()


def test_where_nobody_differs_nobody_favours_anything():
    found = brand_affinity(shop(strength=None)[0], k=4).to_pylist()
    assert max(abs(row["lift"] - 1) for row in found) < 0.35


def test_a_loyal_customer_is_seen_and_a_single_purchase_is_not_loyalty():
    bought, _ = shop(strength=4.0)
    bought["customer_id"] += ["loyal"] * 20 + ["once"]
    bought["brand"] += ["b3"] * 20 + ["b3"]
    found = {row["customer_id"]: row for row in brand_affinity(bought, k=1).to_pylist()}
    assert found["loyal"]["share"] > 0.75
    assert found["once"]["share"] < 0.4
    assert found["loyal"]["lift"] > 2 * found["once"]["lift"]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=40))
def test_shares_stay_shares_whatever_was_bought(pairs):
    found = brand_affinity(
        {"customer_id": [a for a, _ in pairs], "brand": [f"b{b}" for _, b in pairs]}, k=9
    ).to_pylist()
    assert all(0 < row["share"] <= 1 and np.isfinite(row["lift"]) for row in found)
    for who in {row["customer_id"] for row in found}:
        mine = [row for row in found if row["customer_id"] == who]
        assert sum(row["share"] for row in mine) <= 1 + 1e-9
        assert [row["lift"] for row in mine] == sorted((row["lift"] for row in mine), reverse=True)


@pytest.mark.parametrize(
    ("purchases", "says"),
    [({"customer_id": ["a"]}, "`brand` is missing"), ({"customer_id": [], "brand": []}, "No purchase has")],
)
def test_what_cannot_be_said_is_refused(purchases, says):
    with pytest.raises(TenureError, match=says):
        brand_affinity(purchases)
