"""Trains the models that are due, keeps each with its back-test, and promotes it only if it has earned its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tenure.domain.business import Business
from tenure.domain.errors import UsageError, nearest
from tenure.domain.fitted import Fitted
from tenure.domain.moments import MICROS_PER_DAY, AsOf, to_micros
from tenure.models.cards import Card, Score
from tenure.models.kinds.contract import Kind
from tenure.models.threads import one_thread
from tenure.ports import Past, Progress, Shelf

_SLACK = 0.05  # a new model on other days may do this much worse than the old one's card said and still replace it


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a kind of model: `state` is `promoted`, `kept` (but not used), `not due` or `no such records`."""

    kind: str
    state: str
    says: str

    def as_json(self) -> dict[str, str]:
        """Plain data."""
        return {"kind": self.kind, "state": self.state, "says": self.says}


def fit(
    kinds: Mapping[str, Kind], past: Past, shelf: Shelf, business: Business, progress: Progress,
    wanted: Iterable[str] = (), *, even_if_not_due: bool = False,
) -> list[Outcome]:  # fmt: skip
    """Train what is due as of `past.as_of`.

    Args:
        kinds: every kind of model, in order.
        wanted: only these; all when empty.
        even_if_not_due: train also where the latest model is young.

    Raises:
        UsageError: there is no such kind.
    """
    names = list(wanted) or list(kinds)
    for name in names:
        if name not in kinds:
            raise UsageError(f"there is no model `{name}`", nearest(name, kinds))
    progress.start("Models", len(names))
    outcomes: list[Outcome] = []
    for name in (name for name in kinds if name in names):
        due = even_if_not_due or is_due(kinds[name], name, shelf, past.as_of)
        outcomes.append(_fit_one(name, kinds[name], past, shelf, business) if due else _not_due(name))
        progress.advance()
    progress.finish(f"{sum(o.state == 'promoted' for o in outcomes)} of {len(outcomes)} models promoted")
    return outcomes


def is_due(kind: Kind, name: str, shelf: Shelf, as_of: AsOf) -> bool:
    """Whether no model of a kind was fitted in its last `DUE_DAYS` days."""
    fitted = [model.as_of for model in shelf.all() if model.kind == name and model.as_of <= as_of.at]
    return not fitted or as_of.at - max(fitted) >= kind.DUE_DAYS * MICROS_PER_DAY


def _not_due(name: str) -> Outcome:
    return Outcome(name, "not due", f"{name}: the model in place is young enough.")


@one_thread()
def _fit_one(name: str, kind: Kind, past: Past, shelf: Shelf, business: Business) -> Outcome:
    trained = kind.train(past, business)
    if trained is None:
        return Outcome(name, "no such records", f"{name}: there are too few records of this kind to learn from.")
    rival = shelf.in_place(past.as_of.at).get(name)
    if rival is not None and rival.as_of == past.as_of.at:
        rival = None  # the same moment again replaces what stands there
    is_promoted, verdict = _verdict(name, trained.card, rival, kind, past, business)
    shelf.keep(Fitted(name, past.as_of.at, trained.state, trained.card.as_json(), is_promoted, verdict))
    return Outcome(name, "promoted" if is_promoted else "kept", verdict)


def _verdict(
    name: str, card: Card, rival: Fitted | None, kind: Kind, past: Past, business: Business
) -> tuple[bool, str]:
    """Whether a new model is used, and why."""
    lost = next((score for score in card.scores if score.decides and not score.beats_naive), None)
    if not card.split or not card.scores:
        return False, f"{name}: not used, for there are too few days to check it on."
    if lost is not None:
        return False, f"{name}: not used, for it does not beat {lost.rule} ({_against(lost)})."
    first = next(score for score in card.scores if score.decides)
    if rival is not None:
        old = _old_figure(first, rival, card, kind, past, business)
        if old is not None and not _holds(first, *old):
            return (
                False,
                f"{name}: not used, for the model in place has {first.name} {old[0]:.3g}, this one {first.model:.3g}.",
            )
    return True, f"{name}: in use; {_against(first)} with {first.rule}."


def _against(score: Score) -> str:
    return f"{score.name} {score.model:.3g} against {score.naive:.3g}"


def _old_figure(
    first: Score, rival: Fitted, card: Card, kind: Kind, past: Past, business: Business
) -> tuple[float, float] | None:
    """The deciding figure of the model in place, and how much worse a new one may be.

    On the same held-out days where it has not seen them; else, since it learned from those days, what its own card said
    of days it had not seen, with some slack for their being other days.
    """
    from datetime import datetime

    if rival.as_of <= to_micros(datetime.fromisoformat(card.split)):
        scores, slack = kind.check(rival.state, past, business), 0.0
    else:
        scores, slack = Card.from_json(rival.card).scores, _SLACK
    found = [score.model for score in scores if score.name == first.name]
    return (found[0], slack) if found else None


def _holds(first: Score, old: float, slack: float) -> bool:
    if first.better == "higher":
        return first.model >= old - slack * abs(old)
    return first.model <= old + slack * abs(old)
