"""The seasonal clock: a shop whose season is known, a real gift shop over two years, and what must always hold."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.records import found as record

from tenure.domain.errors import TenureError
from tenure.models import BetaGeo, ReplacementCycle, SeasonalClock, metrics

FIRST = 14_245  # 1 January 2009
WORDS = ("CHRISTMAS", "EASTER", "HOT WATER BOTTLE", "HAND WARMER", "ADVENT", "SNOW", "MUG", "FRAME", "CAKE", "BAG")
SEASONAL = WORDS[:6]


def truth(day):
    """Boots: four fifths of the year's orders in winter, smoothly."""
    phase = 2 * np.pi * (np.asarray(day) - FIRST) / 365.25
    shape = np.exp(1.2 * np.cos(phase))
    return shape / 1.3937  # the mean of exp(1.2 cos) over a circle


def shop(years=3.0, per_day=3.0, growth=0.0, seed=1, shape=truth):
    rng = np.random.default_rng(seed)
    day = np.arange(FIRST, FIRST + int(365 * years))
    trend = np.exp(growth * (day - FIRST) / 365)
    boots, soap = rng.poisson(per_day * trend * shape(day)), rng.poisson(per_day * trend)
    return {
        "category": np.repeat(["boots", "soap"], len(day)), "day": np.tile(day, 2),
        "orders": np.concatenate([boots, soap]),
    }  # fmt: skip


@pytest.fixture(scope="module")
def clock():
    return SeasonalClock().fit(shop())


def test_a_known_season_is_found_again(clock):
    day = np.arange(FIRST, FIRST + 365)
    assert clock.seasonal_ == ("boots",)
    assert np.abs(clock.speed("boots", day) - truth(day)).mean() < 0.15
    assert np.corrcoef(clock.speed("boots", day), truth(day))[0, 1] > 0.98


def test_boots_not_bought_in_july_are_no_lapse(clock):
    march, september, december = FIRST + 75, FIRST + 258, FIRST + 349
    summer, autumn = clock.elapsed("boots", march, september), clock.elapsed("boots", september, december)
    assert summer < 0.55 * (september - march)
    assert autumn > 0.9 * (december - september)
    assert clock.elapsed("soap", march, september) == september - march


@pytest.mark.parametrize("growth", [-0.7, 0.7])
def test_growth_is_no_season(growth):
    flat = SeasonalClock().fit(shop(years=3, growth=growth, shape=np.ones_like))
    assert flat.seasonal_ == ()
    grown = SeasonalClock().fit(shop(years=3, growth=growth))
    day = np.arange(FIRST, FIRST + 365)
    assert np.corrcoef(grown.speed("boots", day), truth(day))[0, 1] > 0.97


def test_a_part_of_a_year_is_no_season():
    assert SeasonalClock().fit(shop(years=0.9)).seasonal_ == ()


def test_two_and_a_half_years_give_no_season_to_the_half():
    flat = SeasonalClock().fit(shop(years=2.5, shape=np.ones_like))
    assert flat.seasonal_ == ()


def test_one_year_is_believed_less_than_three():
    day = np.arange(FIRST, FIRST + 365)
    one, three = (SeasonalClock().fit(shop(years=n, per_day=20)).speed("boots", day) for n in (1.02, 3.0))
    assert 0.6 < one.std() / three.std() < 0.95


def test_few_orders_make_no_season():
    assert SeasonalClock().fit(shop(years=2, per_day=0.01)).seasonal_ == ()


def test_pure_chance_hardly_ever_looks_like_a_season():
    rng = np.random.default_rng(7)
    day = np.arange(FIRST, FIRST + 800)
    names = [f"c{number}" for number in range(200)]
    frame = {"category": np.repeat(names, len(day)), "day": np.tile(day, 200), "orders": rng.poisson(0.8, 160_000)}
    assert len(SeasonalClock().fit(frame).seasonal_) <= 4


def test_years_and_weeks_are_read_as_well_as_days():
    frame = shop(years=3)
    day = frame["day"]
    year = day.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    week = (day - np.array([(date(int(y), 1, 1) - date(1970, 1, 1)).days for y in year])) // 7 + 1
    weekly = {"category": frame["category"], "year": year, "week": week, "orders": frame["orders"]}
    there = np.arange(FIRST, FIRST + 365)
    by_week, by_day = (SeasonalClock().fit(each).speed("boots", there) for each in (weekly, frame))
    assert np.abs(by_week - by_day).max() < 0.25


