"""The front matter of a message: one `key: text` a line, and what each channel needs of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tenure.domain.errors import Place, TenureError, nearest

KEYS = ("subject", "preheader", "sms", "push_title", "push", "inapp")

# What must be written where a campaign speaks on a channel; each other channel says the body.
NEEDS: dict[str, tuple[str, ...]] = {"sms": ("sms",), "push": ("push_title", "push")}


@dataclass(frozen=True, slots=True)
class Matter:
    """A message file, cut in two.

    Attributes:
        texts: what each key says.
        lines: the file's line before each part's first, the body included.
        body: everything below the front matter.
    """

    texts: dict[str, str]
    lines: dict[str, int]
    body: str


def split(text: str, file: str) -> Matter:
    """Cut a message file into front matter and body.

    Raises:
        TenureError: naming file, line, what is wrong and the nearest known key.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != "---":
        raise TenureError(
            "the file does not begin with ---", "Begin it with ---, `subject: …` and ---.", Place(file, 1)
        )
    texts: dict[str, str] = {}
    before: dict[str, int] = {}
    for number, line in enumerate(lines[1:], start=2):
        if line.strip() == "---":
            return Matter(texts, {**before, "body": number}, "\n".join(lines[number:]) + "\n")
        if not line.strip():
            continue
        key, value = _read(line, texts, Place(file, number))
        texts[key], before[key] = value, number - 1
    raise TenureError("the front matter does not end", "Close it with a line of ---.", Place(file, len(lines)))


def check(matter: Matter, file: str, channels: Collection[str] = ()) -> None:
    """Refuse a file that lacks what every message needs, or what one of the campaign's channels does.

    Raises:
        TenureError: naming the file and what to add.
    """
    if not matter.texts.get("subject"):
        raise TenureError("the subject is missing", "Begin the file with ---, `subject: …` and ---.", Place(file, 1))
    if not matter.body.strip():
        line = matter.lines["body"] + 1
        raise TenureError("the message is empty", "Write its text under the second ---.", Place(file, line))
    for channel in channels:
        missing = [key for key in NEEDS.get(channel, ()) if not matter.texts.get(key)]
        if missing:
            said, wanted = " and no ".join(f"`{key}`" for key in missing), " and ".join(f"`{k}: …`" for k in missing)
            raise TenureError(
                f"the campaign speaks by `{channel}`, but the message has no {said}",
                f"Add {wanted} to its front matter, or take `{channel}` off the campaign's channels.",
                Place(file, 1),
            )


def _read(line: str, known: dict[str, str], place: Place) -> tuple[str, str]:
    key, colon, value = line.partition(":")
    key = key.strip()
    if not colon:
        raise TenureError("this line is no `key: text`", "Write the subject on one line.", place)
    if key not in KEYS:
        raise TenureError(f"unknown key `{key}`", nearest(key, KEYS), place)
    if key in known:
        raise TenureError(f"the key `{key}` stands twice", "Keep one of them.", place)
    return key, _unquoted(value.strip())


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value
