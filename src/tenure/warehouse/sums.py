"""Counts and sums of one row per person, exact in every order: what `learning.arms.Arm` is made of."""

from __future__ import annotations

from tenure.domain.business import Business
from tenure.domain.money import minor_per_unit

SUMS: tuple[tuple[str, str], ...] = (("people", "BIGINT"), ("goals", "BIGINT"), *((name, "DOUBLE") for name in (
    "revenue", "revenue_squared", "goals_before", "goals_before_squared", "goals_both", "revenue_before",
    "revenue_before_squared", "revenue_both", "discount", "discount_squared", "discount_goals")))  # fmt: skip


def sums_sql(business: Business) -> str:
    """The select list that adds up people with `goals`, `goals_before`, and amounts in whole minor units.

    Those are `revenue`, `revenue_before` and `discount`; what comes out is in units of the currency.
    """
    unit = float(minor_per_unit(business.currency))

    def total(factors: str, divisor: float = 1.0) -> str:
        # Squares of minor units pass 64 bits soon; as doubles their sum would depend on the order of the rows.
        wide = " * ".join(f"CAST({factor} AS HUGEINT)" for factor in factors.split())
        return f"CAST(COALESCE(sum({wide}), 0) AS DOUBLE) / {divisor!r}"

    return f"""count(*) AS people, sum(goals) AS goals,
        {total("revenue", unit)} AS revenue, {total("revenue revenue", unit**2)} AS revenue_squared,
        {total("goals_before")} AS goals_before, {total("goals_before goals_before")} AS goals_before_squared,
        {total("goals goals_before")} AS goals_both, {total("revenue_before", unit)} AS revenue_before,
        {total("revenue_before revenue_before", unit**2)} AS revenue_before_squared,
        {total("revenue revenue_before", unit**2)} AS revenue_both, {total("discount", unit)} AS discount,
        {total("discount discount", unit**2)} AS discount_squared, {total("discount goals", unit)} AS discount_goals"""
