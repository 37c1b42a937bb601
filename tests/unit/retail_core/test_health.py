"""Can this shop sell?"""

from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.fleet.health import Facts, HealthState, can_sell
from retail_core.texts.faults import FAULTS, FaultCode


def judged(facts: Facts) -> tuple[HealthState, tuple[FaultCode, ...]]:
    health = can_sell(facts)
    return health.state, tuple(one.code for one in health.reasons)


def test_a_shop_with_nothing_wrong_sells() -> None:
    assert judged(Facts()) == (HealthState.OK, ())
    devices = {"camera": "ok", "nfc": "starting", "qr": "off", "till_tap": "off", "cloud": "ok"}
    assert judged(Facts(devices=devices)) == (HealthState.OK, ())


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (Facts(has_catalogue=False), FaultCode.CATALOGUE_EMPTY),
        (Facts(has_bundle=False), FaultCode.BUNDLE_MISSING),
        (Facts(clock=TimeQuality.UNKNOWN), FaultCode.QR_CLOCK_UNKNOWN),
        (Facts(devices={"camera": "stalled"}), FaultCode.CAMERA_STALLED),
        (Facts(devices={"camera": "gone"}), FaultCode.CAMERA_STALLED),
        (Facts(devices={"nfc": "gone"}), FaultCode.NFC_READER_GONE),
        (Facts(devices={"till_tap": "gone"}), FaultCode.TILL_TAP_GONE),
        (Facts(devices={"cloud": "gone"}), FaultCode.SYNC_LINK_DOWN),
    ],
)
def test_it_sells_on_with_something_missing(facts: Facts, reason: FaultCode) -> None:
    assert judged(facts) == (HealthState.DEGRADED, (reason,))


@pytest.mark.parametrize("quality", [TimeQuality.SYNCED, TimeQuality.HOLDOVER])
def test_a_clock_that_holds_is_good_enough(quality: TimeQuality) -> None:
    assert can_sell(Facts(clock=quality)).state is HealthState.OK


@pytest.mark.parametrize("fault", [FaultCode.DISK_FULL, FaultCode.DISK_JOURNAL_CORRUPT])
def test_without_a_journal_it_cannot_sell(fault: FaultCode) -> None:
    assert judged(Facts(journal_fault=Fault(fault))) == (HealthState.CANNOT, (fault,))


def test_the_gravest_reason_comes_first() -> None:
    facts = Facts(
        Fault(FaultCode.DISK_FULL),
        has_catalogue=False,
        has_bundle=False,
        clock=TimeQuality.UNKNOWN,
        devices={"cloud": "gone", "camera": "stalled", "nfc": "gone", "till_tap": "gone"},
    )
    assert judged(facts) == (
        HealthState.CANNOT,
        (
            FaultCode.DISK_FULL,
            FaultCode.CATALOGUE_EMPTY,
            FaultCode.BUNDLE_MISSING,
            FaultCode.QR_CLOCK_UNKNOWN,
            FaultCode.TILL_TAP_GONE,
            FaultCode.NFC_READER_GONE,
            FaultCode.CAMERA_STALLED,
            FaultCode.SYNC_LINK_DOWN,
        ),
    )


def test_a_silent_box_is_gone_whatever_it_said_last() -> None:
    assert can_sell(Facts(silent_ms=75_000)).state is HealthState.OK
    gone = (HealthState.GONE, (FaultCode.SYNC_LINK_DOWN,))
    assert judged(Facts(silent_ms=75_001)) == gone
    assert judged(Facts(Fault(FaultCode.DISK_FULL), silent_ms=75_001)) == gone


DEVICES = st.dictionaries(
    st.sampled_from(["camera", "qr", "nfc", "till_tap", "cloud", "scale"]),
    st.sampled_from(["ok", "starting", "stalled", "gone", "off", "unheard of"]),
)


@given(st.booleans(), st.booleans(), st.sampled_from(TimeQuality), DEVICES)
def test_a_shop_is_ok_exactly_when_nothing_is_missing(
    has_catalogue: bool,  # noqa: FBT001 -- drawn, not called
    has_bundle: bool,  # noqa: FBT001
    clock: TimeQuality,
    devices: dict[str, str],
) -> None:
    facts = Facts(None, has_catalogue, has_bundle, clock, devices)
    health = can_sell(facts)
    assert health.state is (HealthState.DEGRADED if health.reasons else HealthState.OK)
    for reason in health.reasons:
        fields = [name for _, name, _, _ in Formatter().parse(FAULTS[reason.code].zh) if name]
        assert not fields, "a reason on a wall has no fields to fill it with"
