"""What-if on facts: states month by month, what is counted of them, and the words that come of it."""

import itertools
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.insights.conftest import _at as at
from tests.insights.conftest import moment

from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.insights.whatif import Ask
from tenure.insights.whatif_words import tables
from tenure.insights.words import Words
from tenure.operations.whatif import whatif
from tenure.operations.whatif_told import as_json, sentences
from tenure.warehouse.snapshot import WarehouseQuery

ASK = Ask(draws=100)


def told(shop, as_of, *sets, **how):
    since = how.pop("since", None)
    return whatif(
        WarehouseQuery(shop.warehouse), shop.business, moment(as_of),
        Ask(sets=sets, draws=100, discount_rate=how.pop("rate", 0.1)),
        since=moment(since) if since else None, **how,
    )  # fmt: skip


def counted(answer):
    """State → what followed, how often."""
    found = answer.answer.evidence
    places = (*found.states, found.end)
    return {
        state: {name: int(n) for name, n in zip(places, row, strict=True) if n}
        for state, row in zip(found.states, found.counts.moves, strict=True)
    }


NUMBERS = itertools.count()


def member(shop, who, on, *, plan="light", period="month", price=None, **moments):
    """A contract that renews by itself; its later moments are given as days."""
    price = price or {"light": 599}.get(plan, 999)
    shop.add("subscriptions", customer_key=who, subscription_id=f"n{next(NUMBERS)}", plan=plan, price=price,
             period=period, auto_renew=1, **at(on), **{k: at(v)["at"] for k, v in moments.items()})  # fmt: skip


def test_a_trial_is_one_step_however_long_it_is(shop):
    member(shop, 1, "2020-01-01", trial_ends_at="2020-01-08", cancelled_at="2020-02-20", ends_at="2020-03-08")
    member(shop, 2, "2020-01-01", trial_ends_at="2020-01-31", cancelled_at="2020-01-20", ends_at="2020-01-31")
    member(shop, 3, "2020-01-01", trial_ends_at="2020-03-01")
    assert counted(told(shop, "2020-05-05")) == {
        "trial": {"light": 2, "cancelled": 1}, "light": {"light": 3, "cancelled": 1},
    }  # fmt: skip


