"""What libraries of the box take along and a box never uses, left out of its memory."""

import sys
from importlib import import_module

PAINTER = "rich"
# FastAPI asks of every annotation whether it is a model of the Pydantic before this one.
FORMER = "pydantic.v1"


def load_structlog() -> None:
    """Load it with Rich out of sight, 4 MB less; whoever wants Rich afterwards finds it.

    It paints tracebacks, and a box logs JSON. Only where neither was loaded before: what a command
    has, it keeps.
    """
    if PAINTER in sys.modules or "structlog" in sys.modules:
        return
    sys.modules[PAINTER] = None  # type: ignore[assignment]  # as the import system has it
    try:
        import_module("structlog")
    finally:
        del sys.modules[PAINTER]


def without_former_models() -> None:
    """Let nobody load Pydantic's former self from now on: FastAPI takes it for not installed."""
    sys.modules.setdefault(FORMER, None)  # type: ignore[arg-type]  # as the import system has it
