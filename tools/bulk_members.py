"""Millions of members into a real database, made by the database itself: `load(dsn, tenant, …)`.

Member number n has the ids that `member_of(n)` and `wallet_of(n)` give, so that whoever needs one
works it out instead of asking. For loads beside benches and simulators: rows go in without the
checks of foreign keys and without history, as a superuser, into a database of one's own.
"""

from collections.abc import Collection
from uuid import UUID

import psycopg

# The upper halves of the ids, in the form of a uuid7 of one millisecond.
_MEMBERS = "01a0000000007aaa"
_WALLETS = "01a0000000007bbb"
_LOWER = 1 << 63
PIECE = 1_000_000

_IDS = "('{head}' || encode(int8send(n + (-9223372036854775808)::bigint), 'hex'))::uuid"
_ADD_WALLETS = f"""
insert into wallet select %(tenant)s, {_IDS.format(head=_WALLETS)}, now()
from generate_series(%(first)s::bigint, %(last)s::bigint) as n
"""  # noqa: S608 -- constants
_ADD_MEMBERS = f"""
insert into member (tenant_id, member_id, wallet_id, ver, name, tier, tags, phone_masked,
  phone_hash, home_store_id, enrolled_at)
select %(tenant)s, {_IDS.format(head=_MEMBERS)}, {_IDS.format(head=_WALLETS)}, 0,
  '会员' || n, 'silver', '{{}}', '138****' || lpad((n %% 10000)::text, 4, '0'), null,
  (%(stores)s::uuid[])[1 + n %% cardinality(%(stores)s::uuid[])], now()
from generate_series(%(first)s::bigint, %(last)s::bigint) as n
"""  # noqa: S608 -- constants


def member_of(number: int) -> UUID:
    """Return the id of member number 0, 1, 2 and so on."""
    return UUID(int=int(_MEMBERS, 16) << 64 | _LOWER | number)


def wallet_of(number: int) -> UUID:
    """Return the wallet of member number 0, 1, 2 and so on."""
    return UUID(int=int(_WALLETS, 16) << 64 | _LOWER | number)


def load(dsn: str, tenant: UUID, stores: Collection[UUID], members: int, first: int = 0) -> None:
    """Enter members `first`..`members` - 1, each at home in one of the stores by turns."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("set synchronous_commit = off")
        connection.execute("set maintenance_work_mem = '512MB'")
        connection.execute("drop index if exists member_by_name")
        for begin in range(first, members, PIECE):
            values = {
                "tenant": tenant,
                "stores": list(stores),
                "first": begin,
                "last": min(begin + PIECE, members) - 1,
            }
            connection.execute(_ADD_WALLETS, values)
            connection.execute(_ADD_MEMBERS, values)
        connection.execute(
            "create index member_by_name on member (tenant_id, name text_pattern_ops)"
        )
        connection.execute("vacuum (analyze) wallet")
        connection.execute("vacuum (analyze) member")
