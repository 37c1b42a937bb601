"""A real PostgreSQL for whoever asks: one server a run, one fresh migrated database a test.

`database` is the fixture to use. A test that asks for it is marked `integration` and may open
sockets; nothing has to be said in the test.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cloud_broker.migrations.runner import upgrade
from tools import embedded_pg

_FIXTURES = {"postgres_server", "postgres_template", "new_database", "shared_database", "database"}


@dataclass(frozen=True, slots=True)
class Database:
    """One database; `url` is the application's role, `owner_url` the migrations'."""

    name: str
    url: str
    owner_url: str
    super_dsn: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real server."""
    for item in items:
        if _FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.enable_socket)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[embedded_pg.Server]:
    """Start the embedded server once a run."""
    base = Path(tempfile.mkdtemp(prefix="regulars-test-pg-"))
    base.chmod(0o755)
    try:
        yield embedded_pg.start(base)
    finally:
        embedded_pg.destroy(base)
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: embedded_pg.Server) -> embedded_pg.Server:
    """Migrate the server's database, which is then only copied, never used."""
    upgrade(postgres_server.owner_url)
    return postgres_server


@pytest.fixture(scope="session")
def new_database(postgres_template: embedded_pg.Server) -> Callable[[], Database]:
    """Make further databases; they go with the server at the end of the run."""
    numbers = count(1)

    def make() -> Database:
        name = f"t{next(numbers)}"
        with psycopg.connect(postgres_template.super_dsn, autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} template {} owner {}").format(
                    sql.Identifier(name),
                    sql.Identifier(embedded_pg.DATABASE),
                    sql.Identifier(embedded_pg.OWNER_ROLE),
                )
            )
        ending = f"/{embedded_pg.DATABASE}"
        return Database(
            name,
            postgres_template.app_url.removesuffix(ending) + f"/{name}",
            postgres_template.owner_url.removesuffix(ending) + f"/{name}",
            psycopg.conninfo.make_conninfo(postgres_template.super_dsn, dbname=name),
        )

    return make


@pytest.fixture(scope="session")
def shared_database(new_database: Callable[[], Database]) -> Database:
    """Give tests that keep to a tenant of their own one database for all of them: it is faster."""
    return new_database()


@pytest.fixture
def database(
    new_database: Callable[[], Database], postgres_template: embedded_pg.Server
) -> Iterator[Database]:
    """Give the test a fresh, migrated, empty database."""
    made = new_database()
    yield made
    with psycopg.connect(postgres_template.super_dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("drop database {} with (force)").format(sql.Identifier(made.name))
        )
