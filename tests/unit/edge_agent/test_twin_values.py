"""What HQ sends is checked as the box's own file is, and changes what the box starts with."""

from pathlib import Path

import pytest

from edge_agent.bootstrap.twin_tills import clashes
from edge_agent.bootstrap.twin_values import fitting, put, with_values
from edge_agent.settings import load_settings
from retail_core.errors import Fault
from retail_core.fleet.twin_settings import SETTINGS, Applies, Kind, Setting, Value, zone_of
from retail_core.texts.faults import FaultCode
from tests.factories.agent_files import CONFIG, THREE_TILLS, TWO_LANES, write_agent

OF_LANES = ("camera.source", "nfc.reader", "qr.from_camera")


def some_value(key: str, setting: Setting) -> Value:
    """Return a value that is not the usual one."""
    if setting.kind is Kind.FLAG:
        return key != "qr.from_camera"
    if setting.kind is Kind.NUMBER:
        return setting.low + 1
    if setting.kind is Kind.CHOICE:
        return setting.choices[-1]
    if setting.kind is Kind.ZONE:
        return "0.1,0,0.9,1"
    return "rtsp://10.0.0.9/1" if key == "camera.source" else "一句话"


def test_every_key_that_applies_at_a_start_reaches_the_settings(tmp_path: Path) -> None:
    settings = load_settings(write_agent(tmp_path))
    for key, setting in SETTINGS.items():
        if setting.applies is Applies.AT_START:
            value = some_value(key, setting)
            section, _, name = key.rpartition(".")
            config = with_values(settings, {key: value}).config
            held = getattr(getattr(config, section) if section else config, name)
            assert held == (zone_of(str(value)) if setting.kind is Kind.ZONE else value), key


def test_a_camera_and_a_reader_from_hq_are_those_of_the_only_counter(tmp_path: Path) -> None:
    settings = load_settings(write_agent(tmp_path, config=CONFIG))
    sent: dict[str, Value] = {"camera.source": "rtsp://10.0.0.9/1", "nfc.reader": "ACR1252"}
    sent["qr.from_camera"] = False
    (lane,) = with_values(settings, sent).lanes
    assert (lane.camera.source, lane.nfc.reader, lane.qr.from_camera) == (
        "rtsp://10.0.0.9/1", "ACR1252", False,
    )  # fmt: skip
    assert lane.tills == settings.lanes[0].tills


@pytest.mark.parametrize("key", OF_LANES)
def test_a_box_with_several_counters_refuses_what_is_of_one(tmp_path: Path, key: str) -> None:
    settings = load_settings(write_agent(tmp_path, device=THREE_TILLS, config=TWO_LANES))
    with pytest.raises(Fault) as caught:
        fitting(settings)(key, some_value(key, SETTINGS[key]))
    assert (caught.value.code, caught.value.fields) == (FaultCode.TWIN_VALUE_WRONG, {"key": key})
    assert with_values(settings, {key: some_value(key, SETTINGS[key])}).lanes == settings.lanes


ONE, OTHER = "v4l2:/dev/video0", "v4l2:/dev/video1"
SIDES: dict[str, Value] = {"lanes.a.camera.source": ONE, "lanes.b.camera.source": OTHER}


def test_each_counter_of_a_box_has_its_own_devices_from_hq(tmp_path: Path) -> None:
    settings = load_settings(write_agent(tmp_path, device=THREE_TILLS, config=TWO_LANES))
    sent: dict[str, Value] = {**SIDES, "lanes.二号柜台.nfc.reader": "ACR1252"}
    sent |= {
        "lanes.a.camera.fps": 5,
        "lanes.b.camera.zone": "0.5, 0,1, 0.75",
        "lanes.b.nfc.plain_uid": True,
        "lanes.a.qr.from_camera": False,
    }
    for key, value in sent.items():
        fitting(settings)(key, value)
    first, second = with_values(settings, sent).lanes
    assert (first.camera.source, first.camera.fps, first.qr.from_camera) == (
        ONE,
        5,
        False,
    )
    assert (second.camera.source, second.nfc.reader, second.nfc.plain_uid) == (
        OTHER, "ACR1252", True,
    )  # fmt: skip
    assert (first.camera.zone, second.camera.zone) == ((0, 0, 1, 1), (0.5, 0, 1, 0.75))
    assert clashes(settings, sent) == {}


def test_two_counters_never_get_one_device_and_may_swap(tmp_path: Path) -> None:
    settings = load_settings(write_agent(tmp_path, device=THREE_TILLS, config=TWO_LANES))
    both: dict[str, Value] = dict.fromkeys(SIDES, ONE)
    assert clashes(settings, both) == dict.fromkeys(SIDES, "G185")
    assert with_values(settings, both).lanes == settings.lanes, "a box starts all the same"
    held = with_values(settings, SIDES)
    turned: dict[str, Value] = dict(zip(SIDES, reversed(SIDES.values()), strict=True))
    assert clashes(held, turned) == {}
    assert [lane.camera.source for lane in with_values(held, turned).lanes] == list(turned.values())


@pytest.mark.parametrize("key", ["lanes.c.camera.fps", "lanes.1.camera.fps"])
def test_a_counter_that_is_not_there_is_named(tmp_path: Path, key: str) -> None:
    for config in (TWO_LANES, CONFIG):
        settings = load_settings(write_agent(tmp_path, device=THREE_TILLS, config=config))
        with pytest.raises(Fault) as caught:
            fitting(settings)(key, 5)
        assert (caught.value.code, caught.value.fields) == (
            FaultCode.TWIN_PLACE_UNKNOWN,
            {"key": key},
        )
        assert with_values(settings, {key: 5}).lanes == settings.lanes


def test_what_its_own_file_could_not_hold_is_refused_by_name(tmp_path: Path) -> None:
    settings = load_settings(write_agent(tmp_path))
    for key, value in (("camera.source", "ftp://x"), ("camera.fps", 0)):
        with pytest.raises(Fault) as caught:
            put(settings.config, key, value)
        assert caught.value.code is FaultCode.TWIN_VALUE_WRONG
    fitting(settings)("presence.beat_s", 20)
