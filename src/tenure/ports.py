"""What the operations need from the machines at the rim, in at most six methods each.

Operations know these protocols and nothing behind them; `app.py` decides which adapter answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tenure.domain.business import Business
from tenure.domain.campaign import Campaign
from tenure.domain.decision import Drawn, Kept, Usage
from tenure.domain.extract import Extract, Loaded, Quarantined
from tenure.domain.fitted import Fitted
from tenure.domain.habits import Habits
from tenure.domain.learned import Learned
from tenure.domain.message import Answer, Claimed, Doubt, Envelope, Plan, Recovered, Refusal, Settled
from tenure.domain.moments import AsOf

if TYPE_CHECKING:
    import pyarrow as pa

Made = TypeVar("Made")


class Clock(Protocol):
    """Time, given from outside so that tests and replays own it."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back, for deadlines."""


class Progress(Protocol):
    """Where an operation says how far it is."""

    def start(self, task: str, total: int | None = None) -> None:
        """A task begins; `total` steps if known."""

    def advance(self, steps: int = 1) -> None:
        """So many steps of the current task are done."""

    def finish(self, summary: str = "") -> None:
        """The current task is done."""


class Facts(Protocol):
    """The warehouse as `import` sees it."""

    def load(self, extract: Extract, received_at: int, progress: Progress) -> Loaded:
        """Stage, check and merge the extract's rows; all of it or, when it raises, nothing."""

    def quarantined(self) -> list[Quarantined]:
        """The rows kept aside, oldest first."""

    def rows(self, table: str, limit: int) -> pa.Table:
        """The latest rows of a fact table in the contract's form."""

    def version(self) -> int:
        """A number that grows whenever facts change."""

    def latest(self) -> int | None:
        """Microseconds of the latest order, event or contract start; None when there is none."""

    def record(self, table: str, rows: pa.Table) -> int:
        """Add rows of one of our own fact tables (`OWN_TABLES`), each once; returns how many were new."""


class Profiles(Protocol):
    """The warehouse as `profile` sees it."""

    def build(self, as_of: AsOf, business: Business, progress: Progress) -> int:
        """Compute every customer's profile and publish it at once as the table `profiles`; returns its rows."""

    def compute(self, as_of: AsOf, business: Business, customer_ids: Sequence[str]) -> pa.Table:
        """The profiles of the named customers, published form, nothing stored."""

    def stream(self, as_of: AsOf, business: Business, progress: Progress) -> Iterator[pa.RecordBatch]:
        """Every customer's profile in chunks, nothing stored."""


class Past(Protocol):
    """What was known before a moment, for training; it refuses to look past the moment that it was opened for."""

    as_of: AsOf

    def earlier(self, days: int) -> AsOf:
        """The beginning of the day that lies so many days before `as_of`, on the business's calendar."""

    def profiles(self, as_of: AsOf) -> pa.Table:
        """Customers as of a moment: the columns of `Batch.customers` (`models/kinds/contract.py`).

        A sample by hash where there are very many, the same customers for every moment; ordered by key. Model columns
        hold null.

        Raises:
            ValueError: the moment lies after `as_of`.
        """

    def relation(self, name: str, as_of: AsOf) -> pa.Table:
        """A feature relation of the same customers as of a moment, canonical form, ordered by its customers' keys.

        Raises:
            ValueError: the moment lies after `as_of`.
        """

    def days(self) -> tuple[int, int] | None:
        """The first and the latest day with an order, in days since 1970; None when there is none."""

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What several kinds of model learn from this past, made by the first that asks and kept under a name."""


class Shelf(Protocol):
    """Where fitted models are kept."""

    def keep(self, fitted: Fitted) -> None:
        """Keep a model; one of the same kind and moment is replaced."""

    def all(self) -> list[Fitted]:
        """Every kept model, by kind and then by moment, oldest first."""

    def in_place(self, as_of: int) -> dict[str, Fitted]:
        """The model of each kind that is used at a moment: the latest promoted one that saw nothing after it."""


class Scorer(Protocol):
    """Fitted models as the profile sees them: one batch of customers in, their model columns out."""

    def relations(self, as_of: AsOf) -> tuple[str, ...]:
        """The feature relations that the models in place at a moment read, besides the profile; none without models."""

    def is_empty(self, as_of: AsOf) -> bool:
        """Whether no model is in place at a moment."""

    def clock(self, as_of: AsOf) -> pa.Table | None:
        """The seasonal clock in place: `category`, `day`, `clock_milli`; None where all is flat."""

    def score(
        self, customers: pa.Table, relations: Mapping[str, pa.Table], as_of: AsOf, business: Business
    ) -> pa.Table:
        """The customers with the model columns filled, all other columns as they came (`models/kinds/contract.py`)."""


class Candidates(Protocol):
    """The warehouse as `decide` and `explain` see it: whom a campaign may concern, and what was decided before."""

    def draw(self, campaign: Campaign, as_of: AsOf, business: Business) -> Drawn:
        """The campaign's candidates out of the published profiles, which must be as of that moment."""

    def examine(self, campaign: Campaign, as_of: AsOf, business: Business, profiles: pa.Table) -> pa.Table:
        """One row for each given profile, whatever the campaign's rules say of it, with each term of the audience."""


