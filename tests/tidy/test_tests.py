"""Tests about tests: each says what it shows, and each can fail."""

import ast
import re

import pytest

CHECKING = re.compile(r"^(?:assert|raises|warns|expect|check|fail)")


@pytest.fixture(scope="module")
def tests(texts):
    """Place → function, for every test of the project."""
    return {
        f"{name}:{node.lineno} {node.name}": node
        for name, text in texts.items()
        if name.startswith("tests/") and name.endswith(".py")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    }


def test_every_test_can_fail(tests, judge):
    silent = {re.sub(r":\d+ ", "::", at): "asserts nothing" for at, test in tests.items() if not can_fail(test)}
    assert not (found := judge("silent tests", silent)), "\n".join(found)


def test_no_two_tests_of_a_file_have_one_name(tests):
    names = [(at.partition(":")[0], test.name) for at, test in tests.items()]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})


def test_tests_are_sentences(tests):
    assert not [at for at, test in tests.items() if test.name.count("_") < 3]


@pytest.mark.parametrize(
    ("code", "can"),
    [
        ("def test_a(): assert 1", True),
        ("def test_a(page): page.expect_text('x')", True),
        ("def test_a():\n with pytest.raises(E): f()", True),
        ("def test_a(): f()", False),
        ("def test_a(): assert True", False),
    ],
)
def test_what_counts_as_being_able_to_fail(code, can):
    assert can_fail(ast.parse(code).body[0]) is can


def can_fail(test):
    """Whether a test asserts something, itself or through a function whose name says that it checks."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert) and not (isinstance(node.test, ast.Constant) and node.test.value is True):
            return True
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if CHECKING.match(name.lstrip("_")):
                return True
    return False
