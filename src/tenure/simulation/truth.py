"""Everything that is true of a simulated shop, in one place that can be read, printed and changed.

The engine never sees it: it sees facts, as of any other shop. The truth stands beside the workspace (`truth.json`), so
that whatever was found can be compared with what is so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenure.domain.campaign import Campaign

ORDERED = "Order Completed"


@dataclass(frozen=True, slots=True)
class Buyers:
    """One of the paths on which new buyers go.

    Attributes:
        share: of all customers.
        gap_days: mean days between orders of a middling customer, for as long as they are one.
        evenness: shape of the gamma distribution of their rates; the larger, the more alike.
        life_days: mean days until a customer is lost for good, after the first order.
        once: share lost for good right after the first order.
        price: mean price sensitivity, between 0 (indifferent) and 1 (buys for the price alone).
        answer: how strongly they answer contacts, 1 being the answer stated in `Reply`.
        bargains: share of their own orders placed when the shop happens to have a sale, with its discount.
        contracts: chance at each order to sign a service contract, for who has none.
    """

    share: float
    gap_days: float
    evenness: float
    life_days: float
    once: float
    price: float
    answer: float
    bargains: float
    contracts: float


@dataclass(frozen=True, slots=True)
class Category:
    """One category of products.

    Attributes:
        season: amplitude of the yearly wave of demand, between 0 (none) and 1.
        peak: day of the year on which demand is highest.
        price: median price of its products in units.
        cost: share of the price that the goods cost.
        lifetime_days: how long one lasts, 0 where nothing wears out.
        taste: its share of what people like.
    """

    name: str
    season: float
    peak: int
    price: float
    cost: float
    lifetime_days: int = 0
    taste: float = 1.0


@dataclass(frozen=True, slots=True)
class Reply:
    """How people answer one kind of campaign.

    Attributes:
        orders: orders added per contact that is read, where it fits, by a customer who answers as strongly as 1 and is
            not tired; spread evenly over the days of the answer.
        misfit: share of that where the moment does not fit (see `answers.fitting`).
        renewal: what it adds to the chance that a contract about to end is renewed.
    """

    orders: float
    misfit: float = 0.2
    renewal: float = 0.0


@dataclass(frozen=True, slots=True)
class Truth:
    """The shop: its people, its goods and how people answer.

    Attributes:
        buyers: the paths, by name.
        categories: what is sold.
        replies: the kinds of campaign, by name; `kind_of` says which campaign is of which.
        products: how many products a category has.
        prospects: share of customers who sign up without buying; `prospect_rate` their chance of a first order a day.
        visits: visits to the shop per day of somebody who is a customer; `carts` the share that leaves something in the
            cart; `cart_orders` the chance per day, on the two days after, that it is bought all the same.
        worn_orders: chance per day, for two weeks around the end of a thing's life, that it is bought anew.
        sale: discount of the shop's own sales, as a share of the price.
        complaints: chance of a complaint after an order; `complaint_loss` the chance that it ends the relation;
            `complaint_cost` what one costs, in units.
        ratings: chance of a satisfaction score after an order.
        consent: share of customers with consent by channel.
        reach: mean share of messages that a customer reads; it varies as a beta distribution of total weight 6.
        asleep: how much less those read who are lost for good.
        pull: how much an offer adds: 1 + pull · price sensitivity · discount / 0.10.
        fatigue: mean of the personal fatigue φ: n contacts in the last 30 days leave exp(−φ·n) of the answer.
        answer_days: an answer lasts as long as the goal's days, but not longer than this.
        unsubscribing: chance that a contact makes its reader unsubscribe, times 1 + contacts of the last 30 days ÷ 2,
            times 2 where the moment does not fit, times 3 in the two weeks after a complaint.
        contract_days, contract_price, contract_cost: length and price of a service contract, and the share
            of the price that serving it costs; `renewing` the chance that it is renewed without a word, `automatic` the
            share of contracts that renew by themselves, with the chance `renewing_automatic`.
        same_for_all: if set, every contact read or not adds exactly so many orders over the goal's days: a planted
            effect, for tests of measuring.
    """

    buyers: dict[str, Buyers] = field(default_factory=lambda: {
        "hit_and_run": Buyers(0.40, 70.0, 1.5, 150.0, 0.55, 0.45, 0.35, 0.25, 0.00),
        "discount": Buyers(0.25, 50.0, 1.8, 420.0, 0.15, 0.75, 1.00, 0.70, 0.01),
        "active": Buyers(0.35, 32.0, 2.0, 700.0, 0.05, 0.15, 0.90, 0.12, 0.05),
    })  # fmt: skip
    categories: tuple[Category, ...] = (
        Category("Coffee", 0.05, 15, 14.0, 0.55, taste=2.0),
        Category("Kitchen", 0.15, 340, 38.0, 0.60, taste=1.2),
        Category("Garden", 0.85, 140, 24.0, 0.55, taste=1.2),
        Category("Winter sports", 0.95, 350, 65.0, 0.58, taste=0.8),
        Category("Water filters", 0.00, 1, 22.0, 0.45, lifetime_days=90, taste=0.8),
        Category("Books", 0.30, 345, 16.0, 0.65, taste=1.5),
    )
    replies: dict[str, Reply] = field(default_factory=lambda: {
        "thanks": Reply(0.03), "early": Reply(0.06), "cart": Reply(0.15, 0.05), "worn": Reply(0.15, 0.05),
        "back": Reply(0.09, 0.10), "season": Reply(0.05, 0.15), "general": Reply(0.02, 1.0),
        "contract": Reply(0.0, 0.2, 0.15), "service": Reply(0.0, 1.0),
    })  # fmt: skip
    products: int = 40
    prospects: float = 0.08
    prospect_rate: float = 0.004
    visits: float = 0.06
    carts: float = 0.15
    cart_orders: float = 0.12
    worn_orders: float = 0.035
    sale: float = 0.15
    complaints: float = 0.02
    complaint_loss: float = 0.25
    complaint_cost: float = 6.0
    ratings: float = 0.10
    consent: dict[str, float] = field(default_factory=lambda: {"email": 0.80, "sms": 0.20, "push": 0.15})
    reach: float = 0.45
    asleep: float = 0.25
    pull: float = 1.2
    fatigue: float = 0.12
    answer_days: int = 14
    unsubscribing: float = 0.002
    contract_days: int = 180
    contract_price: float = 29.0
    contract_cost: float = 0.4
    renewing: float = 0.50
    automatic: float = 0.35
    renewing_automatic: float = 0.85
    same_for_all: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain data, in the order of the attributes."""
        return asdict(self)


# Campaigns of the library by the kind of answer that they get; others are told by their occasion and goal.
_NAMED: dict[str, tuple[str, ...]] = {
    "thanks": ("thank-you", "follow-up", "satisfaction-survey", "review-request"),
    "early": ("welcome", "second-order", "discount-to-habit"),
    "cart": ("abandoned-cart", "abandoned-browsing"),
    "worn": ("replacement-due", "newest-release", "up-sell"),
    "back": ("win-back", "save-before-leaving", "last-goodbye"),
    "season": ("season-opening", "sale", "cultural-moments"),
    "contract": ("renewal-by-date", "renewal-by-use", "check-details"),
}
_KIND_OF_NAME = {name: kind for kind, names in _NAMED.items() for name in names}


def kind_of(campaign: Campaign) -> str:
    """The kind of answer that a campaign gets: a key of `Truth.replies`."""
    if campaign.folder in _KIND_OF_NAME:
        return _KIND_OF_NAME[campaign.folder]
    if campaign.purpose == "service":
        return "service"
    if campaign.goal.event.startswith("Subscription"):
        return "contract"
    if campaign.goal.event != ORDERED:
        return "service"
    return "cart" if campaign.occasion.event in ("Product Added", "Product Viewed", "Cart Viewed") else "general"
