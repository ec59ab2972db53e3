"""The charts of models: numbers that agree with the models, pictures with words on every axis, and plain refusals."""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from tests.models.records import cdnow, found

from tenure.domain.errors import TenureError
from tenure.models import BetaDiscreteWeibull, BetaGeo, CondensedBetaGeo, ParetoNBD, ShiftedBetaGeometric
from tenure.models.plots import contracts, purchases
from tenure.models.summary import summary

pyplot = pytest.importorskip("matplotlib.pyplot", reason="the extra `plots` is not installed")
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]


@pytest.fixture(autouse=True)
def pictures_are_closed():
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def orders() -> pa.Table:
    return cdnow().rename_columns({"sample_id": "customer_id"})


@pytest.fixture(scope="module")
def histories(orders) -> pa.Table:
    return summary(orders, as_of="1997-10-01", unit="week")


@pytest.fixture(scope="module")
def holdout() -> np.ndarray:
    table = pyarrow.csv.read_csv(found("cdnow/cdnow_sample_cbs_39wk.csv"))
    return table.sort_by("sample_id").column("x_star").to_numpy()


@pytest.fixture(scope="module")
def model(histories) -> BetaGeo:
    return BetaGeo().fit(histories)


@pytest.fixture(scope="module")
def contract() -> ShiftedBetaGeometric:
    return ShiftedBetaGeometric().fit(REGULAR[:8])


def test_the_matrix_holds_what_the_model_says(model, histories):
    rows = purchases.frequency_recency(model, histories, t=39, unit="week").table().to_dicts()
    names = list(rows[0])
    assert names[2] == "purchases expected in the next 39 weeks"
    for row in (rows[0], rows[20], rows[-1]):
        x, recency, said = row.values()
        history = {"frequency": [x], "recency": [recency], "T": [max(histories.column("T").to_pylist())]}
        assert said == pytest.approx(float(model.expected_purchases(39, history)[0]))
    assert {row[names[0]] for row in rows if row[names[1]] == 0} == {0.0}


def test_the_matrix_of_p_alive_is_a_share_and_rises_with_lateness(model):
    matrix = purchases.p_alive(model, T=38.0, max_frequency=10, unit="week").matrix
    known = matrix.values[:, 1:][1:]
    assert ((known >= 0) & (known <= 1)).all() and (np.diff(known, axis=0) > 0).all()


def test_the_holdout_is_laid_out_by_purchases_before(model, histories, holdout):
    chart = purchases.calibration(model, histories, holdout, t=39, unit="week")
    assert chart.ticks == ("0", "1", "2", "3", "4", "5", "6", "7+")
    seen, said = (series.y for series in chart.series)
    frequency = histories.column("frequency").to_numpy()
    assert seen[0] == pytest.approx(holdout[frequency == 0].mean())
    # Fader, Hardie & Lee 2005, figure 4: close in every group, never above by much.
    assert np.abs(said - seen).max() < 0.45 and np.corrcoef(seen, said)[0, 1] > 0.99


def test_the_tracking_curve_ends_where_the_paper_says(model, orders):
    chart = purchases.tracking(model, orders, unit="week", at="date", fitted_until=39)
    seen, said = (series.y for series in chart.series)
    assert chart.table().to_dicts()[39]["seen"] == seen[39]
    assert said[77] / seen[77] - 1 == pytest.approx(0, abs=0.05)
    weekly = purchases.tracking(model, orders, unit="week", at="date", cumulative=False)
    assert weekly.series[0].y.sum() == seen[-1] and weekly.series[1].y.sum() == pytest.approx(said[-1])


def test_the_first_purchases_are_no_repeats(model):
    log = {"customer_id": [1, 1, 1, 2], "ordered_at": np.array(["2020-01-01", "2020-01-01", "2020-01-15", "2020-01-08"],
                                                               dtype="datetime64[s]")}  # fmt: skip
    assert list(purchases.tracking(model, log, unit="week").series[0].y) == [0, 0, 1]


