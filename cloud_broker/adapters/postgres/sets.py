"""Sets of stores in PostgreSQL."""

from collections.abc import Collection, Sequence
from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.feed import FeedRow, NewChange
from cloud_broker.ports.sets import HeldAt, MadeSnapshot, SetSize, Visit
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

# One statement sees one moment: a version and the position that carries it are never apart.
_HELD = """
select f.feed_epoch, f.head, m.member_id, m.ver from store_feed f
left join (interest i join member m on m.tenant_id = i.tenant_id and m.member_id = i.member_id
  and m.ver > 0)
  on i.tenant_id = f.tenant_id and i.store_id = f.store_id
where f.tenant_id = %(tenant)s and f.store_id = %(store)s order by m.member_id
"""
# What a sale writes it writes into the receipts alone; the set looks there when it comes to that.
_VISITS = """
select i.store_id, i.member_id, m.ver, greatest(coalesce(i.seen_at, i.since), (
  select max(r.received_at) from receipt r where r.tenant_id = i.tenant_id
  and r.member_id = i.member_id and r.store_id = i.store_id)) as seen_at
from interest i
join member m on m.tenant_id = i.tenant_id and m.member_id = i.member_id
where i.tenant_id = %(tenant)s and coalesce(i.seen_at, i.since) < %(before)s
  and m.home_store_id <> i.store_id
order by coalesce(i.seen_at, i.since) limit %(limit)s
"""
_BEYOND = """
with crowded as (
  select store_id from interest where tenant_id = %(tenant)s
  group by store_id having count(*) > %(keep)s
), ranked as (
  select i.tenant_id, i.store_id, i.member_id, m.ver, coalesce(i.seen_at, i.since) as noted,
    row_number() over (partition by i.store_id
      order by coalesce(i.seen_at, i.since) desc, i.member_id desc) as place
  from crowded join interest i on i.tenant_id = %(tenant)s and i.store_id = crowded.store_id
  join member m on m.tenant_id = i.tenant_id and m.member_id = i.member_id
  where m.home_store_id <> i.store_id
)
select i.store_id, i.member_id, i.ver, i.noted, greatest(i.noted, (
  select max(r.received_at) from receipt r where r.tenant_id = i.tenant_id
  and r.member_id = i.member_id and r.store_id = i.store_id)) as seen_at
from ranked i where i.place > %(keep)s order by i.noted, i.member_id limit %(limit)s
"""
_PRUNE = """
with old as (
  select pos, committed_at from feed
  where tenant_id = %(tenant)s and store_id = %(store)s
    and pos > (select pruned from store_feed where tenant_id = %(tenant)s and store_id = %(store)s)
  order by pos limit %(limit)s
), until as (
  select max(old.pos) as pos from old, store_feed f
  where f.tenant_id = %(tenant)s and f.store_id = %(store)s
    and (old.committed_at < %(before)s or old.pos <= f.head - %(keep)s)
    and old.pos <= f.published
), gone as (
  delete from feed where tenant_id = %(tenant)s and store_id = %(store)s
    and pos <= (select pos from until) and kind like 'member%%'
)
update store_feed f set pruned = until.pos from until
where f.tenant_id = %(tenant)s and f.store_id = %(store)s and until.pos > f.pruned
returning until.pos - %(start)s as taken
"""


