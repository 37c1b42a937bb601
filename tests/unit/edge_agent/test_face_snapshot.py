"""A snapshot that is older than a member takes nobody's face; who has left is forgotten."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from edge_agent.ports.cloud_link import FetchedMember
from retail_core.wire.snapshot import SNAPSHOT_FORMAT, SnapshotManifest
from tests.factories.agent_api import member_record
from tests.factories.privacy import Shop
from tests.factories.shop_floor import make_change


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.stop()


def known_to_the_cloud(shop: Shop) -> UUID:
    """Enrol a member with her face; the cloud has told the box of her."""
    member = shop.enrol()
    shop.take_face(member)
    shop.box.storage.replica.apply_changes(
        feed_epoch=1, pos=5, changes=[make_change(5, member, 1, member_record())]
    )
    return member


def takes_a_snapshot(shop: Shop, *, base: int, epoch: int = 1) -> None:
    """Let a box that was cut off in a load take one of nobody."""
    shop.box.storage.replica.begin_load(b"cut off")
    shop.open_again()
    directory = shop.box.directory
    directory.feed_epoch, directory.down = epoch, False
    manifest = SnapshotManifest(SNAPSHOT_FORMAT, bytes(16), epoch, base, 1, 0, ())
    directory.manifest = msgspec.msgpack.encode(manifest)


def taken(shop: Shop) -> None:
    line = shop.box.agent.cloud._downlink
    line.ask_all()
    for _ in range(20):
        line.work_off()


def test_who_came_after_the_snapshot_was_made_keeps_her_face(shop: Shop) -> None:
    member = known_to_the_cloud(shop)
    takes_a_snapshot(shop, base=3)
    here = FetchedMember(member, 1, member_record())
    shop.box.directory.members["member", member.bytes] = here
    taken(shop)
    assert shop.box.storage.replica.feed_position() == (1, 3)
    assert shop.held() == [member]
    assert shop.box.storage.replica.member(member) is not None


def test_whom_neither_snapshot_nor_cloud_has_here_is_forgotten(shop: Shop) -> None:
    known_to_the_cloud(shop)
    takes_a_snapshot(shop, base=9)
    taken(shop)
    assert shop.held() == []


def test_a_restored_cloud_forgets_nobody_here(shop: Shop) -> None:
    member = known_to_the_cloud(shop)
    takes_a_snapshot(shop, base=9, epoch=2)
    taken(shop)
    assert shop.box.storage.replica.feed_position() == (2, 9)
    assert shop.held() == [member]
