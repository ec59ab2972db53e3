"""Starting is cheap: the command line answers before anything heavy is loaded."""

import json
import subprocess
import sys

import pytest

# Each of these costs tens to hundreds of milliseconds to import; together they cost seconds.
HEAVY = [
    "duckdb",
    "pyarrow",
    "numpy",
    "pandas",
    "fastapi",
    "sqlalchemy",
    "sqlglot",
    "uvicorn",
    "rich",
    "liquid",
    "mjml",
]

LOADED = """
import json, sys
try:
    {code}
except SystemExit:
    pass
print(json.dumps(sorted(set(sys.modules) & set(sys.argv[1:]))))
"""


@pytest.mark.parametrize(
    "code",
    [
        "import tenure.cli",
        "import tenure",
        "from tenure.cli import main; main(['--help'])",
        "from tenure.cli import main; main(['--version'])",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code):
    script = LOADED.format(code=code)
    done = subprocess.run([sys.executable, "-c", script, *HEAVY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []
