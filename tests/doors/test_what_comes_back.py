"""The line is closed: a message is sent, opened, answered with a stop, and the next run knows."""

import email
import mailbox
import re
from email import policy

import pytest
from fastapi.testclient import TestClient

from tenure import app
from tenure.app.line import rehearsing
from tenure.app.site import site_of
from tenure.domain.silence import Silent
from tenure.web.app import build

FIRST, NEXT = "2011-06-01T10:00:00", "2011-07-20T10:00:00"


@pytest.fixture
def shop(trading):
    """The workspace after one run, with the pages in front of it."""
    ws = app.open_workspace(trading.folder)
    app.run(ws, FIRST, Silent())
    return ws


def pages_of(ws):
    """The pages two days after the run."""
    then = rehearsing(ws, app.moment(ws, "2011-06-03T12:00:00"))
    return TestClient(build(site_of(then)), base_url="http://127.0.0.1:8000")


def mails(ws):
    box = mailbox.Maildir(ws.machine / "maildir", factory=None)
    return {m["To"]: email.message_from_bytes(m.as_bytes(), policy=policy.default) for m in box}


def links(message):
    text = message.get_body(("html",)).get_content()
    return {kind: re.search(rf"http://127\.0\.0\.1:8000(/{kind}/[\w-]{{36}})", text)[1] for kind in ("o", "u")}


def test_an_open_comes_back_as_a_fact_and_into_the_report(shop):
    with pages_of(shop) as pages:
        opened = list(mails(shop).values())[:3]
        for message in opened:
            for _ in range(2):
                answer = pages.get(links(message)["o"])
                assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    app.learn(shop, app.moment(shop, NEXT), Silent())
    from tenure.app.adapters import warehouse

    with warehouse(shop) as desk:
        assert desk.fetch("SELECT kind, count(*) FROM facts.deliveries GROUP BY kind") == [("opened", len(opened))]
        assert desk.fetch("SELECT count(*) FROM facts.contacts")[0][0] == len(mails(shop))


def test_a_stop_is_obeyed_at_once_and_becomes_a_consent_denied(shop):
    address, message = next(iter(mails(shop).items()))
    customer = address.partition("@")[0].strip('<>"')
    with pages_of(shop) as pages:
        link = links(message)["u"]
        assert pages.get(link).status_code == 200
        assert app.outbox(shop)[0]["state"] == "sent"  # asking changed nothing
        done = pages.post(link, content="List-Unsubscribe=One-Click",
                          headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
        assert done.status_code == 200
    ran = app.run(shop, NEXT, Silent())
    chosen = [r["customer_id"] for r in ran.decided.decisions.to_pylist() if r["outcome"] == "chosen"]
    assert customer not in chosen
    profile = app.customer(shop, customer, app.moment(shop, NEXT))
    assert "email" not in (profile["channels"] or [])
    told = app.explain(shop, customer, NEXT).as_json()
    assert not told["chosen"]


def test_a_forged_link_reaches_nobody(shop):
    with pages_of(shop) as pages:
        links_of_one = links(next(iter(mails(shop).values())))
        stolen = links_of_one["o"].replace("/o/", "/u/")
        assert pages.post(stolen).status_code == 404
        assert pages.post("/u/" + "A" * 36).status_code == 404
    assert {row["state"] for row in app.outbox(shop)} == {"sent"}


def test_the_same_run_twice_is_the_same_run(shop):
    before = sorted(mails(shop))
    again = app.run(shop, FIRST, Silent())
    assert again.sent.states.get("sent", 0) == 0
    assert sorted(mails(shop)) == before


def test_a_rehearsal_never_really_sends(shop):
    file = shop.folder / "tenure.yaml"
    file.write_text(file.read_text().replace("adapter: maildir", "adapter: smtp"))
    from tenure.domain.errors import TenureError

    with pytest.raises(TenureError, match="would really send by email"):
        app.run(app.open_workspace(shop.folder), NEXT, Silent())
