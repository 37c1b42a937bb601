"""Vendored files: fetched once, checked by the manifest, nothing half in place."""

import hashlib
import json
from pathlib import Path

import pytest

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tools.vendor_assets import PACKAGES, Asset, Install, read_manifest, vendor

GOOD = b"good\n"
ASSET = Asset("a.js", "pack", "1.0.0", "dist/a.js", "static", hashlib.sha256(GOOD).hexdigest())
OTHER = Asset("b.js", "pack", "1.0.0", "dist/b.js", "static", hashlib.sha256(b"b").hexdigest())


def npm(files: dict[str, bytes], version: str = "1.0.0") -> Install:
    """Make an installer that lays these files down."""

    def install(folder: Path) -> None:
        package = folder / "node_modules" / "pack"
        (package / "dist").mkdir(parents=True)
        (package / "package.json").write_text(json.dumps({"version": version}))
        for name, content in files.items():
            (package / "dist" / name).write_bytes(content)

    return install


def unwanted(folder: Path) -> None:
    raise AssertionError("nothing was to be fetched")


def test_files_come_in_place_once(tmp_path: Path) -> None:
    assert vendor((ASSET,), tmp_path, npm({"a.js": GOOD})) == [tmp_path / "static" / "a.js"]
    assert (tmp_path / "static" / "a.js").read_bytes() == GOOD
    assert vendor((ASSET,), tmp_path, unwanted) == []


def test_a_changed_file_is_fetched_again(tmp_path: Path) -> None:
    vendor((ASSET,), tmp_path, npm({"a.js": GOOD}))
    (tmp_path / "static" / "a.js").write_bytes(b"changed")
    assert len(vendor((ASSET,), tmp_path, npm({"a.js": GOOD}))) == 1


def test_one_wrong_hash_leaves_everything_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        vendor((ASSET, OTHER), tmp_path, npm({"a.js": GOOD, "b.js": b"evil"}))
    assert caught.value.code is FaultCode.SETUP_ASSET_HASH
    assert not (tmp_path / "static").exists()


def test_another_version_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        vendor((ASSET,), tmp_path, npm({"a.js": GOOD}, version="1.0.1"))
    assert caught.value.code is FaultCode.SETUP_ASSET_HASH


def test_a_package_without_the_file_is_a_failed_download(tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        vendor((ASSET,), tmp_path, npm({}))
    assert caught.value.code is FaultCode.SETUP_DOWNLOAD


def test_the_manifest_the_packages_and_the_lock_agree() -> None:
    wanted = json.loads((PACKAGES / "package.json").read_text(encoding="utf-8"))
    locked = json.loads((PACKAGES / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    pins = wanted["dependencies"] | wanted["devDependencies"]
    assert {(asset.package, asset.version) for asset in read_manifest()} == set(pins.items())
    for package, version in pins.items():
        entry = locked[f"node_modules/{package}"]
        assert entry["version"] == version
        assert entry["integrity"].startswith("sha512-")


def test_the_lock_names_no_address() -> None:
    assert "://" not in (PACKAGES / "package-lock.json").read_text(encoding="utf-8")
