"""Replacement cycles: a shop whose truth is known, a grocer against measured marks, and what must always hold."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.records import grocer

from tenure.domain.errors import TenureError
from tenure.models import ReplacementCycle, metrics
from tenure.models.pairs import median_gaps, next_days, pairs, read

CUT = (date(2017, 10, 1) - date(1970, 1, 1)).days
EPOCH = date(1970, 1, 1)


def shop(customers, days=1_000, seed=1):
    """Purchases with known gaps: 30 days for coffee, 60 for razors; half the customers take 1.5 times as long."""
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(customers):
        tempo = 1.5 if who % 2 else 1 / 1.5
        for product, gap in (("coffee", 30), ("razors", 60)):
            day = float(rng.integers(0, 60))
            while day < days:
                rows.append((who, product, int(day)))
                day += max(1.0, gap * tempo * np.exp(0.3 * rng.standard_normal()))
    who, product, day = zip(*rows, strict=True)
    return pa.table({"customer_id": who, "product": product, "day": pa.array(day, pa.int64())})


@pytest.fixture(scope="module")
def known():
    purchases = shop(300)
    return purchases, ReplacementCycle().fit(purchases)


def purchase_days(every):
    """Purchase days by household and category of The Complete Journey: goods, no returns; one household in `every`."""
    columns = ["household_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]
    bought = pq.read_table(
        grocer("transactions"), columns=columns,
        filters=(pc.field("quantity") > 0) & (pc.field("sales_value") > 0),
    )  # fmt: skip
    bought = bought.filter(pa.array(bought.column("household_id").to_numpy() % every == 0))
    goods = pq.read_table(grocer("products"), columns=["product_id", "product_category"]).to_pydict()
    names = dict(zip(goods["product_id"], goods["product_category"], strict=True))
    category = pa.array([names.get(each) for each in bought.column("product_id").to_pylist()], pa.string())
    day = bought.column("transaction_timestamp").cast(pa.timestamp("us")).cast(pa.date32())
    rows = pa.table({"customer_id": bought.column("household_id"), "product": category, "day": day})
    is_goods = pc.and_(pc.is_valid(category), pc.invert(pc.match_substring(pc.fill_null(category, "MISC"), "MISC")))
    return rows.filter(is_goods).group_by(["customer_id", "product", "day"]).aggregate([])


def forecast_of(households):
    """The model of the days before 1 October 2017, its forecast as of then, and the day each pair was bought next."""
    before = households.filter(pc.less(households.column("day"), date(2017, 10, 1)))
    model = ReplacementCycle().fit(before)
    log = read(households)
    found = model.forecast(log, date(2017, 10, 1))
    return model, found, next_days(log, found.pairs)


@pytest.fixture(scope="module")
def checked():
    """`forecast_of` every second household."""
    return forecast_of(purchase_days(every=2))


def test_known_gaps_and_tempos_are_found_again(known):
    purchases, model = known
    said = model.predict(purchases, 1_000).to_pydict()
    gaps = np.array(said["gap_days"])
    product, slow = np.array(said["product"]), np.array(said["customer_id"]) % 2 == 1
    for name, gap in (("coffee", 30), ("razors", 60)):
        assert np.median(gaps[(product == name) & slow]) == pytest.approx(1.5 * gap, rel=0.06)
        assert np.median(gaps[(product == name) & ~slow]) == pytest.approx(gap / 1.5, rel=0.06)
    assert model.params_.scatter == pytest.approx(0.3, abs=0.04)
    assert model.params_.ending < 0.02


def test_the_window_holds_four_fifths_of_what_comes(known):
    purchases, model = known
    found = model.forecast(purchases, 800)
    came = next_days(found.log, found.pairs)
    seen = ~np.isnan(came)
    held = ((found.low <= came) & (came <= found.high))[seen]
    assert seen.mean() > 0.99
    assert held.mean() == pytest.approx(0.8, abs=0.05)


def test_the_chance_is_calibrated_where_the_truth_is_known(known):
    purchases, model = known
    found = model.forecast(purchases, 800)
    soon = next_days(found.log, found.pairs) < 814
    assert found.chance.mean() == pytest.approx(soon.mean(), abs=0.05)
    assert metrics.auc(found.chance, soon) > 0.8


def test_a_first_purchase_goes_by_its_product_and_its_customer():
    purchases = shop(200)
    model = ReplacementCycle().fit(purchases)
    newcomers = pa.table({"customer_id": [-1, -2], "product": ["coffee", "razors"], "day": [990, 990]})
    said = model.predict(pa.concat_tables([purchases, newcomers]), 1_000).to_pylist()
    gap = {row["product"]: row["gap_days"] for row in said if row["customer_id"] < 0}
    assert gap["coffee"] == pytest.approx(30, rel=0.15)
    assert gap["razors"] == pytest.approx(60, rel=0.15)


def test_a_lifetime_speaks_until_own_gaps_do(known):
    purchases, _ = known
    lifetime = pa.array([None] * purchases.num_rows, pa.float64())
    told = purchases.append_column("lifetime_days", lifetime)
    boiler = pa.table({"customer_id": [5], "product": ["boiler"], "day": [400], "lifetime_days": [900.0]})
    told = pa.concat_tables([told, boiler])
    row = next(r for r in ReplacementCycle().fit(told).predict(told, 1_000).to_pylist() if r["product"] == "boiler")
    tempo = 1.5  # customer 5 is one of the slow
    assert row["gap_days"] == pytest.approx(900 * tempo, rel=0.35)


def test_a_rare_product_backs_off_to_its_group():
    rng = np.random.default_rng(4)
    rows = {"customer_id": [], "product": [], "product_group": [], "day": []}
    for who in range(150):
        for group, gap in (("quick", 10), ("slow", 80)):
            product = f"{group}-{rng.integers(0, 40)}"
            for day in np.cumsum(np.r_[rng.integers(0, 20), gap * np.exp(0.2 * rng.standard_normal(500 // gap))]):
                for name, value in zip(rows, (who, product, group, int(day)), strict=True):
                    rows[name].append(value)
    model = ReplacementCycle().fit(rows)
    fresh = {"customer_id": [900, 901], "product": ["new-a", "new-b"], "product_group": ["quick", "slow"],
             "day": [490, 490]}  # fmt: skip
    said = {row["product"]: row["gap_days"] for row in model.predict(fresh, 495).to_pylist()}
    assert said["new-a"] == pytest.approx(10, rel=0.25)
    assert said["new-b"] == pytest.approx(80, rel=0.25)


def test_a_long_silence_makes_an_end_likely(known):
    purchases, model = known
    gone = model.forecast(purchases, 1_003).gone, model.forecast(purchases, 1_150).gone
    assert np.median(gone[1]) > 10 * np.median(gone[0])


@pytest.mark.parametrize(("low", "high", "mark"), [(1, 1, 25.8), (2, 3, 23.2), (4, 7, 18.8), (16, 999, 5.75)])
def test_due_dates_err_no_more_than_the_measured_marks(checked, low, high, mark):
    """Pairs that buy again and were silent for at most two medians of their category, as the marks were measured."""
    _, found, came = checked
    gaps = found.pairs.gaps
    rows = (gaps >= low) & (gaps <= high) & ~np.isnan(came) & (found.pairs.elapsed <= 2 * category_medians(found))
    assert metrics.median_absolute_error(found.due[rows], came[rows]) <= mark


def test_the_simple_rules_err_as_they_were_measured(checked):
    """That the split is the one of the marks: category median 31.0 and own mean 63.0 days after a single gap."""
    _, found, came = checked
    rows = (found.pairs.gaps == 1) & ~np.isnan(came) & (found.pairs.elapsed <= 2 * category_medians(found))
    category = found.pairs.last + category_medians(found)
    own = found.pairs.last + np.exp(found.pairs.sum_log)
    assert metrics.median_absolute_error(category[rows], came[rows]) == pytest.approx(31, abs=1.5)
    assert metrics.median_absolute_error(own[rows], came[rows]) == pytest.approx(63, abs=2.5)


def test_the_chance_of_a_purchase_within_a_fortnight_ranks_and_is_calibrated(checked):
    _, found, came = checked
    again = found.pairs.gaps > 0
    soon = (came < CUT + 14)[again]
    assert again.sum() > 50_000
    assert metrics.auc(found.chance[again], soon) >= 0.75
    assert metrics.auc(-(found.pairs.elapsed / category_medians(found))[again], soon) == pytest.approx(0.65, abs=0.01)
    assert found.chance[again].mean() == pytest.approx(soon.mean(), abs=0.01)
    assert metrics.calibration_error(found.chance[again], soon) < 0.01


def test_every_window_is_in_order_and_no_earlier_than_today(checked):
    _, found, _ = checked
    assert (found.low >= CUT - 1e-6).all()
    assert (found.low <= found.next + 1e-9).all()
    assert (found.next <= found.high + 1e-9).all()
    assert ((found.chance > 0) & (found.chance < 1)).all()
    assert ((found.gone >= 0) & (found.gone <= 1)).all()


def test_a_saved_model_says_the_same(known, tmp_path):
    purchases, model = known
    model.save(tmp_path / "cycle.json")
    again = ReplacementCycle.load(tmp_path / "cycle.json")
    assert again.predict(purchases, 1_000).equals(model.predict(purchases, 1_000))
    assert again.get_params() == model.get_params()


def test_dates_go_in_and_come_out(known):
    purchases, model = known
    dates = [EPOCH + timedelta(days=day) for day in purchases.column("day").to_pylist()]
    dated = purchases.set_column(2, "day", pa.array(dates))
    said = model.predict(dated, EPOCH + timedelta(days=1_000))
    plain = model.predict(purchases, 1_000)
    assert said.schema.field("due_day").type == pa.date32()
    assert said.column("due_day").cast(pa.int32()).to_pylist() == plain.column("due_day").to_pylist()


def test_the_summary_names_what_moves_a_gap(known):
    _, model = known
    shown = {row["what"]: row["value"] for row in model.summary().to_dicts()}
    assert shown["customers"] == pytest.approx(1.5, rel=0.1)


@pytest.mark.parametrize(
    ("purchases", "says"),
    [
        ({"customer_id": [1], "product": ["a"]}, "the column `day` is missing"),
        ({"customer_id": [1], "product": ["a"], "day": [np.nan]}, "missing or infinite"),
        ({"customer_id": [1], "product": ["a"], "day": ["soon"]}, "holds no days"),
        ({"customer_id": [1, 2], "product": ["a", "a"], "day": [1, 2]}, "nobody bought anything twice"),
        ({"customer_id": pa.array([], pa.int64()).to_numpy(), "product": np.array([], str), "day": np.array([])},
         "there are no purchases"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_from_is_refused_in_words(purchases, says):
    with pytest.raises(TenureError, match=f"(?i){says}"):
        ReplacementCycle().fit(purchases)


def test_an_unfitted_model_says_so():
    with pytest.raises(TenureError, match="has not been fitted"):
        ReplacementCycle().predict({"customer_id": [1], "product": ["a"], "day": [1]}, 2)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 60)), min_size=1, max_size=60), st.randoms()
)
def test_the_order_of_rows_and_repeats_on_a_day_change_nothing(rows, dice):
    columns = ("customer_id", "product", "day")
    once = pairs(read(dict(zip(columns, map(np.array, zip(*sorted(set(rows)), strict=True)), strict=True))), 50)
    mixed = [*rows, *rows[:5]]
    dice.shuffle(mixed)
    log = read(dict(zip(columns, map(np.array, zip(*mixed, strict=True)), strict=True)))
    again = pairs(log, 50)
    assert again.gaps.sum() == once.gaps.sum()
    assert again.sum_log.sum() == pytest.approx(once.sum_log.sum())
    assert np.nansum(median_gaps(log, again)) >= again.gaps.astype(bool).sum()


def category_medians(found):
    """The median gap of each pair's category before the cut; 30 days where there is none."""
    log, known = found.log, found.pairs
    seen = log.day < known.before
    key = (log.customer * len(log.products) + log.product)[seen]
    follows = np.flatnonzero(key[1:] == key[:-1]) + 1
    gap, product = np.diff(log.day[seen], prepend=0.0)[follows], log.product[seen][follows]
    medians = [
        np.median(gap[product == each]) if (product == each).any() else 30.0 for each in range(len(log.products))
    ]
    return np.array(medians)[known.product]
