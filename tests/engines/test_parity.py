"""Every relation gives the same rows on Spark as on DuckDB, to the last digit."""

from __future__ import annotations

import pytest

from tenure import registry
from tenure.domain.business import Business
from tenure.warehouse.profiles import parameters
from tenure.warehouse.spark import SparkEngine
from tenure.warehouse.views import Everyone, KeyRange, facts_of, names, statement

FEATURES = registry.relations_of("features")
WORLDS = ["shop", "grocer"]


@pytest.fixture(scope="module", params=WORLDS)
def both(request, sail):
    """The two engines with the same facts: (DuckDB's warehouse, Spark's engine, as_of)."""
    warehouse, as_of = request.getfixturevalue(request.param)
    return warehouse, over_the_same_facts(warehouse, sail, request.param), as_of


def over_the_same_facts(warehouse, session, world):
    """Spark with the warehouse's facts registered."""
    spark = SparkEngine(session, prefix=f"{world}_")
    for name in names():
        spark.register(name, warehouse.arrow(f"SELECT * FROM facts.{name}"))
    return spark


@pytest.mark.spark
@pytest.mark.parametrize("name", sorted(FEATURES))
def test_a_feature_is_the_same_on_spark(both, assert_same, name):
    warehouse, spark, as_of = both
    values = parameters(as_of, Business())
    here = warehouse.arrow(statement(name, FEATURES, facts_of(as_of, Everyone(), lambda fact: f"facts.{fact}"), values))
    there = spark.run(name, FEATURES, as_of, values)
    assert here.num_rows > 0 or name in _MAY_BE_EMPTY
    assert_same(here, there)


@pytest.mark.spark
def test_a_range_of_customers_is_the_same_range_on_spark(both, assert_same):
    warehouse, spark, as_of = both
    values, scope = parameters(as_of, Business()), KeyRange(10, 20)
    facts = facts_of(as_of, scope, lambda fact: f"facts.{fact}")
    here = warehouse.arrow(statement("profile", FEATURES, facts, values))
    assert here.num_rows == 10
    assert_same(here, spark.run("profile", FEATURES, as_of, values, scope=scope))


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.parametrize("name", ["base_rhythm", "base_value", "catalogue", "profile"])
def test_java_spark_gives_the_same_rows(jvm, shop, assert_same, name):
    """Only the ends of the line, for Java's Spark takes half a minute for each of them."""
    warehouse, as_of = shop
    spark = over_the_same_facts(warehouse, jvm, "shop")
    values = parameters(as_of, Business())
    here = warehouse.arrow(statement(name, FEATURES, facts_of(as_of, Everyone(), lambda fact: f"facts.{fact}"), values))
    assert_same(here, spark.run(name, FEATURES, as_of, values))


# What neither the generated shop nor the grocer has to show; each is worked by hand in tests/features.
_MAY_BE_EMPTY = {
    "markdowns", "care", "carts", "contract", "engagement", "goods", "pressure", "returns", "service", "upgrades",
    "better_versions",
    "season_days", "seasonal_lines", "clock",  # nothing is seasonal until a model says so
}  # fmt: skip
