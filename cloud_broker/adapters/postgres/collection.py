"""Sources, keys, events of channels and the log's one order, in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.collection import (
    ChannelEvent,
    Logged,
    Place,
    Refusal,
    RefusedState,
    Source,
    WriteKey,
)
from retail_core.insight.collection.plain import Person

NOBODY = UUID(int=0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_SOURCES = """
select source_id, name, channel, kind, origins, sealed, made_by, made_at, ended_at
from channel_source where tenant_id = %(tenant)s
"""
_KEYS = "select key_hash, source_id, made_by, made_at, used_at, ends_at from write_key k"
_ADD_EVENTS = """
insert into event_log (tenant_id, event_id, received_at, store_id, device_id, epoch, seq,
  member_id, type, wall_ms, time_quality, boot_id, mono_ms, hash, body, channel, name, user_id,
  anonymous_id, session_id, sku, category)
select %(tenant)s, n.event, n.received, %(nobody)s, n.source, 0, 0, n.member, 'channel.' || n.kind,
  n.wall, 0, %(nobody)s, 0, n.hash, n.body, n.channel, n.name, nullif(n.user_id, ''),
  nullif(n.visitor, ''), nullif(n.session, ''), nullif(n.sku, ''), nullif(n.category, '')
from unnest(%(event)b::uuid[], %(received)b::timestamptz[], %(source)b::uuid[],
  %(member)b::uuid[], %(kind)b::text[], %(wall)b::bigint[], %(hash)b::bytea[], %(body)b::bytea[],
  %(channel)b::text[], %(name)b::text[], %(user)b::text[], %(visitor)b::text[],
  %(session)b::text[], %(sku)b::text[], %(category)b::text[]) as n(event, received, source,
  member, kind, wall, hash, body, channel, name, user_id, visitor, session, sku, category)
"""
_NOTE_PERSON = """
insert into channel_person as held
select %(tenant)s, %(source)s, n.actor, nullif(n.phone, ''::bytea), nullif(n.email, ''::bytea),
  n.traits::jsonb, %(now)s
from unnest(%(actors)b::text[], %(phones)b::bytea[], %(emails)b::bytea[], %(traits)b::text[])
  as n(actor, phone, email, traits)
order by n.actor
on conflict (tenant_id, source_id, actor) do update set
  phone_hash = coalesce(excluded.phone_hash, held.phone_hash),
  email_hash = coalesce(excluded.email_hash, held.email_hash),
  traits = held.traits || excluded.traits, updated_at = excluded.updated_at
"""
# A shared device says numbers of several people: only who signed in is somebody by a number.
_MEMBERS_OF = """
select p.actor, i.member_id from channel_person p
join identity i on i.tenant_id = p.tenant_id and i.kind = 'phone' and i.keyed_hash = p.phone_hash
where p.tenant_id = %(tenant)s and p.source_id = %(source)s and p.actor = any(%(actors)b)
  and p.actor like 'u:%%'
"""
_REFUSED = """
select refused_id, source_id, received_at, code, detail, kind, payload, state
from collect_refused where tenant_id = %(tenant)s
"""
# Nothing comes before the moment that the oldest transaction still open was begun at, nor before
# the oldest frame that waits: both keep the time at which they were received.
_SETTLED = """
select least(
  %(now)s::timestamptz - interval '10 seconds',
  (select min(xact_start) from pg_stat_activity
    where usename = current_user and pid <> pg_backend_pid() and state <> 'idle'
    and xact_start is not null) - interval '10 seconds',
  (select to_timestamp(min(received_ms) / 1000.0) from frame_waiting
    where tenant_id = %(tenant)s)) as settled
"""
_REPLAY = """
select event_id, received_at, type, store_id, device_id, member_id, wall_ms, channel, name, user_id,
  anonymous_id, session_id, sku, category, body
from event_log where tenant_id = %(tenant)s and (received_at, event_id) > (%(after)s, %(event)s)
  and received_at < %(until)s order by received_at, event_id limit %(limit)s
