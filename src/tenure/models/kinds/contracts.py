"""The chance that a running contract ends without renewal in 90 days, and why; nothing for customers without one.

Training looks at the contracts that were running 90, 180, 270 … days ago: what was known then, and whether their
customers were still under contract 90 days later. Who renewed, or took another contract in time, has stayed. The last
of these spans is held out for the check; the naive rule is the rate of each plan in the earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.business import Business
from tenure.domain.moments import AsOf, from_micros
from tenure.models import metrics
from tenure.models.cards import Card, Score
from tenure.models.hazard import Hazard
from tenure.models.kinds.contract import Batch, State, Trained
from tenure.models.running import COLUMNS, HORIZON_DAYS, Running, reasons, running
from tenure.ports import Past

if TYPE_CHECKING:
    import pyarrow as pa

RELATIONS = ("contract",)
FILLS = ("churn_90d", "churn_reasons")
AFTER = ("churn",)  # whose answer for customers under contract is replaced
DUE_DAYS = 28

_FEWEST = 50  # contracts; below this a rate has an error as large as itself
_FEWEST_ENDS = 10
_SPANS = 8  # two years back: contracts of longer ago were sold by another business
_PLANS, _FEWEST_OF_PLAN = 20, 30

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Span:
    """The contracts that were running at the beginning of 90 days, and which of them had ended at their close."""

    begins: AsOf
    contracts: Running
    ended: Numbers


def train(past: Past, business: Business) -> Trained | None:  # noqa: ARG001 (the protocol decides)
    """Fit as of `past.as_of` and check on the last 90 days; None with fewer than 50 contracts, or ten ends, to see."""
    spans = _spans(past)
    if sum(len(span.contracts) for span in spans) < _FEWEST or sum(s.ended.sum() for s in spans) < _FEWEST_ENDS:
        return None
    state = _fitted(spans)
    if state is None:
        return None
    earlier = _fitted(spans[1:]) if len(spans) > 1 else None
    scores = _scores(earlier, spans) if earlier is not None else ()
    split = from_micros(spans[0].begins.at).isoformat() if scores else ""
    curve = _curve(earlier, spans[0]) if earlier is not None and scores else ()
    card = Card(
        "contracts", from_micros(past.as_of.at).isoformat(), split, sum(len(span.contracts) for span in spans),
        len(spans[0].contracts) if scores else 0, scores, _notes(state, spans), curve,
    )  # fmt: skip
    return Trained(state, card)


def check(state: State, past: Past, business: Business) -> tuple[Score, ...]:  # noqa: ARG001 (the protocol decides)
    """How a fitted state does on the last 90 days."""
    return _scores(state, _spans(past))


def score(state: State, batch: Batch) -> dict[str, pa.Array]:
    """The chance to end within 90 days and up to three reasons, for customers under contract; null for others."""
    import pyarrow as pa

    chances: list[float | None] = [None] * batch.customers.num_rows
    texts: list[list[str] | None] = [None] * batch.customers.num_rows
    contracts = running(batch.customers, batch.relations["contract"], batch.as_of)
    if len(contracts):
        model, frame = Hazard.from_json(state["hazard"]), contracts.frame(state["plans"], state["means"])
        said = zip(contracts.places, model.hazard(frame), reasons(contracts, frame, model), strict=True)
        for place, chance, why in said:
            chances[place], texts[place] = float(chance), why
    return {"churn_90d": pa.array(chances, pa.float64()), "churn_reasons": pa.array(texts, pa.list_(pa.string()))}


def _spans(past: Past) -> list[_Span]:
    """Spans of 90 days before `past.as_of`, the latest first; none where hardly anybody is under contract."""
    found: list[_Span] = []
    after = set(_under_contract(past.relation("contract", past.as_of)))
    for number in range(1, _SPANS + 1):
        begins = past.earlier(number * HORIZON_DAYS)
        contracts = past.relation("contract", begins)
        keys = _under_contract(contracts)
        if len(keys) < _FEWEST:
            break
        then = running(past.profiles(begins), contracts, begins)
        found.append(_Span(begins, then, np.array([float(key not in after) for key in then.keys])))
        after = set(keys)
    return found


def _under_contract(contracts: pa.Table) -> list[int]:
    from pyarrow import compute

    binding = compute.is_in(contracts.column("contract_state"), _binding())
    return [int(key) for key in contracts.filter(binding).column("customer_key").to_pylist()]


def _binding() -> pa.Array:
    import pyarrow as pa

    return pa.array(["running", "trial", "leaving"])


def _fitted(spans: list[_Span]) -> dict[str, Any] | None:
    """What is learned from some spans; None where nobody left, or everybody."""
    ended = np.concatenate([span.ended for span in spans])
    if not 0 < ended.sum() < len(ended):
        return None
    plans = _plans(np.concatenate([span.contracts.columns["plan"] for span in spans]))
    means = {name: _mean(spans, name) for name in ("csat", "nps")}
    frames = [span.contracts.frame(plans, means) for span in spans]
    joined = {name: np.concatenate([frame[name] for frame in frames]) for name in (*COLUMNS, "age")}
    told = [name for name in COLUMNS if (joined[name] != joined[name][0]).any()]
    model = Hazard(covariates=told).fit({**joined, "ended": ended})
    return {"hazard": model.to_json(), "plans": plans, "means": means}


def _plans(seen: NDArray[Any]) -> list[str]:
    names, counts = np.unique(seen.astype(str), return_counts=True)
    often = [i for i in np.argsort(-counts, kind="stable") if counts[i] >= _FEWEST_OF_PLAN]
    return sorted(str(names[i]) for i in often[:_PLANS])


def _mean(spans: list[_Span], name: str) -> float:
    values = np.concatenate([span.contracts.columns[name] for span in spans])
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0


def _scores(state: State | None, spans: list[_Span]) -> tuple[Score, ...]:
    """The figures of a state on the latest span, beside the rate of each plan in the earlier ones."""
    if state is None or len(spans) < 2 or not 0 < spans[0].ended.sum() < len(spans[0].ended):
        return ()
    seen, said, naive = spans[0].ended, _said(state, spans[0]), _by_plan(spans)
    due = np.isin(spans[0].contracts.columns["term"].astype(str), ("lapses", "leaving")).astype(float)
    rule = "the rate of each plan"
    return (
        Score("AUC", metrics.auc(said, seen), metrics.auc(naive, seen), "higher", rule),
        Score("log loss", metrics.log_loss(said, seen), metrics.log_loss(naive, seen), "lower", rule),
        Score("gain in log loss, in standard errors", _certainty(said, naive, seen), 1.0, "higher",
              "what chance gives one time in six"),
        Score("AUC", metrics.auc(said, seen), metrics.auc(due, seen), "higher",
              "ends within 90 days and does not renew by itself", decides=False),
        Score("calibration error", metrics.calibration_error(said, seen), metrics.calibration_error(naive, seen),
              "lower", rule, decides=False),
    )  # fmt: skip


def _certainty(said: Numbers, naive: Numbers, seen: Numbers) -> float:
    """The mean gain in log loss over the naive rule ÷ its standard error: few ends let noise win by a hair."""
    gains = np.log(np.where(seen == 1, said / naive, (1 - said) / (1 - naive)))
    error = float(gains.std()) / np.sqrt(len(gains))
    return float(gains.mean() / error) if error > 0 else 0.0


def _said(state: State, span: _Span) -> Numbers:
    return Hazard.from_json(state["hazard"]).hazard(span.contracts.frame(state["plans"], state["means"]))


def _by_plan(spans: list[_Span]) -> Numbers:
    """The rate of each plan in the earlier spans, drawn to that of all plans by the weight of 20 contracts."""
    plans = np.concatenate([span.contracts.columns["plan"] for span in spans[1:]]).astype(str)
    ended = np.concatenate([span.ended for span in spans[1:]])
    names, places = np.unique(plans, return_inverse=True)
    overall = float(ended.mean())
    rates = (np.bincount(places, ended) + 20 * overall) / (np.bincount(places) + 20)
    by_name = dict(zip(names.tolist(), rates.tolist(), strict=True))
    return np.array([by_name.get(plan, overall) for plan in spans[0].contracts.columns["plan"].astype(str)])


def _curve(state: State, span: _Span) -> tuple[dict[str, float], ...]:
    bins = metrics.calibration(_said(state, span), span.ended)
    return tuple({"said": each.said, "seen": each.seen, "count": float(each.count)} for each in bins)


def _notes(state: State, spans: list[_Span]) -> tuple[str, ...]:
    ended, seen = sum(span.ended.sum() for span in spans), sum(len(span.contracts) for span in spans)
    notes = [f"{int(ended):,} of {seen:,} contracts ended within 90 days, over {len(spans)} spans of 90 days."]
    doubtful = Hazard.from_json(state["hazard"]).doubtful_
    if doubtful:
        notes.append(f"The records hardly tell about {', '.join(doubtful)}: kept small by the penalty.")
    return tuple(notes)
