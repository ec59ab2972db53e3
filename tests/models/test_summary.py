"""From orders to histories: as the published file has it, from any frame, and with a sentence where it cannot be."""

import time
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.records import cdnow, found

from tenure.domain.errors import TenureError
from tenure.models.summary import summary

ORDERS = pa.table(
    {
        "customer_id": ["b", "a", "a", "a", "a"],
        "ordered_at": [
            datetime(2011, 1, 5, 9), datetime(2011, 1, 1, 8), datetime(2011, 1, 1, 20), datetime(2011, 1, 8),
            datetime(2011, 1, 22, 23),
        ],
        "total": [7.0, 1.0, 2.0, 10.0, 30.0],
    }
)  # fmt: skip


def test_the_published_cdnow_histories_come_out_to_the_digit():
    published = pa.csv.read_csv(found("cdnow/cdnow_sample_cbs_39wk.csv"))
    table = summary(cdnow(), "1997-10-01", unit="week", customer="sample_id")
    assert table["customer_id"].to_pylist() == published["sample_id"].to_pylist()
    for ours, theirs in (("frequency", "x"), ("recency", "t_x"), ("T", "T"), ("monetary", "zbar")):
        assert np.allclose(table[ours].to_numpy(), published[theirs].to_numpy(), rtol=0, atol=1e-9), ours


def test_a_small_list_by_hand():
    rows = summary(ORDERS, "2011-01-31", gaps=True).to_pylist()
    assert rows[0] == {
        "customer_id": "a", "frequency": 2, "recency": 21.0, "T": 29.0, "monetary": 20.0,
        "log_gaps": pytest.approx(np.log(7) + np.log(14)),
    }  # fmt: skip
    assert rows[1] == {
        "customer_id": "b", "frequency": 0, "recency": 0.0, "T": 25.0, "monetary": 0.0, "log_gaps": 0.0,
    }  # fmt: skip


def test_orders_at_the_moment_itself_do_not_exist():
    rows = summary(ORDERS, datetime(2011, 1, 8)).to_pylist()
    assert [(row["customer_id"], row["frequency"], row["T"]) for row in rows] == [("a", 0, 6.0), ("b", 0, 2.0)]
    assert summary(ORDERS, datetime(2011, 1, 8, 0, 0, 1)).to_pylist()[0]["frequency"] == 1


def test_without_a_moment_it_is_the_day_after_the_last_order():
    assert summary(ORDERS).to_pylist() == summary(ORDERS, date(2011, 1, 23)).to_pylist()


@pytest.mark.parametrize(("unit", "days"), [("day", 1), ("week", 7), ("month", 365.25 / 12), (10, 10)])
def test_ages_are_in_the_unit_that_was_asked_for(unit, days):
    in_days, found = summary(ORDERS, "2011-01-31", gaps=True), summary(ORDERS, "2011-01-31", unit=unit, gaps=True)
    for name in ("recency", "T"):
        assert np.allclose(found[name].to_numpy() * days, in_days[name].to_numpy())
    assert found["log_gaps"][0].as_py() == pytest.approx(np.log(7 / days) + np.log(14 / days))


def test_what_comes_back_is_the_kind_of_frame_that_came():
    frame = ORDERS.to_pandas()
    assert isinstance(summary(frame), pd.DataFrame)
    assert isinstance(summary(ORDERS), pa.Table)
    assert summary(frame).to_dict("list") == summary(ORDERS).to_pydict()


def test_columns_are_found_where_only_one_can_be_meant():
    renamed = ORDERS.rename_columns(["customer_id", "InvoiceDate", "Amount"])
    assert summary(renamed).to_pydict() == summary(ORDERS).to_pydict()
    assert "monetary" not in summary(ORDERS.select(["customer_id", "ordered_at"])).column_names
    assert "monetary" not in summary(ORDERS, amount=None).column_names


def test_days_may_be_dates_texts_or_moments_of_a_zone():
    day = ORDERS.column("ordered_at").cast(pa.date32())
    text = pa.array([str(moment.as_py()) for moment in ORDERS.column("ordered_at")])
    zoned = ORDERS.column("ordered_at").cast(pa.timestamp("us", tz="UTC"))
    expected = summary(ORDERS, "2011-01-31").to_pydict()
    for column in (day, text, zoned):
        assert summary(ORDERS.set_column(1, "ordered_at", column), "2011-01-31").to_pydict() == expected


