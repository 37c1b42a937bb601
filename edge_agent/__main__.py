"""`edge-agent`: the box's program as systemd starts it, and its commands as people call them."""

import sys
from collections.abc import Sequence
from pathlib import Path

CONFIG_OPTIONS = ("--config", "-c")


def started(arguments: Sequence[str]) -> Path | None:
    """Return the config of a plain `run --config FILE`; None for all else, which the commands read.

    That one is in memory for weeks, and the library that reads command lines with it.
    """
    if len(arguments) == 3 and arguments[0] == "run" and arguments[1] in CONFIG_OPTIONS:  # noqa: PLR2004 -- these three words
        return Path(arguments[2])
    return None


def main() -> None:
    """Be the console script."""
    config = started(sys.argv[1:])
    if config is not None:
        from edge_agent.cli.running import run_box  # noqa: PLC0415 -- see `started`

        sys.exit(run_box(config))
    from edge_agent.cli.commands import app  # noqa: PLC0415 -- see `started`
    from retail_core.terminal import guard_terminal  # noqa: PLC0415 -- it takes Rich in hand

    guard_terminal()
    app()


if __name__ == "__main__":
    main()
