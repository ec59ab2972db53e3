"""Models of customers, to be used by themselves: `tenure.models.BetaGeo().fit(summary)`.

Each is named as in its paper, learns from any data frame, and says how sure it is. Names are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "Affinity": "affinity",
    "BetaDiscreteWeibull": "beta_discrete_weibull",
    "BetaGeo": "beta_geo",
    "BetterVersions": "upgrades",
    "BuyerPath": "path",
    "ChurnRisk": "churn",
    "CondensedBetaGeo": "condensed_beta_geo",
    "CustomerValue": "value",
    "DiscountShare": "discounts",
    "GammaGamma": "gamma_gamma",
    "Hazard": "hazard",
    "ModifiedBetaGeo": "modified_beta_geo",
    "ParetoNBD": "pareto_nbd",
    "ReplacementCycle": "replacement",
    "Response": "drivers",
    "SeasonalClock": "season",
    "ShiftedBetaGeometric": "shifted_beta_geometric",
    "Upgraders": "upgraders",
}

__all__ = [
    "Affinity", "BetaDiscreteWeibull", "BetaGeo", "BetterVersions", "BuyerPath", "ChurnRisk", "CondensedBetaGeo",
    "CustomerValue", "DiscountShare", "GammaGamma", "Hazard", "ModifiedBetaGeo", "ParetoNBD", "ReplacementCycle",
    "Response", "SeasonalClock", "ShiftedBetaGeometric", "Upgraders",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'tenure.models' has no attribute {name!r}")
    value = getattr(import_module(f"tenure.models.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
