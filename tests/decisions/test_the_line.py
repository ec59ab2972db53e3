"""The campaigns that come with the package, over profiles computed from facts: run, plan and explain agree."""

from __future__ import annotations

import json
import random
from importlib import resources

import pytest

from tenure.campaigns.parse import parse, sorted_messages
from tenure.domain.message import message_key
from tenure.operations.explain import explain
from tenure.operations.plan import plan
from tenure.warehouse.profiles import ProfileBuilder

DAY = 86_400_000_000


@pytest.fixture(scope="module")
def shop(request):
    """Two hundred customers with a rhythm each, a third of them gone quiet, as facts only."""
    kit = request.getfixturevalue("kit")
    world, dice = kit.World(), random.Random(4)
    world.warehouse.run("DROP TABLE profiles")
    with world.warehouse.transaction():
        open_shop(world, dice)
    ProfileBuilder(world.warehouse).build(world.as_of, world.business, kit.Silent())
    yield world
    world.warehouse.close()


def open_shop(world, dice):
    world.fact("products", product_id="p1", name="Coffee", price=900, category="drinks")
    for number in range(200):
        who = f"c{number}"
        world.keys[who] = number + 1
        gap, quiet = dice.choice([4, 9, 20]), dice.choice([0, 0, 5])
        world.fact("customers", 400, customer=who, email=f"{who}@example.org", name="Ada Lovelace", declared=1)
        if dice.random() < 0.8:
            world.fact("consents", 300, customer=who, consent_id=who, channel="email", purpose="marketing",
                       state="granted")  # fmt: skip
        days = dice.uniform(0, gap) + quiet * gap
        for order in range(dice.randint(0, 6)):
            placed = days + order * gap * dice.uniform(0.8, 1.2)
            row = {"order_id": f"{who}-{order}", "day": (world.micros(placed) // DAY), "month_no": 650}
            world.fact("orders", placed, customer=who, total=dice.randint(500, 9000), status="paid", **row)
            world.fact("order_lines", placed, customer=who, line=1, product_id="p1", quantity=1000, unit_price=900,
                       cancelled=0, **row)  # fmt: skip
        if dice.random() < 0.1:
            world.fact("tickets", dice.uniform(1, 30), customer=who, ticket_id=who, kind="complaint")


@pytest.fixture(scope="module")
def library():
    return [read(name) for name in ("follow-up", "replacement-due", "win-back")]


def read(name):
    files = {
        file.name: file.read_text("utf-8") for file in resources.files("tenure.campaigns").joinpath(name).iterdir()
    }
    first, steps = sorted_messages(files)
    return parse(name, files["campaign.yaml"], first, step_messages=steps)


def test_the_library_finds_people_and_leaves_others_alone(shop, library):
    decided = shop.decide(*library)
    assert decided.chosen["follow-up"] > 5 and decided.chosen["win-back"] > 5
    assert {"stage", "occasion", "consent", "holdout", "control"} <= {
        r for rules in decided.refused.values() for r in rules
    }
    for name, refused in decided.refused.items():
        assert decided.chosen[name] + sum(refused.values()) == 200


def test_explain_agrees_with_the_run_on_profiles_computed_anew(shop, library):
    shop.decide(*library)
    profiles, kept = ProfileBuilder(shop.warehouse), shop.outcomes()
    for number in random.Random(1).sample(range(200), 12):
        said = explain(f"c{number}", library, profiles, shop.candidates, shop.decisions, shop.as_of, shop.business,
                       run_id="run-1")  # fmt: skip
        assert said.is_as_recorded
        for verdict in said.verdicts:
            outcome = kept.get((said.customer_id, verdict.campaign))
            assert outcome is None or outcome[1] == verdict.rule
            assert outcome is not None or verdict.rule is not None


def test_every_chosen_contact_becomes_one_message_that_can_be_rendered(shop, library):
    decided = shop.decide(*library)
    messages = list(plan("run-1", library, shop.decisions, shop.as_of, shop.business))
    chosen = [row for row in decided.decisions.to_pylist() if row["outcome"] == "chosen"]
    assert len({m.key for m in messages}) == len(messages) == len(chosen)
    assert {m.key for m in messages} == {
        message_key(row["campaign"], row["customer_id"], row["occasion_key"]) for row in chosen
    }
    for message in messages:
        context = json.loads(message.context)
        assert message.not_before <= message.expires_at
        assert context["customer"]["customer_id"] == message.customer_id
        if message.campaign == "replacement-due":
            assert context["product"]["name"] == "Coffee"
