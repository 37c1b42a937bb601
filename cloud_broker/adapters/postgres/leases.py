"""Leases in PostgreSQL. Rights are locked in one order, so that nobody waits in a circle."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from retail_core.loyalty.cap_sharing import CapStand
from retail_core.loyalty.lease_books import Anchor, RightBook, opened
from retail_core.loyalty.lease_fence import Handshake, Tenure
from retail_core.loyalty.leases import Lease, LeaseKey, LeaseState, Right, RightKind, Term
from retail_core.loyalty.postings import member_account

_COLUMNS = "kind, right_id, device_id, epoch, nth"
_RIGHTS = "unnest(%(kind)b::text[], %(right)b::uuid[]) as w(kind, right_id)"
_KEYS = (
    "unnest(%(kind)b::text[], %(right)b::uuid[], %(device)b::uuid[], %(epoch)b::bigint[],"
    " %(nth)b::bigint[]"
)
_MAKE_ACCOUNTS = """
insert into account (tenant_id, account, balance, version, updated_at)
select %(tenant)s, a, 0, 0, now() from unnest(%(accounts)b::text[]) as a order by a
on conflict do nothing
"""
_SAVE_TENURES = """
insert into lease_tenure select %(tenant)s, n.* , %(now)s
from unnest(%(device)b::uuid[], %(epoch)b::bigint[], %(board)b::bytea[], %(boot)b::uuid[],
  %(journal)b::bigint[], %(seq)b::bigint[], %(breaks)b::integer[], %(frozen)b::boolean[],
  %(past)b::jsonb[]) as n
on conflict (tenant_id, device_id) do update set epoch = excluded.epoch, board = excluded.board,
  boot_id = excluded.boot_id, journal_epoch = excluded.journal_epoch, seq = excluded.seq,
  breaks = excluded.breaks, frozen = excluded.frozen, past = excluded.past,
  updated_at = excluded.updated_at
"""
_SAVE_WAITING = """
insert into lease_handshake select %(tenant)s, n.*
from unnest(%(device)b::uuid[], %(board)b::bytea[], %(boot)b::uuid[], %(journal)b::bigint[],
  %(seq)b::bigint[]) as n
on conflict (tenant_id, device_id) do update set board = excluded.board,
  boot_id = excluded.boot_id, journal_epoch = excluded.journal_epoch, seq = excluded.seq
"""
_SAVE_CAP_STANDS = """
insert into cap_stand select %(tenant)s, n.*
from unnest(%(device)b::uuid[], %(word)b::integer[], %(heard)b::integer[],
  %(shares_from)b::integer[], %(agreed)b::integer[]) as n
on conflict (tenant_id, device_id) do update set word = excluded.word, heard = excluded.heard,
  shares_from = excluded.shares_from, agreed = excluded.agreed
"""
_SAVE_LEASES = f"""
insert into lease select %(tenant)s, n.*, %(now)s from {_KEYS},
  %(amount)b::bigint[], %(cover)b::bigint[], %(state)b::text[], %(boot)b::uuid[],
  %(until)b::bigint[], %(reclaim)b::bigint[]) as n
on conflict (tenant_id, {_COLUMNS}) do update set cover = excluded.cover,
  amount = greatest(lease.amount, excluded.amount), state = excluded.state,
  updated_at = excluded.updated_at
"""  # noqa: S608 -- constants
_ADD_SPENDS = f"""
insert into lease_spend select %(tenant)s, n.* from {_KEYS},
  %(receipt)b::uuid[], %(amount)b::bigint[]) as n on conflict do nothing
"""  # noqa: S608 -- constants
_ADD_REFUNDS = f"""
insert into lease_refund select %(tenant)s, n.* from {_KEYS},
  %(refund)b::uuid[], %(receipt)b::uuid[], %(amount)b::bigint[]) as n on conflict do nothing
"""  # noqa: S608 -- constants

_HELD = """
select l.device_id, l.kind, l.state, sum(greatest(0, l.cover - coalesce(s.spent, 0))) as held
from lease l
left join lateral (
  select sum(amount) as spent from lease_spend s where s.tenant_id = l.tenant_id
  and (s.kind, s.right_id, s.device_id, s.epoch, s.nth)
    = (l.kind, l.right_id, l.device_id, l.epoch, l.nth)) s on true
