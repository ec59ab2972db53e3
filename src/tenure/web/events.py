"""The door for events: the Segment HTTP API, as the SDKs in servers, apps and browsers speak it.

200 is said only once the events are durable in the operational store. The content type is not looked at, because
browsers send JSON as text to be spared a preflight request. At most `MOST` requests are held at a time, so memory is
bounded; whoever comes then is asked to come again, which every SDK does by itself.
"""

from __future__ import annotations

import logging
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from tenure.app.ingestion import AwayError, Ingestion, Receipt, WrongKeyError
from tenure.domain.arrival import CALLS, LARGEST_BODY
from tenure.domain.errors import TenureError
from tenure.operations.receive import TooLargeError
from tenure.web.bodies import SlowError, body_of, unpacked

log = logging.getLogger("tenure.web")
MOST = 128  # requests at a time: at 500 kB each, 64 MB
AT_ONCE = 16  # of them at the store, which has connections for more
SHORT = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"}
# Only for events: a page elsewhere may tell us something, and read nothing but that we heard it.
_OPEN = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT = {
    **_OPEN, "Access-Control-Allow-Methods": "POST, GET, OPTIONS", "Access-Control-Max-Age": "86400",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding",
}  # fmt: skip
_STATUS: tuple[tuple[type[TenureError], int], ...] = (
    (WrongKeyError, 401), (TooLargeError, 413), (SlowError, 408), (AwayError, 503), (TenureError, 400),
)  # fmt: skip
_COUNTED = {
    "received": "Events received since the service started, repeated ones too.",
    "duplicates": "Events that were known by their id.",
    "set_aside": "Events that were kept aside on arrival.",
}
_OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_STATES = ("waiting", "aside", "moved")
_EVERYTHING = {"__default": {"enabled": True, "integrations": {}}}


def routes(ingestion: Ingestion, base_url: str, most: int = MOST) -> APIRouter:
    """The routes under `/v1/`, and the counters."""
    router = APIRouter()
    gate = _Gate(ingestion, most)
    for path, call in {**{call: call for call in (*CALLS, "batch")}, **SHORT}.items():
        router.add_api_route(f"/v1/{path}", gate.taking(call), methods=["POST"])

    @router.post("/v1/m")
    def metrics_of_sdks() -> JSONResponse:
        return JSONResponse({"success": True}, headers=_OPEN)  # how the SDK itself fares: nobody here asks

    @router.get("/v1/projects/{key}/settings")
    def settings(key: str) -> JSONResponse:
        try:
            ingestion.check(key)
        except WrongKeyError as error:
            return _refused(error, 404)
        return JSONResponse(_settings(key, base_url), headers={**_OPEN, "Cache-Control": "public, max-age=300"})

    @router.options("/v1/{path:path}")
    def preflight() -> Response:
        return Response(status_code=204, headers=_PREFLIGHT)

    @router.get("/metrics")
    def metrics() -> Response:
        counted, states = ingestion.counts()
        return Response(_exposition(counted, states), media_type=_OPENMETRICS)

    return router


class _Gate:
    """Lets a bounded number of requests in."""

    def __init__(self, ingestion: Ingestion, most: int) -> None:
        self._ingestion = ingestion
        self._most = most
        self._held = 0  # touched by the event loop alone
        self._limiter: CapacityLimiter | None = None

    def taking(self, call: str) -> Any:
        """The endpoint of one call."""

        async def endpoint(request: Request) -> Response:
            if self._held >= self._most:
                busy = TenureError("more events arrive than can be stored", "Send these again in a moment.")
                return _refused(busy, 429, {"Retry-After": "1"})
            self._held += 1
            try:
                return await self._take(call, request)
            finally:
                self._held -= 1

        return endpoint

    async def _take(self, call: str, request: Request) -> Response:
        if self._limiter is None:
            self._limiter = CapacityLimiter(AT_ONCE)
        key, encoding = _key(request), request.headers.get("content-encoding", "")
        try:
            body = await body_of(request, LARGEST_BODY)
            receipt = await to_thread.run_sync(self._keep, call, body, encoding, key, limiter=self._limiter)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it
        except TenureError as error:
            return _refusal(error)
        return JSONResponse(_answer(receipt), headers=_OPEN)

    def _keep(self, call: str, body: bytes, encoding: str, key: str | None) -> Receipt:
        return self._ingestion.receive(call, unpacked(body, encoding, LARGEST_BODY), key)


def _answer(receipt: Receipt) -> dict[str, Any]:
    if not receipt.aside:
        return {"success": True}
    return {"success": True, "set_aside": [{"event": at, "reason": reason} for at, reason in receipt.aside]}


def _refusal(error: TenureError) -> JSONResponse:
    status = next(code for kind, code in _STATUS if isinstance(error, kind))
    more = {401: {"WWW-Authenticate": 'Write-Key realm="events"'}, 503: {"Retry-After": "5"}}.get(status, {})
    if status == 503:
        log.error("events were not stored: %s", error.sentence)
    return _refused(error, status, more)


def _refused(error: TenureError, status: int, more: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"success": False, "error": error.sentence}, status, headers={**_OPEN, **(more or {})})


def _key(request: Request) -> str | None:
    """The user of basic authentication; None when the header holds none."""
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return b64decode(coded.strip(), validate=True).decode("utf-8", "replace").partition(":")[0]
    except (Base64Error, ValueError):
        return ""


def _settings(key: str, base_url: str) -> dict[str, Any]:
    """What the browser's SDK asks before it sends: where to, and that nothing else is to be loaded."""
    address = urlsplit(base_url)
    sending = {"apiKey": key, "apiHost": f"{address.netloc}{address.path.rstrip('/')}/v1", "protocol": address.scheme}
    return {
        "integrations": {"Segment.io": sending},
        "plan": {"track": _EVERYTHING, "identify": _EVERYTHING, "group": _EVERYTHING},
        "edgeFunction": {}, "analyticsNextEnabled": True, "middlewareSettings": {}, "enabledMiddleware": {},
        "metrics": {"sampleRate": 0}, "legacyVideoPluginsEnabled": False, "remotePlugins": [],
    }  # fmt: skip


def _exposition(counted: dict[str, int], states: dict[str, int]) -> str:
    lines: list[str] = []
    for name, about in _COUNTED.items():
        lines += [f"# TYPE tenure_events_{name} counter", f"# HELP tenure_events_{name} {about}",
                  f"tenure_events_{name}_total {counted.get(name, 0)}"]  # fmt: skip
    lines += ["# TYPE tenure_inbox_events gauge", "# HELP tenure_inbox_events Events in the inbox, by state."]
    lines += [f'tenure_inbox_events{{state="{state}"}} {states.get(state, 0)}' for state in _STATES]
    return "\n".join([*lines, "# EOF", ""])
