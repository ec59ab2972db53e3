"""How many orders: purchase models on three real shops, beside simple rules and, where they are there, other libraries.

Part of `python -m benchmarks.accuracy`. Everything is counted in weeks, and by the same split for all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from tests.models.records import cdnow
from tests.models.value_shops import CUTS, orders

from benchmarks.accuracy_lines import figure, head, line
from benchmarks.models import PEERS, judged, measure
from tenure import models
from tenure.models import GammaGamma, metrics
from tenure.models.backtest import Figures, backtest, measured, rescaling, rmse
from tenure.models.base import Params
from tenure.models.holdouts import Holdout, split

NAMES = {
    "BetaGeo": "BG/NBD", "ModifiedBetaGeo": "MBG/NBD", "ParetoNBD": "Pareto/NBD", "CondensedBetaGeo": "CNBD-k",
}  # fmt: skip
SHOPS = ("CDNOW, every tenth", "CDNOW", "Online Retail II", "The Complete Journey")
HEAD = head(
    "shop", "forecast by", "log-likelihood", "MAE", "RMSE", "correlation", "said ÷ seen − 1",
    "all orders since the first", "top tenth's share", "AUC of activity",
)  # fmt: skip
LETTERS = head("shop", "model", "parameters")
SPOKEN = {"lifetimes": "lifetimes", "pymc_marketing": "PyMC-Marketing"}
# Half-years of Online Retail II: what the first taught is tried on the second.
HALVES = ("2010-12-09", "2011-06-10", "2011-12-10")


@cache
def holdout(shop: str) -> Holdout:
    """A shop's log cut where its values are checked, in weeks."""
    if shop == "CDNOW, every tenth":
        return split(cdnow(), "1997-10-01", unit="week", at="date", customer="sample_id")
    if shop == "CDNOW":
        return split(cdnow("cdnow_master"), "1997-10-01", unit="week", at="date")
    return split(orders(shop), *CUTS[shop], unit="week")


def tables(peers: Sequence[str] = (), shops: Sequence[str] = SHOPS) -> Iterator[str]:
    """What every model and rule says of every shop; then the fitted parameters."""
    letters: list[str] = []
    yield from HEAD
    for shop in shops:
        held = holdout(shop)
        yield f"| **{shop}** | {len(held):,} customers, {held.horizon:.0f} weeks held out |" + " |" * 8
        for name, short in NAMES.items():
            model = getattr(models, name)().fit(held.summary)
            yield _line(short, measured(model, held), model.log_likelihood_)
            letters.append(line([shop, short, _letters(model.params_)]))
        for python in peers:
            yield from _others(python, held)
        for rule in backtest(held, ()).to_dicts():
            yield _line(f"*{rule['model']}*", _figures(rule))
    yield ""
    yield from LETTERS
    yield from letters


def spend() -> Iterator[str]:
    """Gamma-Gamma: what those who ordered before and after the cut spent on a day with an order."""
    yield from head(
        "shop", "customers", "parameters p, q, v", "log-likelihood", "MAE of later mean spend",
        "own mean so far", "mean of all",
    )  # fmt: skip
    for shop in SHOPS:
        held = holdout(shop)
        model = GammaGamma().fit(held.summary)
        assert held.spend is not None
        both = (held.summary["frequency"] > 0) & (held.orders > 0) & (held.summary["monetary"] > 0)
        seen, own = held.spend[both] / held.orders[both], held.summary["monetary"][both]
        said = model.expected_spend({"frequency": held.summary["frequency"][both], "monetary": own})
        everyone = np.full(len(seen), np.average(own, weights=held.summary["frequency"][both]))
        errors = [f"{metrics.mean_absolute_error(each, seen):.2f}" for each in (said, own, everyone)]
        letters = ", ".join(f"{value:.2f}" for value in model.params_.values())
        yield line([shop, f"{int(both.sum()):,}", letters, f"{model.log_likelihood_:,.3f}", *errors])


def rescaled() -> Iterator[str]:
    """How far the orders said for Online Retail II are off, before and after other days or customers had a say."""
    yield from head(
        "held out", "model", "said ÷ seen − 1", "rescaled by what other customers taught",
        "by what the half-year before taught",
    )  # fmt: skip
    log, (first, middle, last) = orders("Online Retail II"), HALVES
    cuts = [(*CUTS["Online Retail II"], None), (middle, last, first)]
    for begins, ends, before in cuts:
        held = split(log, begins, ends, unit="week")
        for name in ("ModifiedBetaGeo", "ParetoNBD"):
            model = getattr(models, name)().fit(held.summary)
            even = np.arange(len(held)) % 2 == 0
            taught, tried = (measured(model, held.among(half)).bias for half in (even, ~even))
            halves = (1 + tried) * rescaling([taught]).factor - 1
            then = "–"
            if before:
                earlier = split(log, before, begins, unit="week")
                lesson = measured(getattr(models, name)().fit(earlier.summary), earlier).bias
                then = f"{(1 + measured(model, held).bias) * rescaling([lesson]).factor - 1:+.1%}"
            whole = f"{measured(model, held).bias:+.1%}"
            yield line([f"{begins} to {ends}", NAMES[name], whole, f"{halves:+.1%}", then])


def _others(python: str, held: Holdout) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "histories.npz"
        history = {name: held.summary[name] for name in ("frequency", "recency", "T")}
        np.savez(file, horizon=held.horizon, **history)
        for peer in PEERS:
            for name, short in NAMES.items():
                run = measure(python, ["benchmarks/accuracy_peers.py", peer, name, str(file)])
                who = f"{SPOKEN[peer]} {run['version']} {short}" if run else ""
                if run and "failed" in run:
                    yield f"| | {who} | failed: {run['failed']} |" + " |" * 7
                elif run:
                    said = np.array(run["said"])
                    found = _figures_of(who, said, held, run["tracked"])
                    yield _line(found.name, found, judged(name, run["params"], held.summary))


def _figures_of(name: str, said: np.ndarray, held: Holdout, tracked: float | None) -> Figures:
    seen, far = held.orders, None
    lost = int((~np.isfinite(said)).sum())
    if lost:  # an error over those that are left would flatter
        name, said = f"{name}: no number for {lost:,} customers", np.full(len(seen), np.nan)
    if tracked is not None:
        far = tracked / float(held.summary["frequency"].sum() + seen.sum()) - 1
    top = float("nan") if lost else metrics.share_of_top(said, seen)
    return Figures(
        name, metrics.mean_absolute_error(said, seen), rmse(said, seen), float("nan"),
        float(np.corrcoef(said, seen)[0, 1]), metrics.bias(said, seen), far, top, float("nan"),
    )  # fmt: skip


def _figures(rule: dict[str, object]) -> Figures:
    order = ("MAE", "RMSE", "deviance", "correlation", "bias", "tracking", "top tenth", "AUC")
    return Figures(str(rule["model"]), *(rule[key] for key in order))  # type: ignore[arg-type]


def _line(who: str, found: Figures, likelihood: float | None = None) -> str:
    cells = (
        (likelihood, ",.2f"), (found.mae, ".4f"), (found.rmse, ".3f"), (found.correlation, ".3f"), (found.bias, "+.1%"),
        (found.tracking, "+.1%"), (found.top_tenth, ".1%"), (found.auc, ".3f"),
    )  # fmt: skip
    return "| " + line([who, *(figure(value, form) for value, form in cells)])  # the first cell is the shop's


def _letters(params: Params) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in params.items())
