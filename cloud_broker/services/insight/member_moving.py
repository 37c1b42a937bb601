"""Rows of an old file of members on their way into the books, and out of them again."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final
from uuid import UUID

from cloud_broker.domain.points import Moment
from cloud_broker.ports.clock import IdSource
from cloud_broker.ports.feed import NewChange
from cloud_broker.ports.imports import FileImport, MovedMember, NewcomerRow, OldConsent
from cloud_broker.ports.unit import Unit
from cloud_broker.services.insight.card_hashes import CardHashes
from cloud_broker.services.insight.order_files import RefusedRow
from cloud_broker.services.points.books import open_wallet
from cloud_broker.services.points.desk import entity_of, post
from cloud_broker.services.rights.benefits import Benefits
from cloud_broker.services.rights.mall_wishes import recall
from cloud_broker.services.stores.refresh import refresh
from cloud_broker.services.stores.store_sets import NOTHING
from retail_core.errors import Fault
from retail_core.identity.naming import mask_phone, stand_in_name
from retail_core.insight.channel_orders.people import PeopleMapped, PersonRow, read_person
from retail_core.loyalty.postings import ADJUST, OPENING, Posting, brand_account, member_account
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import ChangeKind

RULE_BACK: Final = "import-undo"
NUMBERS: Final = (
    "rows", "refused", "made", "joined", "points", "cards", "coupons", "consents",
)  # fmt: skip


@dataclass(slots=True)
class People:
    """What a file says, or what of it was taken: the control totals."""

    rows: int = 0
    refused: int = 0
    made: int = 0
    joined: int = 0
    points: int = 0
    cards: int = 0
    coupons: int = 0
    consents: int = 0
    tiers: Counter[str] = field(default_factory=Counter)

    def counts(self) -> dict[str, int]:
        """Return it as it is kept."""
        return {name: getattr(self, name) for name in NUMBERS} | {
            f"tier:{name}": count for name, count in sorted(self.tiers.items())
        }

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "People":
        """Return what was kept."""
        found = cls()
        for name in NUMBERS:
            setattr(found, name, counts.get(name, 0))
        found.tiers.update(
            {
                name.removeprefix("tier:"): count
                for name, count in counts.items()
                if name.startswith("tier:")
            }
        )
        return found

    @property
    def good(self) -> int:
        """How many rows count."""
        return self.rows - self.refused


@dataclass(frozen=True, slots=True)
class Moving:
    """How a file is moved: who does it, which entity owes the points, in which stores she is."""

    who: str
    entity: str = ""
    everywhere: bool = False


@dataclass(slots=True)
class _Chunk:
    """What a chunk brings to the tables, gathered row by row."""

    newcomers: list[NewcomerRow] = field(default_factory=list)
    phones: dict[tuple[str, bytes], UUID] = field(default_factory=dict)
    cards: dict[bytes, UUID] = field(default_factory=dict)
    consents: list[OldConsent] = field(default_factory=list)
    moved: list[MovedMember] = field(default_factory=list)
    wallets: dict[UUID, UUID] = field(default_factory=dict)
    homes: set[tuple[UUID, UUID]] = field(default_factory=set)


@dataclass(slots=True)
class Move:
    """One chunk of a file on its way into the books."""

    ids: IdSource
    tenant: UUID
    file: FileImport
    how: PeopleMapped
    moving: Moving
    hashes: CardHashes

    def take(
        self,
        unit: Unit,
        chunk: Sequence[tuple[int, Mapping[str, str]]],
        moment: Moment,
        told: list[RefusedRow],
    ) -> FileImport:
        """Book a chunk and how far the file is; `told` gets what was not. Fault IMPORT_BUSY."""
        unit.evidence.speaking(f"import:{self.file.import_id}")
        found = People.of(self.file.counts)
        rows = list(self._read(chunk, moment.day, told))
        made = _Chunk()
        self._know(unit, rows, made)
        stores = {name: store for store, name in unit.fleet.store_names().items()}
        kept = []
        for one in rows:
            try:
                self._one(one, made, stores, moment, found)
            except Fault as fault:
                told.append(RefusedRow(one.row, fault))
            else:
                kept.append(one)
        self._write(unit, made, kept, moment, stores)
        found.rows += len(chunk)
        found.refused += len(told)
        counts, last = found.counts(), chunk[-1][0]
        if not unit.file_imports.advance(self.file, last, counts, moment.now_ms):
            raise Fault(FaultCode.IMPORT_BUSY)
        return replace(self.file, rows_done=last, counts=counts)

    def _read(
        self,
        chunk: Sequence[tuple[int, Mapping[str, str]]],
        today: date,
        told: list[RefusedRow],
    ) -> Iterator[PersonRow]:
        for row, cells in chunk:
            try:
                yield read_person(cells, row, self.how, today)
            except Fault as fault:
                told.append(RefusedRow(row, fault))

    def _know(self, unit: Unit, rows: Sequence[PersonRow], made: _Chunk) -> None:
        """Look up who of a chunk is known by number or card."""
        phones = {("phone", self.hashes.phone(one.phone)) for one in rows if one.phone}
        made.phones |= unit.members.identities(phones)
        cards = {card for one in rows for card in self.hashes.cards(one)}
        made.cards |= unit.movers.card_owners(cards)
        known = {*made.phones.values(), *made.cards.values()}
        wallets = unit.members.wallets(known)
        holders = unit.ledger.holders(wallets.values()) if wallets else {}
        made.wallets |= {one: holders.get(wallet, wallet) for one, wallet in wallets.items()}

    def _one(
        self,
        one: PersonRow,
        made: _Chunk,
        stores: Mapping[str, UUID],
        moment: Moment,
        found: People,
    ) -> None:
        """Say whom a row becomes; nothing of it is noted when it becomes nobody."""
        cards = self.hashes.cards(one)
        phone = ("phone", self.hashes.phone(one.phone)) if one.phone else None
        owners = {made.cards[card] for card in cards if card in made.cards}
        if phone is not None and phone in made.phones:
            owners.add(made.phones[phone])
        if len(owners) > 1:
            raise Fault(FaultCode.IMPORT_CARD_TAKEN, row=one.row)
        store = self._store(one, stores)
        member = next(iter(owners), None)
        is_new = member is None
        if member is None:
            member, wallet = self.ids.uuid7(), self.ids.uuid7()
            made.wallets[member] = wallet
            made.newcomers.append(self._newcomer(one, member, wallet, store, moment))
        new_cards = tuple(card for card in cards if card not in made.cards)
        made.cards |= dict.fromkeys(cards, member)
        if phone is not None:
            made.phones.setdefault(phone, member)
        made.homes.add((store, member))
        for kind, given in one.consents.items():
            made.consents.append(
                OldConsent(self.ids.uuid7(), member, kind, given, store, moment.now_ms)
            )
        made.moved.append(
            MovedMember(
                one.row,
                member,
                is_new,
                one.tier,
                one.points,
                new_cards,
                tuple(f"{rule}@{last}" for rule, last in one.coupons),
                tuple(kind for kind, given in one.consents.items() if given),
            )
        )
        note(found, one, made=is_new, cards=len(new_cards))

    def _store(self, one: PersonRow, stores: Mapping[str, UUID]) -> UUID:
        store = stores.get(one.store)
        if store is None and not one.store and len(stores) == 1:
            store = next(iter(stores.values()))
        if store is None:
            column = self.how.columns.get("store", "store")
            shown = one.store[:60] or "?"
            raise Fault(FaultCode.IMPORT_ROW, row=one.row, column=column, value=shown)
        return store

    def _newcomer(
        self, one: PersonRow, member: UUID, wallet: UUID, store: UUID, moment: Moment
    ) -> NewcomerRow:
        called = one.phone or one.card or one.card_uid.hex()
        return NewcomerRow(
            member,
            wallet,
            one.name or stand_in_name(called, "zh"),
            one.tier or "standard",
            mask_phone(one.phone) if one.phone else "",
            self.hashes.phone(one.phone) if one.phone else None,
            store,
            moment.now_ms if one.joined_ms is None else one.joined_ms,
            one.birthday,
        )

    def _write(
        self,
        unit: Unit,
        made: _Chunk,
        rows: Sequence[PersonRow],
        moment: Moment,
        stores: Mapping[str, UUID],
    ) -> None:
        now = moment.now_ms
        unit.movers.add_newcomers(made.newcomers, now)
        unit.members.add_identities(made.phones, now)
        mine = {card: one.member for one in made.moved for card in one.cards}
        unit.movers.bind_cards(mine, now)
        unit.movers.add_consents(made.consents, now)
        unit.movers.note_moved(self.file.import_id, made.moved)
        members = {one.member for one in made.moved}
        places = set(made.homes)
        if self.moving.everywhere:
            places |= {(store, member) for store in stores.values() for member in members}
        unit.members.add_interests(places, now)
        self._give(unit, made, rows, moment)
        refresh(unit, members, now)

    def _give(self, unit: Unit, made: _Chunk, rows: Sequence[PersonRow], moment: Moment) -> None:
        """Give points as postings and coupons as rights."""
        issuer = entity_of(unit, self.moving.entity)
        by_row = {one.row: one.member for one in made.moved}
        postings = []
        benefits = Benefits(unit, self.tenant, moment.now_ms)
        for one in rows:
            member = by_row[one.row]
            wallet = made.wallets[member]
            accounts = brand_account(issuer, "adjust"), member_account(wallet, "free")
            postings += [
                (
                    Posting(one.row, OPENING, OPENING, nth, *accounts, points, issuer, None, last),
                    wallet,
                )
                for nth, (points, last) in enumerate(one.lots)
            ]
            for nth, (rule, last) in enumerate(one.coupons):
                source = _source(self.file, one.row, nth)
                benefits.give_coupon(
                    member, rule, source=source, first_day=moment.day, last_day=last
                )
        if postings:
            post(unit, self.tenant, self.file.import_id, postings, moment)
        benefits.tell()


@dataclass(slots=True)
class Undo:
    """Some rows of a file on their way out of the books."""

    unit: Unit
    tenant: UUID
    file: FileImport
    moment: Moment

    def take(self, rows: Sequence[MovedMember], ids: IdSource) -> dict[int, int]:
        """Take rows back; return how many points of each."""
        unit, now = self.unit, self.moment.now_ms
        members = {one.member for one in rows}
        unit.movers.end_cards([card for one in rows for card in one.cards], now)
        taken = self._points(rows)
        benefits = Benefits(unit, self.tenant, now)
        for one in rows:
            for nth in range(len(one.coupons)):
                benefits.take_back(one.member, _source(self.file, one.row, nth))
        benefits.tell()
        stores = unit.members.stores_of(members)
        unit.movers.add_consents(
            [
                OldConsent(ids.uuid7(), one.member, kind, given=False, store=store, at_ms=now)
                for one in rows
                for kind in one.consents
                for store in stores.get(one.member, ())[:1]
            ],
            now,
        )
        unit.movers.taken_back(self.file.import_id, taken)
        self._forget({one.member for one in rows if one.made})
        refresh(unit, members, now)
        return taken

    def _points(self, rows: Sequence[MovedMember]) -> dict[int, int]:
        issuer = entity_of(self.unit, str(self.file.how.get("entity", "")))
        wallets = self.unit.members.wallets({one.member for one in rows})
        holders = self.unit.ledger.holders(wallets.values())
        taken = {}
        for one in rows:
            wallet = holders.get(wallets[one.member], wallets[one.member])
            back = 0
            if one.points:
                back = min(one.points, open_wallet(self.unit, wallet, [issuer]).spendable)
            if back:
                accounts = member_account(wallet, "free"), brand_account(issuer, "adjust")
                posting = Posting(one.row, RULE_BACK, ADJUST, 0, *accounts, back, issuer)
                post(self.unit, self.tenant, self.file.import_id, [(posting, wallet)], self.moment)
            if back < one.points:
                recall(self.unit, self.tenant, wallet, self.moment.now_ms)
            taken[one.row] = back
        return taken

    def _forget(self, made: set[UUID]) -> None:
        """Let go of who came with the file alone: her number is free, and no store holds her."""
        unit = self.unit
        gone = made - unit.movers.active(made, self.file.import_id)
        if not gone:
            return
        unit.evidence.speaking(f"import:{self.file.import_id}")
        unit.movers.forget_numbers(gone)
        stores = unit.members.stores_of(gone)
        versions = {facts.member: facts.ver for facts in unit.members.facts(gone)}
        pairs = [(store, member) for member, some in stores.items() for store in some]
        unit.sets.release(pairs)
        left: dict[UUID, list[NewChange]] = {}
        for store, member in sorted(pairs):
            change = NewChange(ChangeKind.MEMBER_LEFT, member, versions[member], NOTHING)
            left.setdefault(store, []).append(change)
        unit.feed.append(left, self.moment.now_ms)


def note(found: People, one: PersonRow, *, made: bool, cards: int) -> None:
    """Add a row to the totals."""
    found.made += made
    found.joined += not made
    found.points += one.points
    found.cards += cards
    found.coupons += len(one.coupons)
    found.consents += len(one.consents)
    if made:
        found.tiers[one.tier or "standard"] += 1


def _source(file: FileImport, row: int, nth: int) -> str:
    return f"import:{file.import_id}:{row}:{nth}"
