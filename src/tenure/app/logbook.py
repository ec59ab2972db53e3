"""The log of decisions with what each brought, for valuing policies that were not followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenure.app import adapters

if TYPE_CHECKING:
    import pyarrow as pa

    from tenure.app.workspace import Workspace
    from tenure.domain.moments import AsOf


def decision_log(ws: Workspace, as_of: AsOf, days: float) -> pa.Table:
    """Every marketing decision whose `days` were over at a moment (`warehouse/policylog.py` names the columns)."""
    from tenure.warehouse.policylog import DuckPolicyLog

    with adapters.warehouse(ws) as opened:
        return DuckPolicyLog(opened).log(as_of, ws.business, days)
