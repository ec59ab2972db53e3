"""Does personalising pay? Hillstrom's e-mail test, one policy beside the other: `python -m benchmarks.hillstrom`.

64,000 customers got, by lot, a men's mail, a women's mail or none. Policies are learned on half of them and valued on
the other half by what happened to those whose lot agreed with the policy (propensities are known: a third each), over
several splits. Prints the tables of docs/explanation/personalising.md. The records are read where the tests find them.
With `--peer PYTHON`, a Python that has scikit-uplift, its models take part; it is no part of this project.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tenure.decisions.worth import Appraisal
from tenure.domain.business import Business, ChannelSettings
from tenure.domain.campaign import Audience, Belief, Campaign, Goal, Occasion
from tenure.domain.learned import Learned
from tenure.learning.arms import Arm, Stratum
from tenure.learning.lifts import Cell, alike, lifts
from tenure.learning.offpolicy import Log, Value, self_normalised
from tenure.models.logistic import chances, logistic

Numbers = NDArray[np.float64]
Choice = NDArray[np.int64]  # per customer 0 for silence, 1 for the men's mail, 2 for the women's
Policy = Callable[[NDArray[np.bool_]], Choice]  # from who may be learned from to what everybody gets

FOLDER = Path(os.environ.get("TENURE_RECORDS", Path(__file__).resolve().parents[2] / "shared" / "data"))
FILE = FOLDER / "hillstrom" / "hillstrom.parquet"
ARMS = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")
MAILS = ("mens", "womens")
BUSINESS = Business(margin=Fraction(3, 10), channels=(ChannelSettings("email", "maildir", 2_000),))  # two cents a mail
SPLITS = 20
OUTCOMES = ("visit", "conversion", "spend")
# What stands for the lifecycle stage and for the path of new buyers, which the records do not have.
STANDING = {"history, newbie and channel": ("newbie", "channel"), "history and taste": ("mens", "womens")}
# Name → event, what one success brings in units, and the lift that a file would state before any results.
GOALS: dict[str, tuple[str, Belief]] = {
    "visit": ("Visited", Belief(0.03, "low")), "conversion": ("Order Completed", Belief(0.01, "low")),
}  # fmt: skip


@cache
def records() -> dict[str, NDArray[Any]]:
    """The columns of the test, `arm` as a number of `ARMS`."""
    table = pq.read_table(FILE)
    found = {name: np.asarray(table[name].to_numpy(zero_copy_only=False)) for name in table.column_names}
    return found | {"arm": np.array([ARMS.index(name) for name in found["segment"]])}


def halves(split: int) -> NDArray[np.bool_]:
    """Who is learned from; the others are what policies are valued on."""
    chosen: NDArray[np.bool_] = np.random.default_rng(split).random(len(records()["arm"])) < 0.5
    return chosen


def to_all(mail: int) -> Policy:
    """The same for everybody."""
    return lambda train: np.full(len(train), mail)


def by_taste(_: NDArray[np.bool_]) -> Choice:
    """The men's mail to those who bought men's goods in the last year, the women's to all others."""
    return np.where(records()["mens"] == 1, 1, 2)


@cache
def features() -> Numbers:
    """What a model may know of a customer, a row each; the first column is the intercept."""
    r = records()
    columns = [np.log(r["history"].astype(float)), *(r[name].astype(float) for name in ("recency", *MAILS, "newbie"))]
    for name in ("channel", "zip_code"):
        columns += [(r[name] == value).astype(float) for value in np.unique(r[name])[1:]]
    scaled = [(column - column.mean()) / column.std() for column in columns]
    return np.column_stack([np.ones(len(r["arm"])), *scaled])


def _said(train: NDArray[np.bool_], goal: str, arms: tuple[int, ...]) -> Numbers:
    """The chance of the goal for everybody, by a logistic regression on those of some arms."""
    r, rows = records(), features()
    mine = train & np.isin(r["arm"], arms)
    penalty = np.append(0.0, np.ones(rows.shape[1] - 1))
    fitted = logistic(rows[mine], r[goal][mine].astype(float), np.ones(int(mine.sum())), penalty)
    return chances(rows @ fitted.coefficients)


def response(train: NDArray[np.bool_]) -> Choice:
    """The men's mail to the half of the customers who are likeliest to visit once they are mailed."""
    said = _said(train, "visit", (1, 2))
    return np.where(said >= np.median(said), 1, 0)


