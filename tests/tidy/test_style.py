"""Style and types are not opinions here: the tools decide, and they are part of the tests."""


def test_the_linter_has_nothing_to_say(run):
    done = run("ruff", "check", "--no-fix", "--quiet", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_formatter_would_change_nothing(run):
    done = run("ruff", "format", "--check", "--quiet", ".")
    assert done.returncode == 0, "`make format` would rewrite:\n" + done.stdout + done.stderr


def test_the_types_agree(run):
    done = run("mypy")
    assert done.returncode == 0, done.stdout + done.stderr
