"""Face, code and card race; the surest wins, and every refusal has its code."""

from collections.abc import Iterator

import pytest

from edge_agent.ports.nfc import CardTap
from edge_agent.ports.replica import HeldMember
from edge_agent.recognition.race import now_ms
from edge_agent.services.recognition.identify import Identification
from retail_core.clock import TimeQuality
from retail_core.identity.assurance import Assurance, Factor
from retail_core.identity.member_code import key_id_of
from retail_core.texts.faults import FaultCode
from tests.factories.counter import (
    ALICE,
    ALICES_CARD,
    ALICES_PHONE,
    BOB,
    BOBS_CARD,
    BOBS_PHONE,
    CAROL,
    Counter,
    card_hash,
    record,
    uid_of,
)
from tests.fakes.camera import picture
from tests.fakes.card_counters import FakeCardCounters
from tests.fakes.face import seen

SHORT_MS = 250
LONG_MS = 5_000


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    counter.hold(ALICE, record("Alice", ALICES_PHONE, ALICES_CARD))
    counter.hold(BOB, record("Bob", BOBS_PHONE, BOBS_CARD))
    yield counter
    counter.stop()


def who(result: Identification) -> object:
    return None if result.member is None else result.member.member_id


# ---- faces --------------------------------------------------------------------------------------


def test_a_face_is_accepted_by_a_vote_of_frames_and_worth_little(counter: Counter) -> None:
    counter.enrol_face(ALICE, 1.0)
    counter.enrol_face(BOB, 0.0, 1.0)
    counter.engine.readings[1] = seen(1.0, 0.1)
    counter.camera.show(picture(1))
    result = counter.identify.identify(deadline_ms=LONG_MS)
    assert (result.outcome, who(result), result.factor) == ("member", ALICE, Factor.FACE_VOTE)
    assert result.assurance is Assurance.LOW
    assert counter.engine.calls == 3
    assert result.first_usable_ms is not None
    assert result.frame_to_member_ms is not None
    assert result.first_usable_ms >= result.frame_to_member_ms >= 0
    assert result.stage_ms["face"] >= 0
    assert result.reasons == ()


def test_two_lookalikes_are_asked_not_guessed(counter: Counter) -> None:
    counter.enrol_face(ALICE, 1.0, 0.2)
    counter.enrol_face(BOB, 1.0, -0.2)
    counter.engine.readings[1] = seen(1.0)
    counter.camera.show(picture(1))
    result = counter.identify.identify(deadline_ms=SHORT_MS)
    assert (result.outcome, who(result), result.assurance) == ("ask", None, Assurance.NONE)


def test_a_stranger_is_unknown(counter: Counter) -> None:
    counter.enrol_face(ALICE, 1.0)
    counter.engine.readings[1] = seen(0.0, 0.0, 1.0)
    counter.camera.show(picture(1))
    assert counter.identify.identify(deadline_ms=SHORT_MS).outcome == "unknown"


def test_nobody_there_is_none_with_what_the_gates_said(counter: Counter) -> None:
    counter.enrol_face(ALICE, 1.0)
    counter.camera.show(picture(9))
    result = counter.identify.identify(deadline_ms=SHORT_MS)
    assert (result.outcome, result.reasons) == ("none", (FaultCode.FACE_NONE,))
    assert counter.tally.snapshot() == {"R101": 1}


def test_no_template_is_computed_when_nobody_is_enrolled(counter: Counter) -> None:
    counter.engine.readings[1] = seen(1.0)
    counter.camera.show(picture(1))
    assert counter.identify.identify(deadline_ms=SHORT_MS).outcome == "none"
    assert counter.engine.calls == 0


def test_no_template_is_computed_when_faces_were_not_asked_for(counter: Counter) -> None:
    counter.enrol_face(ALICE, 1.0)
    counter.engine.readings[1] = seen(1.0)
    counter.camera.show(picture(1))
    counter.identify.identify(["qr", "nfc"], SHORT_MS)
    assert counter.engine.calls == 0


def test_a_member_the_shop_no_longer_holds_is_not_recognised(counter: Counter) -> None:
    counter.enrol_face(CAROL, 1.0)
    counter.engine.readings[1] = seen(1.0)
    counter.camera.show(picture(1))
    assert counter.identify.identify(deadline_ms=SHORT_MS).member is None


def test_a_suspicious_face_is_asked_for_the_code() -> None:
    counter = Counter(live_min=0.2)
    counter.hold(ALICE, record("Alice"))
    counter.enrol_face(ALICE, 1.0)
    counter.engine.readings[1] = seen(1.0, liveness=0.01)
    counter.camera.show(picture(1))
    result = counter.identify.identify(["face"], LONG_MS)
    counter.stop()
    assert (result.outcome, who(result)) == ("ask", None)
    assert result.reasons == (FaultCode.FACE_SPOOF_SUSPECTED,)


