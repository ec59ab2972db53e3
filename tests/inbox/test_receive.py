"""Whatever is sent, the events that can be read are read, and each of the others is kept aside with its reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.domain.errors import TenureError
from tenure.operations.receive import TooLargeError, read, receive

GOOD = {"type": "track", "userId": "ann", "event": "Seen", "messageId": "good"}


def batch(*events: str) -> list:
    body = f'{{"batch": [{", ".join(events)}]}}'.encode("utf-8", "surrogateescape")
    return receive("batch", read(body), lambda: "made")


def track(**more: object) -> str:
    return json.dumps({"type": "track", "userId": "bob", "event": "Seen", "messageId": "bad", **more})


DEEP = "[" * 100_000 + "]" * 100_000
POISON = {
    "NaN": (track(x=float("nan")), "number"),
    "infinity": (track(x=1).replace(": 1,", ": 1e999,").replace(": 1}", ": 1e999}"), "number"),
    "a number of 5,000 digits": (track(x=7).replace(": 7", ": " + "7" * 5000), "number"),
    "half of a pair": (track(event="\ud83d"), "not Unicode"),
    "bytes that are no UTF-8": (track(event="Seen").replace("Seen", "S\udcff"), "not Unicode"),
    "endless nesting": (track(x=7).replace(": 7", ": " + DEEP), "nested"),
    "some nesting": (track(x=7).replace(": 7", ": " + DEEP[99_800:100_200]), "nested"),
    "nesting near the reader's end": (DEEP[99_100:100_900], "not a JSON object"),
    "NaN in such nesting": (track(x=7).replace(": 7", ": " + "[" * 900 + "NaN" + "]" * 900), ""),
    "much text": (track(x="a" * 33_000), "32 kB"),
    "no object": ("7", "not a JSON object"),
    "no type": (json.dumps({"userId": "bob", "event": "Seen"}), "`type`"),
    "nobody": (track(userId=None), "names nobody"),
    "a strange id": (track(userId={"a": 1}), "userId"),
    "no name": (track(event=" "), "no name"),
    "an endless id": (track(messageId="m" * 201), "messageId"),
}


@pytest.mark.parametrize("kind", POISON)
def test_a_poisoned_event_is_kept_aside_and_the_others_go_on(kind):
    event, reason = POISON[kind]
    first, poisoned, last = batch(json.dumps(GOOD), event, json.dumps(GOOD | {"messageId": "last"}))
    assert (first.reason, last.reason) == ("", "")
    assert (first.message_id, last.message_id) == ("good", "last")
    assert reason in poisoned.reason
    for text in (poisoned.message_id, poisoned.body, poisoned.reason):
        assert "\0" not in text and text.encode()  # every store can hold it
    assert 0 < len(poisoned.message_id) <= 200


def test_the_character_nul_is_replaced_and_the_event_goes_on():
    (event,) = batch(track(event="a\0b", back="\\u0000 \\\0"))
    assert event.reason == "" and "\\u0000 " in json.loads(event.body)["back"]
    assert json.loads(event.body)["event"] == "a\ufffdb"
    assert json.loads(event.body)["back"] == "\\u0000 \\\ufffd"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", b'{"batch": 7}', b"{}", b"null"])
def test_a_body_that_holds_no_events_is_refused_with_a_sentence(body):
    with pytest.raises(TenureError) as refused:
        receive("batch", read(body), str)
    assert refused.value.sentence.endswith(".")


def test_a_large_event_alone_is_refused():
    with pytest.raises(TooLargeError):
        receive("track", json.loads(POISON["much text"][0]), str)


def test_an_event_without_id_is_the_same_again_only_if_it_names_its_moment():
    numbers = iter("12")
    dated, undated = {"userId": "a", "event": "x", "timestamp": "2024-01-01T00:00:00Z"}, {"userId": "a", "event": "x"}
    ids = [receive("track", dict(e), lambda: next(numbers))[0].message_id for e in (dated, dated, undated, undated)]
    assert ids[0] == ids[1] and ids[2:] == ["1", "2"]


def test_a_batch_says_when_it_was_sent_and_its_key_is_not_kept():
    body = {"batch": [{**GOOD, "writeKey": "secret"}], "sentAt": "2024-01-01T00:00:00Z", "writeKey": "secret"}
    (event,) = receive("batch", body, str)
    assert "secret" not in event.body and json.loads(event.body)["sentAt"] == body["sentAt"]


words = st.text(st.sampled_from('aé"\\\0\ud83d\udc00\ufeff'), max_size=6)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from(["type", "userId", "anonymousId", "event", "messageId", "traits", "properties", "timestamp"])
event = st.dictionaries(names, anything | st.sampled_from(["track", "identify", "page"]))


@settings(max_examples=60)
@given(st.lists(event | anything, max_size=5))
def test_of_any_batch_every_event_is_taken_or_kept_aside(events):
    taken = receive("batch", read(json.dumps({"batch": events}).encode()), lambda: "made")
    assert len(taken) == len(events)
    for event in taken:
        assert event.message_id.encode() and "\0" not in event.message_id + event.body
        assert event.body.encode() and (event.reason or isinstance(json.loads(event.body), dict))
