"""Which brands each customer favours: their own share of each brand, drawn to the shop's as far as they bought little.

Counts of brands in a customer's purchases are multinomial given the customer's own shares, which spread about the
shop's by a Dirichlet distribution (Mosimann 1962, Biometrika 49). How far they spread is read off the chance that two
purchases of one customer are of one brand, against two of the shop:

    spread = (same − Σ share²) ÷ (1 − Σ share²),   strength = (1 − spread) ÷ spread

and a customer's share of a brand is (own purchases of it + strength · shop's share) ÷ (own purchases + strength).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tenure.domain.errors import TenureError, nearest
from tenure.frames import arrow, like
from tenure.models.holdings import Numbers, Whole, coded, places

if TYPE_CHECKING:
    import pyarrow as pa

_ALIKE, _APART = 1e-6, 1 - 1e-6  # spreads beyond these are of a base in which nobody differs, or everybody is loyal


def brand_affinity(purchases: Any, k: int = 3) -> Any:
    """The brands that each customer favours, beside what is usual in the shop.

    Args:
        purchases: rows with `customer_id` and `brand`, one per purchase; rows without a brand are left out.
        k: brands per customer, at most; the most favoured of those that they bought.

    Returns:
        The kind of frame that was given: `customer_id`, `rank` (from 1), `brand`, `bought` (purchases of it), `share`
        (0–1, shrunk), `usual` (the shop's share) and `lift` (share ÷ usual; above 1 is favour), the greatest first.

    Raises:
        TenureError: a column is missing, no purchase has a brand, or k is below 1.
    """
    import pyarrow as pa

    if k < 1:
        raise TenureError(f"k is {k}", "Ask for at least one brand per customer.")
    table = _branded(arrow(purchases))
    customers, customer = coded(table, "customer_id")
    brands, brand = coded(table, "brand")
    key, count = np.unique(customer * len(brands) + brand, return_counts=True)
    who, what, own = key // len(brands), key % len(brands), count.astype(np.float64)
    usual = np.bincount(brand, minlength=len(brands)) / len(brand)
    whole = np.bincount(customer, minlength=len(customers)).astype(np.float64)
    strength = _strength(who, own, whole, usual)
    share = (own + strength * usual[what]) / (whole[who] + strength)
    lift = share / usual[what]
    order = np.lexsort((what, -own, -lift, who))
    order = order[places(who[order]) < k]
    return like(purchases, pa.table({
        "customer_id": customers.take(pa.array(who[order])), "rank": places(who[order]) + 1,
        "brand": brands.take(pa.array(what[order])), "bought": count[order], "share": share[order],
        "usual": usual[what[order]], "lift": lift[order],
    }))  # fmt: skip


def _branded(table: pa.Table) -> pa.Table:
    for name in ("customer_id", "brand"):
        if name not in table.column_names:
            raise TenureError(f"the column `{name}` is missing", nearest(name, table.column_names))
    table = table.select(["customer_id", "brand"]).drop_null()
    if not table.num_rows:
        raise TenureError("no purchase has a brand", "Give the brand of what was bought.")
    return table


def _strength(who: Whole, own: Numbers, whole: Numbers, usual: Numbers) -> float:
    """Purchases at which a customer's own share of a brand and the shop's weigh the same.

    Customers weigh by their purchases less one: those with a single one tell nothing of how customers differ.
    """
    alike = float((usual**2).sum())
    told = float((whole - 1).sum())
    if told <= 0 or alike >= 1:
        return 1.0 / _ALIKE
    same = float((own * (own - 1) / whole[who]).sum()) / told
    spread = min(max((same - alike) / (1 - alike), _ALIKE), _APART)
    return (1 - spread) / spread
