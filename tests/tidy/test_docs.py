"""The documentation builds without a warning, names everything that exists, and nothing that does not."""

import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import fields
from fractions import Fraction

import click
import pytest

from tenure.domain import decision, facts, message, profile
from tenure.domain.business import Business, ChannelSettings

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
VARIABLE = re.compile(r"\bTENURE_[A-Z][A-Z_]+\b")


@pytest.fixture(scope="module")
def built(root, tmp_path_factory):
    """The folder of the built pages, with what the builder warned of in `warnings`."""
    out = tmp_path_factory.mktemp("site")
    words = ["-q", "-b", "html", "-w", out / "warnings", "-d", out / "trees", root / "docs", out / "html"]
    done = subprocess.run([sys.executable, "-m", "sphinx", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def site(built):
    """Page → its HTML."""
    html = built / "html"
    return {page.relative_to(html).as_posix(): page.read_text("utf-8") for page in html.rglob("*.html")}


@pytest.fixture(scope="module")
def commands():
    """Words typed → the command."""
    from tenure.cli import tenure

    return {("tenure", *path): command for path, command in _walk(tenure, ())}


@pytest.fixture(scope="module")
def pages(root):
    """The texts that people read, as written."""
    found = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    return {p.relative_to(root).as_posix(): p.read_text("utf-8") for p in found if "_build" not in p.parts}


def test_the_pages_build_without_a_warning(built):
    assert (built / "warnings").read_text("utf-8") == ""


def test_no_marker_for_generated_text_is_left(site):
    assert "<!-- generated" not in "".join(site.values())


def test_every_fact_table_and_column_is_documented(site):
    page = site["reference/facts.html"]
    names = {name for table in facts.TABLES.values() for name in (table.name, *table.names)}
    names |= {name for own, columns in facts.OWN_TABLES.items() for name in (own, *(c for c, _ in columns))}
    assert not {name for name in names if f">{name}<" not in page}


def test_every_profile_column_is_documented(site):
    assert not {c.name for c in profile.COLUMNS if f">{c.name}<" not in site["reference/profile.html"]}
    assert not {c.name for c in profile.COLUMNS if not c.about}


def test_every_rule_is_documented(site):
    for page in ("explanation/decisions.html", "how-to/read-a-decision.html"):
        assert not {rule for rule in decision.RULES if f">{rule}<" not in site[page]}


def test_every_command_is_documented_with_its_options_and_an_example(site, commands):
    page = site["reference/commands.html"]
    missing = {" ".join(path) for path in commands if f">{' '.join(path)}<" not in page}
    options = {o for c in commands.values() for p in c.params if isinstance(p, click.Option) for o in p.opts}
    silent = {" ".join(path) for path, c in commands.items() if len(path) == 2 and "Example" not in (c.help or "")}
    assert not missing
    assert not {option for option in options if option not in page}
    assert not silent


def test_every_public_name_is_documented(site):
    import tenure

    assert not {name for name in tenure.__all__ if f"tenure.{name}" not in site["reference/python.html"]}


def test_every_setting_is_documented_and_no_other(pages):
    from tenure.settings import KEYS

    sections = _tables(pages["docs/reference/settings.md"])
    documented = {
        "": sections["Top level"], "sender": sections["sender"], "stages": sections["stages"],
        "contact": sections["contact"], "value": sections["value"], "channel": sections["channels"],
        "links": sections["links"],
    }  # fmt: skip
    for section, rows in documented.items():
        assert sorted(key for key, _ in rows) == sorted(KEYS[section]), section


def test_the_documented_defaults_are_the_real_ones(pages):
    sections = _tables(pages["docs/reference/settings.md"])
    default = Business()
    owners = {
        "Top level": default, "sender": default.sender, "stages": default.stages, "contact": default.contact,
        "value": default.value,
        "channels": ChannelSettings("email", "maildir"),
    }  # fmt: skip
    for section, owner in owners.items():
        real = {f.name: _written(getattr(owner, f.name)) for f in fields(owner)}
        stated = {key: said for key, said in sections[section] if key in real and said}
        assert stated == {key: real[key] for key in stated}, section


def test_the_settings_that_pages_show_are_accepted(pages):
    from tenure.settings import KEYS, read_business

    shown = [
        (name, text)
        for name, page in pages.items()
        for language, text in FENCE.findall(page)
        if language == "yaml" and text.partition(":")[0].strip() in KEYS[""]
    ]
    assert shown
    for name, text in shown:
        read_business(re.sub(r"^   (?=\S)", "", text, flags=re.MULTILINE), name)


def test_every_variable_of_the_environment_is_documented(package, pages):
    used = {found for source in package for found in VARIABLE.findall(source.text)}
    assert not {name for name in used if name not in pages["docs/reference/workspace.md"]}


def test_every_route_is_documented_and_no_other(pages, tmp_path):
    from tenure.app import initialise
    from tenure.web.app import create_app

    initialise(tmp_path)
    served = {
        (route.path.replace(":path", ""), method)
        for route in _routes(create_app(tmp_path).routes)
        for method in route.methods - {"HEAD"}
    }
    rows = [row for name in ("pages", "http") for row in _cells(pages[f"docs/reference/{name}.md"])]
    assert {(row[0].strip("`"), row[1]) for row in rows if row[0].startswith("`/")} == served


def test_pages_name_only_commands_and_options_that_exist(pages, commands):
    wrong = [
        f"{name}: {' '.join(words)}"
        for name, page in pages.items()
        for words in _typed(page)
        if not _exists(words, commands)
    ]
    assert not wrong


def test_the_glossary_settles_the_words_of_the_code(pages):
    glossary = pages["docs/reference/glossary.md"]
    rows = {cells[0].strip("`"): cells for cells in _cells(glossary)}
    everything = set(INLINE.findall(glossary))
    assert set(message.MOVES) | message.FINAL <= set(rows)
    assert {"treated", "control", "holdout"} <= set(rows)
    assert set(profile.STAGES) <= everything


def test_the_glossary_knows_no_name_that_the_code_has_forgotten(pages):
    import tenure

    known = {*profile.BY_NAME, *facts.TABLES, *profile.STAGES, *decision.RULES, *tenure.__all__, *message.MOVES,
             *message.FINAL, "marketing", "service", ".sql"}  # fmt: skip
    assert not set(INLINE.findall(pages["docs/reference/glossary.md"])) - known


def test_the_changelog_speaks_of_this_version(root):
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert re.search(rf"^## {re.escape(version)}\b", (root / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)


def test_links_in_the_papers_at_the_root_lead_somewhere(root):
    for paper in root.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", paper.read_text("utf-8")):
            assert (root / target).exists(), f"{paper.name}: {target}"


def _walk(command, path):
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from _walk(command.get_command(click.Context(command), name), (*path, name))


def _routes(routes):
    """Routes that answer, those of included routers too."""
    for route in routes:
        if getattr(route, "methods", None):
            yield route
        else:
            yield from _routes(route.original_router.routes)


def _cells(text):
    """Cells of the body rows of every table."""
    rows = [
        [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.splitlines() if line.startswith("|")
    ]
    return [row for row in rows if not set("".join(row)) <= {"-"}]


def _tables(text):
    """Section → (key, default) rows of its table."""
    sections = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return {
        title: [(row[0].strip("`"), row[1].strip("`")) for row in _cells(body) if row[0].startswith("`")]
        for title, body in zip(sections[::2], sections[1::2], strict=True)
    }


def _written(value):
    if isinstance(value, Fraction):
        return f"{float(value):g}"
    if hasattr(value, "isoformat"):
        return value.isoformat("minutes")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _typed(page):
    """Every call of `tenure` that a page shows, as words."""
    blocks = [text for language, text in FENCE.findall(page) if language in {"sh", "text", "ini"}]
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    for line in [*lines, *INLINE.findall(FENCE.sub("", page))]:
        for piece in re.split(r"&&|\||;|>>", line.partition(" #")[0]):
            found = re.search(r"(?:^|\s|/)tenure\s+(?P<rest>[a-z-].*)$", piece.strip())
            if found:
                yield ["tenure", *_split(found["rest"])]


def _split(text):
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _exists(words, commands):
    path, options = ("tenure",), {"--debug", "--version", "--help", "-h"}
    for word in words[1:]:
        if (*path, word) in commands:
            path = (*path, word)
            options |= {o for p in commands[path].params for o in (*p.opts, *p.secondary_opts)}
        elif word.startswith("-") and word.partition("=")[0] not in options:
            return False
    return len(path) > 1 or words[1].startswith("-")
