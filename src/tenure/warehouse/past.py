"""The warehouse as training sees it (`ports.Past`): features and profiles as of any day up to a moment, never later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tenure import registry
from tenure.domain.business import Business
from tenure.domain.moments import AsOf, date_of, start_of_day
from tenure.domain.moments import as_of as at_moment
from tenure.domain.silence import Silent
from tenure.ports import Made
from tenure.warehouse.bases import Asked, base
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.layout import ROWS_PER_CHUNK, chunks
from tenure.warehouse.profiles import ProfileBuilder, parameters
from tenure.warehouse.seasons import season
from tenure.warehouse.shortcuts import of_lines
from tenure.warehouse.views import KeyRange, needed_by

if TYPE_CHECKING:
    import pyarrow as pa

Clock = Callable[[AsOf], "pa.Table | None"]
SAMPLE = 100_000  # customers are enough for every model here; more cost time and change the third digit


class DuckPast:
    """What was known before a moment.

    Args:
        as_of: nothing at or after it is ever read.
        clock: the seasonal clock as it would have been known at a moment, or None where nothing is seasonal.
        sample: at most about so many customers, chosen by hash, the same for every question.
    """

    def __init__(
        self, warehouse: DuckWarehouse, as_of: AsOf, business: Business, clock: Clock | None = None,
        sample: int = SAMPLE,
    ) -> None:  # fmt: skip
        self.as_of = as_of
        self._warehouse, self._business, self._sample = warehouse, business, sample
        self._scorer = _OnlyAClock(clock) if clock is not None else None
        self._profiles: dict[int, pa.Table] = {}
        self._made: dict[str, Any] = {}

    def earlier(self, days: int) -> AsOf:
        """The beginning of the day that lies so many days before `as_of`, on the business's calendar."""
        zone = self._business.timezone
        return at_moment(start_of_day(date_of(self.as_of.day - days), zone), zone)

    def profiles(self, as_of: AsOf) -> pa.Table:
        """Customers as of a moment, each question answered once and kept."""
        self._refuse_later(as_of)
        if as_of.at not in self._profiles:
            self._profiles[as_of.at] = self._profiles_of(as_of)
        return self._profiles[as_of.at]

    def relation(self, name: str, as_of: AsOf) -> pa.Table:
        """A feature relation of the same customers as of a moment, canonical form, ordered by its customers' keys."""
        import pyarrow as pa

        self._refuse_later(as_of)
        asked, parts = self._asked(as_of), self._parts()
        needed = needed_by(name, asked.relations) & {"catalogue", "base_rhythm"}
        bases = {each: base(asked, each, parts) for each in sorted(needed)}
        with season(self._warehouse, self._scorer.clock(as_of) if self._scorer else None) as clock:
            return pa.concat_tables([self._part_of(name, asked, part, bases | clock) for part in parts])

    def days(self) -> tuple[int, int] | None:
        """The first and the latest day with an order; None when there is none."""
        first, last = self._warehouse.fetch(
            f"SELECT MIN(day), MAX(day) FROM facts.orders AS o WHERE o.at < {self.as_of.at}"
        )[0]
        return None if first is None else (int(first), int(last))

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What several kinds of model learn from this past, made by the first that asks and kept under a name."""
        if name not in self._made:
            self._made[name] = make()
        found: Made = self._made[name]
        return found

    def _part_of(self, name: str, asked: Asked, part: KeyRange, given: Mapping[str, str]) -> pa.Table:
        computed = of_lines(asked, part, given, (name,), self._drawn())
        if name in computed:
            return computed[name]
        text = asked.text(name, part, given)
        return self._warehouse.arrow(f"SELECT * FROM ({text}) AS found{self._drawn()} ORDER BY customer_key")

    def _profiles_of(self, as_of: AsOf) -> pa.Table:
        import pyarrow as pa

        builder = ProfileBuilder(self._warehouse, self._scorer)
        if self._counted <= self._sample:
            return pa.Table.from_batches(list(builder.stream(as_of, self._business, Silent(), days=True)))
        ids = [found for (found,) in self._warehouse.fetch(f"SELECT customer_id FROM facts.customers{self._drawn()}")]
        return builder.compute(as_of, self._business, ids, days=True)

    @cached_property
    def _counted(self) -> int:
        """Customers of whom anything was known before `as_of`: those known later would change who is in the sample."""
        total = int(self._warehouse.fetch("SELECT COUNT(*) FROM facts.customers")[0][0])
        if total <= self._sample:
            return total  # as good as the count itself, which reads all facts of customers whom nobody listed
        asked = self._asked(self.as_of)
        counts = (f"SELECT COUNT(*) FROM ({asked.text('known', part, {})})" for part in self._parts())
        return sum(int(self._warehouse.fetch(text)[0][0]) for text in counts)

    def _drawn(self) -> str:
        """The condition that keeps the sample; empty where everyone is in it."""
        if self._counted <= self._sample:
            return ""
        bound = f"{int(0xFFFFFFFF * self._sample / self._counted):08x}"
        drawn = (
            f"SELECT customer_key FROM facts.customers WHERE substr(md5('sample|' || customer_id), 1, 8) < '{bound}'"
        )
        return f" WHERE customer_key IN ({drawn})"

    def _asked(self, as_of: AsOf) -> Asked:
        return Asked(self._warehouse, registry.relations_of("features"), as_of, parameters(as_of, self._business))

    def _parts(self) -> list[KeyRange]:
        return chunks(self._warehouse, ROWS_PER_CHUNK) or [KeyRange(0, 0)]

    def _refuse_later(self, as_of: AsOf) -> None:
        if as_of.at > self.as_of.at:
            raise ValueError(f"{as_of} lies after {self.as_of}: training may not see it")


class _OnlyAClock:
    """A scorer without models: what training sees of the models is the season alone."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def relations(self, as_of: AsOf) -> tuple[str, ...]:
        return ()

    def is_empty(self, as_of: AsOf) -> bool:
        return True

    def score(
        self, customers: pa.Table, relations: Mapping[str, pa.Table], as_of: AsOf, business: Business
    ) -> pa.Table:
        return customers
