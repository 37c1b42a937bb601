"""Who is served when: nobody loses a tap, nobody waits for ever, glances step aside."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import wait

import pytest

from edge_agent.ports.face import FaceReading
from edge_agent.ports.nfc import CardTap
from edge_agent.recognition.race import now_ms
from edge_agent.services.recognition.identify import WAITING_MAX, Identification, vouched
from retail_core.identity.assurance import Assurance, Factor
from retail_core.texts.faults import FaultCode
from tests.factories.counter import (
    ALICE,
    ALICES_CARD,
    ALICES_PHONE,
    BOB,
    BOBS_CARD,
    BOBS_PHONE,
    Counter,
    record,
    uid_of,
)
from tests.factories.waiting import eventually
from tests.fakes.camera import picture
from tests.fakes.face import seen
from tests.fakes.nfc import FakeNfcReader

SHORT_MS = 250
LONG_MS = 5_000
CODE_SHOWN = 7
RACES = 300


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    counter.hold(ALICE, record("Alice", ALICES_PHONE, ALICES_CARD))
    counter.hold(BOB, record("Bob", BOBS_PHONE, BOBS_CARD))
    yield counter
    counter.stop()


def who(result: Identification) -> object:
    return None if result.member is None else result.member.member_id


def test_a_tap_during_the_last_look_serves_the_next_call(counter: Counter) -> None:
    class LastMomentReader(FakeNfcReader):
        def next_tap(self, *, timeout_ms: int) -> CardTap | None:
            tap = super().next_tap(timeout_ms=timeout_ms)
            if tap is not None and not asked.is_set():
                asked.set()
                counter.identify._race.cancel()  # type: ignore[union-attr]
            return tap

    asked = threading.Event()
    counter.cards._reader = LastMomentReader()
    counter.cards._reader.put(counter.tap(ALICES_CARD, 1))
    assert counter.identify.identify(["nfc"], LONG_MS).outcome == "none"
    assert who(counter.identify.identify(["nfc"], LONG_MS)) == ALICE


def test_a_glance_keeps_what_it_saw_for_who_asks_next(counter: Counter) -> None:
    counter.nfc.put(counter.tap(ALICES_CARD, 1))
    glanced = counter.identify.glance(["nfc"], LONG_MS)
    assert glanced is not None
    assert who(counter.identify.identify(["qr"], SHORT_MS)) is None
    counter.nfc.put(counter.tap(BOBS_CARD, 1))
    counter.identify.glance(["nfc"], LONG_MS)
    assert who(counter.identify.identify(["nfc"], SHORT_MS)) == BOB
    assert who(counter.identify.identify(["nfc"], SHORT_MS)) is None


def test_a_tap_nobody_asked_for_is_told_and_kept(counter: Counter) -> None:
    told = counter.identify.tap(counter.tap(ALICES_CARD, 1))
    assert told is not None
    assert who(told) == ALICE
    assert who(counter.identify.identify(deadline_ms=SHORT_MS)) == ALICE
    refused = counter.identify.tap(counter.tap(uid_of(66), 1))
    assert refused is not None
    assert refused.reasons == (FaultCode.NFC_CARD_UNKNOWN,)


def test_a_tap_that_somebody_else_read_goes_to_the_race_under_way(counter: Counter) -> None:
    results: list[Identification] = []
    asking = threading.Thread(
        target=lambda: results.append(counter.identify.identify(["nfc"], LONG_MS))
    )
    asking.start()
    while counter.identify._race is None and asking.is_alive():
        threading.Event().wait(0.001)
    assert counter.identify.tap(counter.tap(ALICES_CARD, 1)) is None
    asking.join()
    assert [who(result) for result in results] == [ALICE]


def test_who_asks_ends_a_glance_under_way(counter: Counter) -> None:
    glances: list[Identification | None] = []
    glancing = threading.Thread(
        target=lambda: glances.append(counter.identify.glance(["nfc"], LONG_MS))
    )
    began = now_ms()
    glancing.start()
    while counter.identify._race is None and glancing.is_alive():
        threading.Event().wait(0.001)
    assert counter.identify.identify(["nfc"], SHORT_MS).outcome == "none"
    glancing.join()
    assert now_ms() - began < LONG_MS
    assert [glance and glance.outcome for glance in glances] == ["none"]


def test_two_who_ask_are_served_one_after_the_other(counter: Counter) -> None:
    counter.nfc.put(counter.tap(ALICES_CARD, 1))
    counter.nfc.put(counter.tap(BOBS_CARD, 1))
    results: list[Identification] = []
    asking = [
        threading.Thread(target=lambda: results.append(counter.identify.identify(["nfc"], LONG_MS)))
        for _ in range(2)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert {who(result) for result in results} == {ALICE, BOB}


def test_a_till_waits_for_another_no_longer_than_its_own_deadline(counter: Counter) -> None:
    first: list[Identification] = []
    asking = threading.Thread(
        target=lambda: first.append(counter.identify.identify(["nfc"], 2 * LONG_MS))
    )
    asking.start()
    while counter.identify._race is None and asking.is_alive():
        threading.Event().wait(0.001)
    second = counter.identify.identify(["nfc"], SHORT_MS)
    assert first == [], "the other till is still being served"
    assert (second.outcome, second.reasons) == ("none", (FaultCode.CHECKIN_LANE_BUSY,))
    counter.nfc.put(counter.tap(ALICES_CARD, 1))
    asking.join()
    assert [who(result) for result in first] == [ALICE]
    # Nobody waits any more: the lane looks by itself again.
    assert counter.identify.glance(["nfc"], 20) is not None


def test_who_comes_when_enough_wait_is_told_at_once(counter: Counter) -> None:
    """Each waits on a thread of the box: a till that asks again and again takes them all."""
    results: list[Identification] = []
    asking = [
        threading.Thread(target=lambda: results.append(counter.identify.identify(["nfc"], LONG_MS)))
        for _ in range(1 + WAITING_MAX)
    ]
    asking[0].start()
    eventually(lambda: counter.identify._race is not None)
    for thread in asking[1:]:
        thread.start()
    eventually(lambda: counter.identify._waiting == WAITING_MAX)
    crowd = [counter.identify.identify(["nfc"], 10 * LONG_MS) for _ in range(20)]
    assert results == [], "all were answered while the first was being served"
    assert {(one.outcome, one.reasons) for one in crowd} == {
        ("none", (FaultCode.CHECKIN_LANE_BUSY,))
    }
    for number in range(1, 2 + WAITING_MAX):
        counter.nfc.put(counter.tap(ALICES_CARD, number))
    for thread in asking:
        thread.join()
    assert [who(one) for one in results] == [ALICE] * (1 + WAITING_MAX)


def test_a_reader_that_breaks_is_not_an_empty_counter(counter: Counter) -> None:
    class BrokenReader(FakeNfcReader):
        def next_tap(self, *, timeout_ms: int) -> CardTap | None:
            raise RuntimeError("a bug")

    counter.cards._reader = BrokenReader()
    assert counter.identify.identify(["nfc"], LONG_MS).reasons == (FaultCode.API_INTERNAL,)
    assert counter.tally.snapshot()[FaultCode.API_INTERNAL] == 1
    counter.camera.show(picture(CODE_SHOWN))
    counter.qr.payloads[CODE_SHOWN] = (ALICES_PHONE.code(counter.now_s).encode(),)
    assert who(counter.identify.identify(["nfc", "qr"], LONG_MS)) == ALICE
    counter.cards._reader = counter.nfc
    assert counter.identify.identify(["nfc"], SHORT_MS).outcome == "none"


def test_a_reader_that_hangs_costs_the_others_half_their_time(counter: Counter) -> None:
    """pcscd may die in the middle of a call: the lane goes on without cards."""
    release = threading.Event()

    class HangingReader(FakeNfcReader):
        def next_tap(self, *, timeout_ms: int) -> CardTap | None:
            release.wait(10)
            return None

    counter.cards._reader = HangingReader()
    assert counter.identify.identify(["nfc"], SHORT_MS).outcome == "none"
    counter.camera.show(picture(CODE_SHOWN))
    counter.qr.payloads[CODE_SHOWN] = (ALICES_PHONE.code(counter.now_s).encode(),)
    result = counter.identify.identify(["nfc", "qr"], 2 * SHORT_MS)
    assert who(result) == ALICE
    assert FaultCode.NFC_READER_GONE in result.reasons
    release.set()


def test_a_code_read_in_the_moment_of_the_end_serves_the_next_call(counter: Counter) -> None:
    code = ALICES_PHONE.code(counter.now_s).encode()

    class SlowReader:
        """Is still at a frame when its race ends."""

        def read(self, image: object) -> tuple[bytes, ...]:
            if not over.is_set():
                over.set()
                counter.identify._race.cancel()  # type: ignore[union-attr]
                return (code,)
            return ()

    over = threading.Event()
    object.__setattr__(counter.lane.qr, "reader", SlowReader())
    counter.camera.show(picture(CODE_SHOWN))
    assert counter.identify.identify(["qr"], LONG_MS).outcome == "none"
    assert who(counter.identify.identify(["qr"], SHORT_MS)) == ALICE
    assert counter.identify.identify(["qr"], SHORT_MS).outcome == "none"


def test_what_was_kept_for_another_reader_waits_for_it(counter: Counter) -> None:
    counter.nfc.put(counter.tap(ALICES_CARD, 1))
    counter.identify.glance(["nfc"], LONG_MS)
    assert who(counter.identify.identify(["qr"], SHORT_MS)) is None
    assert who(counter.identify.identify(["nfc"], SHORT_MS)) == ALICE


def test_hundreds_of_cancelled_races_leave_nothing_behind(counter: Counter) -> None:
    """Taps are put at any moment of races that end at any moment: each is told once, none lost."""
    draw = random.Random(7)  # noqa: S311 - repeatable
    counter.camera.show(picture(1))
    told: list[object] = []
    for count in range(RACES):
        member, card = ((ALICE, ALICES_CARD), (BOB, BOBS_CARD))[count % 2]
        putting = threading.Timer(
            draw.uniform(0, 0.006), counter.nfc.put, [counter.tap(card, count + 1)]
        )
        putting.start()
        result = counter.identify.identify((), draw.randint(1, 6))
        putting.join()
        while result.outcome != "member":
            result = counter.identify.identify((), 50)
        told.append(who(result) == member)
    assert all(told)
    assert len(told) == RACES
    wait(counter.identify._running.values())
    lanes = [one for one in threading.enumerate() if one.name.startswith("identify")]
    assert len(lanes) <= len(counter.identify.factors)
    assert not counter.cards._carried
    assert counter.identify._race is None
    assert counter.identify.identify((), 20).outcome == "none"


def test_stopping_lets_go_of_who_waits(counter: Counter) -> None:
    results: list[Identification] = []
    asking = threading.Thread(
        target=lambda: results.append(counter.identify.identify(["nfc"], 10_000))
    )
    began = now_ms()
    asking.start()
    while counter.identify._race is None and asking.is_alive():
        threading.Event().wait(0.001)
    counter.stop()
    asking.join()
    assert now_ms() - began < 10_000
    assert [result.outcome for result in results] == ["none"]
    assert counter.identify.identify(["nfc"], 50).outcome == "none"


def test_what_was_checked_elsewhere_gets_its_assurance(counter: Counter) -> None:
    held = counter.replica.member(ALICE)
    assert vouched(held, Factor.PHONE_NUMBER).assurance is Assurance.LOW
    assert vouched(None, Factor.PHONE_NUMBER).outcome == "unknown"


def test_at_the_deadline_the_best_part_is_told(counter: Counter) -> None:
    """Two good frames are no vote: a hint that names nobody, so that nothing is shown or booked."""
    counter.enrol_face(ALICE, 1.0)

    class TwoFrames:
        """Covers the lens after the second frame."""

        model_id = counter.engine.model_id
        left = 2

        def read(self, image: object) -> FaceReading:
            self.left -= 1
            if self.left == 0:
                counter.camera.show(None)
            return seen(1.0)

    object.__setattr__(counter.lane.face, "engine", TwoFrames())
    counter.camera.show(picture(1))
    result = counter.identify.identify(["face"], SHORT_MS)
    assert (result.outcome, result.assurance, result.factor) == (
        "ask",
        Assurance.HINT,
        Factor.FACE_FRAME,
    )
    assert result.member is None
    assert result.in_budget is None
    assert {"face", "frame_age"} <= result.stage_ms.keys()
