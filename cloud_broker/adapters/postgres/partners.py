"""Partners' keys in PostgreSQL."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.partners import ApiKey

_KEYS = """
select key_id, name, scopes, created_by, created_at, last_used_at, revoked_at, expires_at
from api_key where tenant_id = %(tenant)s
"""


class PostgresPartners(Repository):
    """Fulfils `PartnerRepo`."""

    def add_key(self, key: ApiKey, key_hash: bytes) -> None:
        """Enter a key."""
        self._run(
            "insert into api_key (tenant_id, key_id, key_hash, name, scopes, created_by,"
            " created_at, expires_at) values (%(tenant)s, %(id)s, %(hash)s, %(name)s, %(scopes)b,"
            " %(who)s, %(now)s, %(expires)s)",
            id=key.key_id,
            hash=key_hash,
            name=key.name,
            scopes=list(key.scopes),
            who=key.created_by,
            now=at(key.created_ms),
            expires=None if key.expires_ms is None else at(key.expires_ms),
        )

    def key(self, key_hash: bytes) -> ApiKey | None:
        """Return the key with this hash, revoked or not."""
        row = self._row(_KEYS + " and key_hash = %(hash)s", hash=key_hash)
        return None if row is None else _key(row)

    def keys(self) -> tuple[ApiKey, ...]:
        """Return every key, newest first."""
        return tuple(map(_key, self._rows(_KEYS + " order by created_at desc, key_id desc")))

    def used(self, key_id: UUID, now_ms: int) -> None:
        """Note that a key was used; at most once a minute is written."""
        self._run(
            "update api_key set last_used_at = %(now)s where tenant_id = %(tenant)s"
            " and key_id = %(id)s and (last_used_at is null"
            " or last_used_at < %(now)s::timestamptz - interval '1 minute')",
            id=key_id,
            now=at(now_ms),
        )

    def revoke(self, key_id: UUID, now_ms: int) -> bool:
        """End a key; False when there is none or it has ended."""
        return bool(
            self._run(
                "update api_key set revoked_at = %(now)s where tenant_id = %(tenant)s"
                " and key_id = %(id)s and revoked_at is null",
                id=key_id,
                now=at(now_ms),
            )
        )


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        name=row.name,
        scopes=tuple(row.scopes),
        created_by=row.created_by,
        created_ms=ms_of(row.created_at),
        last_used_ms=_ms(row.last_used_at),
        revoked_ms=_ms(row.revoked_at),
        expires_ms=_ms(row.expires_at),
    )


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else ms_of(moment)
