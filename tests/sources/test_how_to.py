"""The how-to about sources does what it says."""

from __future__ import annotations

import re
from pathlib import Path

from tenure.domain.business import Business
from tenure.sources.files import read_source
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.intake import FactIntake

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "connect-a-source.md"


class Quiet:
    """Progress that nobody watches."""

    def start(self, task, total=None): ...
    def advance(self, steps=1): ...
    def finish(self, summary=""): ...


def test_the_export_of_the_page_becomes_orders_and_lines(tmp_path):
    blocks = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    export = next(text for kind, text in blocks if kind == "text")
    mapping, database = (text for kind, text in blocks if kind == "yaml")
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "orders-1.csv").write_text(export)
    with DuckWarehouse(":memory:") as warehouse:
        intake = FactIntake(warehouse, Business(currency="EUR", timezone="Europe/Berlin"))
        for extract in read_source(mapping, "sources/shop.yaml", tmp_path, {}):
            assert intake.load(extract, 1, Quiet()).quarantined == 0
        orders = warehouse.fetch(
            "SELECT order_id, customer_id, day, total, discount, status FROM facts.orders ORDER BY 1"
        )
        lines = warehouse.fetch(
            "SELECT order_id, line, product_id, quantity, unit_price FROM facts.order_lines ORDER BY ALL"
        )
    assert orders == [("#1001", "77", 19727, 2400, 0, "paid"), ("#1002", "81", 19728, 855, 95, "paid")]
    assert lines == [("#1001", 1, "MUG", 2000, 950), ("#1001", 2, "TEA", 1000, 500), ("#1002", 1, "MUG", 1000, 950)]
    tables = [e.table for e in read_source(database, "sources/shop.yaml", tmp_path, {"SHOP_PASSWORD": "x"})]
    assert tables == ["customers", "orders"]
