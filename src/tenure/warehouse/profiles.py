"""Builds the profile: everyone's, in ranges of customers, or that of a named few, from one set of relations.

A full build goes over the facts once: range by range it writes `history` (all that needs no other customer) into a
table in memory; from that it draws what the whole base says (`base_value`; `base_rhythm` comes first, from order days
alone) and finishes the profiles, published in one statement or not at all. A named few get exactly the rows that a
full build would give them, because they are judged against the same base (see `bases.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenure import registry
from tenure.domain import arms
from tenure.domain.business import Business
from tenure.domain.errors import TenureError
from tenure.domain.moments import AsOf, date_of, start_of_day, to_micros
from tenure.ports import Progress, Scorer
from tenure.warehouse.bases import Asked, base, stored
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.histories import HISTORY, histories
from tenure.warehouse.layout import FOR_MODELS, ROWS_PER_CHUNK, chunks, merged, published
from tenure.warehouse.seasons import season
from tenure.warehouse.shortcuts import of_lines
from tenure.warehouse.views import KeyRange, Named, lean_facts_of, needed_by

if TYPE_CHECKING:
    import pyarrow as pa

_SCORED = "staged_profiles"
_NAMED = "named_customers"
_NOBODY = KeyRange(0, 0)


def parameters(as_of: AsOf, business: Business) -> dict[str, int | float | str | None]:
    """What the relations of `features` are bound to: the moment and the business's settings, as integers and texts."""
    stages = business.stages
    cost_share = 1 - business.margin
    return {
        "as_of": as_of.at, "as_of_day": as_of.day,
        "day_start": to_micros(start_of_day(date_of(as_of.day), business.timezone)),
        "cost_share_num": cost_share.numerator, "cost_share_den": cost_share.denominator,
        "new_days": stages.new_days,
        "at_risk_num": stages.at_risk.numerator, "at_risk_den": stages.at_risk.denominator,
        "lapsed_num": stages.lapsed.numerator, "lapsed_den": stages.lapsed.denominator,
        "lost_num": stages.lost.numerator, "lost_den": stages.lost.denominator,
        "loyal_orders": stages.loyal_orders,
        "loyal_rank_num": stages.loyal_rank.numerator, "loyal_rank_den": stages.loyal_rank.denominator,
        "consent_default": business.consent_default, "retention_window_days": business.retention_window_days,
        "salt": business.salt, "holdout_bound": arms.bound(business.holdout),
    }  # fmt: skip


