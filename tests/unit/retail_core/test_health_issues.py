"""Every health issue: injected, raised, mended, cleared; and what keeps issues from flapping."""

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.fleet.checks import BY_CODE, REGISTRY, UNREAD_MIN, Look, TillSeen, findings
from retail_core.fleet.issues import Key, Watched, advance, standing
from retail_core.texts.faults import FAULTS, FaultCode
from retail_core.wire.health import BoxVitals
from tools import health_reference

C = FaultCode
# Sick, better but not well (still standing), well: the three sides of each check's limit.
CASES: dict[FaultCode, tuple[dict[str, int], dict[str, int], dict[str, int]]] = {
    C.HEALTH_UNDERVOLTAGE: ({"throttled": 1}, {"throttled": 1 << 16}, {"throttled": 0}),
    C.HEALTH_THROTTLED: ({"throttled": 1 << 2}, {"throttled": 1 << 3}, {"throttled": 1 << 18}),
    C.HEALTH_HOT: ({"temperature_c": 80}, {"temperature_c": 75}, {"temperature_c": 60}),
    C.HEALTH_CARD_WORN: (
        {"card_life_percent": 80},
        {"card_eol": 2, "card_life_percent": 10},
        {"card_life_percent": 10, "card_eol": 1},
    ),
    C.HEALTH_CARD_FAILING: ({"card_eol": 3}, {"card_life_percent": 110}, {"card_eol": 1}),
    C.HEALTH_DISK_LOW: (
        {"disk_free_percent": 9},
        {"disk_free_percent": 14},
        {"disk_free_percent": 15},
    ),
    C.HEALTH_MEMORY_LOW: (
        {"memory_free_percent": 7},
        {"memory_free_percent": 11},
        {"memory_free_percent": 12},
    ),
    C.HEALTH_CLOCK_UNKNOWN: ({"clock": 0}, {"clock": 0}, {"clock": 1}),
    C.HEALTH_CLOCK_OFF: (
        {"clock_off_ms": 30_000},
        {"clock_off_ms": 5_000},
        {"clock_off_ms": 4_999},
    ),
    C.HEALTH_USB_RESETS: ({"usb_resets_hour": 5}, {"usb_resets_hour": 2}, {"usb_resets_hour": 1}),
    C.HEALTH_CAMERA_STALLS: (
        {"camera_stalls_hour": 6},
        {"camera_stalls_hour": 2},
        {"camera_stalls_hour": 1},
    ),
    C.HEALTH_READER_RESETS: (
        {"reader_resets_hour": 6},
        {"reader_resets_hour": 2},
        {"reader_resets_hour": 1},
    ),
    C.HEALTH_QUEUE_OLD: ({"queue_age_s": 3_600}, {"queue_age_s": 600}, {"queue_age_s": 0}),
    C.HEALTH_JOURNAL_SLOW: ({"journal_ms": 500}, {"journal_ms": 200}, {"journal_ms": 20}),
    C.HEALTH_CERTIFICATE: (
        {"certificate_days": 6},
        {"certificate_days": 7},
        {"certificate_days": 8},
    ),
    C.HEALTH_FACES_FULL: (
        {"faces": 90, "faces_max": 100},
        {"faces": 85, "faces_max": 100},
        {"faces": 84, "faces_max": 100},
    ),
    C.HEALTH_CANNOT_PRICE: ({"priced": 0}, {"priced": 0}, {"priced": 1}),
    C.HEALTH_CANNOT_BOOK: ({"booked": 0}, {"booked": 0}, {"booked": 1}),
    C.HEALTH_SAFE_MODE: ({"safe_mode": 1}, {"safe_mode": 1}, {"safe_mode": 0}),
}
TILLS = {C.HEALTH_TILL_UNREAD, C.HEALTH_TILL_DISAGREES}
HOUR_MS = 3_600_000


@dataclass(slots=True)
class Bed:
    """A box that is looked at again and again."""

    held: dict[Key, Watched] = field(default_factory=dict)
    now_ms: int = 0

    def look(
        self, pause_ms: int, devices: dict[str, str] | None = None, /, **vitals: int
    ) -> set[Key]:
        """Look once after a pause; return the issues that stand."""
        self.now_ms += pause_ms
        keys = frozenset(one.key for one in standing(self.held))
        found = findings(Look(BoxVitals(**vitals), devices or {}, keys))
        self.held = advance(self.held, found, BY_CODE, self.now_ms)
        return {one.key for one in standing(self.held)}


def test_every_check_has_a_case_and_a_text() -> None:
    named = {C.HEALTH_DEVICE_AWAY, C.HEALTH_PART_HUNG, C.HEALTH_FACES_OFF, *TILLS}
    assert {check.code for check in REGISTRY} == {*CASES, *named}
    assert len(BY_CODE) == len(REGISTRY)


def test_each_till_that_is_not_read_or_does_not_agree_is_named() -> None:
    tills = {
        "一号": TillSeen(unread=UNREAD_MIN),
        "二号": TillSeen(unread=UNREAD_MIN - 1),
        "三号": TillSeen(disagrees=True),
    }
    found = findings(Look(BoxVitals(), tills=tills))
    assert [(code, one.subject) for code, one in found] == [
        (C.HEALTH_TILL_UNREAD, "一号"),
        (C.HEALTH_TILL_DISAGREES, "三号"),
    ]
    said = FAULTS[C.HEALTH_TILL_UNREAD].zh.format(**found[0][1].fields)
    assert "一号:最近 5 张" in said


