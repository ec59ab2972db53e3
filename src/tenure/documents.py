"""Reads a YAML text into plain values that remember their line, and refuses keys that nobody knows.

Every file a person writes (settings, sources, campaigns) goes through here, so that a mistake is always named with its
file, its line and the nearest known key. A pure parser: it is given text, never a path to open.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

from tenure.domain.errors import Place, TenureError, nearest

Value = object


class _Loader(yaml.SafeLoader):
    """YAML as people mean it: dates and times stay text (`21:00` is not the number 1260), `no` is not `false`."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """A node; an alias is refused, for nine lines of them can stand for a billion values."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, f"the alias `*{event.anchor}` is not allowed",
                                              event.start_mark)  # fmt: skip
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-+0123456789."),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^(?:<<)$", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


@dataclass(frozen=True, slots=True)
class Document:
    """One mapping of a file, with the line of each key.

    Attributes:
        file: the file's name as the user would type it.
        line: where the mapping begins.
    """

    file: str
    line: int
    _values: dict[str, tuple[int, Value]]

    def place(self, key: str | None = None) -> Place:
        """Where the mapping, or one of its keys, stands."""
        line = self._values[key][0] if key is not None and key in self._values else self.line
        return Place(self.file, line)

    def __iter__(self) -> Iterator[str]:
        """The keys in the order written."""
        return iter(self._values)

    def keys(self) -> list[str]:
        """The keys in the order written."""
        return list(self._values)

    def allow(self, known: Iterable[str]) -> None:
        """Refuse any key that is not known.

        Raises:
            TenureError: naming file, line and the nearest known key.
        """
        known = set(known)
        for key in self._values:
            if key not in known:
                raise TenureError(f"unknown key `{key}`", nearest(key, known), self.place(key))

    def require(self, *keys: str) -> None:
        """Refuse the document if one of the keys is absent."""
        for key in keys:
            if key not in self._values:
                raise TenureError(f"the key `{key}` is missing", f"Add `{key}:`.", self.place())

    def get(self, key: str, default: Value = None) -> Value:
        """The value of a key: a `Document` for a mapping, a list, text, number, truth value or None."""
        return self._values[key][1] if key in self._values else default

    def text(self, key: str, default: str = "") -> str:
        """The value as text (numbers are written out)."""
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, (Document, list)):
            raise TenureError(f"`{key}` must be text", "Write one value.", self.place(key))
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def number(self, key: str, default: float, *, low: float | None = None, high: float | None = None) -> float:
        """The value as a finite number within its bounds."""
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
            raise TenureError(f"`{key}` must be a number, not `{value}`", "Write digits only.", self.place(key))
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = f"between {low:g} and {high:g}" if high is not None else f"at least {low:g}"
            raise TenureError(f"`{key}` is {value:g} and must be {bounds}", "", self.place(key))
        return float(value)

    def choice(self, key: str, allowed: Iterable[str], default: str) -> str:
        """The value as one of the allowed words."""
        allowed = list(allowed)
        word = self.text(key, default)
        if word not in allowed:
            raise TenureError(f"`{key}` cannot be `{word}`", nearest(word, allowed), self.place(key))
        return word

    def flag(self, key: str, default: bool) -> bool:
        """The value as true or false."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise TenureError(f"`{key}` must be true or false, not `{value}`", "", self.place(key))
        return value

    def texts(self, key: str) -> list[str]:
        """The value as a list of texts; one text counts as a list of one."""
        value = self.get(key)
        if value is None:
            return []
        items = value if isinstance(value, list) else [value]
        if any(isinstance(item, (Document, list)) for item in items):
            raise TenureError(f"`{key}` must be a list of words", "Write [one, two].", self.place(key))
        return [str(item) for item in items]

    def child(self, key: str) -> Document:
        """The mapping under a key; an empty one if the key is absent."""
        value = self.get(key)
        if value is None:
            return Document(self.file, self.place(key).line or self.line, {})
        if not isinstance(value, Document):
            raise TenureError(f"`{key}` must hold keys of its own", "Indent `key: value` lines under it.",
                              self.place(key))  # fmt: skip
        return value


def parse(text: str, file: str) -> Document:
    """Read one YAML mapping.

    Args:
        text: the file's content.
        file: its name, for messages.

    Raises:
        TenureError: it is no YAML, no mapping, or names a key twice.
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise TenureError(f"this is not YAML: {error.problem or 'unreadable'}", "Check indentation and quotes.",
                          Place(file, line)) from None  # fmt: skip
    except yaml.YAMLError:
        raise TenureError("this is not YAML", "Save it as UTF-8 text.", Place(file)) from None
    except RecursionError:
        raise TenureError("this is nested too deeply", "Write it flatter.", Place(file)) from None
    if node is None:
        return Document(file, 1, {})
    if not isinstance(node, yaml.MappingNode):
        raise TenureError("the file must be a list of `key: value` lines", "", Place(file, 1))
    return _mapping(node, file)


def _mapping(node: yaml.MappingNode, file: str) -> Document:
    values: dict[str, tuple[int, Value]] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = str(key_node.value)
        if key in values:
            raise TenureError(f"the key `{key}` stands twice", "Keep one of them.", Place(file, line))
        values[key] = (line, _value(value_node, file))
    return Document(file, node.start_mark.line + 1, values)


def _value(node: yaml.Node, file: str) -> Value:
    if isinstance(node, yaml.MappingNode) and node.tag == yaml.SafeLoader.DEFAULT_MAPPING_TAG:
        return _mapping(node, file)
    if isinstance(node, yaml.SequenceNode) and node.tag == yaml.SafeLoader.DEFAULT_SEQUENCE_TAG:
        return [_value(item, file) for item in node.value]
    loader = _Loader("")
    try:
        return loader.construct_object(node)
    except yaml.constructor.ConstructorError:
        raise TenureError("a value of this kind is not allowed", "Write plain text or numbers.",
                          Place(file, node.start_mark.line + 1)) from None  # fmt: skip
