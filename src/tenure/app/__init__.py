"""The roof beam: hands the doors the operations of a workspace.

A door gives a `Workspace` and what the person asked for; each function opens the machines that an operation needs,
calls it, and lets go of them. Nothing is decided here, and `adapters.py` alone names what stands behind a port.
"""

from tenure.app.workspace import Workspace, initialise, moment, open_workspace, secret

__all__ = ["Workspace", "initialise", "moment", "open_workspace", "secret"]
