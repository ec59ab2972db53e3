"""The choice among contacts: within every limit, and as good as linear programming says it can be."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, vstack

import tenure as tn

CHANNELS = ["email", "sms", "push", "mail"]


def offers(seed, customers, each):
    rng = np.random.default_rng(seed)
    rows = customers * each
    return pa.table({
        "customer_id": np.repeat(np.arange(customers), each),
        "campaign": [f"c{n}" for n in rng.integers(0, 5, rows)],
        "channel": [CHANNELS[n] for n in rng.integers(0, 4, rows)],
        "worth": rng.gamma(1, 1, rows) - 0.3, "cost": np.round(rng.uniform(0, 1, rows), 3),
        "note": np.arange(rows),
    })  # fmt: skip


def optimum(table, per_customer, capacity, budget, campaign_budget):
    """The best of the linear programme, by HiGHS."""
    rows, ids = table.num_rows, table["customer_id"].to_numpy()
    cost, one = table["cost"].to_numpy(), np.ones(rows)
    matrix, most = [csr_matrix((one, (ids, np.arange(rows))))], [np.full(ids.max() + 1, per_customer)]
    for name, limits, weight in (("channel", capacity, one), ("campaign", campaign_budget, cost)):
        values = np.array(table[name].to_pylist())
        for value, limit in limits.items():
            matrix.append(csr_matrix((values == value) * weight))
            most.append([limit])
    if budget is not None:
        matrix.append(csr_matrix(cost))
        most.append([budget])
    found = linprog(-table["worth"].to_numpy(), A_ub=vstack(matrix).tocsr(), b_ub=np.concatenate(most), bounds=(0, 1))
    return -found.fun


def check_limits(found, per_customer, capacity, budget, campaign_budget):
    rows = found.chosen
    counts = np.unique(np.array(rows["customer_id"].to_pylist(), dtype=object).astype(str), return_counts=True)[1]
    assert counts.max(initial=0) <= per_customer
    channels, cost = np.array(rows["channel"].to_pylist()), rows["cost"].to_numpy()
    assert all((channels == name).sum() <= limit for name, limit in capacity.items())
    assert budget is None or cost.sum() <= budget + 1e-9
    campaigns = np.array(rows["campaign"].to_pylist())
    assert all(cost[campaigns == name].sum() <= limit + 1e-9 for name, limit in campaign_budget.items())


@pytest.mark.parametrize("seed", range(12))
def test_the_choice_is_as_good_as_the_linear_programmes(seed):
    rng = np.random.default_rng(100 + seed)
    customers, each, most = int(rng.choice([500, 1000, 3000])), int(rng.integers(2, 14)), int(rng.integers(1, 4))
    table = offers(seed, customers, each)
    limits = {
        "per_customer": most, "capacity": {"email": customers * 3 // 10, "sms": customers // 20},
        "budget": customers / 10 if seed % 3 else None, "campaign_budget": {"c1": customers / 60} if seed % 2 else {},
    }  # fmt: skip
    found = tn.arbitrate(table, **limits)
    best = optimum(table, **limits)
    assert 0.999 * best <= found.value <= best * (1 + 1e-9)
    assert best <= found.bound * (1 + 1e-9) and found.bound <= best * 1.001
    assert found.gap == pytest.approx((found.bound - found.value) / found.bound)
    check_limits(found, **limits)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 25), st.integers(1, 6), st.integers(1, 3), st.integers(0, 9),
       st.one_of(st.none(), st.floats(0, 8)))  # fmt: skip
def test_no_limit_is_ever_passed(seed, customers, each, most, places, budget):
    table = offers(seed, customers, each)
    capacity = dict.fromkeys(set(table["channel"].to_pylist()), places)
    found = tn.arbitrate(table, most, capacity, budget)
    check_limits(found, most, capacity, budget, {})
    assert found.value <= found.bound + 1e-9
    assert found.value == pytest.approx(sum(found.chosen["worth"].to_pylist()))
    assert all(worth > 0 for worth in found.chosen["worth"].to_pylist())


def test_without_limits_everybody_gets_their_best():
    table = offers(1, 300, 4)
    found = tn.arbitrate(table)
    best = table.group_by("customer_id").aggregate([("worth", "max")])["worth_max"].to_numpy()
    assert found.value == pytest.approx(best[best > 0].sum()) and found.gap == pytest.approx(0)
    assert found.multipliers == {}


def test_a_multiplier_is_what_one_more_place_would_bring():
    table = offers(2, 2000, 5)
    fewer, more = (tn.arbitrate(table, capacity={"sms": places}).bound for places in (100, 101))
    assert tn.arbitrate(table, capacity={"sms": 100}).multipliers["sms"] == pytest.approx(more - fewer, rel=0.05)


def test_the_order_of_rows_and_the_kind_of_ids_change_nothing():
    table = offers(3, 400, 5)
    mixed = table.take(np.random.default_rng(0).permutation(table.num_rows))
    texts = mixed.set_column(0, "customer_id", pa.array([f"k{v}" for v in mixed["customer_id"].to_pylist()]))
    found = [tn.arbitrate(each, 1, {"email": 40}, 20.0) for each in (table, mixed, texts)]
    assert [each.value for each in found] == pytest.approx([found[0].value] * 3, rel=1e-3)
    assert found[1].chosen["note"].to_pylist() == [
        note for note in mixed["note"].to_pylist() if note in set(found[1].chosen["note"].to_pylist())
    ]


def test_the_frame_that_was_given_comes_back():
    pandas = pytest.importorskip("pandas")
    chosen = tn.arbitrate(offers(4, 50, 3).to_pandas()).chosen
    assert isinstance(chosen, pandas.DataFrame) and list(chosen) == offers(4, 50, 3).column_names


def test_where_all_are_worth_the_same_the_places_are_filled():
    table = pa.table({"customer_id": list(range(500)), "campaign": ["c"] * 500, "channel": ["email"] * 500,
                      "worth": [1.0] * 500, "cost": [0.1] * 500})  # fmt: skip
    assert tn.arbitrate(table, capacity={"email": 77}).value == 77
    assert tn.arbitrate(table, budget=10.05).chosen.num_rows == 100
    assert tn.arbitrate(table, capacity={"email": 0}).chosen.num_rows == 0


def test_one_customer_with_very_many_offers_is_one_customer():
    table = offers(5, 1, 5000)
    found = tn.arbitrate(table, 3)
    assert sorted(found.chosen["worth"].to_pylist()) == sorted(table["worth"].to_pylist())[-3:]


def test_nobody_and_nothing_worth_saying_are_answers():
    empty = offers(6, 3, 2).slice(0, 0)
    assert (tn.arbitrate(empty).value, tn.arbitrate(empty).chosen.num_rows) == (0.0, 0)
    worthless = offers(6, 20, 2)
    worthless = worthless.set_column(3, "worth", pa.array([-1.0] * 40))
    assert (tn.arbitrate(worthless, budget=5.0).value, tn.arbitrate(worthless, budget=5.0).gap) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("change", "limits", "says"),
    [
        ({"worth": None}, {}, "column `worth` is missing"),
        ({"worth": [float("nan")] * 6}, {}, "missing or infinite values, the first in row 1"),
        ({"cost": [-1.0] * 6}, {}, "negative"),
        ({}, {"capacity": {"emial": 3}}, "o candidate has the channel `emial`. Did you mean `email`"),
        ({}, {"per_customer": 0}, "`per_customer` is 0"),
        ({}, {"budget": -1.0}, "limit `budget` is -1.0"),
    ],
)
def test_what_cannot_be_weighed_is_refused_in_a_sentence(change, limits, says):
    columns = offers(7, 3, 2).to_pydict() | {"channel": ["email"] * 6}
    for name, values in change.items():
        if values is None:
            del columns[name]
        else:
            columns[name] = values
    with pytest.raises(tn.TenureError, match=says.replace("(", "\\(")):
        tn.arbitrate(pa.table(columns), **limits)
