"""Backups of the whole cloud, and a cloud made of one."""

from pathlib import Path
from typing import Annotated

import typer

from cloud_broker.adapters.backup_file import make_key
from cloud_broker.adapters.postgres.backup import Progress
from cloud_broker.bootstrap import backups
from cloud_broker.bootstrap.backups import Backup
from cloud_broker.bootstrap.privacy import erasing_again_of
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    coded_errors,
    err,
    office_of,
    say,
    settings_of,
)
from cloud_broker.cli.leases import DeviceArgument, ReasonOption, TokenOption
from cloud_broker.services.rights.restore_watch import RestoreView, RestoreWatch

app = typer.Typer()
backup_app = typer.Typer(help="备份 / backups of the whole cloud", no_args_is_help=True)
restore_app = typer.Typer(help="从备份恢复 / a cloud made of a backup", no_args_is_help=True)
app.add_typer(backup_app, name="backup")
app.add_typer(restore_app, name="restore")

FileArgument = Annotated[Path, typer.Argument(help="备份文件 backup file")]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        envvar="REGULARS_BACKUP_KEY_FILE",
        help="备份密钥文件;丢了它,备份就打不开 / the key; without it no backup can be opened",
    ),
]


@backup_app.command()
def key(path: Annotated[Path, typer.Argument(help="密钥文件 key file to make")]) -> None:
    """生成备份密钥:抄到别处保存,不要只放在这台机器上 / make a key; keep a copy elsewhere."""
    try:
        make_key(path)
    except OSError as error:
        raise typer.BadParameter(str(error)) from None
    say({"key_file": str(path)}, as_json=False)


@backup_app.command()
def make(
    path: FileArgument,
    key_file: KeyOption = None,
    config: ConfigOption = None,
    *,
    without_keys: Annotated[
        bool,
        typer.Option(
            "--without-keys",
            help="不带签发机构和版本的私钥 / without the private keys of authority and releases",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """备份数据库、密钥、签发机构和版本,云端照常运行 / back up all of the cloud while it runs."""
    with coded_errors():
        made = backups.make_backup(
            settings_of(config),
            path,
            key_file,
            _progress(as_json=as_json),
            private_keys=not without_keys,
        )
    say(_said(made), as_json=as_json)


@backup_app.command()
def verify(path: FileArgument, key_file: KeyOption = None, *, as_json: JsonOption = False) -> None:
    """读完整个备份,核对每个校验 / read a whole backup and check every seal and sum."""
    with coded_errors():
        made = backups.verify_backup(path, key_file, _progress(as_json=as_json))
    say(_said(made), as_json=as_json)


@restore_app.command()
def start(
    path: FileArgument,
    key_file: KeyOption = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """恢复到配置里的空数据库,抬高云端纪元 / fill the empty database; its epoch rises."""
    with coded_errors():
        made = backups.restore_backup(
            settings_of(config), path, key_file, _progress(as_json=as_json)
        )
    with office_of(config) as office:
        again = erasing_again_of(office)
        repeated = [again.even(tenant) for tenant in office.units.tenants()]
    values = {
        "epoch": made.epoch,
        "backup_ms": made.backup_ms,
        "rows": made.rows,
        "secrets_written": list(made.kept_secrets),
        "folders_written": list(made.folders),
        "folders_left": list(made.folders_left),
        "erased_again": sum(one.members for one in repeated),
        "certificates_refused": [str(name) for one in repeated for name in one.refused],
        "took_ms": made.took_ms,
    }
    say(values, as_json=as_json)


@restore_app.command()
def status(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """哪些门店还没报到,丢了什么 / which stores have not spoken yet, and what is lost."""
    with office_of(config) as office:
        view = RestoreWatch(office.units, office.clock).view(office.tenant())
    _show(view, as_json=as_json)


@restore_app.command()
def excuse(
    device: DeviceArgument,
    reason: ReasonOption,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """这台盒子找不回来了,不再等它 / this box is lost: wait for it no longer."""
    with office_of(config) as office:
        watch = RestoreWatch(office.units, office.clock)
        view = watch.excuse(office.access.who(token), device, reason)
    _show(view, as_json=as_json)


def _show(view: RestoreView, *, as_json: bool) -> None:
    restore = view.restore
    values: dict[str, object] = {
        "epoch": restore.epoch,
        "backup_ms": restore.backup_ms,
        "restored_ms": restore.restored_ms,
        "thawed_ms": restore.thawed_ms,
        "settled": sum(box.settled_ms is not None for box in view.boxes),
        "waiting": {str(device): name for device, name in view.waiting.items()},
        "excused": {
            str(box.device): box.excused_because for box in view.boxes if box.excused_by is not None
        },
        "events_lost": {str(device): list(span) for device, span in view.lost.items()},
        "newer_at_boxes": {kind: list(versions) for kind, versions in view.newer.items()},
    }
    say(values, as_json=as_json)


def _said(made: Backup) -> dict[str, object]:
    return {
        "file": str(made.path),
        "created_ms": made.created_ms,
        "schema": made.schema,
        "tables": made.tables,
        "rows": made.rows,
        "bytes": made.bytes,
        "file_bytes": made.file_bytes,
        "secrets": made.secrets,
        "files": made.files,
        "private_keys": made.private_keys,
        "took_ms": made.took_ms,
    }


def _progress(*, as_json: bool) -> Progress:
    def tell(table: str, rows: int) -> None:
        if not as_json:
            err.print(f"{table}  {rows:,}", markup=False)

    return tell
