"""Files of systems before this one, and whom their rows became, in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.imports import (
    FileImport,
    ImportState,
    MovedMember,
    MovedTotals,
    NewcomerRow,
    OldConsent,
)

_FILES = """
select import_id, kind, name, sha256, how, state, rows_done, counts, made_by, began_at
from file_import where tenant_id = %(tenant)s
"""
_BEGIN = """
insert into file_import values (%(tenant)s, %(id)s, %(kind)s, %(name)s, %(sha)s, %(how)s::jsonb,
  'running', 0, '{}', %(who)s, %(now)s, %(now)s)
on conflict (tenant_id, kind, sha256) where state in ('running', 'done') do nothing
"""
_ADD_MEMBERS = """
insert into member (tenant_id, member_id, wallet_id, ver, name, tier, tags, phone_masked,
  phone_hash, home_store_id, enrolled_at)
select %(tenant)s, n.member, n.wallet, 0, n.name, n.tier, '{}', n.masked,
  nullif(n.phone, ''::bytea), n.store, n.joined
from unnest(%(members)b::uuid[], %(wallets)b::uuid[], %(names)b::text[], %(tiers)b::text[],
  %(masked)b::text[], %(phones)b::bytea[], %(stores)b::uuid[], %(joined)b::timestamptz[])
  as n(member, wallet, name, tier, masked, phone, store, joined)
"""
_ADD_BIRTHDAYS = """
insert into member_profile (tenant_id, member_id, calendar, birth_month, birth_day, birth_set_at)
select %(tenant)s, n.member, n.calendar, n.month, n.day, %(now)s
from unnest(%(members)b::uuid[], %(calendars)b::text[], %(months)b::smallint[],
  %(days)b::smallint[]) as n(member, calendar, month, day)
"""
_BIND = """
insert into credential as held (tenant_id, kind, key, member_id, created_at)
select %(tenant)s, 'card', n.key, n.member, %(now)s
from unnest(%(keys)b::bytea[], %(members)b::uuid[]) as n(key, member) order by n.key
on conflict (tenant_id, kind, key) do update set member_id = excluded.member_id,
  created_at = excluded.created_at, revoked_at = null where held.revoked_at is not null
"""
_ADD_CONSENTS = """
insert into consent (tenant_id, consent_id, member_id, kind, given, text_version, text_hash,
  language, channel, store_id, operator_id, wall_ms, received_at)
select %(tenant)s, n.id, n.member, n.kind, n.given, 'import', %(hash)s, 'zh', 'import', n.store,
  null, n.wall, to_timestamp(n.wall / 1000.0)
from unnest(%(ids)b::uuid[], %(members)b::uuid[], %(kinds)b::text[], %(given)b::boolean[],
  %(stores)b::uuid[], %(walls)b::bigint[]) as n(id, member, kind, given, store, wall)
"""
_NOTE_MOVED = """
insert into moved_member
select %(tenant)s, %(import)s, n.row_no, n.member, n.made, n.tier, n.points,
  coalesce((select array_agg(decode(c, 'hex')) from jsonb_array_elements_text(n.cards::jsonb) c),
    '{}'),
  coalesce((select array_agg(c) from jsonb_array_elements_text(n.coupons::jsonb) c), '{}'),
  coalesce((select array_agg(c) from jsonb_array_elements_text(n.consents::jsonb) c), '{}'), null
from unnest(%(rows)b::bigint[], %(members)b::uuid[], %(made)b::boolean[], %(tiers)b::text[],
  %(points)b::bigint[], %(cards)b::text[], %(coupons)b::text[], %(consents)b::text[])
  as n(row_no, member, made, tier, points, cards, coupons, consents)
"""
_MOVED = """
select row_no, member_id, made, tier, points, cards, coupons, consents, taken_back
from moved_member where tenant_id = %(tenant)s and import_id = %(import)s
"""
_TAKEN_BACK = """
update moved_member m set taken_back = n.points
from unnest(%(rows)b::bigint[], %(points)b::bigint[]) as n(row_no, points)
where m.tenant_id = %(tenant)s and m.import_id = %(import)s and m.row_no = n.row_no
"""
# What came with the file itself is no sign of life: its points, their way back, its coupons.
_ACTIVE = """
select m.member_id from member m where m.tenant_id = %(tenant)s
  and m.member_id = any(%(members)b::uuid[]) and (
  exists (select from receipt r where r.tenant_id = m.tenant_id and r.member_id = m.member_id)
  or exists (select from posting p where p.tenant_id = m.tenant_id and p.wallet_id = m.wallet_id
    and p.receipt_id <> %(import)s)
  or exists (select from credential c where c.tenant_id = m.tenant_id
    and c.member_id = m.member_id and c.revoked_at is null)
  or exists (select from moved_member o where o.tenant_id = m.tenant_id
    and o.member_id = m.member_id and o.import_id <> %(import)s and o.taken_back is null)
  or exists (select from member_merge g where g.tenant_id = m.tenant_id
    and m.member_id in (g.from_member_id, g.into_member_id)))