class ProfileBuilder:
    """The warehouse as `profile` sees it (`ports.Profiles`).

    Args:
        scorer: fills the model columns; they stay null without it.
        rows_per_chunk: how many fact rows are worked on at once; memory grows with it.
    """

    def __init__(
        self, warehouse: DuckWarehouse, scorer: Scorer | None = None, rows_per_chunk: int = ROWS_PER_CHUNK
    ) -> None:
        self._warehouse = warehouse
        self._scorer = scorer
        self._rows_per_chunk = rows_per_chunk

    def build(self, as_of: AsOf, business: Business, progress: Progress) -> int:
        """Compute every customer's profile and publish it at once as the table `profiles`; returns its rows.

        Raises:
            TenureError: the disk is full, or the engine did not store every row.
        """
        parts = chunks(self._warehouse, self._rows_per_chunk)
        with self._staged(as_of, business, parts, progress) as stage:
            # One statement: it replaces the table whole or not at all, and takes a third of the time of many inserts.
            self._warehouse.fetch(
                f"CREATE OR REPLACE TABLE main.profiles AS {self._publishable(stage, parts, progress)}"
            )
            rows = self._counted("main.profiles")
            if rows != self._counted(HISTORY):
                raise TenureError("the profiles were not stored whole", "Run it again; if it happens twice, report it.")
            self._warehouse.run(f"DROP TABLE IF EXISTS {_SCORED}")
        progress.finish(f"{rows:,} profiles")
        return rows

    def compute(self, as_of: AsOf, business: Business, customer_ids: Sequence[str], *, days: bool = False) -> pa.Table:
        """The profiles of the named customers who exist, published form, ordered by key; nothing stored."""
        asked = self._asked(as_of, business)
        given = self._bases(asked)
        with season(self._warehouse, self._clock(as_of)) as clock, self._named(asked, customer_ids) as facts:
            return self._scored(_Stage(asked, {**given, **clock, **facts}, business), _NOBODY, days=days)

    def stream(
        self, as_of: AsOf, business: Business, progress: Progress, *, days: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """Every customer's profile in chunks, published form, ordered by key; nothing stored."""
        parts = chunks(self._warehouse, self._rows_per_chunk)
        rows = 0
        with self._staged(as_of, business, parts, progress) as stage:
            for part in merged(parts) or [_NOBODY]:
                table = self._scored(stage, part, days=days)
                rows += table.num_rows
                progress.advance()
                yield from table.to_batches() or [_empty(table)]
        progress.finish(f"{rows:,} profiles")

    def _publishable(self, stage: _Stage, parts: list[KeyRange], progress: Progress) -> str:
        """The query that gives everyone's profile, models included."""
        if not self._has_models(stage.asked.as_of):
            progress.advance(len(merged(parts)))
            return stage.rows(_whole(parts))
        self._warehouse.fetch(f"CREATE OR REPLACE TEMP TABLE {_SCORED} AS {stage.rows(_NOBODY)}")
        for part in merged(parts):
            with self._warehouse.lend("scored", self._scored(stage, part)):
                self._warehouse.fetch(f"INSERT INTO {_SCORED} SELECT * FROM scored")
            progress.advance()
        return f"SELECT * FROM {_SCORED}"

    def _scored(self, stage: _Stage, part: KeyRange, *, days: bool = False) -> pa.Table:
        """The profiles of a range, ordered by key, with the model columns filled where models are in place."""
        as_of, has_models = stage.asked.as_of, self._has_models(stage.asked.as_of)
        with_days = days or has_models
        table = self._warehouse.arrow(f"{stage.rows(part, days=with_days)} ORDER BY customer_key")
        if self._scorer is not None and has_models:
            table = self._scorer.score(table, self._read(stage, part), as_of, stage.business)
        return table if days or not with_days else table.drop_columns(list(FOR_MODELS))

    def _read(self, stage: _Stage, part: KeyRange) -> dict[str, pa.Table]:
        """The relations of a range that the models in place read, ordered by customer."""
        names = self._scorer.relations(stage.asked.as_of) if self._scorer is not None else ()
        computed = of_lines(stage.asked, part, stage.given, names)
        texts = {name: stage.relation(name, part) for name in names if name not in computed}
        return computed | {
            name: self._warehouse.arrow(f"SELECT * FROM ({text}) ORDER BY customer_key") for name, text in texts.items()
        }

    def _has_models(self, as_of: AsOf) -> bool:
        return self._scorer is not None and not self._scorer.is_empty(as_of)

    def _clock(self, as_of: AsOf) -> pa.Table | None:
        return self._scorer.clock(as_of) if self._scorer is not None else None

    def _counted(self, table: str) -> int:
        return int(self._warehouse.fetch(f"SELECT COUNT(*) FROM {table}")[0][0])

    def _asked(self, as_of: AsOf, business: Business) -> Asked:
        values = parameters(as_of, business)
        return Asked(self._warehouse, registry.relations_of("features"), as_of, values)

    def _bases(self, asked: Asked) -> dict[str, str]:
        parts = chunks(self._warehouse, self._rows_per_chunk)
        return {name: base(asked, name, parts) for name in ("catalogue", "base_rhythm", "base_value")}

    @contextmanager
    def _staged(self, as_of: AsOf, business: Business, parts: list[KeyRange], progress: Progress) -> Iterator[_Stage]:
        """Compute the histories of all; yields what gives the published profiles of a range as a query."""
        asked = self._asked(as_of, business)
        progress.start("Profiles", (len(parts) or 1) + len(merged(parts)))
        given = {name: base(asked, name, parts) for name in ("catalogue", "base_rhythm")}
        with season(self._warehouse, self._clock(as_of)) as clock:
            given |= clock
            with histories(asked, given, parts, self._clock(as_of), progress) as history:
                given["base_value"] = base(asked, "base_value", parts, whole=f"SELECT * FROM {history}")
                yield _Stage(asked, given, business, history)

    @contextmanager
    def _named(self, asked: Asked, customer_ids: Sequence[str]) -> Iterator[dict[str, str]]:
        """The facts of the named customers, gathered once: relations read them many times over.

        Yields:
            The queries that stand for what was gathered, for as long as the block lasts.
        """
        import pyarrow as pa

        ids = pa.table({"customer_id": pa.array(customer_ids, pa.string())})
        made = [_NAMED]
        try:
            with self._warehouse.lend("asked_customers", ids):
                self._warehouse.fetch(
                    f"CREATE OR REPLACE TEMP TABLE {_NAMED} AS SELECT customer_key FROM facts.customers"
                    " WHERE customer_id IN (SELECT customer_id FROM asked_customers)"
                )
            low, high = self._warehouse.fetch(f"SELECT MIN(customer_key), MAX(customer_key) FROM {_NAMED}")[0]
            scope = Named(_NAMED, low, high) if low is not None else Named(_NAMED, 0, -1)
            models = self._scorer.relations(asked.as_of) if self._scorer is not None else ()
            for name, query in _gathering(asked, scope, ("profile", *models)).items():
                self._warehouse.fetch(f"CREATE OR REPLACE TEMP TABLE named_{name} AS {query}")
                made.append(f"named_{name}")
            yield {name.removeprefix("named_"): f"SELECT * FROM {name}" for name in made[1:]}
        finally:
            for name in made:
                self._warehouse.run(f"DROP TABLE IF EXISTS {name}")


@dataclass(frozen=True, slots=True)
class _Stage:
    """What gives the published profiles of some customers, and the relations that models read, as queries."""

    asked: Asked
    given: Mapping[str, str]
    business: Business
    history: str = ""  # the table that holds everyone's history, if it was computed

    def rows(self, part: KeyRange, *, days: bool = False) -> str:
        """The published profiles of a range; `days` adds what only models read."""
        own = f"SELECT * FROM {self.history} WHERE customer_key >= {part.low} AND customer_key < {part.high}"
        given = {**self.given, "history": own} if self.history else self.given
        text = self.asked.text("profile", part, given)
        return f"SELECT {published(self.business.currency, days=days)} FROM ({text})"

    def relation(self, name: str, part: KeyRange) -> str:
        """A feature relation of the customers of a range."""
        return self.asked.text(name, part, self.given)


def _gathering(asked: Asked, scope: Named, wanted: Iterable[str]) -> dict[str, str]:
    """What is gathered for a named few, by name.

    `markdowns` comes first and by itself: it alone needs the order of a line, and that text costs half the scan.
    """
    needed = {name for target in wanted for name in needed_by(target, asked.relations)} - {"markdowns"}
    others = [asked.relations[name] for name in sorted(needed)]
    return {
        "markdowns": asked.text("markdowns", scope, {}),
        **lean_facts_of(asked.as_of, scope, stored, others),
    }


def _whole(parts: list[KeyRange]) -> KeyRange:
    return KeyRange(parts[0].low, parts[-1].high) if parts else _NOBODY


def _empty(table: pa.Table) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_pylist([], schema=table.schema)
