"""What the program says of itself: one JSON object a line on stderr."""

import logging
import sys
from typing import TextIO, cast

import structlog

from edge_agent.bootstrap.diag import LOG_TAIL


class _Stderr:
    """Standard error as it is when something is said; a test's runner closes its own."""

    def write(self, text: str) -> int:
        """Write, and keep the last lines for diagnostics."""
        LOG_TAIL.write(text)
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush."""
        sys.stderr.flush()


def _stderr() -> TextIO:
    return cast("TextIO", _Stderr())


def log_to_stderr() -> None:
    """One JSON object a line on stderr, from our code and from the libraries."""
    stderr = _stderr()
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            # What a library, or our own code through logging, says beside its words.
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
