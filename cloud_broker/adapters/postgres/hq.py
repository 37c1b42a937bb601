"""People of HQ in PostgreSQL."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.domain.audit_chain import NO_HASH, link, said
from cloud_broker.ports.hq import AuditAsked, AuditEntry, AuditRow, HqSession, HqUser
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

_AUDIT = (
    "select n, at, actor, action, subject, detail, prev_hash, hash from audit"
    " where tenant_id = %(tenant)s"
)
# Any number: one tenant's audit rows are written one after the other.
_AUDIT_LOCK = 7_201


_USER = (
    "select user_id, login, name, role, place, password_hash, failed_tries, locked_until,"
    " retired_at from hq_user where tenant_id = %(tenant)s"
)


class PostgresHq(Repository):
    """Fulfils `HqRepo`."""

    def add_user(self, user: HqUser, now_ms: int) -> None:
        """Enter a person; Fault API_BODY_INVALID when the login is taken."""
        added = self._run(
            "insert into hq_user (tenant_id, user_id, login, name, role, place, password_hash,"
            " created_at) values (%(tenant)s, %(id)s, %(login)s, %(name)s, %(role)s, %(place)s,"
            " %(hash)s, %(now)s)"
            " on conflict (tenant_id, login) do nothing",
            id=user.user_id,
            login=user.login,
            name=user.name,
            role=user.role,
            place=user.place,
            hash=user.password_hash,
            now=at(now_ms),
        )
        if not added:
            raise Fault(FaultCode.API_BODY_INVALID, detail=f"login {user.login} is taken")

    def user(self, login: str) -> HqUser | None:
        """Return a person, locked until the end of the transaction."""
        row = self._row(
            _USER + " and login = %(login)s and retired_at is null for update",
            login=login,
        )
        return None if row is None else _user(row)

    def take_turn(self) -> None:
        """Let nobody else change people before this transaction ends."""
        self._run("select pg_advisory_xact_lock(hashtextextended(%(tenant)s::text, 41))")

    def users(self) -> tuple[HqUser, ...]:
        """Return everybody, by login, those who left last."""
        rows = self._rows(_USER + " order by retired_at is not null, login")
        return tuple(map(_user, rows))

    def set_user(self, user: HqUser) -> None:
        """Write name, role, place and when somebody left."""
        self._run(
            "update hq_user set name = %(name)s, role = %(role)s, place = %(place)s,"
            " retired_at = %(left)s where tenant_id = %(tenant)s and user_id = %(id)s",
            id=user.user_id,
            name=user.name,
            role=user.role,
            place=user.place,
            left=at(user.left_ms) if user.left_ms else None,
        )

    def end_sessions(self, user_id: UUID) -> int:
        """End everything somebody is signed in with; return how many."""
        return self._run(
            "delete from hq_session where tenant_id = %(tenant)s and user_id = %(user)s",
            user=user_id,
        )

    def note_try(self, user_id: UUID, *, failed_tries: int, locked_until_ms: int) -> None:
        """Store how sign-in went."""
        self._run(
            "update hq_user set failed_tries = %(tries)s, locked_until = %(until)s"
            " where tenant_id = %(tenant)s and user_id = %(id)s",
            id=user_id,
            tries=failed_tries,
            until=at(locked_until_ms) if locked_until_ms else None,
        )

    def add_session(
        self, user_id: UUID, token_hash: bytes, kind: str, expires_ms: int, label: str
    ) -> None:
        """Store a session or API token; the person's sessions that have ended go."""
        self._run(
            "delete from hq_session"
            " where tenant_id = %(tenant)s and user_id = %(user)s and expires_at < now()",
            user=user_id,
        )
        self._run(
            "insert into hq_session values"
            " (%(tenant)s, %(hash)s, %(user)s, %(kind)s, %(label)s, now(), %(expires)s)",
            hash=token_hash,
            user=user_id,
            kind=kind,
            label=label,
            expires=at(expires_ms),
        )

    def session(self, token_hash: bytes) -> HqSession | None:
        """Return a session with its person."""
        row = self._row(
            "select s.kind, s.expires_at, u.user_id, u.login, u.name, u.role, u.place"
            " from hq_session s"
            " join hq_user u on u.tenant_id = s.tenant_id and u.user_id = s.user_id"
            " where s.tenant_id = %(tenant)s and s.token_hash = %(hash)s and u.retired_at is null",
            hash=token_hash,
        )
        if row is None:
            return None
        user = HqUser(row.user_id, row.login, row.name, row.role, "", place=row.place)
        return HqSession(token_hash, row.kind, ms_of(row.expires_at), user)

    def end_session(self, token_hash: bytes) -> None:
        """Forget a session."""
        self._run(
            "delete from hq_session where tenant_id = %(tenant)s and token_hash = %(hash)s",
            hash=token_hash,
        )

    def audit(self, entry: AuditEntry, now_ms: int) -> None:
        """Append to the tenant's audit chain: each row's hash covers the one before."""
        self._run(
            "select pg_advisory_xact_lock(%(lock)s, hashtext(%(tenant)s::text))", lock=_AUDIT_LOCK
        )
        last = self._row("select n, hash from audit_head()")
        number, before = (1, NO_HASH) if last is None else (last.n + 1, last.hash)
        self._run(
            "insert into audit values (%(tenant)s, %(n)s, %(now)s, %(actor)s, %(action)s,"
            " %(subject)s, %(detail)s::jsonb, %(before)s, %(hash)s)",
            n=number,
            now=at(now_ms),
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            detail=said(entry.detail),
            before=before,
            hash=link(number, now_ms, entry, before),
        )

    def audits(self, asked: AuditAsked, limit: int) -> tuple[AuditRow, ...]:
        """Return rows of the chain, newest first."""
        rows = self._rows(
            _AUDIT + " and (%(actor)s = '' or actor = %(actor)s)"
            " and (%(subject)s = '' or subject = %(subject)s)"
            " and starts_with(action, %(action)s) and (%(below)s = 0 or n < %(below)s)"
            " order by n desc limit %(limit)s",
            actor=asked.actor,
            action=asked.action,
            subject=asked.subject,
            below=asked.below,
            limit=limit,
        )
        return tuple(map(_audit_row, rows))

    def audit_chain(self, after: int, limit: int) -> tuple[AuditRow, ...]:
        """Return the rows that follow a number, oldest first."""
        rows = self._rows(
            _AUDIT + " and n > %(after)s order by n limit %(limit)s", after=after, limit=limit
        )
        return tuple(map(_audit_row, rows))


def _user(row: Row[Any]) -> HqUser:
    return HqUser(
        *(row.user_id, row.login, row.name, row.role, row.password_hash, row.failed_tries),
        locked_until_ms=0 if row.locked_until is None else ms_of(row.locked_until),
        place=row.place,
        left_ms=0 if row.retired_at is None else ms_of(row.retired_at),
    )


def _audit_row(row: Row[Any]) -> AuditRow:
    entry = AuditEntry(row.actor, row.action, row.subject, row.detail)
    return AuditRow(row.n, ms_of(row.at), entry, bytes(row.prev_hash), bytes(row.hash))
