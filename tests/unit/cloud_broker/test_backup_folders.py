"""The authority and the releases in a backup: sealed, whole, and never mixed with other ones."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from cloud_broker.adapters.backup_file import BackupReader, BackupWriter, make_key, read_key
from cloud_broker.adapters.backup_folders import (
    CLOSE,
    OPEN,
    PIECE,
    PIECE_BYTES,
    UNFINISHED,
    FolderReader,
    FolderTotals,
    fill_folders,
    write_folders,
)
from retail_core.texts.faults import FaultCode
from tests.factories.faults import code_of

SECRET = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
LARGE = bytes(range(256)) * (PIECE_BYTES // 256) + b"a little more than a piece"
AUTHORITY = {"root.pem": b"root", "device-ca.key": SECRET, "device-ca.pem": b"boxes"}
RELEASES = {
    "metadata/timestamp.json": b"{}",
    "metadata/1.root.json": b"{1}",
    "online/timestamp.pem": SECRET,
    "targets/parts/x.tar.zst": LARGE,
    "targets/parts/empty": b"",
}


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o600 if content == SECRET else 0o644)
    return folder


def inside(folder: Path) -> dict[str, bytes]:
    return {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file()
    }


class Site:
    """A cloud's two folders, a backup's file and its key."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "b.backup"
        make_key(folder / "key")
        self.key = read_key(folder / "key")
        self.old = {
            "ca_dir": put(folder / "old/ca", AUTHORITY),
            "release_dir": put(folder / "old/releases", RELEASES),
        }

    def write(self, *, keys: bool = True) -> FolderTotals:
        with BackupWriter(self.file, self.key, {}) as out:
            return write_folders(out, self.old, keys=keys)

    def fill(self, folders: Mapping[str, Path | None]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        with BackupReader(self.file, self.key) as reader:
            return fill_folders(reader.frames(), folders)

    def new(self, name: str) -> dict[str, Path]:
        place = self.folder / name
        return {"ca_dir": place / "ca", "release_dir": place / "releases"}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_both_come_back_as_they_were(site: Site) -> None:
    totals = site.write()
    assert (totals.files, totals.private) == (len(AUTHORITY) + len(RELEASES), 2)
    new = site.new("new")
    assert site.fill(new) == (("ca_dir", "release_dir"), ())
    assert inside(new["ca_dir"]) == AUTHORITY
    assert inside(new["release_dir"]) == RELEASES
    key = new["ca_dir"] / "device-ca.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert new["ca_dir"].stat().st_mode & 0o777 == 0o700


def test_nothing_of_it_lies_in_the_clear(site: Site) -> None:
    site.write()
    assert SECRET not in site.file.read_bytes()
    assert b"device-ca" not in site.file.read_bytes()


def test_private_keys_are_left_out_when_somebody_keeps_them_elsewhere(site: Site) -> None:
    totals = site.write(keys=False)
    assert (totals.files, totals.private) == (len(AUTHORITY) + len(RELEASES) - 2, 0)
    new = site.new("new")
    site.fill(new)
    found = inside(new["ca_dir"]) | inside(new["release_dir"])
    assert SECRET not in found.values()
    assert {"root.pem", "metadata/timestamp.json"} <= set(found)


def test_what_is_there_is_never_mixed_with_what_was(site: Site) -> None:
    site.write()
    new = site.new("new")
    put(new["ca_dir"], {"root.pem": b"another authority"})
    assert site.fill(new) == (("release_dir",), ("ca_dir",))
    assert inside(new["ca_dir"]) == {"root.pem": b"another authority"}


def test_a_folder_that_the_settings_do_not_name_is_told(site: Site) -> None:
    site.write()
    assert site.fill({"ca_dir": None, "release_dir": None}) == ((), ("ca_dir", "release_dir"))


def test_a_restore_that_was_cut_short_is_done_again(site: Site) -> None:
    site.write()
    new = site.new("new")
    put(new["ca_dir"], {UNFINISHED: b"", "root.pem": b"ro", "device-ca.key.partial": b"-----"})
    assert site.fill(new)[0] == ("ca_dir", "release_dir")
    assert inside(new["ca_dir"]) == AUTHORITY


def test_folders_that_are_not_there_are_no_part_of_it(site: Site) -> None:
    with BackupWriter(site.file, site.key, {}) as out:
        none = {"ca_dir": None, "release_dir": site.folder / "never made"}
        assert write_folders(out, none, keys=True) == FolderTotals()
    assert site.fill(site.new("new")) == ((), ())
    assert not (site.folder / "new").exists()


def test_files_that_are_just_being_written_and_links_are_left(site: Site) -> None:
    put(site.old["ca_dir"], {"door.key.new": b"half"})
    (site.old["ca_dir"] / "passwd").symlink_to("/etc/passwd")
    assert site.write().files == len(AUTHORITY) + len(RELEASES)


def test_what_says_how_fresh_the_rest_is_comes_first(site: Site) -> None:
    site.write()
    with BackupReader(site.file, site.key) as reader:
        names = [json.loads(content)["name"] for kind, content in reader.frames() if kind == OPEN]
    assert names[len(AUTHORITY)] == "metadata/timestamp.json"


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../out"])
def test_a_name_that_reaches_out_is_refused(site: Site, name: str) -> None:
    said = json.dumps({"place": "ca_dir", "name": name, "mode": 0o600}).encode()
    assert code_of(FolderReader().take, OPEN, said) is FaultCode.BACKUP_DAMAGED


def test_pieces_that_do_not_add_up_are_refused() -> None:
    said = json.dumps({"place": "ca_dir", "name": "a", "mode": 0o600}).encode()
    for bad in (
        [(PIECE, b"x")],
        [(CLOSE, b"")],
        [(OPEN, said), (OPEN, said)],
        [(OPEN, said), (b"T", b"{}")],
        [(OPEN, said), (PIECE, b"x"), (CLOSE, b"0" * 64)],
    ):
        reader = FolderReader()
        *good, last = bad
        for kind, content in good:
            reader.take(kind, content)
        assert code_of(reader.take, *last) is FaultCode.BACKUP_DAMAGED
