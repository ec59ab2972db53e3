"""What a business has recorded so far, as far as it tells why a campaign can find nobody."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is for campaigns to find.

    Attributes:
        events: names of events that happened, recorded or implied by facts, of those that were asked about.
        columns: profile columns that are known of at least one customer; None while there are no profiles.
        calendars: kinds of the business's own dates.
        releases: whether any product says when it was released.
        birthdays: whether any customer's birthday is known.
        channels: channels that the business has set up.
    """

    events: frozenset[str] = frozenset()
    columns: frozenset[str] | None = None
    calendars: frozenset[str] = frozenset()
    releases: bool = False
    birthdays: bool = False
    channels: frozenset[str] = field(default=frozenset())
