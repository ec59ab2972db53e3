"""What a campaign adds for people of a stage and a path, learned from few people without believing chance.

A campaign is measured cell by cell: people of one lifecycle stage and one path of new buyers. Few of them are in each
cell, so a cell's own difference is mostly chance; but cells of one campaign resemble each other, and the campaign file
says what to expect before anything is known. A normal model says how much of each to believe:

    campaign   μ_c    ~ N(stated lift, its sd²)             sd: the stated lift itself (low), half, or a fifth of it
    stage      μ_cs   ~ N(μ_c, τ²)
    path       μ_csp  ~ N(μ_cs, τ²)
    measured   d_csp  ~ N(μ_csp, v_csp)                     d: treated less control, v: its variance

Given τ everything that can be said of every μ follows exactly, by adding up precisions once from the cells to the
campaign and once back (Gelman et al., "Bayesian Data Analysis", 3rd ed., section 5.4, on three levels). Without data
each μ is the stated lift; with endless data each cell's μ is what was measured in it.

τ, how much people differ in what moves them, is not known either. Beforehand the chance is `ALIKE` that a campaign
moves all alike (τ = 0); else τ is about half the stated lift, and may be many times that (half-t with four degrees of
freedom: Gelman, "Prior distributions for variance parameters in hierarchical models", Bayesian Analysis 1(3), 2006).
Each τ of a grid is weighed by how likely it makes what was measured, and the answer is the mixture of the answers for
each. A single estimate of τ would not do: read off noisy cells it takes chance for difference, and whoever acts on it
sends to each cell what happened to do well there. On Hillstrom's e-mail test (docs/explanation/personalising.md) that
lost a twelfth of what one mail for all brings.

v uses the share that reached the goal in both arms together, drawn towards that of the campaign by `LIKE` people. A
cell's own two shares would not do: a cell of five in which nobody came would claim to be certain, and cells that happen
to show little would be believed more than those that happen to show much.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenure.domain.campaign import Belief
from tenure.domain.learned import Lift
from tenure.learning.arms import Stratum
from tenure.learning.effects import Difference, difference

LIKE = 20  # people of its campaign's kind that a cell's share of goals is mixed with
SUREST = 0.001  # nobody knows a lift beforehand to better than a tenth of a point
ALIKE = 0.25  # chance, beforehand, that a campaign moves everybody alike
APART = 0.5  # of the stated lift: the scale of how much people differ, if they do
LEAST = 0.001  # a stated lift below it counts as a tenth of a point here
# τ in scales, and how likely each is beforehand; the steps are equal in log τ, hence the factor τ.
GRID = tuple(2.0**step for step in range(-3, 10))
DENSITY = tuple(x * (1 + x * x / 4) ** -2.5 for x in GRID)

Key = tuple[str, str | None, str | None]
Place = tuple[str | None, str | None]


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


Tree = dict[str | None, dict[str | None, Normal]]


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


def alike(cells: Sequence[Cell], belief: Belief) -> float | None:
    """The chance that one campaign moves people of all its stages and paths alike, as far as results tell.

    Args:
        cells: each stage and path of the campaign once.
        belief: what its file states.

    Returns:
        About `ALIKE` where results tell nothing; None where nobody was measured.
    """
    tree = _tree(_measured(cells))
    return next(chance for chance, apart, _ in _weighed(tree, belief) if not apart) if tree else None


def _campaign(campaign: str, cells: Sequence[Cell], belief: Belief) -> dict[Key, Lift]:
    tree = _tree(_measured(cells))
    if not tree:
        return {}
    people = _people(cells)
    mixed: dict[Place, list[tuple[float, Normal]]] = defaultdict(list)
    for chance, apart, whole in _weighed(tree, belief):
        for place, normal in _told(tree, apart, whole):
            mixed[place].append((chance, normal))
    return {(campaign, *place): _lift(found, people[place]) for place, found in mixed.items()}


def _tree(measured: Sequence[tuple[Cell, Normal]]) -> Tree:
    tree: Tree = defaultdict(dict)
    for cell, normal in measured:
        tree[cell.stage][cell.path] = normal
    return tree


def _weighed(tree: Tree, belief: Belief) -> list[tuple[float, float, Normal]]:
    """Each τ² with its chance, and what is then known of the campaign as a whole."""
    scale = APART * max(abs(belief.lift), LEAST)
    stated = Normal(belief.lift, 1.0 / max(abs(belief.sd), SUREST) ** 2)
    apart = [0.0, *((scale * x) ** 2 for x in GRID)]
    prior = [ALIKE, *((1 - ALIKE) * density / sum(DENSITY) for density in DENSITY)]
    logs, wholes = [], []
    for chance, variance in zip(prior, apart, strict=True):
        groups = [[n.blurred(variance) for n in paths.values()] for paths in tree.values()]
        groups.append([stated, *(_sum(group).blurred(variance) for group in groups)])
        logs.append(math.log(chance) + sum(_likelihood(group) for group in groups))
        wholes.append(_sum(groups[-1]))
    likely = [math.exp(each - max(logs)) for each in logs]
    return list(zip((each / sum(likely) for each in likely), apart, wholes, strict=True))


def _likelihood(group: Sequence[Normal]) -> float:
    """Log of how likely measurements of one and the same thing are, whatever it is, but for a constant."""
    whole = _sum(group)
    spread = sum(n.precision * (n.mean - whole.mean) ** 2 for n in group)
    return (sum(math.log(n.precision) for n in group) - math.log(whole.precision) - spread) / 2


def _told(tree: Tree, apart: float, whole: Normal) -> Iterator[tuple[Place, Normal]]:
    """What is known of the campaign, its stages and their paths if they differ by a variance."""
    yield (None, None), whole
    for stage, paths in tree.items():
        own = _sum([n.blurred(apart) for n in paths.values()])
        of_stage = own + whole.without(own.blurred(apart)).blurred(apart)
        if stage is None:
            continue
        yield (stage, None), of_stage
        for path, mine in paths.items():
            if path is not None:
                yield (stage, path), mine + of_stage.without(mine.blurred(apart)).blurred(apart)


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


def _lift(mixture: Sequence[tuple[float, Normal]], people: int) -> Lift:
    mean = sum(chance * known.mean for chance, known in mixture)
    variance = sum(chance * (1.0 / known.precision + (known.mean - mean) ** 2) for chance, known in mixture)
    return Lift(min(max(mean, -1.0), 1.0), math.sqrt(variance), people)
