"""What a message may name: every variable with its fields, checked when the file is read.

`occasion.properties` is open, for events carry what their senders put in. `picks` and `news` are lists of products; the
fields of a loop's own variable are checked as well, or a slip in them would show only on the day the list is not empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from liquid import BoundTemplate

from tenure.domain.business import LINKS
from tenure.domain.errors import Place, TenureError, nearest
from tenure.domain.profile import BY_NAME

PRODUCT = frozenset({"product_id", "name", "category", "brand", "price", "url", "image_url"})
LISTS = ("picks", "news")

VOCABULARY: dict[str, frozenset[str]] = {
    "greeting": frozenset(),
    "customer": frozenset({*BY_NAME, "name", "first_name"}),
    "product": PRODUCT,
    "picks": frozenset({"first", "last", "size"}),
    "news": frozenset({"first", "last", "size"}),
    "occasion": frozenset({"key", "at", "properties"}),
    "offer": frozenset({"kind", "value", "text"}),
    "shop": frozenset({"name", "url"}),
    "links": frozenset({"shop", "product", *LINKS}),
}

_SHOWN = re.compile(rf"\{{[{{%][^}}]*\b(?:{'|'.join(LISTS)})\b")
_LOOP = re.compile(rf"\{{%-?\s*for\s+(\w+)\s+in\s+(?:{'|'.join(LISTS)})\b")


def check_names(compiled: BoundTemplate, source: str, file: str, before: int) -> None:
    """Refuse a name that no message knows, or a field that its variable does not have.

    Args:
        before: lines of the file above the source's first.

    Raises:
        TenureError: naming file, line and the nearest known name.
    """
    items = {found[1] for found in _LOOP.finditer(source)}
    names = compiled.analyze(include_partials=False)
    for uses in names.globals.values():
        for use in uses:
            root, *path = use.segments
            place = _place(file, before, source, use.span.index)
            if root not in VOCABULARY:
                raise TenureError(f"no message knows `{root}`", nearest(str(root), VOCABULARY), place)
            for name, field, known in _steps(str(root), path):
                _check(name, field, known, place)
    for item in items & set(names.variables):
        for use in names.variables[item]:
            if fields := use.segments[1:]:
                _check(item, fields[0], PRODUCT, _place(file, before, source, use.span.index))


def shows_lists(text: str) -> bool:
    """Whether a message file may show `picks` or `news`, which cost more to know than all else."""
    return _SHOWN.search(text) is not None


def _steps(root: str, path: Sequence[object]) -> Iterator[tuple[str, object, frozenset[str]]]:
    """Each field of a path with those that may stand there: `picks[0].name`, `picks.first.name`, `customer.orders`."""
    if path and not (root in LISTS and isinstance(path[0], int)):
        yield root, path[0], VOCABULARY[root]
    if root in LISTS and len(path) > 1:
        yield f"{root}[…]", path[1], PRODUCT


def _check(name: str, field: object, known: frozenset[str], place: Place) -> None:
    if isinstance(field, str) and field not in known:
        hint = nearest(field, known) if known else f"Write `{name}` alone."
        raise TenureError(f"`{name}` has no `{field}`", hint, place)


def _place(file: str, before: int, source: str, index: int) -> Place:
    return Place(file, before + source.count("\n", 0, index) + 1)
