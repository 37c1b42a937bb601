"""Restores and askings for rights in PostgreSQL."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.restores import Restore, RestoreBox, Standing, Wanted
from retail_core.loyalty.leases import Right, RightKind
from retail_core.sync.ranges import Ranges

_SAY = """
insert into restore_box (tenant_id, epoch, device_id, said_at, journal_epoch, head_seq, kept_from,
  lost_low, lost_high, catalogue_version, bundle_version, leases)
values (%(tenant)s, %(epoch)s, %(device)s, %(now)s, %(journal)s, %(head)s, %(kept)s, %(low)s,
  %(high)s, %(catalogue)s, %(bundle)s, %(leases)s)
on conflict (tenant_id, epoch, device_id) do update set said_at = excluded.said_at,
  journal_epoch = excluded.journal_epoch, head_seq = excluded.head_seq,
  kept_from = excluded.kept_from, lost_low = coalesce(restore_box.lost_low, excluded.lost_low),
  lost_high = coalesce(restore_box.lost_high, excluded.lost_high),
  catalogue_version = excluded.catalogue_version, bundle_version = excluded.bundle_version,
  leases = excluded.leases, settled_at = null
"""
_BELOW = """
select 'points' as kind, w.wallet_id as right_id, -a.balance as missing from account a
join wallet w on w.tenant_id = a.tenant_id and a.account = 'member:' || w.wallet_id || ':free'
where a.tenant_id = %(tenant)s and a.balance < 0 and a.account like 'member:%%:free'
union all
select kind, right_id, -free from lease_right where tenant_id = %(tenant)s and free < 0
"""
_VERSIONS = {"catalogue": "catalogue_version", "bundle": "bundle_version"}
_WANT = """
insert into lease_wanted select %(tenant)s, n.* from unnest(%(kind)b::text[], %(right)b::uuid[],
  %(device)b::uuid[], %(amount)b::bigint[], %(asked)b::timestamptz[], %(until)b::timestamptz[]) as n
on conflict (tenant_id, kind, right_id, device_id) do update set amount = excluded.amount,
  asked_at = excluded.asked_at, until_at = excluded.until_at
