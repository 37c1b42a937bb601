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
from cloud_broker.adapters.backup_folders import (
    AUTHORITY,
    RELEASES,
    FolderReader,
    fill_folders,
    write_folders,
)
from cloud_broker.adapters.clock_system import SystemClock
from cloud_broker.adapters.postgres import backup as rows
from cloud_broker.adapters.postgres.backup import Progress
from cloud_broker.adapters.release_shelf import ReleaseShelf
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
    """What a backup holds; `took_ms` is how long the command had.

    `files` are those of the boxes' authority and of releases, `private_keys` among them.
    """

    path: Path
    created_ms: int
    schema: str
    tables: int
    rows: int
    bytes: int
    file_bytes: int
    secrets: int
    files: int
    private_keys: int
    took_ms: int


@dataclass(frozen=True, slots=True)
class RestoredDatabase:
    """What became of a backup; folders are named as the settings name them.

    `folders_left` were in the backup and are not written: there is one already, or none is set.
    """

    epoch: int
    backup_ms: int
    rows: int
    kept_secrets: tuple[str, ...]
    folders: tuple[str, ...]
    folders_left: tuple[str, ...]
    took_ms: int


def make_backup(
    settings: Settings,
    path: Path,
    key_file: Path | None,
    progress: Progress,
    *,
    private_keys: bool = True,
) -> Backup:
    """Write a backup of one moment; the file is there whole or not at all.

    Faults BACKUP_KEY_MISSING, BACKUP_KEY_WRONG, BACKUP_FOLDER.
    """
    began, now_ms = time.monotonic(), SystemClock().now_ms()
    url, key = _owner_url(settings), _key(key_file)
    schema = runner.current(url) or ""
    secrets = {one.name: one.read_bytes() for one in sorted(settings.secrets_dir.glob("*.toml"))}
    with BackupWriter(path, key, {"created_ms": now_ms, "schema": schema}) as out:
        totals = rows.write_all(url, out, progress)
        for name, content in secrets.items():
            out.frame(rows.SECRET, name.encode() + b"\0" + content)
        folders = write_folders(out, _folders(settings), keys=private_keys)
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
        folders.files,
        folders.private,
        _since(began),
    )


def verify_backup(path: Path, key_file: Path | None, progress: Progress) -> Backup:
    """Read a backup to its end: every seal, every checksum, every count (Fault BACKUP_DAMAGED)."""
    began, folders = time.monotonic(), FolderReader()
    with BackupReader(path, _key(key_file)) as reader:
        totals, secrets = rows.read_all(reader, progress, folders)
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
        folders.totals.files,
        folders.totals.private,
        _since(began),
    )


def restore_backup(
    settings: Settings, path: Path, key_file: Path | None, progress: Progress
) -> RestoredDatabase:
    """Fill the empty database of the settings; read to its end and checked before a row is written.

    Tables, rows, what later schemas change and the epoch are one transaction: a kill leaves an
    empty database. Keys that are there stay as they are, and so do an authority and releases.
    Faults BACKUP_DAMAGED, BACKUP_KEY_WRONG, BACKUP_KEY_MISSING, BACKUP_SCHEMA, RESTORE_NOT_EMPTY,
    RESTORE_SCHEMA_AHEAD.
    """
    began, key = time.monotonic(), _key(key_file)
    with BackupReader(path, key) as reader:
        _, secrets = rows.read_all(reader, _silent, FolderReader())
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
        filled, left = _restore_folders(settings, path, key)
    return RestoredDatabase(epoch, created_ms, totals.rows, kept, filled, left, _since(began))


def _restore_folders(
    settings: Settings, path: Path, key: bytes
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    with BackupReader(path, key) as reader:
        filled, left = fill_folders(reader.frames(), _folders(settings))
    if RELEASES in filled and settings.release_dir is not None:
        # Boxes may have seen a newer index than the backup has.
        ReleaseShelf(settings.release_dir).go_ahead(SystemClock().now_ms())
    return filled, left


def _folders(settings: Settings) -> dict[str, Path | None]:
    return {AUTHORITY: settings.ca_dir, RELEASES: settings.release_dir}


def _key(key_file: Path | None) -> bytes:
    if key_file is None:
        raise Fault(FaultCode.BACKUP_KEY_MISSING)
    return read_key(key_file)


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
