"""Says of one customer what a colleague would: who this is, what was chosen and why, and the reason of every no.

Nothing is stored for it: campaigns are judged anew by the functions of the run (`choose.assess`, `choose.choose`), on
the profile as of the run's moment. If the record of the run says otherwise, facts have changed since, and that is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tenure.decisions import phrases
from tenure.decisions.choose import NO_LIMITS, Given, choose
from tenure.decisions.eligibility import NAMES, NONE
from tenure.decisions.options import Judged
from tenure.decisions.reasons import Case, occasion_of, reason, rhythm, sum_of
from tenure.decisions.scarcity import Scarcity
from tenure.domain.business import Business
from tenure.domain.decision import Verdict
from tenure.domain.moments import AsOf


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one customer hears from us, or does not.

    Attributes:
        about: who this is, one sentence.
        chosen: sentences about what is said, or kept silent to learn; empty for plain silence.
        verdicts: every campaign's outcome, best first, each with its sentence as `detail`.
        run_id: the run that was looked up, if there was one.
        recorded: what the run itself kept as chosen or held back, (campaign, outcome).
        arrived: facts about the time before `as_of` that came in after the run, by table.
        money: the parts of each judged campaign's worth, in units.
    """

    customer_id: str
    as_of: AsOf
    about: str
    chosen: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    run_id: str | None = None
    recorded: tuple[tuple[str, str], ...] | None = None
    arrived: Mapping[str, int] = field(default_factory=dict)
    money: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def is_as_recorded(self) -> bool:
        """Whether judging anew gives what the run did."""
        return self.recorded is None or set(self.recorded) == set(_outcomes(self.verdicts))

    def text(self, *, everything: bool = True) -> str:
        """The explanation for people.

        Args:
            everything: also a sentence for each campaign that is simply not for this customer now; else these are
                counted where they are many.
        """
        lines = [self.about, "", f"As of {self.as_of} UTC:", *(self.chosen or ["Silence: no campaign may speak."])]
        noes = [v for v in self.verdicts if v.rule is not None and v.rule != "control"]
        far = [] if everything or len(noes) <= _MANY else [v for v in noes if v.rule in _FAR]
        if noes:
            lines += ["", "Why not the others:" if self.chosen else "Why not:"]
            lines += [f"- {verdict.campaign}: {verdict.detail}." for verdict in noes if verdict not in far]
            lines += [_counted(far)] if far else []
        return "\n".join([*lines, *self._changes()])

    def as_json(self) -> dict[str, Any]:
        """The explanation for machines."""
        return {
            "customer_id": self.customer_id, "as_of": self.as_of.moment.isoformat(), "run_id": self.run_id,
            "about": self.about, "chosen": list(self.chosen),
            "verdicts": [
                {"campaign": v.campaign, "outcome": _outcome(v), "rule": v.rule, "worth": v.worth, "why": v.detail,
                 "money": dict(self.money.get(v.campaign, {})) or None}
                for v in self.verdicts
            ],
            "recorded": None if self.recorded is None else [list(pair) for pair in self.recorded],
            "is_as_recorded": self.is_as_recorded, "arrived_since": dict(self.arrived),
        }  # fmt: skip

    def _changes(self) -> list[str]:
        said = []
        if self.arrived:
            counts = phrases.listed([f"{count:,} in {table}" for table, count in sorted(self.arrived.items())])
            said.append(f"Facts about the time before arrived after the run: {counts}.")
        if not self.is_as_recorded:
            did = [
                f"{'chose' if outcome == 'chosen' else 'held back'} `{name}`" for name, outcome in self.recorded or ()
            ]
            said.append(f"The run itself {phrases.listed(did) if did else 'kept silent'}; "
                        "what is said above is what today's facts and settings give.")  # fmt: skip
        return ["", *said] if said else []


def explain(
    profile: Mapping[str, Any], judged: Sequence[Judged], as_of: AsOf, business: Business, *, run_id: str | None = None,
    recorded: tuple[tuple[str, str], ...] | None = None, arrived: Mapping[str, int] | None = None,
    rates: Mapping[str, float] | None = None, given: Given | None = None,
) -> Explanation:  # fmt: skip
    """Explain one customer.

    Args:
        profile: the customer's profile as of the moment, published form.
        judged: every campaign, assessed for this customer alone (one row each, from `explain`'s candidates).
        run_id, recorded: the run, and what it kept as (campaign, `chosen` or `control`).
        arrived: facts that came in after the run, by table.
        rates: what one more of each limited thing would have brought in the run.
        given: what the run gave this customer, where limits or a draw decided and not worth alone.
    """
    choose(judged, Scarcity.at(rates) if rates else NO_LIMITS, given=given)
    cases = [_case(one, profile, as_of, business) for one in judged]
    winner = next((case for case, code in cases if code in _WON and case.campaign.purpose == "marketing"), None)
    drawn = given.chance if given else None
    pairs = [(_beside(case, winner, drawn, rates or {}), code) for case, code in cases]
    verdicts = sorted((_verdict(case, code) for case, code in pairs), key=_order)
    chosen = tuple(_said(case, code) for case, code in pairs if code in _WON)
    return Explanation(
        str(profile["customer_id"]), as_of, _about(profile, as_of, business), chosen, tuple(verdicts), run_id,
        recorded, arrived or {}, {case.campaign.name: case.money for case, _ in pairs},
    )  # fmt: skip


