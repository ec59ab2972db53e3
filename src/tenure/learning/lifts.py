"""What a campaign adds for people of a stage and a path, learned from few people without believing chance.

A campaign is measured cell by cell: people of one lifecycle stage and one path of new buyers. Few of them are in each
cell, so a cell's own difference is mostly chance; but cells of one campaign resemble each other, and the campaign file
says what to expect before anything is known. A normal model says how much of each to believe:

    campaign   μ_c    ~ N(stated lift, its sd²)             sd: the stated lift itself (low), half, or a fifth of it
    stage      μ_cs   ~ N(μ_c, τ_stage²)
    path       μ_csp  ~ N(μ_cs, τ_path²)
    measured   d_csp  ~ N(μ_csp, v_csp)                     d: treated less control, v: its variance

Given the variances everything that can be said of every μ follows exactly, by adding up precisions once from the cells
to the campaign and once back (Gelman et al., "Bayesian Data Analysis", 3rd ed., section 5.4, on three levels). Without
data each μ is the stated lift; with endless data each cell's μ is what was measured in it.

τ² is estimated for each campaign by the method of moments of DerSimonian and Laird ("Meta-analysis in clinical trials",
Controlled Clinical Trials 7, 1986). It is often 0 where there are few cells, and cells that are held to be exactly
equal would never be told apart, so it is never less than (half the stated lift)².

v uses the share that reached the goal in both arms together, drawn towards that of the campaign by `LIKE` people. A
cell's own two shares would not do: a cell of five in which nobody came would claim to be certain, and cells that happen
to show little would be believed more than those that happen to show much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenure.domain.campaign import Belief
from tenure.domain.learned import Lift
from tenure.learning.arms import Stratum
from tenure.learning.effects import Difference, difference

LIKE = 20  # people of its campaign's kind that a cell's share of goals is mixed with
SUREST = 0.001  # nobody knows a lift beforehand to better than a tenth of a point
ALIKE = 0.5  # of the stated lift: cells are never taken to differ by less
PAIRS = 1.0  # without them two cells, one of them wild, would make all cells of their campaign strangers to each other
LEAST = 0.01  # a stated lift below it counts as one point here

Key = tuple[str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Cell:
    """The people of a campaign who were of one stage and one path when they were put into an arm.

    Attributes:
        stage, path: None where it was not known.
    """

    campaign: str
    stage: str | None
    path: str | None
    strata: tuple[Stratum, ...]

    @property
    def people(self) -> int:
        """People of both arms."""
        return sum(stratum.people for stratum in self.strata)


@dataclass(frozen=True, slots=True)
class Normal:
    """A mean and how sure it is; a precision of 0 knows nothing."""

    mean: float = 0.0
    precision: float = 0.0

    def __add__(self, other: Normal) -> Normal:
        """Both together."""
        precision = self.precision + other.precision
        mean = (self.mean * self.precision + other.mean * other.precision) / precision if precision else 0.0
        return Normal(mean, precision)

    def without(self, part: Normal) -> Normal:
        """What is left when a part that was added is taken away again."""
        precision = self.precision - part.precision
        return Normal((self.mean * self.precision - part.mean * part.precision) / precision, precision)

    def blurred(self, variance: float) -> Normal:
        """The same said of something that differs from it with a variance."""
        return Normal(self.mean, 1.0 / (1.0 / self.precision + variance)) if self.precision else self


def lifts(cells: Sequence[Cell], beliefs: Mapping[str, Belief]) -> dict[Key, Lift]:
    """The added probability of the goal by campaign, stage and path; None stands for all stages, or all paths.

    Args:
        cells: each campaign, stage and path once, with people whose goal's days are over.
        beliefs: what each campaign's file states; campaigns without one are left out.

    Returns:
        Nothing for a campaign that has nobody in one of its arms: the stated lift stands.
    """
    by_campaign: dict[str, list[Cell]] = defaultdict(list)
    for cell in sorted(cells, key=lambda c: (c.campaign, c.stage or "", c.path or "")):
        by_campaign[cell.campaign].append(cell)
    found: dict[Key, Lift] = {}
    for campaign, mine in by_campaign.items():
        if campaign in beliefs:
            found |= _campaign(campaign, mine, beliefs[campaign])
    return found


def _campaign(campaign: str, cells: Sequence[Cell], belief: Belief) -> dict[Key, Lift]:
    measured = _measured(cells)
    if not measured:
        return {}
    least = (ALIKE * max(abs(belief.lift), LEAST)) ** 2
    stages: dict[str | None, dict[str | None, Normal]] = defaultdict(dict)
    for cell, normal in measured:
        stages[cell.stage][cell.path] = normal
    apart = _between([list(paths.values()) for paths in stages.values()], least)
    by_stage = {stage: _sum([n.blurred(apart) for n in paths.values()]) for stage, paths in stages.items()}
    stage_apart = _between([list(by_stage.values())], least)
    whole = Normal(belief.lift, 1.0 / max(abs(belief.sd), SUREST) ** 2)
    whole = _sum([whole, *(n.blurred(stage_apart) for n in by_stage.values())])
    people = _people(cells)
    found: dict[Key, Lift] = {(campaign, None, None): _lift(whole, people[None, None])}
    for stage, own in by_stage.items():
        of_stage = own + whole.without(own.blurred(stage_apart)).blurred(stage_apart)
        if stage is None:
            continue
        found[campaign, stage, None] = _lift(of_stage, people[stage, None])
        for path, mine in stages[stage].items():
            if path is not None:
                known = mine + of_stage.without(mine.blurred(apart)).blurred(apart)
                found[campaign, stage, path] = _lift(known, people[stage, path])
    return found


def _measured(cells: Sequence[Cell]) -> list[tuple[Cell, Normal]]:
    """Each cell's difference with its precision; cells without people in both arms tell nothing."""
    usual = difference([s for cell in cells for s in cell.strata], "goals") or Difference(0.0, 0.0)
    share = _share(cells, 0.5, 1)
    found = []
    for cell in cells:
        both = [s for s in cell.strata if s.is_comparable]
        if both:
            own = _share([cell], share, LIKE)
            found.append((cell, _difference(both, own * (1 - own) * usual.ratio, usual.theta)))
    return found


