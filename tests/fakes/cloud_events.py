"""What happened, members, feeds and repairs, in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival
from cloud_broker.domain.chain import DeviceChain
from cloud_broker.domain.ingest_effects import (
    TAP,
    BookedSale,
    FirstUse,
    NewCard,
    NewConsent,
    NewMember,
    TapKey,
)
from cloud_broker.domain.records import (
    LAST_LINES_MAX,
    POSTED_RECEIPTS_MAX,
    HeldReceipt,
    MemberFacts,
    last_of,
)
from cloud_broker.domain.rule_uses import Use
from cloud_broker.ports.feed import FeedHead, FeedRow, NewChange
from cloud_broker.ports.journal import ChainKey, LedgerLine
from cloud_broker.ports.members import Claim
from cloud_broker.ports.repair import OpenRepairs, RepairItem
from cloud_broker.ports.unit import StoreRefusedError
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.member import Purchase
from retail_core.wire.messages import ProofUsed
from tests.fakes.cloud_growth import told
from tests.fakes.cloud_state import State


class FakeJournalRepo:
    """A `JournalRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def chains(self, keys: Collection[ChainKey]) -> dict[ChainKey, DeviceChain]:
        return {key: self.committed(key) for key in keys}

    def save_chains(self, chains: Mapping[ChainKey, DeviceChain], now_ms: int) -> None:
        self._state.chains |= chains

    def committed(self, key: ChainKey) -> DeviceChain:
        return self._state.chains.get(key, DeviceChain())

    def committed_of(self, keys: Collection[ChainKey]) -> dict[ChainKey, DeviceChain]:
        return {key: self._state.chains[key] for key in keys if key in self._state.chains}

    def claim_keys(self, source: str, keys: Sequence[bytes]) -> frozenset[bytes]:
        new = {key for key in keys if (source, key) not in self._state.keys}
        self._state.keys |= {(source, key) for key in new}
        return frozenset(new)

    def claim_proofs(self, uses: Sequence[tuple[Arrival, ProofUsed]]) -> dict[bytes, FirstUse]:
        for arrival, used in uses:
            first = FirstUse(arrival.event_id, arrival.place.store)
            self._state.proofs.setdefault(used.proof, first)
        return {used.proof: self._state.proofs[used.proof] for _, used in uses}

    def known_receipts(self, receipts: Collection[UUID]) -> set[UUID]:
        return set(receipts) & self._state.sales.keys()

    def told(self, keys: Collection[TapKey]) -> dict[TapKey, dict[bytes, UUID]]:
        back = {one.receipt_id for one in self._state.refunds}
        found: dict[TapKey, dict[bytes, UUID]] = {}
        for receipt, sale in self._state.sales.items():
            till = sale.arrival.event.till
            where = sale.arrival.place.store, None if till is None else UUID(bytes=till)
            key = (*where, sale.day, sale.sale.till_receipt_no)
            if key in keys and sale.content and receipt not in back:
                found.setdefault(key, {})[sale.content] = receipt
        return found

    def known_taps(self, keys: Collection[TapKey]) -> set[TapKey]:
        booked = {
            (
                sale.arrival.place.store,
                None if sale.arrival.event.till is None else UUID(bytes=sale.arrival.event.till),
                sale.day,
                sale.sale.till_receipt_no,
            )
            for sale in self._state.sales.values()
            if sale.sale.source == TAP
        }
        return set(keys) & booked

    def add_events(self, arrivals: Sequence[Arrival]) -> None:
        if any(arrival.event.time_quality > 32_767 for arrival in arrivals):
            raise StoreRefusedError("smallint out of range")
        self._state.events += arrivals

    def add_sales(self, sales: Sequence[BookedSale]) -> None:
        if any(sale.receipt_id in self._state.sales for sale in sales):
            raise StoreRefusedError("duplicate key")
        self._state.sales |= {sale.receipt_id: sale for sale in sales}
        self._state.audit_due |= {sale.receipt_id for sale in sales if sale.sale.source == "api"}

    def count_uses(self, moves: Mapping[Use, int]) -> None:
        for use, times in moves.items():
            self._state.uses[use] += times

    def move_balances(self, moves: Mapping[str, int], now_ms: int) -> None:
        for account, points in moves.items():
            self._state.balances[account] = self._state.balances.get(account, 0) + points

    def balances(self, accounts: Collection[str]) -> dict[str, int]:
        held = self._state.balances
        return {account: held[account] for account in accounts if account in held}

    def ledger(self, store: UUID) -> tuple[LedgerLine, ...]:
        return tuple(
            LedgerLine(
                sale.receipt_id,
                sale.day,
                sale.sale.total_fen,
                sale.points,
                sale.arrival.member,
                sale.sale.source,
            )
            for sale in sorted(
                self._state.sales.values(),
                key=lambda one: (one.arrival.received_ms, one.receipt_id),
            )
            if sale.arrival.place.store == store
        )


class FakeMemberRepo:
    """A `MemberRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def wallets(self, members: Collection[UUID]) -> dict[UUID, UUID]:
        known = self._state.members
        return {member: known[member].wallet for member in members if member in known}

    def wallet_owners(self, wallets: Collection[UUID]) -> dict[UUID, UUID]:
        known = self._state.members.values()
        return {new.wallet: new.member for new in known if new.wallet in wallets}

    def identities(self, keys: Collection[tuple[str, bytes]]) -> dict[tuple[str, bytes], UUID]:
        known = self._state.identities
        return {key: known[key] for key in keys if key in known}

    def add_members(self, members: Sequence[NewMember]) -> None:
        for new in members:
            self._state.members[new.member] = new
            self._state.versions[new.member] = 0
            self._state.claims.setdefault(
                new.enrolled.claim_hash,
                Claim(new.member, new.enrolled.claim_expires_ms, used=False),
            )

    def add_identities(self, identities: Mapping[tuple[str, bytes], UUID], now_ms: int) -> None:
        for key, member in identities.items():
            self._state.identities.setdefault(key, member)
            self._state.identity_since.setdefault(key, now_ms)

    def add_cards(self, cards: Sequence[NewCard]) -> None:
        for new in cards:
            self._state.cards.setdefault(new.card.uid_hash, new.member)

    def revoke_cards(self, members: Collection[UUID], now_ms: int) -> None:
        ended = [uid for uid, owner in self._state.cards.items() if owner in members]
        for uid in ended:
            del self._state.cards[uid]

    def add_consents(self, consents: Sequence[NewConsent]) -> None:
        self._state.consents += consents

    def add_phone_key(self, member: UUID, key_id: bytes, public_key: bytes, now_ms: int) -> bool:
        if key_id in self._state.phone_keys or key_id in self._state.revoked_keys:
            return False
        self._state.phone_keys[key_id] = (member, public_key)
        return True

    def set_digit_secret(self, member: UUID, secret: bytes, now_ms: int) -> None:
        self._state.digit_secrets[member] = secret

    def claim(self, claim_hash: bytes) -> Claim | None:
        return self._state.claims.get(claim_hash)

    def use_claim(self, claim_hash: bytes, now_ms: int) -> None:
        self._state.claims[claim_hash] = replace(self._state.claims[claim_hash], used=True)

    def find(self, kind: str, value: bytes) -> UUID | None:
        if kind == "phone_key":
            held = self._state.phone_keys.get(value)
            return None if held is None else held[0]
        if kind == "card":
            return self._state.cards.get(value)
        return self._state.identities.get((kind, value))

    def bump(self, members: Collection[UUID]) -> None:
        for member in members:
            if member in self._state.versions:
                self._state.versions[member] += 1

    def facts(self, members: Collection[UUID]) -> tuple[MemberFacts, ...]:
        known = sorted(set(members) & self._state.members.keys())
        return tuple(self._facts(self._state.members[member]) for member in known)

    def _withdrawn_ms(self, member: UUID, kind: str) -> int:
        taken = self._state.withdrawn.get((member, kind))
        if taken is not None:
            return taken.now_ms
        said = [
            one for one in self._state.consents if (one.member, one.consent.kind) == (member, kind)
        ]
        last = max(said, key=lambda one: one.arrival.happened_ms, default=None)
        return 0 if last is None or last.consent.given else last.arrival.happened_ms

    def _facts(self, new: NewMember) -> MemberFacts:
        sales = [sale for sale in self._state.sales.values() if sale.arrival.member == new.member]
        sales.sort(key=_booked_at, reverse=True)
        receipts = tuple(
            HeldReceipt(
                sale.receipt_id,
                sale.arrival.place.store,
                sale.arrival.happened_ms,
                sale.sale.total_fen,
                self._state.stores[sale.arrival.place.store].name,
            )
            for sale in sales[:POSTED_RECEIPTS_MAX]
        )
        last = last_of(receipts)
        lines = () if last is None else self._state.sales[last.receipt_id].sale.lines
        return MemberFacts(
            member=new.member,
            wallet=new.wallet,
            ver=self._state.versions[new.member],
            name=new.enrolled.name,
            tier=self._state.growth.tiers.get(new.member, new.enrolled.tier),
            tags=new.enrolled.declared_tags,
            phone_masked=new.enrolled.phone_masked,
            phone_hash=new.enrolled.phone_hash,
            home_store=new.arrival.place.store,
            balances=dict(self._state.balances),
            leased=sum(
                points
                for account, points in self._state.balances.items()
                if account.startswith(f"member:{new.wallet}:leased:")
            ),
            phone_keys=tuple(
                (key, public)
                for key, (owner, public) in self._state.phone_keys.items()
                if owner == new.member
            ),
            cards=tuple(uid for uid, owner in self._state.cards.items() if owner == new.member),
            receipts=receipts,
            last_lines=tuple(
                Purchase(line.sku, line.name, line.qty_milli) for line in lines[:LAST_LINES_MAX]
            ),
            digit_secret=self._state.digit_secrets.get(new.member, b""),
            withdrawn_ms=self._withdrawn_ms(new.member, "face.local"),
            walk_up_withdrawn_ms=self._withdrawn_ms(new.member, "face.walk_up"),
            guardian_withdrawn_ms=self._withdrawn_ms(new.member, "face.minor_guardian"),
            told=told(self._state, new),
        )

    def add_interests(self, pairs: Collection[tuple[UUID, UUID]], now_ms: int) -> None:
        self._state.interests |= set(pairs)

    def stores_of(self, members: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
        found: dict[UUID, tuple[UUID, ...]] = {}
        for store, member in sorted(self._state.interests):
            if member in members:
                found[member] = (*found.get(member, ()), store)
        return found


class FakeFeedRepo:
    """A `FeedRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def append(
        self, changes: Mapping[UUID, Sequence[NewChange]], now_ms: int
    ) -> tuple[FeedRow, ...]:
        rows: list[FeedRow] = []
        for store in sorted(changes):
            head = self._state.heads[store]
            for pos, change in enumerate(changes[store], start=head.head + 1):
                rows.append(FeedRow(store, head.feed_epoch, pos, change, now_ms))
            end = head.head + len(changes[store])
            self._state.heads[store] = replace(head, head=end)
        for row in rows:
            self._state.feeds.setdefault(row.store, []).append(row)
        return tuple(rows)

    def between(self, gaps: Mapping[UUID, tuple[int, int]]) -> tuple[FeedRow, ...]:
        return tuple(
            row
            for store, (after, before) in gaps.items()
            for row in self.since(store, after, before - after - 1)
            if row.pos < before
        )

    def since(self, store: UUID, pos: int, limit: int) -> tuple[FeedRow, ...]:
        epoch, first = self._state.heads[store].feed_epoch, self._state.heads[store].pruned
        rows = [row for row in self._state.feeds.get(store, []) if row.pos > max(pos, first)]
        return tuple(replace(row, feed_epoch=epoch) for row in rows[:limit])

    def heads(self, stores: Collection[UUID]) -> dict[UUID, FeedHead]:
        return {store: self._state.heads[store] for store in stores if store in self._state.heads}

    def head(self, store: UUID) -> FeedHead:
        if store not in self._state.heads:
            raise Fault(FaultCode.API_NOT_FOUND, what="store")
        return self._state.heads[store]

    def begin_epoch(self, store: UUID) -> int:
        head = self.head(store)
        self._state.heads[store] = replace(head, feed_epoch=head.feed_epoch + 1)
        return head.feed_epoch + 1

    def behind(self) -> dict[UUID, FeedHead]:
        heads = self._state.heads.items()
        return {store: head for store, head in heads if head.published < head.head}

    def mark_published(self, marks: Mapping[UUID, int]) -> None:
        for store, pos in marks.items():
            head = self._state.heads[store]
            mark = min(max(head.published, pos), head.head)
            self._state.heads[store] = replace(head, published=mark)


class FakeRepairRepo:
    """A `RepairRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, items: Sequence[RepairItem]) -> None:
        for item in {item.repair_id: item for item in items}.values():
            if item.repair_id in self._state.repairs:
                self._count(item.repair_id)
            else:
                self._state.repairs[item.repair_id] = item

    def _count(self, repair_id: UUID) -> None:
        self._state.tries[repair_id] = self._state.tries.get(repair_id, 0) + 1

    def _open(self) -> list[RepairItem]:
        items = self._state.repairs.values()
        return [item for item in items if item.repair_id not in self._state.done]

    def take(self, repair_id: UUID) -> RepairItem | None:
        return next((item for item in self._open() if item.repair_id == repair_id), None)

    def still_broken(self, repair_id: UUID, code: str, detail: str) -> None:
        self._count(repair_id)
        held = self._state.repairs[repair_id]
        self._state.repairs[repair_id] = replace(held, code=code, detail=detail)

    def resolve(self, repair_ids: Collection[UUID], by: str, now_ms: int) -> None:
        for repair_id in repair_ids:
            self._state.done.setdefault(repair_id, by)

    def resolve_members(self, members: Collection[UUID], now_ms: int) -> None:
        found = [item for item in self._open() if item.kind == "member" and item.member in members]
        self.resolve([item.repair_id for item in found], "enrolment", now_ms)

    def refused(self, event_ids: Collection[UUID]) -> dict[UUID, str]:
        return {
            item.event_id: item.code
            for item in self._open()
            if item.kind == "event" and item.event_id in event_ids and item.event_id is not None
        }

    def standing(self, codes: Collection[str]) -> tuple[OpenRepairs, ...]:
        found: dict[tuple[UUID | None, str], list[int]] = {}
        for item in self._open():
            if item.code in codes:
                found.setdefault((item.store, item.code), []).append(item.received_ms)
        return tuple(
            OpenRepairs(*key, len(times), min(times))
            for key, times in sorted(found.items(), key=lambda one: (str(one[0][0]), one[0][1]))
        )


def _booked_at(sale: BookedSale) -> tuple[int, UUID]:
    return sale.arrival.received_ms, sale.receipt_id
