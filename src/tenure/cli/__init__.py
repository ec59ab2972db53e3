"""The command line: each command is a few lines around one operation.

Commands are imported only when they are called, so that `tenure --help` stays quick; a refusal is one sentence on
standard error (exit code 1 for data and files, 2 for wrong usage), never a trace unless `--debug` asks for it.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from tenure.domain.errors import TenureError

# command → (module, function, one line for --help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "init": ("setup", "init", "Make a folder into a workspace."),
    "import": ("facts", "import_", "Bring in what happened: files, or everything in sources/."),
    "source": ("facts", "source", "Check the source files and show what they would bring in."),
    "fit": ("fit", "fit", "Train the models that are due, and use those that earn it."),
    "profile": ("line", "profile", "One row per customer as of a moment."),
    "decide": ("line", "decide", "Choose for each customer whether to say something, and what."),
    "send": ("line", "send", "Send what was decided and what is due."),
    "learn": ("line", "learn", "Measure what the messages changed."),
    "run": ("line", "run", "The daily job: import, profile, decide, send, learn, publish."),
    "serve": ("serve", "serve", "Serve the dashboard and people's links."),
    "show": ("show", "show", "Look at one station of the line: quarantine, facts, a customer, the outbox."),
    "explain": ("explain", "explain", "Why this customer hears from us, or does not."),
    "report": ("report", "report", "Figures: retention, cohorts, revenue, funnel, stages, economics, models, …"),
    "whatif": ("whatif", "whatif", "What a customer is worth, and what would make one pay."),
    "replay": ("replay", "replay", "Policies side by side over past days, as the facts were known then."),
    "campaign": ("campaign", "campaign", "Make, check and preview campaigns."),
    "simulate": ("simulate", "simulate", "Policies side by side on a shop whose truth is known."),
    "doctor": ("setup", "doctor", "Check settings, files, store and channels."),
    "demo": ("demo", "demo", "A year of a real grocer, from records to sent messages."),
}


class _Commands(click.Group):
    """Commands that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"tenure.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from tenure.domain.errors import nearest

            ctx.fail(f"There is no command `{args[0]}`. {nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tenure")
@click.option("--debug", is_flag=True, help="Show the trace of an error.")
def tenure(debug: bool) -> None:
    """Keep the customers worth keeping: know, decide, send, measure, learn.

    Begin with `tenure demo`, or with `tenure init my-shop` and a file of orders.
    """
    if debug:
        os.environ["TENURE_DEBUG"] = "1"


def main(args: list[str] | None = None) -> None:
    """Entry point: run a command and turn every failure into a sentence and an exit code."""
    words = list(sys.argv[1:] if args is None else args)
    if "--debug" in words:  # people add it at the end of the line that failed
        words = ["--debug", *(word for word in words if word != "--debug")]
    try:
        code: Any = tenure.main(args=words, prog_name="tenure", standalone_mode=False)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.Abort:
        code = _refuse("Stopped.", 130)
    except click.ClickException as error:
        code = _refuse(_usage(error), 2)
    except TenureError as error:
        code = _refuse(error.sentence, error.exit_code, error)
    except KeyboardInterrupt:
        code = _refuse("Stopped.", 130)
    except BrokenPipeError:
        code = 0
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:
        code = _refuse(_system(error), 1, error)
    except Exception as error:
        code = _refuse(
            f"Something went wrong that should not ({type(error).__name__}). Run it again with `tenure --debug …` "
            "to see where, and report it.", 1, error,
        )  # fmt: skip
    sys.exit(code if isinstance(code, int) else 0)


def _refuse(sentence: str, code: int, error: BaseException | None = None) -> int:
    if error is not None and os.environ.get("TENURE_DEBUG"):
        raise error
    click.echo(sentence, err=True)
    return code


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    hint = f" Try `{context.command_path} --help`." if context is not None else ""
    return f"{error.format_message()}{hint}"


def _system(error: OSError) -> str:
    import errno

    if error.errno == errno.ENOSPC:
        return "The disk is full; nothing was changed. Free some space and run it again."
    name = f": {error.filename}" if isinstance(error.filename, str) else ""
    return f"{error.strerror or type(error).__name__}{name}. Check that the path exists and that you may use it."
