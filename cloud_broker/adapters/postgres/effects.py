"""Where what was said at HQ has come to be, in PostgreSQL."""

from collections.abc import Collection

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.effects import DocumentSeen, Said, Withdrawal

_TABLES = {"catalogue": "catalogue_version", "bundle": "rule_bundle"}
_WITHDRAWALS = """
select c.member_id, c.received_at,
  (select array_agg(h.store_id) from face_holding h
    where h.tenant_id = c.tenant_id and h.member_id = c.member_id) as waiting
from consent c
where c.tenant_id = %(tenant)s and c.kind in ('face.local', 'face.minor_guardian')
  and not c.given
order by c.received_at desc limit %(limit)s
"""
_ERASED = """
select store_id, min(received_at) as erased from erasure_receipt
where tenant_id = %(tenant)s and member_id = %(member)s and received_at >= %(since)s
group by store_id
"""


class PostgresEffects(Repository):
    """Fulfils `EffectRepo`."""

    def saw(self, seen: Collection[DocumentSeen]) -> None:
        """Note what boxes say; only the first time counts."""
        some = list(seen)
        if some:
            self._run(
                "insert into document_seen select %(tenant)s, n.* from unnest(%(kind)b::text[],"
                " %(version)b::bigint[], %(device)b::uuid[], %(seen)b::timestamptz[]) as n"
                " on conflict do nothing",
                kind=[one.kind for one in some],
                version=[one.version for one in some],
                device=[one.device for one in some],
                seen=[at(one.seen_ms) for one in some],
            )

    def newest(self, kind: str) -> Said | None:
        """Return the newest document of a kind."""
        row = self._row(
            f"select version, created_at from {_TABLES[kind]}"  # noqa: S608 -- constants
            " where tenant_id = %(tenant)s order by version desc limit 1"
        )
        if row is None:
            return None
        rows = self._rows(
            "select device_id, min(seen_at) as seen from document_seen"
            " where tenant_id = %(tenant)s and kind = %(kind)s and version >= %(version)s"
            " group by device_id",
            kind=kind,
            version=row.version,
        )
        seen = {one.device_id: ms_of(one.seen) for one in rows}
        return Said(kind, int(row.version), ms_of(row.created_at), seen)

    def withdrawals(self, limit: int) -> tuple[Withdrawal, ...]:
        """Return the last withdrawals, the newest first."""
        found: list[Withdrawal] = []
        for row in self._rows(_WITHDRAWALS, limit=limit):
            erased = self._rows(_ERASED, member=row.member_id, since=row.received_at)
            found.append(
                Withdrawal(
                    row.member_id,
                    ms_of(row.received_at),
                    {one.store_id: ms_of(one.erased) for one in erased},
                    frozenset(row.waiting or ()),
                )
            )
        return tuple(found)
