"""Setting up: schema, tenant, stores, people, the broker's files."""

import re
from datetime import time
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cloud_broker.bootstrap.boxes import write_certified_files
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    coded_errors,
    office_of,
    say,
    say_none,
    settings_of,
)
from cloud_broker.migrations.runner import upgrade
from cloud_broker.ports.unit import StoreRefusedError
from cloud_broker.services.fleet.provision import OperatorAsked, StoreAsked, TillAsked
from cloud_broker.services.hq.user_desk import LOGIN
from retail_core.errors import Fault
from retail_core.identity.plain_tag import sign_link
from retail_core.texts.faults import FaultCode

app = typer.Typer()
# A port's address has colons of its own: device:NAME, tcp://host:9100, rfc2217://[::1]:4001.
_PORT = r"(device:[^:]+|[a-z0-9-]+://(?:\[[^\]]+\]|[^:]+):[0-9]+|[^:]+)"
_ESCPOS = re.compile(f"([^:]+):([^:]+):{_PORT}:{_PORT}")
# As the database has it: it stands in addresses.
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
FRAMED_PARTS = 3
SOFTWARE_PARTS = 2
TILL_FORMS = (
    "api:NAME | escpos:NAME:PROFILE:PORT:PRINTER | framed:NAME:PROFILE:PORT | software:NAME:PROFILE"
)


