"""Whom a campaign may concern, and every figure that the rules and the worth of a contact read.

One SQL text serves the nightly run (over the published profiles, where only those whom stage, audience and occasion let
through leave the engine, so that a million customers stay cheap) and `explain` (over a few profiles computed anew and
lent to the engine, where everyone leaves with each term of the audience beside them). The columns:

| column | meaning |
|---|---|
| customer_key, customer_id, stage … | columns of the profile that worth reads (`READ`) |
| early | `stage`, `audience` or `occasion` if one of them says no, else null |
| term_0 … | explain only: each top-level term of the audience |
| happened_at | explain only: latest event of the occasion's name, whatever its window (micros UTC) |
| occasion_key, occasion_at, occasion_properties | the occasion, its moment in micros UTC, its event's properties |
| used | this campaign has spoken, or held back as control, on this occasion before |
| goal_reached | the goal was reached after the occasion (for a later step, after the first message) |
| stopped | something under the campaign's `stop` has happened since |
| way_0 … | for each of the campaign's channels: the customer may be reached there and the business can speak |
| channel | the first of these channels, null where there is none |
| complaint_at, quiet_0 … | latest complaint, and latest of each thing in `quiet_after` (micros UTC) |
| pressure_7d, pressure_30d | marketing contacts sent, or decided and still waiting, whichever is more |
| control | the customer's lot lies in the campaign's control group |
| goal_value | what one success brings, in units of the currency |
| offer_ok | the offer is for this customer |
| shipping | what shipping costs where it is paid, in units: the price of an offer of free shipping |
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tenure.domain import arms
from tenure.domain.business import Business
from tenure.domain.campaign import Audience, Campaign
from tenure.domain.decision import Drawn
from tenure.domain.errors import TenureError
from tenure.domain.moments import MICROS_PER_DAY, AsOf
from tenure.domain.money import minor_per_unit
from tenure.domain.segment import And
from tenure.warehouse.choices import lay_out
from tenure.warehouse.dialect import render, render_term, text_literal
from tenure.warehouse.duckdb import DuckWarehouse
from tenure.warehouse.occasions import ORDER_COMPLETED, happened_sql, occasion_sql, span
from tenure.warehouse.sequels import other_contacts_sql
from tenure.warehouse.stops import latest_sql, stop_joins, stopped_sql

if TYPE_CHECKING:
    import pyarrow as pa

READ = ("orders", "frequency", "recency_days", "gap_expected_days", "overdue", "revenue", "margin", "average_order",
        "cost_to_serve", "churn_90d", "path")  # fmt: skip
_ASKED = "asked_profiles"
_ADDRESS = {"email": "c.email", "sms": "c.phone"}


class DuckCandidates:
    """Candidates out of one workspace's warehouse."""

    def __init__(self, warehouse: DuckWarehouse) -> None:
        self._warehouse = warehouse
        self._empty: dict[tuple[int, int], pa.Schema] = {}
        self._means: tuple[tuple[int, int], tuple[float, float]] | None = None
        lay_out(warehouse)

    def draw(self, campaign: Campaign, as_of: AsOf, business: Business) -> Drawn:
        """The campaign's candidates out of the published profiles.

        Raises:
            TenureError: the profiles are as of another moment, or there are none.
        """
        self._check_moment(as_of)
        query = CandidateQuery(campaign, as_of, business, "profiles", self._typical(as_of, business))
        counts = dict(self._warehouse.fetch(query.refused()))
        some = counts.pop(None, 0)
        return Drawn(self._warehouse.arrow(query.rows()) if some else self._nobody(campaign, query), counts)

    def examine(self, campaign: Campaign, as_of: AsOf, business: Business, profiles: pa.Table) -> pa.Table:
        """One row for each given profile, whatever the campaign's rules say of it."""
        # The keys are looked up here: profiles computed for somebody need not carry the warehouse's own numbers.
        named = profiles.select([name for name in profiles.column_names if name != "customer_key"])
        keyed = f"""(SELECT c.customer_key, asked.* FROM {_ASKED} asked
            JOIN facts.customers c ON c.customer_id = asked.customer_id)"""
        query = CandidateQuery(campaign, as_of, business, keyed, self._typical(as_of, business))
        with self._warehouse.lend(_ASKED, named):
            return self._warehouse.arrow(query.rows(everyone=True))

    def usual_order(self, as_of: AsOf, business: Business) -> float | None:
        """What an order before a moment was worth on the average, in units; None without orders."""
        return self._typical(as_of, business)[0] or None

    def _nobody(self, campaign: Campaign, query: CandidateQuery) -> pa.Table:
        """The columns without a row; most campaigns of a library find nobody, and planning their query takes 40 ms."""
        shape = (len(campaign.channels), len(campaign.quiet_after))
        if shape not in self._empty:
            self._empty[shape] = self._warehouse.arrow(f"SELECT * FROM ({query.rows()}) LIMIT 0").schema
        return self._empty[shape].empty_table()

    def _check_moment(self, as_of: AsOf) -> None:
        found = self._warehouse.fetch("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'main' "
                                      "AND table_name = 'profiles'")  # fmt: skip
        if not found:
            raise TenureError("there are no profiles yet", "Run `tenure profile` first.")
        latest = self._warehouse.fetch("SELECT max(epoch_us(as_of)), max(as_of) FROM profiles")[0]
        if latest[0] is not None and latest[0] != as_of.at:
            raise TenureError(f"the profiles are as of {latest[1]} and the decision is asked for {as_of}",
                              f"Run `tenure profile --as-of {as_of}` first.")  # fmt: skip

    def _typical(self, as_of: AsOf, business: Business) -> tuple[float, float]:
        """Mean order and mean paid shipping of the whole base in units, for what a customer's own facts do not tell."""
        known = (as_of.at, self._warehouse.version())
        if self._means is None or self._means[0] != known:
            self._means = (known, self._average(as_of, business))
        return self._means[1]

    def _average(self, as_of: AsOf, business: Business) -> tuple[float, float]:
        means = self._warehouse.fetch(f"""SELECT sum(total)::DOUBLE / count(*),
                sum(shipping)::DOUBLE / NULLIF(count(CASE WHEN shipping > 0 THEN 1 END), 0)
            FROM facts.orders WHERE "at" < {as_of.at} AND status IS DISTINCT FROM 'cancelled'""")[0]
        per_unit = minor_per_unit(business.currency)
        return float(means[0] or 0.0) / per_unit, float(means[1] or 0.0) / per_unit