def test_a_counter_whose_models_failed_says_why_and_looks_at_nobody(counter: Counter) -> None:
    object.__setattr__(counter.lane.face, "off", lambda: FaultCode.MODEL_CRASHED)
    result = counter.identify.identify(["face"], LONG_MS)
    assert (result.outcome, result.reasons) == ("none", (FaultCode.MODEL_CRASHED,))
    assert counter.engine.calls == 0


def test_a_counter_without_face_says_so_when_asked_for_it(counter: Counter) -> None:
    bare = Counter()
    bare.identify.stop()
    result = bare.identify.identify(["face"], 1)
    assert result.outcome == "none"


# ---- codes --------------------------------------------------------------------------------------


def show_code(counter: Counter, text: str, key: int = 5) -> None:
    counter.qr.payloads[key] = (text.encode(),)
    counter.camera.show(picture(key))


def test_a_phones_code_is_sure(counter: Counter) -> None:
    show_code(counter, ALICES_PHONE.code(counter.now_s))
    result = counter.identify.identify(deadline_ms=LONG_MS)
    assert (who(result), result.factor) == (ALICE, Factor.MEMBER_CODE)
    assert result.assurance is Assurance.HIGH


def test_a_code_beats_a_face(counter: Counter) -> None:
    counter.enrol_face(BOB, 1.0)
    counter.engine.readings[5] = seen(1.0)
    show_code(counter, ALICES_PHONE.code(counter.now_s))
    result = counter.identify.identify(deadline_ms=LONG_MS)
    assert (who(result), result.assurance) == (ALICE, Assurance.HIGH)


def test_a_code_counts_once(counter: Counter) -> None:
    show_code(counter, ALICES_PHONE.code(counter.now_s))
    assert counter.identify.identify(["qr"], LONG_MS).outcome == "member"
    again = counter.identify.identify(["qr"], SHORT_MS)
    assert (again.outcome, again.reasons) == ("unknown", (FaultCode.QR_REPLAYED,))


@pytest.mark.parametrize(
    ("text", "reason", "outcome"),
    [
        ("https://example.invalid/menu", FaultCode.QR_FOREIGN, "none"),
        (BOBS_PHONE.code(1_000), FaultCode.QR_EXPIRED, "unknown"),
    ],
)
def test_a_code_that_does_not_hold_has_its_reason(
    counter: Counter, text: str, reason: FaultCode, outcome: str
) -> None:
    show_code(counter, text)
    result = counter.identify.identify(["qr"], SHORT_MS)
    assert (result.outcome, result.reasons) == (outcome, (reason,))
    assert counter.tally.snapshot() == {reason.value: 1}


def test_a_code_held_up_longer_is_one_fault_not_many(counter: Counter) -> None:
    show_code(counter, "https://example.invalid/menu")
    glances = [counter.identify.glance(["qr"], SHORT_MS) for _ in range(3)]
    assert [glance and glance.repeated for glance in glances] == [False, True, True]
    assert counter.tally.snapshot() == {"R201": 1}


def test_a_used_code_held_up_longer_is_not_told_again(counter: Counter) -> None:
    show_code(counter, ALICES_PHONE.code(counter.now_s))
    assert counter.identify.identify(["qr"], LONG_MS).outcome == "member"
    glance = counter.identify.glance(["qr"], SHORT_MS)
    assert glance is not None
    assert glance.repeated
    assert counter.tally.snapshot() == {}


def test_a_forged_code_is_refused(counter: Counter) -> None:
    genuine = ALICES_PHONE.code(counter.now_s)
    other = ALICES_PHONE.code(counter.now_s, nonce=2)
    show_code(counter, genuine[:40] + other[40:])
    result = counter.identify.identify(["qr"], SHORT_MS)
    assert result.member is None
    assert result.reasons[0] in {FaultCode.QR_SIGNATURE, FaultCode.QR_FOREIGN}


def test_an_unset_clock_accepts_no_code(counter: Counter) -> None:
    counter.clock.quality = TimeQuality.UNKNOWN
    show_code(counter, ALICES_PHONE.code(counter.now_s))
    result = counter.identify.identify(["qr"], SHORT_MS)
    assert result.reasons == (FaultCode.QR_CLOCK_UNKNOWN,)


def test_an_unknown_phone_is_asked_of_the_cloud_once(counter: Counter) -> None:
    phone = ALICES_PHONE.__class__(b"c" * 32)
    show_code(counter, phone.code(counter.now_s))
    for _ in range(3):
        result = counter.identify.identify(["qr"], SHORT_MS)
        assert result.reasons == (FaultCode.QR_KEY_UNKNOWN,)
    assert counter.finder.asked == [("phone_key", key_id_of(phone.public))]


