"""Codes by SMS and the summary of known persons in PostgreSQL."""

from collections.abc import Sequence
from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.persons import FilterVersion, NewFilter
from cloud_broker.ports.sms import SmsCode
from retail_core.wire.persons import ADDITIONS_MAX

_ADD_CODE = """
insert into sms_code values (%(tenant)s, %(id)s, %(member)s, %(store)s, %(device)s, %(lane)s,
  %(phone)s, %(hash)s, %(made)s, %(expires)s)
"""
_OPEN = """
select * from sms_code where tenant_id = %(tenant)s and member_id = %(member)s
and store_id = %(store)s and lane = %(lane)s and ended_at is null
order by created_at desc limit 1 for update
"""
_ADD_FILTER = """
insert into person_filter values (%(tenant)s, %(version)s, %(sha)s, %(size)s, %(persons)s,
  %(capacity)s, %(content)s, %(additions)s, %(scanned)s, %(now)s, %(who)s)
on conflict do nothing
"""
_VERSION = "version, sha256, size, persons, capacity, scanned_at"


class PostgresSms(Repository):
    """Fulfils `SmsRepo`."""

    def made(
        self, phone_hash: bytes, device: UUID, since_ms: int
    ) -> tuple[Sequence[int], Sequence[int]]:
        """Return when codes for a phone and of a device were made; both are locked until the end.

        Locked in one order, the phone first: two tills that ask never wait for each other.
        """
        for name in (phone_hash.hex(), str(device)):
            self._row(
                "select pg_advisory_xact_lock(hashtextextended(%(tenant)s::text || %(name)s, 0))",
                name=name,
            )
        since = at(since_ms)
        of_phone = self._rows(
            "select created_at from sms_code where tenant_id = %(tenant)s"
            " and phone_hash = %(phone)s and created_at > %(since)s",
            phone=phone_hash,
            since=since,
        )
        of_device = self._rows(
            "select created_at from sms_code where tenant_id = %(tenant)s"
            " and device_id = %(device)s and created_at > %(since)s",
            device=device,
            since=since,
        )
        return (
            [ms_of(row.created_at) for row in of_phone],
            [ms_of(row.created_at) for row in of_device],
        )

    def add(self, code: SmsCode) -> None:
        """Enter a code; an older one of the same member and lane ends."""
        made = at(code.created_ms)
        self._run(
            "update sms_code set ended_at = %(made)s where tenant_id = %(tenant)s"
            " and member_id = %(member)s and store_id = %(store)s and lane = %(lane)s"
            " and ended_at is null",
            member=code.member,
            store=code.store,
            lane=code.lane,
            made=made,
        )
        self._run(
            _ADD_CODE,
            id=code.code_id,
            member=code.member,
            store=code.store,
            device=code.device,
            lane=code.lane,
            phone=code.phone_hash,
            hash=code.code_hash,
            made=made,
            expires=at(code.expires_ms),
        )

    def open_code(self, member: UUID, store: UUID, lane: str) -> SmsCode | None:
        """Return the code that may still be tried, locked until the end."""
        row = self._row(_OPEN, member=member, store=store, lane=lane)
        if row is None:
            return None
        return SmsCode(
            code_id=row.code_id,
            member=row.member_id,
            store=row.store_id,
            device=row.device_id,
            lane=row.lane,
            phone_hash=row.phone_hash,
            code_hash=row.code_hash,
            created_ms=ms_of(row.created_at),
            expires_ms=ms_of(row.expires_at),
            tries=row.tries,
        )

    def tried(self, code_id: UUID) -> None:
        """Count a try."""
        self._run(
            "update sms_code set tries = tries + 1"
            " where tenant_id = %(tenant)s and code_id = %(id)s",
            id=code_id,
        )

    def end(self, code_id: UUID, now_ms: int) -> None:
        """End a code: it was used, or was not sent."""
        self._run(
            "update sms_code set ended_at = %(now)s"
            " where tenant_id = %(tenant)s and code_id = %(id)s",
            id=code_id,
            now=at(now_ms),
        )

    def forget(self, before_ms: int) -> int:
        """Delete codes made before; return how many."""
        return self._run(
            "delete from sms_code where tenant_id = %(tenant)s and created_at < %(before)s",
            before=at(before_ms),
        )


class PostgresPersonFilters(Repository):
    """Fulfils `PersonFilterRepo`."""

    def newest(self) -> FilterVersion | None:
        """Return the newest version."""
        row = self._row(
            f"select {_VERSION} from person_filter"  # noqa: S608 - a constant
            " where tenant_id = %(tenant)s order by version desc limit 1"
        )
        if row is None:
            return None
        return FilterVersion(
            row.version, row.sha256, row.size, row.persons, row.capacity, ms_of(row.scanned_at)
        )

    def content(self, version: int) -> bytes | None:
        """Return a version as a whole; only the newest one is held."""
        row = self._row(
            "select content from person_filter"
            " where tenant_id = %(tenant)s and version = %(version)s",
            version=version,
        )
        return None if row is None else row.content

    def additions(self, after: int) -> tuple[bytes | None, ...]:
        """Return what each version after this one added, oldest first; None where all was new."""
        rows = self._rows(
            "select additions from person_filter"
            " where tenant_id = %(tenant)s and version > %(after)s order by version",
            after=after,
        )
        return tuple(row.additions for row in rows)

    def add(self, new: NewFilter, who: str, now_ms: int) -> bool:
        """Store a version and queue its announcement; False when somebody was faster."""
        made = new.version
        added = self._run(
            _ADD_FILTER,
            version=made.version,
            sha=made.sha256,
            size=made.size,
            persons=made.persons,
            capacity=made.capacity,
            content=new.content,
            additions=new.additions,
            scanned=at(made.scanned_ms),
            now=at(now_ms),
            who=who,
        )
        if not added:
            return False
        self._run(
            "update person_filter set content = null where tenant_id = %(tenant)s"
            " and version < %(version)s and content is not null",
            version=made.version,
        )
        self._run(
            "delete from person_filter where tenant_id = %(tenant)s and version <= %(version)s",
            version=made.version - ADDITIONS_MAX,
        )
        self._run(
            "insert into publication values"
            " (%(tenant)s, 'persons', %(version)s, %(sha)s, %(size)s, %(now)s, null)",
            version=made.version,
            sha=made.sha256,
            size=made.size,
            now=at(now_ms),
        )
        return True

    def persons(self) -> int:
        """Return how many phones name somebody."""
        row = self._row(
            "select count(*) as persons from identity"
            " where tenant_id = %(tenant)s and kind = 'phone'"
        )
        return 0 if row is None else int(row.persons)

    def phones(self, since_ms: int, after: bytes, limit: int) -> list[bytes]:
        """Return keyed hashes of phones entered since, in their order and after one of them."""
        rows = self._rows(
            "select keyed_hash from identity where tenant_id = %(tenant)s and kind = 'phone'"
            " and keyed_hash > %(after)s and created_at >= %(since)s"
            " order by keyed_hash limit %(limit)s",
            after=after,
            since=at(since_ms),
            limit=limit,
        )
        return [row.keyed_hash for row in rows]
