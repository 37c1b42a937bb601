"""The lanes a technician writes down: one form or the other, every till once, no device twice."""

from pathlib import Path

import pytest

from edge_agent.bootstrap.probes import probes
from edge_agent.cli.common import EXIT_CODES
from edge_agent.lane_settings import ONLY_LANE, WHOLE
from edge_agent.settings import Settings, load_settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import PRINTING_TILL, SECOND_TILL, TILL
from tests.factories.agent_files import CONFIG, THREE_TILLS, TWO_LANES, write_agent

EXAMPLE = Path(__file__).parents[3] / "device_configs" / "examples" / "two-lanes.toml"
CAMERA_A = '[lanes.camera]\nsource = "v4l2:/dev/video0"\nzone = [0, 0, 0.5, 1]\n'
LANE_B = '[[lanes]]\nid = "b"'
WITH_CAMERA_A = TWO_LANES.replace(LANE_B, f"{CAMERA_A}\n{LANE_B}")


def loaded(folder: Path, config: str) -> Settings:
    return load_settings(write_agent(folder, device=THREE_TILLS, config=config))


def refused(folder: Path, config: str) -> Fault:
    with pytest.raises(Fault) as caught:
        loaded(folder, config)
    return caught.value


def test_two_counters_each_with_its_tills_and_devices(tmp_path: Path) -> None:
    more = '[lanes.camera]\nsource = "rtsp://cam/2"\n\n[lanes.nfc]\nreader = "ACR1252 01"\n'
    first, second = loaded(tmp_path, WITH_CAMERA_A + more).lanes
    assert (first.id, first.name, first.tills) == ("a", "一号柜台", (TILL,))
    assert second.tills == (SECOND_TILL, PRINTING_TILL)
    assert (first.camera.zone, second.camera.zone) == ((0, 0, 0.5, 1), WHOLE)
    assert (first.nfc.reader, second.nfc.reader) == ("", "ACR1252 01")


def test_the_example_is_a_box_with_two_counters(tmp_path: Path) -> None:
    first, second = loaded(tmp_path, EXAMPLE.read_text(encoding="utf-8")).lanes
    assert (first.tills, second.tills) == ((TILL,), (SECOND_TILL, PRINTING_TILL))
    assert first.camera.source != second.camera.source
    assert (first.camera.zone, second.camera.zone) == ((0.15, 0, 0.85, 1), WHOLE)


def test_the_short_form_is_one_lane_with_every_till(tmp_path: Path) -> None:
    config = CONFIG.replace("[camera]", '[camera]\nsource = "rpicam:"\n[nfc]\nreader = "ACR"')
    (only,) = loaded(tmp_path, config).lanes
    assert (only.id, only.tills) == (ONLY_LANE, (TILL, PRINTING_TILL, SECOND_TILL))
    assert (only.camera.source, only.nfc.reader, only.qr.from_camera) == ("rpicam:", "ACR", True)


def test_the_checks_before_a_start_name_the_lane(tmp_path: Path) -> None:
    more = '[lanes.nfc]\nreader = "ACR1252 01"\n'
    named = [name for name, _ in probes(loaded(tmp_path, WITH_CAMERA_A + more))]
    assert "一号柜台 · 摄像头 / camera" in named
    assert "二号柜台 · pcscd" in named
    assert not any(name.startswith("一号柜台 · 读卡器") for name in named)
    alone = CONFIG.replace("[camera]", '[camera]\nsource = "rpicam:"')
    assert "摄像头 / camera" in [name for name, _ in probes(loaded(tmp_path, alone))]


@pytest.mark.parametrize("section", ["camera", "nfc", "qr"])
def test_both_forms_at_once_are_refused(tmp_path: Path, section: str) -> None:
    fault = refused(tmp_path, f"{TWO_LANES}\n[{section}]\n")
    assert (fault.code, fault.fields["section"]) == (FaultCode.SETUP_LANES_TWICE, section)


@pytest.mark.parametrize(
    ("old", "new", "code", "names"),
    [
        ('"2号收银台"', '"9号收银台"', "I109", "9号收银台"),
        ('"2号收银台", ', "", "I110", "2号收银台"),
        ('"2号收银台"', '"2号收银台", "1号收银台"', "I111", "a, b"),
        (LANE_B, f"{CAMERA_A}\n{LANE_B}\n", "I105", "lanes"),
        (LANE_B, LANE_B.replace("b", "a"), "I105", "a lane id stands twice"),
        (LANE_B, LANE_B.replace('"b"', '"B 2"'), "I105", "lanes.1.id"),
        ("[0, 0, 0.5, 1]", "[0.5, 0, 0.5, 1]", "I105", "lanes.0.camera.zone"),
        ('tills = ["1号收银台"]', "tills = []", "I105", "lanes.0.tills"),
    ],
)
def test_what_does_not_fit_is_named(
    tmp_path: Path, old: str, new: str, code: str, names: str
) -> None:
    assert old in WITH_CAMERA_A
    fault = refused(tmp_path, WITH_CAMERA_A.replace(old, new, 1))
    assert fault.code.value == code
    assert names in str(fault)
    assert EXIT_CODES[fault.code] == 2


def test_a_till_by_two_names_is_one_till(tmp_path: Path) -> None:
    config = TWO_LANES.replace('"1号收银台"', f'"1号收银台", "{TILL}"')
    assert refused(tmp_path, config).code is FaultCode.SETUP_TILL_IN_TWO_LANES


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ('camera]\nsource = "rpicam:0"', 'camera]\nsource = "rpicam:0?width=320"', "rpicam:0"),
        (
            'camera]\nsource = "rtsp://u:pw@h/1"',
            'camera]\nsource = "rtsp://u:pw@h/1"',
            "rtsp://h/1",
        ),
        ('nfc]\nreader = "ACR"', 'nfc]\nreader = "ACR1252"', "ACR / ACR1252"),
    ],
)
def test_no_two_lanes_have_the_same_device(
    tmp_path: Path, first: str, second: str, shared: str
) -> None:
    config = TWO_LANES.replace(LANE_B, f"[lanes.{first}\n\n{LANE_B}") + f"\n[lanes.{second}\n"
    fault = refused(tmp_path, config)
    assert (fault.code, fault.fields["lanes"]) == (FaultCode.SETUP_LANES_SHARE, "a, b")
    assert fault.fields["device"] == shared
