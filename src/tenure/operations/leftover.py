"""What is left of channels and money for a run, once every service message has what it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from tenure.decisions.eligibility import NONE
from tenure.decisions.options import Judged
from tenure.decisions.scarcity import Scarcity, left_over
from tenure.domain.business import Business
from tenure.domain.moments import AsOf, date_of, start_of_day, to_micros
from tenure.ports import Decisions


def left(
    judged: Sequence[Judged], decisions: Decisions, business: Business, as_of: AsOf, run_id: str
) -> Scarcity:  # fmt: skip
    """What is left of channels and money once every service message has what it needs."""
    midnight = to_micros(start_of_day(date_of(as_of.day), business.timezone))
    owed: Counter[str] = Counter()
    for one in judged:
        if one.campaign.purpose == "service":
            channels = one.channels
            owed.update(channels[row] or "" for row in np.flatnonzero(one.verdict == NONE).tolist())
    usage = decisions.usage(run_id, as_of, midnight)
    return left_over([one.campaign for one in judged], business, usage, owed)
