"""Snapshots and sums: read as they were written, refused by code when they are not whole."""

from collections.abc import Callable
from hashlib import sha256

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.errors import Fault
from retail_core.sync.urgency import COUNTED, Urgency, urgency_of, urgency_of_news
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import EventType
from retail_core.wire.persons import ADDITIONS_MAX, PersonsPlan, decode_plan, encode_plan
from retail_core.wire.snapshot import (
    Bucket,
    BucketsApart,
    BucketSums,
    HeldRow,
    Segment,
    SnapshotManifest,
    open_apart,
    open_bucket,
    open_manifest,
    open_rows,
    open_sums,
    pack_rows,
    say_sums,
    segment_of,
)

STORE = bytes(range(16))
MANIFEST = SnapshotManifest(1, STORE, 3, 900, 1_795, 2, (Segment(bytes(32), 70, 2),))
RAW_MAX = limits.SEGMENT_RAW_BYTES_MAX
encode = msgspec.msgpack.encode
rows = st.lists(
    st.builds(
        HeldRow,
        st.binary(min_size=16, max_size=16),
        st.integers(0, 2**63 - 1),
        st.binary(max_size=90).map(lambda body: msgspec.Raw(encode(body))),
    ),
    max_size=9,
)


def refusal(read: Callable[[bytes], object], content: bytes) -> Fault:
    with pytest.raises(Fault) as caught:
        read(content)
    return caught.value


@given(rows)
def test_rows_come_back_whole(held: list[HeldRow]) -> None:
    content = pack_rows(held)
    found = open_rows(content)
    assert [(one.key, one.ver, bytes(one.record)) for one in found] == [
        (one.key, one.ver, bytes(one.record)) for one in held
    ]
    named = segment_of(content, len(held))
    assert named == Segment(sha256(content).digest(), len(content), len(held))


def test_what_would_unpack_to_more_than_a_segment_is_not_unpacked() -> None:
    bomb = zstandard.ZstdCompressor(level=1).compress(bytes(RAW_MAX + 1))
    refused = refusal(open_rows, bomb)
    assert refused.code is FaultCode.WIRE_TOO_LARGE
    assert refused.fields == {"limit": RAW_MAX}
    full = zstandard.ZstdCompressor(level=1).compress(bytes(RAW_MAX))
    assert refusal(open_rows, full).code is FaultCode.WIRE_MALFORMED, "large enough, but no rows"


def test_rows_that_hide_their_size_are_refused() -> None:
    silent = zstandard.ZstdCompressor(level=1, write_content_size=False).compress(encode(()))
    refused = refusal(open_rows, silent)
    assert (refused.code, refused.fields) == (FaultCode.WIRE_MALFORMED, {"detail": "no size"})
    empty = refusal(open_rows, zstandard.ZstdCompressor().compress(b""))
    assert empty.fields == {"detail": "Input data was truncated"}, "it says its size, which is none"


def test_a_segment_without_rows_is_read() -> None:
    assert open_rows(pack_rows(())) == ()


@pytest.mark.parametrize("read", [open_rows, open_manifest, open_sums, open_apart, open_bucket])
@pytest.mark.parametrize(
    "content", [b"", b"\x93\x01", b"\xff" * 40, b"[" * 50_000, b"\x91" * 9_999]
)
def test_what_is_nothing_of_the_kind_is_malformed(
    read: Callable[[bytes], object], content: bytes
) -> None:
    refused = refusal(read, content)
    assert refused.code is FaultCode.WIRE_MALFORMED
    assert len(str(refused.fields["detail"])) > len("None")


def test_a_manifest_is_read_and_one_of_another_format_is_named() -> None:
    assert open_manifest(encode(MANIFEST)) == MANIFEST
    for number in (0, 2):
        refused = refusal(open_manifest, encode(msgspec.structs.replace(MANIFEST, format=number)))
        assert (refused.code, refused.fields) == (FaultCode.WIRE_VERSION, {"version": number})


@pytest.mark.parametrize(
    ("size", "fits"),
    [
        (0, False),
        (1, True),
        (limits.SEGMENT_BYTES_MAX, True),
        (limits.SEGMENT_BYTES_MAX + 1, False),
    ],
)
def test_the_bytes_of_a_segment_are_bounded(size: int, *, fits: bool) -> None:
    some = msgspec.structs.replace(MANIFEST, segments=(Segment(bytes(32), size, 1),))
    if fits:
        assert open_manifest(encode(some)) == some
    else:
        refused = refusal(open_manifest, encode(some))
        assert refused.code is FaultCode.WIRE_MALFORMED
        assert "$[6]" in str(refused.fields["detail"])


def test_sums_travel_as_json_and_answers_packed() -> None:
    sums = BucketSums(3, 900, bytes(range(8)))
    assert say_sums(sums) == b'[3,900,"AAECAwQFBgc="]'
    assert open_sums(say_sums(sums)) == sums
    apart = BucketsApart(compared=True, buckets=(1, 255))
    assert open_apart(encode(apart)) == apart
    assert open_apart(encode([False])) == BucketsApart(compared=False)
    bucket = Bucket(3, 900, pack_rows(()))
    assert open_bucket(encode(bucket)) == bucket


def test_a_plan_for_the_known_persons_travels() -> None:
    plan = PersonsPlan(7, bytes(range(32)), 36_089, whole=False, additions=(b"RPA1",))
    assert decode_plan(encode_plan(plan)) == plan
    most = msgspec.structs.replace(plan, additions=(b"",) * ADDITIONS_MAX)
    assert decode_plan(encode_plan(most)) == most
    more = msgspec.structs.replace(plan, additions=(b"",) * (ADDITIONS_MAX + 1))
    for content in (encode_plan(more), b"", b"\xc0"):
        assert refusal(decode_plan, content).code is FaultCode.WIRE_MALFORMED


class TestWhatMattersWhenRoomRunsOut:
    @pytest.mark.parametrize(
        "kind",
        ["sale", "refund", "gift.handed", "return.unmatched", "lease.hello", "lease.returned"],
    )
    def test_money_is_dearest(self, kind: str) -> None:
        assert kind in set(EventType)
        assert urgency_of(kind) is Urgency.MONEY

    def test_a_tills_agreement_is_telemetry(self) -> None:
        assert urgency_of(EventType.TILL_AGREEMENT) is Urgency.TELEMETRY

    @pytest.mark.parametrize("kind", [EventType.MEMBER_ENROLLED, EventType.FACE_HELD, "newer", ""])
    def test_what_is_not_known_may_be_a_persons(self, kind: str) -> None:
        assert urgency_of(kind) is Urgency.MEMBERSHIP

    def test_a_mere_count_goes_first(self) -> None:
        assert urgency_of_news(COUNTED) is Urgency.DEBUG
        assert urgency_of_news("counted") is Urgency.TELEMETRY
        assert Urgency.MONEY < Urgency.MEMBERSHIP < Urgency.TELEMETRY < Urgency.DEBUG
