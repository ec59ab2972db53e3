"""Keeps messages in a folder that any mail program can open (a maildir) instead of sending them.

The file's name is made of the message's key, so handing the same message over twice cannot make a second file, even
after the reader has moved the first from `new` to `cur`. A message counts as taken only when the file and its folder
entry are on the disk. Format: https://cr.yp.to/proto/maildir.html.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

from tenure.domain.errors import TenureError
from tenure.domain.message import Answer, Envelope
from tenure.ports import Clock

CRASH_POINTS = ("written", "linked")
_STALE_SECONDS = 36 * 3600  # the age at which the maildir convention calls a file in `tmp` abandoned
_GRAIN_SECONDS = 2.0
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _go_on(_point: str) -> None:
    """Nobody wants to crash here."""


class Recorder:
    """A channel that records each message as a file of a maildir.

    Args:
        name: the channel's name, such as `email`.
        folder: the maildir; made when it is missing.
        crash: called with the name of a crash point between two side effects; tests kill there.
    """

    def __init__(self, name: str, folder: Path, clock: Clock, crash: Callable[[str], None] = _go_on) -> None:
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
            self._clear()
            _sync_folder(self._folder / "new")
        except OSError as error:
            raise self._refusal(error) from error

    def deliver(self, envelope: Envelope, deadline: float) -> Answer:
        """Write the message down, once; after `deadline` nothing is written.

        Raises:
            TenureError: the disk is full or the folder may not be written to; the message was not taken.
        """
        try:
            if self.lookup(envelope.key):
                _sync_folder(self._folder / "new")  # whoever put it there may have died before this
                return Answer("accepted", "already in the folder")
            return self._write(envelope, deadline)
        except OSError as error:
            raise self._refusal(error) from error

    def lookup(self, key: str) -> bool | None:
        """Whether the folder has the message."""
        # First `new`, then `cur`: readers move files only that way, so one that is there cannot slip past.
        name = _file_name(key)
        return (self._folder / "new" / name).exists() or name in self._already_read()

    def close(self) -> None:
        """Nothing stays open."""

    def _write(self, envelope: Envelope, deadline: float) -> Answer:
        draft = self._folder / "tmp" / f"{_file_name(envelope.key)}.{os.getpid()}-{threading.get_ident()}"
        target = self._folder / "new" / _file_name(envelope.key)
        try:
            _write_durably(draft, envelope.body)
            self._crash("written")
            if self._clock.monotonic() >= deadline:
                return Answer("later", "the lease was nearly over before the file was in place")
            is_new = _link(draft, target)
            self._crash("linked")
        finally:
            draft.unlink(missing_ok=True)
        try:
            _sync_folder(target.parent)
        except OSError as error:  # in place, but perhaps not for good: only a later look can tell
            return Answer("doubt", f"the folder could not be made durable ({error.strerror})")
        return Answer("accepted", f"recorded as {target.name}" if is_new else "already in the folder")

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

    def _clear(self) -> None:
        oldest = self._clock.now().timestamp() - _STALE_SECONDS
        for entry in os.scandir(self._folder / "tmp"):
            if entry.stat().st_mtime < oldest:
                Path(entry.path).unlink(missing_ok=True)

    def _refusal(self, error: OSError) -> TenureError:
        if error.errno in _FULL:
            return TenureError(
                f"the disk is full, so {self._folder} takes no more messages",
                "Make room and run the command again; what is not yet recorded is still planned.",
            )
        return TenureError(
            f"the folder {self._folder} cannot be written to ({error.strerror})",
            "Check that it may be written to, then run the command again.",
        )


def _file_name(key: str) -> str:
    return f"{key}.tenure"


def _link(draft: Path, target: Path) -> bool:
    try:
        os.link(draft, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        draft.rename(target)  # a file system without links; the look-up just before must do
    return True


def _write_durably(path: Path, body: bytes) -> None:
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows opens no folders and keeps their entries itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