where l.tenant_id = %(tenant)s and l.device_id = any(%(devices)b::uuid[])
  and l.state in ('open', 'fenced')
group by l.device_id, l.kind, l.state
having sum(greatest(0, l.cover - coalesce(s.spent, 0))) > 0
"""


class PostgresLeases(Repository):
    """Fulfils `LeaseRepo`."""

    # ---- devices --------------------------------------------------------------------------------

    def tenures(self, devices: Collection[UUID]) -> dict[UUID, Tenure]:
        """Return who may spend for devices, locked until the end."""
        rows = self._rows(
            "select * from lease_tenure where tenant_id = %(tenant)s"
            " and device_id = any(%(devices)b::uuid[]) order by device_id for update",
            devices=list(devices),
        )
        return {row.device_id: _tenure(row) for row in rows}

    def save_tenures(self, tenures: Mapping[UUID, Tenure], now_ms: int) -> None:
        """Store who may spend."""
        held = list(tenures.values())
        if held:
            self._run(
                _SAVE_TENURES,
                device=list(tenures),
                epoch=[one.epoch for one in held],
                **_shakes([one.shake for one in held]),
                breaks=[one.shake.breaks for one in held],
                frozen=[one.frozen for one in held],
                past=[
                    json.dumps([[board.hex(), str(boot)] for board, boot in one.past])
                    for one in held
                ],
                now=at(now_ms),
            )

    def waiting(self, devices: Collection[UUID]) -> dict[UUID, Handshake]:
        """Return handshakes that wait for the rest of their journal."""
        rows = self._rows(
            "select * from lease_handshake where tenant_id = %(tenant)s"
            " and device_id = any(%(devices)b::uuid[])",
            devices=sorted(devices),
        )
        return {
            row.device_id: Handshake(row.board, row.boot_id, row.journal_epoch, row.seq)
            for row in rows
        }

    def save_waiting(self, waiting: Mapping[UUID, Handshake | None]) -> None:
        """Store handshakes that wait; None for one that was judged."""
        gone = [device for device, shake in waiting.items() if shake is None]
        held = {device: shake for device, shake in waiting.items() if shake is not None}
        if gone:
            self._run(
                "delete from lease_handshake where tenant_id = %(tenant)s"
                " and device_id = any(%(devices)b::uuid[])",
                devices=gone,
            )
        if held:
            self._run(_SAVE_WAITING, device=list(held), **_shakes(list(held.values())))

    def cap_stands(self, devices: Collection[UUID]) -> dict[UUID, CapStand]:
        """Return how devices count their stores' caps; absent are those that never spoke of it."""
        rows = self._rows(
            "select * from cap_stand where tenant_id = %(tenant)s"
            " and device_id = any(%(devices)b::uuid[])",
            devices=sorted(devices),
        )
        return {
            row.device_id: CapStand(row.word, row.heard, row.shares_from, row.agreed)
            for row in rows
        }

    def save_cap_stands(self, stands: Mapping[UUID, CapStand]) -> None:
        """Store how devices count; their tenures are locked."""
        held = [stands[device] for device in sorted(stands)]
        if held:
            self._run(
                _SAVE_CAP_STANDS,
                device=sorted(stands),
                word=[one.word for one in held],
                heard=[one.heard for one in held],
                shares_from=[one.shares_from for one in held],
                agreed=[one.agreed for one in held],
            )

    def anchor(self, device: UUID) -> Anchor | None:
        """Return the newest moment of a device that is in the event log."""
        row = self._row(
            "select boot_id, mono_ms, received_at from event_log where tenant_id = %(tenant)s"
            " and device_id = %(device)s order by received_at desc, seq desc limit 1",
            device=device,
        )
        return None if row is None else Anchor(row.boot_id, row.mono_ms, ms_of(row.received_at))

    # ---- rights ---------------------------------------------------------------------------------

    def books(self, rights: Collection[Right]) -> dict[Right, RightBook]:
        """Return the books of rights, locked until the end; one never heard of is empty."""
        wanted = sorted(set(rights))
        if not wanted:
            return {}
        free = self._free_points(wanted) | self._free_others(wanted)
        known: dict[Right, list[Lease]] = {}
        for lease in self._leases(wanted):
            known.setdefault(lease.key.right, []).append(lease)
        return {right: opened(right, free.get(right, 0), known.get(right, ())) for right in wanted}

    def save_free(self, free: Mapping[Right, int]) -> None:
        """Store what is free of coupons and budgets; free points stand in their account."""
        if free:
            self._run(
                "insert into lease_right select %(tenant)s, n.*"
                " from unnest(%(kind)b::text[], %(right)b::uuid[], %(free)b::bigint[]) as n"
                " on conflict (tenant_id, kind, right_id) do update set free = excluded.free",
                **_rights(list(free)),
                free=list(free.values()),
            )

    def save_leases(self, leases: Iterable[Lease], now_ms: int) -> None:
        """Store leases with their spends and refunds; what is stored of those is left as it is."""
        held = list(leases)
        if not held:
            return
        terms = [one.term for one in held]
        self._put(
            _SAVE_LEASES,
            **_keys([one.key for one in held]),
            amount=[one.amount for one in held],
            cover=[one.cover for one in held],
            state=[one.state.value for one in held],
            boot=[None if term is None else term.boot for term in terms],
            until=[None if term is None else term.until_mono_ms for term in terms],
            reclaim=[None if term is None else term.reclaim_ms for term in terms],
            now=at(now_ms),
        )
        spends = [(one.key, *spend) for one in held for spend in one.spends.items()]
        if spends:
            self._put(
                _ADD_SPENDS,
                **_keys([key for key, _, _ in spends]),
                receipt=[receipt for _, receipt, _ in spends],
                amount=[amount for _, _, amount in spends],
            )
        refunds = [(one.key, ref, *of) for one in held for ref, of in one.refunds.items()]
        if refunds:
            self._put(
                _ADD_REFUNDS,
                **_keys([key for key, _, _, _ in refunds]),
                refund=[refund for _, refund, _, _ in refunds],
                receipt=[receipt for _, _, receipt, _ in refunds],
                amount=[amount for _, _, _, amount in refunds],
            )

    def lent_to(self, device: UUID) -> set[Right]:
        """Return the rights of which a device holds a part, open or in doubt."""
        rows = self._rows(
            "select distinct kind, right_id from lease where tenant_id = %(tenant)s"
            " and device_id = %(device)s and state in ('open', 'fenced')",
            device=device,
        )
        return {Right(RightKind(row.kind), row.right_id) for row in rows}

    def holders(self) -> set[UUID]:
        """Return the devices that hold anything, open or in doubt."""
        rows = self._rows(
            "select distinct device_id from lease where tenant_id = %(tenant)s"
            " and state in ('open', 'fenced')"
        )
        return {row.device_id for row in rows}

    def held_by(
        self, devices: Collection[UUID]
    ) -> dict[UUID, Counter[tuple[RightKind, LeaseState]]]:
        """Return how much each device holds, open or in doubt, by kind of right."""
        held = {device: Counter[tuple[RightKind, LeaseState]]() for device in devices}
        for row in self._rows(_HELD, devices=list(devices)):
            held[row.device_id][RightKind(row.kind), LeaseState(row.state)] = int(row.held)
        return held

    def due(self, now_ms: int) -> set[Right]:
        """Return the rights with timed leases that are over."""
        rows = self._rows(
            "select distinct kind, right_id from lease where tenant_id = %(tenant)s"
            " and state in ('open', 'fenced') and reclaim_ms <= %(now)s",
            now=now_ms,
        )
        return {Right(RightKind(row.kind), row.right_id) for row in rows}

    def known(self, keys: Collection[LeaseKey]) -> set[LeaseKey]:
        """Return which leases were ever granted."""
        rows = self._rows(
            f"select l.* from lease l join {_KEYS}) as w({_COLUMNS}) using ({_COLUMNS})"  # noqa: S608
            " where l.tenant_id = %(tenant)s",
            **_keys(list(keys)),
        )
        return {_key(row) for row in rows}

    def spends_of(self, receipts: Collection[UUID]) -> dict[UUID, tuple[tuple[LeaseKey, int], ...]]:
        """Return what receipts spent of leases; one without a redemption is absent."""
        rows = self._rows(
            "select * from lease_spend where tenant_id = %(tenant)s"
            " and receipt_id = any(%(receipts)b::uuid[])"
            " order by kind, right_id, device_id, epoch, nth",
            receipts=list(receipts),
        )
        found: dict[UUID, tuple[tuple[LeaseKey, int], ...]] = {}
        for row in rows:
            spent = (_key(row), int(row.amount))
            found[row.receipt_id] = (*found.get(row.receipt_id, ()), spent)
        return found

    # ---- inside ---------------------------------------------------------------------------------

    def _free_points(self, rights: Sequence[Right]) -> dict[Right, int]:
        accounts = {
            member_account(one.id, "free"): one for one in rights if one.kind == RightKind.POINTS
        }
        if not accounts:
            return {}
        self._put(_MAKE_ACCOUNTS, accounts=sorted(accounts))
        rows = self._rows(
            "select account, balance from account where tenant_id = %(tenant)s"
            " and account = any(%(accounts)b) order by account for update",
            accounts=list(accounts),
        )
        free = {accounts[row.account]: int(row.balance) for row in rows}
        # Asked after the lock: whoever lets a wallet owe holds its free account until the end.
        owing = {member_account(one.id, "owed"): one for one in free}
        owed = self._rows(
            "select account, balance from account where tenant_id = %(tenant)s"
            " and account = any(%(owing)b) and balance <> 0",
            owing=list(owing),
        )
        for row in owed:
            free[owing[row.account]] += int(row.balance)
        return free

    def _free_others(self, rights: Sequence[Right]) -> dict[Right, int]:
        rows = self._rows(
            f"select r.kind, r.right_id, r.free from lease_right r join {_RIGHTS}"  # noqa: S608
            " using (kind, right_id) where r.tenant_id = %(tenant)s"
            " order by r.kind, r.right_id for update of r",
            **_rights(rights),
        )
        return {Right(RightKind(row.kind), row.right_id): int(row.free) for row in rows}

    def _leases(self, rights: Sequence[Right]) -> list[Lease]:
        spends: dict[LeaseKey, dict[UUID, int]] = {}
        refunds: dict[LeaseKey, dict[UUID, tuple[UUID, int]]] = {}
        for row in self._of("lease_spend", rights):
            spends.setdefault(_key(row), {})[row.receipt_id] = int(row.amount)
        for row in self._of("lease_refund", rights):
            refunds.setdefault(_key(row), {})[row.refund_id] = (row.receipt_id, int(row.amount))
        return [
            Lease(
                key=(key := _key(row)),
                amount=int(row.amount),
                cover=int(row.cover),
                term=_term(row),
                state=LeaseState(row.state),
                spends=MappingProxyType(spends.get(key, {})),
                refunds=MappingProxyType(refunds.get(key, {})),
            )
            for row in self._of("lease", rights)
        ]

    def _of(self, table: str, rights: Sequence[Right]) -> Sequence[Row[Any]]:
        return self._rows(
            f"select t.* from {table} t join {_RIGHTS} using (kind, right_id)"  # noqa: S608
            " where t.tenant_id = %(tenant)s",
            **_rights(rights),
        )


