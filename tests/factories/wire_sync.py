"""What a restored cloud and a box that takes a snapshot say to each other, and a clerk's answer."""

from dataclasses import replace
from uuid import UUID

import msgspec

from retail_core import limits
from retail_core.catalog.article import Article
from retail_core.catalog.delta import encode_delta
from retail_core.catalog.encoding import Catalogue, encode_catalogue
from retail_core.catalog.price_lists import ListPrice
from retail_core.wire.growth import CallAnswered
from retail_core.wire.lease import LeaseGrant
from retail_core.wire.messages import Published
from retail_core.wire.restored import BoxStanding, CloudHolds, LeaseTold
from retail_core.wire.rights import AskState, RightAsked, RightsAnswer, RightsAsked, RightStands
from retail_core.wire.snapshot import (
    Bucket,
    BucketsApart,
    HeldRow,
    Segment,
    SnapshotManifest,
    pack_rows,
)

WALL_MS = 1_795_000_000_000


def uid(number: int) -> UUID:
    """A uuid7 that is the same in every run."""
    return UUID(int=(WALL_MS << 80) | (0x7 << 76) | (0b10 << 62) | number)


STORE, DEVICE, MEMBER, WALLET = (uid(number) for number in (2, 3, 6, 7))


def sync_examples(record: msgspec.Raw) -> dict[str, msgspec.Struct]:
    """One example of each; `record` is a member's."""
    return {
        "body_call_answered": CallAnswered(uid(53).bytes, "done"),
        "box_standing": BoxStanding(
            1, 1_785_000_000_000, 77, 12, 43, 2, 12, 7,
            (LeaseTold("points", WALLET.bytes, 2, 7, 400),),
        ),
        "cloud_holds": CloudHolds(1, 1_785_000_000_000, ((1, 40),), (bytes(range(32)),)),
        "rights_asked": RightsAsked(1, (RightAsked("points", WALLET.bytes, 400),)),
        "rights_answer": RightsAnswer(
            1,
            (LeaseGrant(DEVICE.bytes, "points", WALLET.bytes, 2, 8, 150),),
            (RightStands("points", WALLET.bytes, AskState.ASKED, 200, 50),),
        ),
        "published_step": Published(
            1, "catalogue", 8, bytes(range(32)), 90_231, 7, bytes(range(1, 33)), b"\x96\x01",
        ),
        "snapshot_manifest": SnapshotManifest(
            1, STORE.bytes, 3, 9_007, WALL_MS, 4_100,
            (Segment(bytes(range(32)), 501_223, 4_000), Segment(bytes(32), 12_001, 100)),
        ),
        "snapshot_row": HeldRow(MEMBER.bytes, 4, record),
        "buckets_apart": BucketsApart(compared=True, buckets=(7, 250)),
        "bucket": Bucket(3, 9_007, b"rows"),
    }  # fmt: skip


def snapshot_examples(record: bytes) -> dict[str, bytes]:
    """Return documents of the downlink that are no single message, as they travel."""
    rows = [HeldRow(MEMBER.bytes, 4, msgspec.Raw(record))]
    soap = Article(uid(40), "SOAP", "香皂", "块", 1_990, ("690",), brand="甲", tags=frozenset("新"))
    dear = replace(soap, price_fen=2_490)
    delta = encode_delta(
        Catalogue(7, (soap,), 20_261_122),
        Catalogue(8, (dear,), 20_261_122, (ListPrice("SOAP", "", 20_261_201, 1_990),)),
        limits.CATALOGUE_DELTA_BYTES_MAX,
    )
    assert delta is not None
    return {
        "doc_segment": pack_rows(rows),
        "doc_delta": delta,
        "doc_catalogue": encode_catalogue(7, [soap], day=20_261_122),
    }
