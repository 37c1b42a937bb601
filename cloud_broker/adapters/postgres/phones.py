"""Members' phones in PostgreSQL."""

from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository, at
from cloud_broker.ports.phones import PhoneKeyHeld


class PostgresPhones(Repository):
    """Fulfils `PhoneRepo`."""

    def key(self, key_id: bytes) -> PhoneKeyHeld | None:
        """Return whose key this is; None when it is unknown or revoked."""
        row = self._row(
            "select member_id, public_key from credential where tenant_id = %(tenant)s"
            " and kind = 'phone_key' and key = %(key)s and revoked_at is null",
            key=key_id,
        )
        return None if row is None else PhoneKeyHeld(row.member_id, row.public_key)

    def revoke_keys(self, member: UUID, now_ms: int) -> int:
        """End every key of a member; return how many there were."""
        return self._run(
            "update credential set revoked_at = %(now)s where tenant_id = %(tenant)s"
            " and kind = 'phone_key' and member_id = %(member)s and revoked_at is null",
            member=member,
            now=at(now_ms),
        )
