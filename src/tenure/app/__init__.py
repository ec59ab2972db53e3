"""The roof beam: hands the doors the operations of a workspace.

A door gives a `Workspace` and what the person asked for; each function opens the machines that an operation needs,
calls it, and lets go of them. Nothing is decided here, and `adapters.py` alone names what stands behind a port.
Functions are found when they are first used, so that opening a workspace stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tenure.app.workspace import Workspace, initialise, moment, open_workspace, secret

if TYPE_CHECKING:
    from tenure.app.asking import whatif
    from tenure.app.checking import remarks
    from tenure.app.daily import run
    from tenure.app.examples import example, show
    from tenure.app.fitting import fit, unfitted
    from tenure.app.grocer import demo
    from tenure.app.idling import idle, rivals
    from tenure.app.ingestion import inbox
    from tenure.app.intake import extracts, facts, import_sources, import_table, quarantine
    from tenure.app.library import Made, Shelved, add, every_name, library, new
    from tenure.app.line import decide, learn, profile, profiles, send, sent_sentence
    from tenure.app.looking import campaigns, customer, doctor, explain, outbox, report
    from tenure.app.previewing import Previewed, preview
    from tenure.app.replaying import replay
    from tenure.app.simulating import Simulation, simulate

__all__ = [
    "Made", "Previewed", "Shelved", "Simulation", "Workspace", "add", "campaigns", "customer", "decide", "demo",
    "doctor", "every_name", "example", "explain", "extracts", "facts", "fit", "idle", "import_sources", "import_table",
    "inbox", "initialise", "learn", "library", "moment", "new", "open_workspace", "outbox", "preview", "profile",
    "profiles", "quarantine", "remarks", "replay", "report", "rivals", "run", "secret", "send", "sent_sentence", "show",
    "simulate", "unfitted", "whatif",
]  # fmt: skip

_WHERE = {
    "asking": ("whatif",),
    "checking": ("remarks",),
    "daily": ("run",),
    "examples": ("example", "show"),
    "fitting": ("fit", "unfitted"),
    "grocer": ("demo",),
    "idling": ("idle", "rivals"),
    "ingestion": ("inbox",),
    "intake": ("extracts", "facts", "import_sources", "import_table", "quarantine"),
    "library": ("Made", "Shelved", "add", "every_name", "library", "new"),
    "line": ("decide", "learn", "profile", "profiles", "send", "sent_sentence"),
    "looking": ("campaigns", "customer", "doctor", "explain", "outbox", "report"),
    "previewing": ("Previewed", "preview"),
    "replaying": ("replay",),
    "simulating": ("Simulation", "simulate"),
}
_HOME = {name: module for module, names in _WHERE.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tenure.app' has no attribute {name!r}")
    found = getattr(import_module(f"tenure.app.{_HOME[name]}"), name)
    # Importing a module of the same name has just put the module here, where the function belongs.
    globals()[name] = found
    return found
