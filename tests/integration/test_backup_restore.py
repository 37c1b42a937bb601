"""A backup of a real database, read back into another: every row, every guard, a higher epoch."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.exc import SQLAlchemyError
from typer.testing import CliRunner

from cloud_broker.__main__ import app
from cloud_broker.adapters.backup_file import FRAME_BYTES_MAX, make_key
from cloud_broker.adapters.ca_files import FileAuthority
from cloud_broker.adapters.clock_system import SystemClock
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.adapters.release_shelf import ReleaseShelf
from cloud_broker.bootstrap.backups import keep_secrets, make_backup, restore_backup, verify_backup
from cloud_broker.migrations import runner
from cloud_broker.services.rights.restoring import frozen
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.faults import code_of
from tests.factories.releases import BentServer, SignedReleases, source_of
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_box import Person
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database
from tools import embedded_pg

NewDatabase = Callable[[], Database]
TABLES = (
    "select relname from pg_class c join pg_namespace n on n.oid = relnamespace"
    " where nspname = 'public' and relkind in ('r', 'p') and not relispartition"
)


def settings_of(database: Database, secrets: Path) -> Settings:
    urls = {"database_url": database.url, "migrate_url": database.owner_url}
    return Settings.model_validate({**urls, "secrets_dir": secrets})


def counts(database: Database) -> dict[str, int]:
    count = sql.SQL("select count(*) from {}")
    with psycopg.connect(database.super_dsn) as connection:
        names = [str(row[0]) for row in connection.execute(TABLES)]
        rows = [connection.execute(count.format(sql.Identifier(name))).fetchone() for name in names]
    return {name: row[0] for name, row in zip(names, rows, strict=True) if row is not None}


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "backup.key"
    make_key(path)
    return path


def silent(_table: str, _rows: int) -> None:
    """Say nothing."""


def test_a_backup_comes_back_whole_and_frozen(
    new_database: NewDatabase, tmp_path: Path, key_file: Path
) -> None:
    lost, found = new_database(), new_database()
    with psycopg.connect(lost.super_dsn) as connection:
        connection.execute("select make_event_partitions(7)")
    units = PostgresUnits(make_engine(lost.url))
    tenants = [new_tenant(units) for _ in range(2)]
    boxes = [new_box(units, tenant) for tenant in tenants]
    with units.begin(tenants[0]) as unit:
        unit.journal.move_balances({f"member:{Person().wallet}:free": 7}, 1)
    units.close()
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "one.keys.toml").write_text("k = 1")
    file = tmp_path / "cloud.backup"

    made = make_backup(settings_of(lost, secrets), file, key_file, silent)
    assert verify_backup(file, key_file, silent).rows == made.rows > 0
    assert not file.with_name("cloud.backup.partial").exists()
    assert file.stat().st_mode & 0o777 == 0o600

    fresh = settings_of(found, tmp_path / "new-secrets")
    restored = restore_backup(fresh, file, key_file, silent)
    before, after = counts(lost), counts(found)
    assert after.pop("cloud_restore") == len(tenants)
    before.pop("cloud_restore")
    assert after == before
    assert restored.kept_secrets == ("one.keys.toml",)
    assert (tmp_path / "new-secrets" / "one.keys.toml").stat().st_mode & 0o777 == 0o600

    units = PostgresUnits(make_engine(found.url))
    with units.begin(tenants[0]) as unit:
        newest = unit.restores.newest()
        assert newest is not None
        assert (newest.epoch, frozen(unit)) == (restored.epoch, True)
        assert unit.feed.head(boxes[0].store).feed_epoch == restored.epoch
        assert set(unit.fleet.store_names()) == {boxes[0].store}  # the policies hold again
    units.close()
    with pytest.raises(Fault) as refused:
        restore_backup(fresh, file, key_file, silent)
    assert refused.value.code == FaultCode.RESTORE_NOT_EMPTY


def test_what_was_changed_cut_or_locked_is_refused(
    database: Database, tmp_path: Path, key_file: Path
) -> None:
    file = tmp_path / "cloud.backup"
    make_backup(settings_of(database, tmp_path), file, key_file, silent)
    whole = file.read_bytes()
    other = tmp_path / "other.key"
    make_key(other)

    def refusal(key: Path) -> FaultCode:
        with pytest.raises(Fault) as refused:
            verify_backup(file, key, silent)
        return refused.value.code

    assert refusal(other) == FaultCode.BACKUP_KEY_WRONG
    for bad in (whole[:-1], whole[: len(whole) // 2], whole[:-9] + b"x" + whole[-8:], b"", b"x"):
        file.write_bytes(bad)
        assert refusal(key_file) == FaultCode.BACKUP_DAMAGED
    head, _, rest = whole.partition(b"\n")
    said = json.loads(head.split(b" ", 1)[1]) | {"created_ms": 1}
    file.write_bytes(head.split(b" ", 1)[0] + b" " + json.dumps(said).encode() + b"\n" + rest)
    assert refusal(key_file) == FaultCode.BACKUP_DAMAGED


def without_tables(server: embedded_pg.Server, name: str) -> Database:
    """Make a database as the runbook asks for: nothing in it."""
    with psycopg.connect(server.super_dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template template0 owner {}").format(
                sql.Identifier(name), sql.Identifier(embedded_pg.OWNER_ROLE)
            )
        )
    app, owner = (f"{url.rpartition('/')[0]}/{name}" for url in (server.app_url, server.owner_url))
    return Database(name, app, owner, psycopg.conninfo.make_conninfo(server.super_dsn, dbname=name))


def test_an_older_backup_comes_back_whole_at_the_newest_schema_or_not_at_all(
    postgres_server: embedded_pg.Server,
    new_database: NewDatabase,
    tmp_path: Path,
    key_file: Path,
) -> None:
    old, found = (without_tables(postgres_server, name) for name in ("older", "younger"))
    runner.upgrade(old.owner_url, "0022")
    with psycopg.connect(old.super_dsn) as connection:
        connection.execute("insert into tenant values (gen_random_uuid(), 'A', now())")
        connection.execute("insert into tenant_slug select tenant_id, 'a' from tenant")
    file = tmp_path / "cloud.backup"
    make_backup(settings_of(old, tmp_path), file, key_file, silent)
    secrets = tmp_path / "new-secrets"

    with psycopg.connect(found.owner_url.replace("+psycopg", "")) as connection:
        connection.execute("create table shard_lease (in_the_way int)")
    with pytest.raises(SQLAlchemyError):
        restore_backup(settings_of(found, secrets), file, key_file, silent)
    assert set(counts(found)) == {"shard_lease"}  # no rows without an epoch

    with psycopg.connect(found.owner_url.replace("+psycopg", "")) as connection:
        connection.execute("drop table shard_lease")
    restore_backup(settings_of(found, secrets), file, key_file, silent)
    after = counts(found)
    assert (after["tenant"], after["cloud_restore"]) == (1, 1)
    assert runner.current(found.owner_url) == runner.newest()

    with pytest.raises(Fault) as refused:
        restore_backup(settings_of(new_database(), secrets), file, key_file, silent)
    assert refused.value.code == FaultCode.RESTORE_SCHEMA_AHEAD


def test_a_model_of_any_size_can_be_read_back(
    database: Database, tmp_path: Path, key_file: Path
) -> None:
    with psycopg.connect(database.super_dsn) as connection:
        connection.execute("insert into tenant values (gen_random_uuid(), 'A', now())")
        connection.execute("insert into tenant_slug select tenant_id, 'a' from tenant")
        connection.execute(
            "insert into model_file select tenant_id, repeat('0', 64),"
            " decode(repeat('00', %s), 'hex'), now() from tenant",
            (FRAME_BYTES_MAX + 1,),
        )
    file = tmp_path / "cloud.backup"
    made = make_backup(settings_of(database, tmp_path), file, key_file, silent)
    assert verify_backup(file, key_file, silent).rows == made.rows


def test_a_key_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    short = """
import resource, signal, sys
from pathlib import Path
from cloud_broker.bootstrap.backups import keep_secrets
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3, 3))
keep_secrets(Path(sys.argv[1]), {"one.keys.toml": b"k = 1"})
"""
    full = subprocess.run(
        [sys.executable, "-c", short, str(tmp_path)], check=False, capture_output=True
    )
    assert b"File too large" in full.stderr
    assert not (tmp_path / "one.keys.toml").exists()
    assert keep_secrets(tmp_path, {"one.keys.toml": b"k = 1"}) == ("one.keys.toml",)
    assert (tmp_path / "one.keys.toml").read_bytes() == b"k = 1"


def test_the_authority_and_the_releases_come_back_with_it(
    new_database: NewDatabase, tmp_path: Path, key_file: Path
) -> None:
    lost, found = new_database(), new_database()
    now_ms, file = SystemClock().now_ms(), tmp_path / "cloud.backup"
    offered = SignedReleases(tmp_path / "old", now_ms)
    offered.offer(1)
    old, new = ({"ca_dir": tmp_path / one / "ca"} for one in ("old", "new"))
    FileAuthority(old["ca_dir"], "passphrase").create("A", now_ms)
    old["release_dir"], new["release_dir"] = offered.shelf.folder, tmp_path / "new" / "releases"
    before = settings_of(lost, tmp_path / "secrets").model_copy(update=old)
    made = make_backup(before, file, key_file, silent)
    assert verify_backup(file, key_file, silent).files == made.files > 10
    assert made.private_keys == 5, "root, boxes, servers; snapshot, timestamp"
    assert b"PRIVATE KEY" not in file.read_bytes()
    # What boxes saw after the backup: the timestamp signed anew, several times.
    for _ in range(5):
        offered.shelf._freshen(offered.shelf.index(), now_ms)
    with BentServer(offered.shelf.folder).running() as server:
        clock = FakeClock(wall_ms=now_ms)
        box = partial(source_of, server, tmp_path / "box", offered.root_file, clock)
        assert box().release(1).number == 1

        after = settings_of(found, tmp_path / "secrets").model_copy(update=new)
        restored = restore_backup(after, file, key_file, silent)
        assert (restored.folders, restored.folders_left) == (("ca_dir", "release_dir"), ())
        authority = FileAuthority(new["ca_dir"], "passphrase")
        assert authority.pin() == FileAuthority(old["ca_dir"], "passphrase").pin()
        assert authority.server(("mq.example",), now_ms)
        server.folder = new["release_dir"]
        assert box().release(1).number == 1, "boxes take the restored index for the newer one"
        # And the next release is published on it with the keys that never were on the server.
        offered.shelf = ReleaseShelf(new["release_dir"])
        offered.offer(2, "sold = 2\n")
        assert box().release(2).number == 2


def test_a_backup_is_never_written_in_the_clear(
    database: Database, tmp_path: Path, key_file: Path
) -> None:
    file = tmp_path / "cloud.backup"
    told = settings_of(database, tmp_path).model_copy(update={"ca_dir": tmp_path / "ca"})
    FileAuthority(tmp_path / "ca", "passphrase").create("A", SystemClock().now_ms())
    for refused in (
        partial(make_backup, told, file, None, silent),
        partial(verify_backup, file, None, silent),
        partial(restore_backup, told, file, None, silent),
    ):
        assert code_of(refused) is FaultCode.BACKUP_KEY_MISSING
    assert not list(tmp_path.glob("cloud.backup*"))
    made = make_backup(told, file, key_file, silent, private_keys=False)
    assert (made.files, made.private_keys) == (3, 0)
    assert verify_backup(file, key_file, silent).private_keys == 0


def test_the_command_asks_for_a_key_in_words(
    database: Database, tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REGULARS_BACKUP_KEY_FILE", raising=False)
    FileAuthority(tmp_path / "ca", "passphrase").create("A", SystemClock().now_ms())
    config, file = tmp_path / "cloud.toml", tmp_path / "cloud.backup"
    config.write_text(
        f'database_url = "{database.url}"\nmigrate_url = "{database.owner_url}"\n'
        f'secrets_dir = "{tmp_path}"\nca_dir = "{tmp_path / "ca"}"\n',
        encoding="utf-8",
    )
    words = ["backup", "make", str(file), "--config", str(config)]
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == 3
    assert "I130" in refused.output
    assert not file.exists()
    done = CliRunner().invoke(app, [*words, "--key-file", str(key_file), "--without-keys"])
    assert done.exit_code == 0, done.output
    checked = ["backup", "verify", str(file), "--key-file", str(key_file), "--json"]
    said = json.loads(CliRunner().invoke(app, checked).stdout)
    assert (said["files"], said["private_keys"]) == (3, 0)
