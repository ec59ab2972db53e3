"""What every answer carries and every request must show: strict headers, and a host name that is ours.

The dashboard has no sign-in, so it must not be reachable through a name that somebody else controls: a page on a
foreign domain whose name is made to point at this machine (DNS rebinding) is refused by its Host header.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),  # addresses of people's pages hold tokens
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
)
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_NOT_OURS = b"This name is not ours. Set base_url in tenure.yaml to the address you use.\n"


class Guard:
    """Wraps the application.

    Args:
        base_url: where the business is reached; its host name is ours, beside `localhost` and any plain IP address.
    """

    def __init__(self, app: App, base_url: str) -> None:
        self._app = app
        self._names = {"localhost", urlsplit(base_url).hostname or "localhost"}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        if not self._is_ours(dict(scope["headers"]).get(b"host", b"").decode("latin-1")):
            await guarded({"type": "http.response.start", "status": 421, "headers": [_TEXT]})
            await send({"type": "http.response.body", "body": _NOT_OURS})
            return
        await self._app(scope, receive, guarded)

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
