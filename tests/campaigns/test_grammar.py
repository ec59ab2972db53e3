"""Everything a campaign file may say is read, and everything it may not is refused with its line and a way out."""

from __future__ import annotations

import re

import pytest

from tenure.campaigns.parse import parse, sorted_messages
from tenure.domain.campaign import Campaign, Occasion, Offer
from tenure.domain.errors import TenureError

WORDS = {"en": "---\nsubject: x\n---\ny"}
HEAD = "title: T\nchannels: [email, push]\n"
CART = HEAD + "occasion: {event: Product Added, key: cart_at}\n"
STEPS = (
    CART
    + """\
audience: cart_value >= 20
stage: [new, active]
goal: {event: Checkout Started, within: 5 days}
quiet_after: {complaint: 7 days}
stop: [ordered, opened]
steps:
  - name: reminder
    wait: 2 days
  - name: offer
    wait: 12 hours
    within: 1 day
    audience: discount_share >= 0.3
    channels: [sms]
    offer: {kind: percent, value: 10}
    effect: {lift: 0.2, confidence: high}
    send: best_hour
    unless: [clicked]
  - name: again
    wait: 5 days
    after: first
"""
)


def read(text: str, *steps: str) -> Campaign:
    return parse("cart", text, WORDS, "campaigns/cart", step_messages=dict.fromkeys(steps, WORDS))


def occasion(text: str) -> Occasion:
    return read(f"{HEAD}occasion: {{{text}}}\n").occasion


@pytest.mark.parametrize(("text", "expected"), [
    ("event: Product Added, wait: 4 hours, within: 3 days, key: cart_at",
     Occasion("cart_at", event="Product Added", wait_days=1 / 6, within_days=3, before_days=3, late_days=3)),
    ("event: Payment Failed, key: payment_id", Occasion("properties.payment_id", event="Payment Failed")),
    ("date: contract_ends_at, key: contract_ends_at, before: 30 days, late: 0 days",
     Occasion("contract_ends_at", date="contract_ends_at", before_days=30, late_days=0)),
    ("date: contract_ends_at, key: plan, within: 4 days",
     Occasion("plan", date="contract_ends_at", within_days=4, before_days=4, late_days=4)),
    ("date: birthday, before: 3 days", Occasion("properties.year", date="birthday", every="year", before_days=3)),
    ("date: first_order_at, every: year, key: properties.years",
     Occasion("properties.years", date="first_order_at", every="year")),
    ("calendar: sale", Occasion("properties.occasion_id", calendar="sale")),
    ("calendar: holiday, key: name", Occasion("properties.name", calendar="holiday")),
    ("release: better, within: 14 days",
     Occasion("properties.product_id", release="better", within_days=14, before_days=14, late_days=14)),
    ("schedule: week", Occasion("properties.period", schedule="week")),
    ("schedule: month, key: stage_since", Occasion("stage_since", schedule="month")),
    ("key: last_order_at", Occasion("last_order_at")),
])  # fmt: skip
def test_an_occasion_has_one_source_and_what_narrows_it(text: str, expected: Occasion) -> None:
    assert occasion(text) == expected


@pytest.mark.parametrize(("text", "says"), [
    ("event: X, calendar: sale, key: stage", "one source, not both `event:` and `calendar:`"),
    ("calendar: sales", "`calendar` cannot be `sales`. Did you mean `sale`?"),
    ("release: brands", "`release` cannot be `brands`. Did you mean `brand`?"),
    ("schedule: weekly", "`schedule` cannot be `weekly`. Did you mean `week`?"),
    ("schedul: week", "unknown key `schedul`. Did you mean `schedule`?"),
    ("date: contract_ends_at, key: plan, every: month", "`every` cannot be `month`"),
    ("date: birthdy", "Did you mean `birthday`?"),
    ("date: contract_ends_at", "the key `key` is missing"),
    ("event: X, key: stage, wait: 7 days", "`wait` is not shorter than `within`, so nobody would ever hear of it"),
    ("event: X, key: stage, every: year", "`every` says nothing without `date:`"),
    ("event: X, key: stage, before: 2 days", "`before` says nothing without `date:` or `calendar:`"),
    ("calendar: sale, wait: 2 days", "`wait` says nothing without `event:`"),
    ("schedule: week, within: 2 days", "needs"), ("date: birthday, before: 0 days, late: 0 days", "are both 0"),
    ("date: birthday, where: orders > 1", "`where` says nothing without `event:`, `calendar:` or `release:`"),
    ("release: any, where: properties.prise > 5", "a release has no property `prise`. Did you mean `price`?"),
    ("calendar: sale, key: properties.id", "a calendar has no property `id`"),
    ("event: Payment Failed, key: properties.reason", "`Payment Failed` has no property `reason`"),
    ("key: properties.year", "needs an `event:`"), ("date: birthday, before: -1 days", "must be 0 or more"),
])  # fmt: skip
def test_an_occasion_that_means_nothing_is_refused(text: str, says: str) -> None:
    with pytest.raises(TenureError) as refused:
        occasion(text)
    said = refused.value.sentence
    assert said.startswith("campaigns/cart/campaign.yaml, line 3: ")
    assert says in said or says == "needs"


