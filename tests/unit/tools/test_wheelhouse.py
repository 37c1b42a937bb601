"""The box's packages as wheels: what a lock wants on a board, and what is not taken for it."""

import zipfile
from pathlib import Path

import pytest

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.faults import code_of
from tools import wheelhouse
from tools.wheelhouse import (
    LOCK,
    NOT_ON_A_BOARD,
    SOURCE_ONLY,
    SOURCE_PURE,
    TESTS_LOCK,
    Pin,
    Platform,
    chosen,
    lacks,
    own_lock,
    pins,
    resolve,
    sha256_of,
    write_sums,
)

BOARDS = ["linux-aarch64-cp311", "linux-aarch64-cp313", "linux-x86_64-cp311"]
BOARD = Platform.read("linux-aarch64-cp311")


def wheel(folder: Path, name: str) -> Path:
    """Write an archive under a wheel's name."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as packed:
        packed.writestr("here.py", name)
    return folder / name


def pin_of(path: Path, name: str = "mesh", version: str = "1.2") -> Pin:
    return Pin(name, version, "", (sha256_of(path),))


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("lock", ["edge.lock", "edge-hid.lock"])
def test_the_lock_says_one_version_of_everything_for_each_board(board: str, lock: str) -> None:
    text = (LOCK.parent / lock).read_text(encoding="utf-8")
    wanted = pins(text, Platform.read(board))
    names = {pin.name for pin in wanted}
    assert len(wanted) == len(names) > 45
    assert {"onnxruntime", "opencv-python-headless", "numpy", "pydantic-core"} <= names
    assert "colorama" not in names  # asked for on Windows alone
    assert all(pin.hashes for pin in wanted)
    assert ("evdev" in names) == (lock == "edge-hid.lock")


def test_what_has_no_wheel_is_still_wanted() -> None:
    text = (LOCK.parent / "edge-hid.lock").read_text(encoding="utf-8")
    assert {pin.name for pin in pins(text, BOARD)} >= SOURCE_ONLY


@pytest.mark.parametrize("board", BOARDS)
def test_what_is_left_out_of_the_tests_of_a_board_stands_in_their_lock(board: str) -> None:
    names = {pin.name for pin in pins(TESTS_LOCK.read_text("utf-8"), Platform.read(board))}
    assert names > NOT_ON_A_BOARD | SOURCE_PURE
    assert {"pytest", "onnxruntime", "pyscard"} <= names - NOT_ON_A_BOARD


def test_a_version_hangs_on_the_board_s_python() -> None:
    lock = "a==1 ; python_full_version < '3.12' --hash=sha256:" + "0" * 64
    lock += "\na==2 ; python_full_version >= '3.12' \\\n    --hash=sha256:" + "1" * 64
    found = [pins(lock, Platform.read(board))[0].version for board in BOARDS]
    assert found == ["1", "2", "1"]


@pytest.mark.parametrize(
    "lock", ["a==1", f"a==1 --hash=sha256:{'0' * 64}\na==2 --hash=sha256:{'1' * 64}"]
)
def test_a_lock_that_proves_nothing_is_refused(lock: str) -> None:
    assert code_of(pins, lock, BOARD) is FaultCode.WHEELS_LOCK


@pytest.mark.parametrize("name", ["linux-armv7l-cp311", "aarch64", "win-aarch64-cp311", ""])
def test_a_board_that_nothing_is_made_for_is_refused(name: str) -> None:
    assert code_of(Platform.read, name) is FaultCode.WHEELS_PLATFORM


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("mesh-1.2-py3-none-any.whl", True),
        ("mesh-1.2-cp311-cp311-manylinux_2_28_aarch64.whl", True),
        ("mesh-1.2-cp39-abi3-manylinux_2_17_aarch64.manylinux2014_aarch64.whl", True),
        ("mesh-1.2-cp311-cp311-manylinux_2_28_x86_64.whl", False),
        ("mesh-1.2-cp313-cp313-manylinux_2_28_aarch64.whl", False),
        ("mesh-1.2-cp311-cp311-manylinux_2_39_aarch64.whl", False),  # a newer C library than there
        ("mesh-1.2-cp311-cp311-musllinux_1_2_aarch64.whl", False),
        ("mesh-1.3-py3-none-any.whl", False),
        ("mash-1.2-py3-none-any.whl", False),
    ],
)
def test_a_wheel_is_taken_where_it_runs(tmp_path: Path, name: str, *, taken: bool) -> None:
    made = wheel(tmp_path, name)
    wanted = [pin_of(made)]
    if taken:
        assert chosen(wanted, tmp_path, tmp_path / "built", BOARD) == {wanted[0]: made}
    else:
        with pytest.raises(Fault) as refused:
            chosen(wanted, tmp_path, tmp_path / "built", BOARD)
        assert refused.value.code is FaultCode.WHEELS_MISSING
        assert "mesh 1.2" in refused.value.text("en")


def test_another_file_under_the_same_name_is_refused(tmp_path: Path) -> None:
    made = wheel(tmp_path, "mesh-1.2-py3-none-any.whl")
    wanted = [pin_of(made)]
    made.write_bytes(made.read_bytes() + b"\0")
    assert code_of(chosen, wanted, tmp_path, tmp_path, BOARD) is FaultCode.WHEELS_WRONG


def test_what_is_compiled_here_is_looked_for_apart(tmp_path: Path) -> None:
    built = wheel(tmp_path / "built", "pyscard-2.3.1-cp311-cp311-linux_aarch64.whl")
    wanted = [Pin("pyscard", "2.3.1", "", ("0" * 64,))]  # the sum of its source
    assert chosen(wanted, tmp_path, tmp_path / "built", BOARD) == {wanted[0]: built}
    built.rename(tmp_path / built.name)
    assert code_of(chosen, wanted, tmp_path, tmp_path / "built", BOARD) is FaultCode.WHEELS_MISSING


def test_an_index_that_does_not_answer_says_nothing_about_packages() -> None:
    assert lacks("No solution found: pyscard==2.3.1 has no usable wheels")
    assert lacks("there is no version of numpy==1.0.1")
    assert not lacks("Failed to fetch: cause: client error (Connect) cause: Connection refused")
    assert not lacks("hint: Packages were unavailable because the network was disabled.")


@pytest.mark.parametrize("python", ["cp311", "cp313"])
def test_wheels_of_both_systems_are_resolved_with_nothing_fetched(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A uv of our own answers: what it is asked, and what its complaints come to."""
    uv = tmp_path / "uv"
    monkeypatch.setattr(wheelhouse, "UV", uv)
    monkeypatch.setattr(wheelhouse, "WHEELS", tmp_path)
    board = Platform.read(f"linux-aarch64-{python}")

    def says(text: str, code: int) -> None:
        uv.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/asked\necho "{text}" >&2\nexit {code}\n')
        uv.chmod(0o755)

    says("", 0)
    assert resolve(board).startswith(f"linux-aarch64-{python}: ")
    asked = (tmp_path / "asked").read_text()
    assert f"--python-version=3.{python[3:]}" in asked
    assert "--only-binary=:all:" in asked
    assert "--dry-run" in asked
    says("numpy has no usable wheels", 1)
    assert code_of(resolve, board) is FaultCode.WHEELS_MISSING


def test_without_a_network_nothing_is_said_about_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real uv, with neither network nor cache."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(wheelhouse, "WHEELS", tmp_path)
    assert resolve(BOARD) == f"{BOARD}: no index answered, not looked at"


def test_the_wheelhouse_s_own_lock_names_its_files_and_no_others(tmp_path: Path) -> None:
    first = wheel(tmp_path, "mesh-1.2-py3-none-any.whl")
    second = wheel(tmp_path, "A_Name-2.0-cp311-cp311-linux_aarch64.whl")
    assert own_lock(tmp_path).splitlines() == [
        f"a-name==2.0 --hash=sha256:{sha256_of(second)}",
        f"mesh==1.2 --hash=sha256:{sha256_of(first)}",
    ]
    assert [pin.name for pin in pins(own_lock(tmp_path), BOARD)] == ["a-name", "mesh"]


def test_every_file_of_a_bundle_has_its_sum(tmp_path: Path) -> None:
    made = wheel(tmp_path / "wheels", "mesh-1.2-py3-none-any.whl")
    write_sums(tmp_path)
    text = (tmp_path / "SHA256SUMS").read_text(encoding="utf-8")
    assert text == f"{sha256_of(made)}  wheels/mesh-1.2-py3-none-any.whl\n"