class CandidateQuery:
    """The text of one campaign's candidates over a relation of profiles."""

    def __init__(
        self, campaign: Campaign, as_of: AsOf, business: Business, source: str, typical: tuple[float, float]
    ) -> None:
        self.campaign, self.as_of, self.business = campaign, as_of, business
        self.source = source
        self.typical_order, self.typical_shipping = typical

    def refused(self) -> str:
        """How many customers each of the first rules refuses."""
        return f"WITH {self._judged()} SELECT early, count(*) FROM judged p GROUP BY early ORDER BY early"

    def rows(self, *, everyone: bool = False) -> str:
        """The rows described at the top; without `everyone` only those whom the first rules let through."""
        extra = [f"({render(term, alias='p')}) IS TRUE AS term_{index}" for index, (_, term) in
                 enumerate(self.campaign.audience.terms)] if everyone else []  # fmt: skip
        extra += [self._happened_column()] if everyone else []
        columns = ", ".join([*self._own_columns(), *self._quiet_columns(), *extra])
        return f"""WITH {self._judged()} SELECT {columns} FROM judged p {self._joins()}
            {"" if everyone else "WHERE p.early IS NULL"} ORDER BY p.customer_key"""

    def _judged(self) -> str:
        stages = ", ".join(text_literal(stage) for stage in self.campaign.stages)
        stage_ok = f"COALESCE(p.stage IN ({stages}), FALSE)" if stages else "TRUE"
        occasions = occasion_sql(self.campaign, self.as_of, self.business, "people")
        return f"""people AS (SELECT * FROM {self.source}), occasions AS ({occasions}), judged AS (
            SELECT p.*, o.occasion_key, o.occasion_at, o.since_at, o.properties AS occasion_properties,
                CASE WHEN NOT {stage_ok} THEN 'stage' WHEN ({_all_of(self.campaign.audience)}) IS NOT TRUE
                    THEN 'audience' WHEN o.occasion_key IS NULL THEN 'occasion' END AS early
            FROM people p LEFT JOIN occasions o ON o.customer_key = p.customer_key)"""

    def _own_columns(self) -> list[str]:
        control = arm_sql(self.business.salt, self.campaign.control, self.campaign.name)
        begun = "p.since_at" if self.campaign.step else "p.occasion_at"
        return [
            "p.customer_key", "p.customer_id", "p.stage", *(f"p.{name}" for name in READ), "p.early",
            "p.occasion_key", "p.occasion_at", "p.occasion_properties", "u.customer_key IS NOT NULL AS used",
            f"COALESCE({self._goal_at()} > COALESCE({begun}, {self.as_of.at - span(self.campaign.occasion)}), "
            "FALSE) AS goal_reached",
            f"{stopped_sql(self.campaign, self.as_of)} AS stopped",
            "COALESCE(p.holdout, FALSE) AS holdout",
            *(f"{way} AS way_{place}" for place, way in enumerate(self._ways())), f"{self._channel()} AS channel",
            "epoch_us(p.last_complaint_at) AS complaint_at",
            "greatest(COALESCE(p.contacts_7d, 0), COALESCE(w.d7, 0)) AS pressure_7d",
            "greatest(COALESCE(p.contacts_30d, 0), COALESCE(w.d30, 0)) AS pressure_30d",
            f"{control} AS control", f"{self._goal_value()} AS goal_value", f"{self._offer_ok()} AS offer_ok",
            f"CAST({self.typical_shipping!r} AS DOUBLE) AS shipping",
        ]  # fmt: skip

    def _quiet_columns(self) -> list[str]:
        moments = {
            "complaint": "epoch_us(p.last_complaint_at)", "order": "epoch_us(p.last_order_at)",
            # Either may be null, and greatest() skips what is null.
            "contact": 'y."at"' if self.campaign.step else "greatest(epoch_us(p.last_contact_at), w.latest)",
        }  # fmt: skip
        words = enumerate(word for word, _ in self.campaign.quiet_after)
        return [f"""{moments.get(word, f'q{index}."at"')} AS quiet_{index}""" for index, word in words]

    def _joins(self) -> str:
        name, at = text_literal(self.campaign.name), self.as_of.at
        joins = [
            f"""LEFT JOIN (SELECT DISTINCT customer_key, occasion_key FROM facts.assignments
            WHERE campaign = {name} AND "at" < {at}) u
            ON u.customer_key = p.customer_key AND u.occasion_key = p.occasion_key""",
            self._waiting(),
            *stop_joins(self.campaign, self.as_of, self.business.currency),
        ]
        if self.campaign.step and "contact" in dict(self.campaign.quiet_after):
            joins.append(other_contacts_sql("y", self.campaign, self.as_of))
        if self.campaign.goal.event != ORDER_COMPLETED:
            joins.append(self._latest("g", self.campaign.goal.event))
        if self.campaign.purpose == "service":
            joins.append("LEFT JOIN facts.customers c ON c.customer_key = p.customer_key")
            # Of two answers of one moment the refusal wins, as it does for marketing.
            joins.append(f"""LEFT JOIN (SELECT customer_key, list(channel) AS channels FROM (
                SELECT customer_key, channel, max(CASE WHEN state = 'denied' THEN "at" END) AS denied_at,
                    max(CASE WHEN state = 'granted' THEN "at" END) AS granted_at
                FROM facts.consents WHERE "at" < {at} AND purpose = 'service' GROUP BY customer_key, channel)
                WHERE denied_at >= COALESCE(granted_at, denied_at) GROUP BY customer_key) d
                ON d.customer_key = p.customer_key""")
        for index, (word, _) in enumerate(self.campaign.quiet_after):
            if word not in ("complaint", "order", "contact"):
                joins.append(self._latest(f"q{index}", word))
        return " ".join(joins)

    def _waiting(self) -> str:
        """Contacts decided in the last days: the profile knows only those that have left already."""
        at = self.as_of.at
        return f"""LEFT JOIN (SELECT customer_key,
                count(DISTINCT CASE WHEN epoch_us(as_of) >= {at - 7 * MICROS_PER_DAY} THEN campaign || '|' ||
                    occasion_key END) AS d7, count(DISTINCT campaign || '|' || occasion_key) AS d30,
                max(epoch_us(as_of)) AS latest
            FROM decisions WHERE outcome = 'chosen' AND purpose = 'marketing' AND epoch_us(as_of) < {at}
                AND epoch_us(as_of) >= {at - 30 * MICROS_PER_DAY} GROUP BY customer_key) w
            ON w.customer_key = p.customer_key"""

    def _latest(self, alias: str, event: str) -> str:
        return latest_sql(alias, event, self.as_of, self.business.currency)

    def _happened_column(self) -> str:
        if self.campaign.occasion.event is None:
            return "CAST(NULL AS BIGINT) AS happened_at"
        happened = happened_sql(self.campaign.occasion.event, self.as_of, self.business.currency)
        return f"""(SELECT max(h."at") FROM ({happened}) h
            WHERE h.customer_key = p.customer_key) AS happened_at"""

    def _goal_at(self) -> str:
        return "epoch_us(p.last_order_at)" if self.campaign.goal.event == ORDER_COMPLETED else 'g."at"'

    def _channel(self) -> str:
        named = zip(self.campaign.channels, self._ways(), strict=True)
        return f"CASE {' '.join(f'WHEN {way} THEN {text_literal(name)}' for name, way in named)} END"

    def _ways(self) -> list[str]:
        return [self._way(name) for name in self.campaign.channels]

    def _way(self, name: str) -> str:
        """Whether the customer may be reached on a channel that the business has set up."""
        if self.business.channel(name) is None:
            return "FALSE"
        word = text_literal(name)
        test = f"list_contains(p.channels, {word})"
        if self.campaign.purpose == "service":
            # A service message needs no permission, only an address and no refusal of service messages.
            address = f"COALESCE({_ADDRESS[name]}, '') <> ''" if name in _ADDRESS else test
            test = f"{address} AND NOT COALESCE(list_contains(d.channels, {word}), FALSE)"
        return f"({test}) IS TRUE"

    def _goal_value(self) -> str:
        term = self.campaign.goal.value
        if term is None:
            return f"COALESCE(p.average_order, CAST({self.typical_order!r} AS DOUBLE))"
        return (
            f"COALESCE(CAST({render_term(term, alias='p', properties='p.occasion_properties')} AS DOUBLE), 0.0::DOUBLE)"
        )

    def _offer_ok(self) -> str:
        offer = self.campaign.offer
        # Where nobody has ever paid for shipping, free shipping costs nothing and would be promised to everybody.
        if offer is None or (offer.kind == "free_shipping" and self.typical_shipping <= 0):
            return "FALSE"
        if offer.when is None:
            return "TRUE"
        tree = And(tuple(condition for _, condition in offer.when.terms))
        return f"({render(tree, alias='p', properties='p.occasion_properties')}) IS TRUE"


def arm_sql(salt: str, share: Fraction | float, campaign: str | None = None, customer_id: str = "p.customer_id") -> str:
    """SQL that is true for those who are left alone, by the rule of `domain/arms.py`.

    Args:
        salt: the business's.
        share: share of customers to leave alone.
        campaign: its name for a control group, None for the global holdout.
        customer_id: the SQL column.
    """
    before = f"{salt}|" if campaign is None else f"{salt}|{campaign}|"
    hashed = f"substr(md5({text_literal(before)} || {customer_id}), 1, {arms.DIGITS})"
    return f"({hashed} < '{arms.bound(share)}')"


def _all_of(audience: Audience) -> str:
    return render(And(tuple(condition for _, condition in audience.terms)), alias="p")
