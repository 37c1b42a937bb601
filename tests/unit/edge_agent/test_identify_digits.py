"""The digit code at a counter: who it names, what it is worth, and that it counts once."""

from collections.abc import Iterator

import pytest

from edge_agent.services.recognition.identify import Identification
from edge_agent.services.recognition.readers import Reader
from retail_core.clock import TimeQuality
from retail_core.identity import digit_code
from retail_core.identity.assurance import Action, Assurance, Factor, allows
from retail_core.texts.faults import FaultCode
from tests.factories.counter import ALICE, ALICES_CARD, ALICES_PHONE, BOB, SECRET, Counter, record
from tests.fakes.camera import picture

SHORT_MS = 250


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    counter.hold(ALICE, record("Alice", ALICES_PHONE, ALICES_CARD))
    counter.hold(BOB, record("Bob"))
    yield counter
    counter.stop()


def code(counter: Counter, late_s: int = 0) -> str:
    return digit_code.make(SECRET, ALICE.bytes, counter.now_s + late_s)


def refused(result: Identification) -> FaultCode:
    assert result.outcome == "unknown"
    (reason,) = result.reasons
    return reason


def test_it_names_its_member_and_does_not_spend(counter: Counter) -> None:
    result = counter.identify.code(code(counter))
    assert result.member is not None
    assert (result.member.member_id, result.factor) == (ALICE, Factor.DIGIT_CODE)
    assert result.assurance is Assurance.LOW
    assert allows(result.assurance, Action.EARN)
    assert not allows(result.assurance, Action.REDEEM_POINTS)


def test_it_counts_once(counter: Counter) -> None:
    shown = code(counter)
    assert counter.identify.code(shown).outcome == "member"
    assert refused(counter.identify.code(shown)) == FaultCode.QR_REPLAYED
    counter.clock.advance(30_000)
    assert counter.identify.code(code(counter)).outcome == "member"


def test_a_camera_reads_it_and_the_next_question_gets_it(counter: Counter) -> None:
    counter.qr.payloads[1] = (code(counter).encode(),)
    counter.camera.show(picture(1))
    codes: tuple[Reader, ...] = ("qr",)
    early = counter.identify.glance(codes, SHORT_MS)
    assert early is not None
    assert early.factor is Factor.DIGIT_CODE
    assert early.reasons == ()
    asked = counter.identify.identify(deadline_ms=SHORT_MS)
    assert (asked.outcome, asked.factor) == ("member", Factor.DIGIT_CODE)


def test_nobody_held_here_has_the_number(counter: Counter) -> None:
    shown = digit_code.make(SECRET, BOB.bytes, counter.now_s)
    assert refused(counter.identify.code(shown)) == FaultCode.QR_DIGITS_UNKNOWN
    assert counter.finder.asked == []


def test_an_old_number_is_refused(counter: Counter) -> None:
    assert refused(counter.identify.code(code(counter, -300))) == FaultCode.QR_DIGITS_WRONG


def test_a_mistyped_number_is_foreign(counter: Counter) -> None:
    shown = code(counter)
    wrong = shown[:-1] + str((int(shown[-1]) + 1) % 10)
    assert refused(counter.identify.code(wrong)) == FaultCode.QR_FOREIGN


def test_without_the_time_no_code_is_believed(counter: Counter) -> None:
    counter.clock.quality = TimeQuality.UNKNOWN
    assert refused(counter.identify.code(code(counter))) == FaultCode.QR_CLOCK_UNKNOWN
    shown = ALICES_PHONE.code(counter.now_s)
    assert refused(counter.identify.code(shown)) == FaultCode.QR_CLOCK_UNKNOWN


@pytest.mark.parametrize("payment", ["13", "28"])
def test_a_payment_code_is_nothing_of_ours(counter: Counter, payment: str) -> None:
    shown = payment + "0" * 16
    assert refused(counter.identify.code(shown)) == FaultCode.QR_FOREIGN
