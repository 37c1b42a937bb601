"""A display and a scanner in the device file: what is taken, what is refused, what is checked."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from edge_agent.bootstrap.basis import basis_of
from edge_agent.bootstrap.devices import open_devices
from edge_agent.bootstrap.probes import probes
from edge_agent.settings import load_settings
from edge_agent.till_settings import DisplayConfig, ScannerConfig
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.agent_files import CONFIG, DEVICE, write_agent

PROFILES = Path(__file__).resolve().parents[3] / "device_configs"
PRINTER = 'printer = "/dev/null"\n'
DISPLAY = '[tills.display]\nprofile = "display-led8"\nport = "/dev/a"\ndisplay = "/dev/b"\n'


def boxed(folder: Path, beside: str) -> Path:
    device = DEVICE.replace(PRINTER, PRINTER + beside)
    config = f'profiles_dir = "{PROFILES}"\n' + CONFIG
    return write_agent(folder, device=device, config=config)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cards": ["28########"]},
        {"cards": ["9900"]},
        {"inject": {"gold": "卡"}},
        {"inject": {"gold": "134567890123456789"}},
        {"inject": {"gold": ""}},
        {"swallow": True},
    ],
)
def test_a_scanner_that_could_touch_a_payment_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ScannerConfig.model_validate({"scanner": "/dev/a", "port": "/dev/b"} | wrong)


def test_what_is_not_said_is_the_usual() -> None:
    display = DisplayConfig(port="/dev/a", display="/dev/b")
    assert (display.profile, display.write) == ("display-vfd220", True)
    assert ScannerConfig(scanner="/dev/a", port="/dev/b").inject == {}


def test_before_a_start_both_are_checked(tmp_path: Path) -> None:
    scanner = '[tills.scanner]\nscanner = "/dev/no-such-scanner"\nport = "/dev/no-such-till"\n'
    found = dict(probes(load_settings(boxed(tmp_path, DISPLAY + scanner))))
    mine = {name.split(" · ", 1)[1] for name in found if name.startswith("老收银机")}
    assert mine >= {
        "顾显 / display profile",
        "扫码枪 / scanner profile",
        "/dev/a",
        "/dev/no-such-scanner",
    }
    with pytest.raises(Fault):
        found["老收银机 · /dev/no-such-till"]()
    found["老收银机 · 顾显 / display profile"]()


@pytest.mark.parametrize(
    ("beside", "name", "code"),
    [
        (DISPLAY.replace("led8", "nothing"), "display", FaultCode.TILL_PROFILE_INVALID),
        ('[tills.scanner]\nscanner = "/dev/a"\n', "scanner", FaultCode.SETUP_CONFIG_INVALID),
        (
            '[tills.scanner]\nscanner = "gun"\nprofile = "display-led8"\n',
            "scanner",
            FaultCode.TILL_PROFILE_INVALID,
        ),
    ],
)
def test_what_is_wrong_is_off_and_the_shop_sells(
    tmp_path: Path, beside: str, name: str, code: FaultCode
) -> None:
    made = open_devices(basis_of(load_settings(boxed(tmp_path, beside)), "test"))
    assert made.failed[name].code is code
    assert made.states()[name]() == "gone"
    assert not made.displays
    assert not made.scanners
