"""Below the roof beam nothing looks at the clock or throws dice: time, chance and identity come in as arguments."""

import ast
import re

import pytest

# Floors that may: the clock itself, the roof beam that hands it out, and the doors, where a person's own time is meant.
MAY = ("tenure.clock", "tenure.app", "tenure.cli", "tenure.web")
BANNED = re.compile(
    r"^(?:datetime\.(?:datetime|date)\.(?:now|today|utcnow)"
    r"|time\.(?:time|time_ns|monotonic|monotonic_ns|perf_counter|perf_counter_ns|localtime|gmtime)"
    r"|random\..+|secrets\..+|uuid\.uuid[14]|os\.urandom"
    r"|numpy\.random\.(?!default_rng$|Generator$|PCG64$|SeedSequence$).+)$"
)
CLOCKS_IN_SQL = re.compile(
    r"\b(?:now\s*\(|current_(?:date|time|timestamp)\b|today\s*\(|get_current_\w+|random\s*\(|rand\s*\(|uuid\s*\(|gen_random\w*)",
    re.IGNORECASE,
)


def test_time_chance_and_identity_come_in_as_arguments(package, judge):
    calls = {
        f"{source.module}.{call}": f"{source.path} line {line}"
        for source in package
        if not _may(source.module)
        for call, line in banned_calls(source.tree)
    }
    assert not (found := judge("clock and dice", calls)), "\n".join(found)


def test_no_relation_asks_the_clock_or_throws_dice(texts):
    offences = [
        f"{name}: {found[0]}"
        for name, text in texts.items()
        if name.startswith("src/") and name.endswith(".sql")
        for line in text.splitlines()
        if not line.lstrip().startswith("--") and (found := CLOCKS_IN_SQL.search(line))
    ]
    assert not offences


@pytest.mark.parametrize(
    "code",
    [
        "import datetime\ndatetime.datetime.now()",
        "from datetime import datetime\ndatetime.now(tz)",
        "from datetime import date as d\nd.today()",
        "import time as clock\nclock.monotonic()",
        "from time import time\ntime()",
        "import random\nrandom.Random(1)",
        "import numpy as np\nnp.random.normal()",
        "import numpy as np\nnp.random.default_rng()",
        "def f():\n    from uuid import uuid4\n    return uuid4()",
        "import time\ndef f(clock=time.monotonic): ...",
    ],
)
def test_the_ban_sees_through_aliases_and_defaults(code):
    assert banned_calls(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "def f(clock):\n    return clock.now()",
        "import numpy as np\nnp.random.default_rng(7)",
        "import time\ntime.sleep(1)",
        "from datetime import datetime\ndatetime.fromisoformat('2011-09-01')",
    ],
)
def test_the_ban_leaves_the_rest_alone(code):
    assert not banned_calls(ast.parse(code))


def _may(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in MAY)


def banned_calls(tree: ast.Module) -> list[tuple[str, int]]:
    """Dotted names that a file uses (called or passed on) and may not, with their lines."""
    names = _origins(tree)
    seeded = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and (node.args or node.keywords)}
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
            continue
        dotted = _dotted(node, names)
        without_seed = dotted == "numpy.random.default_rng" and id(node) not in seeded
        if BANNED.match(dotted) or without_seed:
            found.append((dotted, node.lineno))
    return found


def _origins(tree: ast.Module) -> dict[str, str]:
    """Local name → what it stands for, for everything that is imported anywhere in the file."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update({alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else
                          alias.name.split(".")[0] for alias in node.names})  # fmt: skip
        elif isinstance(node, ast.ImportFrom):
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, names)}.{node.attr}"
    return names.get(node.id, f"?{node.id}") if isinstance(node, ast.Name) else "?"
