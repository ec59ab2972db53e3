"""Which products are bought by the same people: counts over customers or baskets, shrunk where there are few.

The likeness of products i and j is their cosine, c_ij ÷ √(c_i · c_j), where c counts the customers (or baskets) that
hold one or both (Sarwar et al. 2001, WWW-10), times c_ij ÷ (c_ij + shrinkage), so that two buyers in common do not
make a pair (Bell & Koren 2007, ICDM).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

_AT_ONCE = 500  # products per block: 500 × 5,000 counts are 10 MB


def nearest_products(
    holder: Whole, product: Whole, products: int, shrinkage: float, most: int
) -> tuple[Whole, Whole, Numbers]:
    """The products most like each product.

    Args:
        holder, product: numbers of who (or which basket) holds what, each pair once.
        products: how many products there are.
        shrinkage: holders in common at which a likeness counts half.
        most: neighbours kept of each product.

    Returns:
        Product, neighbour and likeness above 0, one row per pair that is kept, by product and then the likest first.
    """
    if not len(product):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    held = _ones(holder, product, products)
    turned = held.T.tocsr()
    holders = np.maximum(np.asarray(held.sum(axis=0), dtype=np.float64).ravel(), 1)
    parts = []
    for low in range(0, products, _AT_ONCE):
        together = (turned[low : low + _AT_ONCE] @ held).tocoo()
        both = np.where(together.col == low + together.row, 0, together.data)
        together.data = both * both / (both + shrinkage) / np.sqrt(holders[low + together.row] * holders[together.col])
        likeness = together.toarray()
        parts.append(_likest(likeness, low, min(most, products)))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))  # type: ignore[return-value]


def _ones(holder: Whole, product: Whole, products: int) -> csr_matrix:
    from scipy.sparse import csr_matrix

    shape = (int(holder.max(initial=-1)) + 1, products)
    return csr_matrix((np.ones(len(product), np.float32), (holder, product)), shape=shape)


def _likest(likeness: Numbers, low: int, most: int) -> tuple[Whole, Whole, Numbers]:
    rows = np.arange(len(likeness))[:, None]
    kept = np.argpartition(-likeness, most - 1, axis=1)[:, :most]
    kept = kept[rows, np.argsort(-likeness[rows, kept], axis=1, kind="stable")]
    value = likeness[rows, kept]
    has = value > 0
    product = np.broadcast_to(low + rows, value.shape)
    return product[has].astype(np.int64), kept[has].astype(np.int64), value[has]
