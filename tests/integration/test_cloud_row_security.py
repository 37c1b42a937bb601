"""The schema keeps tenants apart and the past as it was, whatever the program does."""

from importlib import import_module
from pkgutil import iter_modules
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from cloud_broker.migrations import versions
from tests.plugins.postgres import Database

# Each migration says which tables it makes and what the application may do there.
GRANTS: dict[str, str] = {
    table: privileges
    for migration in sorted(module.name for module in iter_modules(versions.__path__))
    for table, privileges in import_module(f"{versions.__name__}.{migration}").GRANTS.items()
}
APPEND_ONLY: tuple[str, ...] = tuple(
    table
    for migration in sorted(module.name for module in iter_modules(versions.__path__))
    for table in getattr(import_module(f"{versions.__name__}.{migration}"), "APPEND_ONLY", ())
    if table != "feed"  # m0025: what it told stands in the tables it was told from
)
# Tables without a tenant: they say nothing of any.
SYSTEM: frozenset[str] = frozenset(
    table
    for migration in sorted(module.name for module in iter_modules(versions.__path__))
    for table in getattr(import_module(f"{versions.__name__}.{migration}"), "SYSTEM", ())
)
A = UUID("01900000-0000-7000-8000-00000000000a")
B = UUID("01900000-0000-7000-8000-00000000000b")


def as_app(database: Database) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(database.url.replace("+psycopg", ""))


def as_owner(database: Database) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(database.owner_url.replace("+psycopg", ""))


def become(connection: "psycopg.Connection[tuple[object, ...]]", tenant: UUID) -> None:
    connection.execute("select set_config('app.tenant', %s, true)", (str(tenant),))


def count(connection: "psycopg.Connection[tuple[object, ...]]", table: str) -> object:
    row = connection.execute(
        sql.SQL("select count(*) from {}").format(sql.Identifier(table))
    ).fetchone()
    assert row is not None
    return row[0]


def two_tenants(database: Database) -> None:
    with as_app(database) as connection:
        for tenant, slug in ((A, "a"), (B, "b")):
            become(connection, tenant)
            connection.execute("insert into tenant values (%s, %s, now())", (tenant, slug))
            connection.execute("insert into tenant_slug values (%s, %s)", (tenant, slug))
            connection.execute("insert into event_key values (%s, 'box', 'x')", (tenant,))


def test_a_tenant_sees_its_own_rows_and_nobody_sees_none(database: Database) -> None:
    two_tenants(database)
    with as_app(database) as connection:
        assert count(connection, "tenant") == 0
        become(connection, A)
        assert connection.execute("select tenant_id from tenant").fetchall() == [(A,)]
        assert count(connection, "event_key") == 1
        connection.commit()
        # After the transaction the setting is '' and not null; that must show nothing, not fail.
        assert count(connection, "tenant") == 0


def test_the_owner_is_bound_too(database: Database) -> None:
    two_tenants(database)
    with as_owner(database) as connection:
        assert count(connection, "tenant") == 0


def test_a_row_of_another_tenant_cannot_be_written(database: Database) -> None:
    two_tenants(database)
    with as_app(database) as connection:
        become(connection, A)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("insert into event_key values (%s, 'box', 'y')", (B,))


def test_text_that_is_no_tenant_fails(database: Database) -> None:
    with as_app(database) as connection:
        connection.execute("select set_config('app.tenant', %s, true)", ("' or true --",))
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            connection.execute("select * from tenant")


def test_every_table_is_closed_and_its_key_begins_with_the_tenant(database: Database) -> None:
    with psycopg.connect(database.super_dsn) as connection:
        rows = connection.execute(
            "select relname, relrowsecurity and relforcerowsecurity,"
            " pg_get_userbyid(relowner) from pg_class"
            " where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
            " and relname <> 'alembic_version'"
        ).fetchall()
        assert {name for name, _, _ in rows if not name.startswith("event_log_")} == set(GRANTS)
        assert {closed for _, closed, _ in rows} == {True}
        assert {owner for _, _, owner in rows} == {"regulars_owner"}
        keys = connection.execute(
            "select c.relname, a.attname from pg_index i join pg_class c on c.oid = i.indrelid"
            " join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]"
            " where i.indisprimary and c.relnamespace = 'public'::regnamespace"
            " and c.relname <> 'alembic_version'"
        ).fetchall()
        assert {column for table, column in keys if table not in SYSTEM} == {"tenant_id"}
        assert {table for table, _ in keys} >= set(GRANTS)


def test_the_application_may_do_just_what_is_granted(database: Database) -> None:
    with psycopg.connect(database.super_dsn) as connection:
        rows = connection.execute(
            "select table_name, privilege_type from information_schema.role_table_grants"
            " where grantee = 'regulars_app' and table_schema = 'public'"
            " and table_name <> 'alembic_version'"
        ).fetchall()
    granted = {table: {p.lower() for t, p in rows if t == table} for table, _ in rows}
    assert granted == {table: set(privileges.split(", ")) for table, privileges in GRANTS.items()}
    for table in APPEND_ONLY:
        assert granted[table] == {"select", "insert"}


def test_views_show_what_their_reader_may_see_anyhow_and_take_nothing(database: Database) -> None:
    with psycopg.connect(database.super_dsn) as connection:
        views = connection.execute(
            "select relname, relkind, coalesce(reloptions @> '{security_invoker=true}', false)"
            " from pg_class where relnamespace = 'analytics'::regnamespace and relkind <> 'i'"
        ).fetchall()
        granted = connection.execute(
            "select table_name, privilege_type from information_schema.role_table_grants"
            " where grantee = 'regulars_app' and table_schema = 'analytics'"
        ).fetchall()
    assert {(kind, invoker) for _, kind, invoker in views} == {("v", True)}
    assert set(granted) == {(name, "SELECT") for name, _, _ in views}
    two_tenants(database)
    with as_app(database) as connection:
        connection.execute(
            "select set_config('app.tenant', %s, true), set_config('app.reach', '', true)",
            (str(A),),
        )
        connection.execute("insert into wallet values (%s, %s, now())", (A, A))
        connection.execute(
            "insert into member values (%s, %s, %s, 1, '', '', '{}', '', null, %s, now())",
            (A, A, A, A),
        )
        assert count(connection, "member") == 1
        seen = connection.execute("select person_id from analytics.members").fetchall()
        assert seen == [(A,)]
        become(connection, B)
        assert connection.execute("select person_id from analytics.members").fetchall() == []


def test_only_who_works_which_shard_has_no_tenant() -> None:
    assert {"ingest_worker", "shard_lease"} == SYSTEM


def test_the_past_cannot_be_changed(database: Database) -> None:
    two_tenants(database)
    with as_app(database) as connection:
        become(connection, A)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from event_key")
    for statement in (
        "delete from {}",
        "update {} set tenant_id = tenant_id",
        "truncate {} cascade",
    ):
        for table in APPEND_ONLY:
            with as_owner(database) as connection:
                become(connection, A)
                with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
                    connection.execute(sql.SQL(statement).format(sql.Identifier(table)))


def test_partitions_are_made_ahead_by_the_application(database: Database) -> None:
    with as_app(database) as connection:
        assert connection.execute("select make_event_partitions(3)").fetchone() == (0,)
        assert connection.execute("select make_event_partitions(5)").fetchone() == (2,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from event_log_default")
