"""Tenure: the open-source engine for customer lifecycle and retention.

    import tenure as tn
    ws = tn.open("shop")
    ws.profiles(as_of="2011-09-01").to_pandas()
    tn.models.BetaGeo().fit(tn.summary(orders, as_of="2011-09-01"))

Names are imported when they are first used, so that `import tenure` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenure import models
    from tenure.decisions.arbitrate import arbitrate
    from tenure.domain.errors import TenureError
    from tenure.insights.retention import retention_rate
    from tenure.models.summary import summary
    from tenure.notebook import open

__all__ = ["TenureError", "arbitrate", "models", "open", "retention_rate", "summary"]

_WHERE = {
    "TenureError": "tenure.domain.errors",
    "arbitrate": "tenure.decisions.arbitrate",
    "open": "tenure.notebook",
    "retention_rate": "tenure.insights.retention",
    "summary": "tenure.models.summary",
}

try:
    __version__ = version("tenure")
except PackageNotFoundError:  # run from a folder that was never installed
    __version__ = "0"


def __getattr__(name: str) -> Any:
    if name == "models":
        return import_module("tenure.models")
    if name not in _WHERE:
        raise AttributeError(f"module 'tenure' has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})
