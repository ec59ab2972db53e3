"""The kinds of standing phrases that each language writes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language's standing phrases; `{name}`, `{shop}`, `{amount}` and `{url}` are filled in.

    A shop's name is never inflected and never follows an article or a preposition that would have to agree with it.

    Attributes:
        hello_name, hello: the greeting with a first name and without one, each a whole line.
        why_marketing, why_service: why somebody receives an e-mail; the latter says that it is not advertising.
        unsubscribe, preferences: the labels of the footer's links.
        stop: how a text message says where to end them.
        off: a discount of a share or an amount, such as `10% off`.
        free_shipping, gift: the other offers, as they stand inside a sentence.
        family_name_first: whether names begin with the family's, so that the first word is the wrong one to greet with.
    """

    hello_name: str
    hello: str
    why_marketing: str
    why_service: str
    unsubscribe: str
    preferences: str
    stop: str
    off: str
    free_shipping: str
    gift: str
    family_name_first: bool = False
