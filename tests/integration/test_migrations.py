"""The schema comes up from nothing, once, and the program knows which one it wants."""

import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from cloud_broker.migrations import runner
from tools import embedded_pg


@pytest.fixture
def empty_url(postgres_template: embedded_pg.Server) -> Iterator[str]:
    """An empty database of the owner's."""
    name = sql.Identifier("empty")
    with psycopg.connect(postgres_template.super_dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} owner {}").format(
                name, sql.Identifier(embedded_pg.OWNER_ROLE)
            )
        )
    yield postgres_template.owner_url.removesuffix(embedded_pg.DATABASE) + "empty"
    with psycopg.connect(postgres_template.super_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(name))


def test_up_from_empty_and_up_again(empty_url: str) -> None:
    assert runner.current(empty_url) is None
    assert runner.upgrade(empty_url) == (None, runner.newest())
    assert runner.current(empty_url) == runner.newest()
    assert runner.upgrade(empty_url) == (runner.newest(), runner.newest())


def test_two_at_once_take_turns(empty_url: str) -> None:
    code = "import sys; from cloud_broker.migrations.runner import upgrade; upgrade(sys.argv[1])"
    runs = [subprocess.Popen([sys.executable, "-c", code, empty_url]) for _ in range(2)]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert runner.current(empty_url) == runner.newest()


def test_every_event_of_the_next_months_has_its_partition(empty_url: str) -> None:
    runner.upgrade(empty_url)
    with psycopg.connect(empty_url.replace("+psycopg", "")) as connection:
        row = connection.execute(
            "select count(*) from pg_inherits where inhparent = 'event_log'::regclass"
        ).fetchone()
    # This month, three ahead, and the default that catches what nobody foresaw.
    assert row == (5,)