_MANY = 8  # sentences up to which every campaign has its own
_FAR = ("stage", "audience", "occasion")  # campaigns that are not for this customer now, whatever they are worth


def _counted(far: Sequence[Verdict]) -> str:
    why = {"stage": "for other stages", "audience": "for another audience", "occasion": "without an occasion now"}
    counts = ((words, sum(v.rule == rule for v in far)) for rule, words in why.items())
    return f"- {len(far)} more: {phrases.listed([f'{count} {words}' for words, count in counts if count])}."


_CONTROL = NAMES.index("control")
_WON = (NONE, _CONTROL)


def _case(one: Judged, profile: Mapping[str, Any], as_of: AsOf, business: Business) -> tuple[Case, int]:
    worth = one.worth
    money = {
        "p0": worth.p0, "lift": worth.lift, "margin": worth.margin, "goal_value": worth.goal_value, "gain": worth.gain,
        "discount": worth.discount, "contact_cost": worth.contact_cost, "wear": worth.wear, "worth": worth.worth,
    }  # fmt: skip
    row = one.rows.to_pylist()[0] | {"channel": one.channels[0], "offered": bool(one.offered[0])}
    figures = {name: float(values[0]) for name, values in money.items()}
    return Case(one.campaign, profile, row, figures, business, as_of), int(one.verdict[0])


def _beside(case: Case, winner: Case | None, drawn: float | None, rates: Mapping[str, float]) -> Case:
    beaten_by = None if winner is None or winner is case else (winner.campaign.name, winner.money["worth"])
    return replace(case, winner=beaten_by, drawn=drawn, rates=rates)


def _verdict(case: Case, code: int) -> Verdict:
    name = case.campaign.name
    if code == NONE:
        return Verdict(name, None, case.money["worth"], sum_of(case))
    rule = NAMES[code]
    return Verdict(name, rule, case.money["worth"] if rule in _VALUED else None, reason(rule, case))


_VALUED = ("worth", "capacity", "budget", "choice", "explore", "control")


def _said(case: Case, code: int) -> str:
    channel = phrases.by_channel(str(case.row["channel"]))
    if code == _CONTROL:
        return f"Silence, to learn: `{case.campaign.name}` {reason('control', case).removeprefix('it ')}."
    if case.campaign.purpose == "service":
        return f"`{case.campaign.name}` {channel}: a service message, owed for {_occasion(case)}."
    offer = case.campaign.offer
    without = ""
    if offer and not case.row["offered"]:
        without = ", without its offer, which is " + (
            "not worth its price here" if case.row["offer_ok"] else "for others"
        )
    said = f"`{case.campaign.name}` {channel}{without}, for {_occasion(case)}."
    if case.drawn is not None:
        return f"{said} It was drawn, with a chance of {phrases.percent(case.drawn)}, to learn: {sum_of(case)}."
    return f"{said} It is worth more than silence: {sum_of(case)}."


def _occasion(case: Case) -> str:
    at = case.row.get("occasion_at")
    when = f", {phrases.ago(int(at), case.as_of)}" if at is not None else ""
    return f"{occasion_of(case.campaign.occasion)}{when}"


def _about(profile: Mapping[str, Any], as_of: AsOf, business: Business) -> str:
    stage = str(profile.get("stage") or "unknown").replace("_", "-")
    said = f"{profile['customer_id']} is {'an' if stage[0] in 'aeiou' else 'a'} {stage} customer"
    orders = int(profile.get("orders") or 0)
    if not orders:
        return f"{said} who has not ordered yet."
    since = f" over {phrases.days(profile['tenure_days'])}" if (profile.get("tenure_days") or 0) >= 1 else ""
    said += f": {orders:,} order{'' if orders == 1 else 's'}{since}, {rhythm(profile, as_of)}"
    if profile.get("profit") is not None:
        said += f"; {phrases.money(profile['profit'], business.currency)} of profit so far"
    rank = profile.get("value_rank")
    return said + (f", as much as or more than {phrases.percent(rank)} of buyers." if rank is not None else ".")


def _order(verdict: Verdict) -> tuple[bool, bool, float, int, str]:
    """What won, then what lost by its worth, then the noes from the last rule to the first."""
    place = -NAMES.index(verdict.rule) if verdict.rule else 0
    return (verdict.rule is not None, verdict.worth is None, -(verdict.worth or 0.0), place, verdict.campaign)


def _outcome(verdict: Verdict) -> str:
    if verdict.rule is None:
        return "chosen"
    return "control" if verdict.rule == "control" else "refused"


def _outcomes(verdicts: Sequence[Verdict]) -> list[tuple[str, str]]:
    return [(v.campaign, _outcome(v)) for v in verdicts if _outcome(v) != "refused"]
