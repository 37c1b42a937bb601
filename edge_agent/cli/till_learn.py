"""`edge-agent till learn`: from a few receipts of a till to a profile that reads them."""

import json
import time
from base64 import b64decode
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from edge_agent.bootstrap.teaching import keep, teach
from edge_agent.cli.ask_agent import NOT_RUNNING, RunningAgent, running_agent
from edge_agent.cli.till_devices import OperatorOption, PinOption
from edge_agent.domain.taught import Sample, Taught
from edge_agent.services.tills.lessons import Lesson
from edge_agent.settings import load_settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

EXIT_UNSURE = 1
EXIT_REFUSED = 2
WANTED = 10
ASK_AGAIN_S = 1.0
SamplesArgument = Annotated[
    Path | None,
    typer.Argument(metavar="SAMPLES", help="样张文件夹,里面是 *.bin / a folder of *.bin streams"),
]
NameOption = Annotated[
    str,
    typer.Option(help="配置的名字,小写字母、数字和 - / the profile's name", show_default=False),
]
OutOption = Annotated[Path, typer.Option(metavar="DIR", help="机型文件夹 / where profiles are")]
LiveOption = Annotated[
    str, typer.Option(metavar="TILL", help="从正在卖的收银机收样张 / take samples from this till")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", metavar="FILE", help="与 --live 一起 / with --live")
]


def learn(  # noqa: PLR0913 -- one option each
    name: NameOption,
    samples: SamplesArgument = None,
    out: OutOption = Path("device_configs"),
    live: LiveOption = "",
    config: ConfigOption = None,
    wanted: Annotated[
        int, typer.Option("--samples", min=3, max=20, help="现场收几张 / how many, with --live")
    ] = WANTED,
    title: Annotated[str, typer.Option(help="给人看的名字 / a title for people")] = "",
    operator: OperatorOption = "",
    pin: PinOption = "",
    *,
    write: Annotated[bool, typer.Option("--write", help="写文件 / write the profile")] = False,
    force: Annotated[bool, typer.Option("--force", help="换掉已有的 / replace one")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """从几张样张学会一台收银机的小票,默认只看不写 / Learn a till's receipts; writes with --write.

    Exit codes: 0 every sample is read, 1 some are not, 2 refused with a code.
    """
    try:
        taken = _taken(samples, live, config, wanted, (operator, pin))
        learned = _learned(taken, name, title or name)
        path = keep(out, name, learned.profile, force=force) if write else None
    except Fault as fault:
        refuse(fault)
    if as_json:
        told = {**asdict(learned), "file": str(path) if path else None}
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _show(learned, path)
    if not all(sample.reads for sample in learned.samples):
        raise typer.Exit(EXIT_UNSURE)


def _taken(
    folder: Path | None, live: str, config: Path | None, wanted: int, who: tuple[str, str]
) -> list[Sample]:
    if live:
        if config is None:
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="--config", detail="needed for --live")
        agent = running_agent(load_settings(config))
        if agent is None:
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="run", detail=NOT_RUNNING)
        number = who[0] or typer.prompt("工号 / operator", err=True)
        pin = who[1] or typer.prompt("PIN", hide_input=True, err=True)
        return collect(agent.signed_in(number, pin), live, wanted)
    if folder is None:
        raise Fault(FaultCode.LEARN_SAMPLE_UNREADABLE, name="SAMPLES", detail="no folder, no till")
    return read_samples(folder)


def read_samples(folder: Path) -> list[Sample]:
    """Return the streams of a folder; Fault LEARN_SAMPLE_UNREADABLE."""
    if not folder.is_dir():
        raise Fault(FaultCode.LEARN_SAMPLE_UNREADABLE, name=folder, detail="not a folder")
    found: list[Sample] = []
    for path in sorted(folder.glob("*.bin")):
        try:
            found.append(Sample(path.stem, path.read_bytes()))
        except OSError as error:
            detail = error.strerror
            raise Fault(FaultCode.LEARN_SAMPLE_UNREADABLE, name=path.name, detail=detail) from None
    return found


def collect(agent: RunningAgent, till: str, wanted: int) -> list[Sample]:
    """Collect receipts while the shop sells; Ctrl-C ends it with those that came."""
    tills = agent.ask("GET", "/v1/tech/tills")["tills"]
    found = next((one["till"] for one in tills if till in (one["till"], one["name"])), None)
    if found is None:
        raise Fault(FaultCode.LEARN_NOT_LISTENING, till=till)
    path = f"/v1/tech/tills/{found}/samples"
    agent.ask("POST", path, {})
    said: dict[str, Any] = {"samples": []}
    with Progress(console=Console(emoji=False, stderr=True)) as progress:
        task = progress.add_task("等待小票 / waiting for receipts", total=wanted)
        try:
            while len(said["samples"]) < wanted:
                time.sleep(ASK_AGAIN_S)
                said = agent.ask("GET", f"{path}?data=true")
                progress.update(task, completed=len(said["samples"]))
        except KeyboardInterrupt:
            progress.stop()
    agent.ask("DELETE", path)
    return [Sample(one["name"], b64decode(one["data"])) for one in said["samples"]]


def _learned(samples: list[Sample], name: str, title: str) -> Taught:
    """Learn with a bar on stderr."""
    with Progress(console=Console(emoji=False, stderr=True), transient=True) as progress:
        task = progress.add_task("学习 / learning", total=None)
        return teach(
            samples,
            Lesson(name, title),
            lambda done, of: progress.update(task, completed=done, total=of),
        )


def _show(learned: Taught, path: Path | None) -> None:
    out = Console(emoji=False, soft_wrap=True)
    table = Table("", "样张 / sample", "识别 / read", box=None, pad_edge=False, header_style="dim")
    for one in learned.samples:
        total = "-" if one.total_fen is None else f"{one.total_fen / 100:.2f}"
        left = {None: "", True: "  留一 ✓", False: "  留一 ✗ left out: not read"}[one.left_out]
        auto = "" if one.automatic else "  (无配置读不了 / not without a profile)"
        mark = "[green]✓[/]" if one.reads else "[red]✗[/]"
        said = f"{one.kind} {total} {one.fault or ''}{left}{auto}"
        table.add_row(mark, escape(one.name), escape(said))
    out.print(table)
    for finding in learned.findings:
        sure = "[green]已证实 proven[/]" if finding.proof == "proven" else "[yellow]推测 guess[/]"
        out.print(f"{sure} {finding.what}: {escape(finding.value)} ({finding.samples})")
    out.print("")
    out.print(escape(learned.profile))
    where = f"已写入 / written: {path}" if path else "没有写文件,加 --write 才写 / not written"
    out.print(escape(where))


def refuse(fault: Fault) -> NoReturn:
    """Say why and end with exit code 2."""
    said = f"{escape(fault.text('zh'))}\n     {escape(fault.text('en'))}"
    Console(emoji=False, stderr=True, soft_wrap=True).print(f"[red]{fault.code}[/] {said}")
    raise typer.Exit(EXIT_REFUSED)