@settings(max_examples=60, deadline=None)
@given(st.integers(FIRST - 4_000, FIRST + 4_000), st.integers(0, 12), st.floats(0, 9), st.floats(0, 9))
def test_whole_years_are_whole_years_on_every_clock(clock, day, years, boots, soap):
    start = date.fromordinal(date(1970, 1, 1).toordinal() + day)
    if (start.month, start.day) == (2, 29):
        start = start.replace(day=28)
    end = (start.replace(year=start.year + years) - date(1970, 1, 1)).days
    passed = clock.elapsed({"boots": boots, "soap": soap}, (start - date(1970, 1, 1)).days, end)
    assert passed == pytest.approx(end - (start - date(1970, 1, 1)).days, abs=3)  # leap days shift a season by one day


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5)), min_size=1, max_size=5),
    st.floats(FIRST - 900, FIRST + 900), st.floats(0, 1_500),
)  # fmt: skip
def test_turning_back_undoes_what_passed(clock, orders, day, days):
    boots, soap = (np.array(each) for each in zip(*orders, strict=True))
    mix = {"boots": boots, "soap": soap}
    there = clock.elapsed(mix, day, day + days)
    assert (there >= 0).all()
    assert clock.calendar_day(mix, day, there) == pytest.approx(np.full(len(boots), day + days), abs=1e-4)


def test_a_customer_runs_on_the_mean_of_their_categories(clock):
    both = clock.elapsed({"boots": [3.0], "soap": [1.0]}, FIRST + 100, FIRST + 250)
    boots = clock.elapsed("boots", FIRST + 100, FIRST + 250)
    assert both == pytest.approx(0.75 * boots + 0.25 * 150)
    assert clock.elapsed({"boots": [0.0]}, FIRST, FIRST + 50) == pytest.approx([50])
    assert clock.elapsed({"unheard of": 2}, FIRST, FIRST + 50) == 50


def test_the_table_shows_what_the_clock_says(clock):
    table = clock.table(FIRST, FIRST + 800)
    shown = table.column("clock_milli").to_numpy()
    assert table.column_names == ["season_no", "category", "day", "clock_milli"]
    assert (np.diff(shown) > 0).all()
    assert shown[700] - shown[100] == pytest.approx(1000 * clock.elapsed("boots", FIRST + 100, FIRST + 700), abs=1)
    assert SeasonalClock().fit(shop(years=0.5)).table(FIRST, FIRST + 9).num_rows == 0


