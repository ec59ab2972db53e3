"""What the tidy tests share: the tracked files, their syntax trees, and the list of excused offences."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATED = {".venv", ".git", "build", "dist", "demo", "_build", "__pycache__", "node_modules"}

Judge = Callable[[str, Mapping[str, str]], list[str]]
Run = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Source:
    """One Python file of the package."""

    path: str
    module: str
    text: str
    tree: ast.Module


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> list[str]:
    """Every file of the project, as a path from its root; from git, or by walking where there is no repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    walked = (p.relative_to(ROOT) for p in ROOT.rglob("*") if p.is_file())
    return sorted(p.as_posix() for p in walked if not GENERATED & set(p.parts))


@pytest.fixture(scope="session")
def texts(tracked: list[str]) -> dict[str, str]:
    """The files that are text, vendored ones left out."""
    found = {}
    for name in tracked:
        if "/vendor/" in name:
            continue
        try:
            found[name] = (ROOT / name).read_text("utf-8")
        except UnicodeDecodeError:
            continue
    return found


@pytest.fixture(scope="session")
def package(texts: dict[str, str]) -> list[Source]:
    """The Python files of `src/tenure`."""
    return [
        Source(name, _module(name), text, ast.parse(text, name))
        for name, text in texts.items()
        if name.startswith("src/tenure/") and name.endswith(".py")
    ]


@pytest.fixture(scope="session")
def judge() -> Judge:
    """The offences that tests/tidy/exceptions.toml does not excuse, and the excuses no longer needed."""
    excused = tomllib.loads((ROOT / "tests/tidy/exceptions.toml").read_text("utf-8"))

    def unexcused(rule: str, offences: Mapping[str, str]) -> list[str]:
        allowed = excused.get(rule, {})
        new = [f"{where}: {what}" for where, what in sorted(offences.items()) if where not in allowed]
        return new + [f"{where}: excused, and clean" for where in sorted(allowed) if where not in offences]

    return unexcused


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a tool of this environment in the project's folder."""

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).parent / words[0]
        return subprocess.run([program, *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)

    return call


def _module(path: str) -> str:
    parts = Path(path).relative_to("src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
