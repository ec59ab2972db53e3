"""The tutorial is typed as it stands, by a stranger with an empty folder; what it promises must happen."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

STEP = re.compile(r"^<!-- (run|file: (?P<file>\S+)) -->\n```\w+\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
pytestmark = pytest.mark.slow
SALT = "of the tutorial"  # fixed here, so that the same people are left alone at every run


@pytest.fixture(scope="module")
def typed(root, tmp_path_factory):
    """The workspace after the tutorial, and what every step said."""
    folder = tmp_path_factory.mktemp("tutorial")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment.pop("TENURE_WORKSPACE", None)
    said = []
    for step in STEP.finditer((root / "docs/tutorial/first-hour.md").read_text("utf-8")):
        if step["file"]:
            target = folder / step["file"]
            target.parent.mkdir(exist_ok=True)
            target.write_text(step["text"], "utf-8")
            continue
        done = subprocess.run(
            ["sh", "-ec", step["text"]], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.returncode == 0, step["text"] + done.stdout + done.stderr
        said.append(done.stdout)
        if "cd my-shop" in step["text"]:
            folder /= "my-shop"
            settings = folder / "tenure.yaml"
            settings.write_text(re.sub(r"^salt: .*$", f"salt: {SALT}", settings.read_text("utf-8"), flags=re.MULTILINE))
    return folder, said


def test_the_bad_order_is_kept_aside_with_its_reason(typed):
    _, said = typed
    assert any("orders" in step and "ordered_at" in step and "6" in step for step in said)


def test_the_customer_is_explained_as_the_page_shows(typed):
    _, said = typed
    explained = next(step for step in said if "C-17 is an active customer" in step)
    for words in ("3 orders over 56 days", "usually every 26 days", "`follow-up` by e-mail", "Why not the others"):
        assert words in explained


def test_messages_lie_in_the_maildir_and_nothing_left_the_machine(typed):
    folder, said = typed
    letters = [path.read_text("utf-8") for path in (folder / ".tenure/maildir/new").iterdir()]
    assert letters
    assert not [letter for letter in letters if "To: bob@" in letter]
    assert "sent" in said[-1]
