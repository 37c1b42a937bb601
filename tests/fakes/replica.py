"""A replica in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from edge_agent.ports.replica import AS_THEY_SAY, HeldMember, InForce
from retail_core import limits
from retail_core.catalog.article import Article
from retail_core.catalog.price_lists import ListPrice
from retail_core.catalog.stock_table import StockTable
from retail_core.errors import Fault
from retail_core.identity.digit_code import reference_of
from retail_core.wire.codec import decode_member
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import Change


class FakeReplica:
    """Fulfils `Replica`."""

    def __init__(self) -> None:
        self._position = (0, 0)
        self._members: dict[UUID, tuple[int, MemberRecord | None]] = {}
        self._catalogue = (0, dict[str, Article]())
        self._names: dict[str, str] = {}
        self._bundle: tuple[int, bytes] | None = None
        self._earlier: dict[int, bytes] = {}
        self._prices: tuple[ListPrice, ...] = ()
        self._priced: tuple[int, Mapping[str, int]] = (0, {})
        self._stock = StockTable(0, 0)
        self._recommendations: tuple[int, bytes] | None = None

    def feed_position(self) -> tuple[int, int]:
        return self._position

    def apply_changes(
        self, *, feed_epoch: int, pos: int, changes: Sequence[Change]
    ) -> tuple[UUID, ...]:
        changed: dict[UUID, None] = {}
        for change in changes:
            member_id = UUID(bytes=change.key)
            held = self._members.get(member_id)
            if held is not None and change.ver <= held[0]:
                continue
            try:
                record = _record(change)
            except Fault:
                continue
            if change.kind in set(ChangeKind):
                self._members[member_id] = (change.ver, record)
                changed[member_id] = None
        self._position = (feed_epoch, pos)
        return tuple(changed)

    def put_member(self, member_id: UUID, ver: int, record: MemberRecord) -> bool:
        held = self._members.get(member_id)
        if held is not None and held[0] > ver:
            return False
        self._members[member_id] = (ver, record)
        return True

    def member(self, member_id: UUID) -> HeldMember | None:
        ver, record = self._members.get(member_id, (0, None))
        return None if record is None else HeldMember(member_id, ver, record)

    def by_phone_key(self, key_id: bytes) -> HeldMember | None:
        return self._first(lambda record: key_id in [key.key_id for key in record.phone_keys])

    def by_card(self, uid_hash: bytes) -> HeldMember | None:
        return self._first(lambda record: uid_hash in record.cards)

    def by_phone_hash(self, phone_hash: bytes) -> HeldMember | None:
        return self._first(lambda record: record.phone_hash == phone_hash)

    def by_digit_reference(self, reference: str) -> tuple[HeldMember, ...]:
        return tuple(
            HeldMember(member_id, ver, record)
            for member_id, (ver, record) in self._members.items()
            if record is not None
            and record.digit_secret
            and reference_of(member_id.bytes) == reference
        )

    def member_count(self) -> int:
        return sum(record is not None for _ver, record in self._members.values())

    def catalogue_version(self) -> int:
        return self._catalogue[0]

    def replace_catalogue(
        self,
        version: int,
        articles: Sequence[Article],
        prices: Sequence[ListPrice] = (),
        in_force: InForce = AS_THEY_SAY,
    ) -> None:
        self._catalogue = (version, {article.sku: article for article in articles})
        self._prices = tuple(sorted(prices, key=lambda one: (one.sku, one.scope, one.day)))
        self._priced = (in_force.day, dict(in_force.prices))

    def list_prices(self) -> tuple[ListPrice, ...]:
        return self._prices

    def priced_on(self) -> int:
        return self._priced[0]

    def put_prices_in_force(self, in_force: InForce) -> None:
        self._priced = (in_force.day, dict(in_force.prices))

    def replace_stock(self, table: StockTable) -> None:
        self._stock = table

    def stock(self) -> Mapping[str, int]:
        return {sku: milli // 1000 for sku, milli in self._stock.milli.items()}

    def stock_as_of(self) -> tuple[int, int]:
        return self._stock.version, self._stock.as_of_ms

    def recommendations(self) -> tuple[int, bytes] | None:
        return self._recommendations

    def replace_recommendations(self, version: int, content: bytes) -> None:
        self._recommendations = (version, content)

    def article_by_sku(self, sku: str) -> Article | None:
        article = self._catalogue[1].get(sku)
        price = self._priced[1].get(sku)
        return article if article is None or price is None else replace(article, price_fen=price)

    def article_by_barcode(self, barcode: str) -> Article | None:
        found = (one.sku for one in self._catalogue[1].values() if barcode in one.barcodes)
        return self.article_by_sku(next(found, ""))

    def article_by_receipt_name(self, name: str) -> Article | None:
        mapped = self.article_by_sku(self._names.get(name, ""))
        namesakes = (one.sku for one in self._catalogue[1].values() if one.name == name)
        return mapped or self.article_by_sku(min(namesakes, default=""))

    def replace_name_map(self, mapping: dict[str, str]) -> None:
        self._names = dict(mapping)

    def bundle(self) -> tuple[int, bytes] | None:
        return self._bundle

    def earlier_bundles(self) -> tuple[tuple[int, bytes], ...]:
        return tuple(sorted(self._earlier.items(), reverse=True))

    def replace_bundle(self, version: int, content: bytes) -> None:
        if self._bundle is not None:
            self._earlier[self._bundle[0]] = self._bundle[1]
        self._earlier.pop(version, None)
        self._earlier = dict(sorted(self._earlier.items(), reverse=True)[: limits.BUNDLES_KEPT])
        self._bundle = (version, content)

    def close(self) -> None:
        """Nothing is open."""

    def _first(self, fits: Callable[[MemberRecord], bool]) -> HeldMember | None:
        for member_id, (ver, record) in reversed(self._members.items()):
            if record is not None and fits(record):
                return HeldMember(member_id, ver, record)
        return None


def _record(change: Change) -> MemberRecord | None:
    return decode_member(change.body) if change.kind == ChangeKind.MEMBER else None