"""


class PostgresCollection(Repository):
    """Fulfils `CollectionRepo`."""

    def add_source(self, source: Source) -> bool:
        """Enter a source; False when its name is taken."""
        return bool(
            self._run(
                "insert into channel_source values (%(tenant)s, %(id)s, %(name)s, %(channel)s,"
                " %(kind)s, %(origins)b, %(sealed)s, %(who)s, %(now)s, null)"
                " on conflict (tenant_id, name) do nothing",
                id=source.source_id,
                name=source.name,
                channel=source.channel,
                kind=source.kind,
                origins=list(source.origins),
                sealed=source.sealed,
                who=source.made_by,
                now=at(source.made_ms),
            )
        )

    def sources(self) -> tuple[Source, ...]:
        """Return every source by name, ended ones too."""
        return tuple(map(_source, self._rows(_SOURCES + " order by name")))

    def source(self, source_id: UUID) -> Source | None:
        """Return a source."""
        row = self._row(_SOURCES + " and source_id = %(source)s", source=source_id)
        return None if row is None else _source(row)

    def change_source(
        self, source_id: UUID, origins: Sequence[str], sealed: bytes | None, ended_ms: int | None
    ) -> None:
        """Say anew from which pages a source takes, by what it proves itself, and its end."""
        self._run(
            "update channel_source set origins = %(origins)b, sealed = %(sealed)s,"
            " ended_at = %(ended)s where tenant_id = %(tenant)s and source_id = %(source)s",
            source=source_id,
            origins=list(origins),
            sealed=sealed,
            ended=None if ended_ms is None else at(ended_ms),
        )

    def add_key(self, key: WriteKey) -> None:
        """Enter a key."""
        self._run(
            "insert into write_key values (%(tenant)s, %(hash)s, %(source)s, %(who)s, %(now)s,"
            " null, %(ends)s)",
            hash=key.key_hash,
            source=key.source,
            who=key.made_by,
            now=at(key.made_ms),
            ends=None if key.ends_ms is None else at(key.ends_ms),
        )

    def key(self, key_hash: bytes) -> tuple[WriteKey, Source] | None:
        """Return a key with its source, ended or not."""
        row = self._row(
            _KEYS + " where k.tenant_id = %(tenant)s and k.key_hash = %(hash)s", hash=key_hash
        )
        if row is None:
            return None
        source = self.source(row.source_id)
        return None if source is None else (_key(row), source)

    def keys(self, source_id: UUID) -> tuple[WriteKey, ...]:
        """Return a source's keys, newest first."""
        rows = self._rows(
            _KEYS + " where k.tenant_id = %(tenant)s and k.source_id = %(source)s"
            " order by made_at desc, key_hash",
            source=source_id,
        )
        return tuple(map(_key, rows))

    def end_keys(self, source_id: UUID, at_ms: int, but: bytes = b"") -> int:
        """End a source's keys at a moment, but for one; those that end sooner stay as they are."""
        return self._run(
            "update write_key set ends_at = %(at)s where tenant_id = %(tenant)s"
            " and source_id = %(source)s and key_hash <> %(but)s"
            " and (ends_at is null or ends_at > %(at)s)",
            source=source_id,
            at=at(at_ms),
            but=but,
        )

    def key_used(self, key_hash: bytes, now_ms: int) -> None:
        """Note that a key was used; at most once a minute is written."""
        self._run(
            "update write_key set used_at = %(now)s where tenant_id = %(tenant)s"
            " and key_hash = %(hash)s and (used_at is null"
            " or used_at < %(now)s::timestamptz - interval '1 minute')",
            hash=key_hash,
            now=at(now_ms),
        )

    def add_events(self, events: Sequence[ChannelEvent]) -> None:
        """Append to the log."""
        if not events:
            return
        self._put(
            _ADD_EVENTS,
            nobody=NOBODY,
            event=[one.event_id for one in events],
            received=[at(one.received_ms) for one in events],
            source=[one.source for one in events],
            member=[one.member for one in events],
            kind=[one.kind for one in events],
            wall=[one.at_ms for one in events],
            hash=[sha256(one.body).digest() for one in events],
            body=[one.body for one in events],
            channel=[one.channel for one in events],
            name=[one.name for one in events],
            user=[one.user_id for one in events],
            visitor=[one.anonymous_id for one in events],
            session=[one.session_id for one in events],
            sku=[one.sku for one in events],
            category=[one.category for one in events],
        )

    def note_persons(self, source_id: UUID, persons: Sequence[Person], now_ms: int) -> None:
        """Keep what was said of who somebody is; traits add to those said before."""
        # One statement may touch a row once: of several words of one person the last goes last.
        rest = list(persons)
        while rest:
            once = {one.actor: one for one in reversed(rest)}
            rest = [one for one in rest if once[one.actor] is not one]
            some = list(once.values())
            self._put(
                _NOTE_PERSON,
                source=source_id,
                now=at(now_ms),
                actors=[one.actor for one in some],
                phones=[one.phone_hash or b"" for one in some],
                emails=[one.email_hash or b"" for one in some],
                traits=[msgspec.json.encode(one.traits).decode() for one in some],
            )

    def members_of(self, source_id: UUID, actors: Collection[str]) -> Mapping[str, UUID]:
        """Return which members actors are, by the phone numbers they said."""
        rows = self._rows(_MEMBERS_OF, source=source_id, actors=list(actors))
        return {row.actor: row.member_id for row in rows}

    def refuse(self, items: Sequence[Refusal]) -> None:
        """Keep what could not be used."""
        if items:
            self._put(
                "insert into collect_refused (tenant_id, refused_id, source_id, received_at, code,"
                " detail, kind, payload) select %(tenant)s, n.* from unnest(%(ids)b::uuid[],"
                " %(sources)b::uuid[], %(at)b::timestamptz[], %(codes)b::text[],"
                " %(details)b::text[], %(kinds)b::text[], %(payloads)b::bytea[]) as n",
                ids=[one.refused_id for one in items],
                sources=[one.source for one in items],
                at=[at(one.received_ms) for one in items],
                codes=[one.code for one in items],
                details=[one.detail for one in items],
                kinds=[one.kind for one in items],
                payloads=[one.payload for one in items],
            )

    def refused(self, state: RefusedState, limit: int) -> tuple[Refusal, ...]:
        """Return what could not be used, newest first."""
        rows = self._rows(
            _REFUSED + " and state = %(state)s order by received_at desc, refused_id limit %(n)s",
            state=state,
            n=limit,
        )
        return tuple(map(_refusal, rows))

    def count_refused(self) -> Mapping[str, int]:
        """Return how much waits, by code."""
        rows = self._rows(
            "select code, count(*) as n from collect_refused where tenant_id = %(tenant)s"
            " and state = 'open' group by code order by code"
        )
        return {row.code: row.n for row in rows}

    def refusal(self, refused_id: UUID) -> Refusal | None:
        """Return one, locked until the end of the transaction."""
        row = self._row(_REFUSED + " and refused_id = %(id)s for update", id=refused_id)
        return None if row is None else _refusal(row)

    def decide(self, refused_id: UUID, state: RefusedState, who: str, now_ms: int) -> None:
        """Take it off the list, and what it said with it: it may name people."""
        self._run(
            "update collect_refused set state = %(state)s, decided_by = %(who)s, payload = '',"
            " decided_at = %(now)s where tenant_id = %(tenant)s and refused_id = %(id)s",
            id=refused_id,
            state=state,
            who=who,
            now=at(now_ms),
        )

    def settled_us(self, now_ms: int) -> int:
        """Return before which moment (microseconds) nothing more can come into the log."""
        row = self._row(_SETTLED, now=at(now_ms))
        assert row is not None  # noqa: S101 -- a select without a table has one row
        return _us(row.settled)

    def replay(self, after: Place, until_us: int, limit: int) -> tuple[Logged, ...]:
        """Return events after a place and before a moment, in the log's one order."""
        rows = self._rows(
            _REPLAY,
            after=_EPOCH + after.received_us * _US,
            event=after.event_id,
            until=_EPOCH + until_us * _US,
            limit=limit,
        )
        return tuple(map(_logged, rows))


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _US


def _source(row: Row[Any]) -> Source:
    return Source(
        row.source_id,
        row.name,
        row.channel,
        row.kind,
        row.made_by,
        ms_of(row.made_at),
        tuple(row.origins),
        None if row.sealed is None else bytes(row.sealed),
        _ms(row.ended_at),
    )


def _key(row: Row[Any]) -> WriteKey:
    return WriteKey(
        bytes(row.key_hash),
        row.source_id,
        row.made_by,
        ms_of(row.made_at),
        _ms(row.used_at),
        _ms(row.ends_at),
    )


def _refusal(row: Row[Any]) -> Refusal:
    return Refusal(
        row.refused_id,
        row.source_id,
        ms_of(row.received_at),
        row.code,
        row.detail,
        row.kind,
        bytes(row.payload),
        row.state,
    )


def _logged(row: Row[Any]) -> Logged:
    return Logged(
        Place(_us(row.received_at), row.event_id),
        row.type,
        row.store_id,
        row.device_id,
        row.member_id,
        row.wall_ms,
        row.channel or "",
        row.name or "",
        row.user_id or "",
        row.anonymous_id or "",
        row.session_id or "",
        row.sku or "",
        row.category or "",
        bytes(row.body),
    )


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else ms_of(moment)
