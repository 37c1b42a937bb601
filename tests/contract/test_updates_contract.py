"""Where releases come from and where they lie: what a `ReleaseSource` and a `SlotShelf` promise."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from edge_agent.adapters.releases_late import LateReleases
from edge_agent.adapters.slot_folder import SlotFolder
from edge_agent.ports.updates import ReleaseSource, SlotShelf
from retail_core.errors import Fault
from retail_core.fleet import slots as moves
from retail_core.fleet.release import Part, Release
from retail_core.fleet.slots import Slots, Stage
from retail_core.texts.faults import FaultCode
from tests.factories.releases import PLATFORM, BentServer, SignedReleases, source_of
from tests.fakes.clock import FakeClock
from tests.fakes.updates import FakeReleaseSource, FakeSlotShelf


@pytest.fixture
def offered(tmp_path: Path) -> SignedReleases:
    made = SignedReleases(tmp_path, FakeClock().wall_ms)
    made.offer(3)
    return made


@pytest.fixture(
    params=[
        "memory",
        pytest.param("tuf", marks=[pytest.mark.enable_socket]),
        pytest.param("late", marks=[pytest.mark.enable_socket]),
    ],
)
def source(
    request: pytest.FixtureRequest, tmp_path: Path, offered: SignedReleases
) -> Iterator[ReleaseSource]:
    listed, _ = offered.built(4)
    part = next(iter((listed / "parts").iterdir()))
    if request.param == "memory":
        fake = FakeReleaseSource()
        packed = next((offered.shelf.targets / "parts").iterdir()).read_bytes()
        made = Part("parts/agent.tar.zst", "agent", PLATFORM, 1_000)
        fake.content[made.path] = packed
        fake.offers[3] = Release(3, "1.3", (made,))
        yield fake
        return
    assert part.is_file()
    with BentServer(offered.shelf.folder).running() as server:
        late = request.param == "late"
        make = partial(source_of, server, tmp_path / "box", offered.root_file, FakeClock())
        yield LateReleases(make) if late else make()


class TestReleaseSource:
    def test_a_release_is_found_and_its_parts_come_whole(
        self, source: ReleaseSource, tmp_path: Path
    ) -> None:
        found = source.release(3)
        (part,) = found.for_platform(PLATFORM)
        assert (found.version, source.offered(3), source.offered(9)) == ("1.3", True, False)
        place = tmp_path / "part"
        assert source.fetch(part, place, lambda: False)
        assert place.stat().st_size == source.size(part)

    def test_what_is_not_offered_is_unknown(self, source: ReleaseSource) -> None:
        with pytest.raises(Fault) as caught:
            source.release(9)
        assert caught.value.code is FaultCode.RELEASE_UNKNOWN

    def test_told_to_stop_it_stops(self, source: ReleaseSource, tmp_path: Path) -> None:
        (part,) = source.release(3).for_platform(PLATFORM)
        assert not source.fetch(part, tmp_path / "part", lambda: True)


def test_a_source_is_made_for_the_first_look_and_once(tmp_path: Path) -> None:
    made: list[FakeReleaseSource] = []

    def make() -> FakeReleaseSource:
        made.append(FakeReleaseSource(offers={3: Release(3, "1.3", ())}))
        return made[-1]

    late, part = LateReleases(make), Part("parts/agent.tar.zst", "agent", PLATFORM, 1_000)
    assert not late.offered(3)
    with pytest.raises(Fault) as unsized:
        late.size(part)
    with pytest.raises(Fault) as unfetched:
        late.fetch(part, tmp_path / "part", lambda: False)
    assert unsized.value.code is unfetched.value.code is FaultCode.RELEASE_UNTRUSTED
    assert made == []
    assert [late.release(3).version, late.release(3).version] == ["1.3", "1.3"]
    assert [one.asked for one in made] == [2]


@pytest.fixture(params=["memory", "folder"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> SlotShelf:
    return FakeSlotShelf(tmp_path) if request.param == "memory" else SlotFolder(tmp_path)


def packed(offered: SignedReleases) -> tuple[Part, Path]:
    """Return a part as it was fetched."""
    (place,) = (offered.folder / "build-3" / "parts").iterdir()
    return Part(f"parts/{place.name}", "agent", PLATFORM, 10_000), place


class TestSlotShelf:
    def test_what_was_written_is_read_again(self, shelf: SlotShelf) -> None:
        assert shelf.read() == Slots()
        slots = moves.proved(moves.switch(moves.filled(moves.fill(Slots(), 3, "1.3"), "sum")))
        shelf.write(replace(slots, bad=(1, 2)))
        assert shelf.read() == replace(slots, bad=(1, 2))
        assert shelf.read().slot("a").stage is Stage.GOOD

    def test_the_sum_knows_what_lies_there(
        self, shelf: SlotShelf, offered: SignedReleases, tmp_path: Path
    ) -> None:
        part, place = packed(offered)
        if isinstance(shelf, FakeSlotShelf):
            place = tmp_path / "tree"
            place.write_bytes(b"tree")
        empty = shelf.digest("a")
        shelf.unpack("a", part, place)
        full = shelf.digest("a")
        assert len({empty, full}) == 2
        assert shelf.digest("b") == empty
        shelf.clear("a")
        assert shelf.digest("a") == empty
        shelf.unpack("b", part, place)
        assert shelf.digest("b") == full

    def test_what_is_no_tree_is_refused(
        self, shelf: SlotShelf, offered: SignedReleases, tmp_path: Path
    ) -> None:
        part, _ = packed(offered)
        wrong = tmp_path / "wrong"
        wrong.write_bytes(b"no tree at all")
        with pytest.raises(Fault) as caught:
            shelf.unpack("a", part, wrong)
        assert caught.value.code is FaultCode.RELEASE_WRONG

    def test_room_and_downloads(self, shelf: SlotShelf) -> None:
        assert shelf.free_bytes() > 0
        (shelf.downloads / "part").write_bytes(b"x")
        shelf.tidy()
        assert not list(shelf.downloads.iterdir())
