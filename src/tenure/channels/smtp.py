"""Hands e-mail to a mail server, and knows exactly whether the server has it.

Until the final dot is written nothing has been sent, so the clock is asked immediately before it: a process that was
paused past its lease hangs up without the dot. A 4xx or 5xx is a definite no at any time. Only a connection that breaks
or falls silent after the dot leaves a doubt (RFC 1047), and a doubt is never simply tried again.

Sources: RFC 5321 (commands, dot-stuffing 4.5.2, time-outs 4.5.3.2), RFC 3207, RFC 4954, RFC 6531. Bare CR and LF are
made CRLF, for a server that reads them as line ends could be smuggled a second message.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal

from tenure.channels.wire import said, stuffed, wire_address
from tenure.domain.errors import TenureError
from tenure.domain.message import Answer, Envelope
from tenure.ports import Clock

CRASH_POINTS = ("greeted", "addressed", "transmitted", "dotted", "answered")
_TOO_LARGE = 552  # the one 5xx to MAIL that is about the message; every other is about us and would repeat for all
_IDLE_SECONDS = 5.0


def _go_on(_point: str) -> None:
    """Nobody wants to crash here."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where the mail server is and how to speak to it.

    Attributes:
        security: `tls` from the first byte (port 465), `starttls` (587), or `none`.
        password: from the environment, never from a file.
        timeout_seconds: how long to wait for a connection or an answer before the dot.
        answer_seconds: how long to wait for the answer to the dot; RFC 5321 asks for ten minutes, since giving up
            too early makes a doubt of what would have been a yes.
    """

    host: str
    port: int = 25
    security: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout_seconds: float = 30.0
    answer_seconds: float = 600.0
    trust: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Smtp:
    """One connection to a mail server, kept open between messages and opened again when the server hung up."""

    def __init__(self, name: str, server: MailServer, clock: Clock, crash: Callable[[str], None] = _go_on) -> None:
        self.name = name
        self._server = server
        self._clock = clock
        self._crash = crash
        self._session: smtplib.SMTP | None = None
        self._is_clean = False  # no half-finished message stands in the session
        self._used_at = 0.0

    def open(self) -> None:
        """Connect, secure the connection and log in.

        Raises:
            TenureError: the server cannot be reached, cannot do what the settings ask for, or refuses the login.
        """
        self.close()
        try:
            self._session = self._connect()
            self._log_in(self._session)
            self._touch()
        except TenureError:
            self.close()
            raise
        except smtplib.SMTPAuthenticationError as error:
            self.close()
            raise TenureError(
                f"the mail server {self._server} does not accept the user or password ({error.smtp_code})",
                "Correct `user` of the channel in tenure.yaml and the variable TENURE_SMTP_PASSWORD.",
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise self._unreachable(error) from None

    def deliver(self, envelope: Envelope, deadline: float) -> Answer:
        """Hand over one message; the final dot is never written at or after `deadline`.

        Raises:
            TenureError: the server cannot be reached, or takes nothing from this sender; the message did not leave.
        """
        recipient, sender = wire_address(envelope.recipient), wire_address(envelope.sender)
        if sender is None:
            raise TenureError(
                "the sender's address cannot be used in an e-mail", "Correct `sender.email` in tenure.yaml."
            )
        if recipient is None:
            return Answer("never", "the recipient's address is not one that e-mail can carry")
        session = self._ready()
        self._is_clean = False
        try:
            refusal = self._address(session, sender, recipient, len(envelope.body))
            if refusal:
                return self._refused(refusal)
            self._crash("addressed")
            session.sock.sendall(stuffed(envelope.body))  # type: ignore[union-attr]
            self._crash("transmitted")
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Answer("later", f"the connection broke before the message was complete ({_kind(error)})")
        if self._clock.monotonic() >= deadline:
            self._hang_up()
            return Answer("later", "the lease was nearly over before the final dot; nothing was sent")
        return self._finish(session)

    def lookup(self, key: str) -> bool | None:
        """A mail server cannot be asked what it has."""
        return None

    def close(self) -> None:
        """Say goodbye if the server still listens."""
        session, self._session = self._session, None
        if session is None:
            return
        with suppress(OSError, smtplib.SMTPException):
            if session.sock:
                session.sock.settimeout(min(2.0, self._server.timeout_seconds))
                session.quit()
        session.close()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        trust = server.trust or ssl.create_default_context()
        # Without a name of our own smtplib would ask the name service, which can take half a minute.
        name = socket.gethostname()
        own = name if "." in name else "[127.0.0.1]"
        if server.security == "tls":
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, own, timeout=server.timeout_seconds, context=trust
            )
        else:
            session = smtplib.SMTP(server.host, server.port, own, timeout=server.timeout_seconds)
        self._session = session
        # The dot is a packet of its own; with Nagle's algorithm it would wait up to 40 ms for an acknowledgement.
        session.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # type: ignore[union-attr]
        session.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            if not session.has_extn("starttls"):
                raise TenureError(
                    f"the mail server {server} does not offer STARTTLS",
                    "Set `security: tls` or, only for a server on this machine, `security: none` in tenure.yaml.",
                )
            session.starttls(context=trust)
            session.ehlo()
        self._crash("greeted")
        return session

    def _log_in(self, session: smtplib.SMTP) -> None:
        server = self._server
        if not server.user:
            return
        if server.security == "none" and not _is_local(server.host):
            raise TenureError(
                f"the password would travel unprotected to {server}",
                "Set `security: starttls` or `tls` in tenure.yaml.",
            )
        if not server.password:
            raise TenureError(
                f"there is no password for the mail server {server}",
                "Put it into the environment variable TENURE_SMTP_PASSWORD.",
            )
        try:
            session.login(server.user, server.password)
        except smtplib.SMTPNotSupportedError:
            raise TenureError(
                f"the mail server {server} offers no login", "Remove `user` of the channel, or use its submission port."
            ) from None

    def _ready(self) -> smtplib.SMTP:
        # Servers hang up on idle connections; finding out before the message costs one round trip and no doubt.
        session = self._session
        if session is not None:
            if self._is_clean and self._clock.monotonic() - self._used_at < _IDLE_SECONDS:
                return session
            with suppress(OSError, smtplib.SMTPException):
                if session.rset()[0] == 250:
                    return session
        self.open()
        if self._session is None:
            raise RuntimeError("open() returns connected or raises")
        return self._session

    def _address(self, session: smtplib.SMTP, sender: str, recipient: str, size: int) -> tuple[int, bytes] | None:
        """MAIL, RCPT and DATA; what the server said when it said no."""
        options = [f"SIZE={size}"] if session.has_extn("size") else []
        session.command_encoding = "ascii"
        if not (sender.isascii() and recipient.isascii()):
            if not session.has_extn("smtputf8"):
                return 553, b"5.6.7 the server carries no addresses with letters beyond ASCII"
            session.command_encoding = "utf-8"
            options.append("SMTPUTF8")
        code, text = session.docmd("MAIL", " ".join([f"FROM:<{sender}>", *options]))
        if code >= 500 and code != _TOO_LARGE:
            raise self._sender_refused(code, text)
        if code != 250:
            return code, text
        code, text = session.docmd("RCPT", f"TO:<{recipient}>")
        if code not in (250, 251, 252):
            return code, text
        code, text = session.docmd("DATA")
        return None if code == 354 else (code, text)

    def _finish(self, session: smtplib.SMTP) -> Answer:
        try:
            session.sock.settimeout(self._server.answer_seconds)  # type: ignore[union-attr]
            session.sock.sendall(b".\r\n")  # type: ignore[union-attr]
            self._crash("dotted")
            code, text = session.getreply()
            session.sock.settimeout(self._server.timeout_seconds)  # type: ignore[union-attr]
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            return Answer("doubt", f"the connection broke after the final dot ({_kind(error)})")
        self._crash("answered")
        if code == 250:
            self._touch()
            return Answer("accepted", said(code, text))
        if 400 <= code < 600:
            return self._refused((code, text))
        self._hang_up()
        return Answer("doubt", f"the server's answer to the final dot makes no sense: {said(code, text)}")

    def _touch(self) -> None:
        self._is_clean, self._used_at = True, self._clock.monotonic()

    def _refused(self, refusal: tuple[int, bytes]) -> Answer:
        code, text = refusal
        if code == 421 or not 400 <= code < 600:
            self.close()
        return Answer("never" if 500 <= code < 600 else "later", said(code, text))

    def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session:
            session.close()

    def _sender_refused(self, code: int, text: bytes) -> TenureError:
        self.close()
        return TenureError(
            f"the mail server {self._server} takes no mail from this sender ({said(code, text)})",
            "Check `sender.email` in tenure.yaml and the login of the channel; what is not sent is still planned.",
        )

    def _unreachable(self, error: Exception) -> TenureError:
        return TenureError(
            f"the mail server {self._server} cannot be reached ({_kind(error)})",
            "Check `host`, `port` and `security` of the channel in tenure.yaml and that the server runs; "
            "what is not sent is still planned.",
        )


def _kind(error: Exception) -> str:
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return said(error.smtp_code, text if isinstance(text, bytes) else text.encode())
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "the server hung up" if isinstance(error, smtplib.SMTPServerDisconnected) else type(error).__name__


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