def test_what_a_campaign_may_say_besides_is_read() -> None:
    said = read(CART + "budget: 500\nsend: best_hour\noffer: {kind: amount, value: 5, lift: 0.02}\n"
                "stop: [goal_reached, ordered, Checkout Started]")  # fmt: skip
    assert (said.budget, said.send, said.offer) == (500.0, "best_hour", Offer("amount", 5.0, None, 0.02))
    assert said.stop == ("goal_reached", "ordered", "Checkout Started")
    assert (said.steps, said.step, said.folder) == ((), None, "cart")


@pytest.mark.parametrize(("text", "send"), [
    (CART, "at_once"), (CART + "send: best_hour", "best_hour"), (HEAD + "occasion: {key: stage}", "best_hour"),
    (HEAD + "occasion: {key: stage}\npurpose: service", "at_once"), (HEAD + "occasion: {schedule: day}", "best_hour"),
])  # fmt: skip
def test_what_happened_and_service_are_said_at_once_and_the_rest_at_the_readers_hour(text: str, send: str) -> None:
    assert read(text).send == send


def test_each_step_is_a_campaign_that_follows_the_one_before_it() -> None:
    campaign = read(STEPS, "reminder", "offer", "again")
    reminder, offer, again = campaign.steps
    assert [step.name for step in campaign.steps] == ["cart/reminder", "cart/offer", "cart/again"]
    assert reminder.occasion == Occasion("cart_at", after="cart", wait_days=2, within_days=5)
    assert offer.occasion == Occasion("cart_at", after="cart/reminder", wait_days=0.5, within_days=1.5,
                                      unless=("clicked",))  # fmt: skip
    assert again.occasion.after == "cart"
    for step in campaign.steps:
        assert (step.stages, step.goal, step.quiet_after, step.stop) == (
            campaign.stages, campaign.goal, campaign.quiet_after, campaign.stop)  # fmt: skip
        assert (step.version, step.control, step.folder) == (campaign.version, 0.0, "cart")
    assert (reminder.channels, reminder.effect, reminder.send) == (campaign.channels, campaign.effect, "at_once")
    assert reminder.audience == campaign.audience and reminder.offer is None
    assert [words for words, _ in offer.audience.terms] == ["cart_value >= 20", "discount_share >= 0.3"]
    assert (offer.channels, offer.effect.lift, offer.send, offer.step) == (("sms",), 0.2, "best_hour", "offer")


@pytest.mark.parametrize(("steps", "line", "says"), [
    ("  - wait: 1 day", 5, "the key `name` is missing"),
    ("  - name: a", 5, "the key `wait` is missing"),
    ("  - {name: a, wait: soon}", 5, "`wait` is `soon`, which is no duration"),
    ("  - {name: A B, wait: 1 day}", 5, "`A B` cannot be the name of a step"),
    ("  - {name: message, wait: 1 day}", 5, "cannot be the name of a step"),
    ("  - {name: a, wait: 1 day}\n  - {name: a, wait: 1 day}", 5, "two steps are called `a`"),
    ("  - {name: a, wait: 1 day, wiat: 2 days}", 5, "unknown key `wiat`. Did you mean `wait`?"),
    ("  - {name: a, wait: 1 day, after: fist}", 5, "no step is called `fist`. Did you mean `first`?"),
    ("  - {name: a, wait: 1 day, unless: [openned]}", 5, "`unless` cannot be `openned`. Did you mean `opened`?"),
    ("  - {name: a, wait: 1 day, channels: []}", 5, "`channels` is empty"),
    ("  - {name: a, wait: 1 day, after: a}", 5, "these steps wait for each other: a → a"),
    ("  - {name: a, wait: 1 day}\n  - {name: b, wait: 1 day, after: c}\n  - {name: c, wait: 1 day, after: b}", 6,
     "these steps wait for each other: b → c → b. Let one of them come `after: first`."),
    ("  - {name: a, wait: 1 day, after: c}\n  - {name: b, wait: 1 day}\n  - {name: c, wait: 1 day}", 5,
     "a → c → b → a"),
    ("  name: a", 4, "`steps` must be a list of steps"), ("  - a", 4, "`steps` must be a list of steps"),
])  # fmt: skip
def test_a_step_that_cannot_be_is_refused(steps: str, line: int, says: str) -> None:
    with pytest.raises(TenureError) as refused:
        read(f"{CART}steps:\n{steps}", *re.findall(r"name: (\w)\b", steps))
    assert refused.value.sentence.startswith(f"campaigns/cart/campaign.yaml, line {line}: ")
    assert says in refused.value.sentence