@app.command()
def migrate(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """建表或升级 / bring the database to the newest schema (uses migrate_url)."""
    with coded_errors():
        settings = settings_of(config)
        url = settings.migrate_url or settings.database_url
        before, after = upgrade(url.get_secret_value())
    say({"before": before or "-", "after": after}, as_json=as_json)


@app.command("provision-tenant")
def provision_tenant(
    name: Annotated[str, typer.Option(help="企业名称 company name")],
    slug: Annotated[str, typer.Option(help="登录用短名 short name, a-z 0-9 -")],
    admin: Annotated[
        str, typer.Option(help="同时建总部管理员 also HQ's first administrator: login")
    ] = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """新建企业,生成它的密钥,加 --admin 就能登录 / enter a tenant; with --admin ready to sign in."""
    with office_of(config) as office:
        _named("--name", name)
        if not _SLUG.fullmatch(slug):
            raise _wrong("--slug", f"{slug!r}: {_SLUG.pattern}")
        if admin and not LOGIN.fullmatch(admin):
            raise _wrong("--admin", f"{admin!r}: {LOGIN.pattern}")
        try:
            tenant = office.provision.tenant(name, slug)
        except StoreRefusedError:
            raise Fault(FaultCode.SETUP_TENANT_THERE, slug=slug) from None
        values: dict[str, object] = {"tenant": str(tenant), "slug": slug}
        if admin:
            values["password"] = office.access.add_user(tenant, admin, admin, "admin")
            values["login"] = f"{admin}@{slug}"
        several = len(office.units.tenants()) > 1
    say(values, as_json=as_json)
    if several and not as_json:
        # A login or a command without a company's name stood for the only one until now.
        say_none(
            "有几家企业了:登录写 账号@短名,命令的设置里写 tenant = 短名"
            " / several companies now: sign in as login@short-name, commands need tenant = in their"
            " settings"
        )


@app.command("provision-store")
def provision_store(  # noqa: PLR0913  # each is an option of the command line
    name: Annotated[str, typer.Option(help="店名 store name")],
    city: Annotated[str, typer.Option(help="城市 city")],
    out_file: Annotated[
        Path | None,
        typer.Option("--out", help="设备文件,0600;不写则等开通码 device file; none: enrol-code"),
    ] = None,
    region: Annotated[str, typer.Option(help="大区 region")] = "总部",
    legal_entity: Annotated[str, typer.Option(help="法人主体 legal entity")] = "总公司",
    zone: Annotated[str, typer.Option(help="时区 time zone")] = "Asia/Shanghai",
    day_starts_at: Annotated[str, typer.Option(help="营业日起点 HH:MM")] = "04:00",
    till: Annotated[
        list[str] | None,
        typer.Option(help=f"{TILL_FORMS};可多次 repeatable"),
    ] = None,
    operator: Annotated[
        list[str] | None, typer.Option(help="NUMBER:NAME[:ROLE];PIN 随机生成,只显示一次")
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """新建门店,写出盒子的设备文件 / enter a store and write its box's device file."""
    with office_of(config) as office:
        asked = StoreAsked(
            name=name,
            city=city,
            region=region,
            legal_entity=legal_entity,
            zone=zone,
            day_starts_at=_time(day_starts_at),
            tills=tuple(_till(one) for one in till or ["api:1号收银台"]),
            operators=tuple(_operator(one) for one in operator or ()),
        )
        _check(asked)
        box = out_file is not None
        try:
            made = office.provision.store(office.tenant(), asked, who="cli", box=box)
        except StoreRefusedError:
            raise Fault(FaultCode.SETUP_STORE_THERE, store=name) from None
        values: dict[str, object] = {"store": str(made.store)}
        if out_file is not None:
            office.write_device_file(out_file, made)
            values |= {"device": str(made.device), "device_file": str(out_file)}
    values["pins"] = {one.asked.number: one.pin for one in made.operators}
    say(values, as_json=as_json)


@app.command("hq-user")
def hq_user(
    login: Annotated[str, typer.Option(help="登录名 login")],
    name: Annotated[str, typer.Option(help="姓名 name")],
    role: Annotated[str, typer.Option(help="admin | operations | marketing | auditor")],
    token: Annotated[
        str, typer.Option(help="同时签发 API 令牌,写明用途 also issue an API token, for what")
    ] = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """新建总部账号,密码随机生成,只显示一次 / add a person of HQ; the password is shown once."""
    with office_of(config) as office:
        tenant = office.tenant()
        password = office.access.add_user(tenant, login, name, role)
        values: dict[str, object] = {"login": login, "password": password}
        if token:
            values["api_token"] = office.access.api_token(tenant, login, token)
    say(values, as_json=as_json)


@app.command("sign-tag")
def sign_tag(
    uid: Annotated[str, typer.Argument(help="标签的序列号,十六进制 / the tag's number, in hex")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """为一枚标签签名,打印要写进去的网址 / sign one tag and print the link to be written on it.

    Such a tag finds its member and never spends; `edge-agent nfc write-tag` writes it.
    """
    with office_of(config) as office:
        try:
            number = bytes.fromhex(uid)
        except ValueError:
            raise Fault(FaultCode.API_BODY_INVALID, detail="uid") from None
        tenant = office.tenant()
        link = sign_link(number, tenant.bytes, office.keys.keys(tenant).bundle_seed)
    say({"link": link}, as_json=as_json)


@app.command("broker-files")
def broker_files(
    out_dir: Annotated[Path, typer.Option("--out", help="目录 folder")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """写出 mosquitto 的配置、密码与权限文件 / write mosquitto's configuration, passwords, ACL.

    With `broker_tls_port` set, for boxes with certificates.
    """
    with office_of(config) as office:
        certified = any(one.tls_port for one in office.settings.all_brokers)
        write = partial(write_certified_files, office) if certified else office.write_broker_files
        paths, devices = write(out_dir)
    say({"config": ", ".join(map(str, paths)), "devices": devices}, as_json=as_json)


def _check(asked: StoreAsked) -> None:
    """Refuse what the database would refuse in its own words, or a box could not live by."""
    for option, text in (
        ("--name", asked.name),
        ("--city", asked.city),
        ("--region", asked.region),
        ("--legal-entity", asked.legal_entity),
    ):
        _named(option, text)
    try:
        ZoneInfo(asked.zone)
    except (OSError, ValueError, LookupError):
        raise _wrong("--zone", f"{asked.zone!r}: Asia/Shanghai, Europe/Paris, …") from None
    for option, names in (
        ("--till", [one.name for one in asked.tills]),
        ("--operator", [one.number for one in asked.operators]),
    ):
        twice = next((one for one in names if names.count(one) > 1), None)
        if twice is not None:
            raise _wrong(option, f"{twice!r}: 写了两次 twice")


def _named(option: str, text: str) -> None:
    if not text.strip() or not text.isprintable():
        raise _wrong(option, f"{text!r}: 要有名字 a name is needed")


def _wrong(option: str, detail: str) -> Fault:
    return Fault(FaultCode.SETUP_CONFIG_INVALID, path=option, detail=detail)


def _till(text: str) -> TillAsked:
    kind, _, rest = text.partition(":")
    if kind == "api" and rest:
        return TillAsked(rest, "api")
    parts = rest.split(":")
    if kind == "escpos" and (tapped := _ESCPOS.fullmatch(rest)) is not None:
        name, profile, port, printer = tapped.groups()
        return TillAsked(name, "escpos", profile, port, printer)
    named = rest.split(":", FRAMED_PARTS - 1)  # a port's address may have colons of its own
    if kind == "framed" and len(named) == FRAMED_PARTS and all(named):
        return TillAsked(named[0], "framed", named[1], named[2])
    if kind == "software" and len(parts) == SOFTWARE_PARTS and all(parts):
        return TillAsked(parts[0], "software", parts[1])
    detail = f"{text!r}: {TILL_FORMS}"
    raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="--till", detail=detail)


def _operator(text: str) -> OperatorAsked:
    number, _, rest = text.partition(":")
    name, _, role = rest.partition(":")
    if not number or not name:
        detail = f"{text!r}: NUMBER:NAME[:ROLE]"
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="--operator", detail=detail)
    return OperatorAsked(number, name, role or "clerk")


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Fault(
            FaultCode.SETUP_CONFIG_INVALID, path="--day-starts-at", detail=f"{text!r}: HH:MM"
        ) from None
