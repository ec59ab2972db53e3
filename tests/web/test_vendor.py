"""What is not ours is exactly what was written down, and may be passed on."""

import hashlib
import tomllib
from importlib import resources

FOLDER = resources.files("tenure.web") / "static" / "vendor"
PACKAGES = tomllib.loads((FOLDER / "vendor.toml").read_text("utf-8"))["package"]


def test_every_vendored_file_is_the_one_that_was_written_down():
    for package in PACKAGES:
        for file in package["files"]:
            assert hashlib.sha256((FOLDER / file["to"]).read_bytes()).hexdigest() == file["sha256"], file["to"]


def test_nothing_stands_there_that_is_not_written_down():
    listed = {file["to"] for package in PACKAGES for file in package["files"]} | {"vendor.toml"}
    assert {entry.name for entry in FOLDER.iterdir()} == listed


def test_every_package_brings_its_licence():
    for package in PACKAGES:
        assert package["licence"] in ("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC")
        assert any(file["to"].endswith("LICENSE") for file in package["files"])