def test_a_step_needs_its_message_and_a_message_its_step() -> None:
    with pytest.raises(TenureError) as refused:
        read(STEPS, "reminder", "again")
    assert refused.value.sentence == (
        "campaigns/cart/campaign.yaml, line 12: the message of the step `offer` in the default language `en` is "
        "missing. Add offer.en.md beside campaign.yaml."
    )
    with pytest.raises(
        TenureError, match=r"campaigns/cart/remindr.en.md: no step is called `remindr`. Did you mean `remi"
    ):
        read(STEPS, "remindr", "offer", "again")


def test_messages_are_told_apart_by_their_file_names() -> None:
    files = {
        "campaign.yaml": "x",
        "message.en.md": "a",
        "message.pt-BR.md": "b",
        "reminder.en.md": "c",
        "README.md": "d",
    }
    assert sorted_messages(files) == ({"en": "a", "pt-BR": "b"}, {"reminder": {"en": "c"}})


def test_the_version_changes_with_a_steps_message_too() -> None:
    other = parse(
        "cart", STEPS, WORDS, step_messages=dict.fromkeys(("reminder", "offer"), WORDS) | {"again": {"en": "z"}}
    )
    assert other.version != read(STEPS, "reminder", "offer", "again").version


@pytest.mark.parametrize(("text", "line", "says"), [
    ("audience: orders > 5 AND orders < 3", 4, "`orders > 5` and `orders < 3` cannot both hold"),
    ("audience: orders > 5 AND tier = 'gold' AND orders < 6", 4, "`orders > 5` and `orders < 6` cannot both hold"),
    ("audience: orders BETWEEN 5 AND 3", 4, "`orders BETWEEN 5 AND 3` can never hold"),
    ("audience: plan = 'light' AND NOT plan IN ('light', 'full')", 4, "cannot both hold"),
    ("audience: plan IS NULL AND plan_price > 3 AND plan <> 'light'", 4, "`plan IS NULL` and `plan <> 'light'`"),
    ("audience: auto_renew AND NOT auto_renew", 4, "`auto_renew` and `NOT auto_renew` cannot both hold"),
    ("audience: ('email' IN channels) AND NOT 'email' IN channels", 4, "cannot both hold"),
    ("audience: last_order_at > '2024-05-01' AND last_order_at < DATE '2024-04-01'", 4, "cannot both hold"),
    ("audience: orders >= 2 AND orders <= 2 AND orders <> 2", 4, "cannot all hold"),
    ("audience: stage = 'lost'\nstage: [new]", 4, "`stage: [new]` and `stage = 'lost'` cannot both hold"),
    ("audience: discount_share >= 30", 4, "can never hold, for `discount_share` lies between 0 and 1. A share of 30%"),
    ("audience: orders < 0", 4, "`orders < 0` can never hold, for `orders` is never below 0"),
    ("stage: [new]\noffer: {kind: percent, value: 5, when: stage = 'lost'}", 5, "cannot both hold"),
    ("offer: {kind: amount, value: 10}\ngoal: {value: 9.5}", 4, "the offer costs 10 and one success brings 9.5"),
    ("stop: [clicked]", 4, "`clicked` stops nothing in a campaign without steps"),
    ("audience: cart_value > 50\nsteps:\n  - name: a\n    wait: 1 day\n    audience: cart_value < 50", 8,
     "`cart_value > 50` and `cart_value < 50` cannot both hold"),
    ("steps:\n  - name: a\n    wait: 1 day\n    offer: {kind: gift, value: 10}\ngoal: {value: 9}", 7,
     "the offer costs 10"),
    ("budget: 0", 4, "a `budget` of 0 lets the campaign say nothing"),
    ("send: soon", 4, "`send` cannot be `soon`"),
    ("stop: [order]", 4, "`stop` cannot be `order`. Did you mean `ordered`?"),
    ("offer: {kind: gift, lift: 2}", 4, "`lift` is 2 and must be between 0 and 1"),
])  # fmt: skip
def test_what_can_never_be_is_refused_with_its_words(text: str, line: int, says: str) -> None:
    with pytest.raises(TenureError) as refused:
        read(CART + text, *(["a"] if "steps" in text else []))
    assert refused.value.sentence.startswith(f"campaigns/cart/campaign.yaml, line {line}: ")
    assert says in refused.value.sentence


def test_an_occasions_condition_must_not_rule_out_the_audience() -> None:
    text = HEAD + "audience: cart_value > 50\noccasion:\n  event: X\n  key: stage\n  where: cart_value < 20\n"
    with pytest.raises(TenureError, match=r"line 7: `cart_value > 50` and `cart_value < 20` cannot both hold"):
        read(text)


@pytest.mark.parametrize("text", [
    "orders > 5 AND orders < 7", "orders >= 5 AND orders <= 5", "cart_value > 5 AND cart_value < 5.01",
    "(orders > 5 OR orders < 3) AND orders < 4", "plan IN ('a', 'b') AND plan <> 'a'", "orders > 5 AND frequency < 3",
    "('email' IN channels) AND NOT 'sms' IN channels", "discount_share >= 1", "plan IS NOT NULL AND plan <> 'x'",
])  # fmt: skip
def test_what_can_be_is_let_through(text: str) -> None:
    assert read(f"{CART}audience: {text}").audience.terms
