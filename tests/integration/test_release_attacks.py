"""A box's own client against a real HTTP server that lies: old, mixed, false, endless, cut."""

import io
import json
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Targets

from cloud_broker.adapters.release_shelf import LIFE, Trust, sign
from edge_agent.adapters.releases_tuf import TufReleases
from edge_agent.adapters.slot_folder import SlotFolder
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.fleet.release import Part
from retail_core.texts.faults import FaultCode
from tests.factories.releases import PLATFORM, BentServer, SignedReleases, source_of
from tests.fakes.clock import FakeClock

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
C = FaultCode
DAY_MS = 24 * 3_600_000


class Site:
    """A cloud that offers release 1, a server of it, and a box that has seen that."""

    def __init__(self, folder: Path, server: BentServer, offered: SignedReleases) -> None:
        self.folder, self.server, self.offered = folder, server, offered
        self.clock = FakeClock()
        self.box = self.new_box("box")

    def new_box(self, name: str) -> TufReleases:
        return source_of(self.server, self.folder / name, self.offered.root_file, self.clock)

    def code(self, number: int = 1, box: str = "box") -> FaultCode | None:
        """Return what a box that was just started makes of the index."""
        try:
            self.new_box(box).release(number)
        except Fault as fault:
            return fault.code
        return None

    def old(self, content: dict[str, bytes], *names: str) -> None:
        """Serve files as they were."""
        self.server.instead |= {name: content[name] for name in names}

    @property
    def part(self) -> Part:
        (part,) = self.box.release(1).for_platform(PLATFORM)
        return part


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    offered = SignedReleases(tmp_path, FakeClock().wall_ms)
    offered.offer(1)
    with BentServer(offered.shelf.folder).running() as server:
        made = Site(tmp_path, server, offered)
        assert made.code() is None
        yield made


def test_an_older_index_is_refused_after_a_restart_too(site: Site) -> None:
    before = site.offered.copy()
    site.offered.offer(2)
    assert site.code(2) is None
    site.old(before, "timestamp.json")
    assert site.code(1) is C.RELEASE_REPLAYED


def test_an_index_held_back_is_refused_when_it_has_expired(site: Site) -> None:
    held = site.offered.copy()
    site.clock.advance(int(LIFE["timestamp"].total_seconds()) * 1_000 + DAY_MS)
    site.old(held, "timestamp.json")
    assert site.code() is C.RELEASE_EXPIRED
    site.server.instead.clear()
    assert site.offered.shelf.freshen(site.clock.wall_ms)
    assert site.code() is None, "the cloud signs the timestamp anew in time"


def test_a_box_without_a_clock_can_tell_nothing_and_takes_nothing(site: Site) -> None:
    site.clock.quality = TimeQuality.UNKNOWN
    assert site.code() is C.RELEASE_EXPIRED


def test_parts_of_two_indexes_do_not_mix(site: Site) -> None:
    before = site.offered.copy()
    site.offered.offer(2)
    site.server.instead["3.targets.json"] = before["2.targets.json"]
    assert site.code(2) in {C.RELEASE_UNTRUSTED, C.RELEASE_REPLAYED}
    assert site.code(2, "other") in {C.RELEASE_UNTRUSTED, C.RELEASE_REPLAYED}
    site.server.instead = {"3.snapshot.json": before["2.snapshot.json"]}
    assert site.code(2, "third") in {C.RELEASE_UNTRUSTED, C.RELEASE_REPLAYED}


@pytest.mark.parametrize("name", ["timestamp.json", "3.snapshot.json", "3.targets.json"])
def test_a_changed_byte_in_the_index_is_refused(site: Site, name: str) -> None:
    site.offered.offer(2)
    assert b'"version":3' in (site.offered.shelf.metadata / name).read_bytes()
    site.server.bend[name] = lambda content: content.replace(b'"version":3', b'"version":4')
    assert site.code(2) in {C.RELEASE_UNTRUSTED, C.RELEASE_REPLAYED}


