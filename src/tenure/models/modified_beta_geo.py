"""MBG/NBD: as BG/NBD, but a customer may also stop right after the first purchase.

Sources: Batislam, Denizel & Filiztekin 2007 (Int. J. Research in Marketing 24), Hoppe & Wagner 2007 (Marketing JRM 2).
"""

from __future__ import annotations

from typing import ClassVar

from tenure.models.beta_geo import GEOMETRIC, GEOMETRIC_STARTS, GeometricDropout
from tenure.models.kernel import Kernel
from tenure.models.purchase_model import PurchaseModel


class ModifiedBetaGeo(PurchaseModel):
    """MBG/NBD: BG/NBD without its blind spot, as those who never came back may have gone after the first purchase.

    Use it where many buy once; there BG/NBD believes every one of them to be still a customer.
    """

    PARAMETERS: ClassVar = GEOMETRIC
    STARTS: ClassVar = GEOMETRIC_STARTS

    def _kernel(self) -> Kernel:
        return GeometricDropout(stops_at_first=True)
