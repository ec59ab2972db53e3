"""The pages about models do what they say: their code runs, their figures are right, their names exist."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from tests.models.records import cdnow

from tenure import models
from tenure.models import BetaGeo, ParetoNBD

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
FIGURE = re.compile(r"^(.*?)\s*# → (-?[\d.]+)$")


def run(code: str, names: dict[str, object]) -> list[str]:
    """Run a block line by line of thought; the figures that it states and does not reach."""
    wrong = []
    lines = code.splitlines()
    for statement in ast.parse(code).body:
        stated = FIGURE.match(lines[(statement.end_lineno or 1) - 1])
        text = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
        if not isinstance(statement, ast.Expr):
            exec(text, names)
            continue
        value = eval(ast.unparse(statement), names)
        if stated:
            digits = len(stated[2].partition(".")[2])
            if round(float(value), digits) != float(stated[2]):
                wrong.append(f"{stated[1]} is {value}, not {stated[2]}")
    return wrong


def test_the_code_of_the_page_runs_and_its_figures_are_right(tmp_path, monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="the extra `plots` is not installed")
    pyplot.switch_backend("agg")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"orders": cdnow().rename_columns({"sample_id": "customer_id"})}
    blocks = BLOCK.findall((DOCS / "how-to" / "use-the-models.md").read_text("utf-8"))
    wrong = [each for block in blocks for each in run(block, names)]
    pyplot.close("all")
    assert len(blocks) >= 7 and not wrong, "\n".join(wrong)


def test_every_name_that_lifetimes_users_are_sent_to_exists():
    page = (DOCS / "how-to" / "coming-from-lifetimes.md").read_text("utf-8")
    ours = " ".join(row.split("|")[2] for row in page.splitlines() if row.startswith("| `"))
    methods = set(re.findall(r"`?m\.(\w+)", ours))
    assert len(methods) > 15 and not {name for name in methods if not hasattr(BetaGeo, name)} - {"params_"}
    assert {name for name in re.findall(r"`(\w+)\(", ours) if name[0].isupper()} <= set(models.__all__)
    for keyword in ("fitted_until", "cumulative", "unit"):
        from tenure.models.plots import purchases

        assert keyword in inspect.signature(purchases.tracking).parameters


def test_the_figures_beside_those_of_lifetimes_are_what_the_models_give():
    from tenure.models import ModifiedBetaGeo
    from tenure.models.summary import summary

    page = (DOCS / "how-to" / "coming-from-lifetimes.md").read_text("utf-8")
    histories = summary(cdnow().rename_columns({"sample_id": "customer_id"}), as_of="1997-10-01", unit="week")
    for name, model in (("BG/NBD", BetaGeo()), ("MBG/NBD", ModifiedBetaGeo()), ("Pareto/NBD", ParetoNBD())):
        row = next(line for line in page.splitlines() if line.startswith(f"| {name} r, alpha"))
        stated = [float(figure) for figure in row.split("|")[3].split(",")]
        assert [round(value, 3) for value in model.fit(histories).params_.values()] == stated
