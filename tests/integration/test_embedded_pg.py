"""The embedded server: protected, unprivileged, and the same again after a second start."""

import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tools import embedded_pg

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


@pytest.fixture
def base() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="regulars-test-pg-"))
    folder.chmod(0o755)
    yield folder
    embedded_pg.destroy(folder)
    shutil.rmtree(folder, ignore_errors=True)


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


def test_starts_keeps_its_data_and_starts_again(base: Path) -> None:
    server = embedded_pg.start(base)
    with psycopg.connect(plain(server.owner_url), autocommit=True) as connection:
        connection.execute("create table kept (n int)")
    assert embedded_pg.start(base) == server
    assert embedded_pg.status(base) == server
    assert embedded_pg.stop(base)
    assert embedded_pg.status(base) is None
    assert not embedded_pg.stop(base)
    again = embedded_pg.start(base)
    with psycopg.connect(plain(again.owner_url)) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)


def test_passwords_are_asked_for_and_kept_private(base: Path) -> None:
    server = embedded_pg.start(base)
    assert stat.S_IMODE((base / "secrets.toml").stat().st_mode) == 0o600
    for where in ("127.0.0.1", str(server.socket_dir)):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(
                host=where,
                port=server.port,
                user=embedded_pg.SUPERUSER,
                password="guess",
                dbname="postgres",
            )
    with psycopg.connect(server.super_dsn) as connection:
        rows = connection.execute(
            "select rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole"
            " from pg_roles where rolname like 'regulars_%' and rolname <> 'regulars_super'"
            " order by 1"
        ).fetchall()
        assert rows == [
            ("regulars_app", False, False, False, False),
            ("regulars_owner", False, False, False, False),
        ]
        hashed = connection.execute(
            "select count(*) from pg_authid where rolpassword like 'SCRAM-SHA-256%'"
        ).fetchone()
        assert hashed == (3,)


def test_the_programs_role_may_sort_things_out_for_a_transaction(base: Path) -> None:
    server = embedded_pg.start(base)
    with psycopg.connect(plain(server.app_url)) as connection:
        connection.execute("create temporary table found (n int) on commit drop")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create table public.found (n int)")


def test_only_loopback_listens_and_not_as_root(base: Path) -> None:
    server = embedded_pg.start(base)
    with psycopg.connect(server.super_dsn) as connection:
        row = connection.execute("show listen_addresses").fetchone()
        assert row == ("127.0.0.1",)
    if os.geteuid() == 0:
        assert server.data_dir.stat().st_uid != 0
    assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700


def test_a_port_in_use_is_a_coded_fault(base: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Fault) as caught:
            embedded_pg.start(base, port=taken.getsockname()[1])
    assert caught.value.code is FaultCode.SETUP_PORT_IN_USE


def test_a_server_that_does_not_start_shows_the_end_of_its_log(base: Path) -> None:
    server = embedded_pg.start(base)
    embedded_pg.stop(base)
    with (server.data_dir / "postgresql.auto.conf").open("a") as file:
        file.write("max_connections = 'many'\n")
    with pytest.raises(Fault) as caught:
        embedded_pg.start(base)
    assert caught.value.code is FaultCode.SETUP_DATABASE_START
    assert "max_connections" in str(caught.value)
    (server.data_dir / "postgresql.auto.conf").write_text("")


def test_a_folder_closed_to_the_account_is_worked_around(base: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: only root lends the server another account")
    closed = base / "closed"
    closed.mkdir(mode=0o700)
    server = embedded_pg.start(closed / "pg")
    assert not server.data_dir.is_relative_to(closed)
    embedded_pg.destroy(closed / "pg")
    assert not server.data_dir.exists()


def test_the_command_line_speaks_codes(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert embedded_pg.main(["status", "--dir", str(base)]) == 1
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert embedded_pg.main(["start", "--dir", str(base), "--port", port]) == 1
    assert "I102" in capsys.readouterr().err
    assert embedded_pg.main(["start", "--dir", str(base)]) == 0
    assert '"database_url"' in capsys.readouterr().out
    assert embedded_pg.main(["stop", "--dir", str(base)]) == 0
