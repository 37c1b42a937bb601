"""A person's data: taken along, erased with a certificate; and prices that are the same for all."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from cloud_broker.adapters.postgres.fairness import PostgresFairnessReads
from cloud_broker.adapters.postgres.privacy import PostgresPrivacyShelf
from cloud_broker.bootstrap import Office
from cloud_broker.bootstrap.privacy import erasing_of, learn_again, leavings_of
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    coded_errors,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.cli.tags import TenantOption, tenant_of
from cloud_broker.domain.equal_treatment import as_csv, as_values
from cloud_broker.ports.privacy import Certified, Leaving
from cloud_broker.services.members.equal_treatment import EqualTreatment
from cloud_broker.services.members.exporting import PersonExport
from retail_core.errors import Fault
from retail_core.identity.erasure import pseudonym
from retail_core.identity.erasure_certificate import from_file, open_certificate, to_file
from retail_core.texts.faults import FaultCode

app = typer.Typer()
privacy = typer.Typer(help="个人信息 / a person's data", no_args_is_help=True)
app.add_typer(privacy, name="privacy")
WHO = "cli"
DAYS = 30
OutOption = Annotated[Path | None, typer.Option("--out", help="写到文件 write to a file")]


@privacy.command("export")
def export(
    member: UUID,
    to: OutOption = None,
    tenant: TenantOption = "",
    config: ConfigOption = None,
) -> None:
    """导出一个人的全部数据(JSON)/ everything held of a person, as JSON."""
    with office_of(config) as office:
        shelf = PostgresPrivacyShelf(office.units)
        whole = PersonExport(office.units, shelf, office.clock)
        told = whole.of(tenant_of(office, tenant), member, WHO)
    text = json.dumps(told, ensure_ascii=False, indent=1, default=str)
    if to is None:
        typer.echo(text)
        return
    _write(to, text.encode())
    say({"file": str(to), "bytes": len(text.encode())}, as_json=False)


@privacy.command("erase")
def erase(
    member: UUID,
    why: Annotated[str, typer.Option("--why", help="凭什么 on what demand")],
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    now: Annotated[bool, typer.Option("--now", help="不等冷静期 without days of grace")] = False,
    as_json: JsonOption = False,
) -> None:
    """注销并删除一个人;再运行一次就走下一步 / let a person go; run it again for the next step."""
    with office_of(config) as office:
        whose = tenant_of(office, tenant)
        leavings, erasing = leavings_of(office), erasing_of(office)
        held = leavings.alive(whose, member)
        if not now:
            asked = held or leavings.request(whose, member, "cli", WHO, why)
            say(_told(asked), as_json=as_json)
            return
        leaving = leavings.at_once(whose, member, WHO, why)
        made = erasing.go_on(whose, leaving)
        if made is None:
            leaving = leavings.alive(whose, member) or leaving
            made = erasing.go_on(whose, leaving)
        learn_again(office, whose)
        copied = _copied_again(office, whose)
    if made is None:
        say(_told(leaving), as_json=as_json)
        return
    say(_certified(made) | copied, as_json=as_json)


@privacy.command("decide")
def decide(
    leaving: UUID,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    refuse: Annotated[bool, typer.Option("--refuse", help="不同意 say no")] = False,
    as_json: JsonOption = False,
) -> None:
    """同意或拒绝一项注销请求 / agree to a request to leave, or refuse it."""
    with office_of(config) as office:
        whose = tenant_of(office, tenant)
        done = leavings_of(office).decide(whose, leaving, WHO, agree=not refuse)
    say(_told(done), as_json=as_json)


@privacy.command("status")
def status(
    tenant: TenantOption = "", config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """注销到了哪一步,删除证明有哪些 / how far each is, and the certificates."""
    with office_of(config) as office:
        whose = tenant_of(office, tenant)
        shelf = PostgresPrivacyShelf(office.units)
        told = []
        for one in shelf.leavings(whose, 500):
            waits = shelf.unheard(whose, [one.member]) if one.state == "telling" else ()
            told.append(_told(one) | {"unheard": len(waits)})
        made = [_certified(one) for one in shelf.certificates(whose, 500)]
    if as_json:
        say({"leavings": told, "certificates": made}, as_json=True)
        return
    if not told and not made:
        say_none("没有人注销 / nobody has left")
        return
    table = table_of("注销 leaving", "状态 state", "提出 asked", "到期 due", "还没听到的店 unheard")
    for row in told:
        table.add_row(*(str(row[name]) for name in ("leaving", "state", "asked", "due", "unheard")))
    out.print(table)
    table = table_of("证明 certificate", "删除 erased", "处 places", "行 rows")
    for row in made:
        table.add_row(*(str(row[name]) for name in ("erasure", "erased", "places", "rows")))
    out.print(table)


@privacy.command("certificate")
def certificate(
    erasure: UUID,
    to: OutOption = None,
    tenant: TenantOption = "",
    config: ConfigOption = None,
) -> None:
    """写出一份删除证明 / write a certificate of erasure out."""
    with office_of(config) as office:
        shelf = PostgresPrivacyShelf(office.units)
        made = [
            one
            for one in shelf.certificates(tenant_of(office, tenant), 100_000)
            if one.erasure == erasure
        ]
    with coded_errors():
        if not made:
            raise Fault(FaultCode.API_NOT_FOUND, what="certificate")
        file = to_file(made[0].signed)
    if to is None:
        typer.echo(file.decode(), nl=False)
    else:
        _write(to, file)


@privacy.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    member: Annotated[
        UUID | None, typer.Option("--member", help="是不是这位会员的 is it about this one")
    ] = None,
    public_key: Annotated[str, typer.Option("--public-key", help="十六进制 hex")] = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """核对一份删除证明 / check a certificate of erasure."""
    with coded_errors():
        signed = from_file(file.read_bytes())
        said = open_certificate(signed)
        if public_key and signed.public_key.hex() != public_key.lower():
            raise Fault(FaultCode.CERTIFICATE_UNTRUE)
        if member is not None and pseudonym(UUID(said.tenant), member) not in said.members:
            raise Fault(FaultCode.CERTIFICATE_UNTRUE)
    say(
        {
            "erasure": said.erasure_id,
            "erased": _day(said.erased_ms),
            "places": len(said.places),
            "rows": sum(one.rows for one in said.places),
            "public_key": signed.public_key.hex(),
        },
        as_json=as_json,
    )


@privacy.command("equal-treatment")
def equal_treatment(
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="从哪天 first day")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="到哪天 last day")
    ] = None,
    to: Annotated[Path | None, typer.Option("--csv", help="写成 CSV write as CSV")] = None,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """同样条件是不是同样的价,只按公布的规则 / same conditions, same price, public rules alone."""
    with office_of(config) as office:
        today = datetime.fromtimestamp(office.clock.now_ms() / 1000, UTC).date()
        until = today if last is None else last.date()
        since = until - timedelta(days=DAYS) if first is None else first.date()
        audit = EqualTreatment(PostgresFairnessReads(office.units))
        report = audit.audit(tenant_of(office, tenant), since, until)
    if to is not None:
        to.write_text(as_csv(report), encoding="utf-8-sig", newline="")
    values = dict(as_values(report))
    if as_json:
        say(values, as_json=True)
        return
    found = values.pop("findings")
    say(values, as_json=False)
    if isinstance(found, list) and found:
        table = table_of(
            "发现 finding", "日期 day", "门店 store", "小票 receipt", "元 yuan", "说明 detail"
        )
        for one in report.findings:
            yuan = f"{one.fen / 100:.2f} ≠ {one.other_fen / 100:.2f}" if one.other else ""
            table.add_row(one.kind, str(one.day), one.store, one.receipt, yuan, one.detail)
        out.print(table)


def _copied_again(office: Office, tenant: UUID) -> dict[str, object]:
    """Write the days of the analytic copy anew that she was in."""
    if office.settings.analytics_dir is None:
        return {}
    # Imported here: the engine costs half a second, and a small cloud need not have it.
    from cloud_broker.bootstrap import insight  # noqa: PLC0415 - see above

    copied = insight.refreshed(office, tenant, whole=False)
    return {} if copied is None else {"copied_days": copied.days}


def _told(one: Leaving) -> dict[str, Any]:
    return {
        "leaving": str(one.leaving),
        "state": one.state.value,
        "channel": one.channel,
        "asked": _day(one.asked_ms),
        "asked_by": one.asked_by,
        "why": one.why,
        "due": "-" if one.due_ms is None else _day(one.due_ms),
    }


def _certified(made: Certified) -> dict[str, Any]:
    said = open_certificate(made.signed)
    return {
        "erasure": str(made.erasure),
        "erased": _day(made.erased_ms),
        "places": len(said.places),
        "rows": sum(one.rows for one in said.places),
        "unheard": said.unheard,
        "done": {one.place: [one.done, one.rows] for one in said.places},
    }


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")


def _write(path: Path, content: bytes) -> None:
    # What is in it is hers: nobody else on this machine reads it.
    path.touch(mode=0o600)
    path.write_bytes(content)
