"""Every check of a box at both sides of its limit, and what the issue then says."""

import pytest
from msgspec.structs import fields

from retail_core.fleet.checks import BY_CODE, Look, TillSeen, findings
from retail_core.fleet.issues import Finding, Watched, advance, standing
from retail_core.texts.faults import FaultCode
from retail_core.wire.health import BoxVitals

C = FaultCode


def said(code: FaultCode, **vitals: int) -> list[dict[str, str]]:
    """Return what one check finds, by the fields it says."""
    return _said(code, Look(BoxVitals(**vitals)))


def still_said(code: FaultCode, **vitals: int) -> list[dict[str, str]]:
    """Return what it finds while its issue stands."""
    return _said(code, Look(BoxVitals(**vitals), standing=frozenset({(code, "")})))


def _said(code: FaultCode, look: Look) -> list[dict[str, str]]:
    return [dict(one.fields) for found, one in findings(look) if found is code]


# code, figure, the last value that is well, the first that is not, and, once it stands, the last
# value that keeps it and the first that is well again; then the fields said of the bad value.
OVER = [
    (C.HEALTH_HOT, "temperature_c", 79, 80, 72, 71, {"celsius": "80"}),
    (C.HEALTH_CARD_WORN, "card_life_percent", 79, 80, 80, 79, {"percent": "80"}),
    (C.HEALTH_CARD_FAILING, "card_life_percent", 99, 100, 100, 99, {}),
    (C.HEALTH_CLOCK_OFF, "clock_off_ms", 29_999, 30_000, 5_000, 4_999, {"seconds": "30"}),
    (C.HEALTH_USB_RESETS, "usb_resets_hour", 4, 5, 2, 1, {"count": "5"}),
    (C.HEALTH_CAMERA_STALLS, "camera_stalls_hour", 5, 6, 2, 1, {"count": "6"}),
    (C.HEALTH_READER_RESETS, "reader_resets_hour", 5, 6, 2, 1, {"count": "6"}),
    (C.HEALTH_JOURNAL_SLOW, "journal_ms", 499, 500, 200, 199, {"ms": "500"}),
    (C.HEALTH_MEMORY_LOW, "memory_free_percent", 8, 7, 11, 12, {"percent": "7"}),
    (C.HEALTH_CERTIFICATE, "certificate_days", 7, 6, 7, 8, {"days": "6"}),
]


@pytest.mark.parametrize(
    ("code", "figure", "well", "bad", "keeps", "clears", "told"), OVER, ids=str
)
def test_a_limit_has_two_sides(
    code: FaultCode,
    figure: str,
    well: int,
    bad: int,
    keeps: int,
    clears: int,
    told: dict[str, str],
) -> None:
    assert figure in {one.name for one in fields(BoxVitals)}
    assert said(code, **{figure: well}) == []
    assert said(code, **{figure: bad}) == [told]
    assert len(still_said(code, **{figure: keeps})) == 1
    assert still_said(code, **{figure: clears}) == []
    assert still_said(code) == [], "what a board cannot say is not found wrong"


@pytest.mark.parametrize(
    ("code", "vitals", "told"),
    [
        (C.HEALTH_UNDERVOLTAGE, {"throttled": 1}, {}),
        (C.HEALTH_UNDERVOLTAGE, {"throttled": 1 << 16}, {}),
        (C.HEALTH_THROTTLED, {"throttled": 2}, {}),
        (C.HEALTH_THROTTLED, {"throttled": 4}, {}),
        (C.HEALTH_THROTTLED, {"throttled": 8}, {}),
        (C.HEALTH_CARD_WORN, {"card_eol": 2}, {"percent": "≥80"}),
        (C.HEALTH_CARD_FAILING, {"card_eol": 3}, {}),
        (
            C.HEALTH_DISK_LOW,
            {"disk_free_percent": 9, "disk_free_mb": 700},
            {"percent": "9", "mb": "700"},
        ),
        (C.HEALTH_CLOCK_UNKNOWN, {"clock": 0}, {}),
        (
            C.HEALTH_QUEUE_OLD,
            {"queue_age_s": 3_600, "queue_depth": 17},
            {"minutes": "60", "count": "17"},
        ),
        (C.HEALTH_FACES_FULL, {"faces": 90, "faces_max": 100}, {"count": "90", "most": "100"}),
        (C.HEALTH_CANNOT_PRICE, {"priced": 0}, {}),
        (C.HEALTH_CANNOT_BOOK, {"booked": 0}, {}),
        (C.HEALTH_SAFE_MODE, {"safe_mode": 1}, {}),
    ],
)
def test_what_else_is_found(code: FaultCode, vitals: dict[str, int], told: dict[str, str]) -> None:
    assert said(code, **vitals) == [told]


