"""What customers respond to: named where the evidence is strong, and never where the business has no records of it."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.domain.errors import TenureError
from tenure.models.drivers import DRIVERS, Response


def customers(rows=600, seed=5):
    """A third hunts for discounts (80% of their orders, others 10%), a tenth turns to service on every other order."""
    rng = np.random.default_rng(seed)
    orders = rng.integers(1, 40, rows).astype(float)
    hunts, asks = rng.random(rows) < 1 / 3, rng.random(rows) < 0.1
    return {
        "customer_id": [f"c{n}" for n in range(rows)], "orders": orders,
        "price": rng.binomial(orders.astype(int), np.where(hunts, 0.8, 0.1)).astype(float),
        "service": rng.binomial(orders.astype(int), np.where(asks, 0.5, 0.03)).astype(float),
        "exclusivity": np.zeros(rows), "exclusivity_of": np.zeros(rows),
    }, hunts, asks  # fmt: skip


@pytest.fixture(scope="module")
def shop():
    return customers()


@pytest.fixture(scope="module")
def model(shop):
    return Response().fit(shop[0])


def test_hunters_and_askers_are_found_once_they_have_shown_it(model, shop):
    frame, hunts, asks = shop
    found = model.predict(frame)
    driver, often = np.array(found["driver"].to_pylist(), dtype=object), frame["orders"] >= 10
    assert (driver[hunts & ~asks & often] == "price").mean() > 0.95
    assert (driver[asks & ~hunts & often] == "service").mean() > 0.8
    assert np.isin(driver[~hunts & ~asks & often], [None]).mean() > 0.9


def test_one_order_proves_nothing(model):
    one = {"orders": [1.0], "price": [1.0], "service": [0.0], "exclusivity": [0.0], "exclusivity_of": [0.0]}
    many = {**one, "orders": [20.0], "price": [18.0]}
    assert model.predict(pa.table(one))["driver"].to_pylist() == [None]
    assert model.predict(pa.table(many))["driver"].to_pylist() == ["price"]


def test_what_the_business_has_no_records_of_is_never_named(model):
    assert set(model.shares_) == {"price", "service"}
    assert "exclusivity" not in {row[0] for row in model.summary().rows}


def test_the_evidence_is_said_in_words_and_numbers(model):
    frame = {"orders": [20.0, 20.0], "price": [18.0, 1.0], "service": [0.0, 0.0]}
    (strong, weak) = model.evidence(frame)
    assert strong[0].startswith("18 of 20 order days at a discount, where ") and weak == []


def test_a_saved_model_says_the_same(model, shop, tmp_path):
    model.save(tmp_path / "response.json")
    again = Response.load(tmp_path / "response.json")
    assert again.predict(shop[0])["driver_strength"] == model.predict(shop[0])["driver_strength"]


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20))
def test_a_strength_is_a_chance_and_a_name_is_certain(model, rows):
    orders = np.array([row[0] for row in rows], dtype=float)
    frame = {"orders": orders, "price": np.round(orders * [row[1] for row in rows]),
             "service": np.round(orders * [row[2] for row in rows])}  # fmt: skip
    found = model.predict(pa.table(frame)).to_pylist()
    for row in found:
        assert (row["driver"] is None) == (row["driver_strength"] is None)
        assert row["driver"] is None or (row["driver"] in DRIVERS and 0.8 <= row["driver_strength"] <= 1)


@pytest.mark.parametrize(
    ("frame", "says"),
    [({"price": [1.0]}, "column `orders` is missing"), ({"orders": [1.0]}, "no driver"),
     ({"orders": [1.0], "price": [float("nan")]}, "missing or infinite")],
)  # fmt: skip
def test_what_cannot_be_read_is_said(frame, says):
    with pytest.raises(TenureError, match=says):
        Response().fit(frame)
