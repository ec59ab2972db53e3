"""Forecasts the same held-out days with another library, in that library's own environment: run by accuracy alone.

It imports nothing of this project. It reads frequency, recency, T, the moments of first orders and the horizon from a
file, fits with the library's defaults, and prints one line of JSON: parameters, version, the orders expected of each
customer and, where the library says it, all orders since the beginning; null where library or model is not there.
"""

import importlib
import json
import sys
from typing import Any

import numpy as np


def lifetimes(name: str, found: dict[str, Any]) -> dict[str, Any] | None:
    """`lifetimes`, no penalty."""
    fitters = {"BetaGeo": "BetaGeoFitter", "ModifiedBetaGeo": "ModifiedBetaGeoFitter", "ParetoNBD": "ParetoNBDFitter"}
    if name not in fitters:
        return None
    library = importlib.import_module("lifetimes")
    model = getattr(library, fitters[name])()
    history, horizon = [found[column] for column in ("frequency", "recency", "T")], float(found["horizon"])
    model.fit(*history)
    said = model.conditional_expected_number_of_purchases_up_to_time(horizon, *history)
    tracked = model.expected_number_of_purchases_up_to_time(found["T"] + horizon).sum()
    params = {key: float(value) for key, value in model.params_.items()}
    return {
        "params": params,
        "said": np.asarray(said).tolist(),
        "tracked": float(tracked),
        "version": _version(library),
    }


def pymc_marketing(name: str, found: dict[str, Any]) -> dict[str, Any] | None:
    """PyMC-Marketing's maximum a posteriori with its default priors."""
    classes = {"BetaGeo": "BetaGeoModel", "ModifiedBetaGeo": "ModifiedBetaGeoModel", "ParetoNBD": "ParetoNBDModel"}
    if name not in classes:
        return None
    import pandas as pd

    library, clv = importlib.import_module("pymc_marketing"), importlib.import_module("pymc_marketing.clv")
    history = {column: found[column] for column in ("frequency", "recency", "T")}
    frame = pd.DataFrame({"customer_id": np.arange(len(found["T"])), **history})
    model = getattr(clv, classes[name])(data=frame)
    model.fit(method="map", progressbar=False)
    said = model.expected_purchases(data=frame, future_t=float(found["horizon"])).mean(("chain", "draw"))
    wanted = ("r", "alpha", "s", "beta") if name == "ParetoNBD" else ("r", "alpha", "a", "b")
    params = {key: float(model.idata.posterior[key].mean()) for key in wanted}
    return {"params": params, "said": said.values.tolist(), "tracked": None, "version": _version(library)}


def _version(library: Any) -> str:
    return str(library.__version__)


def main() -> None:
    """One library, one model, one file."""
    peer, name, file = sys.argv[1:]
    try:
        importlib.import_module(peer)
    except ImportError:
        print("null")
        return
    with np.load(file) as stored:
        found = {column: stored[column] for column in stored.files}
    try:
        said = {"lifetimes": lifetimes, "pymc_marketing": pymc_marketing}[peer](name, found)
    except Exception as failure:  # whatever another library raises: that it could not is what the table says
        said = {"failed": f"{type(failure).__name__}", "version": _version(importlib.import_module(peer))}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