@pytest.mark.parametrize(
    ("code", "vitals"),
    [
        (C.HEALTH_UNDERVOLTAGE, {"throttled": 2}),
        (C.HEALTH_THROTTLED, {"throttled": 1 << 16 | 1}),
        (C.HEALTH_CARD_WORN, {"card_eol": 1}),
        (C.HEALTH_CARD_FAILING, {"card_eol": 2}),
        (C.HEALTH_DISK_LOW, {"disk_free_percent": 10}),
        (C.HEALTH_CLOCK_UNKNOWN, {"clock": 1}),
        (C.HEALTH_QUEUE_OLD, {"queue_age_s": 3_599}),
        (C.HEALTH_FACES_FULL, {"faces": 899, "faces_max": 1_000}),
        (C.HEALTH_FACES_FULL, {"faces": 5, "faces_max": 0}),
        (C.HEALTH_FACES_FULL, {"faces": 5}),
        (C.HEALTH_CANNOT_PRICE, {"priced": 1}),
        (C.HEALTH_CANNOT_BOOK, {"booked": 1}),
        (C.HEALTH_SAFE_MODE, {"safe_mode": 0}),
    ],
)
def test_what_is_well(code: FaultCode, vitals: dict[str, int]) -> None:
    assert said(code, **vitals) == []


def test_milder_sides_of_what_stands() -> None:
    assert still_said(C.HEALTH_DISK_LOW, disk_free_percent=14)
    assert not still_said(C.HEALTH_DISK_LOW, disk_free_percent=15)
    assert still_said(C.HEALTH_QUEUE_OLD, queue_age_s=600)
    assert not still_said(C.HEALTH_QUEUE_OLD, queue_age_s=599)
    assert still_said(C.HEALTH_FACES_FULL, faces=85, faces_max=100)
    assert not still_said(C.HEALTH_FACES_FULL, faces=84, faces_max=100)


def found(look: Look, code: FaultCode) -> list[Finding]:
    return [one for name, one in findings(look) if name is code]


def test_tills_and_parts_are_named() -> None:
    look = Look(
        BoxVitals(),
        {"part:journal": "stalled", "part:uplink": "ok", "nfc@b": "gone", "nfc@a": "stalled"},
        tills={"2": TillSeen(5, disagrees=True), "1": TillSeen(4), "3": TillSeen(6)},
    )
    assert found(look, C.HEALTH_PART_HUNG) == [Finding("journal", {"part": "journal"})]
    assert found(look, C.HEALTH_DEVICE_AWAY) == [
        Finding("nfc@a", {"device": "nfc@a", "state": "stalled"}),
        Finding("nfc@b", {"device": "nfc@b", "state": "gone"}),
    ]
    assert found(look, C.HEALTH_TILL_UNREAD) == [
        Finding("2", {"till": "2", "count": "5"}),
        Finding("3", {"till": "3", "count": "6"}),
    ]
    assert found(look, C.HEALTH_TILL_DISAGREES) == [Finding("2", {"till": "2"})]


def test_faces_that_are_off_say_why() -> None:
    look = Look(BoxVitals(), {"face@1": "gone"}, faces_off=C.MODEL_MISSING)
    assert found(look, C.HEALTH_FACES_OFF) == [Finding("", {"why": str(C.MODEL_MISSING)})]
    assert found(look, C.HEALTH_DEVICE_AWAY) == []
    assert found(Look(BoxVitals(), {"face@1": "gone"}), C.HEALTH_FACES_OFF) == []


HOT = C.HEALTH_HOT
NEWS = Finding("", {"celsius": "80"})


def test_a_finding_is_raised_when_it_lasted_and_goes_when_it_stayed_away() -> None:
    patience, key = BY_CODE, (HOT, "")
    after, gone = BY_CODE[HOT].after_ms, BY_CODE[HOT].gone_ms
    held = advance({}, [(HOT, NEWS)], patience, 1_000)
    assert held == {key: Watched(HOT, NEWS, 1_000, 1_000, raised=False)}
    early = advance(held, [(HOT, NEWS)], patience, 999 + after)
    assert early[key] == Watched(HOT, NEWS, 1_000, 999 + after, raised=False)
    raised = advance(held, [(HOT, NEWS)], patience, 1_000 + after)
    assert raised[key] == Watched(HOT, NEWS, 1_000, 1_000 + after, raised=True)
    assert standing(raised) == (raised[key],)
    assert standing(early) == ()
    last = 1_000 + after
    assert advance(raised, [], patience, last + gone - 1) == raised
    assert advance(raised, [], patience, last + gone) == {}
    assert advance(early, [], patience, 999 + after + 1) == {}, "it was none yet"