def _difference(strata: Sequence[Stratum], variance: float, theta: float) -> Normal:
    people, mean, spread = sum(s.people for s in strata), 0.0, 0.0
    for s in strata:
        one, other = s.treated, s.control
        shares = one.goals / one.people - other.goals / other.people
        before = one.goals_before / one.people - other.goals_before / other.people
        mean += s.people / people * (shares - theta * before)
        spread += (s.people / people) ** 2 * variance * (1 / one.people + 1 / other.people)
    return Normal(mean, 1.0 / spread)


def _share(cells: Sequence[Cell], towards: float, weight: float) -> float:
    """Share of people who reached the goal, in both arms together, drawn towards another."""
    strata = [s for cell in cells for s in cell.strata]
    goals = sum(s.treated.goals + s.control.goals for s in strata)
    return (goals + weight * towards) / (sum(s.people for s in strata) + weight)


def _between(groups: Sequence[Sequence[Normal]], least: float) -> float:
    """Variance between the members of the groups beyond what their own doubt explains, at least `least`.

    Counted as if `PAIRS` more pairs had been seen that differ by as much as `least` says, and precisely.
    """
    beyond, room = PAIRS, PAIRS / least
    for group in groups:
        weights = [n.precision for n in group]
        total, mean = sum(weights), _sum(group).mean
        beyond += sum(n.precision * (n.mean - mean) ** 2 for n in group) - (len(group) - 1)
        room += total - sum(w * w for w in weights) / total
    return max(beyond / room, least)


def _sum(parts: Sequence[Normal]) -> Normal:
    whole = Normal()
    for part in parts:
        whole += part
    return whole


def _people(cells: Sequence[Cell]) -> dict[tuple[str | None, str | None], int]:
    counted: dict[tuple[str | None, str | None], int] = defaultdict(int)
    for cell in cells:
        for key in {(None, None), (cell.stage, None), (cell.stage, cell.path)}:
            counted[key] += cell.people
    return counted


def _lift(known: Normal, people: int) -> Lift:
    return Lift(min(max(known.mean, -1.0), 1.0), known.precision**-0.5, people)