def test_a_saved_clock_shows_the_same(clock, tmp_path):
    clock.save(tmp_path / "clock.json")
    again = SeasonalClock.load(tmp_path / "clock.json")
    assert again.table(FIRST, FIRST + 400).equals(clock.table(FIRST, FIRST + 400))
    assert "1 of 2 categories are seasonal" in repr(again.summary())


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ({"category": ["a"], "day": [1]}, "`orders` is missing"),
        ({"category": ["a"], "orders": [1]}, "`year` is missing"),
        ({"category": ["a"], "orders": [-1], "day": [1]}, "below 0"),
        (pa.table({"category": pa.array([], pa.string()), "orders": pa.array([], pa.int64()),
                   "day": pa.array([], pa.int64())}), "no orders"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_words(frame, says):
    with pytest.raises(TenureError, match=f"(?i){says}"):
        SeasonalClock().fit(frame)


def test_a_missing_day_is_refused_in_words(clock):
    with pytest.raises(TenureError, match="missing or infinite"):
        clock.elapsed("boots", np.nan, FIRST)


# Online Retail II: a British gift shop, December 2009 to December 2011; categories by words in the description.


@pytest.fixture(scope="module")
def gifts():
    return gift_shop()


def gift_shop():
    """customer_id (null where unknown), product (a word), day; the overlap of the two sheets left out."""
    columns = ["Description", "Customer ID", "InvoiceDate", "Quantity", "Price", "sheet"]
    rows = pq.read_table(record("online_retail_ii/online_retail_ii.parquet"), columns=columns,
                         filters=(pc.field("Quantity") > 0) & (pc.field("Price") > 0))  # fmt: skip
    day = rows.column("InvoiceDate").cast(pa.timestamp("us"), safe=False).cast(pa.date32()).cast(pa.int32())
    text = pc.fill_null(rows.column("Description"), "")
    product = pa.array(["OTHER"] * rows.num_rows)
    for word in reversed(WORDS):
        product = pc.if_else(pc.match_substring(text, word), word, product)
    twice = pc.and_(pc.equal(rows.column("sheet"), "2009-2010"), pc.greater_equal(day, number("2010-12-01")))
    table = pa.table({"customer_id": rows.column("Customer ID"), "product": product, "day": day})
    return table.filter(pc.invert(twice)).group_by(["customer_id", "product", "day"]).aggregate([])


def number(text):
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def clock_before(gifts, cut):
    sold = gifts.filter(pc.less(gifts.column("day"), cut)).group_by(["product", "day"]).aggregate([([], "count_all")])
    return SeasonalClock().fit(sold.rename_columns(["category", "day", "orders"]))


def bought_by_known(gifts):
    known = pc.and_(pc.is_valid(gifts.column("customer_id")), pc.invert(pc.is_nan(gifts.column("customer_id"))))
    rows = gifts.filter(known)
    return rows.set_column(0, "customer_id", rows.column("customer_id").cast(pa.int64()))


def flat_clock(cut):
    return SeasonalClock().fit({"category": ["none"], "day": [cut - 1], "orders": [1]})


def errors(gifts, cut, clock, every=2):
    """Median days between forecast and next purchase: in seasonal words, and in others; one customer in `every`."""
    rows = bought_by_known(gifts)
    rows = rows.filter(pa.array(rows.column("customer_id").to_numpy() % every == 0))
    product, day = np.array(rows.column("product").to_pylist()), rows.column("day").to_numpy().astype(float)
    after, passed = {}, day.copy()
    for who, what, when in zip(rows.column("customer_id").to_pylist(), product, day, strict=True):
        if when >= cut:
            after[who, what] = min(after.get((who, what), np.inf), when)
    for word in WORDS:
        mine = product == word
        passed[mine] = cut + clock.elapsed(word, cut, day[mine])
    rows = rows.set_column(2, "day", pa.array(passed)).filter(pa.array(day < cut))
    found = ReplacementCycle().fit(rows).forecast(rows, cut)
    who = np.array(found.log.customers.to_pylist())[found.pairs.customer]
    what = np.array(found.log.products.to_pylist())[found.pairs.product]
    said = found.next.copy()
    for word in WORDS:
        said[what == word] = clock.calendar_day(word, cut, found.next[what == word] - cut)
    came = np.array([after.get(pair, np.nan) for pair in zip(who.tolist(), what.tolist(), strict=True)])
    again, is_seasonal = ~np.isnan(came) & (found.pairs.gaps > 0), np.isin(what, SEASONAL)
    return tuple(float(np.median(np.abs(said - came)[again & side])) for side in (is_seasonal, ~is_seasonal))


@pytest.mark.parametrize("cut", ["2011-03-01", "2011-10-15"])
def test_the_clock_halves_the_error_of_seasonal_lines_and_costs_the_others_nothing(gifts, cut):
    at = number(cut)
    on_calendar, on_clock = errors(gifts, at, flat_clock(at)), errors(gifts, at, clock_before(gifts, at))
    assert on_clock[0] < 0.5 * on_calendar[0]
    assert on_clock[1] < 1.08 * on_calendar[1]


def test_the_second_years_weeks_are_forecast_better_than_by_a_flat_year(gifts):
    at = number("2010-12-01")
    clock = clock_before(gifts, at)
    later = gifts.filter(pc.and_(pc.greater_equal(gifts.column("day"), at), pc.less(gifts.column("day"), at + 364)))
    week, product = (later.column("day").to_numpy() - at) // 7, np.array(later.column("product").to_pylist())
    gains = {}
    for word in WORDS:
        pace = clock.elapsed(word, at + 7.0 * np.arange(52), at + 7.0 * np.arange(52) + 7)
        seen = np.bincount(week[product == word], minlength=52)
        gains[word] = float(seen @ np.log(52 * pace / pace.sum()) / seen.sum())
    assert all(gain > 0 for gain in gains.values()), gains
    assert np.mean([gains[word] for word in SEASONAL]) > 0.35


def next_quarter(gifts, at):
    """BG/NBD over 90 days, on the calendar and on the shop's clock: log-loss of an order, and bias of the number."""
    orders = bought_by_known(gifts).group_by(["customer_id", "day"]).aggregate([])
    who, day = orders.column("customer_id").to_numpy(), orders.column("day").to_numpy().astype(float)
    sold, soon = day[day < at], who[(day >= at) & (day < at + 90)]
    clock = SeasonalClock().fit({"category": np.full(len(sold), "all"), "day": sold, "orders": np.ones(len(sold))})
    names, place = np.unique(who[day < at], return_inverse=True)
    first, last = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(first, place, sold)
    np.maximum.at(last, place, sold)
    found = []
    for pace in (flat_clock(at), clock):
        summary = {"frequency": np.bincount(place) - 1, "recency": pace.elapsed("all", first, last),
                   "T": pace.elapsed("all", first, at)}  # fmt: skip
        model, horizon = BetaGeo().fit(summary), float(pace.elapsed("all", at, at + 90))
        loss = metrics.log_loss(model.p_active(horizon, summary), np.isin(names, soon))
        found.append((loss, model.expected_purchases(horizon, summary).sum() / np.isin(soon, names).sum() - 1))
    return found


@pytest.mark.parametrize("cut", ["2010-12-10", "2011-02-01", "2011-06-01"])
def test_a_purchase_model_on_the_clock_forecasts_the_next_quarter_better(gifts, cut):
    on_calendar, on_clock = next_quarter(gifts, number(cut))
    assert on_clock[0] < on_calendar[0]
    assert abs(on_clock[1]) < abs(on_calendar[1])
