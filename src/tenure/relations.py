"""SQL relations: one file, one relation, with a header that says what it is.

    -- purpose: how often and how lately each customer buys
    -- grain: one row per customer with at least one order
    -- inputs: orders, base_rhythm
    -- columns: customer_key, frequency, …
    -- traps: guard LAG by ROW_NUMBER > 1 (one engine returns 0, not NULL)

`scope: base` in the header marks a relation over the whole customer base (one pass, before the customers' own);
all others are computed for whichever customers are asked for. A relation reads its inputs by bare name; the engine
binds each name to facts before `as_of` of the customers in scope, so no relation can peek. Parameters are written
`:as_of` and are bound as literals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tenure.domain.errors import Place, TenureError

_HEADER = re.compile(r"^-- (purpose|grain|inputs|columns|traps|scope): *(.*)$")
_MORE = re.compile(r"^--   +(.*)$")
_PARAMETER = re.compile(r"(?<![:\w]):([a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Relation:
    """One relation: its name is its file's name."""

    name: str
    purpose: str
    grain: str
    inputs: tuple[str, ...]
    columns: tuple[str, ...]
    sql: str
    traps: str = ""
    scope: str = "customers"

    @property
    def parameters(self) -> frozenset[str]:
        """Names of the parameters the text uses."""
        return frozenset(_PARAMETER.findall(_without_comments(self.sql)))


def read(name: str, text: str) -> Relation:
    """Read a relation from the text of its file.

    Raises:
        TenureError: the header lacks purpose, grain, inputs or columns.
    """
    header: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if found := _HEADER.match(line):
            last = found[1]
            header[last] = found[2].strip()
        elif last and (more := _MORE.match(line)):
            header[last] += " " + more[1].strip()
        else:
            break
    for key in ("purpose", "grain", "inputs", "columns"):
        if key not in header:
            raise TenureError(f"the header line `-- {key}:` is missing", "", Place(f"{name}.sql", 1))
    return Relation(
        name, header["purpose"], header["grain"], _names(header["inputs"]), _names(header["columns"]),
        _without_comments(text).strip().rstrip(";"), header.get("traps", ""), header.get("scope", "customers"),
    )  # fmt: skip


def bind(sql: str, values: Mapping[str, int | float | str | None]) -> str:
    """The text with every parameter replaced by its literal.

    Raises:
        KeyError: a parameter has no value.
    """
    return _PARAMETER.sub(lambda found: literal(values[found[1]]), sql)


def literal(value: int | float | str | None) -> str:
    """A value as a SQL literal that every engine reads alike."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"CAST({value!r} AS DOUBLE)"
    return "'" + value.replace("'", "''") + "'"


def in_order(relations: Iterable[Relation]) -> list[Relation]:
    """The relations such that each comes after those it reads.

    Raises:
        TenureError: two relations read each other.
    """
    waiting = {relation.name: relation for relation in relations}
    done: list[Relation] = []
    while waiting:
        ready = [r for r in waiting.values() if not any(i in waiting for i in r.inputs)]
        if not ready:
            raise TenureError(f"the relations {', '.join(sorted(waiting))} read each other", "Break the circle.")
        for relation in sorted(ready, key=lambda r: r.name):
            done.append(waiting.pop(relation.name))
    return done


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip() and part.strip() != "none")


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
