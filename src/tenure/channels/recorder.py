"""Keeps text messages, notifications and letters as files that people can read, instead of sending them.

One file for each message, named after its key: what has a form for machines is JSON, all else is text under a line that
says to whom it would have gone. The same message cannot be there twice.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tenure.channels import durable
from tenure.domain.message import Answer, Envelope
from tenure.ports import Clock

_TEXT = frozenset({"sms", "mail"})


class Recorder:
    """A channel that records each message as a file and sends nothing.

    Args:
        name: the channel's name, such as `sms`.
        folder: where the files go; made when it is missing.
        crash: called with the name of a crash point between two side effects; tests kill there.
    """

    def __init__(self, name: str, folder: Path, clock: Clock, crash: Callable[[str], None] = durable.go_on) -> None:
        self.name = name
        self._folder = folder
        self._drafts = folder / ".drafts"
        self._clock = clock
        self._crash = crash

    def open(self) -> None:
        """Make the folder and clear away what writers that died long ago left behind.

        Raises:
            TenureError: the folder cannot be made or written to.
        """
        try:
            self._drafts.mkdir(parents=True, exist_ok=True)
            durable.clear_drafts(self._drafts, self._clock)
            durable.sync_folder(self._folder)
        except OSError as error:
            raise durable.refusal(self._folder, error) from error

    def deliver(self, envelope: Envelope, deadline: float) -> Answer:
        """Write the message down, once; after `deadline` nothing is written.

        Raises:
            TenureError: the disk is full or the folder may not be written to; the message was not taken.
        """
        target = self._file(envelope.key)
        try:
            if target.exists():
                durable.sync_folder(self._folder)  # whoever put it there may have died before this
                return Answer("accepted", "already in the folder")
            return durable.put(self._drafts, target, self._written(envelope), self._clock, deadline, self._crash)
        except OSError as error:
            raise durable.refusal(self._folder, error) from error

    def lookup(self, key: str) -> bool | None:
        """Whether the folder has the message."""
        return self._file(key).exists()

    def close(self) -> None:
        """Nothing stays open."""

    def _file(self, key: str) -> Path:
        return self._folder / f"{key}.{'txt' if self.name in _TEXT else 'json'}"

    def _written(self, envelope: Envelope) -> bytes:
        if self.name not in _TEXT:
            return envelope.body
        return f"To: {envelope.recipient}\n\n".encode() + envelope.body
