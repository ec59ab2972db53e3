"""The top of a concave hill by Newton's method, with steps halved until they do not lead down."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_STEPS = 100  # about eight are needed; a hundred only where one direction is nearly flat
_SMALLEST = 1e-8  # share of a step below which no step helps
_CLOSE = 1e-9  # a step so short that it has arrived


def ascend(
    value: Callable[[Numbers], float], shape: Callable[[Numbers], tuple[Numbers, Numbers]], start: Numbers
) -> tuple[Numbers, float]:
    """Where a concave function is greatest, and its value there.

    Args:
        value: the function.
        shape: its gradient, and the matrix of its second derivatives with the sign turned, which may be singular: the
            shortest step is taken then.
        start: where to begin.
    """
    at, height = start, value(start)
    for _ in range(_STEPS):
        gradient, curvature = shape(at)
        step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
        size = 1.0
        while (moved := value(at + size * step)) < height and size > _SMALLEST:
            size /= 2
        if moved < height:
            break
        at, height = at + size * step, moved
        if np.abs(size * step).max() < _CLOSE:
            break
    return at, height
