"""The box's program from its config file to its exit code, without what only commands need."""

from pathlib import Path

from edge_agent.cli.unpainted import load_structlog, without_former_models
from edge_agent.settings import load_settings
from retail_core.errors import Fault


def run_box(config: Path) -> int:
    """Run until a signal and return the exit code; what stood in the way is said on stderr."""
    load_structlog()
    without_former_models()
    # After it, because everything in them logs.
    from edge_agent.cli.logs import log_to_stderr  # noqa: PLC0415 -- see above
    from edge_agent.cli.serving import serve  # noqa: PLC0415 -- see above

    try:
        settings = load_settings(config)
        log_to_stderr()
        serve(settings)
    except Fault as wrong:
        # Paints what it says: loaded by a program that ends.
        from edge_agent.cli.common import told  # noqa: PLC0415 -- see above
        from retail_core.terminal import guard_terminal  # noqa: PLC0415 -- see above

        guard_terminal()
        return told(wrong)
    return 0
