"""structlog without Rich, which it takes along to paint tracebacks: a box logs JSON."""

import sys
from importlib import import_module

PAINTER = "rich"


def load_structlog() -> None:
    """Load it with Rich out of sight, 4 MB less; whoever wants Rich afterwards finds it.

    Only where neither was loaded before: what a command has, it keeps.
    """
    if PAINTER in sys.modules or "structlog" in sys.modules:
        return
    sys.modules[PAINTER] = None  # type: ignore[assignment]  # as the import system has it
    try:
        import_module("structlog")
    finally:
        del sys.modules[PAINTER]
