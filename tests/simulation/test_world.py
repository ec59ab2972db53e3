"""The simulated shop: the same for the same seed, moved by contacts alone, and by as much as its truth says."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from tenure.domain.campaign import Audience, Belief, Campaign, Goal, Occasion, Offer
from tenure.simulation.answers import answers
from tenure.simulation.truth import Truth, kind_of
from tenure.simulation.world import Mail, World

FIRST_DAY = 19_358
PLANTED = 0.08


def campaign(name="newsletter", offer=None, within=14.0, purpose="marketing"):
    return Campaign(
        name, "v", name, purpose, (), Audience(""), Occasion("last_order_at"), ("email",),
        Goal("Order Completed", within), Belief(), offer,
    )  # fmt: skip


def mail_to(who, what=None, offered=False):
    who = np.asarray(who, dtype=np.int64)
    same = np.full(len(who), "x")
    return Mail(what or campaign(), 0, who, np.full(len(who), offered), np.full(len(who), "email"), same,
                np.char.mod("m%d", who), np.full(len(who), 200, dtype=np.int64))  # fmt: skip


def bytes_of(records):
    return {(table, name): column.tobytes() for table, columns in records.items() for name, column in columns.items()}


def orders_of(records, customers):
    return np.bincount(records["orders"]["customer"], minlength=customers) if "orders" in records else 0


@pytest.fixture(scope="module")
def grown():
    """A shop of 4,000 after 200 days without a contact; copy it before it lives on."""
    world = World(Truth(), 4_000, 260, 3, FIRST_DAY)
    world.live(200)
    return world


def test_the_same_seed_is_the_same_shop_to_the_byte():
    def lived(seed):
        world = World(Truth(), 500, 60, seed, FIRST_DAY)
        return bytes_of(world.live(40)) | bytes_of(world.live(20, [mail_to(range(100))]))

    assert lived(7) == lived(7)
    assert lived(7) != lived(8)


def test_days_come_out_alike_however_they_are_cut_into_blocks():
    whole, cut = (World(Truth(), 300, 60, 5, FIRST_DAY) for _ in range(2))
    at_once, parts = whole.live(60), [cut.live(days) for days in (1, 29, 30)]
    for table, columns in at_once.items():
        for name, column in columns.items():
            pieces = [part[table][name] for part in parts if table in part]
            assert np.array_equal(np.concatenate(pieces), column), (table, name)


def test_a_row_appears_in_the_block_in_which_it_happened_and_never_before(grown):
    world = deepcopy(grown)
    for _ in range(4):
        begins = world.midnight
        records = world.live(7, [mail_to(range(500))])
        for table, name in (("orders", "ordered_at"), ("events", "occurred_at"), ("contacts", "at"), ("consents", "at"),
                            ("deliveries", "at"), ("payments", "paid_at"), ("feedback", "given_at"), ("costs", "at"),
                            ("customers", "created_at")):  # fmt: skip
            if table in records:
                assert ((records[table][name] >= begins) & (records[table][name] < world.midnight)).all(), table


def test_who_is_not_written_to_lives_on_as_if_nobody_were(grown):
    silent, speaking = deepcopy(grown), deepcopy(grown)
    left = silent.live(30)
    moved = speaking.live(30, [mail_to(range(0, 4_000, 2), campaign(offer=Offer("percent", 20.0)), offered=True)])
    for table, about in (("orders", "total"), ("events", "product"), ("tickets", "opened_at"), ("payments", "paid_at")):
        odd_left, odd_moved = (r[table]["customer"] % 2 == 1 for r in (left, moved))
        assert np.array_equal(left[table][about][odd_left], moved[table][about][odd_moved]), table
    assert len(moved["orders"]["total"]) > len(left["orders"]["total"])


def test_a_planted_effect_is_the_effect_that_comes_about(grown):
    """Twice the same 4,000, with and without contacts, and then as a trial in which half are written to."""
    none, all_of_them, half = (deepcopy(grown) for _ in range(3))
    for world in (all_of_them, half):
        world.truth = replace(world.truth, same_for_all=PLANTED)
    here = np.flatnonzero((grown.people.arrives < grown.day) & (grown.state.lost > grown.day))
    treated = here[np.random.default_rng(1).random(len(here)) < 0.5]
    alone = orders_of(none.live(14), 4_000)
    added = (orders_of(all_of_them.live(14, [mail_to(here)]), 4_000) - alone)[here]
    # Thirteen days of an added hazard, at most one order a day, less what is lost to those who are lost meanwhile.
    assert added.mean() == pytest.approx(PLANTED, abs=4 * added.std() / np.sqrt(len(here)))
    assert added.min() >= 0
    seen = orders_of(half.live(14, [mail_to(treated)]), 4_000)
    left = np.setdiff1d(here, treated)
    spread = np.sqrt(seen[treated].var() / len(treated) + seen[left].var() / len(left))
    assert seen[treated].mean() - seen[left].mean() == pytest.approx(PLANTED, abs=4 * spread)


def test_nobody_orders_before_signing_up_or_after_being_lost(grown):
    world = deepcopy(grown)
    records = world.live(60, [mail_to(range(4_000))])
    day = records["orders"]["ordered_at"] // 86_400_000_000 - FIRST_DAY
    who = records["orders"]["customer"]
    assert (day >= world.people.arrives[who]).all()
    assert (day < world.state.lost[who]).all()
    assert not np.isin(np.flatnonzero(grown.state.lost <= grown.day), who).any()


def test_contacts_tire_and_a_complaint_silences(grown):
    who = np.flatnonzero((grown.state.lost > grown.day) & (grown.state.orders > 0))[:50]
    no_offer = np.zeros(len(who))
    world = deepcopy(grown)
    fresh = answers(world.now(), who, campaign(), "general", no_offer)
    world.state.heard[who, 0] += 1
    tired = answers(world.now(), who, campaign(), "general", no_offer)
    assert tired.orders == pytest.approx(fresh.orders * np.exp(-world.people.fatigue[who]))
    assert (tired.leaves > fresh.leaves).all()
    world.state.complained[who] = world.day - 1
    assert (answers(world.now(), who, campaign(), "general", no_offer).orders == 0).all()


def test_an_offer_moves_the_price_sensitive_more(grown):
    who = np.flatnonzero((grown.state.lost > grown.day) & (grown.state.orders > 0))
    plain, offered = (answers(grown.now(), who, campaign(), "general", np.full(len(who), share)) for share in (0, 0.1))
    more = 1.0 + grown.truth.pull * grown.people.price[who]
    assert offered.orders == pytest.approx(plain.orders * more)
    assert (plain.orders > 0).mean() > 0.9


def test_an_offer_is_paid_for_by_those_who_would_have_come_anyway_and_once_only(grown):
    none, speaking = deepcopy(grown), deepcopy(grown)
    speaking.truth = replace(speaking.truth, same_for_all=0.0)  # it moves nobody, and everybody has read it
    half_off = campaign(offer=Offer("percent", 50.0))
    alone = none.live(14)["orders"]
    with_offer = speaking.live(14, [mail_to(range(4_000), half_off, offered=True)])["orders"]
    assert np.array_equal(alone["customer"], with_offer["customer"])
    redeemed = with_offer["coupon"] >= 0
    assert len(np.unique(with_offer["customer"][redeemed])) == redeemed.sum() > 100
    value = with_offer["total"] + with_offer["discount"]
    assert np.array_equal(with_offer["discount"][redeemed], np.rint(value[redeemed] * 0.5).astype(np.int64))
    assert np.array_equal(with_offer["discount"][~redeemed], alone["discount"][~redeemed])


def test_what_is_booked_is_what_was_written_down(grown):
    world = deepcopy(grown)
    for part in world.state.gained.values():
        part[:] = 0.0
    gift = campaign("gift", Offer("gift", 3.0))
    records = world.live(30, [mail_to(range(2_000), gift, offered=True)])
    lines = records["order_lines"]
    goods = records["orders"]["total"].sum() - (lines["quantity"] * world.goods.cost[lines["product"]]).sum()
    costs, opened = records["costs"], records["tickets"]["closed_at"] < 0
    gifts = costs["amount"][costs["kind"] == "gift"].sum()
    assert gifts > 0
    assert world.state.gained["goods"].sum() == goods
    assert world.state.gained["gifts"].sum() == -gifts
    assert world.state.gained["care"].sum() == -records["tickets"]["cost"][opened].sum()
    contracts = records["payments"]["amount"].sum() - costs["amount"][costs["kind"] == "contract"].sum()
    assert world.state.gained["contracts"].sum() == contracts
    assert world.state.gained["contacts"].sum() == pytest.approx(-2_000 * 0.2)


def test_campaigns_are_told_by_name_and_others_by_what_they_are_for():
    assert kind_of(campaign("win-back")) == "back"
    assert kind_of(campaign("win-back/second")) == "back"
    assert kind_of(campaign("my own")) == "general"
    assert kind_of(campaign("receipt", purpose="service")) == "service"
    cart = replace(campaign("my cart"), occasion=Occasion("cart_at", event="Product Added"))
    assert kind_of(cart) == "cart"


def test_the_truth_can_be_printed_and_names_every_kind_of_answer():
    told = Truth().as_json()
    assert set(told["buyers"]) == {"hit_and_run", "discount", "active"}
    assert sum(path["share"] for path in told["buyers"].values()) == pytest.approx(1.0)
    assert {kind_of(campaign(name)) for name in ("welcome", "thank-you", "sale", "up-sell")} <= set(told["replies"])
