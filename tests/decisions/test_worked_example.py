"""The page about worth says what the engine computes: every figure of its example is worked out here and looked up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.decisions.test_worth import rows

import tenure as tn
from tenure.decisions.explore import chances_of
from tenure.decisions.worth import Appraisal
from tenure.domain.business import Business, ChannelSettings
from tenure.domain.campaign import Audience, Belief, Campaign, Goal, Occasion, Offer
from tenure.domain.learned import NOTHING, Learned
from tenure.learning.arms import Arm, Stratum
from tenure.learning.lifts import Cell, lifts

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "explanation" / "worth.md").read_text()
BUSINESS = Business(channels=(ChannelSettings("email", "maildir", 200), ChannelSettings("sms", "recorder", 6_000)))
CAMPAIGN = Campaign("x", "1", "x", "marketing", (), Audience(""), Occasion("last_order_at"), ("email", "sms"),
                    Goal(within_days=14), Belief(0.03, "low"), Offer("percent", 10, lift=0.06))  # fmt: skip
ANNA = rows()
BEN = rows(gap_expected_days=30.0, overdue=2.5, frequency=3, pressure_30d=0, revenue=200.0, margin=80.0,
           cost_to_serve=10.0, stage="at_risk", path="discount")  # fmt: skip
# Stage, path, treated, how many of them ordered, control, how many of them.
RESULTS = (("active", "active", 3600, 2790, 400, 300), ("active", "discount", 900, 675, 100, 72),
           ("at_risk", "active", 1800, 288, 200, 18), ("at_risk", "discount", 450, 99, 50, 4))  # fmt: skip
LIFTS = lifts([Cell("x", stage, path, (Stratum(0.9, Arm(many, came), Arm(few, also)),))
               for stage, path, many, came, few, also in RESULTS], {"x": CAMPAIGN.effect})  # fmt: skip
LEARNED = Learned(LIFTS, redeemed={"x": 0.6}, unsubscribed={"email": 0.002}, promised={"x": 0.5})


def worth(who, offered: bool, place: int = 0, learned: Learned = NOTHING) -> dict[str, float]:
    found = Appraisal(who, CAMPAIGN, BUSINESS, learned).by(place, np.array([offered]))
    names = ("p0", "lift", "margin", "gain", "discount", "contact_cost", "wear", "worth")
    return {name: float(getattr(found, name)[0]) for name in names}


def row(label: str, name: str, ways: list[dict[str, float]], spelt: str = ".2f") -> str:
    cost = name in ("discount", "contact_cost", "wear")
    cells = [f"{'−' if cost and way[name] else ''}{way[name]:{spelt}}".replace("-", "−") for way in ways]
    bold = "**" if name == "worth" else ""
    return f"| {bold}{label}{bold} | " + " | ".join(f"{bold}{cell}{bold}" for cell in cells) + " |"


def table(ways: list[dict[str, float]]) -> list[str]:
    return [
        row("p0, the chance if left alone", "p0", ways, ".1%"), row("τ, the lift", "lift", ways, ".1%"),
        row("margin after cost to serve", "margin", ways, ".0%"), row("gain: τ · margin · 50", "gain", ways),
        row("discount", "discount", ways), row("contact", "contact_cost", ways, ".3f"), row("wear", "wear", ways),
        row("worth", "worth", ways),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "lines",
    [
        table([worth(who, offered) for who in (ANNA, BEN) for offered in (False, True)]),
        table([worth(BEN, False, 1), worth(BEN, True, 1)]),
        table([worth(BEN, False, 0, LEARNED), worth(BEN, True, 0, LEARNED)]),
    ],
    ids=["two customers", "the second channel", "after results"],
)
def test_the_tables_of_worth_are_what_the_engine_computes(lines):
    assert "\n".join(lines) in PAGE, "the page should read:\n" + "\n".join(lines)


def test_the_lifts_learned_are_those_of_the_page():
    def line(stage: str, path: str, many: int, came: int, few: int, also: int) -> str:
        found = LIFTS["x", stage, path]
        own = came / many - also / few
        return (f"| {stage} | {path} | {came:,} of {many:,} | {also} of {few} | {own:+.1%} "
                f"| **{found.mean:+.1%}** ± {100 * found.sd:.1f} |")  # fmt: skip

    lines = "\n".join(line(*cell) for cell in RESULTS)
    assert lines in PAGE, f"the page should read:\n{lines}"


PEOPLE = {
    "Anna": (worth(ANNA, False)["worth"], worth(ANNA, False, 1)["worth"]),
    "Ben": (worth(BEN, True)["worth"], worth(BEN, False, 1)["worth"]), "Cleo": (0.31, 0.25), "Dan": (0.12, 0.03),
}  # fmt: skip
WAYS = [(name, way, gain) for name, both in PEOPLE.items() for way, gain in zip(("email", "sms"), both, strict=True)]


def shared_out(email: int, sms: int):
    names, ways, gains = (list(column) for column in zip(*WAYS, strict=True))
    rows = {"customer_id": names, "campaign": ["x"] * 8, "channel": ways, "worth": gains, "cost": [0.0] * 8}
    found = tn.arbitrate(rows, capacity={"email": email, "sms": sms})
    return {each["customer_id"]: each["channel"] for each in found.chosen.to_pylist()}, found.value


def test_what_is_scarce_goes_to_those_who_gain_most_over_its_price():
    """Each price is what one more of it brings; at these everybody by themselves takes what is best for all."""
    got, value = shared_out(2, 1)
    price = {"email": shared_out(3, 1)[1] - value, "sms": shared_out(2, 2)[1] - value}
    assert f"**{value:.2f}**" in PAGE
    assert f"`email` **{price['email']:.2f}**, `sms` **{price['sms']:.2f}**" in PAGE, price
    for name in PEOPLE:
        over = {way: gain - price[way] for who, way, gain in WAYS if who == name}
        best = max(over, key=lambda way: over[way])
        assert got.get(name) == (best if over[best] > 1e-9 else None)
        cells = " | ".join(f"{gain:.2f} → {abs(over[way]):.2f}" for who, way, gain in WAYS if who == name)
        line = f"| {name} | {cells} | {got.get(name, 'silence')} |"
        assert line in PAGE, f"the page should read: {line}"


def test_exploration_and_its_price_are_those_of_the_page():
    ben, other = worth(BEN, True)["worth"], 0.40
    chance = chances_of(np.array([ben, other]), np.array([0.03 * 0.35 * 50, 0.60]))
    price = ben - chance[:-1] @ np.array([ben, other])
    said = f"{chance[0]:.0%}, {chance[1]:.0%} and {chance[2]:.0%}, and costs {price:.2f}"
    assert said in " ".join(PAGE.split()), f"the page should read: {said}"
