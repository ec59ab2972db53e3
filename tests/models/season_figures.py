"""Prints the figures of docs/explanation/seasons.md, over all customers: python -m tests.models.season_figures."""

from tests.models.test_replacement import purchase_days
from tests.models.test_season import clock_before, errors, flat_clock, gift_shop, next_quarter, number
from tests.models.test_season_of_a_grocer import clock_of, losses, some

GAPS = ("2010-12-10", "2011-01-15", "2011-03-01", "2011-05-01", "2011-07-01", "2011-09-01", "2011-10-15")
GROCER = ("2017-05-01", "2017-06-01", "2017-07-01", "2017-08-01", "2017-09-01", "2017-10-01", "2017-11-01")
QUARTERS = ("2010-12-10", "2011-02-01", "2011-04-01", "2011-06-01", "2011-08-01", "2011-09-10")


def main() -> None:
    gifts = gift_shop()
    print("median error of the next purchase in days, calendar → clock: seasonal words, other words")
    for cut in GAPS:
        at = number(cut)
        flat, clock = errors(gifts, at, flat_clock(at), every=1), errors(gifts, at, clock_before(gifts, at), every=1)
        print(f"  {cut}  {flat[0]:6.1f} → {clock[0]:6.1f}   {flat[1]:6.1f} → {clock[1]:6.1f}")
    print("BG/NBD over the next 90 days, calendar → clock: log-loss of an order, forecast ÷ orders − 1")
    for cut in QUARTERS:
        flat, clock = next_quarter(gifts, number(cut))
        print(f"  {cut}  {flat[0]:.4f} → {clock[0]:.4f}   {flat[1]:+.1%} → {clock[1]:+.1%}")
    households = purchase_days(every=1)
    clock, odd = clock_of(some(households, 2, 0)), some(households, 2, 1)
    print("The Complete Journey, log-loss of a purchase within 28 days, calendar → clock: strong, weak, no season")
    for cut in GROCER:
        print(f"  {cut} ", "   ".join(f"{flat:.4f} → {told:.4f}" for flat, told in losses(odd, clock, number(cut))))


if __name__ == "__main__":
    main()
