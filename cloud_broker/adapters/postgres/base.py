"""What every repository shares: the transaction's connection, its tenant, and times."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

_MS = 1_000


class Repository:
    """Runs SQL with `%(name)s` placeholders; `%(tenant)s` is always bound."""

    def __init__(self, connection: Connection, tenant: UUID) -> None:
        self._connection = connection
        self._tenant = tenant

    def _run(self, statement: str, **values: object) -> int:
        """Run a statement and return how many rows it changed."""
        return self._connection.exec_driver_sql(
            statement, {"tenant": self._tenant, **values}
        ).rowcount

    def _rows(self, statement: str, **values: object) -> Sequence[Row[Any]]:
        """Run a statement and return its rows."""
        return self._connection.exec_driver_sql(
            statement, {"tenant": self._tenant, **values}
        ).fetchall()

    def _row(self, statement: str, **values: object) -> Row[Any] | None:
        """Run a statement and return its first row."""
        return self._connection.exec_driver_sql(
            statement, {"tenant": self._tenant, **values}
        ).first()


# Points of wallets that are lent to boxes; by the leases, so that exact account names are read.
LEASED = """
select l.right_id, sum(a.balance) as points
from (select distinct right_id, device_id, epoch from lease where tenant_id = %(tenant)s
  and kind = 'points' and right_id = any(%(wallets)b::uuid[])) l
join account a on a.tenant_id = %(tenant)s
  and a.account = 'member:' || l.right_id || ':leased:' || l.device_id || ':' || l.epoch
group by l.right_id
"""


def at(unix_ms: int) -> datetime:
    """Return the moment of milliseconds since 1970."""
    return datetime.fromtimestamp(unix_ms / _MS, UTC)


def ms_of(moment: datetime) -> int:
    """Return a moment as milliseconds since 1970."""
    return round(moment.timestamp() * _MS)
