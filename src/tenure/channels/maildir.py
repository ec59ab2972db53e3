"""Keeps messages in a folder that any mail program can open (a maildir) instead of sending them.

The file's name is made of the message's key, so handing the same message over twice cannot make a second file, even
after the reader has moved the first from `new` to `cur`. A message counts as taken only when the file and its folder
entry are on the disk. Format: https://cr.yp.to/proto/maildir.html.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tenure.channels import durable
from tenure.domain.message import Answer, Envelope
from tenure.ports import Clock

_GRAIN_SECONDS = 2.0


class Maildir:
    """A channel that records each message as a file of a maildir.

    Args:
        name: the channel's name, such as `email`.
        folder: the maildir; made when it is missing.
        crash: called with the name of a crash point between two side effects; tests kill there.
    """

    def __init__(self, name: str, folder: Path, clock: Clock, crash: Callable[[str], None] = durable.go_on) -> None:
        self.name = name
        self._folder = folder
        self._clock = clock
        self._crash = crash
        self._read: frozenset[str] = frozenset()
        self._read_trusted_at = -1  # the time stamp of `cur` for which `_read` surely is all of it

    def open(self) -> None:
        """Make the folders and clear away what writers that died long ago left in `tmp`.

        Raises:
            TenureError: the folder cannot be made or written to.
        """
        try:
            for part in ("tmp", "new", "cur"):
                (self._folder / part).mkdir(parents=True, exist_ok=True)
            durable.clear_drafts(self._folder / "tmp", self._clock)
            durable.sync_folder(self._folder / "new")
        except OSError as error:
            raise durable.refusal(self._folder, error) from error

    def deliver(self, envelope: Envelope, deadline: float) -> Answer:
        """Write the message down, once; after `deadline` nothing is written.

        Raises:
            TenureError: the disk is full or the folder may not be written to; the message was not taken.
        """
        target = self._folder / "new" / _file_name(envelope.key)
        try:
            if self.lookup(envelope.key):
                durable.sync_folder(target.parent)  # whoever put it there may have died before this
                return Answer("accepted", "already in the folder")
            return durable.put(self._folder / "tmp", target, envelope.body, self._clock, deadline, self._crash)
        except OSError as error:
            raise durable.refusal(self._folder, error) from error

    def lookup(self, key: str) -> bool | None:
        """Whether the folder has the message."""
        # First `new`, then `cur`: readers move files only that way, so one that is there cannot slip past.
        name = _file_name(key)
        return (self._folder / "new" / name).exists() or name in self._already_read()

    def close(self) -> None:
        """Nothing stays open."""

    def _already_read(self) -> frozenset[str]:
        # Reading a folder of a million for each message would cost a second each; its time stamp says when to. But the
        # stamp has a grain of some milliseconds: while it is fresh, another file may come in without changing it.
        cur = self._folder / "cur"
        try:
            changed = cur.stat().st_mtime_ns
        except FileNotFoundError:
            return frozenset()
        if changed != self._read_trusted_at:
            is_old = changed < (self._clock.now().timestamp() - _GRAIN_SECONDS) * 1e9
            self._read = frozenset(entry.name.partition(":")[0] for entry in os.scandir(cur))
            self._read_trusted_at = changed if is_old else -1
        return self._read


def _file_name(key: str) -> str:
    return f"{key}.tenure"
