"""Who may be written to at all: the rules in their order, and for each customer the first that says no.

Candidates come in as columns (`warehouse/candidates.py`), rule numbers go out, the same way for a million customers and
for the one that `tenure explain` is asked about. Every rule holds for marketing. Service messages (what somebody needs
because of what they did: a renewal notice, a receipt) are not advertising: they pass the global holdout, the silence
after a complaint, the contact cap, the control group, and need no gain. They do keep their own occasion, need an
address and no refusal of service messages, and keep whatever silence their own campaign file asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenure.domain.business import ContactRules
from tenure.domain.campaign import Campaign
from tenure.domain.decision import RULES, Rule
from tenure.domain.moments import MICROS_PER_DAY, AsOf

if TYPE_CHECKING:
    import pyarrow as pa

Codes = NDArray[np.int8]
NAMES: tuple[Rule, ...] = tuple(RULES)
CODE: dict[Rule, int] = {rule: code for code, rule in enumerate(NAMES)}
NONE = -1  # no rule says no
NEVER = np.iinfo(np.int64).min  # the moment of what never happened


def judge(rows: pa.Table, campaign: Campaign, contact: ContactRules, as_of: AsOf) -> Codes:
    """The number in `NAMES` of the first rule that says no to each candidate, or `NONE`.

    Args:
        rows: the columns of `warehouse/candidates.py`.
        campaign: whose candidates they are.
        contact: the business's rules for all campaigns.
        as_of: the moment of the decision.

    Judges everything up to the contact cap; worth, choice and control follow in `choose`.
    """
    verdict = _early(rows)
    for rule, refused in _tests(rows, campaign, contact, as_of):
        verdict[(verdict == NONE) & refused] = CODE[rule]
    return verdict


def counted(verdict: Codes) -> dict[Rule, int]:
    """How many candidates each rule refused."""
    codes, counts = np.unique(verdict[verdict != NONE], return_counts=True)
    return {NAMES[int(code)]: int(count) for code, count in zip(codes, counts, strict=True)}


def moments(rows: pa.Table, name: str) -> NDArray[np.int64]:
    """A column of moments in microseconds, `NEVER` where there is none."""
    filled: NDArray[np.int64] = rows[name].fill_null(NEVER).to_numpy().astype(np.int64, copy=False)
    return filled


def flags(rows: pa.Table, name: str) -> NDArray[np.bool_]:
    """A column of truth values, False where it is not known."""
    filled: NDArray[np.bool_] = np.asarray(rows[name].fill_null(False).to_numpy(zero_copy_only=False), dtype=np.bool_)
    return filled


def numbers(rows: pa.Table, name: str, missing: float = float("nan")) -> NDArray[np.float64]:
    """A column of numbers as doubles, `missing` where it is not known."""
    doubles = rows[name].cast("float64").fill_null(missing)
    filled: NDArray[np.float64] = doubles.to_numpy()
    return filled


def _early(rows: pa.Table) -> Codes:
    """What the engine said already, so that it need not hand over everybody."""
    said = np.full(rows.num_rows, NONE, dtype=np.int8)
    early = rows["early"]
    if early.null_count < rows.num_rows:
        words = np.asarray(early.fill_null("").to_pylist())
        for rule in ("stage", "audience", "occasion"):
            said[words == rule] = CODE[rule]
    return said


def _tests(
    rows: pa.Table, campaign: Campaign, contact: ContactRules, as_of: AsOf
) -> list[tuple[Rule, NDArray[np.bool_]]]:
    unreachable = np.asarray(rows["channel"].is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)
    quiet = np.zeros(rows.num_rows, dtype=np.bool_)
    for index, (_, days) in enumerate(campaign.quiet_after):
        quiet |= within(moments(rows, f"quiet_{index}"), days, as_of)
    tests: list[tuple[Rule, NDArray[np.bool_]]] = [
        ("repeated", flags(rows, "used")), ("goal_reached", flags(rows, "goal_reached")),
        ("stopped", flags(rows, "stopped")),
        ("consent", unreachable), ("quiet_after", quiet),
    ]  # fmt: skip
    if campaign.purpose == "service":
        return tests
    full = numbers(rows, "pressure_7d", 0) >= contact.per_7_days
    full |= numbers(rows, "pressure_30d", 0) >= contact.per_30_days
    tests.insert(3, ("holdout", flags(rows, "holdout")))
    tests.insert(5, ("complaint", within(moments(rows, "complaint_at"), contact.complaint_days, as_of)))
    return [*tests, ("cap", full)]


def within(happened: NDArray[np.int64], days: float, as_of: AsOf) -> NDArray[np.bool_]:
    """Whether each moment lies less than so many days before `as_of`."""
    recent: NDArray[np.bool_] = happened > as_of.at - round(days * MICROS_PER_DAY)
    return recent
