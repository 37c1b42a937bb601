"""A replica in memory."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from edge_agent.ports.replica import AS_THEY_SAY, CatalogueStep, HeldMember, InForce, unheard
from retail_core import limits
from retail_core.catalog.article import Article
from retail_core.catalog.price_lists import ListPrice
from retail_core.catalog.stock_table import StockTable
from retail_core.errors import Fault
from retail_core.identity.digit_code import reference_of
from retail_core.sync.buckets import bucket_of, sums_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_member, decode_uses_gone
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import Change
from retail_core.wire.refund import UsesGone
from retail_core.wire.snapshot import HeldRow

_SOMEBODY = object()


class FakeReplica:
    """Fulfils `Replica`."""

    def __init__(self) -> None:
        self._position = (0, 0)
        self._uses_back: dict[bytes, tuple[int, UsesGone]] = {}
        self._members: dict[UUID, tuple[int, MemberRecord | None]] = {}
        self._catalogue = (0, dict[str, Article]())
        self._catalogue_sha256 = b""
        self._loading: tuple[bytes, dict[bytes, list[HeldRow]]] | None = None
        self._put_meanwhile: set[UUID] = set()
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
        self,
        *,
        feed_epoch: int,
        pos: int,
        changes: Sequence[Change],
        unread: Callable[[FaultCode], None] = unheard,
    ) -> tuple[UUID, ...]:
        changed: dict[UUID, None] = {}
        for change in changes:
            if change.kind == ChangeKind.USES_BACK:
                with suppress(Fault):
                    self._note_uses(change.key, change.ver, decode_uses_gone(change.body))
                continue
            member_id = UUID(bytes=change.key)
            held = self._members.get(member_id)
            left = change.kind == ChangeKind.MEMBER_LEFT
            if left and held is None:
                continue
            if held is not None and change.ver + left <= held[0]:
                continue
            try:
                record = _record(change)
            except Fault as fault:
                unread(fault.code)
                continue
            if change.kind in set(ChangeKind):
                self._members[member_id] = (change.ver, record)
                changed[member_id] = None
        self._position = (feed_epoch, pos)
        return tuple(changed)

    def _note_uses(self, receipt: bytes, ver: int, gone: UsesGone) -> None:
        if ver > self._uses_back.get(receipt, (0, gone))[0]:
            self._uses_back[receipt] = (ver, gone)

    def uses_back(self, day: int) -> dict[bytes, UsesGone]:
        return {key: gone for key, (_, gone) in self._uses_back.items() if gone.day == day}

    def put_member(self, member_id: UUID, ver: int, record: MemberRecord) -> bool:
        held = self._members.get(member_id)
        if held is not None and held[0] > ver:
            return False
        self._members[member_id] = (ver, record)
        self._put_meanwhile.add(member_id)
        return True

    def member(self, member_id: UUID) -> HeldMember | None:
        ver, record = self._members.get(member_id, (0, None))
        return None if record is None else HeldMember(member_id, ver, record)

    def is_gone(self, member_id: UUID) -> bool:
        return self._members.get(member_id, (0, _SOMEBODY))[1] is None

    def begin_load(self, manifest: bytes) -> frozenset[bytes]:
        if self._loading is None or self._loading[0] != manifest:
            self._loading = (manifest, {})
            self._put_meanwhile.clear()
        return frozenset(self._loading[1])

    def load_segment(self, sha256: bytes, rows: Sequence[HeldRow]) -> None:
        assert self._loading is not None
        for row in rows:
            decode_member(row.record)
        self._loading[1][sha256] = list(rows)

    def finish_load(self, *, feed_epoch: int, base: int) -> None:
        assert self._loading is not None
        along = {
            member_id: held
            for member_id, held in self._members.items()
            if held[0] == 0 or member_id in self._put_meanwhile
        }
        self._members = {
            UUID(bytes=row.key): (row.ver, decode_member(row.record))
            for rows in self._loading[1].values()
            for row in rows
        }
        for member_id, (ver, record) in along.items():
            if record is not None:
                self.put_member(member_id, ver, record)
        self._loading = None
        self._position = (feed_epoch, base)

    def load_begun(self) -> bool:
        return self._loading is not None

    def drop_load(self) -> None:
        self._loading = None

    def bucket_sums(self) -> tuple[int, int, bytes]:
        held = ((key.bytes, ver) for key, (ver, record) in self._members.items() if record)
        return *self._position, sums_of((key, ver) for key, ver in held if ver)

    def replace_bucket(self, bucket: int, pos: int, rows: Sequence[HeldRow]) -> tuple[UUID, ...]:
        if self._position[1] > pos:
            return ()
        told = {UUID(bytes=row.key): row for row in rows}
        held = {
            key: ver
            for key, (ver, record) in self._members.items()
            if record is not None and ver and bucket_of(key.bytes) == bucket
        }
        changed = [key for key in held if key not in told]
        for key in changed:
            del self._members[key]
        for key, row in told.items():
            if held.get(key) != row.ver:
                self._members[key] = (row.ver, decode_member(row.record))
                changed.append(key)
        return tuple(changed)

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
        *,
        sha256: bytes = b"",
    ) -> None:
        self._catalogue_sha256 = sha256
        self._catalogue = (version, {article.sku: article for article in articles})
        self._prices = tuple(sorted(prices, key=lambda one: (one.sku, one.scope, one.day)))
        self._priced = (in_force.day, dict(in_force.prices))

    def step_catalogue(self, step: CatalogueStep) -> bool:
        version, articles = self._catalogue
        if (version, self._catalogue_sha256) != (step.base, step.base_sha256):
            return False
        touched = {*step.gone, *(article.sku for article in step.articles)}
        kept = {sku: article for sku, article in articles.items() if sku not in touched}
        self._catalogue = (step.version, kept | {one.sku: one for one in step.articles})
        self._catalogue_sha256 = step.sha256
        prices = (*(one for one in self._prices if one.sku not in touched), *step.prices)
        self._prices = tuple(sorted(prices, key=lambda one: (one.sku, one.scope, one.day)))
        day, now = self._priced
        others = {sku: fen for sku, fen in now.items() if sku not in touched}
        self._priced = (day, others | dict(step.in_force))
        return True

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
