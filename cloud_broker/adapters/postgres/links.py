"""Words of who belongs to whom a sign-in service knows, in PostgreSQL."""

from cloud_broker.adapters.postgres.base import Repository, at
from cloud_broker.ports.hq import HqUser
from cloud_broker.ports.links import Link, LinkKind


class PostgresLinks(Repository):
    """Fulfils `LinkRepo`."""

    def add(self, link: Link, who: str, now_ms: int) -> bool:
        """Enter one; False when that subject or address is somebody's already."""
        return bool(
            self._run(
                "insert into hq_link values (%(tenant)s, %(issuer)s, %(kind)s, %(value)s,"
                " %(user)s, %(who)s, %(now)s) on conflict do nothing",
                issuer=link.issuer,
                kind=link.kind,
                value=link.value,
                user=link.user_id,
                who=who,
                now=at(now_ms),
            )
        )

    def end(self, issuer: str, kind: LinkKind, value: str) -> bool:
        """Forget one; False when there is none."""
        return bool(
            self._run(
                "delete from hq_link where tenant_id = %(tenant)s and issuer = %(issuer)s"
                " and kind = %(kind)s and value = %(value)s",
                issuer=issuer,
                kind=kind,
                value=value,
            )
        )

    def links(self) -> tuple[Link, ...]:
        """Return them all, by issuer, kind and value."""
        rows = self._rows(
            "select issuer, kind, value, user_id from hq_link where tenant_id = %(tenant)s"
            " order by issuer, kind, value"
        )
        return tuple(Link(row.issuer, row.kind, row.value, row.user_id) for row in rows)

    def user(self, issuer: str, kind: LinkKind, value: str) -> HqUser | None:
        """Return whose it is; None also for one who left."""
        row = self._row(
            "select u.user_id, u.login, u.name, u.role, u.place from hq_link k"
            " join hq_user u on u.tenant_id = k.tenant_id and u.user_id = k.user_id"
            " where k.tenant_id = %(tenant)s and k.issuer = %(issuer)s and k.kind = %(kind)s"
            " and k.value = %(value)s and u.retired_at is null",
            issuer=issuer,
            kind=kind,
            value=value,
        )
        if row is None:
            return None
        return HqUser(row.user_id, row.login, row.name, row.role, "", place=row.place)