def two_models(goal: str) -> Policy:
    """A model for each arm (T-learner); everybody gets the mail under which the goal is likeliest."""
    return lambda train: np.column_stack([_said(train, goal, (arm,)) for arm in range(3)]).argmax(axis=1)


def cells(train: NDArray[np.bool_], goal: str, standing: str) -> dict[str, list[Cell]]:
    """Those who are learned from, counted for each mail by what stands for stage and path."""
    r = records()
    places, own = _numbered(standing)
    key = own * len(ARMS) + r["arm"].astype(np.int64)
    size = len(places) * len(ARMS)
    people, came = (np.bincount(key[train], weights, size).astype(int).reshape(-1, len(ARMS)).tolist()
                    for weights in (None, r[goal][train].astype(float)))  # fmt: skip
    return {
        mail: [Cell(mail, *place, (Stratum(0.5, Arm(people[row][number], came[row][number]),
                                           Arm(people[row][0], came[row][0])),)) for row, place in enumerate(places)]
        for number, mail in enumerate(MAILS, start=1)
    }  # fmt: skip


def tenure(goal: str, standing: str) -> Policy:
    """The mail of the greatest worth, its lift learned by cells, or silence where neither is worth its cost."""

    def policy(train: NDArray[np.bool_]) -> Choice:
        counted, belief = cells(train, goal, standing), GOALS[goal][1]
        learned = Learned(lifts([cell for mail in MAILS for cell in counted[mail]], dict.fromkeys(MAILS, belief)))
        worths = [_worth(train, mail, goal, standing, learned) for mail in MAILS]
        best: Choice = np.column_stack([np.zeros(len(train)), *worths]).argmax(axis=1)
        return best

    return policy


def _worth(train: NDArray[np.bool_], mail: str, goal: str, standing: str, learned: Learned) -> Numbers:
    event, belief = GOALS[goal]
    campaign = Campaign(mail, "1", mail, "marketing", (), Audience(""), Occasion("last_order_at"), ("email",),
                        Goal(event, within_days=14), belief)  # fmt: skip
    r, (stage, path) = records(), _stands(standing)
    value = float(r["spend"][train].sum() / r[goal][train].sum())
    nothing, count = [None] * len(train), len(train)
    numbers = {name: pa.array(nothing, pa.float64()) for name in (
        "gap_expected_days", "overdue", "frequency", "churn_90d", "revenue", "margin", "cost_to_serve",
        "pressure_30d")}  # fmt: skip
    rows = pa.table(numbers | {"goal_value": np.full(count, value), "stage": stage, "path": path})
    return Appraisal(rows, campaign, BUSINESS, learned).by(0, np.zeros(count, dtype=bool)).worth


@cache
def _stands(standing: str) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    r, (one, other) = records(), STANDING[standing]
    both = [f"{a}/{b}" for a, b in zip(r[one], r[other], strict=True)]
    return r["history_segment"].astype(str), np.array(both)


@cache
def _numbered(standing: str) -> tuple[list[tuple[str, str]], NDArray[np.int64]]:
    """Each pair of what stands for stage and path, and the number of everybody's own."""
    pairs = list(zip(*(column.tolist() for column in _stands(standing)), strict=True))
    number = {pair: place for place, pair in enumerate(sorted(set(pairs)))}
    return list(number), np.array([number[pair] for pair in pairs])