def test_densities_have_the_mean_that_they_mark(model, histories):
    dropped = purchases.dropout(model)
    a, b = model.params_["a"], model.params_["b"]
    assert dropped.split == pytest.approx(a / (a + b))
    assert purchases.purchase_rates(model).split == pytest.approx(model.params_["r"] / model.params_["alpha"])
    regular = CondensedBetaGeo(k=2).fit(histories)
    assert purchases.purchase_rates(regular).split == pytest.approx(regular.params_["r"] / regular.params_["alpha"] / 2)
    pareto = ParetoNBD().fit(histories)
    assert purchases.dropout(pareto).split == pytest.approx(pareto.params_["s"] / pareto.params_["beta"])


def test_survival_is_laid_beside_what_was_seen(contract):
    rows = contracts.survival(contract, REGULAR, fitted_until=7, unit="year").table().to_dicts()
    assert [row["seen"] for row in rows] == pytest.approx([count / 1000 for count in REGULAR])
    assert rows[12]["expected"] == pytest.approx(0.170, abs=0.0005)
    several = contracts.retention(contract, [REGULAR[:5], REGULAR[:3]])
    assert several.series[0].y[0] == pytest.approx(0.631)


def test_every_picture_has_words_on_its_axes(model, contract, histories, holdout, orders):
    drawn = [
        model.plot_frequency_recency(histories, t=39, unit="week"), model.plot_p_alive(histories, unit="week"),
        model.plot_calibration(histories, holdout, t=39), model.plot_purchase_rates(), model.plot_dropout(),
        model.plot_tracking(orders, unit="week", at="date", fitted_until=39), contract.plot_survival(REGULAR),
        contract.plot_retention(REGULAR), contract.plot_leaving(), contract.plot_survival(until=5),
        BetaDiscreteWeibull().fit(REGULAR).plot_survival(REGULAR, fitted_until=12, unit="year"),
    ]  # fmt: skip
    for ax in drawn:
        ax.figure.canvas.draw()
        assert ax.get_xlabel() and ax.get_ylabel() and ax.get_title(loc="left")
    assert "weeks" in drawn[0].get_ylabel() and drawn[-1].get_xlabel() == "years since the start"


def test_a_picture_may_be_drawn_into_axes_that_are_there(contract):
    ax = pyplot.subplots()[1]
    assert contract.plot_survival(REGULAR, ax=ax) is ax and len(ax.lines) == 2


def test_without_matplotlib_a_sentence_says_what_to_install(contract, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(TenureError, match=r"pip install 'tenure\[plots\]'"):
        contract.plot_survival(REGULAR)
    assert len(contracts.survival(contract, REGULAR).table().rows) == 13


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda m, h: purchases.p_alive(m), "no edges"),
        (lambda m, h: purchases.p_alive(m, T=0.0, max_frequency=3), "nobody has bought again"),
        (lambda m, h: purchases.calibration(m, h, [1, 2], t=3), "customers before and 2 after"),
        (lambda m, h: purchases.calibration(m, h, {"x": [1]}, t=3), "`purchases` is missing"),
        (lambda m, h: purchases.tracking(m, {"customer_id": [1]}), "`ordered_at` is missing"),
        (lambda m, h: purchases.tracking(m, {"customer_id": [1], "ordered_at": ["once"]}), "holds no dates"),
        (
            lambda m, h: purchases.tracking(m, {"customer_id": [1], "ordered_at": ["2020-01-01"]}, unit="moon"),
            "no unit",
        ),
        (lambda m, h: purchases.tracking(m, {"customer_id": [1], "ordered_at": [None]}), "missing values"),
        (lambda m, h: ShiftedBetaGeometric().plot_survival(), "Call `fit` first"),
        (lambda m, h: BetaGeo().plot_dropout(), "Call `fit` first"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(model, histories, draw, sentence):
    with pytest.raises(TenureError, match=f"(?i){sentence}"):
        draw(model, histories)


def test_a_notebook_shows_a_fitted_model_as_its_summary(contract):
    shown = contract._repr_html_()
    assert "<caption>ShiftedBetaGeometric, log-likelihood -1680.27" in shown and "<td>alpha</td>" in shown
    assert ShiftedBetaGeometric()._repr_html_() == "<pre>&lt;ShiftedBetaGeometric(), not fitted&gt;</pre>"