def test_one_of_two_keys_makes_no_release(site: Site) -> None:
    place, _ = site.offered.built(2)
    sign(place, site.offered.shelf.draft(place, site.offered.now_ms), site.offered.targets[:1])
    with pytest.raises(Fault) as caught:
        site.offered.shelf.publish(place, site.offered.now_ms)
    assert caught.value.code is C.RELEASE_KEY_WRONG
    forged: Metadata[Targets] = Metadata.from_file(str(place / "targets.json"))
    stranger = CryptoSigner.generate_ed25519()
    forged.sign(stranger, append=True)
    site.offered.shelf._freshen(forged, site.offered.now_ms)
    assert site.code(2) is C.RELEASE_UNTRUSTED


def test_who_stole_the_server_cannot_make_a_root(site: Site) -> None:
    stranger = [CryptoSigner.generate_ed25519()]
    fake = SignedReleases(site.folder / "fake", site.offered.now_ms)
    fake.offer(1)
    site.server.instead["2.root.json"] = fake.root_file.read_bytes().replace(
        b'"version":1', b'"version":2'
    )
    assert site.code() is C.RELEASE_UNTRUSTED
    with pytest.raises(Fault):
        site.offered.shelf.rotate(site.clock.wall_ms, stranger, "targets", Trust(stranger))


@pytest.mark.parametrize("role", ["targets", "root", "snapshot", "timestamp"])
def test_keys_are_changed_and_the_old_ones_are_worth_nothing(site: Site, role: str) -> None:
    offered, now_ms = site.offered, site.clock.wall_ms
    fresh = [CryptoSigner.generate_ed25519() for _ in range(2)]
    trust = None if role in {"snapshot", "timestamp"} else Trust(fresh, 2)
    assert offered.shelf.rotate(now_ms, offered.roots[:2], role, trust) == 2
    assert site.code() is None
    if role == "root":
        with pytest.raises(Fault) as caught:
            offered.shelf.rotate(now_ms, offered.roots, "targets", Trust(fresh, 2))
        assert caught.value.code is C.RELEASE_KEY_WRONG
        assert offered.shelf.rotate(now_ms, fresh, "targets", Trust(fresh, 2)) == 3
        assert site.code() is None
    if role == "targets":
        place, _ = offered.built(2)
        sign(place, offered.shelf.draft(place, now_ms), offered.targets)
        with pytest.raises(Fault):
            offered.shelf.publish(place, now_ms)
        (place / "targets.json").unlink()
        sign(place, offered.shelf.draft(place, now_ms), fresh)
        offered.shelf.publish(place, now_ms)
        assert site.code(2) is None


def test_a_box_that_was_given_the_first_root_finds_the_newest_by_itself(site: Site) -> None:
    offered, now_ms = site.offered, site.clock.wall_ms
    signers = offered.roots[:2]
    for _ in range(3):
        fresh = [CryptoSigner.generate_ed25519() for _ in range(2)]
        offered.shelf.rotate(now_ms, signers, "root", Trust(fresh, 2))
        signers = fresh
    assert site.code() is None, "one that had seen nothing of it"
    assert site.code(box="let in long ago, first update today") is None
    offered.root_file.write_bytes(offered.shelf.root_file().read_bytes())
    assert site.code(box="let in today") is None
    assert offered.shelf.root().signed.version == 4


def test_an_older_root_brings_nothing_older_back(site: Site) -> None:
    """A card that is put back, and a server that plays the old days to it."""
    offered, now_ms = site.offered, site.clock.wall_ms
    first, old_days = offered.root_file.read_bytes(), offered.copy()
    fresh = [CryptoSigner.generate_ed25519() for _ in range(2)]
    offered.shelf.rotate(now_ms, offered.roots[:2], "root", Trust(fresh, 2))
    offered.shelf.rotate(now_ms, fresh, "timestamp")
    offered.root_file.write_bytes(offered.shelf.root_file().read_bytes())
    assert site.code() is None
    offered.root_file.write_bytes(first)
    site.old(old_days, "timestamp.json")
    assert site.code() in {C.RELEASE_UNTRUSTED, C.RELEASE_REPLAYED}
    site.server.instead.clear()
    assert site.code() is None, "the older root leads to the newest again"


def test_a_root_changed_on_the_box_is_refused(site: Site) -> None:
    content = site.offered.root_file.read_bytes()
    site.offered.root_file.write_bytes(content.replace(b'"threshold":2', b'"threshold":1', 1))
    assert site.code() is C.RELEASE_UNTRUSTED
    site.offered.root_file.write_bytes(b"")
    assert site.code() is C.RELEASE_UNTRUSTED
    site.offered.root_file.write_bytes(content)
    assert site.code() is None


