"""`regulars bundle replay`: what past sales would have cost under a draft."""

import signal
from codecs import BOM_UTF8
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from regulars_cli.common import (
    JsonOption,
    LangOption,
    coded_errors,
    err,
    language_of,
    out,
    print_json,
    read,
    write,
)
from regulars_cli.rehearsing import Plan, Stage
from regulars_cli.replay_page import page
from regulars_cli.replay_report import Report, show
from retail_core import limits
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.pricing.rules.context import MemberContext
from retail_core.pricing.rules.files import WHOLE, read_member
from retail_core.pricing.rules.reading import Misfit, decode
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

EXIT_INTERRUPTED = 130


def replay(  # noqa: PLR0913 -- a command's options
    bundle: Annotated[Path, typer.Option("--bundle", "-b", help="草稿 / the draft")],
    sales: Annotated[Path, typer.Option("--sales", "-s", help="销售文件 / the sales file")],
    against: Annotated[
        Path | None,
        typer.Option(help="和这份规则比,省略则和实付比 / old rules, else what was paid"),
    ] = None,
    members: Annotated[
        Path | None, typer.Option(help="会员 JSONL:id 加会员字段 / members, one a line")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="另写一页 HTML / write a page too")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="中断后从这里接着算 / take up from here after a stop")
    ] = None,
    *,
    workers: Annotated[int, typer.Option(min=0, help="进程数,0 为核数 / processes")] = 0,
    nodes: Annotated[
        int, typer.Option(min=1, help="每笔搜索上限 / search limit a receipt")
    ] = limits.SOLVER_NODES_MAX,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """用过去的销售演练一份草稿 / Rehearse a draft on past sales.

    Exit codes: 0 done, 2 the command is wrong, 3 a file is not valid, 130 stopped by ^C (what was
    rehearsed until then is shown, and kept with --checkpoint).
    """
    language = language_of(lang)
    with coded_errors(language):
        draft = read(bundle)
        rules = parse_bundle(draft)
        old = None if against is None else read(against)
        if old is not None:
            parse_bundle(old)
        plan = Plan(draft, old, read_members(members), nodes)
        stage = Stage(plan, sales, checkpoint, workers)
        _run(stage, sales)
        report = Report(stage.saved.tally, rules, complete=stage.complete, against_paid=old is None)
        if html is not None:
            write(html, page(report, language).encode())
    if as_json:
        print_json(report.as_json())
    else:
        show(report, out, language)
    if not report.complete:
        raise typer.Exit(EXIT_INTERRUPTED)


def read_members(path: Path | None) -> dict[str, MemberContext]:
    """Read members, one JSON object a line: `id` and the fields of a member file (Fault P123)."""
    members: dict[str, MemberContext] = {}
    content = b"" if path is None else read(path).removeprefix(BOM_UTF8)
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            file = Words(f"{path}, line {number}", f"{path} 第 {number} 行")
            name, fields = _named(line, file)
            members[name] = read_member(fields, file)
    return members


def _named(line: bytes, file: Words) -> tuple[str, bytes]:
    """Return a member's id and the line without it."""
    found = decode(line, dict[str, msgspec.Raw])
    if not isinstance(found, Misfit) and "id" not in found:
        found = Misfit("", Words("the field id is missing", "缺少字段 id"))
    if not isinstance(found, Misfit):
        name = decode(bytes(found.pop("id")), str)
        if not isinstance(name, Misfit):
            return name, msgspec.json.encode(found)
        found = Misfit("id", name.said)
    raise Fault(
        FaultCode.PRICING_FILE_INVALID, file=file, place=found.place or WHOLE, reason=found.said
    )


def _run(stage: Stage, sales: Path) -> None:
    """Rehearse with a progress bar on stderr; ^C ends it between two chunks."""
    before = signal.signal(signal.SIGINT, lambda _signal, _frame: stage.stop())
    try:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=err,
            transient=True,
        ) as bar:
            task = bar.add_task("0", total=sales.stat().st_size)
            stage.run(
                lambda position, receipts: bar.update(
                    task, completed=position, description=f"{receipts:,}"
                )
            )
    finally:
        signal.signal(signal.SIGINT, before)
