"""Keys of partner systems."""

import json
from typing import Annotated
from uuid import UUID

import typer

from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.domain.rights import KeyScope
from cloud_broker.services.access.partners import DAYS_MAX, Partners

app = typer.Typer()
keys_app = typer.Typer(help="合作系统的密钥 / keys of partner systems", no_args_is_help=True)
app.add_typer(keys_app, name="api-key")


@keys_app.command("create")
def create(
    name: Annotated[str, typer.Option(help="哪个系统 which system")],
    scope: Annotated[list[KeyScope], typer.Option(help="可多次 repeatable")],
    days: Annotated[
        int | None, typer.Option(min=1, max=DAYS_MAX, help="多少天后失效 ends after so many days")
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """新建密钥,只显示一次 / make a key; it is shown once."""
    with office_of(config) as office:
        partners = Partners(office.units, office.clock, office.ids)
        text, key = partners.create(office.tenant(), name, tuple(scope), who="cli", days=days)
    said = {"key": text, "id": str(key.key_id), "scopes": list(key.scopes)}
    say(said | ({"expires_ms": key.expires_ms} if days else {}), as_json=as_json)


@keys_app.command("list")
def list_keys(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """列出密钥及最近使用 / list keys and when they were used last."""
    with office_of(config) as office:
        keys = Partners(office.units, office.clock, office.ids).keys(office.tenant())
        now_ms = office.clock.now_ms()
    rows = [
        {
            "id": str(key.key_id),
            "name": key.name,
            "scopes": list(key.scopes),
            "created_ms": key.created_ms,
            "last_used_ms": key.last_used_ms,
            "revoked_ms": key.revoked_ms,
            "expires_ms": key.expires_ms,
        }
        for key in keys
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = table_of("id", "名称 name", "权限 scopes", "状态 state")
    for key in keys:
        ended = "已停用 revoked" if key.revoked_ms is not None else "已过期 expired"
        state = "有效 valid" if key.good(now_ms) else ended
        table.add_row(str(key.key_id), key.name, " ".join(key.scopes), state)
    out.print(table)
    if not keys:
        say_none("还没有密钥:api-key create / there is no key yet: api-key create")


@keys_app.command("revoke")
def revoke(
    key_id: Annotated[UUID, typer.Argument(help="密钥编号 the key's id")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """停用密钥,立即生效 / end a key at once."""
    with office_of(config) as office:
        partners = Partners(office.units, office.clock, office.ids)
        partners.revoke(office.tenant(), key_id, who="cli")
    say({"revoked": str(key_id)}, as_json=as_json)
