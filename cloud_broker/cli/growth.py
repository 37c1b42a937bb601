"""Tiers from the command line: the night's work, grants by two persons, a draft plan's effect."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cloud_broker.bootstrap import Office
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    err,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.ports.growth import TierGrant
from cloud_broker.services.growth.keeper import GrowthKeeper
from cloud_broker.services.growth.tier_desk import Asked, GrowthDesk, Preview

app = typer.Typer()
growth_app = typer.Typer(help="会员档位 / members' tiers", no_args_is_help=True)
app.add_typer(growth_app, name="growth")

TokenOption = Annotated[
    str,
    typer.Option(
        envvar="REGULARS_HQ_TOKEN",
        help="是谁在操作:总部账号的 API 令牌 / who acts: a person's API token",
    ),
]


@growth_app.command()
def run(
    config: ConfigOption = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只算不写 say what would change, write nothing")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """做完今夜该做的:评档、月礼、生日礼、过期 / do what is left of the night's work."""
    with office_of(config) as office, _bar(as_json=as_json) as bar:
        keeper = GrowthKeeper(office.units, office.clock, office.settings.zone)
        tenant = office.tenant()
        if dry_run:
            counts = keeper.rehearse(tenant, bar)
        else:
            judged = 0
            while done := keeper.judge_due(tenant):
                judged += done
                bar("due", judged)
            counts = keeper.nightly(tenant, bar)
            counts["due"] = judged
    say({"day": keeper.today().isoformat(), "dry_run": dry_run, **counts}, as_json=as_json)


@growth_app.command()
def preview(
    bundle: Annotated[
        Path,
        typer.Option("--bundle", exists=True, dir_okay=False, help="规则包草稿 a draft bundle"),
    ],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """草稿计划生效后谁升谁降 / who would rise and fall by a draft plan; nothing is written."""
    with office_of(config) as office, _bar(as_json=as_json) as bar:
        found = _desk(office).preview(
            office.tenant(), bundle.read_bytes(), lambda done, _total: bar("preview", done)
        )
    if as_json:
        say(_preview(found), as_json=True)
        return
    table = table_of("从 from", "到 to", "当天 at once", "最终 in the end")
    for move in sorted(found.at_once.keys() | found.in_the_end.keys()):
        table.add_row(*move, str(found.at_once[move]), str(found.in_the_end[move]))
    out.print(table)
    for (before, after), examples in sorted(found.examples.items()):
        for one in examples:
            out.print(f"{before} → {after}: {one}", markup=False)
    out.print(f"会员 members: {found.members}")


@growth_app.command()
def grant(  # noqa: PLR0913  # each is an option of the command line
    member: Annotated[UUID, typer.Argument(help="会员编号 member id")],
    tier: Annotated[str, typer.Argument(help="档位代码 tier code")],
    until: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="有效至 holds to")],
    reason: Annotated[str, typer.Option(help="原因 why")],
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """申请给会员一个档位,等另一个人批准 / propose a tier; somebody else approves it."""
    with office_of(config) as office:
        who = office.access.who(token)
        made = _desk(office).propose(who, Asked(member, tier, until.date(), reason))
    say(_grant(made), as_json=as_json)


@growth_app.command()
def approve(
    grant_id: Annotated[UUID, typer.Argument(help="申请编号 id of the proposal")],
    token: TokenOption,
    config: ConfigOption = None,
    *,
    refuse: Annotated[bool, typer.Option("--refuse", help="不批准 refuse it instead")] = False,
    as_json: JsonOption = False,
) -> None:
    """批准别人申请的档位 / approve (or --refuse) what somebody else proposed."""
    with office_of(config) as office:
        who = office.access.who(token)
        made = _desk(office).decide(who, grant_id, "refused" if refuse else "approved")
    say(_grant(made), as_json=as_json)


@growth_app.command()
def pending(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """等第二个人的档位申请 / proposals of tiers that wait for a second person."""
    with office_of(config) as office:
        found = _desk(office).waiting(office.tenant())
    if as_json:
        say({"grants": [_grant(one) for one in found]}, as_json=True)
        return
    said = {
        str(one.grant_id): f"{one.member} → {one.tier} ({one.until}) {one.reason}" for one in found
    }
    say(said, as_json=False)
    if not found:
        say_none("没有等第二个人的申请 / no proposal waits for a second person")


@growth_app.command()
def history(
    member: Annotated[UUID, typer.Argument(help="会员编号 member id")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """会员的档位怎么变过来的 / how a member's tier came about."""
    with office_of(config) as office:
        changes = _desk(office).history(office.tenant(), member)
    rows: list[dict[str, object]] = [
        {
            "day": one.day.isoformat(),
            "change": one.change,
            "from": one.before,
            "to": one.after,
            "until": one.until.isoformat(),
            "spend_fen": one.account.spend_fen,
            "visits": one.account.visits,
            "by": one.by,
            "reason": one.reason,
        }
        for one in changes
    ]
    if as_json:
        say({"changes": rows}, as_json=True)
        return
    table = table_of("日期 day", "变化 change", "从 from", "到 to", "至 until", "谁 by", "原因 why")
    for row in rows:
        names = ("day", "change", "from", "to", "until", "by", "reason")
        table.add_row(*(str(row[name]) for name in names))
    out.print(table)
    if not rows:
        say_none("她的档位没有变过 / her tier never changed")


@growth_app.command()
def groups(
    member: Annotated[UUID, typer.Argument(help="会员编号 member id")],
    token: TokenOption,
    names: Annotated[
        list[str] | None, typer.Argument(help="客户组;不写就一个也不在 none: she is in no group")
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """把会员放进这些客户组(价目表用)/ put a member into customer groups, for price lists."""
    with office_of(config) as office:
        who = office.access.who(token)
        made = _desk(office).set_groups(who, member, frozenset(names or ()))
    say({"member": str(made.member), "groups": list(made.groups)}, as_json=as_json)


def _desk(office: Office) -> GrowthDesk:
    return GrowthDesk(office.units, office.clock, office.ids, office.settings.zone)


def _grant(made: TierGrant) -> dict[str, object]:
    until: date = made.until
    return {
        "grant": str(made.grant_id),
        "member": str(made.member),
        "tier": made.tier,
        "until": until.isoformat(),
        "reason": made.reason,
        "proposed_by": made.proposed_by,
        "decision": made.decision or "waiting",
        "decided_by": made.decided_by,
    }


def _preview(found: Preview) -> dict[str, object]:
    moves = sorted(found.at_once.keys() | found.in_the_end.keys())
    return {
        "members": found.members,
        "moves": [
            {
                "from": before,
                "to": after,
                "at_once": found.at_once[before, after],
                "in_the_end": found.in_the_end[before, after],
                "examples": [str(one) for one in found.examples.get((before, after), ())],
            }
            for before, after in moves
        ],
    }


class _Bar:
    """Shows which job is at work, and how many members it has seen."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("…", total=None)

    def __call__(self, job: str, done: int) -> None:
        """Show it."""
        self._bar.update(self._task, description=job, completed=done)


@contextmanager
def _bar(*, as_json: bool) -> Iterator[_Bar]:
    """Show how far a long run is, on the error stream; nothing with --json."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=err, disable=as_json, transient=True) as bar:
        yield _Bar(bar)