"""


class PostgresFileImports(Repository):
    """Fulfils `FileImportRepo`."""

    def begin(self, new: FileImport) -> FileImport:
        """Enter a file; one that is running or done is returned instead."""
        self._run(
            _BEGIN,
            id=new.import_id,
            kind=new.kind,
            name=new.name,
            sha=new.sha256,
            how=msgspec.json.encode(new.how).decode(),
            who=new.made_by,
            now=at(new.began_ms),
        )
        row = self._row(
            _FILES + " and kind = %(kind)s and sha256 = %(sha)s and state in ('running', 'done')",
            kind=new.kind,
            sha=new.sha256,
        )
        return replace(new) if row is None else _file(row)

    def get(self, import_id: UUID) -> FileImport | None:
        """Return a file."""
        row = self._row(_FILES + " and import_id = %(id)s", id=import_id)
        return None if row is None else _file(row)

    def files(self, limit: int) -> tuple[FileImport, ...]:
        """Return files, newest first."""
        rows = self._rows(_FILES + " order by began_at desc, import_id limit %(n)s", n=limit)
        return tuple(map(_file, rows))

    def advance(
        self, before: FileImport, rows_done: int, counts: Mapping[str, int], now_ms: int
    ) -> bool:
        """Move on; False when another process moved it meanwhile."""
        return bool(
            self._run(
                "update file_import set rows_done = %(rows)s, counts = %(counts)s::jsonb,"
                " updated_at = %(now)s where tenant_id = %(tenant)s and import_id = %(id)s"
                " and rows_done = %(before)s and state = 'running'",
                id=before.import_id,
                rows=rows_done,
                before=before.rows_done,
                counts=msgspec.json.encode(counts).decode(),
                now=at(now_ms),
            )
        )

    def turn(self, import_id: UUID, state: ImportState, now_ms: int) -> None:
        """Say how a file stands."""
        self._run(
            "update file_import set state = %(state)s, updated_at = %(now)s"
            " where tenant_id = %(tenant)s and import_id = %(id)s",
            id=import_id,
            state=state,
            now=at(now_ms),
        )


class PostgresMovers(Repository):
    """Fulfils `MoverRepo`."""

    def card_owners(self, cards: Collection[bytes]) -> Mapping[bytes, UUID]:
        """Return whose cards these hashes are; ended ones are nobody's."""
        rows = self._rows(
            "select key, member_id from credential where tenant_id = %(tenant)s and kind = 'card'"
            " and key = any(%(keys)b::bytea[]) and revoked_at is null",
            keys=list(cards),
        )
        return {bytes(row.key): row.member_id for row in rows}

    def add_newcomers(self, rows: Sequence[NewcomerRow], now_ms: int) -> None:
        """Enter members with wallets, at version 0."""
        if not rows:
            return
        self._put(
            "insert into wallet select %(tenant)s, n, %(now)s from unnest(%(wallets)b::uuid[]) n",
            wallets=[one.wallet for one in rows],
            now=at(now_ms),
        )
        self._put(
            _ADD_MEMBERS,
            members=[one.member for one in rows],
            wallets=[one.wallet for one in rows],
            names=[one.name for one in rows],
            tiers=[one.tier for one in rows],
            masked=[one.phone_masked for one in rows],
            phones=[one.phone_hash or b"" for one in rows],
            stores=[one.store for one in rows],
            joined=[at(one.joined_ms) for one in rows],
        )
        known = [(one.member, one.birthday) for one in rows if one.birthday is not None]
        if known:
            self._put(
                _ADD_BIRTHDAYS,
                now=at(now_ms),
                members=[member for member, _ in known],
                calendars=[said[0] for _, said in known],
                months=[said[1] for _, said in known],
                days=[said[2] for _, said in known],
            )

    def bind_cards(self, cards: Mapping[bytes, UUID], now_ms: int) -> None:
        """Let cards name members; one that had ended names again."""
        if cards:
            self._put(_BIND, keys=list(cards), members=list(cards.values()), now=at(now_ms))

    def end_cards(self, cards: Collection[bytes], now_ms: int) -> None:
        """End cards."""
        if cards:
            self._put(
                "update credential set revoked_at = %(now)s where tenant_id = %(tenant)s"
                " and kind = 'card' and key = any(%(keys)b::bytea[]) and revoked_at is null",
                keys=list(cards),
                now=at(now_ms),
            )

    def add_consents(self, consents: Sequence[OldConsent], now_ms: int) -> None:
        """Append what was said of consents."""
        del now_ms
        if consents:
            self._put(
                _ADD_CONSENTS,
                hash=sha256(b"import").digest(),
                ids=[one.consent_id for one in consents],
                members=[one.member for one in consents],
                kinds=[one.kind for one in consents],
                given=[one.given for one in consents],
                stores=[one.store for one in consents],
                walls=[one.at_ms for one in consents],
            )

    def note_moved(self, import_id: UUID, rows: Sequence[MovedMember]) -> None:
        """Keep whom rows became."""
        if rows:
            values: dict[str, object] = {
                "import": import_id,
                "rows": [one.row for one in rows],
                "members": [one.member for one in rows],
                "made": [one.made for one in rows],
                "tiers": [one.tier for one in rows],
                "points": [one.points for one in rows],
                "cards": [_json([card.hex() for card in one.cards]) for one in rows],
                "coupons": [_json(one.coupons) for one in rows],
                "consents": [_json(one.consents) for one in rows],
            }
            self._put(_NOTE_MOVED, **values)

    def moved(self, import_id: UUID, after_row: int, limit: int) -> tuple[MovedMember, ...]:
        """Return whom rows became, by row."""
        values: dict[str, object] = {"import": import_id, "after": after_row, "limit": limit}
        rows = self._rows(
            _MOVED + " and row_no > %(after)s order by row_no limit %(limit)s", **values
        )
        return tuple(map(_moved, rows))

    def still_given(self, import_id: UUID, limit: int) -> tuple[MovedMember, ...]:
        """Return rows of which nothing was taken back yet, by row."""
        values: dict[str, object] = {"import": import_id, "limit": limit}
        rows = self._rows(
            _MOVED + " and taken_back is null order by row_no limit %(limit)s for update", **values
        )
        return tuple(map(_moved, rows))

    def taken_back(self, import_id: UUID, points: Mapping[int, int]) -> None:
        """Note how many points of rows were taken back."""
        values: dict[str, object] = {
            "import": import_id,
            "rows": list(points),
            "points": list(points.values()),
        }
        self._put(_TAKEN_BACK, **values)

    def active(self, members: Collection[UUID], import_id: UUID) -> frozenset[UUID]:
        """Return who of them bought, or has anything that did not come with this file."""
        values: dict[str, object] = {"members": list(members), "import": import_id}
        return frozenset(row.member_id for row in self._rows(_ACTIVE, **values))

    def forget_numbers(self, members: Collection[UUID]) -> None:
        """Let phone numbers name these members no more."""
        self._put(
            "delete from identity where tenant_id = %(tenant)s and kind = 'phone'"
            " and member_id = any(%(members)b::uuid[])",
            members=list(members),
        )
        self._put(
            "update member set phone_hash = null, phone_masked = '' where tenant_id = %(tenant)s"
            " and member_id = any(%(members)b::uuid[])",
            members=list(members),
        )

    def totals(self, import_id: UUID) -> MovedTotals:
        """Return what of a file stands in the books, added up there."""
        values: dict[str, object] = {"import": import_id}
        whole = self._row(
            "select count(*) as rows, count(distinct member_id) as members from moved_member"
            " where tenant_id = %(tenant)s and import_id = %(import)s",
            **values,
        )
        points = self._row(
            "select coalesce(sum(points), 0)::bigint as points from posting"
            " where tenant_id = %(tenant)s and receipt_id = %(import)s and kind = 'opening'",
            **values,
        )
        tiers = self._rows(
            "select m.tier, count(distinct m.member_id) as n from moved_member v join member m"
            " on m.tenant_id = v.tenant_id and m.member_id = v.member_id where v.made"
            " and v.tenant_id = %(tenant)s and v.import_id = %(import)s group by 1 order by 1",
            **values,
        )
        assert whole is not None and points is not None  # noqa: S101, PT018 -- both count
        return MovedTotals(
            whole.rows, whole.members, points.points, {row.tier: row.n for row in tiers}
        )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _file(row: Row[Any]) -> FileImport:
    return FileImport(
        row.import_id,
        row.kind,
        row.name,
        bytes(row.sha256),
        row.how,
        row.made_by,
        ms_of(row.began_at),
        row.state,
        row.rows_done,
        row.counts,
    )


def _moved(row: Row[Any]) -> MovedMember:
    return MovedMember(
        row.row_no,
        row.member_id,
        row.made,
        row.tier,
        row.points,
        tuple(bytes(card) for card in row.cards),
        tuple(row.coupons),
        tuple(row.consents),
        row.taken_back,
    )
