"""A mail server for tests, in a process of its own. It logs each message durably before it answers, and misbehaves on
request: the recipient's name before the first dash says how.

    python smtp_sink.py LOG [--delay-ms N] [--tls CERT KEY] [--login USER PASSWORD] [--only-sender ADDRESS]

Prints its port. Each line of LOG is a JSON object: key, recipient, sender, sha256 and size of the body, session.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import ssl
import sys
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

BEFORE = {
    "nouser": "550 5.1.1 <{to}> no such user",
    "busy": "450 4.2.1 <{to}> try again later",
    "closing": "421 closing",
}
AFTER = {"later": "451 4.3.0 try again", "spam": "554 5.7.1 no, {to}", "garbled": "999 what", "big": "552 too big"}


class Sink:
    """Keeps a log of what arrived."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.log = os.open(args.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if self.args.only_sender and address != self.args.only_sender:
            return f"553 5.7.1 <{address}> is not yours"
        envelope.mail_from = address
        return "250 ok"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        how = address.partition("-")[0]
        if how in BEFORE:
            return BEFORE[how].format(to=address)
        if how == "gone":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        how = envelope.rcpt_tos[0].partition("-")[0]
        await asyncio.sleep(self.args.delay_ms / 1000)
        if how == "lost":
            server.transport.abort()
        elif how in AFTER:
            return AFTER[how].format(to=envelope.rcpt_tos[0])
        else:
            self.keep(session, envelope)
        if how == "cut":
            server.transport.abort()
        if how == "hang":
            await asyncio.sleep(3600)
        return "250 2.0.0 taken"

    def keep(self, session: Any, envelope: Any) -> None:
        body = envelope.original_content
        key = next((line[7:] for line in body.split(b"\r\n") if line.startswith(b"X-Key: ")), b"")
        kept = {"key": key.decode(), "recipient": envelope.rcpt_tos[0], "sender": envelope.mail_from, "size": len(body),
                "sha256": hashlib.sha256(body).hexdigest(), "session": session.peer[1]}  # fmt: skip
        os.write(self.log, json.dumps(kept).encode() + b"\n")
        os.fsync(self.log)


async def serve(args: argparse.Namespace) -> None:
    sink = Sink(args)
    options: dict[str, Any] = {"enable_SMTPUTF8": True, "hostname": "sink.example"}
    if args.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*args.tls)
        options |= {"tls_context": context, "require_starttls": True}
    if args.login:
        expected = [part.encode() for part in args.login]

        def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
            return AuthResult(success=[given.login, given.password] == expected, handled=False)

        options |= {"authenticator": check, "auth_required": True, "auth_require_tls": bool(args.tls)}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, loop=loop, **options), "127.0.0.1", args.port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--login", nargs=2)
    parser.add_argument("--only-sender")
    asyncio.run(serve(parser.parse_args(sys.argv[1:])))
