"""`regulars-box` refuses before it touches anything; `make test-box-install` installs for real."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from retail_core.texts.faults import FaultCode
from tools.wheelhouse import SYSTEM_FILES, write_sums

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools" / "regulars-box"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Return a bundle without wheels."""
    folder = tmp_path / "regulars-box"
    (folder / "system").mkdir(parents=True)
    shutil.copy(SCRIPT, folder)
    for name in SYSTEM_FILES:
        shutil.copy(ROOT / "systemd" / name, folder / "system")
    (folder / "platform").write_text("linux-aarch64-cp311\n")
    write_sums(folder)
    return folder


def system(folder: Path, codename: str) -> Path:
    """Return a file system that says no more than its name."""
    (folder / "etc").mkdir(parents=True)
    (folder / "etc" / "os-release").write_text(f'ID=debian\nVERSION_CODENAME="{codename}"\n')
    return folder


def refusal(bundle: Path, *words: str | Path, as_nobody: bool = False) -> str:
    """Return the code with which it refuses."""
    before = ["setpriv", "--reuid=65534", "--clear-groups"] if as_nobody else []
    command = [*before, str(bundle / "regulars-box"), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2, done
    return done.stderr.split(maxsplit=1)[0]


needs_root = pytest.mark.skipif(os.getuid() != 0, reason="chroot needs root: run as root")


@needs_root
def test_a_file_that_was_changed_is_noticed(bundle: Path, tmp_path: Path) -> None:
    there = system(tmp_path / "root", "bookworm")
    (bundle / "system" / SYSTEM_FILES[0]).write_text("[Service]\nExecStart=/bin/sh\n")
    assert refusal(bundle, "install", "--root", there) == FaultCode.BOX_BUNDLE_DAMAGED


@needs_root
def test_a_file_that_is_missing_is_noticed(bundle: Path, tmp_path: Path) -> None:
    there = system(tmp_path / "root", "bookworm")
    (bundle / "system" / SYSTEM_FILES[1]).unlink()
    assert refusal(bundle, "install", "--root", there) == FaultCode.BOX_BUNDLE_DAMAGED


@needs_root
@pytest.mark.parametrize("codename", ["bullseye", "noble", ""])
def test_another_system_is_refused_and_left_alone(
    bundle: Path, tmp_path: Path, codename: str
) -> None:
    there = system(tmp_path / "root", codename)
    assert refusal(bundle, "install", "--root", there) == FaultCode.BOX_SYSTEM_UNFIT
    assert [one.name for one in there.iterdir()] == ["etc"]


@needs_root
def test_a_word_it_does_not_know_does_nothing(bundle: Path, tmp_path: Path) -> None:
    there = system(tmp_path / "root", "bookworm")
    assert refusal(bundle, "remove", "--root", there, "--all") == FaultCode.BOX_OPTION_UNKNOWN


@needs_root
def test_what_is_not_there_cannot_be_taken_away(bundle: Path, tmp_path: Path) -> None:
    there = system(tmp_path / "root", "bookworm")
    assert refusal(bundle, "remove", "--root", there, "--purge") == FaultCode.BOX_NOT_INSTALLED
    assert (there / "etc" / "os-release").exists()


@needs_root
def test_only_root_installs(bundle: Path) -> None:
    # The folder of a test is its owner's alone.
    shared = Path(tempfile.gettempdir())
    for folder in [bundle, *bundle.parents]:
        if folder == shared or not folder.is_relative_to(shared):
            break
        folder.chmod(0o755)
    assert refusal(bundle, "install", as_nobody=True) == FaultCode.BOX_NEEDS_ROOT


def test_the_installer_s_codes_stand_in_the_catalogue() -> None:
    used = set(re.findall(r"die (I\d+)", SCRIPT.read_text(encoding="utf-8")))
    assert used == {
        FaultCode.BOX_SYSTEM_UNFIT,
        FaultCode.BOX_NEEDS_ROOT,
        FaultCode.BOX_BUNDLE_DAMAGED,
        FaultCode.BOX_PACKAGES_MISSING,
        FaultCode.BOX_OPTION_UNKNOWN,
        FaultCode.BOX_NOT_INSTALLED,
    }
