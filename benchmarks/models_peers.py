"""Fits and scores the same customers with another library, in that library's own environment: run by models.py alone.

It imports nothing of this project, and prints one line of JSON: seconds, parameters and version, or null where the
library or the model is not there.
"""

import importlib
import json
import sys
import time
from typing import Any

import numpy as np

HORIZON = 39.0


def lifetimes(name: str, found: dict[str, Any]) -> dict[str, Any] | None:
    """`lifetimes`, its own defaults; its Pareto/NBD needs hours for a million rows and is left out."""
    fitters = {"BetaGeo": "BetaGeoFitter", "ModifiedBetaGeo": "ModifiedBetaGeoFitter"}
    if name not in fitters:
        return None
    library = importlib.import_module("lifetimes")
    model = getattr(library, fitters[name])()
    few = [found[column][:1000] for column in ("frequency", "recency", "T")]
    getattr(library, fitters[name])().fit(*few)
    began, used = time.perf_counter(), time.process_time()
    model.fit(found["frequency"], found["recency"], found["T"])
    fitted, cpu = time.perf_counter(), time.process_time() - used
    model.conditional_expected_number_of_purchases_up_to_time(HORIZON, found["frequency"], found["recency"], found["T"])
    params = {key: float(value) for key, value in model.params_.items()}
    times = {"fit": fitted - began, "cpu": cpu, "score": time.perf_counter() - fitted}
    return {**times, "params": params, "version": library.__version__}


def pymc_marketing(name: str, found: dict[str, Any]) -> dict[str, Any] | None:
    """PyMC-Marketing's maximum a posteriori with its default priors; compiling is not counted."""
    classes = {"BetaGeo": "BetaGeoModel", "ModifiedBetaGeo": "ModifiedBetaGeoModel", "ParetoNBD": "ParetoNBDModel"}
    import pandas as pd

    library = importlib.import_module("pymc_marketing")
    clv = importlib.import_module("pymc_marketing.clv")
    frame = pd.DataFrame({"customer_id": np.arange(len(found["T"])), **found})
    getattr(clv, classes[name])(data=frame.iloc[:1000]).fit(method="map", progressbar=False)
    model = getattr(clv, classes[name])(data=frame)
    began, used = time.perf_counter(), time.process_time()
    model.fit(method="map", progressbar=False)
    fitted, cpu = time.perf_counter(), time.process_time() - used
    model.expected_purchases(data=frame, future_t=HORIZON)
    posterior = model.idata.posterior
    wanted = ("r", "alpha", "s", "beta") if name == "ParetoNBD" else ("r", "alpha", "a", "b")
    params = {key: float(posterior[key].mean()) for key in wanted}
    times = {"fit": fitted - began, "cpu": cpu, "score": time.perf_counter() - fitted}
    return {**times, "params": params, "version": library.__version__}


def main() -> None:
    """One library, one model, one file."""
    peer, name, file = sys.argv[1:]
    try:
        importlib.import_module(peer)
    except ImportError:
        print("null")
        return
    with np.load(file) as found:
        summary = {column: found[column] for column in found.files}
    print(json.dumps({"lifetimes": lifetimes, "pymc_marketing": pymc_marketing}[peer](name, summary)))


if __name__ == "__main__":
    main()
