"""Who is one person: what says so, what is only likely, and the way back."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import typer

from cloud_broker.adapters.analytics.link_process import LinkProcess
from cloud_broker.bootstrap.identity import identity_desk, searching_of, settling_of
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.cli.ledger import ReasonOption, TokenOption
from cloud_broker.services.insight import identity_words as words
from cloud_broker.services.insight.identity_desk import handle_of, text_of

identity_app = typer.Typer(help="谁是同一个人 / who is one person", no_args_is_help=True)

NameArgument = Annotated[
    str, typer.Argument(help="名字,种类:值,会员编号可以单写 a name KIND:VALUE, or a member's id")
]
LinkArgument = Annotated[UUID, typer.Argument(help="证据编号 id of the evidence")]


def add_to(group: typer.Typer) -> None:
    """Put the commands into their group."""
    group.add_typer(identity_app, name="identity")


@identity_app.command()
def show(member: UUID, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """看一个人:会员、名字、证据、档案 / show a person: memberships, names, evidence, profile."""
    with office_of(config) as office:
        sheet = identity_desk(office).sheet(office.tenant(), member)
    if as_json:
        say(words.sheet_values(sheet), as_json=True)
        return
    said = {
        "person": sheet.person,
        "members": ", ".join(one.member for one in sheet.members),
        "points": sheet.profile.points,
        "consents": _pairs(sheet.profile.consents),
        "properties": _pairs(sheet.profile.properties),
    }
    say(said, as_json=False)
    table = table_of("编号 link", "名字 name", "名字 name", "来源 source", "状态 state")
    for one in sheet.evidence:
        why = sheet.refused.get(one.link.link_id, "")
        state = f"撤回 {one.retracted_by}: {one.retracted_why}" if not one.stands else why or "✓"
        ends = text_of(one.link.first), text_of(one.link.second)
        table.add_row(one.link.link_id, *ends, one.link.source, state)
    out.print(table)


@identity_app.command()
def candidates(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """等人看的成对资料 / pairs that wait for a person's look."""
    with office_of(config) as office:
        queue = identity_desk(office).queue(office.tenant())
    if as_json:
        say(words.queue_values(queue), as_json=True)
        return
    if not queue.pairs:
        say_none("没有等人看的 / nothing waits; insight identity search 现在就找 searches now")
    table = table_of("编号 pair", "可能 likely", "名字 name", "名字 name", "凭什么 signs")
    for one in queue.pairs:
        ends = text_of(one.first), text_of(one.second)
        table.add_row(str(one.candidate_id), f"{one.likely:.3f}", *ends, _pairs(one.signs))
    if queue.pairs:
        out.print(table)


@identity_app.command()
def link(  # noqa: PLR0913  # each is an option of the command line
    first: NameArgument,
    second: NameArgument,
    reason: ReasonOption,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    apart: Annotated[bool, typer.Option("--apart", help="这是两个人 they are two")] = False,
    as_json: JsonOption = False,
) -> None:
    """说两个名字是(或不是)同一个人 / say that two names are, or are not, one person."""
    with office_of(config) as office:
        who = office.access.who(token)
        ends = handle_of(first), handle_of(second)
        made = identity_desk(office).say(who, ends, reason, apart=apart)
    say({"link": str(made)}, as_json=as_json)


@identity_app.command()
def unlink(
    link_id: LinkArgument,
    reason: ReasonOption,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """撤回一条证据,合并的积分随之拆开 / take evidence back; wallets it joined are parted."""
    with office_of(config) as office:
        identity_desk(office).unlink(office.access.who(token), link_id, reason)
    say({"link": str(link_id), "retracted": True}, as_json=as_json)


@identity_app.command()
def block(  # each is an option of the command line
    name: NameArgument,
    reason: ReasonOption,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    off: Annotated[bool, typer.Option("--off", help="不再屏蔽 let it name somebody again")] = False,
    as_json: JsonOption = False,
) -> None:
    """屏蔽一个谁也不代表的值 / let a value name nobody, such as a shop's own number."""
    with office_of(config) as office:
        desk, who = identity_desk(office), office.access.who(token)
        (desk.unblock if off else desk.block)(who, handle_of(name), reason)
    say({"name": name, "blocked": not off}, as_json=as_json)


@identity_app.command()
def history(
    name: NameArgument, config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """一个名字的全部证据,撤回的也在 / all evidence of a name, taken back or not."""
    with office_of(config) as office:
        rows = identity_desk(office).history(office.tenant(), handle_of(name))
    if as_json:
        say({"evidence": [words.evidence_values(one) for one in rows]}, as_json=True)
        return
    for one in rows:
        sign = "≠" if one.link.apart else "="
        said = f"{text_of(one.link.first)} {sign} {text_of(one.link.second)}"
        gone = "" if one.stands else f"  撤回 {one.retracted_by}: {one.retracted_why}"
        out.print(f"{one.link.link_id}  {said}  {one.link.source}{gone}", markup=False)
    if not rows:
        say_none("没有证据说到它 / no evidence names it")


@identity_app.command()
def search(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """现在就找可能是同一个人的(每晚自动)/ search for pairs now; the cloud does it each night."""
    with office_of(config) as office:
        tenant = office.tenant()
        searching = searching_of(office, LinkProcess(office.settings.analytics_memory))
        run = searching.search(tenant, searching.ask(tenant, "cli"))
    say(words.run_values(run), as_json=as_json)


@identity_app.command()
def settle(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """把没算完的证据算完(云端平时自己算)/ settle what is due; the cloud does it by itself."""
    with office_of(config) as office:
        done = settling_of(office).everything(office.tenant())
    counts = {"names": done.names, "changed": done.changed}
    say(counts | {"poured": done.poured, "parted": done.parted}, as_json=as_json)


def _pairs(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())
