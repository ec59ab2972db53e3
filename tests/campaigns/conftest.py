"""An empty published profile in DuckDB, and a source to read conditions from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import duckdb
import pytest

from tenure.campaigns.conditions import Source, parse_condition
from tenure.domain.errors import Place
from tenure.domain.profile import COLUMNS
from tenure.domain.segment import Condition

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A Spark Connect session on loopback; skips where the extra is not installed."""
    sail = pytest.importorskip("pysail.spark")
    sql = pytest.importorskip("pyspark.sql")
    server = sail.SparkConnectServer()
    server.start()
    _, port = server.listening_address
    session = sql.SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    yield session
    session.stop()
    server.stop()


@pytest.fixture(scope="session")
def profiles() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with an empty table `profiles` of every published column, and `occasions` with properties."""
    connection = duckdb.connect()
    columns = ", ".join(f'"{column.name}" {column.published}' for column in COLUMNS)
    connection.execute(f"CREATE TABLE profiles ({columns}, properties VARCHAR)")
    yield connection
    connection.close()


@pytest.fixture
def source() -> Source:
    """A place in a campaign file where properties may be read."""
    return Source("audience", Place("campaigns/test/campaign.yaml", 4), properties=True)


@pytest.fixture
def condition(source: Source) -> Callable[[str], Condition]:
    """Reads a condition as a campaign file would."""
    return lambda text: parse_condition(text, source)
