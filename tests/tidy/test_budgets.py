"""Sizes that keep a file readable in one sitting. What outgrows them is split, or excused with a reason."""

import ast
import statistics

MAX_FILE = 300
MAX_FUNCTION = 60
MEDIAN_FUNCTION = 10
MAX_PROTOCOL = 6


def test_files_are_short(texts, judge):
    lengths = {name: text.count("\n") for name, text in texts.items() if name.endswith((".py", ".sql"))}
    long = {name: f"{lines} lines, at most {MAX_FILE}" for name, lines in lengths.items() if lines > MAX_FILE}
    assert not (found := judge("file length", long)), "\n".join(found)


def test_functions_are_short(texts, judge):
    lengths = {
        f"{name}::{function.name}": _length(function)
        for name, text in texts.items()
        if name.endswith(".py")
        for function in _functions(ast.parse(text))
    }
    long = {at: f"{lines} lines, at most {MAX_FUNCTION}" for at, lines in lengths.items() if lines > MAX_FUNCTION}
    assert not (found := judge("function length", long)), "\n".join(found)


def test_the_usual_function_is_very_short(package):
    lengths = [_length(function) for source in package for function in _functions(source.tree)]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION


def test_protocols_have_at_most_six_methods(package):
    wide = {
        f"{source.path}::{node.name}": len(methods)
        for source in package
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases)
        if len(methods := [m for m in node.body if isinstance(m, ast.FunctionDef)]) > MAX_PROTOCOL
    }
    assert not wide


def _functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1
