"""What is known of each running contract at a moment, as columns to learn from, and the same in words.

In come customers (profile columns) and their contracts (the feature relation `contract`) as of one moment; out goes one
row per contract that is running, each column without gaps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.models.hazard import Hazard
from tenure.models.kinds.contract import plain

if TYPE_CHECKING:
    import pyarrow as pa

HORIZON_DAYS = 90
COLUMNS = (
    "plan", "term", "trial", "never_used", "idle", "used", "habit", "trend", "tickets", "complained", "csat", "nps",
)  # fmt: skip

_RUNNING = ("running", "trial", "leaving")
_OLDEST = 40  # periods of 90 days; whatever runs for ten years runs alike
_TOPICS = {
    "use": ("never_used", "idle", "used", "habit", "trend"), "term": ("term",), "trial": ("trial",),
    "tickets": ("tickets",),
    "complaint": ("complained",), "csat": ("csat",), "nps": ("nps",), "plan": ("plan",),
}  # fmt: skip
_WORTH_SAYING = 0.15  # of log-odds: below this a reason moves the chance by less than a sixth of itself


@dataclass(frozen=True, slots=True)
class Running:
    """The running contracts among some customers.

    Attributes:
        places: the row of each contract's customer.
        keys: the customer's key.
        columns: `COLUMNS` and `age` (whole 90 days since it began), by name.
        facts: what sentences quote: `days_to_end`, `days_idle`, `tickets_open`, … (NaN where unknown).
    """

    places: NDArray[np.int64]
    keys: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]
    facts: Mapping[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.places)

    def frame(self, plans: Sequence[str], means: Mapping[str, float]) -> dict[str, NDArray[Any]]:
        """The columns as a model reads them: rare plans as one, and what was never asked as the average answer."""
        filled = {
            name: np.where(np.isnan(values), means.get(name, 0.0), values)
            for name, values in self.columns.items()
            if values.dtype != object
        }
        plan = self.columns["plan"].astype(str)
        named = np.where(np.isin(plan, list(plans)), plan, "other plans").astype(object)
        return {**filled, "plan": named, "term": self.columns["term"]}


def running(customers: pa.Table, contracts: pa.Table, as_of: AsOf) -> Running:
    """The contracts that bind somebody at a moment.

    Args:
        customers: profiles with `customer_key`, ordered by it.
        contracts: the relation `contract` of the same customers, canonical form.
    """
    state = plain(contracts, "contract_state")
    chosen = np.flatnonzero(np.isin(state.astype(str), _RUNNING))
    contract = {name: plain(contracts, name)[chosen] for name in contracts.column_names}
    keys = contract["customer_key"].astype(np.int64)
    places = np.searchsorted(plain(customers, "customer_key"), keys)
    known = {name: plain(customers, name)[places] for name in (
        "events_30d", "events_90d", "engagement_trend", "tickets_open", "last_complaint_at", "csat_last", "nps_last"
    )}  # fmt: skip

    def days(moments: NDArray[np.float64]) -> NDArray[np.float64]:
        return (as_of.at - moments) / MICROS_PER_DAY

    running_days = days(contract["started_at"])
    idle = days(np.where(np.isnan(contract["last_used_at"]), contract["started_at"], contract["last_used_at"]))
    to_end, to_trial = -days(contract["contract_ends_at"]), -days(contract["trial_ends_at"])
    complained = days(known["last_complaint_at"])
    columns = {
        "plan": contract["plan"],
        "term": _terms(contract["contract_state"], contract["auto_renew"], to_end),
        "trial": (contract["contract_state"] == "trial").astype(float),
        "never_used": np.isnan(contract["last_used_at"]).astype(float), "idle": np.log1p(np.maximum(idle, 0)),
        "used": np.log1p(np.nan_to_num(known["events_30d"])),
        "habit": np.log1p(30 * np.nan_to_num(known["events_90d"]) / np.clip(running_days, 30, 90)),
        "trend": np.nan_to_num(known["engagement_trend"]),
        "tickets": np.log1p(np.nan_to_num(known["tickets_open"])),
        "complained": np.where(complained <= HORIZON_DAYS, 1.0, 0.0),
        "csat": known["csat_last"], "nps": known["nps_last"],
        "age": np.clip(np.floor(running_days / HORIZON_DAYS), 0, _OLDEST),
    }  # fmt: skip
    facts = {
        "days_to_end": to_end, "days_idle": idle, "days_trial": to_trial, "days_complaint": complained, **known
    }  # fmt: skip
    return Running(places, keys, columns, facts)


def reasons(contracts: Running, frame: Mapping[str, NDArray[Any]], model: Hazard, most: int = 3) -> list[list[str]]:
    """Why each contract is likelier to end than the average one, in sentences, most important first.

    What works against common sense (a low chance for the unhappy, say) is left to the chance and not said.
    """
    parts = model.contributions(frame)
    columns = np.array([each.column for each in model.columns_])
    means = {each.column: each.mean for each in model.columns_}
    moves = {name: parts[:, columns == name].sum(axis=1) for name in COLUMNS}
    weights = {topic: np.sum([moves[name] for name in names], axis=0) for topic, names in _TOPICS.items()}
    found: list[list[str]] = []
    for row in range(len(contracts)):
        heavy = [topic for topic in _TOPICS if weights[topic][row] > _WORTH_SAYING]
        said: list[str] = []
        for topic in sorted(heavy, key=lambda topic, at=row: -weights[topic][at]):  # type: ignore[misc]
            strongest = sorted(_TOPICS[topic], key=lambda name, at=row: -moves[name][at])  # type: ignore[misc]
            texts = (_sentence(name, row, contracts, means) for name in strongest if moves[name][row] > 0)
            said += [text for text in texts if text][:1]
        found.append(said[:most])
    return found


def _terms(state: NDArray[Any], auto_renew: NDArray[np.float64], to_end: NDArray[np.float64]) -> NDArray[Any]:
    """How the contract may end within 90 days: not at all, when it lapses, when it is to be renewed, or at any time."""
    soon = to_end <= HORIZON_DAYS
    renews = auto_renew == 1
    kinds = [np.isnan(to_end), ~soon, state == "leaving", renews]
    return np.select(kinds, ["open", "bound", "leaving", "renews"], "lapses").astype(object)


def _sentence(column: str, row: int, contracts: Running, means: Mapping[str, float]) -> str:
    """What a column says of a contract in words; empty where that is no reason to leave."""
    value, mean = contracts.columns[column][row], means.get(column, 0.0)
    fact = {name: float(values[row]) for name, values in contracts.facts.items()}
    match column:
        case "term":
            return _of_term(str(value), fact["days_to_end"])
        case "plan":
            return f"Contracts of the plan {value} end more often."
        case "trial" if value and not np.isnan(fact["days_trial"]):
            return f"The trial ends in {_days(fact['days_trial'])}."
        case "tickets" if fact["tickets_open"] >= 1:
            count = int(fact["tickets_open"])
            return "A ticket is open." if count == 1 else f"{count} tickets are open."
        case "complained" if value:
            return f"Complained {_days(fact['days_complaint'])} ago."
        case "csat" if value < mean:
            return f"The latest satisfaction score was {value:g}."
        case "nps" if value < mean:
            return f"Would recommend us with {value:g} of 10."
    return _of_use(column, float(value) < mean, fact) if column in _TOPICS["use"] else ""


def _of_term(term: str, days_to_end: float) -> str:
    match term:
        case "leaving":
            return f"Has cancelled: the contract ends in {_days(days_to_end)}."
        case "lapses":
            return f"The contract ends in {_days(days_to_end)} and does not renew by itself."
        case "renews":
            return f"The contract comes up for renewal in {_days(days_to_end)}."
        case "open":
            return "The contract can end at any time."
    return ""


def _of_use(column: str, is_below: bool, fact: Mapping[str, float]) -> str:
    match column:
        case "never_used" if not is_below:
            return f"Has not used it in the {_days(fact['days_idle'])} since it began."
        case "idle" if not is_below and fact["days_idle"] >= 1:
            return f"Has not used it for {_days(fact['days_idle'])}."
        case "trend" if fact["engagement_trend"] < -0.1:
            trend = fact["engagement_trend"]
            return f"Uses it {1 - (1 + trend) / (1 - trend):.0%} less than a month ago."
        case "used" if is_below:
            return _times(fact["events_30d"], 30)
        case "habit" if is_below:
            return _times(fact["events_90d"], 90)
    return ""


def _times(events: float, days: int) -> str:
    count = int(np.nan_to_num(events))
    if not count:
        return f"Has not used it in the last {days} days."
    return f"Used it {'once' if count == 1 else f'{count} times'} in the last {days} days, less than most."


def _days(days: float) -> str:
    whole = max(int(days), 0)
    return "a day" if whole == 1 else f"{whole} days"
