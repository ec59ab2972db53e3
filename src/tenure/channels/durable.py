"""Writes a message into a folder once and for good: file and folder entry on the disk before it counts as taken.

A draft is written beside, forced to the disk and linked into place, so nobody ever reads half a message and a second
writer of the same name finds the first one's file.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

from tenure.domain.errors import TenureError
from tenure.domain.message import Answer
from tenure.ports import Clock

CRASH_POINTS = ("written", "linked")
_STALE_SECONDS = 36 * 3600  # the age at which the maildir convention calls a draft abandoned
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def go_on(_point: str) -> None:
    """Nobody wants to crash here."""


def put(
    drafts: Path, target: Path, body: bytes, clock: Clock, deadline: float, crash: Callable[[str], None] = go_on
) -> Answer:
    """Write a file into place, once; after `deadline` (monotonic seconds) nothing is put there.

    Args:
        drafts: a folder of the same file system for what is not complete yet.
        crash: called with each of `CRASH_POINTS` as it is passed; tests kill there.

    Raises:
        OSError: it was not taken.
    """
    draft = drafts / f"{target.name}.{os.getpid()}-{threading.get_ident()}"
    try:
        _write_durably(draft, body)
        crash("written")
        if clock.monotonic() >= deadline:
            return Answer("later", "the lease was nearly over before the file was in place")
        is_new = _link(draft, target)
        crash("linked")
    finally:
        draft.unlink(missing_ok=True)
    try:
        sync_folder(target.parent)
    except OSError as error:  # in place, but perhaps not for good: only a later look can tell
        return Answer("doubt", f"the folder could not be made durable ({error.strerror})")
    return Answer("accepted", f"recorded as {target.name}" if is_new else "already in the folder")


def clear_drafts(drafts: Path, clock: Clock) -> None:
    """Clear away what writers that died long ago left unfinished."""
    oldest = clock.now().timestamp() - _STALE_SECONDS
    for entry in os.scandir(drafts):
        if entry.stat().st_mtime < oldest:
            Path(entry.path).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to the disk."""
    if os.name == "nt":  # Windows opens no folders and keeps their entries itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def refusal(folder: Path, error: OSError) -> TenureError:
    """Why a folder takes no messages, and what to do about it."""
    if error.errno in _FULL:
        return TenureError(
            f"the disk is full, so {folder} takes no more messages",
            "Make room and run the command again; what is not yet recorded is still planned.",
        )
    return TenureError(
        f"the folder {folder} cannot be written to ({error.strerror})",
        "Check that it may be written to, then run the command again.",
    )


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
