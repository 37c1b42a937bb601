"""Clerks: their figures as a file, and which membership is a clerk's own."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, say
from cloud_broker.services.hq.clerk_desk import ClerkDesk, figures_csv

app = typer.Typer()
export_app = typer.Typer(help="导出 / exports", no_args_is_help=True)
app.add_typer(export_app, name="export")
TokenOption = Annotated[
    str, typer.Option(envvar="REGULARS_HQ_TOKEN", help="总部账号的 API 令牌 / a person's API token")
]


@export_app.command("clerks")
def clerks(
    first: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="从哪天 first day")
    ],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="到哪天 last day")],
    csv: Annotated[Path | None, typer.Option("--csv", help="写到文件 to a file")] = None,
    store: Annotated[UUID | None, typer.Option(help="门店编号 store id")] = None,
    config: ConfigOption = None,
) -> None:
    """业绩:每个店员的销售、退货、招新 / what each clerk sold, took back and recruited, as CSV."""
    with office_of(config) as office:
        desk = ClerkDesk(office.units, office.clock)
        rows = desk.figures(office.tenant(), first.date(), last.date(), store)
    text = figures_csv(rows, first.date(), last.date())
    if csv is None:
        sys.stdout.write(text)
        return
    csv.write_text(text, encoding="utf-8")
    say({"rows": len(rows), "file": str(csv)}, as_json=False)


@app.command("clerk-member")
def clerk_member(
    operator: Annotated[UUID, typer.Argument(help="店员编号 operator id")],
    token: TokenOption,
    member: Annotated[
        UUID | None, typer.Option(help="她自己的会员编号,不给就取消 her own member id")
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """登记店员自己的会员,用来发现自刷积分 / say which membership is a clerk's own."""
    with office_of(config) as office:
        who = office.access.who(token)
        ClerkDesk(office.units, office.clock).link(who, operator, member)
    say({"operator": str(operator), "member": str(member or "")}, as_json=as_json)
