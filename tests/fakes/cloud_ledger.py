"""The books of points in memory."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival
from cloud_broker.domain.ingest_effects import BookedSale
from cloud_broker.domain.points import BookedRefund, Counting, HeldReceipt, NewPosting
from cloud_broker.domain.rule_uses import counted_day
from cloud_broker.ports.ledger import Adjustment, DayClosed, Decision, Merge, WrongAccount
from cloud_broker.ports.unit import StoreRefusedError
from retail_core.checkout.receipt import receipt_of
from retail_core.loyalty.chain import Link
from retail_core.loyalty.closing import DayTotals
from retail_core.loyalty.lots import Dated
from retail_core.loyalty.policy import LoyaltyPolicy, Policies
from retail_core.loyalty.postings import MERGE_OWN, posting_key
from retail_core.loyalty.refunds import Standing
from tests.fakes.cloud_state import State

NOBODY = UUID(int=0)


def all_dated(state: State) -> dict[Dated, UUID | None]:
    """Every posting of sales and of the cloud, with the wallet it stands under."""
    found: dict[Dated, UUID | None] = {
        Dated(
            posting_key(NOBODY, sale.receipt_id, posting),
            posting,
            sale.day,
            sale.arrival.happened_ms,
        ): sale.wallet
        for sale in state.sales.values()
        for posting in sale.postings
    }
    for one in state.postings:
        key = replace(one.dated.key, tenant=NOBODY)
        found[replace(one.dated, key=key)] = one.wallet
    return found


class FakeLedgerRepo:
    """A `LedgerRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def held(self, receipts: Collection[UUID]) -> dict[UUID, HeldReceipt]:
        known = self._state.sales
        return {one: self._held(known[one]) for one in receipts if one in known}

    def _held(self, sale: BookedSale) -> HeldReceipt:
        refunds = [one for one in self._state.refunds if one.receipt_id == sale.receipt_id]
        back: Counter[int] = Counter()
        for refund in refunds:
            back.update({line.line: 0 for line in refund.body.lines})
            for line in refund.body.lines:
                back[line.line] += line.qty_milli
        postings = [one for one in all_dated(self._state) if one.key.receipt_id == sale.receipt_id]
        standing = Standing(
            receipt_of(sale.sale),
            tuple(one.posting for one in postings),
            dict(back),
            sum(one.body.money_fen for one in refunds),
            sum(one.made.points_fen for one in refunds),
            len(refunds),
        )
        home = [
            one.wallet
            for one in self._state.postings
            if one.dated.key.receipt_id == sale.receipt_id
            and one.dated.key.kind.startswith(MERGE_OWN)
        ]
        arrival, wallet = sale.arrival, home[-1] if home else sale.wallet
        claim = self._state.clerks.claims.get(sale.receipt_id)
        member = arrival.member or (None if claim is None else claim.member)
        if wallet is None and claim is not None:
            wallet = claim.wallet
        if wallet is None and member in self._state.members:
            wallet = self._state.members[member].wallet
        counting = Counting(arrival.member, counted_day(sale.sale, sale.day), arrival.place.store)
        store, at_ms = arrival.place.store, arrival.happened_ms
        return HeldReceipt(standing, store, member, wallet, sale.day, at_ms, counting)

    def known_refunds(self, refunds: Collection[UUID]) -> set[UUID]:
        return {one.refund_id for one in self._state.refunds} & set(refunds)

    def locked(self, accounts: Collection[str]) -> dict[str, int]:
        return {account: self._state.balances.setdefault(account, 0) for account in accounts}

    def add_refunds(self, refunds: Sequence[BookedRefund]) -> None:
        if self.known_refunds([one.refund_id for one in refunds]):
            raise StoreRefusedError("duplicate key")
        self._state.refunds += refunds

    def add_postings(self, postings: Sequence[NewPosting]) -> None:
        known = {one.key for one in all_dated(self._state)}
        if any(replace(one.dated.key, tenant=NOBODY) in known for one in postings):
            raise StoreRefusedError("duplicate key")
        self._state.postings += postings

    def holders(self, wallets: Collection[UUID]) -> dict[UUID, UUID]:
        moved = {
            one.from_wallet: one.into_wallet
            for one in self._state.merges.values()
            if not one.undone
        }
        found = {}
        for wallet in wallets:
            end = wallet
            while end in moved:
                end = moved[end]
            if end != wallet:
                found[wallet] = end
        return found

    def doers(self, under: Collection[UUID]) -> dict[UUID, UUID]:
        state = self._state
        named: dict[UUID, UUID | None] = {
            receipt: sale.arrival.member for receipt, sale in state.sales.items()
        }
        named |= {receipt: claim.member for receipt, claim in state.clerks.claims.items()}
        named |= {one: found.member for one, found in state.adjustments.items()}
        named |= {one: found.member for one, found in state.mall.orders.items()}
        return {one: member for one, member in named.items() if one in under and member}

    def group(self, wallet: UUID) -> tuple[UUID, ...]:
        found, size = {wallet}, 0
        while len(found) > size:
            size = len(found)
            for one in self._state.merges.values():
                ends = {one.from_wallet, one.into_wallet}
                found |= ends if ends & found else set()
        return tuple(sorted(found))

    def dated(self, wallets: Collection[UUID]) -> tuple[Dated, ...]:
        return tuple(one for one, wallet in all_dated(self._state).items() if wallet in wallets)


class FakePointsDeskRepo:
    """A `PointsDeskRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def policies(self) -> Policies:
        return Policies.of(self._state.points_policies)

    def add_policy(self, first: date, policy: LoyaltyPolicy, by: str, now_ms: int) -> int:
        self._state.points_policies.append((first, policy))
        return len(self._state.points_policies)

    def propose(self, adjustment: Adjustment) -> None:
        self._state.adjustments[adjustment.adjustment_id] = adjustment

    def adjustment(self, adjustment_id: UUID) -> Adjustment | None:
        return self._state.adjustments.get(adjustment_id)

    def adjustments(self) -> tuple[Adjustment, ...]:
        waiting = [one for one in self._state.adjustments.values() if not one.decision]
        return tuple(sorted(waiting, key=lambda one: one.proposed_ms))

    def decide(self, adjustment_id: UUID, decision: Decision, by: str, now_ms: int) -> None:
        found = self._state.adjustments[adjustment_id]
        if found.decision or found.proposed_by == by:
            raise StoreRefusedError("check")
        self._state.adjustments[adjustment_id] = replace(found, decision=decision, decided_by=by)

    def add_merge(self, merge: Merge) -> None:
        self._state.merges[merge.merge_id] = merge

    def merge(self, merge_id: UUID) -> Merge | None:
        return self._state.merges.get(merge_id)

    def merges(self) -> tuple[Merge, ...]:
        return tuple(one for one in self._state.merges.values() if not one.undone)

    def undo_merge(self, merge_id: UUID, reason: str, by: str, now_ms: int) -> None:
        if self._state.merges[merge_id].undone:
            raise StoreRefusedError("duplicate key")
        self._state.merges[merge_id] = replace(self._state.merges[merge_id], undone=True)


