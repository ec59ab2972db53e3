"""Prints the tables of docs/explanation/value.md: `python -m tests.models.value_figures`."""

from __future__ import annotations

from tests.models.real_shops import LOGS, past_of
from tests.models.value_shops import CUTS, cut, fitted, held, held_apart, mean

from tenure.domain.business import Business
from tenure.models.kinds import purchases, value

# Earlier cuts of the same logs, from which what holds later is learned.
EARLIER = (
    ("CDNOW", "1997-05-18", "1997-10-01", "1998-07-01"),
    ("Online Retail II", "2010-06-10", "2010-12-09", "2011-12-10"),
    ("The Complete Journey", "2017-04-01", "2017-07-01", "2018-01-01"),
    ("The Complete Journey", "2017-04-03", "2017-10-03", "2018-01-01"),
)
BACK = {"CDNOW": (0, 273), "Online Retail II": (0, 366), "The Complete Journey": (0, 90)}


def main() -> None:
    """Measure and print."""
    print("| shop | held-out days | customers | spent anything | as fitted | put right | of those who spent | above |"
          " below | multiplied by | missed ÷ expected |", "|" + "---|" * 11, sep="\n")  # fmt: skip
    for name in CUTS:
        print(apart(name), flush=True)
    print("\n| shop | learned from | checked on | coverage | of those who spent |", "|" + "---|" * 5, sep="\n")
    for name, start, at, until in EARLIER:
        print(ahead(name, start, at, until), flush=True)
    print("\n| shop | held out from | figure | model | rule |", "|" + "---|" * 5, sep="\n")
    for name in LOGS:
        for back in BACK[name]:
            print(*cards(name, back), sep="\n", flush=True)


def apart(name: str) -> str:
    """Coverage where each half of the customers is checked with what the other half has taught."""
    holdout = cut(name)
    model = fitted(holdout)
    plain, found = held(model, holdout), mean(held_apart(model, holdout))
    return (
        f"| {name} | {holdout.horizon:.0f} | {len(holdout):,} | {(holdout.spend > 0).mean():.1%} | {plain.all:.1%} "
        f"| **{found.all:.1%}** | {found.spenders:.1%} | {found.above:.1%} | {found.below:.1%} | {found.factor:.2f} "
        f"| {found.missed:.2f} |"
    )


def ahead(name: str, start: str, at: str, until: str) -> str:
    """Coverage of days of which nothing was known when the intervals were put right."""
    earlier, later = cut(name, start, at), cut(name, at, until)
    season = (0.0,)  # one held-out time is no proof of a lasting bias
    taught = fitted(earlier).corrected(earlier, season)
    found = held(fitted(later).correct(taught, later.summary), later)
    return f"| {name} | {start} to {at} | {at} to {until} | **{found.all:.1%}** | {found.spenders:.1%} |"


def cards(name: str, back: int) -> list[str]:
    """What the two kinds' own cards say."""
    past = past_of(name, back)
    lines = []
    for kind in (purchases, value):
        trained = kind.train(past, Business())
        if trained is not None:
            lines += [
                f"| {name} | {trained.card.split[:10]} | {score.name} | {score.model:.4g} | {score.naive:.4g} |"
                for score in trained.card.scores
            ]
    return lines


if __name__ == "__main__":
    main()
