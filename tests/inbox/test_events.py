"""The door for events, behind a real server: what SDKs send is stored once, on both stores, before we say so."""

from __future__ import annotations

import gzip
import http.client
import json
import logging
import os
import re
import socket
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tenure.app.ingestion import Ingestion
from tenure.web import events
from tenure.web.app import create_app

CAPTURES = Path(__file__).parent / "captures"


def tracked(number: int, **more: object) -> dict[str, object]:
    return {"type": "track", "userId": "ann", "event": "Seen", "messageId": f"m{number}", **more}


def replay(client: httpx.Client, wire: bytes) -> list[tuple[int, bytes]]:
    """Send what an SDK sent, byte for byte, and read every answer."""
    asked = re.findall(rb"^([A-Z]+) \S+ HTTP/1\.1\r$", wire, re.MULTILINE)
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=30) as line:
        line.sendall(wire)
        answers = []
        stream = line.makefile("rb")
        for method in asked:
            answer = http.client.HTTPResponse(_Line(stream), method=method.decode())
            answer.begin()
            answers.append((answer.status, answer.read()))
    return answers


class _Line:
    """Several answers on one connection: the reader of one must not close it for the next."""

    def __init__(self, stream):
        self._stream = stream

    def makefile(self, _mode):
        stream = self._stream

        class Kept:
            def __getattr__(self, name):
                return (lambda: None) if name == "close" else getattr(stream, name)

        return Kept()


@pytest.fixture
def door(either, shop_of, serving):
    shop = shop_of(either)
    with serving(create_app(shop.ws.folder)) as client:
        yield shop, client


def test_what_the_sdks_send_is_stored_once_however_often_they_send_it(door):
    shop, client = door
    wires = {path.stem: path.read_bytes() for path in sorted(CAPTURES.glob("*.http"))}
    assert {"python-1", "python-gzip-1", "node-1", "browser-1", "browser-2"} == set(wires)
    for _ in range(2):
        for wire in wires.values():
            answers = replay(client, wire)
            assert {status for status, _ in answers} <= {200, 204}
    assert shop.states() == {"waiting": 6 + 6 + 6 + 6}
    shop.move()
    assert shop.states() == {"moved": 24}
    assert ("bann", "b@example.com") in shop.rows("customers", "customer_id", "email")
    assert shop.rows("orders", "order_id", "customer_id", "total") == [("p1001", "pann", 24.0), ("z1001", "zann", 24.0)]
    names = {name for (name,) in shop.rows("events", "name")}
    assert {"Product Viewed", "Product Added", "Page Viewed", "Screen Viewed", "group", "alias"} <= names


def test_a_poisoned_event_is_kept_aside_and_its_neighbours_are_stored(door):
    shop, client = door
    text = json.dumps({"batch": [tracked(1), tracked(2, x=float("nan")), tracked(3, y="a\0b"), tracked(4)]})
    answer = client.post("/v1/batch", content=text)
    aside = [{"event": 1, "reason": "holds a number that JSON cannot hold"}]
    assert answer.json() == {"success": True, "set_aside": aside}
    assert shop.states() == {"waiting": 3, "aside": 1}
    shop.move()
    assert shop.states() == {"moved": 3, "aside": 1}
    assert [event for (event,) in shop.rows("events", "event_id")] == ["m1", "m3", "m4"]


def test_many_senders_at_once_with_shared_ids_are_stored_once_each(door):
    shop, client = door

    def send(sender: int) -> int:
        batch = [tracked(number) for number in range(sender, sender + 40)]
        return client.post("/v1/batch", json={"batch": batch if sender % 2 else batch[::-1]}).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(send, range(60))) == {200}
    assert shop.states() == {"waiting": 99}
    told = client.get("/metrics").text
    assert "tenure_events_received_total 2400\n" in told and "tenure_events_duplicates_total 2301\n" in told
    assert 'tenure_inbox_events{state="waiting"} 99\n' in told and told.endswith("# EOF\n")


def test_gzip_and_any_content_type_are_read(client, shop):
    packed = gzip.compress(json.dumps(tracked(1)).encode())
    assert client.post("/v1/track", content=packed, headers={"Content-Encoding": "gzip"}).json() == {"success": True}
    for number, kind in enumerate(["text/plain", "application/x-www-form-urlencoded", ""], 2):
        body = json.dumps(tracked(number)).encode()
        assert client.post("/v1/t", content=body, headers={"Content-Type": kind}).status_code == 200
    assert shop.states() == {"waiting": 4}


def test_the_key_may_stand_in_the_body_and_a_wrong_one_is_refused(client, shop):
    for auth, key, status in (
        (None, "wk-123", 200), (None, "other", 401), (None, None, 401), (("other", ""), "wk-123", 401),
        (("", ""), None, 401),
    ):  # fmt: skip
        body = tracked(1, **({"writeKey": key} if key else {}))
        answer = httpx.post(f"{client.base_url}/v1/track", json=body, auth=auth)
        assert answer.status_code == status, (auth, key)
        if status == 401:
            assert "write key" in answer.json()["error"] and answer.headers["www-authenticate"]
    broken = httpx.post(f"{client.base_url}/v1/track", json=tracked(2), headers={"Authorization": "Basic é".encode()})
    assert broken.status_code == 401
    assert shop.states() == {"waiting": 1}


