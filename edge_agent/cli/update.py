"""`edge-agent update`: what runs on this box, what is wanted, and why it is not there yet."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from edge_agent.adapters.slot_folder import SlotFolder
from edge_agent.cli.ask_agent import running_agent
from edge_agent.settings import load_settings
from retail_core.errors import Fault
from retail_core.fleet.slots import NAMES

EXIT_FAULT = 3
WORDS = {
    "held": "还没轮到 / not its turn yet",
    "fetching": "在下载 / being fetched",
    "ready": "已装好,等换 / in place, waits to be switched to",
    "trying": "试用中 / on trial",
    "proved": "已确认 / has proved itself",
    "failed": "失败,已退回 / failed; the box went back",
    "refused": "拒收 / refused",
}
WAITS = {
    "clock": "等时间 / for the time",
    "window": "等时段 / for its hours",
    "basket": "等购物篮 / for a basket",
}
update_app = typer.Typer(help="版本更新 / releases", no_args_is_help=True)


@update_app.command("status")
def status(
    config: Annotated[Path, typer.Option("--config", "-c", metavar="FILE")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """现在跑哪个版本、要换成哪个、卡在哪 / what runs, what is wanted, and what it waits for.

    Asks the running agent; where none runs, reads the slots. Exit codes: 0 said, 3 a coded fault.
    """
    try:
        settings = load_settings(config)
        agent = running_agent(settings)
        if agent is None:
            found: dict[str, Any] = {"slots": _slots(settings.config.data_dir)}
        else:
            found = agent.ask("GET", "/v1/tech/update")
    except Fault as fault:
        _fail(fault)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for line in _slot_lines(found["slots"]) if agent is None else _lines(found):
        typer.echo(line)


def _lines(said: Mapping[str, Any]) -> list[str]:
    lines = [f"运行 runs      {said['version']} · {said['slot']}"]
    if not said["managed"]:
        return [*lines, "本机不收更新 / this box takes no releases"]
    if said["wanted_number"]:
        stage = WORDS.get(str(said["stage"]), str(said["stage"]))
        lines.append(f"要换 wanted    {said['wanted_version']} · {stage}")
    if said["stage"] == "trying":
        sales = f"{said['sales']}/{said['sales_needed']}"
        lines.append(f"销售 sales     {sales} · 出错 broke {said['breaks']}")
    if said["waits"]:
        holder = f" · {said['holder']}" if said["holder"] else ""
        hours = f" · {said['window']}" if said["waits"] == "window" else ""
        lines.append(f"在等 waits     {WAITS[str(said['waits'])]}{hours}{holder}")
    if said["code"]:
        lines += [f"原因 why       {said['code']} {said['zh']}", f"               {said['en']}"]
    return lines


def _slots(data_dir: Path) -> dict[str, Any]:
    slots = SlotFolder(data_dir).read()
    found: dict[str, Any] = {"active": slots.active or "factory", "starts": slots.starts}
    for name in NAMES:
        one = slots.slot(name)
        found[name] = {"stage": one.stage.value, "version": one.version, "code": one.code}
    return found


def _slot_lines(slots: Mapping[str, Any]) -> list[str]:
    return [f"{name:<10}{value}" for name, value in slots.items()]


def _fail(fault: Fault) -> NoReturn:
    typer.echo(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}", err=True)
    raise typer.Exit(EXIT_FAULT)