def test_a_phone_only_the_cloud_knows_is_recognised(counter: Counter) -> None:
    phone = ALICES_PHONE.__class__(b"c" * 32)
    held = HeldMember(CAROL, 3, record("Carol", phone))
    counter.finder.known["phone_key", key_id_of(phone.public)] = held
    show_code(counter, phone.code(counter.now_s))
    assert who(counter.identify.identify(["qr"], LONG_MS)) == CAROL


def test_a_scanners_text_is_checked_the_same_way(counter: Counter) -> None:
    text = ALICES_PHONE.code(counter.now_s)
    first, second = counter.identify.code(text), counter.identify.code(text.encode())
    assert (who(first), first.assurance) == (ALICE, Assurance.HIGH)
    assert second.reasons == (FaultCode.QR_REPLAYED,)
    assert counter.identify.code("nonsense").reasons == (FaultCode.QR_FOREIGN,)


# ---- cards --------------------------------------------------------------------------------------


def test_a_member_card_is_sure(counter: Counter) -> None:
    counter.nfc.put(counter.tap(ALICES_CARD, 7))
    result = counter.identify.identify(deadline_ms=LONG_MS)
    assert (who(result), result.factor) == (ALICE, Factor.SUN_CARD)
    assert result.assurance is Assurance.HIGH
    assert result.stage_ms["nfc_read"] == 1.5


def test_a_cards_counter_must_rise(counter: Counter) -> None:
    counter.nfc.put(counter.tap(ALICES_CARD, 7))
    assert counter.identify.identify(["nfc"], LONG_MS).outcome == "member"
    counter.nfc.put(counter.tap(ALICES_CARD, 7))
    again = counter.identify.identify(["nfc"], SHORT_MS)
    assert (again.outcome, again.reasons) == ("unknown", (FaultCode.NFC_COUNTER_REPLAYED,))


def test_counters_survive_a_restart() -> None:
    counters = FakeCardCounters()
    before = Counter(counters=counters)
    before.hold(ALICE, record("Alice", card=ALICES_CARD))
    before.nfc.put(before.tap(ALICES_CARD, 7))
    assert before.identify.identify(["nfc"], LONG_MS).outcome == "member"
    before.stop()
    after = Counter(counters=counters)
    after.hold(ALICE, record("Alice", card=ALICES_CARD))
    after.nfc.put(after.tap(ALICES_CARD, 7))
    result = after.identify.identify(["nfc"], SHORT_MS)
    after.stop()
    assert result.reasons == (FaultCode.NFC_COUNTER_REPLAYED,)


def test_cards_that_are_not_ours_have_their_reasons(counter: Counter) -> None:
    genuine = counter.tap(ALICES_CARD, 9)
    cases = {
        CardTap("r", uid_of(8), None, int(now_ms()), 1.0): FaultCode.NFC_CARD_FOREIGN,
        CardTap("r", uid_of(8), genuine.ndef_uri, int(now_ms()), 1.0): FaultCode.NFC_CARD_FOREIGN,
        CardTap("r", ALICES_CARD, f"{genuine.ndef_uri}"[:-4] + "0000", int(now_ms()), 1.0): (
            FaultCode.NFC_MAC
        ),
        counter.tap(uid_of(77), 1): FaultCode.NFC_CARD_UNKNOWN,
    }
    for tap, reason in cases.items():
        counter.nfc.put(tap)
        result = counter.identify.identify(["nfc"], SHORT_MS)
        assert (result.outcome, result.reasons) == ("unknown", (reason,))


def test_a_card_only_the_cloud_knows_is_recognised(counter: Counter) -> None:
    held = HeldMember(CAROL, 3, record("Carol", card=uid_of(3)))
    counter.finder.known["card", card_hash(uid_of(3))] = held
    counter.nfc.put(counter.tap(uid_of(3), 1))
    assert who(counter.identify.identify(["nfc"], LONG_MS)) == CAROL


def test_a_tap_from_long_ago_is_not_this_customers(counter: Counter) -> None:
    counter.nfc.put(counter.tap(ALICES_CARD, 7, ago_ms=60_000))
    assert counter.identify.identify(["nfc"], SHORT_MS).outcome == "none"


def test_a_reader_that_is_gone_is_named(counter: Counter) -> None:
    counter.nfc.unplug()
    result = counter.identify.identify(["nfc"], SHORT_MS)
    assert (result.outcome, result.reasons) == ("none", (FaultCode.NFC_READER_GONE,))


@pytest.mark.parametrize(
    ("state", "reason"),
    [("stalled", FaultCode.CAMERA_STALLED), ("gone", FaultCode.CAMERA_OPEN)],
)
def test_a_camera_that_fails_is_named(counter: Counter, state: str, reason: FaultCode) -> None:
    counter.camera.fail(state)
    result = counter.identify.identify(["qr"], SHORT_MS)
    assert (result.outcome, result.reasons) == ("none", (reason,))
