"""The hazard of running contracts: known coefficients, contracts seen late or still running, and separation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.domain.errors import TenureError
from tenure.models.hazard import Hazard, person_periods

TRUE = {"plan = light": 0.7, "unused": 0.08, "auto": -1.0}


def contracts(count: int, seed: int, *, entry: bool = True) -> dict[str, np.ndarray]:
    """Simulated periods: age lowers the hazard, `unused` changes each period, some are seen late, some go on."""
    rng = np.random.default_rng(seed)
    light, auto = rng.random(count) < 0.3, rng.integers(0, 2, count)
    first = rng.integers(0, 5, count) if entry else np.zeros(count, dtype=int)
    last = rng.integers(6, 16, count)
    running, parts = np.ones(count, dtype=bool), []
    for age in range(16):
        unused = rng.exponential(10, count)
        odds = np.exp(-2.5 - 0.1 * age + 0.7 * light + 0.08 * unused - auto)
        ended = rng.random(count) < odds / (1 + odds)
        seen = running & (age >= first) & (age < last)
        parts.append(
            [np.flatnonzero(seen), np.full(seen.sum(), age), ended[seen], light[seen], unused[seen], auto[seen]]
        )
        running &= ~ended
    contract, age, end, is_light, idle, renews = (np.concatenate(column) for column in zip(*parts, strict=True))
    return {
        "contract": contract, "age": age, "ended": end, "plan": np.where(is_light, "light", "team"),
        "unused": idle, "auto": renews,
    }  # fmt: skip


@pytest.fixture(scope="module")
def fitted():
    return Hazard().fit(contracts(8000, 1))


def test_known_coefficients_come_back_within_their_standard_errors(fitted):
    for name, true in TRUE.items():
        assert abs(fitted.coefficients_[name] - true) < 3 * fitted.standard_errors_[name], name
        assert fitted.standard_errors_[name] < abs(true) / 8
    assert not fitted.doubtful_


def test_contracts_seen_late_do_not_bend_the_ages(fitted):
    from_the_start = Hazard().fit(contracts(8000, 2, entry=False))
    assert fitted.levels_[:10] == pytest.approx(from_the_start.levels_[:10], abs=0.4)
    slope = np.polyfit(fitted.ages_, fitted.levels_, 1)[0]
    assert slope == pytest.approx(-0.1, abs=0.025)


def test_the_standard_errors_are_those_of_repeated_samples():
    fits = [Hazard().fit(contracts(400, seed)) for seed in range(10, 60)]
    for name in TRUE:
        spread = np.std([m.coefficients_[name] for m in fits])
        assert np.median([m.standard_errors_[name] for m in fits]) == pytest.approx(spread, rel=0.3)


def test_survival_is_the_product_of_what_the_hazard_leaves(fitted):
    row = {"age": [2.0, 9.0], "plan": ["light", "team"], "unused": [3.0, 40.0], "auto": [1.0, 0.0]}
    survival = fitted.survival(row, [0, 1, 2, 3])
    assert survival.shape == (2, 4) and (survival[:, 0] == 1).all()
    first, second = fitted.hazard(row), fitted.hazard({**row, "age": [3.0, 10.0]})
    assert survival[:, 1] == pytest.approx(1 - first)
    assert survival[:, 2] == pytest.approx((1 - first) * (1 - second))
    assert fitted.survival(row, 3) == pytest.approx(survival[:, 3])


def test_what_is_said_is_what_is_seen(fitted):
    later = contracts(8000, 3)
    said, ended = fitted.hazard(later), later["ended"]
    for low, high in ((0, 0.05), (0.05, 0.15), (0.15, 1)):
        chosen = (said >= low) & (said < high)
        assert ended[chosen].mean() == pytest.approx(said[chosen].mean(), abs=0.015)


def test_a_column_that_foretells_every_end_stays_finite_and_is_flagged():
    rng = np.random.default_rng(0)
    ended = np.repeat([1.0, 0.0], 200)
    rows = {"age": np.zeros(400), "ended": ended, "cancelled": ended, "noise": rng.normal(size=400)}
    m = Hazard().fit(rows)
    assert 3 < m.coefficients_["cancelled"] < 20 and np.isfinite(np.asarray(m.standard_errors_)).all()
    assert "cancelled" in m.doubtful_ and "the penalty sets the size" in repr(m.summary())
    assert (m.hazard(rows)[:200] > 0.9).all() and (m.hazard(rows)[200:] < 0.1).all()


def test_a_column_that_never_changes_and_a_doubled_one_do_no_harm():
    rows = contracts(1000, 4)
    m = Hazard().fit({**rows, "same": np.ones(len(rows["age"])), "again": rows["unused"]})
    assert m.coefficients_["same"] == 0 and "same" in m.doubtful_
    assert m.coefficients_["again"] == pytest.approx(m.coefficients_["unused"], rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.floats(-1e6, 1e6)), min_size=2, max_size=30))
def test_whatever_the_rows_the_answer_is_a_chance_or_a_sentence(rows):
    age, ended, x = zip(*rows, strict=True)
    frame = {"age": list(age), "ended": list(ended), "x": list(x)}
    try:
        m = Hazard(ends_per_step=1).fit(frame)
    except TenureError:
        return
    assert ((m.hazard(frame) >= 0) & (m.hazard(frame) <= 1)).all()
    assert (np.diff(m.survival(frame, [0, 1, 5])) <= 0).all()


def test_a_weight_counts_as_so_many_rows():
    rows = contracts(300, 6)
    doubled = {name: np.concatenate([column, column]) for name, column in rows.items()}
    weighted = Hazard().fit({**rows, "weight": np.full(len(rows["age"]), 2.0)})
    assert dict(weighted.coefficients_) == pytest.approx(dict(Hazard().fit(doubled).coefficients_), rel=1e-6)


def test_contracts_are_laid_out_by_period():
    table = person_periods({"age": [3, 2, 4], "ended": [1, 0, 1], "entered": [0, 0, 3], "plan": ["a", "b", "c"]})
    assert table.to_pydict() == {
        "age": [0, 1, 2, 0, 1, 3], "ended": [0, 0, 1, 0, 0, 1], "plan": ["a", "a", "a", "b", "b", "c"],
    }  # fmt: skip
    with pytest.raises(TenureError, match="before `entered`"):
        person_periods({"age": [1], "ended": [0], "entered": [2]})


def test_a_word_never_seen_before_counts_as_the_average(fitted):
    row = {"age": [2.0], "unused": [3.0], "auto": [1.0]}
    known = [float(fitted.hazard({**row, "plan": [plan]})[0]) for plan in ("team", "light")]
    assert known[0] < float(fitted.hazard({**row, "plan": ["new"]})[0]) < known[1]


def test_the_summary_reads_as_sentences(fitted):
    meanings = {row["column"]: row["meaning"] for row in fitted.summary().to_dicts()}
    assert meanings["unused"].startswith("one more multiplies the odds of ending by 1.0")
    assert meanings["plan = light"].endswith("times those of plan = team")
    assert meanings["auto"].startswith("where it is so, the odds of ending are 0.3")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ended": [0, 0, 0]}, "no contract has ended"), ({"ended": [1, 1, 1]}, "every row is an end"),
        ({"ended": [0, 2, 1]}, "other values than 0 and 1"), ({"age": None}, "`age` is missing"),
        ({"x": [1.0, None, 2.0]}, "missing or infinite"), ({"weight": [1, -1, 1]}, "weight is negative"),
        ({"x": ["a", None, "b"]}, "missing or infinite"), ({"x": [[1], [2], [3]]}, "neither numbers nor words"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_from_is_refused_in_a_sentence(change, sentence):
    import pyarrow as pa

    frame = {"age": [0, 1, 2], "ended": [0, 1, 0], "x": [1.0, 2.0, 3.0], **change}
    with pytest.raises(TenureError, match=f"(?i){sentence}"):
        Hazard().fit(pa.table({name: values for name, values in frame.items() if values is not None}))


def test_a_saved_model_says_the_same(fitted, tmp_path):
    rows = contracts(50, 9)
    fitted.save(tmp_path / "m.json")
    again = Hazard.load(tmp_path / "m.json")
    assert (again.survival(rows, 4) == fitted.survival(rows, 4)).all() and again.doubtful_ == fitted.doubtful_
    with pytest.raises(TenureError, match="held words before"):
        again.hazard({**rows, "plan": rows["age"]})
    with pytest.raises(TenureError, match="not a whole number"):
        again.survival(rows, 0.5)
    with pytest.raises(TenureError, match="Call `fit` first"):
        Hazard().hazard(rows)
