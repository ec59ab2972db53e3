"""The same file again changes nothing, files may come in any order, and what replaces a row reaches what repeats it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.warehouse import arrival

HEAD = "order_id,customer_id,ordered_at,total,status\n"
EVENTS = "event_id,customer_id,anonymous_id,name,occurred_at\n"

any_order = st.tuples(
    st.sampled_from(["1", "2", "3", "4", ""]),
    st.sampled_from(["a", "b", "c", "", "=1+1"]),
    st.sampled_from(["2024-01-05", "2024-01-05T10:00:00Z", "05.01.2024", "13/01/2024", "02/01/2024", "never", ""]),
    st.sampled_from(["1", "2.50", "NaN", "-1", "1e3", "x", ""]),
    st.sampled_from(["paid", "cancelled", "", "lost"]),
)
any_event = st.tuples(st.sampled_from(["", "", "ann", "bob"]), st.sampled_from(["", "x", "y", "z"]), st.integers(1, 28))
settled = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(rows: list[tuple[object, ...]], head: str = HEAD) -> str:
    return head + "".join(",".join(map(str, row)) + "\n" for row in rows)


@settled
@given(rows=st.lists(any_order, max_size=12))
def test_a_reimport_changes_nothing(desk_of, rows):
    desk = desk_of()
    first = desk.load("orders", written(rows))
    before, version, aside = desk.everything(), desk.intake.version(), desk.reasons()
    again = desk.load("orders", written(rows))
    assert first.accepted + first.quarantined == len(rows)
    assert (again.accepted, again.quarantined, again.changed) == (first.accepted, first.quarantined, 0)
    assert again.replaced == again.accepted
    assert (desk.everything(), desk.intake.version(), desk.reasons()) == (before, version, aside)


@settled
@given(rows=st.lists(any_event, min_size=1, max_size=14), cut=st.integers(0, 14))
def test_events_mean_the_same_in_whatever_files_and_order_they_come(desk_of, rows, cut):
    events = [(n, who, anonymous, "Seen", f"2024-01-{day:02d}") for n, (who, anonymous, day) in enumerate(rows)]
    whole, parts = desk_of(), desk_of()
    whole.load("events", written(events, EVENTS))
    parts.load("events", written(events[cut:], EVENTS), name="later.csv")
    parts.load("events", written(events[:cut], EVENTS), name="earlier.csv")
    query = (
        "SELECT e.event_id, c.customer_id, e.known_at FROM facts.events e LEFT JOIN facts.customers c "
        "ON c.customer_key = e.customer_key ORDER BY ALL"
    )
    assert parts.warehouse.fetch(query) == whole.warehouse.fetch(query)


def test_an_identical_row_from_another_file_keeps_its_first_source(desk):
    desk.load("orders", HEAD + "1,a,2024-01-05,5,\n", name="monday.csv")
    version = desk.intake.version()
    loaded = desk.load("orders", HEAD + "1,a,2024-01-05,5.00,\n2,a,2024-01-06,7,\n", name="tuesday.csv")
    assert (loaded.accepted, loaded.replaced, loaded.changed) == (2, 1, 1)
    assert desk.rows("orders", "order_id, source, received_at", "order_id") == [
        ("1", "monday.csv", 1),
        ("2", "tuesday.csv", 2),
    ]
    assert desk.intake.version() == version + 1


def test_replacing_an_order_renews_its_lines_and_refunds(desk):
    desk.load("orders", HEAD + "1,a,2024-01-05,5,\n2,b,2024-01-05,5,\n")
    desk.load("order_lines", "order_id,line,product_id,quantity,unit_price\n1,1,p,1,5\n2,1,p,1,5\n")
    desk.load("refunds", "refund_id,order_id,refunded_at,amount\nr,1,2024-02-01,5\n")
    desk.load("orders", HEAD + "1,new,2024-03-01,5,cancelled\n")
    key = desk.rows("customers", "customer_key, customer_id", "customer_key")[2]
    assert key == (3, "new")
    assert desk.rows("order_lines", "order_id, customer_key, day, month_no, cancelled", "order_id") == [
        ("1", 3, 19783, 650, 1), ("2", 2, 19727, 648, 0)]  # fmt: skip
    assert desk.rows("refunds", "customer_key") == [(3,)]


def test_replacing_a_contract_renews_its_payments(desk):
    head = "subscription_id,customer_id,plan,price,period,started_at\n"
    desk.load("subscriptions", head + "s,a,gold,9,month,2024-01-01\n")
    desk.load("payments", "payment_id,subscription_id,paid_at,amount,status\np,s,2024-01-01,9,paid\n")
    desk.load("subscriptions", head + "s,b,gold,9,month,2024-01-01\n")
    assert desk.rows("payments", "customer_key") == [(2,)]


@pytest.mark.parametrize(
    ("table", "content", "reason"),
    [
        ("order_lines", "order_id,line,product_id,quantity,unit_price\n77,1,p,1,5\n",
         "order 77 is not known; import orders first"),
        ("refunds", "refund_id,order_id,refunded_at,amount\nr,77,2024-02-01,5\n",
         "order 77 is not known; import orders first"),
        ("payments", "payment_id,subscription_id,paid_at,amount\np,77,2024-01-01,9\n",
         "subscription 77 is not known; import subscriptions first"),
    ],
)  # fmt: skip
def test_a_row_whose_parent_is_not_known_is_kept_aside(desk, table, content, reason):
    assert desk.load(table, content).quarantined == 1
    assert desk.reasons()[0][2] == reason


def test_customers_get_their_keys_in_the_order_in_which_they_appear(desk):
    desk.load("orders", HEAD + "1,zoe,2024-01-05,5,\n2,bad,never,5,\n3,ann,2024-01-05,5,\n4,zoe,2024-01-05,5,\n")
    assert desk.rows("customers", "customer_key, customer_id, declared", "1") == [(1, "zoe", 0), (2, "ann", 0)]
    loaded = desk.load("customers", "customer_id,name\nmax,Max\nann,Ann\n")
    assert (loaded.accepted, loaded.replaced) == (2, 0)
    assert desk.rows("customers", "customer_key, customer_id, declared", "1") == [
        (1, "zoe", 0), (2, "ann", 1), (3, "max", 1)]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "content"),
    [
        ("tickets", "ticket_id,customer_id,opened_at\nt,a,2024-01-01\n"),
        ("feedback", "feedback_id,customer_id,given_at,kind,score\nf,a,2024-01-01,NPS,9\n"),
        ("consents", "consent_id,customer_id,channel,purpose,state,at\nc,a,email,marketing,granted,2024-01-01\n"),
        ("subscriptions", "subscription_id,customer_id,plan,price,period,started_at\ns,a,x,1,P3M,2024-01-01\n"),
        ("costs", "cost_id,customer_id,at,kind,amount\nk,a,2024-01-01,call,1\n"),
        ("events", "event_id,customer_id,name,occurred_at\ne,a,Seen,2024-01-01\n"),
    ],
)
def test_every_fact_of_a_customer_makes_the_customer_known(desk, table, content):
    assert desk.load(table, content).accepted == 1
    assert desk.rows("customers", "customer_id, declared") == [("a", 0)]
    assert desk.rows(table, "customer_key") == [(1,)]


def test_a_table_is_written_anew_in_order_once_a_tenth_of_it_is_not(desk, monkeypatch):
    monkeypatch.setattr(arrival, "_UNSORTED_ROWS", 5)
    desk.load("orders", HEAD + "".join(f"{n},c{n % 7},2024-01-05,1,\n" for n in range(100)))
    keys = "SELECT customer_key FROM facts.orders ORDER BY rowid"
    for batch in range(100, 112, 3):
        desk.load(
            "orders", HEAD + "".join(f"{n},c0,2024-01-01,1,\n" for n in range(batch, batch + 3)), name=f"{batch}.csv"
        )
    assert desk.warehouse.fetch(keys) == sorted(desk.warehouse.fetch(keys))
    desk.load("orders", HEAD + "200,c0,2024-01-01,1,\n", name="last.csv")
    assert desk.warehouse.fetch(keys) != sorted(desk.warehouse.fetch(keys))


def test_a_crash_in_the_middle_leaves_the_old_facts(desk_of, tmp_path, monkeypatch):
    desk = desk_of(path=str(tmp_path / "w.duckdb"))
    desk.load("orders", HEAD + "1,a,2024-01-05,5,\n")
    before, version = desk.everything(), desk.intake.version()
    monkeypatch.setattr(arrival, "keep_sorted", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        desk.load("orders", HEAD + "1,b,2024-01-05,9,\n2,c,2024-01-05,9,\n")
    assert (desk.everything(), desk.intake.version()) == (before, version)
    monkeypatch.undo()
    assert desk.load("orders", HEAD + "1,b,2024-01-05,9,\n").changed == 1