def test_a_contract_of_calendar_months_is_not_counted_a_month_too_long(shop):
    for who in range(1, 13):  # 1 July to 1 September is 62 days, two twelfths of a year are 61
        member(shop, who, f"2020-{who:02}-01", cancelled_at=f"2020-{who:02}-20",
               ends_at=(date(2020 + (who + 1) // 12, (who + 1) % 12 + 1, 1)).isoformat())  # fmt: skip
    assert counted(told(shop, "2021-06-01")) == {"light": {"light": 12, "cancelled": 12}}


def test_a_change_of_plan_and_an_addon_are_states_and_the_way_back_too(shop):
    member(shop, 1, "2020-01-01", cancelled_at="2020-03-20", ends_at="2020-04-01")
    member(shop, 1, "2020-04-01", plan="full")
    member(shop, 1, "2020-06-01", plan="coach", cancelled_at="2020-07-20", ends_at="2020-08-01")
    for who in (2, 3):
        member(shop, who, "2020-01-01", plan="full")
    found = told(shop, "2020-10-05")
    moves = counted(found)
    assert moves["light"] == {"light": 2, "full": 1}
    assert moves["full+addon"] == {"full+addon": 1, "full": 1}
    assert moves["full"]["full+addon"] == 1
    assert found.answer.evidence.priced == ("light", "full", "addon")
    assert found.answer.now.likely.revenue[0].tolist() == pytest.approx([599.0, 999.0, 999.0 + 999.0])


def test_plans_of_equal_standing_are_no_addons_of_each_other(shop):
    for who in (1, 2):
        first, second = ("east", "west") if who == 1 else ("west", "east")
        member(shop, who, "2020-01-01", plan=first)
        member(shop, who, "2020-02-15", plan=second)
    found = told(shop, "2020-06-05").answer.evidence
    assert set(found.states) == {"east", "west"}
    assert found.counts.paid.sum() == 2 * (2 * 999 + 3 * 2 * 999)  # both are paid for while both bind


def test_plans_are_named_so_that_they_can_be_typed(shop):
    member(shop, 1, "2020-01-01", plan="Pro plan (v2.0)")
    assert told(shop, "2020-04-05").answer.evidence.states == ("pro-plan-v2-0",)


def test_a_year_is_twelve_months_of_a_twelfth_of_its_price(shop):
    member(shop, 1, "2020-01-01", plan="gold", period="year", price=12_000)
    member(shop, 2, "2020-01-01", plan="gold", period="now and then")
    found = told(shop, "2021-01-05")
    assert found.answer.now.likely.price[0].tolist() == [1000.0]
    assert found.unread == 1
    assert any("period that is not known" in line for line in sentences(found, Words()))


def test_costs_are_those_of_the_state_in_which_they_fell(shop):
    member(shop, 1, "2020-01-01", trial_ends_at="2020-01-31")
    member(shop, 2, "2020-01-01", trial_ends_at="2020-01-31")
    shop.add("costs", customer_key=1, cost_id="a", amount=60, kind="service", **at("2020-01-10"))
    shop.add("tickets", customer_key=2, ticket_id="t", cost=400, **at("2020-02-20"))
    shop.add("contacts", customer_key=2, message_id="m", cost=2000, state="sent", **at("2020-03-20"))
    shop.add("costs", cost_id="b", segment="light", amount=-90, kind="advertisers", **at("2020-03-15"))
    shop.add("costs", cost_id="c", segment="the office", amount=123, kind="rent", **at("2020-03-15"))
    found = told(shop, "2020-04-05")
    served = {s: m.value for s, m in zip(("trial", "light"), found.answer.evidence.serve, strict=True)}
    assert served["trial"] == pytest.approx(60 / 2)
    assert served["light"] == pytest.approx(402 / 4 - 90 / 5)  # four months over, and two that half are
    assert any("$1.23 of costs are booked to segments that are no plan" in line for line in sentences(found, Words()))


def test_winning_a_customer_costs_what_was_recorded_by_channel(shop):
    for who, channel, cost in ((1, "ads", 1000), (2, "ads", None), (3, "friends", None), (4, "ads", 600)):
        shop.add("customers", customer_key=who, customer_id=f"c{who}", declared=1, acquisition_channel=channel,
                 acquisition_cost=cost, **at("2020-01-01"))  # fmt: skip
        if who < 4:  # the fourth came and never began: what they cost is borne by those of their channel who did
            member(shop, who, "2020-01-02")
    shop.add("costs", cost_id="x", segment="friends", amount=50, kind="acquisition", **at("2020-01-15"))
    shop.add("costs", cost_id="y", segment="brand", amount=300, kind="acquisition", **at("2020-01-15"))
    found = told(shop, "2020-04-05", by="acquisition_channel")
    won = {name: group.acquisition.value for name, group, _ in found.answer.groups}
    assert won == {"ads": pytest.approx(1000 + 300 + 100), "friends": pytest.approx(50 + 100)}
    assert found.answer.evidence.acquisition.value == pytest.approx((2 * 1400 + 150) / 3)
    assert any("1 of 3 new customers" in line for line in sentences(found, Words()))


def test_only_months_from_the_moment_given_are_counted(shop):
    for who in range(1, 4):
        member(shop, who, "2020-01-01")
    member(shop, 4, "2020-06-10")
    found = told(shop, "2020-10-15", since="2020-06-01")
    assert found.answer.evidence.counts.entry.tolist() == [1]
    assert counted(found)["light"] == {"light": 3 * 4 + 4}


def test_who_came_back_counts_as_gone_and_is_told(shop):
    member(shop, 1, "2020-01-01", cancelled_at="2020-02-10", ends_at="2020-03-01")
    member(shop, 1, "2020-06-01")
    found = told(shop, "2020-09-05")
    assert found.returned == 1
    assert counted(found) == {"light": {"light": 1, "cancelled": 1}}
    assert found.answer.evidence.counts.present.tolist() == [1]


def test_how_little_was_seen_is_told(shop):
    member(shop, 1, "2020-01-01")
    said = " ".join(sentences(told(shop, "2020-05-01"), Words()))
    assert "Customers who were seen to leave: 0." in said
    assert "Fewer than 100 months of `light` were seen" in said


def test_records_that_end_long_before_the_question_are_told(shop):
    member(shop, 1, "2020-01-01")
    assert any("No contract began" in line for line in sentences(told(shop, "2020-12-01"), Words()))
    assert not any("No contract began" in line for line in sentences(told(shop, "2020-02-05"), Words()))


def test_nothing_to_count_is_refused_with_a_sentence(shop):
    with pytest.raises(TenureError, match="fewer than two whole months"):
        told(shop, "2020-05-01")
    with pytest.raises(TenureError, match="There is no contract"):
        told(shop, "2020-05-01", of="contracts")
    member(shop, 1, "2020-04-25")
    with pytest.raises(TenureError, match="No month of any customer is over"):
        told(shop, "2020-05-01")
    with pytest.raises(TenureError, match="Nobody became a customer"):
        told(shop, "2020-09-01", since="2020-06-01")


def test_buyers_stand_in_the_stage_of_their_own_rhythm_at_each_months_end(make_shop):
    shop = make_shop(Business(retention_window_days=30))
    for day in range(0, 210, 10):
        shop.order(1, (date(2020, 1, 5) + timedelta(days=day)).isoformat(), 1000)
    for on in ("2020-01-05", "2020-01-15", "2020-01-25", "2020-02-04"):
        shop.order(2, on, 500)
    found = told(shop, "2020-08-10", since="2020-01-01")
    assert found.of == "orders"
    moves = counted(found)
    assert moves["new"] == {"loyal": 1, "at_risk": 1}  # the sixth order day was within February; 25 days of silence
    assert moves["loyal"] == {"loyal": 5}
    assert moves["at_risk"] == {"lapsed": 1}
    assert moves["lapsed"] == {"lost": 1}
    assert found.answer.now.likely.bought == "spend"
    assert sum(found.answer.evidence.counts.paid) == 21 * 1000 + 4 * 500


MOMENT = 240
days = st.integers(0, MOMENT - 1)
contracts = st.lists(
    st.tuples(st.integers(1, 5), days, st.sampled_from(("light", "full")), st.one_of(st.none(), st.integers(0, 300))),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contracts, st.lists(st.tuples(st.integers(1, 8), st.integers(MOMENT, 400)), min_size=1, max_size=3))
def test_what_happens_later_changes_no_what_if(make_shop, contracts, later):
    before, after = make_shop(), make_shop()
    for shop in (before, after):
        shop.order(9, day(0))
        shop.order(9, day(70))
        for who, when, plan, left in contracts:
            ends = {"cancelled_at": day(left), "ends_at": day(left)} if left is not None and when <= left else {}
            member(shop, who, day(when), plan=plan, **ends)
    for number, (who, when) in enumerate(later):
        member(after, who, day(when), plan="full")
        after.order(who, day(when), 4000)
        after.add("customers", customer_key=100 + number, customer_id=f"n{number}", declared=1, acquisition_cost=900,
                  **at(day(when)))  # fmt: skip
        after.add("costs", customer_key=who, cost_id=f"k{number}", amount=70, kind="service", **at(day(when)))
    assert _answer(after) == _answer(before)


def _answer(shop):
    try:
        return as_json(told(shop, day(MOMENT)), shop.business)
    except TenureError as refusal:
        return refusal.sentence


def day(number):
    return (date(2020, 1, 1) + timedelta(days=number)).isoformat()


def test_rates_of_invented_lives_are_found_again(make_shop):
    """Members who leave with a known chance after each month; what is counted is what they were drawn from."""
    shop, rng = make_shop(), np.random.default_rng(2)
    rows = []
    for who in range(1, 1501):
        begin = date(2020, 1, 1) + timedelta(days=int(rng.integers(0, 300)))
        stays = int(rng.geometric(0.12))
        left = begin + timedelta(days=round(30.4375 * stays))
        rows.append((who, moment(begin.isoformat()).at, moment(left.isoformat()).at))
    shop.warehouse.run(
        "INSERT INTO facts.subscriptions (customer_key, subscription_id, plan, price, period, \"at\", cancelled_at, "
        "ends_at) SELECT w, w, 'light', 599, 'month', b, l, l FROM (SELECT UNNEST(?) AS w, UNNEST(?) AS b, "
        "UNNEST(?) AS l)", [list(column) for column in zip(*rows, strict=True)],
    )  # fmt: skip
    found = told(shop, "2021-01-01")
    counts = found.answer.evidence.counts
    assert counts.moves[0, 1] / counts.moves[0].sum() == pytest.approx(0.12, abs=0.01)
    assert found.answer.now.figures["months"].value == pytest.approx(1 / 0.12, rel=0.08)


def test_every_line_fits_a_terminal_and_json_says_the_same(shop):
    from tenure.cli.whatif import aligned

    for who in range(1, 40):
        leaves = {"cancelled_at": "2020-03-20", "ends_at": "2020-04-01"} if who % 3 else {}
        member(shop, who, "2020-01-01", trial_ends_at="2020-01-31", plan="full" if who % 2 else "light", **leaves)
        shop.add("customers", customer_key=who, customer_id=f"c{who}", declared=1, country="US",
                 acquisition_cost=2000, **at("2020-01-01"))  # fmt: skip
    found = told(shop, "2020-08-05", "conversion.trial.full=+0.02", by="country")
    lines = [line for table in tables(found.answer, Words()) for line in aligned(table)]
    assert max(map(len, lines)) <= 80
    machine = as_json(found, shop.business)
    assert machine["then"]["profit"]["value"] - machine["now"]["profit"]["value"] == pytest.approx(
        machine["difference"]["profit"]["value"]
    )
    assert [sum(row["to"].values()) for row in machine["chain"]] == pytest.approx([1.0] * len(machine["chain"]))
    assert [g["group"] for g in machine["groups"]] == ["US"]


def test_real_shops_are_told_by_their_stages(cdnow):
    found = whatif(WarehouseQuery(cdnow.warehouse), cdnow.business, moment("1998-07-01"), ASK)
    assert found.lives == 23_570
    chain = found.answer.now.likely
    assert chain.moves.sum(2) == pytest.approx(np.ones((1, len(chain.states))))
    # Their first quarter brought what the stages say: nobody's spending is lost or counted twice.
    (months,) = cdnow.warehouse.fetch("SELECT SUM(total) FROM facts.orders WHERE \"at\" < epoch_us(DATE '1998-07-01')")
    counted_once = found.answer.evidence.counts.paid.sum()
    assert 0.97 * months[0] < counted_once <= months[0]