def test_a_day_is_a_day_of_the_columns_own_zone():
    late = pa.array([datetime(2011, 1, 1, 10, tzinfo=UTC), datetime(2011, 1, 1, 20, tzinfo=UTC)])
    orders = {"customer_id": np.array([1, 1]), "ordered_at": late.cast(pa.timestamp("us", tz="Asia/Tokyo"))}
    table = pa.table({"customer_id": [1, 1], "ordered_at": orders["ordered_at"]})
    assert summary(table)["frequency"].to_pylist() == [1]
    assert summary(table, datetime(2011, 1, 1, 15, tzinfo=UTC))["frequency"].to_pylist() == [0]


@pytest.mark.parametrize(
    ("orders", "asked", "said"),
    [
        (ORDERS.slice(0, 0), {}, "There are no orders"),
        (ORDERS, {"as_of": "2010-01-01"}, "All 5 orders lie at or after 2010-01-01"),
        (ORDERS, {"as_of": "soon"}, "no moment"),
        (ORDERS, {"customer": "client"}, "The column `client` is missing"),
        (ORDERS, {"at": "day"}, "The column `day` is missing"),
        (ORDERS, {"at": "total"}, "holds no moments"),
        (ORDERS, {"amount": "spend"}, "The column `spend` is missing"),
        (ORDERS, {"amount": "customer_id"}, "does not hold numbers"),
        (ORDERS, {"unit": "fortnight"}, "no unit of time"),
        (ORDERS, {"unit": 0}, "a unit of 0 days"),
        (ORDERS.drop_columns(["ordered_at"]), {}, "Name the column of moments"),
        (ORDERS.set_column(2, "total", pa.array([1.0, None, 1.0, 1.0, 1.0])), {}, "first in row 2"),
        (ORDERS.set_column(0, "customer_id", pa.array(["a", "b", None, "a", "a"])), {}, "first in row 3"),
        (ORDERS.set_column(1, "ordered_at", pa.array(["x"] * 5)), {}, "a text that is no moment"),
        (7, {}, "no data frame"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(orders, asked, said):
    with pytest.raises(TenureError) as refused:
        summary(orders, **asked)
    assert said.lower() in str(refused.value).lower()


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60), st.integers(0, 23), st.floats(0, 99)), min_size=1),
    st.integers(1, 61),
)
def test_a_summary_agrees_with_counting_by_hand(rows, end):
    orders = {
        "customer_id": np.array([who for who, *_ in rows]),
        "ordered_at": np.array(
            [np.datetime64("2011-01-01", "s") + (24 * day + hour) * 3600 for _, day, hour, _ in rows]
        ),
        "total": np.array([spent for *_, spent in rows]),
    }
    seen = {}
    for who, day, _, spent in rows:
        if day < end:
            seen.setdefault(who, {}).setdefault(day, []).append(spent)
    as_of = np.datetime64("2011-01-01") + end
    if not seen:
        with pytest.raises(TenureError):
            summary(orders, str(as_of))
        return
    for row in summary(orders, str(as_of)).to_pylist():
        days = sorted(seen.pop(row["customer_id"]).items())
        later = [sum(spent) for _, spent in days[1:]]
        assert (row["frequency"], row["recency"], row["T"]) == (
            len(days) - 1, days[-1][0] - days[0][0], end - 1 - days[0][0],
        )  # fmt: skip
        assert row["monetary"] == pytest.approx(np.mean(later) if later else 0, abs=1e-9)
    assert not seen


def test_a_million_orders_take_a_moment():
    rng = np.random.default_rng(3)
    moments = (rng.integers(0, 730 * 86_400, 1_000_000) * 1_000_000).astype("datetime64[us]")
    orders = pa.table({"customer_id": rng.integers(0, 100_000, 1_000_000), "ordered_at": moments})
    began = time.process_time()
    assert summary(orders).num_rows == len(np.unique(orders["customer_id"].to_numpy()))
    assert time.process_time() - began < 3