def test_a_false_part_is_deleted_and_an_endless_one_left(site: Site, tmp_path: Path) -> None:
    part, place = site.part, tmp_path / "part"
    site.server.bend[".zst"] = lambda content: content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(Fault) as caught:
        site.box.fetch(part, place, lambda: False)
    assert caught.value.code is C.RELEASE_UNTRUSTED
    assert not place.exists()
    site.server.bend[".zst"] = lambda content: content + bytes(4_000_000)
    with pytest.raises(Fault):
        site.box.fetch(part, place, lambda: False)
    assert not place.exists() or place.stat().st_size <= site.box.size(part)
    site.server.bend.clear()
    assert site.box.fetch(part, place, lambda: False)


def test_an_endless_index_is_left(site: Site) -> None:
    site.server.bend["timestamp.json"] = lambda content: content + b" " * 4_000_000
    assert site.code() is C.RELEASE_UNTRUSTED


def test_a_cut_part_goes_on_where_it_was(site: Site, tmp_path: Path) -> None:
    part, place = site.part, tmp_path / "part"
    site.server.cut_after = 100
    with pytest.raises(Fault) as caught:
        site.box.fetch(part, place, lambda: False)
    assert caught.value.code is C.SYNC_LINK_DOWN
    assert place.stat().st_size == 100
    again = site.new_box("box")
    again.release(1)
    assert again.fetch(part, place, lambda: False)
    assert site.server.asked[-1][1] == "bytes=100-"


def test_without_a_root_of_trust_nothing_is_asked(site: Site) -> None:
    site.offered.root_file.unlink()
    asked = len(site.server.asked)
    assert site.code() is C.RELEASE_NO_ROOT
    assert len(site.server.asked) == asked


def test_a_withdrawn_release_is_gone_and_its_parts_too(site: Site) -> None:
    site.offered.offer(2, "sold = 2\n")
    site.offered.withdraw(1)
    assert site.code(1) is C.RELEASE_UNKNOWN
    assert site.code(2) is None
    index = site.offered.shelf.index().signed.targets
    assert len([one for one in index if one.startswith("parts/")]) == 1
    assert datetime.fromtimestamp(site.clock.wall_ms / 1_000, UTC) < index_expires(site)


def index_expires(site: Site) -> datetime:
    return site.offered.shelf.index().signed.expires


@pytest.mark.parametrize("kind", ["link", "outside", "larger"])
def test_a_signed_tree_that_reaches_out_is_refused(tmp_path: Path, kind: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tree:
        entry = tarfile.TarInfo("../out.py" if kind == "outside" else "in.py")
        if kind == "link":
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        else:
            entry.size = 10
        tree.addfile(entry, io.BytesIO(bytes(entry.size)))
    place = tmp_path / "part"
    place.write_bytes(zstandard.compress(packed.getvalue()))
    part = Part("parts/x.tar.zst", "agent", PLATFORM, 5 if kind == "larger" else 1_000)
    with pytest.raises(Fault) as caught:
        SlotFolder(tmp_path / "box").unpack("a", part, place)
    assert caught.value.code is C.RELEASE_WRONG
    assert not (tmp_path / "box" / "slots" / "a" / "out.py").exists()
    assert not (tmp_path / "box" / "slots" / "out.py").exists()


def test_numbers_only_grow(site: Site) -> None:
    place, _ = site.offered.built(1)
    with pytest.raises(Fault) as caught:
        site.offered.shelf.draft(place, site.offered.now_ms)
    assert caught.value.code is C.RELEASE_TAKEN


def test_what_lies_on_the_server_holds_no_key_that_makes_releases(site: Site) -> None:
    there = {one.name for one in site.offered.shelf.folder.rglob("*.pem")}
    assert there == {"snapshot.pem", "timestamp.pem"}
    index = json.loads(site.offered.shelf.root().to_bytes())
    keys = {role: set(one["keyids"]) for role, one in index["signed"]["roles"].items()}
    assert not keys["root"] & (keys["snapshot"] | keys["timestamp"])
    assert not keys["targets"] & (keys["root"] | keys["snapshot"] | keys["timestamp"])
