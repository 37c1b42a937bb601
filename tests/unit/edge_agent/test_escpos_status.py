"""Whether the printer can print, from answers that come late, early or never."""

import pytest

from edge_agent.drivers.till_escpos.frames import Tokenizer
from edge_agent.drivers.till_escpos.status import PrinterStatus

OFFLINE, PAPER, GS_PAPER = b"\x10\x04\x01", b"\x10\x04\x04", b"\x1dr\x01"
WELL, GONE, NO_PAPER, GS_WELL, GS_OUT = b"\x12", b"\x1a", b"\x72", b"\x00", b"\x0c"


def asked(status: PrinterStatus, *questions: bytes) -> None:
    for token in Tokenizer().feed(b"".join(questions)):
        status.asked(token)


@pytest.mark.parametrize(
    ("questions", "answers", "prints"),
    [
        ([OFFLINE], WELL, True),
        ([OFFLINE], GONE, False),
        ([GS_PAPER, OFFLINE], WELL + GS_OUT, False),
        ([GS_PAPER, PAPER], NO_PAPER + GS_WELL, False),
        ([PAPER, OFFLINE, PAPER, OFFLINE], WELL + GONE, False),
        ([], GONE, True),
    ],
    ids=[
        "well",
        "off-line",
        "overtaken",
        "overtaken, no paper",
        "two never answered",
        "nobody asked",
    ],
)
def test_an_answer_is_that_of_its_question(
    questions: list[bytes], answers: bytes, *, prints: bool
) -> None:
    status = PrinterStatus()
    asked(status, *questions)
    status.answered(answers)
    assert status.can_print is prints


def test_a_question_put_again_was_not_answered() -> None:
    status = PrinterStatus()
    asked(status, PAPER, OFFLINE)
    asked(status, PAPER)
    status.answered(NO_PAPER)
    assert not status.can_print
    asked(status, PAPER)
    status.answered(WELL)
    assert status.can_print
