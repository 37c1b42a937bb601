"""Letting boxes in: the authority, one-time codes, the end of a box."""

import csv
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import segno
import typer

from cloud_broker.bootstrap.boxes import (
    authority_of,
    enrolling_of,
    publish_all_revoked,
    write_server_certificate,
)
from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, out, say
from cloud_broker.cli.lanes import store_of
from cloud_broker.services.fleet.enrolling import CodeShown
from retail_core.errors import Fault
from retail_core.fleet.enrol_code import EnrolTicket, grouped, say_ticket
from retail_core.texts.faults import FaultCode

app = typer.Typer()
_MS = 1_000
_HOUR_MS = 3_600_000
# A round of visits takes a day; a code that waits longer is one that somebody finds.
BATCH_HOURS_MAX = 24


@app.command("ca-init")
def ca_init(
    name: Annotated[str, typer.Option(help="企业名称 whose authority it is")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """建立盒子的签发机构(ca_dir) / make the authority that certifies boxes, in ca_dir."""
    with office_of(config) as office:
        authority = authority_of(office.settings)
        authority.create(name, office.clock.now_ms())
        say({"ca": str(office.settings.ca_dir), "pin": authority.pin()}, as_json=as_json)


@app.command("server-certificate")
def server_certificate(
    name: Annotated[list[str], typer.Option(help="主机名或地址,可多次 host or address")],
    out_dir: Annotated[Path, typer.Option("--out", help="目录 folder")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """给服务器签一张证书 / certify a server of ours, with a new key beside it."""
    with office_of(config) as office:
        made = write_server_certificate(office, tuple(name), out_dir)
    say({"certificate": str(made)}, as_json=as_json)


@app.command("enrol-code")
def enrol_code(
    store: Annotated[str, typer.Option(help="店名或编号 store name or id")],
    slot: Annotated[int, typer.Option(help="第几台 which box of the store", min=1, max=9)] = 1,
    config: ConfigOption = None,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="换机:旧盒子随之停用 the old box is shut out")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """开一个开通码,十分钟内有效,只能用一次 / draw a code that lets one box in."""
    with office_of(config) as office:
        tenant = office.tenant()
        with office.units.begin(tenant) as unit:
            found = store_of(store, unit.fleet.store_names())
        pin = authority_of(office.settings).pin()
        shown = enrolling_of(office).code(tenant, found, who="cli", replace=replace, slot=slot)
    url = office.settings.door_for_stores
    values = {
        "code": grouped(shown.code),
        "until": _utc(shown),
        "cloud": url,
        "pin": pin,
        "qr": say_ticket(EnrolTicket(url, shown.code, pin)),
    }
    say(values, as_json=as_json)
    if not as_json:
        segno.make_qr(values["qr"], error="m").terminal(compact=True)


@app.command("enrol-codes")
def enrol_codes(
    out_file: Annotated[
        Path, typer.Option("--out", help="写到这个新 CSV,0600 a new CSV that holds the codes")
    ],
    hours: Annotated[
        int, typer.Option(help="几小时内有效 for how long", min=1, max=BATCH_HOURS_MAX)
    ] = 8,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """给还没有盒子的每家店开一个开通码 / draw a code for each store that has no box yet."""
    with office_of(config) as office:
        tenant, url = office.tenant(), office.settings.door_for_stores
        pin, desk = authority_of(office.settings).pin(), enrolling_of(office)
        try:
            file = os.fdopen(os.open(out_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")
        except OSError as error:
            detail = f"--out: {error.strerror}"
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=out_file, detail=detail) from None
        with file:
            rows = csv.writer(file)
            rows.writerow(("store", "name", "code", "until", "cloud", "pin", "qr"))
            waiting = desk.waiting(tenant)
            for store, name in waiting.items():
                shown = desk.code(tenant, store, who="cli", life_ms=hours * _HOUR_MS)
                qr = say_ticket(EnrolTicket(url, shown.code, pin))
                rows.writerow((store, name, grouped(shown.code), _utc(shown), url, pin, qr))
    say({"codes": len(waiting), "file": str(out_file), "hours": hours}, as_json=as_json)


@app.command("revoke-box")
def revoke_box(
    device: Annotated[UUID, typer.Option(help="盒子的编号 the box's id")],
    why: Annotated[str, typer.Option(help="原因:被盗、换机…… why: stolen, replaced, …")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """停用一台盒子:断开连接,证书作废 / shut a box out at once and for good."""
    with office_of(config) as office:
        told = True
        try:
            enrolling_of(office).revoke(office.tenant(), device, who="cli", why=why)
        except Fault as fault:
            if fault.code is not FaultCode.BROKER_GATE_DOWN:
                raise
            # It is revoked in the books; the broker hears of it as soon as it answers.
            out.print(f"{fault.code.value} {fault.text('zh')}\n{fault.text('en')}", markup=False)
            told = False
        listed = publish_all_revoked(office)
    say({"revoked": str(device), "broker": told, "crl": listed}, as_json=as_json)


def _utc(shown: CodeShown) -> str:
    return f"{datetime.fromtimestamp(shown.expires_ms // _MS, UTC):%Y-%m-%d %H:%M:%S} UTC"
