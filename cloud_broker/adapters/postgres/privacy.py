"""Leaving and erasing in PostgreSQL."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from psycopg import sql
from sqlalchemy import Connection, Row

from cloud_broker.adapters.postgres.base import Repository, at, driver_of, ms_of
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.ports.privacy import Certified, Certify, Erase, Leaving, LeavingState, Sought
from retail_core.identity.erasure_certificate import ErasedPlace, SignedCertificate

Answer = TypeVar("Answer")
# Each table of a large chain is read once.
ERASE_TIMEOUT = "30min"
# What names somebody; columns of later tables are called so, too.
PERSONS = ("member_id", "person_id", "friend_id", "inviter_id", "from_member_id", "into_member_id")
# Keys and hashes of codes: hers, and nobody's to carry around.
SECRETS = frozenset({"digit_secret", "sms_code", "claim", "phone_request", "face_holding"})
_COLUMNS = (
    "leaving_id, member_id, channel, asked_by, why, asked_at, grace_days, state, second, due_at,"
    " told_at, ended_at"
)
_ALIVE = "state in ('requested', 'open', 'telling')"
_ASK = f"""
insert into leaving (tenant_id, {_COLUMNS}) values (%(tenant)s, %(leaving)s, %(member)s,
  %(channel)s, %(by)s, %(why)s, %(asked)s, %(grace)s, %(state)s, %(second)s, %(due)s, %(told)s,
  %(ended)s)
on conflict do nothing
"""  # noqa: S608 - constants
_MOVE = """
update leaving set state = %(state)s, second = %(second)s, due_at = %(due)s, told_at = %(told)s,
  ended_at = %(ended)s
where tenant_id = %(tenant)s and leaving_id = %(leaving)s and state = %(before)s
"""
# A box that has said nothing yet has read nothing; one that was taken away reads nothing any more.
_UNHEARD = """
select distinct s.store_id from (
  select store_id, max(pos) as pos from feed
  where tenant_id = %(tenant)s and key = any(%(members)b::uuid[]) group by store_id) s
join device d on d.tenant_id = %(tenant)s and d.store_id = s.store_id and d.retired_at is null
left join device_state x on x.tenant_id = %(tenant)s and x.device_id = d.device_id
where coalesce(x.feed_pos, 0) < s.pos
union select store_id from face_holding
where tenant_id = %(tenant)s and member_id = any(%(members)b::uuid[])
"""
_MARKS = """
select phone_hash as mark from member where tenant_id = %(tenant)s
  and member_id = any(%(members)b::uuid[]) and phone_hash is not null
union select keyed_hash from identity where tenant_id = %(tenant)s
  and member_id = any(%(members)b::uuid[])
union select key from credential where tenant_id = %(tenant)s
  and member_id = any(%(members)b::uuid[])
"""
# As `pseudonym` of the core makes it.
_NAMED = """
select member_id from member where tenant_id = %(tenant)s
  and substr(encode(sha256(%(said)b::bytea || uuid_send(tenant_id) || uuid_send(member_id)), 'hex'),
    1, 32) = any(%(pseudonyms)b::text[])
"""
_SAID = b"regulars/erasure-member/1\0"
_TABLES = """
select k.relname::text as name, array_agg(a.attname::text) filter (
  where a.attname = any(%(persons)b::text[]) and y.typname = 'uuid') as persons
from pg_class k
join pg_attribute a on a.attrelid = k.oid and a.attnum > 0 and not a.attisdropped
join pg_type y on y.oid = a.atttypid
where k.relnamespace = 'public'::regnamespace and k.relkind in ('r', 'p')
  and not k.relispartition and has_table_privilege(k.oid, 'select')
