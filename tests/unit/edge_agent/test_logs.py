"""What the box says of itself: one JSON object a line, with everything that belongs to it."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from edge_agent.cli.logs import log_to_stderr


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Take away what a program sets for itself."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_what_is_said_beside_the_words_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr()
    logging.getLogger("edge_agent.line").warning("broker refused", extra={"reason": "not known"})
    said = json.loads(capsys.readouterr().err)
    assert said["event"] == "broker refused"
    assert said["level"] == "warning"
    assert said["reason"] == "not known"