REFUSED = (
    (b"{", {}, 400),
    (b"[1]", {}, 400),
    (b"no gzip", {"Content-Encoding": "gzip"}, 400),
    (gzip.compress(b"{}" * 500)[:-9], {"Content-Encoding": "gzip"}, 400),
    (b"{}", {"Content-Encoding": "br"}, 400),
    (b'{"x": "' + b"a" * 520_000 + b'"}', {}, 413),
    (gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"}, 413),
    (json.dumps(tracked(1, x="a" * 33_000)).encode(), {}, 413),
)


def test_what_cannot_be_read_is_refused_with_a_sentence(client, shop):
    for number, (body, headers, status) in enumerate(REFUSED):
        answer = client.post("/v1/track", content=body, headers=headers)
        assert answer.status_code == status, number
        assert answer.json()["success"] is False and answer.json()["error"].endswith(".")
    assert shop.states() == {}


def test_a_body_without_a_length_is_cut_off_at_the_limit(client):
    def endless():
        for _ in range(100):
            yield b"a" * 10_000

    assert client.post("/v1/track", content=endless()).status_code == 413


def test_whoever_comes_while_the_queue_is_full_is_asked_to_come_again(shop, serving):
    from tenure.app import adapters

    application = FastAPI()
    application.include_router(events.routes(Ingestion(shop.ws), "http://127.0.0.1:8000", most=3))
    with serving(application) as client, ThreadPoolExecutor(4) as pool:
        client.post("/v1/track", json=tracked(0))
        with adapters.store(shop.ws) as desk, desk.write():  # as a long transaction of another process would
            sent = [pool.submit(client.post, "/v1/track", json=tracked(number)) for number in (1, 2, 3, 4)]
            refused = next(as_completed(sent)).result()
        assert refused.status_code == 429 and refused.headers["retry-after"] == "1"
        assert sorted(one.result().status_code for one in sent) == [200, 200, 200, 429]
        assert client.post("/v1/track", json=tracked(5)).status_code == 200
    assert shop.states() == {"waiting": 5}


def test_a_store_that_is_away_is_no_answer_of_200(shop_of, serving, monkeypatch):
    shop = shop_of("sqlite")
    (shop.ws.folder / "tenure.yaml").write_text("store: postgresql\n")
    monkeypatch.setenv("TENURE_STORE_URL", "postgresql://nobody@127.0.0.1:1/none")
    with serving(create_app(shop.ws.folder)) as client:
        answer = client.post("/v1/track", json=tracked(1))
    assert answer.status_code == 503 and answer.headers["retry-after"] == "5"


def test_other_sites_may_send_events_and_read_nothing_else(client):
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Headers": "authorization"}
    preflight = client.options("/v1/t", headers=asked)
    assert preflight.status_code == 204 and "Authorization" in preflight.headers["access-control-allow-headers"]
    assert client.post("/v1/t", json=tracked(1)).headers["access-control-allow-origin"] == "*"
    for path in ("/", "/healthz", "/metrics", "/readyz"):
        assert "access-control-allow-origin" not in client.get(path).headers


def test_the_browsers_sdk_is_told_where_to_send(client):
    told = client.get("/v1/projects/wk-123/settings").json()["integrations"]["Segment.io"]
    assert told == {"apiKey": "wk-123", "apiHost": "127.0.0.1:8000/v1", "protocol": "http"}
    assert client.get("/v1/projects/other/settings").status_code == 404


def test_no_log_holds_what_was_sent(client, shop, caplog):
    with caplog.at_level(logging.DEBUG):
        unread = json.dumps(tracked(1, userId="canary", x=float("nan"))).encode()
        for body in (b'{"email": "canary@example.com"', unread):
            client.post("/v1/track", content=body)
        shop.move()
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert not [record for record in ours if "canary" in record.getMessage()]


def test_the_key_is_made_at_the_first_start_and_only_its_owner_may_read_it(tmp_path, monkeypatch):
    from tenure.app import doctor, open_workspace
    from tenure.app.workspace import write_key

    monkeypatch.delenv("TENURE_WRITE_KEY", raising=False)
    (tmp_path / "tenure.yaml").write_text("name: Boots\n")
    made = write_key(open_workspace(tmp_path))
    assert len(made) == 32 and made == write_key(open_workspace(tmp_path))
    assert (tmp_path / ".tenure" / "write-key").stat().st_mode & 0o077 == 0 or os.name == "nt"
    assert any(".tenure/write-key" in check.says and made not in check.says for check in doctor(tmp_path))


def test_a_slow_sender_holds_no_place_for_ever(shop, serving, monkeypatch):
    from tenure.web import bodies

    monkeypatch.setattr(bodies, "_SECONDS", 0.2)
    application = FastAPI()
    application.include_router(events.routes(Ingestion(shop.ws), "http://127.0.0.1:8000", most=1))
    with serving(application) as client:
        with socket.create_connection((client.base_url.host, client.base_url.port), timeout=30) as line:
            line.sendall(b"POST /v1/track HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{")
            assert line.recv(1000).startswith(b"HTTP/1.1 408 ")
        assert client.post("/v1/track", json=tracked(1)).status_code == 200