group by k.relname having bool_or(a.attname = 'tenant_id') order by k.relname
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of tenants, and its columns that name somebody."""

    name: str
    persons: tuple[str, ...]


class PrivacyRows(Repository):
    """The statements, in one transaction."""

    def ask(self, leaving: Leaving) -> bool:
        """Enter a wish to leave."""
        entered = self._run(
            _ASK,
            leaving=leaving.leaving,
            member=leaving.member,
            channel=leaving.channel,
            by=leaving.asked_by,
            why=leaving.why,
            asked=at(leaving.asked_ms),
            grace=leaving.grace_days,
            state=leaving.state.value,
            second=leaving.second,
            due=_at(leaving.due_ms),
            told=_at(leaving.told_ms),
            ended=_at(leaving.ended_ms),
        )
        return entered == 1

    def read(self, where: str, **values: object) -> tuple[Leaving, ...]:
        """Return wishes to leave by a clause of ours."""
        rows = self._rows(
            f"select {_COLUMNS} from leaving where tenant_id = %(tenant)s and {where}",  # noqa: S608
            **values,
        )
        return tuple(map(_leaving, rows))

    def move(self, before: Leaving, after: Leaving) -> bool:
        """Change one that is still as it was."""
        changed = self._run(
            _MOVE,
            leaving=before.leaving,
            before=before.state.value,
            state=after.state.value,
            second=after.second,
            due=_at(after.due_ms),
            told=_at(after.told_ms),
            ended=_at(after.ended_ms),
        )
        return changed == 1

    def unheard(self, members: Collection[UUID]) -> tuple[UUID, ...]:
        """Return shops that have yet to hear."""
        return tuple(row.store_id for row in self._rows(_UNHEARD, members=list(members)))

    def sought(self, members: Collection[UUID]) -> Sought:
        """Return what these are known by."""
        rows = self._rows(_MARKS, members=list(members))
        return Sought(tuple(members), tuple(bytes(row.mark) for row in rows))

    def erase(self, erase: Erase, certify: Certify) -> Certified:
        """Erase, and keep the certificate."""
        self._run(f"set local statement_timeout = '{ERASE_TIMEOUT}'")
        evidence = self._row("select forget_evidence(%(olds)b::uuid[]) as n", olds=list(erase.olds))
        rows = self._rows(
            "select place, done, n from erase_person(%(olds)b::uuid[], %(news)b::uuid[],"
            " %(unheard)b::uuid[]) order by place",
            olds=list(erase.olds),
            news=list(erase.news),
            unheard=list(erase.unheard),
        )
        links = 0 if evidence is None else int(evidence.n)
        places = [ErasedPlace("identity_link", "deleted", links)] if links else []
        made = certify(
            [*places, *(ErasedPlace(row.place, row.done, row.n) for row in rows if row.n)]
        )
        self.keep(made)
        self._run(
            "update leaving set state = 'done', ended_at = %(now)s where tenant_id = %(tenant)s"
            " and member_id = any(%(news)b::uuid[]) and state = 'telling'",
            news=list(erase.news),
            now=at(erase.now_ms),
        )
        return made

    def named(self, pseudonyms: Collection[str]) -> tuple[UUID, ...]:
        """Return the members whom pseudonyms stand for."""
        rows = self._rows(_NAMED, said=_SAID, pseudonyms=list(pseudonyms))
        return tuple(row.member_id for row in rows)

    def keep(self, made: Certified) -> bool:
        """Keep a certificate."""
        entered = self._run(
            "insert into erasure values (%(tenant)s, %(id)s, %(at)s, %(content)s, %(signature)s,"
            " %(key)s) on conflict do nothing",
            id=made.erasure,
            at=at(made.erased_ms),
            content=made.signed.content,
            signature=made.signed.signature,
            key=made.signed.public_key,
        )
        return entered == 1

    def certificates(self, limit: int) -> tuple[Certified, ...]:
        """Return certificates, the newest first."""
        rows = self._rows(
            "select erasure_id, erased_at, content, signature, public_key from erasure"
            " where tenant_id = %(tenant)s order by erased_at desc limit %(limit)s",
            limit=limit,
        )
        return tuple(
            Certified(
                row.erasure_id,
                ms_of(row.erased_at),
                SignedCertificate(bytes(row.content), bytes(row.signature), bytes(row.public_key)),
            )
            for row in rows
        )

    def tables(self) -> tuple[Table, ...]:
        """Return every table of tenants that we may read."""
        rows = self._rows(_TABLES, persons=list(PERSONS))
        return tuple(Table(row.name, tuple(sorted(row.persons or ()))) for row in rows)


class PostgresPrivacyShelf:
    """Fulfils `PrivacyShelf`; each call is a transaction."""

    def __init__(self, units: PostgresUnits) -> None:
        self._units = units

    def ask(self, tenant: UUID, leaving: Leaving) -> bool:
        """Enter a wish to leave; False when one of this member's is alive already."""
        return self._do(tenant, lambda rows: rows.ask(leaving))

    def alive(self, tenant: UUID, member: UUID) -> Leaving | None:
        """Return a member's wish to leave that is neither done nor given up."""
        found = self._do(
            tenant, lambda rows: rows.read(f"member_id = %(member)s and {_ALIVE}", member=member)
        )
        return next(iter(found), None)

    def one(self, tenant: UUID, leaving: UUID) -> Leaving | None:
        """Return a wish to leave."""
        found = self._do(
            tenant, lambda rows: rows.read("leaving_id = %(leaving)s", leaving=leaving)
        )
        return next(iter(found), None)

    def leavings(self, tenant: UUID, limit: int) -> tuple[Leaving, ...]:
        """Return wishes to leave, the newest first."""
        clause = "true order by asked_at desc, leaving_id desc limit %(limit)s"
        return self._do(tenant, lambda rows: rows.read(clause, limit=limit))

    def due(self, tenant: UUID, now_ms: int) -> tuple[Leaving, ...]:
        """Return what is `open` past its day, and what is `telling`, oldest first."""
        clause = (
            "(state = 'telling' or (state = 'open' and due_at <= %(now)s))"
            " order by due_at, leaving_id limit 500"
        )
        return self._do(tenant, lambda rows: rows.read(clause, now=at(now_ms)))

    def move(self, tenant: UUID, before: Leaving, after: Leaving) -> bool:
        """Change one; False when it is no longer as it was `before`."""
        return self._do(tenant, lambda rows: rows.move(before, after))

    def unheard(self, tenant: UUID, members: Collection[UUID]) -> tuple[UUID, ...]:
        """Return shops whose boxes have yet to read that these are gone, or hold a face of them."""
        return self._do(tenant, lambda rows: rows.unheard(members))

    def sought(self, tenant: UUID, members: Collection[UUID]) -> Sought:
        """Return what these are known by now."""
        return self._do(tenant, lambda rows: rows.sought(members))

    def erase(self, tenant: UUID, erase: Erase, certify: Certify) -> Certified:
        """Erase one person in all tables and keep the certificate that is made of the counts."""
        return self._do(tenant, lambda rows: rows.erase(erase, certify))

    def found(self, tenant: UUID, sought: Sought) -> Mapping[str, int]:
        """Return in how many rows of which tables a person is found by value; of all tables."""
        texts = [str(one) for one in sought.ids] + [one.hex for one in sought.ids]
        texts += [mark.hex() for mark in sought.marks]
        counts = {}
        for table in self._do(tenant, PrivacyRows.tables):
            with self._units.connection(tenant) as connection:
                counted = _count(connection, tenant, table.name, texts)
            if counted:
                counts[table.name] = counted
        return counts

    def rows_about(
        self, tenant: UUID, members: Collection[UUID], besides: Collection[str]
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return every row that names these, by table, `besides` tables that are told elsewhere."""
        told = {}
        for table in self._do(tenant, PrivacyRows.tables):
            if not table.persons or table.name in SECRETS or table.name in besides:
                continue
            with self._units.connection(tenant) as connection:
                rows = _rows_of(connection, tenant, table, list(members))
            if rows:
                told[table.name] = rows
        return told

    def named(self, tenant: UUID, pseudonyms: Collection[str]) -> tuple[UUID, ...]:
        """Return the members whom pseudonyms of certificates stand for, if they are there."""
        return self._do(tenant, lambda rows: rows.named(pseudonyms))

    def keep(self, tenant: UUID, certified: Certified) -> bool:
        """Keep a certificate that this database has not; False when it has it."""
        return self._do(tenant, lambda rows: rows.keep(certified))

    def certificates(self, tenant: UUID, limit: int) -> tuple[Certified, ...]:
        """Return certificates, the newest first."""
        return self._do(tenant, lambda rows: rows.certificates(limit))

    def _do(self, tenant: UUID, work: Callable[[PrivacyRows], Answer]) -> Answer:
        with self._units.connection(tenant) as connection:
            return work(PrivacyRows(connection, tenant))


def _count(connection: Connection, tenant: UUID, table: str, texts: list[str]) -> int:
    cursor = driver_of(connection).cursor()
    cursor.execute(sql.SQL("set local statement_timeout = {}").format(sql.Literal(ERASE_TIMEOUT)))
    query = sql.SQL(
        "select count(*) from {} t where tenant_id = %(tenant)s and exists"
        " (select from unnest(%(texts)s::text[]) n where strpos(t::text, n) > 0)"
    ).format(sql.Identifier(table))
    row = cursor.execute(query, {"tenant": tenant, "texts": texts}).fetchone()
    return 0 if row is None else int(row[0])


def _rows_of(
    connection: Connection, tenant: UUID, table: Table, members: list[UUID]
) -> list[dict[str, Any]]:
    named = sql.SQL(" or ").join(
        sql.SQL("t.{} = any(%(members)s)").format(sql.Identifier(one)) for one in table.persons
    )
    query = sql.SQL(
        "select to_jsonb(t) - 'tenant_id' from {} t where tenant_id = %(tenant)s and ({})"
    ).format(sql.Identifier(table.name), named)
    cursor = driver_of(connection).cursor()
    return [row[0] for row in cursor.execute(query, {"tenant": tenant, "members": members})]


def _at(ms: int | None) -> datetime | None:
    return None if ms is None else at(ms)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else ms_of(moment)


def _leaving(row: Row[Any]) -> Leaving:
    return Leaving(
        row.leaving_id,
        row.member_id,
        row.channel,
        row.asked_by,
        row.why,
        ms_of(row.asked_at),
        row.grace_days,
        LeavingState(row.state),
        row.second,
        _ms(row.due_at),
        _ms(row.told_at),
        _ms(row.ended_at),
    )
