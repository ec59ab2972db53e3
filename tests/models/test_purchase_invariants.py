"""What must hold of every purchase model whatever the data: an answer or a sentence, never NaN, never a hang."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.models.purchases import cdnow_published, regular_buyers

from tenure.domain.errors import TenureError
from tenure.models import BetaGeo, CondensedBetaGeo, ModifiedBetaGeo, ParetoNBD
from tenure.models.cells import cells, coarse, uncounted
from tenure.models.histories import histories

MODELS = [BetaGeo, ModifiedBetaGeo, ParetoNBD, CondensedBetaGeo]
SOME, LATER = regular_buyers(400, 1, seed=1)
GOOD = {"frequency": [0, 2, 5] * 5, "recency": [0, 10.0, 30.0] * 5, "T": [40.0, 40.0, 35.0] * 5}
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.__name__)
def fitted(request):
    return request.param().fit(SOME)


@st.composite
def any_histories(draw):
    """Mostly odd ones: a single cohort, an outlier, thousands of purchases, everybody alike, hardly any repeat."""
    count = draw(st.integers(10, 25))
    age = draw(st.floats(1, 3_000))
    rows = []
    for _ in range(count):
        own = age if draw(st.booleans()) else age * draw(st.floats(0.2, 1))
        x = draw(st.sampled_from([0, 0, 1, 2, 3, 10, 200, 5_000]))
        rows.append((x, 0.0 if x == 0 else own * draw(st.sampled_from([1e-6, 0.3, 0.99, 1.0])), own))
    x, recency, own = map(np.array, zip(*rows, strict=True))
    return {"frequency": x.astype(float), "recency": recency, "T": own}


@pytest.mark.parametrize("model", MODELS)
@QUICK
@given(frame=any_histories())
def test_any_history_is_answered_finitely_or_refused_in_a_sentence(model, frame):
    try:
        found = model().fit(frame)
    except TenureError as refused:
        assert str(refused)
        return
    t = float(np.median(frame["T"]))
    assert np.isfinite(np.asarray(found.params_)).all()
    assert np.isfinite(found.log_likelihood_)
    alive, active = found.p_alive(frame), found.p_active(t, frame)
    assert ((alive >= 0) & (alive <= 1) & (active >= 0) & (active <= alive + 1e-9)).all()
    expected = found.expected_purchases(t, frame)
    assert (np.isfinite(expected) & (expected >= active - 1e-6)).all()
    for doubt in (False, True):
        drawn = found.sample(frame, t, np.random.default_rng(1), 3, doubt)
        assert drawn.shape == (len(alive), 3)
        assert (drawn >= 0).all()


@QUICK
@given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1), st.floats(0, 400)), min_size=1, max_size=20))
def test_more_time_means_more_purchases_and_never_fewer(rows):
    x = np.array([float(n) for n, *_ in rows])
    age = np.array([age for *_, age in rows]) + 1
    frame = {
        "frequency": x,
        "recency": np.where(x > 0, age * np.array([s for _, s, _ in rows]) * 0.999 + 1e-3, 0),
        "T": age,
    }
    for model in FITTED:
        near, far = (model.expected_purchases(t, frame) for t in (5, 50))
        assert (near <= far).all()
        assert (model.expected_purchases(0, frame) == 0).all()
        assert (model.p_active(5, frame) <= model.p_active(50, frame) + 1e-12).all()
        later = {**frame, "T": age + 10}
        assert (model.p_alive(later) <= model.p_alive(frame) + 1e-9).all() or isinstance(model, CondensedBetaGeo)


FITTED = [model().fit(SOME) for model in MODELS]


def test_the_gradient_is_that_of_the_likelihood(fitted):
    found = cells(histories(SOME))
    kernel, values = fitted._kernel(), np.asarray(fitted.params_)
    for point in (values, values * [3, 0.3, 2, 0.5], values * [0.2, 5, 0.4, 8]):
        _, gradient = kernel.likelihood(point, found)
        for i in range(4):
            step = np.zeros(4)
            step[i] = 1e-6 * point[i]
            ahead, behind = (kernel.likelihood(point + sign * step, found)[0] for sign in (1, -1))
            assert np.allclose((ahead - behind) / (2 * step[i]), gradient[i], rtol=1e-4, atol=1e-5), i


def test_expectation_distribution_and_draws_agree(fitted):
    few = {name: values[:150] for name, values in SOME.items()}
    expected = fitted.expected_purchases(4, few)
    chances = np.array([fitted.probability_of_n_purchases(n, 4, few) for n in range(120)])
    assert np.allclose(chances.sum(axis=0), 1, atol=1e-6)
    assert np.allclose(np.arange(120) @ chances, expected, rtol=1e-4, atol=1e-6)
    assert np.allclose(1 - chances[0], fitted.p_active(4, few), atol=1e-8)
    drawn = fitted.sample(few, 4, np.random.default_rng(3), 2_000)
    spread = np.sqrt(np.maximum(np.arange(120) ** 2 @ chances - expected**2, 0))
    assert (np.abs(drawn.mean(axis=1) - expected) <= 6 * spread / np.sqrt(2_000) + 2e-3).all()
    for n in (0, 1, 2):
        assert np.allclose((drawn == n).mean(axis=1), chances[n], atol=0.06)


def test_a_customers_answer_does_not_depend_on_the_company(fitted):
    together_, alone = (fitted.expected_purchases([9.0] * n, {k: v[:n] for k, v in SOME.items()}) for n in (300, 1))
    assert together_[0] == pytest.approx(alone[0], rel=1e-13)
    assert np.allclose(fitted.expected_purchases(9.0, SOME)[:300], together_, rtol=1e-13)
    assert np.allclose(fitted.p_active([9.0] * 400, SOME), fitted.p_active(9.0, SOME), rtol=1e-12)


def test_weights_stand_for_customers(fitted):
    found = cells(histories(SOME)).histories
    grouped = {"frequency": found.x, "recency": found.recency, "T": found.age, "weight": found.weight}
    if found.log_gaps is not None:
        grouped["log_gaps"] = found.log_gaps
    again = type(fitted)().fit(grouped)
    assert again.log_likelihood_ == pytest.approx(fitted.log_likelihood_, rel=1e-9)
    assert again.customers_ == len(SOME["T"])


def test_the_unit_of_time_changes_lengths_alone(fitted):
    shift = np.log(7) * SOME["frequency"]
    in_days = {**SOME, "recency": SOME["recency"] * 7, "T": SOME["T"] * 7, "log_gaps": SOME["log_gaps"] + shift}
    again = type(fitted)().fit(in_days)
    ratio = np.asarray(again.params_) / np.asarray(fitted.params_)
    lengths = [7.0 if parameter.is_time else 1.0 for parameter in fitted.PARAMETERS]
    assert np.allclose(ratio, lengths, rtol=1e-3)
    assert np.allclose(again.expected_purchases(70, in_days), fitted.expected_purchases(10, SOME), rtol=1e-3)
    assert again.log_likelihood_ == pytest.approx(fitted.log_likelihood_ - shift.sum(), abs=1e-3)


def test_doubt_in_the_parameters_widens_totals(fitted):
    sure, doubtful = (
        fitted.sample(SOME, 26, np.random.default_rng(4), 640, doubt).sum(axis=0) for doubt in (False, True)
    )
    assert doubtful.std() > sure.std()
    assert doubtful.mean() == pytest.approx(sure.mean(), rel=0.15)
    assert (
        fitted.sample(SOME, 26, np.random.default_rng(4), 5) == fitted.sample(SOME, 26, np.random.default_rng(4), 5)
    ).all()


def test_discounting_ends_at_the_horizon_and_costs_what_it_should(fitted):
    few = {name: values[:60] for name, values in SOME.items()}
    without = fitted.expected_purchases(26, few)
    assert np.allclose(fitted.discounted_transactions(1e-9, few, horizon=26), without, rtol=1e-5)
    half, whole = (fitted.discounted_transactions(0.05, few, horizon=h) for h in (26, None))
    assert ((half < without) & (half < whole)).all()
    grid = np.linspace(0, 26, 2_001)
    by_hand = np.array([fitted.expected_purchases(t, few) for t in grid[::40]])
    summed = (np.diff(by_hand, axis=0) * np.exp(-0.05 * (grid[::40][1:] + grid[::40][:-1]) / 2)[:, None]).sum(axis=0)
    assert np.allclose(half, summed, rtol=1e-3)
    assert np.isfinite(fitted.discounted_transactions(0.05))


def test_tracking_adds_up_new_customers(fitted):
    tracked = fitted.expected_cumulative([0, 10, 20], [0, 0, 5, 50])
    new = fitted.expected_purchases([5, 10, 15, 20])
    assert np.allclose(tracked, [0, 2 * new[1] + new[0], 2 * new[3] + new[2]])
    assert np.allclose(fitted.expected_cumulative([0, 10, 20], [0, 5, 50], [2, 1, 1]), tracked)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"frequency": [-1] * 15}, "negative `frequency`"),
        ({"frequency": [1.5] * 15}, "no whole number"),
        ({"recency": [-3.0] * 15}, "negative `recency`"),
        ({"recency": [50.0] * 15}, "beyond T"),
        ({"frequency": [0] * 15}, "without any repeat"),
        ({"frequency": [0] * 15, "recency": [0] * 15}, "nobody has bought twice"),
        ({"frequency": [1] * 15, "recency": [0.0] * 15}, "repeats at age 0"),
        ({"T": [float("nan")] * 15}, "missing or infinite"),
        ({"T": [float("inf")] * 15}, "missing or infinite"),
        ({"T": ["old"] * 15}, "does not hold numbers"),
        ({"weight": [-1.0] * 15}, "negative `weight`"),
        ({"weight": [0.1] * 15}, "too few"),
        ({"recency": [0, 1e6, 1e6] * 5, "T": [1e6] * 15}, "no plausible age"),
        ({"recency": [0, 0.1, 0.1] * 5, "T": [0.2] * 15}, "no plausible age"),
    ],
)
@pytest.mark.parametrize("model", MODELS)
def test_bad_histories_are_refused_in_a_sentence(model, change, said):
    with pytest.raises(TenureError) as refused:
        model().fit({**GOOD, **change})
    assert said.lower() in str(refused.value).lower()


def test_other_mistakes_are_refused_too(fitted):
    for asked in (
        lambda: fitted.fit({"frequency": [1], "recency": [2.0], "T": [3.0]}),
        lambda: fitted.fit({"recency": [2.0], "T": [3.0]}),
        lambda: fitted.expected_purchases(-1, SOME),
        lambda: fitted.expected_purchases([1, 2], SOME),
        lambda: fitted.expected_purchases("soon", SOME),
        lambda: fitted.probability_of_n_purchases(-1, 5),
        lambda: fitted.discounted_transactions(0, SOME),
        lambda: fitted.discounted_transactions(0.1, SOME, horizon=-1),
        lambda: type(fitted)().p_alive(SOME),
        lambda: type(fitted)().summary(),
    ):
        with pytest.raises(TenureError):
            asked()


def test_the_customers_alone_may_be_none_but_not_for_learning(fitted):
    nobody = pa.table({name: pa.array([], pa.float64()) for name in ("frequency", "recency", "T")})
    assert len(fitted.p_alive(nobody)) == len(fitted.expected_purchases(3, nobody)) == 0
    with pytest.raises(TenureError, match="0 customers are too few"):
        type(fitted)().fit(nobody)


@QUICK
@given(frame=any_histories())
def test_cells_lose_nobody(frame):
    found = histories(frame)
    for distinct in (cells(found), uncounted(found)):
        again = distinct.histories
        assert (again.x[distinct.row] == found.x).all()
        assert (again.recency[distinct.row] == found.recency).all()
        assert (again.age[distinct.row] == found.age).all()
        assert distinct.weight.sum() == len(found)
    rough = coarse(cells(found)).histories
    assert rough.weight.sum() == len(found)
    assert rough.weight @ rough.x == pytest.approx(found.x.sum())
    assert rough.weight @ rough.age == pytest.approx(found.age.sum())
    assert (rough.recency <= rough.age).all()
    assert ((rough.recency > 0) == (rough.x > 0)).all()


def test_cdnow_is_the_same_from_any_frame():
    table = cdnow_published().summary
    models = [BetaGeo().fit(frame) for frame in (table, table.to_pandas(), table.to_pydict())]
    assert models[0].to_json() == models[1].to_json() == models[2].to_json()
