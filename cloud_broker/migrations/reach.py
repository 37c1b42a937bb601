"""Row security for those who see one region or one store: which rows of which table are theirs.

A transaction says whose region or store it is in `app.reach`; an empty one sees the whole chain.
The rule of a table follows from its columns, so that a new table cannot stay open by being
forgotten: what says neither store nor box is nobody's who sees but a part of the chain.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

POLICY = "own_reach"
WHOLE = "coalesce(current_setting('app.reach', true), '') = ''"
_PLACE = "nullif(current_setting('app.reach', true), '')::uuid"
# What every shop is told anyhow, and what says nothing of anybody.
OPEN = frozenset(
    {
        "tenant",
        "tenant_slug",
        "legal_entity",
        "article",
        "article_revision",
        "catalogue_version",
        "rule_bundle",
        "publication",
        "fleet_halt",
    }
)
_STORES, _BOXES = "(select store_id from store)", "(select device_id from device)"
SPECIAL = {
    "store": f"{_PLACE} in (store_id, region_id)",
    "region": "region_id in (select region_id from store)",
    "fleet_order": "order_id in (select order_id from fleet_command)",
    "twin_layer": (
        "scope = 'chain' or place in (select region_id from store)"
        " or place in (select store_id from store) or place in (select device_id from device)"
    ),
}
# An order is written before its commands, and an act of anybody goes into the chain of acts.
WRITTEN_BY_ALL = frozenset({"fleet_order", "audit"})
_TABLES = """
select c.relname, coalesce(array_agg(a.attname::text), '{}') as columns,
  exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'own_reach') as closed
from pg_class c
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
group by c.oid, c.relname order by c.relname
"""


def rule_of(table: str, columns: Iterable[str]) -> str:
    """Return which rows of a table belong to a region or a store."""
    if table in SPECIAL:
        return SPECIAL[table]
    if "store_id" in columns:
        return f"store_id in {_STORES}"
    if "device_id" in columns:
        return f"device_id in {_BOXES}"
    return "false"


def close(connection: Connection) -> tuple[str, ...]:
    """Close every table of a tenant that is not closed yet; return their names."""
    done = []
    for table, columns, closed in connection.exec_driver_sql(_TABLES).fetchall():
        if closed or table in OPEN or "tenant_id" not in columns:
            continue
        check = " with check (true)" if table in WRITTEN_BY_ALL else ""
        connection.exec_driver_sql(
            f"create policy {POLICY} on {table} as restrictive to regulars_app"
            f" using ({WHOLE} or {rule_of(table, columns)}){check}"
        )
        done.append(table)
    return tuple(done)