class Decisions(Protocol):
    """The record of what was decided."""

    def keep(self, run_id: str, kept: Kept) -> None:
        """Store a run whole or not at all; the same run again replaces what it stored."""

    def usage(self, run_id: str, as_of: AsOf, midnight: int) -> Usage:
        """What other runs before a moment took of what is limited; today began at `midnight` (microseconds UTC)."""

    def rates(self, run_id: str) -> dict[str, float]:
        """What one more of each limited thing would have brought in a run, by name."""

    def recall(self, run_id: str, customer_id: str) -> list[dict[str, Any]]:
        """The run's rows for one customer, best first."""

    def addressees(self, run_id: str, as_of: AsOf, showing: Collection[str] = ()) -> pa.Table:
        """The run's chosen contacts, each with its customer's address, name, time zone, profile and products.

        `picks` and `news` are looked up for the campaigns in `showing` alone.
        """

    def arrived_since(self, customer_id: str, as_of: AsOf, received_at: int) -> dict[str, int]:
        """How many of the customer's facts before `as_of` were received after a moment, by fact table."""


class Previews(Protocol):
    """The warehouse as `preview` sees it: nothing that is asked leaves a trace."""

    def narrowing(self, campaign: Campaign) -> list[int]:
        """How many customers there are, how many are left by the stage, and by each term of the audience after it."""

    def some(self, limit: int) -> pa.Table:
        """The profiles of some customers, by lot and always the same."""

    def locales(self) -> dict[str | None, int]:
        """How many customers speak each locale; None counts those of whom it is not known."""

    def contacts(self, rows: pa.Table, as_of: AsOf, showing: Collection[str]) -> pa.Table:
        """Contacts with all that a message may name, as `Decisions.addressees` gives them; `rows` are decisions."""


class Hours(Protocol):
    """When people did things, as `plan` asks it."""

    def habits(self, as_of: AsOf, customer_keys: Sequence[int]) -> Habits:
        """The habits of some customers, and of everybody by time zone, from what happened before a moment."""


class Outcomes(Protocol):
    """The warehouse as `learn` sees it."""

    def outcomes(self, campaigns: Sequence[Campaign], as_of: AsOf, business: Business) -> pa.Table:
        """Counts and sums of what each campaign's customers did, by arm (`warehouse/outcomes.py`)."""

    def programme(self, campaigns: Sequence[Campaign], as_of: AsOf, business: Business) -> pa.Table:
        """The same of all campaigns together, against the global holdout, with profit in the place of revenue."""

    def answers(self, campaigns: Sequence[Campaign], as_of: AsOf, business: Business) -> pa.Table:
        """One row per campaign with its messages sent, opened, unsubscribed from, and their cost."""

    def redemptions(self, campaigns: Sequence[Campaign], as_of: AsOf) -> pa.Table:
        """One row per campaign with an offer: who bought with it in hand, and who of them redeemed it."""

    def unsubscriptions(self, as_of: AsOf) -> pa.Table:
        """One row per channel: marketing messages, and those that made somebody unsubscribe."""

    def keep_effects(self, effects: pa.Table) -> None:
        """Store the effects as of a moment, replacing those of the same moment."""


class Lessons(Protocol):
    """What results have taught, by the moment at which it was learned."""

    def learned(self, as_of: AsOf) -> Learned:
        """The latest that was learned before a moment; nothing is known where there is none."""

    def keep(self, learned: Learned, as_of: AsOf) -> None:
        """Keep what was learned as of a moment, replacing what was kept of the same moment."""


class Query(Protocol):
    """Reading figures: a named relation of `insights`, bound and run."""

    def query(self, relation: str, values: Mapping[str, int | float | str | None]) -> pa.Table:
        """The relation's rows over published facts and profiles."""


class Outbox(Protocol):
    """The store as `send` sees it: every move is durable before it returns."""

    def plan(self, plans: Sequence[Plan], now: int) -> int:
        """Add the messages whose key is new; returns how many were."""

    def claim(self, channel: str, owner: str, limit: int, now: int, lease_seconds: float) -> list[Claimed]:
        """Lease messages that are due; nobody else gets them until the lease ends."""

    def settle_and_intend(self, done: Settled | None, following: Claimed | None, now: int) -> Refusal | None:
        """Record the answer of one message and the durable intent to send the next, in one transaction.

        None says that `following` may be sent: it is `sending` and its lease starts anew. A refusal says what became
        of it instead, for its recipient may not be written to any more, its time is over, or its lease is lost.
        """

    def refuse(self, claimed: Claimed, refusal: Refusal, now: int) -> None:
        """End a claimed message that must not be sent, or put it back for later."""

    def recover(self, now: int, grace_seconds: float) -> Recovered:
        """Take back what a crash left: lost claims return to `planned`, lost sends become `in_doubt`.

        Also ends planned messages whose time is over, and names the doubts that are older than the grace.
        """

    def resolve(self, doubt: Doubt, answer: Refusal | None, now: int) -> bool:
        """Settle a doubt: None says that it was sent; otherwise it is `planned` again or `unknown`.

        Returns whether the doubt still stood.
        """


class Channel(Protocol):
    """A way to reach people. One object is one connection, used by one thread."""

    name: str

    def open(self) -> None:
        """Connect; raises TenureError with a sentence when the other side cannot be reached."""

    def deliver(self, envelope: Envelope, deadline: float) -> Answer:
        """Hand over one message; nothing may be committed to the other side after `deadline` (monotonic seconds).

        Raises:
            TenureError: the other side cannot be reached or takes nothing from us at all; this message surely did
                not leave, and the next would fare no better.
        """

    def lookup(self, key: str) -> bool | None:
        """Whether the other side has the message with this key; None when it cannot say."""

    def close(self) -> None:
        """Disconnect; never raises."""