class FakeClosingRepo:
    """A `ClosingRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def wallets(self, *, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        known = sorted(new.wallet for new in self._state.members.values())
        return tuple(one for one in known if after is None or one > after)[:limit]

    def wallet_count(self) -> int:
        return len(self._state.members)

    def entities(self) -> dict[UUID, str]:
        return {entity: name for name, entity in self._state.entities.items()}

    def _till(self, arrival: Arrival) -> str:
        raw = arrival.event.till
        till = None if raw is None else self._state.tills.get(UUID(bytes=raw))
        return "" if till is None else till.name

    def day(self, store: UUID, day: date) -> dict[str, DayTotals]:
        found: dict[str, DayTotals] = {}
        for sale in self._state.sales.values():
            if (sale.arrival.place.store, sale.day) == (store, day):
                till = self._till(sale.arrival)
                spent = sum(one.points for one in sale.postings if one.kind == "redeem")
                one = DayTotals(1, sale.sale.shelf_fen, sale.sale.total_fen, sale.points, spent)
                found[till] = found.get(till, DayTotals()) + one
        for refund in self._state.refunds:
            if (refund.arrival.place.store, refund.day) == (store, day):
                till = self._till(refund.arrival)
                one = DayTotals(refunds=1, refund_fen=refund.body.money_fen)
                found[till] = found.get(till, DayTotals()) + one
        return found

    def day_receipts(self, store: UUID, day: date) -> dict[str, int]:
        return {
            f"{self._till(sale.arrival)}/{sale.sale.till_receipt_no}": sale.sale.total_fen
            for sale in self._state.sales.values()
            if (sale.arrival.place.store, sale.day) == (store, day) and sale.sale.till_receipt_no
        }

    def close_day(self, closed: DayClosed) -> int:
        self._state.closed.append(closed)
        same = [
            one for one in self._state.closed if (one.store, one.day) == (closed.store, closed.day)
        ]
        return len(same)

    def wrong_accounts(self) -> tuple[WrongAccount, ...]:
        posted: Counter[str] = Counter()
        for one in all_dated(self._state):
            posted[one.posting.debit] -= one.posting.points
            posted[one.posting.credit] += one.posting.points
        held = self._state.balances
        return tuple(
            WrongAccount(name, held.get(name, 0), posted[name])
            for name in sorted(posted.keys() | held.keys())
            if held.get(name, 0) != posted[name]
        )

    def balances(self, wallets: Collection[UUID]) -> dict[str, int]:
        starts = tuple(f"member:{wallet}:" for wallet in wallets)
        return {
            name: points for name, points in self._state.balances.items() if name.startswith(starts)
        }

    def negative_purses(self) -> tuple[WrongAccount, ...]:
        return tuple(
            WrongAccount(name, points, points)
            for name, points in sorted(self._state.balances.items())
            if points < 0 and name.startswith("member:") and not name.endswith(":owed")
        )

    def total(self) -> int:
        return sum(self._state.balances.values())

    def chains(self) -> tuple[tuple[UUID, int], ...]:
        return tuple(sorted({(one.place.device, one.epoch) for one in self._state.events}))

    def links(self, device: UUID, epoch: int) -> Iterator[Link]:
        found = [
            one for one in self._state.events if (one.place.device, one.epoch) == (device, epoch)
        ]
        for one in sorted(found, key=lambda arrival: arrival.seq):
            yield Link(one.seq, one.event, one.hash)

    def hashes_at(self, device: UUID, seq: int) -> tuple[bytes, ...]:
        return tuple(
            one.hash for one in self._state.events if (one.place.device, one.seq) == (device, seq)
        )

    def refused_refunds(self) -> tuple[UUID, ...]:
        return tuple(
            item.repair_id
            for item in self._state.repairs.values()
            if item.code == "P111" and item.repair_id not in self._state.done
        )

    def in_repair(self, device: UUID, epoch: int) -> frozenset[int]:
        waits = {
            seq
            for one in self._state.line.frames.values()
            if (one.device, one.epoch) == (device, epoch)
            for seq in range(one.first_seq, one.last_seq + 1)
        }
        return frozenset(waits) | frozenset(
            item.seq
            for item in self._state.repairs.values()
            if (item.device, item.epoch) == (device, epoch) and item.seq is not None
        )
