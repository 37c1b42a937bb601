"""The reasons of a box's health are said with their own particulars, in both languages."""

from pathlib import Path

import pytest

from edge_agent.api.models.identify import ReasonView
from edge_agent.bootstrap.devices import Devices
from edge_agent.bootstrap.face_models import FaceEngines
from edge_agent.drivers.face_onnx.late import LateEngine, LateFaces
from edge_agent.drivers.face_onnx.selftest import SAID_CHARS_MAX, SelfTest
from retail_core.errors import Fault
from retail_core.fleet.health import REASON_OF_DEVICE
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import Box
from tests.factories.agent_files import CONFIG
from tests.factories.faces import POLICY
from tests.unit.edge_agent.test_face_selftest import PATIENCE_S, child, unloadable

SECRET = "hunter2"


def said(box: Box, code: FaultCode) -> ReasonView:
    """Return the reason as the till screen and a technician read it."""
    found = {one.code: one for one in box.agent.surface.wellbeing.view().reasons}
    return found[code.value]


def test_a_bundle_that_is_missing_is_named_by_its_path(tmp_path: Path) -> None:
    config = CONFIG.replace("enabled = false", 'enabled = true\nbundle = "from-hq.signed"')
    with Box(tmp_path, config=config) as box:
        told = said(box, FaultCode.MODEL_BUNDLE_MISSING)
    assert all(str(tmp_path / "from-hq.signed") in text for text in (told.zh, told.en))


def test_models_that_die_are_quoted_and_those_not_decided_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = SelfTest(tmp_path, {}, command=child("sys.exit('no such wheel')"))
    with Box(tmp_path) as box:
        late = LateFaces(test, unloadable, box.agent.basis.tally)
        engine = LateEngine("net@1", late, "1")
        faces = FaceEngines({}, engine, POLICY, awaiting=("fr_feature", "yunet"), nets=late)
        late.start()
        assert late.wait(PATIENCE_S)
        monkeypatch.setattr(box.agent.devices, "face", faces)
        died = said(box, FaultCode.MODEL_CRASHED)
        waiting = said(box, FaultCode.MODEL_NOT_SIGNED_OFF)
    assert all("exit 1: no such wheel" in text for text in (died.zh, died.en))
    assert all("fr_feature, yunet" in text for text in (waiting.zh, waiting.en))


def test_a_package_that_is_missing_is_named() -> None:
    failed = Fault(FaultCode.SETUP_PACKAGE_MISSING, packages="cv2")
    (told,) = Devices({}, failed={"face": failed}).noted(0)
    assert (told.code, "cv2" in told.text("zh")) == (FaultCode.SETUP_PACKAGE_MISSING, True)


def test_a_damaged_journal_names_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Box(tmp_path) as box:
        damage = Fault(FaultCode.DISK_JOURNAL_CORRUPT, seq=4711)
        monkeypatch.setattr(box.storage.journal, "_corrupt", damage)
        told = said(box, FaultCode.DISK_JOURNAL_CORRUPT)
    assert all("4711" in text for text in (told.zh, told.en))


@pytest.mark.parametrize(
    ("complaint", "how"),
    [
        ("\x1b[1;31m2026 [E:onnxruntime] broken\x1b[m", "exit 1: 2026 [E:onnxruntime] broken"),
        (f"no file /home/{SECRET}/models/net.onnx", "exit 1: no file net.onnx"),
        (
            f"OSError: '/srv/{SECRET}/a' and \\\\{SECRET}\\b\\c.dll",
            "exit 1: OSError: 'a' and c.dll",
        ),
        ("bell\x07 null\x00 turned\u202e", "exit 1: bell  null  turned"),
        ("said this\n\x1b[0m\n \n", "exit 1: said this"),
        ("x" * 5_000, "exit 1: " + "x" * SAID_CHARS_MAX),
    ],
)
def test_what_a_child_said_is_fit_to_be_read(tmp_path: Path, complaint: str, how: str) -> None:
    program = f"sys.stderr.write({complaint!r}); sys.stderr.flush(); os._exit(1)"
    with pytest.raises(Fault) as caught:
        SelfTest(tmp_path, {}, command=child(program)).run()
    assert caught.value.fields == {"how": how}


def test_hq_hears_every_reason_that_no_device_and_no_check_says(tmp_path: Path) -> None:
    config = CONFIG.replace("enabled = false", 'enabled = true\nbundle = "from-hq.signed"')
    with Box(tmp_path, config=config) as box:
        wellbeing = box.agent.surface.wellbeing
        reasons = {one.code for one in wellbeing.view().reasons}
        told = {one.code: one for one in wellbeing.vitals().issues}
    missing, of_devices = FaultCode.MODEL_BUNDLE_MISSING, set(REASON_OF_DEVICE.values())
    assert told.keys() >= reasons - of_devices >= {missing}
    assert not told.keys() & of_devices, "HQ reads them off the devices' states"
    assert str(tmp_path / "from-hq.signed") in Fault(missing, **told[missing].fields).text("zh")
