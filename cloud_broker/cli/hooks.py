"""Partner systems that are told of events."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from cloud_broker.bootstrap.hooks import hook_desk
from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, say, say_none
from cloud_broker.domain.hooks import HookKind

app = typer.Typer()
hooks_app = typer.Typer(help="推送 / webhooks of partner systems", no_args_is_help=True)
app.add_typer(hooks_app, name="webhook")
HookArgument = Annotated[UUID, typer.Argument(help="推送编号 the webhook's id")]
_MS = 1_000


@hooks_app.command("add")
def add(
    target: Annotated[str, typer.Argument(help="https://…")],
    name: Annotated[str, typer.Option(help="哪个系统 which system")],
    kind: Annotated[list[HookKind], typer.Option(help="可多次 repeatable")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """新建推送;密钥只显示这一次 / tell a partner of events; its secret is shown this once."""
    with office_of(config) as office:
        hook, secret = hook_desk(office).add(office.tenant(), name, target, tuple(kind), "cli")
    said = {"webhook": str(hook.hook), "kinds": list(hook.kinds), "secret": secret}
    say(said, as_json=as_json)


@hooks_app.command("list")
def list_hooks(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """列出推送和送达情况 / who is told of what, and how that fares."""
    with office_of(config) as office:
        found = hook_desk(office).hooks(office.tenant())
    for hook, count in found:
        standing = "failing" if hook.failing_ms is not None else "well"
        values = {
            "webhook": str(hook.hook),
            "name": hook.name,
            "target": hook.target,
            "kinds": list(hook.kinds),
            "state": standing if hook.paused_ms is None else "paused",
            "waiting": count.waiting,
            "given_up": count.given_up,
            "reason": hook.pause_reason or count.reason,
        }
        say(values, as_json=as_json)
    if not found:
        say_none("没有推送,新建用 webhook add / no partner is told of anything yet: webhook add")


@hooks_app.command("log")
def log(hook: HookArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """送达记录,新的在前 / its messages, newest first."""
    with office_of(config) as office:
        _, rows = hook_desk(office).hook(office.tenant(), hook)
    for row in rows:
        unsent = "waits" if row.given_up_ms is None else "given up"
        values = {
            "message": str(row.post.post),
            "made": f"{datetime.fromtimestamp(row.post.made_ms // _MS, UTC):%F %T} UTC",
            "kind": row.post.what,
            "state": unsent if row.sent_ms is None else "sent",
            "tries": row.post.tries,
            "reason": row.reason,
        }
        say(values, as_json=as_json)
    if not rows:
        say_none("还没有消息 / there is no message yet")


@hooks_app.command("replay")
def replay(
    hook: HookArgument,
    message: Annotated[
        UUID | None, typer.Option(help="只重发这一条 this one alone; 不写:全部放弃的 all given up")
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """重发,编号不变 / send again, under the same ids."""
    with office_of(config) as office:
        count = hook_desk(office).replay(office.tenant(), hook, message, "cli")
    say({"again": count}, as_json=as_json)


@hooks_app.command("rotate")
def rotate(hook: HookArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """换密钥,旧的再用一天 / draw the next secret; the old one signs for a day more."""
    with office_of(config) as office:
        secret = hook_desk(office).rotate(office.tenant(), hook, "cli")
    say({"webhook": str(hook), "secret": secret}, as_json=as_json)


@hooks_app.command("resume")
def resume(hook: HookArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """暂停的继续 / let a paused one go on."""
    with office_of(config) as office:
        hook_desk(office).resume(office.tenant(), hook, "cli")
    say({"resumed": str(hook)}, as_json=as_json)


@hooks_app.command("try")
def trial(hook: HookArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """发一条测试 / send a message that only shows that it arrives."""
    with office_of(config) as office:
        hook_desk(office).trial(office.tenant(), hook)
    say({"webhook": str(hook)}, as_json=as_json)


@hooks_app.command("remove")
def remove(hook: HookArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """停用 / tell them no more."""
    with office_of(config) as office:
        hook_desk(office).end(office.tenant(), hook, "cli")
    say({"removed": str(hook)}, as_json=as_json)