class PostgresSets(Repository):
    """Fulfils `SetRepo`."""

    def held(self, store: UUID) -> HeldAt:
        """Return who is in a store's set and where its feed stands, as of one moment."""
        rows = self._rows(_HELD, store=store)
        if not rows:
            raise Fault(FaultCode.API_NOT_FOUND, what="store")
        members = tuple((row.member_id, row.ver) for row in rows if row.member_id is not None)
        return HeldAt(rows[0].feed_epoch, rows[0].head, members)

    def holds(self, store: UUID, member: UUID) -> bool:
        """Return whether a member is in a store's set."""
        row = self._row(
            "select 1 from interest where tenant_id = %(tenant)s and store_id = %(store)s"
            " and member_id = %(member)s",
            store=store,
            member=member,
        )
        return row is not None

    def seen(self, store: UUID, member: UUID, now_ms: int) -> None:
        """Note that a store had to do with a member of its set."""
        self.note_visits([Visit(store, member, 0, now_ms)])

    def visits_before(self, before_ms: int, limit: int) -> tuple[Visit, ...]:
        """Return visitors nobody noted since; `seen_ms` also knows what they bought there."""
        rows = self._rows(_VISITS, before=at(before_ms), limit=limit)
        return tuple(
            Visit(row.store_id, row.member_id, row.ver, ms_of(row.seen_at)) for row in rows
        )

    def visits_beyond(self, keep: int, limit: int) -> tuple[Visit, ...]:
        """Return who was away longest of stores with more than `keep` visitors."""
        away: list[Visit] = []
        back: list[Visit] = []
        for row in self._rows(_BEYOND, keep=keep, limit=limit):
            found = back if row.seen_at > row.noted else away
            found.append(Visit(row.store_id, row.member_id, row.ver, ms_of(row.seen_at)))
        self.note_visits(back)
        return tuple(away)

    def note_visits(self, visits: Sequence[Visit]) -> None:
        """Write down when visitors were last seen."""
        self._run(
            "update interest i set seen_at = n.seen from unnest(%(stores)b::uuid[],"
            " %(members)b::uuid[], %(seen)b::timestamptz[]) as n(store, member, seen)"
            " where i.tenant_id = %(tenant)s and i.store_id = n.store and i.member_id = n.member",
            stores=[one.store for one in visits],
            members=[one.member for one in visits],
            seen=[at(one.seen_ms) for one in visits],
        )

    def release(self, pairs: Collection[tuple[UUID, UUID]]) -> None:
        """Take (store, member) out of the set."""
        self._run(
            "delete from interest i using unnest(%(stores)b::uuid[], %(members)b::uuid[])"
            " as n(store, member) where i.tenant_id = %(tenant)s and i.store_id = n.store"
            " and i.member_id = n.member",
            stores=[store for store, _ in pairs],
            members=[member for _, member in pairs],
        )

    def sizes(self) -> tuple[SetSize, ...]:
        """Return how large each store's set is."""
        rows = self._rows(
            "select i.store_id, count(*) filter (where m.home_store_id = i.store_id) as home,"
            " count(*) filter (where m.home_store_id <> i.store_id) as visitors from interest i"
            " join member m on m.tenant_id = i.tenant_id and m.member_id = i.member_id"
            " where i.tenant_id = %(tenant)s group by i.store_id order by i.store_id"
        )
        return tuple(SetSize(row.store_id, row.home, row.visitors) for row in rows)

    def prune(self, store: UUID, before_ms: int, keep_rows: int, limit: int) -> int:
        """Delete a store's oldest rows of members; return how many positions are gone now."""
        start = self._row(
            "select pruned from store_feed where tenant_id = %(tenant)s and store_id = %(store)s"
            " for update",
            store=store,
        )
        row = self._row(
            _PRUNE,
            store=store,
            before=at(before_ms),
            keep=keep_rows,
            limit=limit,
            start=0 if start is None else start.pruned,
        )
        return 0 if row is None else int(row.taken)

    def kept_since(self, store: UUID, pos: int, limit: int) -> tuple[FeedRow, ...]:
        """Return the rows after a position that are no member's record."""
        rows = self._rows(
            "select f.pos, f.kind, f.key, f.ver, f.body, f.committed_at, h.feed_epoch from feed f"
            " join store_feed h on h.tenant_id = f.tenant_id and h.store_id = f.store_id"
            " where f.tenant_id = %(tenant)s and f.store_id = %(store)s and f.pos > %(pos)s"
            " and f.kind not like 'member%%' order by f.pos limit %(limit)s",
            store=store,
            pos=pos,
            limit=limit,
        )
        return tuple(
            FeedRow(
                store,
                row.feed_epoch,
                row.pos,
                NewChange(row.kind, row.key, row.ver, row.body),
                ms_of(row.committed_at),
            )
            for row in rows
        )

    # ---- snapshots ------------------------------------------------------------------------------

    def snapshot(self, store: UUID) -> MadeSnapshot | None:
        """Return the newest snapshot of a store."""
        row = self._row(
            "select base, made_at, manifest from store_snapshot where tenant_id = %(tenant)s"
            " and store_id = %(store)s and manifest is not null",
            store=store,
        )
        return None if row is None else MadeSnapshot(row.base, ms_of(row.made_at), row.manifest)

    def want_snapshot(self, store: UUID, now_ms: int) -> None:
        """Put a store on the list of those whose snapshot is to be made."""
        self._run(
            "insert into store_snapshot as s (tenant_id, store_id, wanted_at)"
            " values (%(tenant)s, %(store)s, %(now)s) on conflict (tenant_id, store_id)"
            " do update set wanted_at = excluded.wanted_at where s.wanted_at is null",
            store=store,
            now=at(now_ms),
        )

    def wanted_snapshot(self) -> UUID | None:
        """Return the store that waits longest; locked until the end of the transaction."""
        row = self._row(
            "select store_id from store_snapshot where tenant_id = %(tenant)s"
            " and wanted_at is not null order by wanted_at limit 1 for update skip locked"
        )
        return None if row is None else row.store_id

    def add_segment(self, store: UUID, sha256: bytes, content: bytes, now_ms: int) -> None:
        """Store a segment; one with this content is stored once, as new as it was said last."""
        self._run(
            "delete from snapshot_segment where tenant_id = %(tenant)s and store_id = %(store)s"
            " and sha256 = %(sha)s and made_at < %(now)s",
            store=store,
            sha=sha256,
            now=at(now_ms),
        )
        self._run(
            "insert into snapshot_segment values"
            " (%(tenant)s, %(store)s, %(sha)s, %(now)s, %(content)s) on conflict do nothing",
            store=store,
            sha=sha256,
            now=at(now_ms),
            content=content,
        )

    def segment_part(self, store: UUID, sha256: bytes, start: int, size: int) -> bytes | None:
        """Return a part of a segment, None when there is no such segment."""
        row = self._row(
            "select substring(content from %(start)s::integer for %(size)s::integer) as part"
            " from snapshot_segment where tenant_id = %(tenant)s and store_id = %(store)s"
            " and sha256 = %(sha)s",
            store=store,
            sha=sha256,
            start=start + 1,
            size=size,
        )
        return None if row is None else row.part

    def save_snapshot(self, store: UUID, made: MadeSnapshot) -> None:
        """Let a snapshot be a store's newest, and take the store off the list."""
        self._run(
            "insert into store_snapshot (tenant_id, store_id, made_at, base, manifest)"
            " values (%(tenant)s, %(store)s, %(made)s, %(base)s, %(manifest)s)"
            " on conflict (tenant_id, store_id) do update set wanted_at = null,"
            " made_at = excluded.made_at, base = excluded.base, manifest = excluded.manifest",
            store=store,
            made=at(made.made_ms),
            base=made.base,
            manifest=made.manifest,
        )

    def forget_segments(self, before_ms: int) -> int:
        """Delete segments made before; return how many."""
        return self._run(
            "delete from snapshot_segment where tenant_id = %(tenant)s and made_at < %(before)s",
            before=at(before_ms),
        )