"""


class PostgresRestores(Repository):
    """Fulfils `RestoreRepo`."""

    def newest(self) -> Restore | None:
        """Return the last restore."""
        row = self._row(
            "select * from cloud_restore where tenant_id = %(tenant)s order by epoch desc limit 1"
        )
        if row is None:
            return None
        thawed = None if row.thawed_at is None else ms_of(row.thawed_at)
        return Restore(
            int(row.epoch), ms_of(row.backup_at), ms_of(row.restored_at), thawed, row.thawed_by
        )

    def begin(self, restore: Restore) -> None:
        """Enter a restore; only the owner's role may."""
        self._run(
            "insert into cloud_restore values (%(tenant)s, %(epoch)s, %(backup)s, %(now)s)",
            epoch=restore.epoch,
            backup=at(restore.backup_ms),
            now=at(restore.restored_ms),
        )

    def boxes(self, epoch: int) -> dict[UUID, RestoreBox]:
        """Return the boxes of a restore."""
        rows = self._rows(
            "select * from restore_box where tenant_id = %(tenant)s and epoch = %(epoch)s",
            epoch=epoch,
        )
        return {row.device_id: _box(row) for row in rows}

    def said(self, epoch: int, standing: Standing, now_ms: int) -> None:
        """Keep what a box said."""
        low, high = standing.lost or (None, None)
        self._run(
            _SAY,
            epoch=epoch,
            device=standing.device,
            now=at(now_ms),
            journal=standing.journal_epoch,
            head=standing.head_seq,
            kept=standing.kept_from,
            low=low,
            high=high,
            catalogue=standing.catalogue_version,
            bundle=standing.bundle_version,
            leases=standing.leases,
        )

    def settle(self, epoch: int, devices: Collection[UUID], now_ms: int) -> None:
        """Note that everything these boxes keep is booked."""
        self._run(
            "update restore_box set settled_at = %(now)s where tenant_id = %(tenant)s"
            " and epoch = %(epoch)s and device_id = any(%(devices)b::uuid[])",
            epoch=epoch,
            devices=list(devices),
            now=at(now_ms),
        )

    def excuse(self, epoch: int, device: UUID, who: str, because: str) -> None:
        """Wait for a box no longer."""
        self._run(
            "insert into restore_box (tenant_id, epoch, device_id, excused_by, excused_because)"
            " values (%(tenant)s, %(epoch)s, %(device)s, %(who)s, %(because)s)"
            " on conflict (tenant_id, epoch, device_id) do update set"
            " excused_by = excluded.excused_by, excused_because = excluded.excused_because",
            epoch=epoch,
            device=device,
            who=who,
            because=because,
        )

    def thaw(self, epoch: int, who: str, now_ms: int) -> None:
        """Let rights be lent again."""
        self._run(
            "update cloud_restore set thawed_at = %(now)s, thawed_by = %(who)s"
            " where tenant_id = %(tenant)s and epoch <= %(epoch)s and thawed_at is null",
            epoch=epoch,
            who=who,
            now=at(now_ms),
        )

    def below_zero(self) -> dict[Right, int]:
        """Return the rights of which more is out than there is."""
        return {
            Right(RightKind(row.kind), row.right_id): int(row.missing) for row in self._rows(_BELOW)
        }

    def journals(self, device: UUID) -> Mapping[int, Ranges]:
        """Return what is committed of each journal epoch of a device."""
        rows = self._rows(
            "select epoch, ranges from device_range where tenant_id = %(tenant)s"
            " and device_id = %(device)s",
            device=device,
        )
        return {
            int(row.epoch): tuple((part.lower, part.upper - 1) for part in row.ranges)
            for row in rows
        }

    def highest(self, kind: str) -> int:
        """Return the highest version that a box said it holds."""
        row = self._row(
            f"select max({_VERSIONS[kind]}) as version from restore_box"  # noqa: S608 -- constants
            " where tenant_id = %(tenant)s"
        )
        return 0 if row is None or row.version is None else int(row.version)

    # ---- rights asked for from elsewhere --------------------------------------------------------

    def online(self, devices: Collection[UUID], since_ms: int) -> set[UUID]:
        """Return which boxes were heard since a moment and did not say goodbye."""
        rows = self._rows(
            "select device_id from device_state where tenant_id = %(tenant)s and state <> 'gone'"
            " and device_id = any(%(devices)b::uuid[]) and last_seen_at >= %(since)s",
            devices=list(devices),
            since=at(since_ms),
        )
        return {row.device_id for row in rows}

    def want(self, wanted: Collection[Wanted]) -> None:
        """Note what boxes ask for."""
        some = list(wanted)
        if some:
            self._run(
                _WANT,
                **_keys(some),
                amount=[one.amount for one in some],
                asked=[at(one.asked_ms) for one in some],
                until=[at(one.until_ms) for one in some],
            )

    def wanted(self, rights: Collection[Right], now_ms: int) -> tuple[Wanted, ...]:
        """Return who still asks, the first to ask first; what is over goes."""
        if not rights:
            return ()
        self._run(
            "delete from lease_wanted where tenant_id = %(tenant)s and until_at <= %(now)s",
            now=at(now_ms),
        )
        rows = self._rows(
            "select t.* from lease_wanted t join unnest(%(kind)b::text[], %(right)b::uuid[])"
            " as w(kind, right_id) using (kind, right_id) where t.tenant_id = %(tenant)s"
            " order by t.asked_at, t.device_id",
            kind=[one.kind.value for one in rights],
            right=[one.id for one in rights],
        )
        return tuple(
            Wanted(
                Right(RightKind(row.kind), row.right_id),
                row.device_id,
                int(row.amount),
                ms_of(row.asked_at),
                ms_of(row.until_at),
            )
            for row in rows
        )

    def served(self, wanted: Collection[Wanted]) -> None:
        """Take askings off the list."""
        some = list(wanted)
        if some:
            self._run(
                "delete from lease_wanted t using unnest(%(kind)b::text[], %(right)b::uuid[],"
                " %(device)b::uuid[]) as w(kind, right_id, device_id)"
                " where t.tenant_id = %(tenant)s and (t.kind, t.right_id, t.device_id)"
                " = (w.kind, w.right_id, w.device_id)",
                **_keys(some),
            )


def _keys(wanted: list[Wanted]) -> dict[str, list[object]]:
    return {
        "kind": [one.right.kind.value for one in wanted],
        "right": [one.right.id for one in wanted],
        "device": [one.device for one in wanted],
    }


def _box(row: Row[Any]) -> RestoreBox:
    standing = None
    if row.said_at is not None:
        standing = Standing(
            device=row.device_id,
            journal_epoch=int(row.journal_epoch),
            kept_from=int(row.kept_from),
            head_seq=int(row.head_seq),
            catalogue_version=int(row.catalogue_version),
            bundle_version=int(row.bundle_version),
            leases=int(row.leases),
            lost=None if row.lost_low is None else (int(row.lost_low), int(row.lost_high)),
        )
    return RestoreBox(
        row.device_id,
        standing,
        None if row.said_at is None else ms_of(row.said_at),
        None if row.settled_at is None else ms_of(row.settled_at),
        row.excused_by,
        row.excused_because,
    )
