"""The shop's copy of what the cloud knows: members, catalogue, rule bundle, read position."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from retail_core.catalog.article import Article
from retail_core.catalog.price_lists import ListPrice
from retail_core.catalog.stock_table import StockTable
from retail_core.texts.faults import FaultCode
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import Change
from retail_core.wire.refund import UsesGone
from retail_core.wire.snapshot import HeldRow


@dataclass(frozen=True, slots=True)
class HeldMember:
    """A member with the version held here and, if any, the tick of its last change (wall ms)."""

    member_id: UUID
    ver: int
    record: MemberRecord


@dataclass(frozen=True, slots=True)
class InForce:
    """What articles cost on a business day (20260731), by sku; day 0 is the catalogue's own."""

    day: int = 0
    prices: Mapping[str, int] = field(default_factory=dict)


AS_THEY_SAY = InForce()


@dataclass(frozen=True, slots=True)
class CatalogueStep:
    """What leads from the catalogue `base`, whose bytes had `base_sha256`, to the next version.

    `prices` and `in_force` are all there is of the articles named; every other stays as it is.
    """

    base: int
    base_sha256: bytes
    version: int
    sha256: bytes
    articles: tuple[Article, ...]
    gone: tuple[str, ...]
    prices: tuple[ListPrice, ...]
    in_force: Mapping[str, int]


def unheard(_code: FaultCode) -> None:
    """Stand in where nobody counts what could not be read."""


class Replica(Protocol):
    """A file that may be lost: everything in it can be fetched again."""

    def feed_position(self) -> tuple[int, int]:
        """Return (feed epoch, position applied so far); (0, 0) when nothing was applied."""
        ...

    def apply_changes(
        self,
        *,
        feed_epoch: int,
        pos: int,
        changes: Sequence[Change],
        unread: Callable[[FaultCode], None] = unheard,
    ) -> tuple[UUID, ...]:
        """Apply changes and the new position in one transaction; return the members changed.

        A change whose `ver` is not above the one held is passed over, and so is a member's record
        that cannot be read: `unread` hears why once the rest is written.
        """
        ...

    def put_member(self, member_id: UUID, ver: int, record: MemberRecord) -> bool:
        """Hold one member fetched on a miss or enrolled here (`ver` 0); False when older."""
        ...

    def member(self, member_id: UUID) -> HeldMember | None:
        """Return a member by id."""
        ...

    def is_gone(self, member_id: UUID) -> bool:
        """Return whether the cloud took a member away from here."""
        ...

    def begin_load(self, manifest: bytes) -> frozenset[bytes]:
        """Begin or go on to load a snapshot beside; return the segments that lie there already."""
        ...

    def load_segment(self, sha256: bytes, rows: Sequence[HeldRow]) -> None:
        """Load a segment's members; Fault WIRE_MALFORMED for a record that cannot be read."""
        ...

    def finish_load(self, *, feed_epoch: int, base: int) -> None:
        """Hold what was loaded from now on, in one go, with all that is no member's record.

        Members enrolled here that the cloud has not heard of come along, and whoever was put here
        since the load began.
        """
        ...

    def load_begun(self) -> bool:
        """Return whether a snapshot was begun and not finished, perhaps before a power cut."""
        ...

    def drop_load(self) -> None:
        """Throw away what was loaded beside; safe to call when there is nothing."""
        ...

    def bucket_sums(self) -> tuple[int, int, bytes]:
        """Return (feed epoch, position, sums by bucket) of what is held, read from the disk."""
        ...

    def replace_bucket(self, bucket: int, pos: int, rows: Sequence[HeldRow]) -> tuple[UUID, ...]:
        """Let a bucket hold just these members as of a position; return those that differed.

        Nothing is done when the feed was applied beyond that position.
        """
        ...

    def by_phone_key(self, key_id: bytes) -> HeldMember | None:
        """Return the member whose phone has this key id."""
        ...

    def by_card(self, uid_hash: bytes) -> HeldMember | None:
        """Return the member who holds this card."""
        ...

    def by_phone_hash(self, phone_hash: bytes) -> HeldMember | None:
        """Return the member with this keyed phone hash."""
        ...

    def by_digit_reference(self, reference: str) -> tuple[HeldMember, ...]:
        """Return the members whose digit codes carry this reference: almost always one at most."""
        ...

    def uses_back(self, day: int) -> Mapping[bytes, UsesGone]:
        """Return what is gone of the uses of this store's receipts of a day, by receipt."""
        ...

    def member_count(self) -> int:
        """Return how many members are held."""
        ...

    def catalogue_version(self) -> int:
        """Return the version of the catalogue held, 0 for none."""
        ...

    def replace_catalogue(
        self,
        version: int,
        articles: Sequence[Article],
        prices: Sequence[ListPrice] = (),
        in_force: InForce = AS_THEY_SAY,
        *,
        sha256: bytes = b"",
    ) -> None:
        """Swap the whole catalogue in one transaction; `prices` are those that change by day."""
        ...

    def step_catalogue(self, step: CatalogueStep) -> bool:
        """Lead the catalogue held to the next version; False when another one is held."""
        ...

    def list_prices(self) -> tuple[ListPrice, ...]:
        """Return the prices that change by day."""
        ...

    def priced_on(self) -> int:
        """Return the business day whose prices are in force, 0 for the catalogue's own."""
        ...

    def put_prices_in_force(self, in_force: InForce) -> None:
        """Let articles cost what they cost on a day; those not named cost what they say."""
        ...

    def replace_stock(self, table: StockTable) -> None:
        """Swap what lies in this store."""
        ...

    def stock(self) -> Mapping[str, int]:
        """Return whole units by sku; an article that nobody counted is absent."""
        ...

    def stock_as_of(self) -> tuple[int, int]:
        """Return (version, wall ms) of what lies here; (0, 0) while nobody said."""
        ...

    def recommendations(self) -> tuple[int, bytes] | None:
        """Return (version, bytes) of the table of recommendations held."""
        ...

    def replace_recommendations(self, version: int, content: bytes) -> None:
        """Swap the table of recommendations."""
        ...

    def article_by_sku(self, sku: str) -> Article | None:
        """Return the article with this sku."""
        ...

    def article_by_barcode(self, barcode: str) -> Article | None:
        """Return the article with this bar code."""
        ...

    def article_by_receipt_name(self, name: str) -> Article | None:
        """Return the article a printed name is mapped to (exact name, or a reviewed mapping)."""
        ...

    def replace_name_map(self, mapping: dict[str, str]) -> None:
        """Swap the reviewed mapping: printed name → sku."""
        ...

    def bundle(self) -> tuple[int, bytes] | None:
        """Return (version, bytes) of the rule bundle held."""
        ...

    def earlier_bundles(self) -> tuple[tuple[int, bytes], ...]:
        """Return the bundles held before, newest first: one may hold until the next begins."""
        ...

    def replace_bundle(self, version: int, content: bytes) -> None:
        """Swap the rule bundle; the last few (`BUNDLES_KEPT`) stay as earlier ones."""
        ...

    def close(self) -> None:
        """Close the file; safe to call twice."""
        ...
