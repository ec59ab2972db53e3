"""Who is left alone, so that the effect of speaking can be measured: the same people on every engine and every day.

A customer's lot is the MD5 of `salt|customer_id` (global holdout) or `salt|campaign|customer_id` (a campaign's control
group), written in lower-case hexadecimal and cut to its first eight digits. The customer is left alone if that text
sorts before the bound of the share. Text comparison is the only comparison that DuckDB, Spark and Python agree on
without casts; MD5 is here for its evenness, not for secrecy.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction

DIGITS = 8
EVERYTHING = "everything"  # the name under which all campaigns together stand against the global holdout
_ALL = "g"  # sorts after every hexadecimal digit, so a share of 1 leaves everyone alone


def bound(share: Fraction | float) -> str:
    """The text before which the lots of `share` of all customers sort.

    Args:
        share: between 0 and 1; a float counts as the decimal it is written as (0.1 is one tenth).

    Returns:
        Eight hexadecimal digits: `19999999` for one tenth; `00000000` for nobody, `g` for everybody.
    """
    exact = share if isinstance(share, Fraction) else Fraction(repr(share))
    if exact >= 1:
        return _ALL
    return f"{int(max(exact, Fraction(0)) * 16**DIGITS):0{DIGITS}x}"


def lot(salt: str, customer_id: str, campaign: str | None = None) -> str:
    """The customer's lot in the global holdout, or in a campaign's control group: eight hexadecimal digits."""
    parts = (salt, customer_id) if campaign is None else (salt, campaign, customer_id)
    return hashlib.md5("|".join(parts).encode(), usedforsecurity=False).hexdigest()[:DIGITS]


def is_left_alone(salt: str, customer_id: str, share: Fraction | float, campaign: str | None = None) -> bool:
    """Whether the customer is in the global holdout (no campaign named) or in the campaign's control group."""
    return lot(salt, customer_id, campaign) < bound(share)
