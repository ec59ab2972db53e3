"""Who moves up to the better version: known chances are found, few buyers prove nothing, the likeliest is named."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.features.conftest import NOON, World, line, moment, order

from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.models.kinds import taste
from tenure.models.kinds.contract import Batch
from tenure.models.upgrades import BetterVersions
from tenure.warehouse.past import DuckPast


def rows(counts):
    """(product, better, price, better price, buyers, who moved up) → one row per buyer."""
    found = [
        (f"c{product}{n}", product, better, price, dear, int(n < moved))
        for product, better, price, dear, buyers, moved in counts
        for n in range(buyers)
    ]
    names = ("customer_id", "product_id", "better_product", "price", "better_price", "took")
    return {name: list(column) for name, column in zip(names, zip(*found, strict=True), strict=True)}


def many(products=60, buyers=150, seed=4):
    """Products whose buyers move up with log-odds −0.5 − 1.5 · log(price ratio), and a little of their own."""
    rng = np.random.default_rng(seed)
    counts = []
    for n in range(products):
        ratio = float(np.exp(rng.uniform(0.0, 1.5)))
        chance = 1 / (1 + np.exp(0.5 + 1.5 * np.log(ratio) + 0.2 * rng.standard_normal()))
        counts.append((f"p{n}", f"q{n}", 100.0, 100.0 * ratio, buyers, int(rng.binomial(buyers, chance))))
    return rows(counts)


def test_the_price_step_of_a_simulated_shop_is_found():
    model = BetterVersions().fit(many())
    assert model.params_.price_step == pytest.approx(-1.5, abs=0.2)
    assert model.params_.usual == pytest.approx(-0.5, abs=0.2)


def test_an_unseen_product_has_the_usual_chance_at_its_price_step():
    model = BetterVersions().fit(many())
    same, double = model.predict({"product_id": ["new", "new"], "price": [100, 100], "better_price": [100, 200]})
    assert same == pytest.approx(1 / (1 + np.exp(0.5)), abs=0.04)
    assert double < same - 0.1


def test_few_buyers_prove_nothing_and_many_do():
    usual = [(f"p{n}", f"q{n}", 100.0, 150.0, 100, 10 + n % 5) for n in range(20)]
    model = BetterVersions().fit(
        rows([*usual, ("few", "few+", 100.0, 150.0, 2, 2), ("many", "many+", 100.0, 150.0, 900, 800)])
    )
    few, lots = model.predict({"product_id": ["few", "many"]})
    assert few < 0.65
    assert lots == pytest.approx(800 / 900, abs=0.03)


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40)), min_size=1, max_size=8))
def test_a_chance_lies_between_the_own_share_and_the_usual_one(counts):
    whole = [(f"p{n}", f"q{n}", 100.0, 150.0, buyers, min(moved, buyers)) for n, (buyers, moved) in enumerate(counts)]
    model = BetterVersions().fit(rows(whole))
    usual = float(model.predict({"product_id": ["unseen"], "price": [100.0], "better_price": [150.0]})[0])
    for product, _, _, _, buyers, moved in whole:
        chance = model.chances_[product][3]
        assert 0 < chance < 1
        assert min(usual, moved / buyers) - 1e-9 <= chance <= max(usual, moved / buyers) + 1e-9


def test_the_likeliest_version_that_is_not_owned_is_named(tmp_path):
    model = BetterVersions().fit(rows([("pan", "wok", 20.0, 25.0, 90, 60), ("knife", "saw", 20.0, 25.0, 90, 5)]))
    asked = {"customer_id": ["ann", "ann", "ben", "ben", "cem"], "product_id": ["knife", "pan", "pan", "knife", "pan"],
             "better_product": ["saw", "wok", "wok", "saw", "wok"], "owned": [0, 0, 1, 0, 1]}  # fmt: skip
    model.save(tmp_path / "moves.json")
    for each in (model, BetterVersions.load(tmp_path / "moves.json")):
        found = each.better_versions(asked).to_pylist()
        assert [(row["customer_id"], row["better_product"]) for row in found] == [("ann", "wok"), ("ben", "saw")]
        assert found[0]["chance"] > found[1]["chance"]


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"product_id": ["a"], "better_product": ["b"]}, "`took` is missing"),
        ({"product_id": ["a"], "better_product": ["b"], "took": [2]}, "something else than 0 and 1"),
        ({"product_id": [], "better_product": [], "took": []}, "Nobody bought"),
    ],
)
def test_what_cannot_be_learned_is_said(given_, says):
    with pytest.raises(TenureError, match=says):
        BetterVersions().fit(given_)


def test_the_kind_takes_the_likelier_of_two_better_versions():
    """Nearly every buyer of a pan moves up to the wok, hardly any buyer of a knife to the saw."""
    goods = [("pan", "wok", 2000), ("knife", "saw", 2000), ("wok", None, 2500), ("saw", None, 2500), ("tea", None, 300)]
    facts = [("products", {"product_id": p, "name": p, "better_version": b, "price": c}) for p, b, c in goods]
    for key in range(1, 261):
        bought = [("tea", day) for day in range(-170 + key % 7, 0, 14)]
        bought += [("pan", -150), ("wok", -60)] if key % 4 else []
        bought += [("knife", -140)] + ([("saw", -50)] if key % 40 == 1 else [])
        bought += [("pan", -145)] if key == 4 else []
        facts.append(("customers", {"customer_key": key, "customer_id": f"c{key}", "declared": 1}))
        for number, (product, day) in enumerate(bought):
            facts += [order(key, number, moment(day)), line(key, number, moment(day), product)]
    world = World(facts)
    past = DuckPast(world.warehouse, NOON, Business())
    trained = taste.train(past, Business())
    customers = past.profiles(NOON)
    relations = {name: past.relation(name, NOON) for name in taste.RELATIONS}
    filled = taste.score(trained.state, Batch(customers, relations, NOON, Business()))
    by_rule = dict(zip(customers["customer_id"].to_pylist(), customers["better_product"].to_pylist(), strict=True))
    better = dict(zip(customers["customer_id"].to_pylist(), filled["better_product"].to_pylist(), strict=True))
    world.warehouse.close()
    assert by_rule["c4"] == "saw"  # the knife was bought after the pan
    assert better["c4"] == "wok"  # and yet the wok is likelier to be taken
    assert better["c2"] == "saw"  # has the wok
    assert better["c1"] is None  # has both
    assert datetime.fromisoformat(trained.card.as_of).tzinfo == UTC
