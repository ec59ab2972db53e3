"""An in-memory warehouse and a short way to bring files into it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tenure.domain.business import Business
from tenure.domain.extract import Loaded
from tenure.sources.files import extract_of_files
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.intake import FactIntake


class Quiet:
    """Progress that nobody watches."""

    def start(self, task: str, total: int | None = None) -> None: ...
    def advance(self, steps: int = 1) -> None: ...
    def finish(self, summary: str = "") -> None: ...


class Desk:
    """A warehouse with its intake; `load` writes a file and imports it."""

    def __init__(self, folder: Path, business: Business | None = None, path: str = ":memory:") -> None:
        self.folder = folder
        self.warehouse = DuckWarehouse(path)
        self.intake = FactIntake(self.warehouse, business or Business())
        self.moment = 0

    def load(self, table: str, content: str | bytes, *, name: str = "", **options: Any) -> Loaded:
        path = self.folder / (name or f"{table}.csv")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.load_files(table, path, **options)

    def load_files(self, table: str, *paths: Path, **options: Any) -> Loaded:
        columns = options.pop("columns", {})
        self.moment += 1
        extract = extract_of_files(table, paths, columns, **options)
        return self.intake.load(extract, self.moment, Quiet())

    def rows(self, table: str, columns: str = "*", order: str = "ALL") -> list[tuple[Any, ...]]:
        return self.warehouse.fetch(f"SELECT {columns} FROM facts.{table} ORDER BY {order}")

    def reasons(self) -> list[tuple[int | None, str, str]]:
        return [(q.row, q.column, q.reason) for q in self.intake.quarantined()]

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every fact there is, and how they stand."""
        names = self.warehouse.fetch("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'facts'")
        return {name: self.rows(name) for (name,) in names if name not in ("quarantine", "untold")}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.warehouse.close()


@pytest.fixture
def desk_of(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Desks of other businesses, or in a file."""
    opened: list[Desk] = []

    def make(business: Business | None = None, path: str = ":memory:") -> Desk:
        opened.append(Desk(tmp_path, business, path))
        return opened[-1]

    yield make
    for one in opened:
        one.warehouse.close()


@pytest.fixture(scope="session")
def shared_records() -> Path:
    """The folder of real records beside the project."""
    folder = Path(os.environ.get("TENURE_RECORDS", Path(__file__).resolve().parents[3] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real records are not here ({folder.name} beside the project, or TENURE_RECORDS)")
    return folder
