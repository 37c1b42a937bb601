import resource
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretBytes

from edge_agent.adapters.board import UNBOUND, Board, read_board
from edge_agent.adapters.gallery_sqlite import OTHER_BOARD, SqliteGallery
from edge_agent.adapters.keys import bind_key
from edge_agent.adapters.sqlite_file import put_aside
from retail_core.identity.face_lease import LOCAL_LEASE_MS
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.shop_floor import SHOP
from tests.fakes.ids import FakeIdSource

KEY, BOARD = b"k" * 32, b"b" * 32
SHARED_MEMORY_BYTES = 32 << 10
NOWHERE = Path("/nonexistent")
FACE = np.ones(8, np.float32) / np.sqrt(8)


def program(folder: Path, body: str) -> str:
    path = folder / "otp"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def opened(
    path: Path, board: bytes, tally: FaultTally | None = None, *, weaker: bytes = b""
) -> SqliteGallery:
    faults = tally or FaultTally()
    known = Board("otp", SecretBytes(board), SecretBytes(weaker))
    return SqliteGallery.opened_or_new(path, KEY, FakeIdSource(), faults, SHOP.device, known)


def test_the_burnt_key_goes_before_the_serial_number(tmp_path: Path) -> None:
    serial = tmp_path / "serial-number"
    serial.write_bytes(b"10000000abcdef01\x00")
    board = read_board(program(tmp_path, "echo " + "5a" * 32), serial)
    assert (board.kind, board.secret.get_secret_value()) == ("otp", b"\x5a" * 32)
    assert board.weaker.get_secret_value() == b"10000000abcdef01"
    assert "5a" not in repr(board)
    assert "abcdef" not in repr(board)


@pytest.mark.parametrize(
    "body", ["echo " + "00" * 32, "echo 5a5a", "echo no key", "echo " + "5a" * 32 + "; exit 1"]
)
def test_an_unburnt_or_odd_key_is_none(tmp_path: Path, body: str) -> None:
    serial = tmp_path / "serial-number"
    serial.write_bytes(b"10000000abcdef01\x00")
    board = read_board(program(tmp_path, body), serial)
    assert (board.kind, board.secret.get_secret_value()) == ("serial", b"10000000abcdef01")


def test_a_machine_without_either_is_not_bound(tmp_path: Path) -> None:
    assert read_board("no-such-program", NOWHERE) == UNBOUND
    zeros = tmp_path / "serial-number"
    zeros.write_bytes(b"0000000000000000\x00")
    assert read_board("no-such-program", zeros) == UNBOUND


def test_a_file_from_before_is_bound_in_place(tmp_path: Path) -> None:
    path, tally = tmp_path / "gallery.db", FaultTally()
    first = opened(path, b"")
    epoch, turned = first.rotation.epoch, first.rotation.turn(FACE)
    first.close()
    for _ in range(2):
        again = opened(path, BOARD, tally)
        assert again.rotation.epoch == epoch
        assert (again.rotation.turn(FACE) == turned).all()
        again.close()
    assert tally.snapshot() == {}


def test_a_disk_without_room_to_bind_keeps_the_file_as_it_was(tmp_path: Path) -> None:
    path, tally = tmp_path / "gallery.db", FaultTally()
    first = opened(path, b"")
    first.vault.put("kept", b"through it all")
    first.close()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert path.stat().st_size > SHARED_MEMORY_BYTES, "its journal is too big, its log is not"
    resource.setrlimit(resource.RLIMIT_FSIZE, (SHARED_MEMORY_BYTES, hard))
    try:
        unbound = opened(path, BOARD, tally)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert unbound.vault.get("kept") == b"through it all"
    unbound.close()
    assert sum(tally.snapshot().values()) == 1
    bound = opened(path, BOARD, tally)
    assert bound.vault.get("kept") == b"through it all"
    bound.close()
    assert not path.with_name(path.name + OTHER_BOARD).exists()


def test_a_second_file_put_aside_has_no_log_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    aside = path.with_name(path.name + OTHER_BOARD)
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).write_bytes(b"first")
    put_aside(path, OTHER_BOARD)
    path.write_bytes(b"second")
    put_aside(path, OTHER_BOARD)
    assert aside.read_bytes() == b"second"
    assert not aside.with_name(aside.name + "-wal").exists()


def test_a_program_that_fails_once_is_asked_again(tmp_path: Path) -> None:
    serial, flag = tmp_path / "serial-number", tmp_path / "asked"
    serial.write_bytes(b"10000000abcdef01\x00")
    body = f"if [ ! -e {flag} ]; then : > {flag}; exit 1; fi; echo " + "5a" * 32
    assert read_board(program(tmp_path, body), serial).kind == "otp"


def test_a_key_burnt_later_takes_the_gallery_along(tmp_path: Path) -> None:
    path, tally = tmp_path / "gallery.db", FaultTally()
    first = opened(path, b"serial")
    turned = first.rotation.turn(FACE)
    first.close()
    for weaker in (b"serial", b""):
        burnt = opened(path, BOARD, tally, weaker=weaker)
        assert (burnt.rotation.turn(FACE) == turned).all()
        burnt.close()
    assert tally.snapshot() == {}
    opened(path, b"serial", tally).close()
    assert tally.snapshot() == {FaultCode.FACE_OTHER_BOARD: 1}, "the number opens it no more"


def test_what_another_board_left_is_gone_when_its_lease_is_over(tmp_path: Path) -> None:
    path, tally = tmp_path / "gallery.db", FaultTally()
    opened(path, BOARD).close()
    gallery = opened(path, b"other board")
    gallery.close()
    aside = path.with_name(path.name + OTHER_BOARD)
    put_ms = aside.stat().st_ctime_ns // 10**6
    gallery = opened(path, b"other board", tally)
    assert not gallery.forget_other_board(put_ms + LOCAL_LEASE_MS - 1)
    assert aside.exists()
    assert gallery.forget_other_board(put_ms + LOCAL_LEASE_MS)
    assert not aside.exists()
    assert not gallery.forget_other_board(put_ms + LOCAL_LEASE_MS)
    assert FaultCode.FACE_OTHER_BOARD not in tally.snapshot()
    gallery.close()


def test_the_board_changes_the_whole_key() -> None:
    keys = {bind_key(KEY, BOARD), bind_key(KEY, b"other"), bind_key(b"x" * 32, BOARD), KEY}
    assert len(keys) == 4
