"""The line to the cloud: MQTT for frames, HTTP for what is fetched on demand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from retail_core.wire.lane import CheckInSeen
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import ChangeFrame, Hello, Presence, Sale
from retail_core.wire.refund import Refund
from retail_core.wire.snapshot import Bucket, BucketsApart, BucketSums


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message from the cloud: `topic_tail` is `ack`, `chg`, `lane`, `all/...` or `cloud/st`."""

    topic_tail: str
    payload: bytes


class CloudLink(Protocol):
    """A clean MQTT session that may end at any moment; nothing durable lives in the broker."""

    def start(
        self, on_message: Callable[[Inbound], None], on_state: Callable[[bool], None]
    ) -> None:
        """Connect in the background with full-jitter retries; callbacks come on its thread."""
        ...

    def connected(self) -> bool:
        """Return whether the session stands."""
        ...

    def publish_up(self, payload: bytes) -> bool:
        """Hand an up-frame to the session at QoS 1; False when there is no session."""
        ...

    def publish_hello(self, hello: Hello) -> bool:
        """Send the hello that asks for committed ranges and missed changes."""
        ...

    def publish_presence(self, presence: Presence) -> bool:
        """Publish the retained state of this device."""
        ...

    def publish_seen(self, seen: CheckInSeen) -> bool:
        """Say what became of a check-in at this counter."""
        ...

    def stop(self) -> None:
        """Say goodbye on purpose and end the thread; safe to call twice."""
        ...


@dataclass(frozen=True, slots=True)
class FetchedMember:
    """A member fetched on a miss; from now on this store is sent her changes."""

    member_id: UUID
    ver: int
    record: MemberRecord


@dataclass(frozen=True, slots=True)
class FetchedRefund:
    """A refund as the cloud booked it, whichever shop made it."""

    wall_ms: int
    store_name: str
    operator: UUID | None
    body: Refund


@dataclass(frozen=True, slots=True)
class FetchedReceipt:
    """A receipt as the cloud holds it; `member` is also who claimed it later."""

    store: UUID
    store_name: str
    till: UUID | None
    operator: UUID | None
    member: UUID | None
    wall_ms: int
    sale: Sale
    refunds: tuple[FetchedRefund, ...] = ()


class CloudDirectory(Protocol):
    """HTTP requests to the cloud; each raises Fault SYNC_LINK_DOWN when it cannot be reached."""

    def fetch_member(self, kind: str, value: bytes) -> FetchedMember | None:
        """Look a member up by `phone_key`, `card` or `phone`, and join her interest set.

        By `member`, her id, only a member who is in the set already.
        """
        ...

    def changes_since(self, pos: int) -> ChangeFrame:
        """Fetch the store's feed after a position, to close a gap.

        Raises Fault SYNC_REFETCH when the cloud does not keep it from there on.
        """
        ...

    def kept_since(self, pos: int) -> ChangeFrame:
        """Fetch what of the feed no snapshot holds: leases and the like, after a position."""
        ...

    def snapshot(self) -> bytes:
        """Fetch the manifest of the store's members; Faults SNAPSHOT_WAITS, API_NOT_FOUND."""
        ...

    def snapshot_part(self, sha256: bytes, start: int, size: int) -> bytes:
        """Fetch up to `size` bytes of a segment from a place in it; API_NOT_FOUND if it is gone."""
        ...

    def compare_buckets(self, sums: BucketSums) -> BucketsApart:
        """Let the cloud compare what is held here."""
        ...

    def bucket(self, bucket: int) -> Bucket:
        """Fetch the members of one bucket."""
        ...

    def catalogue(self, version: int) -> bytes:
        """Fetch a catalogue's bytes."""
        ...

    def bundle(self, version: int) -> bytes:
        """Fetch a rule bundle's signed bytes."""
        ...

    def stock(self) -> bytes:
        """Fetch what lies in this store."""
        ...

    def recommendations(self) -> bytes:
        """Fetch the newest table of recommendations."""
        ...

    def models(self, version: int | None) -> bytes:
        """Fetch a signed bundle of models, the newest when no version is asked for."""
        ...

    def model_file(self, sha256: str) -> bytes:
        """Fetch weights by their SHA-256 in hexadecimal."""
        ...

    def face_enablement(self) -> bytes:
        """Fetch HQ's signed leave to recognise faces in this store, which may say no."""
        ...

    def name_map(self) -> dict[str, str]:
        """Fetch the reviewed mapping of printed names to skus."""
        ...

    def receipt(self, receipt_id: UUID) -> FetchedReceipt | None:
        """Look a receipt of any shop up, with every refund of it; None when none has come."""
        ...

    def receipts_by_number(self, number: str, day: int) -> tuple[FetchedReceipt, ...]:
        """Return a business day's receipts of any shop with this printed number, a few at most."""
        ...

    def close(self) -> None:
        """Close connections; safe to call twice."""
        ...
