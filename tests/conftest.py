"""What all tests share: calm property tests, and a PostgreSQL server of their own."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

# A deadline measures the machine, not the code, and two workers share two cores here.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("calm")

# The main module of an xdist worker has no file, which pyspark takes for a doctest run of its own and exits.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__


def _neighbour(path: str) -> ModuleType:
    file = Path(__file__).parent / path
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def neighbour() -> Callable[[str], ModuleType]:
    """Loads a module beside the tests, which no import path reaches, by its path below `tests`."""
    return _neighbour


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """Call it for the address of an empty PostgreSQL database."""
    servers = _neighbour("postgres_server.py")
    try:
        with servers.running_server() as server:
            yield server.empty_database
    except servers.NoPostgresError as why:
        pytest.skip(str(why))
