"""The floors of the house: who may import whom (the contracts are in .importlinter)."""

import ast
import sys
from functools import cache

import grimp
import pytest

GROUND = ("tenure.domain", "tenure.ports", "tenure.registry", "tenure.relations")
FRAMES = {"pandas", "polars", "ibis"}
MAX_DEPTH = 10


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("tenure", exclude_type_checking_imports=True, cache_dir=None)


def test_each_floor_knows_only_the_floors_below_it(run):
    done = run("lint-imports", "--no-logo", "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_imports_go_in_a_circle(graph):
    circles = [
        f"{module} → {target} → … → {module}"
        for module in graph.modules
        for target in graph.find_modules_directly_imported_by(module)
        if graph.find_shortest_chain(target, module)
    ]
    assert not circles, "\n".join(circles)


def test_the_longest_chain_that_one_import_sets_off_is_short(graph, package):
    lazy = {(source.module, line) for source in package for line in _lazy_lines(source.tree)}

    @cache
    def chain(module: str) -> tuple[str, ...]:
        below = [
            chain(target)
            for target in sorted(graph.find_modules_directly_imported_by(module))
            if at_once(module, target)
        ]
        return (module, *max(below, key=len, default=()))

    def at_once(importer: str, imported: str) -> bool:
        places = graph.get_import_details(importer=importer, imported=imported)
        return any((importer, place["line_number"]) not in lazy for place in places)

    longest = max((chain(module) for module in sorted(graph.modules)), key=len)
    assert len(longest) <= MAX_DEPTH, " → ".join(longest)


def test_the_ground_needs_the_standard_library_alone(package):
    foreign = {
        f"{source.path}:{line}": name
        for source in package
        if source.module.startswith(GROUND)
        for name, line in _imported_at_run_time(source.tree)
        if name not in sys.stdlib_module_names and name != "tenure"
    }
    assert not foreign


def test_data_frames_are_met_at_the_edge_alone(package, judge):
    imports = {
        source.path: f"imports {name} in line {line}"
        for source in package
        for name, line in _imported_at_run_time(source.tree)
        if name in FRAMES
    }
    assert not (found := judge("data frames", imports)), "\n".join(found)


def test_imports_for_types_alone_are_not_counted():
    tree = ast.parse(
        "import os\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas\nelse:\n    import re"
    )
    assert [name for name, _ in _imported_at_run_time(tree)] == ["os", "typing", "re"]


def _lazy_lines(tree: ast.Module) -> set[int]:
    """Lines of the imports that run only when a function is called."""
    return {
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }


def _imported_at_run_time(tree: ast.AST) -> list[tuple[str, int]]:
    """Top-level names of all imports but those under `if TYPE_CHECKING`, with their lines, in order."""
    found: list[tuple[str, int]] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name.split(".")[0], node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.module.split(".")[0], node.lineno))
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                found += _imported_at_run_time(ast.Module([other], []))
        else:
            found += _imported_at_run_time(node)
    return found
