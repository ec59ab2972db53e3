"""Words that may not stand in the project: empty names, promises to oneself, and traces of somebody's machine."""

import ast
import re
from pathlib import PurePosixPath

import pytest

EMPTY_NAMES = {
    "utils", "util", "helpers", "helper", "common", "manager", "managers", "handler", "handlers", "data", "info",
    "base2", "misc", "stuff",
}  # fmt: skip
EMPTY_ENDINGS = ("Manager", "Handler", "Helper", "Helpers", "Utils", "Util", "Info", "Data")

# Written in pieces, so that this file does not find itself.
PROMISES = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.~$}-])/(?:ro" + r"ot|ho" + r"me|Us" + r"ers|wo" + r"rk|opt)/\w|\b[A-Z]:\\\w")
INDEX_HOSTS = re.compile(
    r"(?:py" + r"pi\.org|python" + r"hosted\.org|registry\.npm" + r"js|artifac" + r"tory|nex" + r"us\.)", re.I
)
EMAIL = re.compile(r"[\w.+-]+@((?:[\w-]+\.)+[a-z]{2,})\b", re.I)
RESERVED = re.compile(r"(?:^|\.)(?:example\.(?:com|org|net)|example|test|invalid|localhost)$", re.I)
IPV4 = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})(?![\d.])")
OWN_IPV4 = re.compile(r"^(?:127\.|0\.0\.0\.0$|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.)")


def test_no_file_or_class_has_an_empty_name(tracked, package):
    files = [name for name in tracked if {PurePosixPath(name).stem, *PurePosixPath(name).parent.parts} & EMPTY_NAMES]
    classes = [
        f"{source.path}::{node.name}"
        for source in package
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(EMPTY_ENDINGS)
    ]
    assert not files + classes


def test_nobody_promises_to_do_it_later(texts):
    assert not _places(texts, PROMISES.findall)


def test_no_file_names_a_path_of_somebodys_machine(texts):
    assert not _places(texts, MACHINE_PATHS.findall)


def test_no_file_names_a_package_index(texts):
    assert not _places(texts, INDEX_HOSTS.findall)


def test_addresses_belong_to_nobody(texts):
    assert not _places(texts, addresses)


@pytest.mark.parametrize("line", ["write to ann@shop" + ".de", "host: 10.1" + ".2.3"])
def test_a_real_address_would_be_found(line):
    assert addresses(line)


@pytest.mark.parametrize(
    "line", ["a@example.com", "b@mail.shop.example", "http://127.0.0.1:8000", "version 2026.9.21.13"]
)
def test_reserved_addresses_are_fine(line):
    assert not addresses(line)


def addresses(line: str) -> list[str]:
    """E-mail and IPv4 addresses that might be somebody's: neither reserved for examples nor this machine's own."""
    mails = [found[0] for found in EMAIL.finditer(line) if not RESERVED.search(found[1])]
    # Sections of standards (RFC 5321, 4.5.3.2) look like addresses.
    numbers = [] if "RFC" in line else IPV4.findall(line)
    return mails + [n for n in numbers if not OWN_IPV4.match(n) and all(int(part) < 256 for part in n.split("."))]


def _places(texts, offence) -> list[str]:
    return [
        f"{name}:{number}: {found}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (found := offence(line))
    ]
