"""The choice among contacts: within every limit, and as good as linear programming says it can be."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix, vstack
from tests.models.test_pages_of_models import BLOCK, DOCS, run

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


def optimum(table, per_customer, capacity, budget, campaign_budget, is_whole=False):
    """The best of the linear programme, or of whole contacts, by HiGHS."""
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
    within = LinearConstraint(vstack(matrix).tocsr(), -np.inf, np.concatenate(most))
    found = milp(-table["worth"].to_numpy(), constraints=within, bounds=Bounds(0, 1),
                 integrality=np.full(rows, int(is_whole)), options={"mip_rel_gap": 1e-7})  # fmt: skip
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


def shop(seed, sizes):
    """A random shop and limits of every kind: with and without channels, a budget, and a campaign's own."""
    rng = np.random.default_rng(100 + seed)
    customers, each, most = int(rng.choice(sizes)), int(rng.integers(2, 14)), int(rng.integers(1, 4))
    limits = {
        "per_customer": most,
        "capacity": {"email": customers * 3 // 10, "sms": customers // 20} if seed % 4 else {},
        "budget": customers / 10 if seed % 3 else None, "campaign_budget": {"c1": customers / 60} if seed % 2 else {},
    }  # fmt: skip
    return offers(seed, customers, each), limits


@pytest.mark.parametrize("seed", range(16))
def test_the_choice_is_as_good_as_the_linear_programmes(seed):
    table, limits = shop(seed, [500, 1000, 2000, 3000])
    found = tn.arbitrate(table, **limits)
    best = optimum(table, **limits)
    assert 0.999 * best <= found.value <= best * (1 + 1e-9)
    assert found.value <= found.bound <= best * 1.0001
    assert found.gap == pytest.approx((found.bound - found.value) / found.bound)
    check_limits(found, **limits)


@pytest.mark.parametrize("seed", range(16))
def test_where_customers_are_few_the_choice_is_the_best_of_whole_contacts(seed):
    table, limits = shop(seed, [25, 40, 60, 200])
    found = tn.arbitrate(table, **limits)
    best = optimum(table, **limits, is_whole=True)
    assert best * (1 - 5e-4) <= found.value <= best * (1 + 1e-6)
    assert found.gap <= 5e-4 and best <= found.bound * (1 + 1e-6)
    check_limits(found, **limits)


def test_where_there_are_very_many_the_gap_is_next_to_nothing(monkeypatch):
    from tenure.decisions import multipliers

    monkeypatch.setattr(multipliers, "_SAMPLES", (500, 2_000))  # so that few are as many as very many
    table = offers(9, 20_000, 12)
    limits = {"per_customer": 1, "capacity": {"email": 6_000, "sms": 1_000}, "budget": 2_000.0, "campaign_budget": {}}
    found = tn.arbitrate(table, **limits)
    assert found.gap < 5e-4
    check_limits(found, **limits)
    assert tn.arbitrate(table).gap == pytest.approx(0)


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


@pytest.mark.parametrize(("customers", "budget"), [(30, 2.0), (400, 20.0), (3000, 300.0)])
def test_the_order_of_rows_and_the_kind_of_ids_change_nothing(customers, budget):
    table = offers(3, customers, 5)
    mixed = table.take(np.random.default_rng(0).permutation(table.num_rows))
    texts = mixed.set_column(0, "customer_id", pa.array([f"k{v}" for v in mixed["customer_id"].to_pylist()]))
    found = [tn.arbitrate(each, 1, {"email": customers // 10}, budget) for each in (table, table, mixed, texts)]
    notes = [each.chosen["note"].to_pylist() for each in found]
    assert notes[0] == notes[1] and sorted(notes[0]) == sorted(notes[2]) and notes[2] == notes[3]
    assert notes[2] == [note for note in mixed["note"].to_pylist() if note in set(notes[2])]


def test_the_frame_that_was_given_comes_back():
    pandas = pytest.importorskip("pandas")
    chosen = tn.arbitrate(offers(4, 50, 3).to_pandas()).chosen
    assert isinstance(chosen, pandas.DataFrame) and list(chosen) == offers(4, 50, 3).column_names
    frame = offers(4, 50, 3).to_pandas().astype({"customer_id": "category", "channel": "category"})
    frame.index = [f"row {place}" for place in range(150)]
    again = tn.arbitrate(frame, capacity={"email": 50}).chosen
    assert list(again["note"]) == list(chosen["note"]) and again["channel"].dtype == "category"
    assert list(again.index) == [f"row {place}" for place in chosen["note"]]


def test_where_all_are_worth_the_same_the_places_are_filled():
    table = pa.table({"customer_id": list(range(500)), "campaign": ["c"] * 500, "channel": ["email"] * 500,
                      "worth": [1.0] * 500, "cost": [0.1] * 500})  # fmt: skip
    assert tn.arbitrate(table, capacity={"email": 77}).value == 77
    assert tn.arbitrate(table, budget=10.05).chosen.num_rows == 100
    assert tn.arbitrate(table, capacity={"email": 0}).chosen.num_rows == 0
    assert tn.arbitrate(table, budget=0).chosen.num_rows == 0
    assert tn.arbitrate(table, campaign_budget={"c": 0.25}).chosen.num_rows == 2


def test_the_same_offer_twice_is_two_offers():
    twice = pa.concat_tables([offers(8, 60, 3)] * 2)
    found = tn.arbitrate(twice, 2, {"email": 20})
    check_limits(found, 2, {"email": 20}, None, {})
    assert found.value == pytest.approx(optimum(twice, 2, {"email": 20}, None, {}, is_whole=True))


def test_a_channel_and_a_campaign_may_have_one_name():
    table = offers(10, 300, 4)
    channel = pa.array(["c1"] * table.num_rows)
    found = tn.arbitrate(table.set_column(2, "channel", channel), 1, {"c1": 100}, 10.0, {"c1": 1.0})
    assert list(found.multipliers) == ["c1", "budget", "budget of c1"]


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
        ({"channel": None}, {}, "column `channel` is missing"),
        ({"worth": [1.0, float("nan"), 1, 1, 1, 1]}, {}, "missing or infinite values, the first in row 2"),
        ({"worth": [1.0, 1, 1, 1, 1, float("inf")]}, {}, "missing or infinite values, the first in row 6"),
        ({"worth": [1.0, 1, 1e300, 1, 1, 1]}, {}, "1e.300 in row 3"),
        ({"cost": [1.0, 1, 1, 1, -1, 1]}, {}, "negative values, the first in row 5"),
        ({"customer_id": [1, 1, 2, None, 3, 3]}, {}, "`customer_id` is empty in row 4"),
        ({"customer_id": [[1]] * 6}, {}, "`customer_id` holds lists"),
        ({}, {"capacity": {"emial": 3}}, "o candidate has the channel `emial`. Did you mean `email`"),
        ({}, {"campaign_budget": {"c9": 3}}, "o candidate has the campaign `c9`"),
        ({}, {"capacity": 3}, "`capacity` is 3"),
        ({}, {"capacity": {"email": "many"}}, "limit `email` is 'many'"),
        ({}, {"per_customer": 0}, "`per_customer` is 0"),
        ({}, {"per_customer": 1.5}, "`per_customer` is 1.5"),
        ({}, {"budget": -1.0}, "limit `budget` is -1.0"),
        ({}, {"budget": float("nan")}, "limit `budget` is nan"),
        ({"channel": ["budget"] * 6}, {"capacity": {"budget": 3}, "budget": 3.0}, "wo limits are called `budget`"),
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


def test_the_code_of_the_page_runs_and_its_figures_are_right():
    page = (DOCS / "explanation" / "choice.md").read_text("utf-8")
    names = {}
    assert not run(BLOCK.findall(page)[0], names)
    found = names["found"]
    assert f"one more text message would bring {found.multipliers['sms']:.2f}" in page
    assert found.chosen.num_rows and found.gap < 1e-3