def _rights(rights: Sequence[Right]) -> dict[str, list[object]]:
    return {"kind": [one.kind.value for one in rights], "right": [one.id for one in rights]}


def _keys(keys: Sequence[LeaseKey]) -> dict[str, list[object]]:
    return _rights([key.right for key in keys]) | {
        "device": [key.device for key in keys],
        "epoch": [key.epoch for key in keys],
        "nth": [key.nth for key in keys],
    }


def _shakes(shakes: Sequence[Handshake]) -> dict[str, list[object]]:
    return {
        "board": [one.board for one in shakes],
        "boot": [one.boot for one in shakes],
        "journal": [one.journal_epoch for one in shakes],
        "seq": [one.seq for one in shakes],
    }


def _key(row: Row[Any]) -> LeaseKey:
    right = Right(RightKind(row.kind), row.right_id)
    return LeaseKey(right, row.device_id, int(row.epoch), int(row.nth))


def _term(row: Row[Any]) -> Term | None:
    if row.boot_id is None:
        return None
    return Term(row.boot_id, int(row.until_mono_ms), int(row.reclaim_ms))


def _tenure(row: Row[Any]) -> Tenure:
    return Tenure(
        epoch=int(row.epoch),
        shake=Handshake(row.board, row.boot_id, row.journal_epoch, row.seq, row.breaks),
        frozen=row.frozen,
        past=tuple((bytes.fromhex(board), UUID(boot)) for board, boot in row.past),
    )