POLICIES: dict[str, Policy] = {
    "nothing": to_all(0), "men's mail to all": to_all(1), "women's mail to all": to_all(2),
    "each by own taste": by_taste, "men's to the half likeliest to answer": response,
    "T-learner, visits": two_models("visit"), "T-learner, orders": two_models("conversion"),
    **{f"Tenure, {name}, by {standing}": tenure(goal, standing)
       for standing in STANDING for goal, name in (("visit", "visits"), ("conversion", "orders"))},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What a policy brought on one held-out half.

    Attributes:
        values: by outcome, per head; `profit` is margin less mails.
        more: the spend that it brought beyond the men's mail to all, and half the width of its 95% range.
        shares: of the customers, who got nothing, the men's mail and the women's.
    """

    values: dict[str, Value]
    more: tuple[float, float]
    shares: tuple[float, ...]


def told(choice: Choice, train: NDArray[np.bool_]) -> Told:
    """A policy's choices valued on those it did not learn from."""
    arm, test, rewards = records()["arm"][~train], choice[~train], rewards_of(~train)
    values = {name: self_normalised(_log(each, arm, test)) for name, each in rewards.items()}
    own, rival = (_deviations(_log(rewards["spend"], arm, each)) for each in (test, np.ones_like(test)))
    more = float(own[0] - rival[0]), 1.96 * float((own[1] - rival[1]).std()) / len(arm) ** 0.5
    return Told(values, more, tuple(float((test == mail).mean()) for mail in range(3)))


def _deviations(log: Log) -> tuple[float, Numbers]:
    """The self-normalised value, and what each decision adds to its error: two policies share the same chance."""
    value = self_normalised(log).value
    return value, log.weights * (log.rewards - value) / log.weights.mean()


def rewards_of(who: NDArray[np.bool_]) -> dict[str, Numbers]:
    """What each of some customers brought, by outcome."""
    r = records()
    found = {name: r[name][who].astype(float) for name in OUTCOMES}
    mailed = (r["arm"][who] > 0) * float(BUSINESS.channels[0].cost_milli_minor) / 100_000
    return found | {"profit": float(BUSINESS.margin) * found["spend"] - mailed}


def _log(rewards: Numbers, arm: NDArray[Any], choice: Choice) -> Log:
    return Log.of(rewards, np.full(len(arm), 1 / 3), (choice == arm).astype(float))


def peers(python: str, splits: int) -> dict[str, Policy]:
    """The models of scikit-uplift, in an environment that has it."""
    r, script = records(), Path(__file__).with_name("hillstrom_peers.py")
    with tempfile.TemporaryDirectory() as folder:
        given, came = Path(folder) / "given.npz", Path(folder) / "came.npz"
        np.savez(given, features=features()[:, 1:], arm=r["arm"], visit=r["visit"], conversion=r["conversion"],
                 train=np.array([halves(split) for split in range(splits)]))  # fmt: skip
        subprocess.run([python, str(script), str(given), str(came)], check=True)
        with np.load(came) as stored:
            choices = {name: stored[name] for name in stored.files}
    place = {halves(split).tobytes(): split for split in range(splits)}
    return {name: _looked_up(chosen, place) for name, chosen in choices.items()}


def _looked_up(chosen: NDArray[np.int64], place: dict[bytes, int]) -> Policy:
    return lambda train: chosen[place[train.tobytes()]]


def lines(policies: dict[str, Policy], splits: int) -> Iterator[str]:
    """A row for each policy: means over the splits, the mean half-width of the 95% range, and spread over splits."""
    yield "| policy | nothing, men's, women's | visits | spend | profit | spend beyond the men's mail to all | spread |"
    yield "|---|---|---|---|---|---|---|"
    for name, policy in policies.items():
        found = [told(policy(halves(split)), halves(split)) for split in range(splits)]
        shares = ", ".join(f"{share:.0%}" for share in np.mean([one.shares for one in found], axis=0))
        more, half = np.array([one.more for one in found]).T
        beyond = f"{more.mean():+.2f} ± {half.mean():.2f}".replace("+0.00 ± 0.00", "0")
        yield (f"| {name} | {shares} | {_spelt(found, 'visit', '.1%')} | {_spelt(found, 'spend', '.2f')} "
               f"| {_spelt(found, 'profit', '.3f')} | {beyond} | {more.std():.2f} |")  # fmt: skip


def _spelt(found: list[Told], outcome: str, form: str) -> str:
    values = [one.values[outcome] for one in found]
    middle, half = np.mean([v.value for v in values]), np.mean([(v.high - v.low) / 2 for v in values])
    return f"{middle:{form}} ± {half:{form}}"


def doubts(splits: int) -> Iterator[str]:
    """A row for each way of learning: the chance that a mail moves everybody alike, as the engine sees it."""
    yield "| learned by | men's mail moves all alike | women's mail moves all alike |"
    yield "|---|---|---|"
    for standing in STANDING:
        for goal, (_, belief) in GOALS.items():
            found = [[alike(cells(halves(split), goal, standing)[mail], belief) or 0.0 for mail in MAILS]
                     for split in range(splits)]  # fmt: skip
            men, women = np.mean(found, axis=0)
            yield f"| {goal}, {standing} | {men:.0%} | {women:.0%} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--peer", help="a Python that has scikit-uplift")
    asked = parser.parse_args()
    others = peers(asked.peer, asked.splits) if asked.peer else {}
    for line in [*lines(POLICIES | others, asked.splits), "", *doubts(asked.splits)]:
        print(line, flush=True)


if __name__ == "__main__":
    main()
