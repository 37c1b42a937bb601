"""The units are valid, hardened, and never give up; nothing here is started."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "systemd").glob("*.service"))
PROGRAMS = {"edge-agent", "cloud-broker"}
STARTED = {"regulars-start", "cloud-broker"}  # the starter becomes the agent: one process id
EXPOSURE_MAX = 20  # tenths; `systemd-analyze security` calls up to 4.9 "OK"
REQUIRED = {
    "Restart": "always",
    "LimitCORE": "0",
    "MemorySwapMax": "0",
    "UMask": "0077",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "NoNewPrivileges": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "DevicePolicy": "closed",
    "StateDirectoryMode": "0700",
}

TYPES = {
    "regulars-edge-agent": ("notify", "20"),  # fed for work done, and killed when it stands still
    "regulars-cloud-broker": ("exec", None),
}
FAMILIES = {
    "regulars-edge-agent": "AF_UNIX AF_INET AF_INET6 AF_NETLINK",  # told of plugged-in devices
    "regulars-cloud-broker": "AF_UNIX AF_INET AF_INET6",
}


def read(unit: Path) -> configparser.ConfigParser:
    """Read a unit; of a key that stands twice the last one counts here."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys are case-sensitive
    parser.read_string(unit.read_text(encoding="utf-8"))
    return parser


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze, or say what is missing."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_both_programs_have_a_unit() -> None:
    assert {unit.stem.removeprefix("regulars-") for unit in UNITS} == PROGRAMS


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units_are_hardened_and_restart_for_ever(unit: Path) -> None:
    parsed = read(unit)
    service = parsed["Service"]
    assert {key: service.get(key) for key in REQUIRED} == REQUIRED
    assert (service.get("Type"), service.get("WatchdogSec")) == TYPES[unit.stem]
    assert service.get("RestrictAddressFamilies") == FAMILIES[unit.stem]
    assert parsed["Unit"]["StartLimitIntervalSec"] == "0"
    assert service.get("CapabilityBoundingSet") == ""
    assert service.get("SystemCallFilter", "").startswith("~@privileged")
    assert service.get("User", "root") != "root" or service.get("DynamicUser") == "yes"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units_start_our_own_programs(unit: Path) -> None:
    program = re.match(r"/opt/regulars/bin/([\w-]+) run ", read(unit)["Service"]["ExecStart"])
    assert program is not None
    assert program.group(1) in STARTED


def test_the_box_reaches_cameras_and_tills_and_no_other_device() -> None:
    text = (ROOT / "systemd" / "regulars-edge-agent.service").read_text(encoding="utf-8")
    allowed = set(re.findall(r"^DeviceAllow=(?:char-|/dev/)(\w+) rw$", text, re.MULTILINE))
    assert allowed == {
        "vcio",
        *("video4linux", "media", "dma_heap"),
        *("ttyUSB", "ttyACM", "ttyS", "ttyAMA", "usb"),
        *("input", "uinput"),
    }
    assert text.count("DeviceAllow=") == len(allowed)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_accepts_the_units(unit: Path, tmp_path: Path) -> None:
    # The programs are not installed where the tests run; any program stands in for them.
    here = tmp_path / unit.name
    text = unit.read_text(encoding="utf-8")
    here.write_text(re.sub(r"/opt/regulars/bin/[\w-]+", "/bin/true", text), encoding="utf-8")
    done = analyze("verify", "--man=no", str(here))
    assert done.returncode == 0, done.stderr
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert complaints == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units_expose_little(unit: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", str(unit))
    if "unrecognized option" in done.stderr:
        pytest.skip("systemd-analyze security --offline needs systemd 250 or newer")
    assert done.returncode == 0, done.stdout[-400:]


def test_the_account_is_declared() -> None:
    text = (ROOT / "systemd" / "regulars.sysusers.conf").read_text(encoding="utf-8")
    assert re.search(r"^u regulars ", text, re.MULTILINE)
    assert {"video", "dialout"} == set(re.findall(r"^m regulars (\w+)$", text, re.MULTILINE))
