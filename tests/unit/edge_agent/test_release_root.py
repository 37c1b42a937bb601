"""The root of trust a box is given once: what is taken for one, and that it is never taken anew."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cloud_broker.adapters.release_shelf import Trust
from edge_agent.adapters.release_root import PinnedRoot, checked, root_in
from retail_core.errors import Fault
from retail_core.fleet.enrol_code import pin_of
from retail_core.texts.faults import FaultCode
from tests.factories.faults import code_of
from tests.factories.releases import SignedReleases
from tests.fakes.clock import FakeClock

C = FaultCode


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> SignedReleases:
    return SignedReleases(tmp_path_factory.mktemp("releases"), FakeClock().wall_ms)


@pytest.fixture
def root(offered: SignedReleases) -> bytes:
    return offered.root_file.read_bytes()


def test_a_root_is_taken_as_it_was_signed(root: bytes) -> None:
    assert checked(root) == root
    assert checked(root, pin_of(root)) == root
    assert checked(root, pin_of(root).upper()) == root


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"version":1', b'"version":7'),
        (b'"threshold":2', b'"threshold":1'),
        (b'"_type":"root"', b'"_type":"targets"'),
        (b"{", b""),
    ],
)
def test_a_root_that_was_changed_is_refused(root: bytes, old: bytes, new: bytes) -> None:
    assert old in root
    assert code_of(checked, root.replace(old, new, 1)) is C.RELEASE_ROOT_WRONG


def test_one_of_two_signatures_is_not_enough(offered: SignedReleases) -> None:
    found = offered.shelf.root()
    found.signatures.pop(next(iter(found.signatures)))
    assert len(found.signatures) == 2, "three keys signed, two are needed"
    assert checked(found.to_bytes())
    found.signatures.pop(next(iter(found.signatures)))
    assert code_of(checked, found.to_bytes()) is C.RELEASE_ROOT_WRONG


def test_the_index_is_no_root(offered: SignedReleases) -> None:
    assert code_of(checked, offered.shelf.index().to_bytes()) is C.RELEASE_ROOT_WRONG


def test_another_root_than_the_pin_names_is_refused(root: bytes) -> None:
    assert code_of(checked, root, pin_of(root + b" ")) is C.RELEASE_ROOT_WRONG
    assert code_of(root_in, {"release_root": ""}, pin_of(root)) is C.RELEASE_ROOT_WRONG


@pytest.mark.parametrize("sheet", [{}, {"release_root": ""}])
def test_a_cloud_without_releases_gives_none(sheet: Mapping[str, Any]) -> None:
    assert root_in(sheet) == b""


def test_a_sheet_with_something_else_is_refused() -> None:
    assert code_of(root_in, {"release_root": 7}) is C.RELEASE_ROOT_WRONG


class Cloud:
    """Says a sheet and counts how often it was asked."""

    def __init__(self, root: bytes) -> None:
        self.root, self.asked = root, 0

    def sheet(self) -> Mapping[str, Any]:
        self.asked += 1
        return {"release_root": self.root.decode()}


def test_a_box_without_a_root_asks_once_and_keeps_it(root: bytes, tmp_path: Path) -> None:
    cloud, path = Cloud(root), tmp_path / "root.json"
    assert PinnedRoot(path, cloud.sheet).content() == root
    cloud.root = b"{}"
    assert PinnedRoot(path, cloud.sheet).content() == root
    assert cloud.asked == 1
    assert path.read_bytes() == root


def test_a_false_root_is_not_kept(offered: SignedReleases, root: bytes, tmp_path: Path) -> None:
    cloud = Cloud(root.replace(b'"version":1', b'"version":2'))
    pinned = PinnedRoot(tmp_path / "root.json", cloud.sheet)
    assert code_of(pinned.content) is C.RELEASE_ROOT_WRONG
    assert not pinned.path.exists()
    cloud.root = root
    assert pinned.content() == root, "the next time it is asked again"


def test_a_cloud_without_releases_is_asked_again_the_next_time(root: bytes, tmp_path: Path) -> None:
    cloud = Cloud(b"")
    pinned = PinnedRoot(tmp_path / "root.json", cloud.sheet)
    assert code_of(pinned.content) is C.RELEASE_NO_ROOT
    cloud.root = root
    assert pinned.content() == root


def test_a_box_whose_config_names_a_file_asks_nobody(tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        PinnedRoot(tmp_path / "root.json").content()
    assert caught.value.code is C.RELEASE_NO_ROOT


def test_a_root_that_followed_is_a_root_to_begin_with(tmp_path: Path) -> None:
    offered = SignedReleases(tmp_path, FakeClock().wall_ms)
    first = offered.root_file.read_bytes()
    offered.shelf.rotate(offered.now_ms, offered.roots[:2], "targets", Trust(offered.targets, 2))
    newest = offered.shelf.root_file().read_bytes()
    assert checked(newest) != first
    assert offered.shelf.root_file().name == "2.root.json"
