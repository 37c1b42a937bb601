"""Backups of the cloud, and how a database is made of one: what the commands compose.

A restored database is another one than the one that was lost, although it looks the same. So its
epoch rises, by the clock: two restores of one backup must never have the same. Feeds begin anew and
members' versions lie above any a box may hold.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection

from cloud_broker.adapters.backup_file import BackupReader, BackupWriter, read_key
from cloud_broker.adapters.clock_system import SystemClock
from cloud_broker.adapters.postgres import backup as rows
from cloud_broker.adapters.postgres.backup import Progress
from cloud_broker.migrations import runner
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

_MS = 1_000
_AFTER = (
    (
        "insert into cloud_restore (tenant_id, epoch, backup_at, restored_at)"
        " select tenant_id, %(epoch)s, to_timestamp(%(backup)s / 1000.0),"
        " to_timestamp(%(now)s / 1000.0) from tenant"
    ),
    "update store_feed set feed_epoch = %(epoch)s, published = 0",
    "update member set ver = greatest(ver + 1, %(epoch)s)",
    "update store_snapshot set manifest = null, base = 0, made_at = null, wanted_at = now()",
    "delete from snapshot_segment",
    "delete from document_seen",
)


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds; `took_ms` is how long the command had."""

    path: Path
    created_ms: int
    schema: str
    tables: int
    rows: int
    bytes: int
    file_bytes: int
    secrets: int
    took_ms: int


@dataclass(frozen=True, slots=True)
class RestoredDatabase:
    """What became of a backup."""

    epoch: int
    backup_ms: int
    rows: int
    kept_secrets: tuple[str, ...]
    took_ms: int


def make_backup(settings: Settings, path: Path, key_file: Path, progress: Progress) -> Backup:
    """Write a backup of one moment; the file is there whole or not at all."""
    began, now_ms = time.monotonic(), SystemClock().now_ms()
    url, key = _owner_url(settings), read_key(key_file)
    schema = runner.current(url) or ""
    secrets = {one.name: one.read_bytes() for one in sorted(settings.secrets_dir.glob("*.toml"))}
    with BackupWriter(path, key, {"created_ms": now_ms, "schema": schema}) as out:
        totals = rows.write_all(url, out, progress)
        for name, content in secrets.items():
            out.frame(rows.SECRET, name.encode() + b"\0" + content)
        whole = {"rows": totals.rows, "bytes": totals.bytes, "tables": totals.tables}
        out.frame(rows.WHOLE, json.dumps(whole).encode())
    return Backup(
        path,
        now_ms,
        schema,
        totals.tables,
        totals.rows,
        totals.bytes,
        path.stat().st_size,
        len(secrets),
        _since(began),
    )


def verify_backup(path: Path, key_file: Path, progress: Progress) -> Backup:
    """Read a backup to its end: every seal, every checksum, every count (Fault BACKUP_DAMAGED)."""
    began = time.monotonic()
    with BackupReader(path, read_key(key_file)) as reader:
        totals, secrets = rows.read_all(reader, progress)
        created, schema = int(reader.said["created_ms"]), str(reader.said["schema"])
    return Backup(
        path,
        created,
        schema,
        totals.tables,
        totals.rows,
        totals.bytes,
        path.stat().st_size,
        len(secrets),
        _since(began),
    )


def restore_backup(
    settings: Settings, path: Path, key_file: Path, progress: Progress
) -> RestoredDatabase:
    """Fill the empty database of the settings; read to its end and checked before a row is written.

    Tables, rows, what later schemas change and the epoch are one transaction: a kill leaves an
    empty database. Keys that are there stay as they are. Faults BACKUP_DAMAGED, BACKUP_KEY_WRONG,
    BACKUP_SCHEMA, RESTORE_NOT_EMPTY, RESTORE_SCHEMA_AHEAD.
    """
    began, key = time.monotonic(), read_key(key_file)
    with BackupReader(path, key) as reader:
        _, secrets = rows.read_all(reader, _silent)
        said = reader.said
    url, schema = _owner_url(settings), str(said["schema"])
    if not runner.known(schema):
        raise Fault(FaultCode.BACKUP_SCHEMA, found=schema, newest=runner.newest())
    _check_empty(url)
    created_ms = int(said["created_ms"])
    with rows.begin(url) as (bound, connection), BackupReader(path, key) as reader:
        _make_tables(bound, schema)
        totals = rows.fill(connection, reader, progress)
        runner.upgrade_within(bound)
        rows.open_all(connection)
        epoch = _begin_epoch(connection, created_ms)
        rows.close_again(connection)
        # Before the rows are there: a database that has them is never filled a second time.
        kept = keep_secrets(settings.secrets_dir, secrets)
    return RestoredDatabase(epoch, created_ms, totals.rows, kept, _since(began))


def _make_tables(bound: Connection, schema: str) -> None:
    """Make the tables of the backup's own schema, or what later ones convert would be left out."""
    runner.upgrade_within(bound, schema)
    found = runner.current_within(bound)
    if found != schema:
        raise Fault(FaultCode.RESTORE_SCHEMA_AHEAD, found=found, backup=schema)


def _begin_epoch(connection: psycopg.Connection[Any], backup_ms: int) -> int:
    now_ms = SystemClock().now_ms()
    found = connection.execute("select coalesce(max(epoch), 0) from cloud_restore").fetchone()
    epoch = max(now_ms, int(found[0] if found else 0) + 1)
    for statement in _AFTER:
        connection.execute(statement, {"epoch": epoch, "backup": backup_ms, "now": now_ms})
    return epoch


def _check_empty(url: str) -> None:
    with rows.connect(url) as connection:
        try:
            found = connection.execute("select count(*) from tenant_slug").fetchone()
        except psycopg.errors.UndefinedTable:
            return
    if found is not None and found[0]:
        raise Fault(FaultCode.RESTORE_NOT_EMPTY, tables=found[0])


def keep_secrets(folder: Path, secrets: Mapping[str, bytes]) -> tuple[str, ...]:
    """Write the keys that are not there, each whole or not at all; return their names."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written: list[str] = []
    for name, content in secrets.items():
        path = folder / Path(name).name
        if path.exists():
            continue
        # Half a key would count as one that is there when the restore is begun again.
        partial = path.with_name(path.name + ".partial")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        partial.rename(path)
        written.append(path.name)
    return tuple(written)


def _owner_url(settings: Settings) -> str:
    return (settings.migrate_url or settings.database_url).get_secret_value()


def _since(began: float) -> int:
    return round((time.monotonic() - began) * _MS)


def _silent(_table: str, _rows: int) -> None:
    """Say nothing."""
