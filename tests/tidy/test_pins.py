"""The pinned versions: complete, within the declared ranges, and silent about where packages come from."""

import os
import shutil
import subprocess
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

SCRIPTS = ("scripts/environment", "scripts/system-packages", "scripts/pin", ".ci/run")


@pytest.fixture(scope="module")
def pins(root):
    lines = (root / "constraints.txt").read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def declared(root):
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [text for texts in project["optional-dependencies"].values() for text in texts]
    return [Requirement(text) for text in project["dependencies"] + extras]


def test_every_pin_is_one_exact_version_and_nothing_else(pins):
    loose = [str(pin) for pin in pins if pin.url or [s.operator for s in pin.specifier] != ["=="]]
    assert not loose


def test_every_dependency_is_pinned_within_its_range(pins, declared):
    versions = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pins}
    wrong = [
        str(need)
        for need in declared
        if canonicalize_name(need.name) not in versions
        or not need.specifier.contains(versions[canonicalize_name(need.name)], prereleases=True)
    ]
    assert not wrong, "run scripts/pin"


def test_the_installer_and_the_builder_are_pinned_too(pins):
    assert {"uv", "hatchling"} <= {pin.name for pin in pins}


def test_pins_are_sorted_so_that_changes_read_well(root):
    lines = [line for line in (root / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert lines == sorted(lines)


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_may_be_run_and_parse(root, script):
    path = root / script
    shell = "bash" if "bash" in path.read_text("utf-8").splitlines()[0] else "sh"
    assert os.access(path, os.X_OK)
    assert subprocess.run([shutil.which(shell), "-n", path], check=False).returncode == 0