@pytest.mark.parametrize("code", CASES, ids=lambda code: code.value)
def test_an_issue_is_raised_stays_until_it_is_well_and_clears(code: FaultCode) -> None:
    sick, better, well = CASES[code]
    bed, check = Bed(), BY_CODE[code]
    assert (code, "") not in bed.look(0, **well)
    bed.look(1, **sick)
    assert (code, "") in bed.look(check.after_ms, **sick)
    assert (code, "") in bed.look(HOUR_MS, **better)
    assert ((code, "") in bed.look(1, **well)) == (check.gone_ms > 1)
    assert (code, "") not in bed.look(check.gone_ms, **well)


@pytest.mark.parametrize("code", CASES, ids=lambda code: code.value)
def test_its_words_name_what_was_measured(code: FaultCode) -> None:
    found = dict(findings(Look(BoxVitals(**CASES[code][0]))))[code]
    for text in (FAULTS[code].zh, FAULTS[code].en):
        assert "{" not in text.format_map(found.fields)


def test_a_device_that_is_away_is_an_issue_of_its_own() -> None:
    bed, gone = Bed(), {"nfc@a": "gone", "camera@a": "ok", "cloud": "gone"}
    assert bed.look(0, gone) == set()
    assert bed.look(30_000, gone) == {(C.HEALTH_DEVICE_AWAY, "nfc@a")}
    well = {"nfc@a": "ok", "camera@a": "stalled"}
    assert bed.look(1_000, well) == {(C.HEALTH_DEVICE_AWAY, "nfc@a")}
    assert bed.look(59_000, well) == {(C.HEALTH_DEVICE_AWAY, "camera@a")}


def test_faces_without_models_are_no_plug_that_somebody_pushes_in() -> None:
    devices = {"face": "gone", "face@a": "gone", "camera": "ok", "nfc": "ok"}
    ((code, found),) = findings(Look(BoxVitals(), devices, faces_off=C.MODEL_CRASHED))
    assert code is C.HEALTH_FACES_OFF
    for text in (FAULTS[code].zh, FAULTS[code].en):
        assert "(M106)" in text.format_map(found.fields)
    # Where the camera is the reason, the models are not.
    assert away(devices | {"camera": "gone", "camera@a": "gone"}) == ["camera@a"]


def away(devices: dict[str, str]) -> list[str]:
    found = findings(Look(BoxVitals(), devices))
    assert {code for code, _ in found} <= {C.HEALTH_DEVICE_AWAY}
    return [one.subject for _, one in found]


def test_one_dead_camera_is_one_issue_and_one_plug() -> None:
    blind = {"camera": "gone", "face": "gone", "qr": "gone", "nfc": "ok"}
    assert away(blind) == ["camera"]
    assert away(blind | {"camera": "ok", "face": "ok"}) == ["qr"], "its reader has not come up"


def test_of_several_lanes_the_one_is_named_where_it_is() -> None:
    lanes = {f"{kind}@{lane}": "ok" for kind in ("camera", "face", "qr", "nfc") for lane in "ab"}
    sick = {"camera@b": "gone", "face@b": "gone", "qr@b": "gone", "nfc@a": "gone"}
    worst = {"camera": "gone", "face": "gone", "qr": "gone", "nfc": "gone", "till_tap": "gone"}
    assert away(lanes | sick | worst) == ["camera@b", "nfc@a", "till_tap"]


@pytest.mark.parametrize("sick", [{"card_eol": 3}, {"card_life_percent": 110}])
def test_a_card_to_be_replaced_today_is_not_one_for_the_next_visit(sick: dict[str, int]) -> None:
    codes = [code for code, _ in findings(Look(BoxVitals(**{"card_life_percent": 100} | sick)))]
    assert codes == [C.HEALTH_CARD_FAILING]


def test_a_part_of_the_program_that_hangs_is_no_device() -> None:
    bed, hangs = Bed(), {"part:journal": "stalled", "nfc": "ok"}
    assert bed.look(0, hangs) == {(C.HEALTH_PART_HUNG, "journal")}
    assert bed.look(59_000, {"nfc": "ok"}) == {(C.HEALTH_PART_HUNG, "journal")}
    assert bed.look(2_000, {"nfc": "ok"}) == set()


def test_a_reader_that_blinks_neither_raises_nor_clears() -> None:
    bed = Bed()
    for state in ("gone", "ok") * 20:
        assert bed.look(10_000, {"nfc": state}) == set()
    bed.look(0, {"nfc": "gone"})
    bed.look(30_000, {"nfc": "gone"})
    for state in ("ok", "gone") * 20:
        assert bed.look(10_000, {"nfc": state}) == {(C.HEALTH_DEVICE_AWAY, "nfc")}


@given(st.lists(st.tuples(st.integers(0, 120_000), st.integers(40, 100)), max_size=40))
def test_a_warm_box_changes_its_mind_no_faster_than_its_patience(
    looks: list[tuple[int, int]],
) -> None:
    bed, check, turned_ms, stood = Bed(), BY_CODE[C.HEALTH_HOT], 0, False
    for pause_ms, celsius in looks:
        stands = bool(bed.look(pause_ms, temperature_c=celsius))
        if stands != stood:
            assert bed.now_ms - turned_ms >= min(check.after_ms, check.gone_ms)
            turned_ms, stood = bed.now_ms, stands


def test_a_box_full_of_issues_says_no_more_than_fits_a_message() -> None:
    away = {f"nfc@{lane}": "gone" for lane in range(99)}
    bed = Bed()
    bed.look(0, away)
    assert len(bed.look(30_000, away)) == limits.HEALTH_ISSUES_MAX


def test_what_a_board_cannot_say_is_not_wrong() -> None:
    assert findings(Look(BoxVitals())) == []
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(BoxVitals()), type=BoxVitals).faces is None


def test_the_page_of_issues_is_what_the_registry_says() -> None:
    assert health_reference.PAGE.read_text(encoding="utf-8") == health_reference.render()
