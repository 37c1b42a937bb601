"""`edge-agent evaluate escpos DIR`: how well recorded receipts are read."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.evaluate import MANIFEST, Score
from edge_agent.drivers.till_escpos.evaluate import evaluate as score_of
from edge_agent.evaluate.output import FolderArgument, JsonOption, print_json, refuse, shipped
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PROFILE = "generic-auto"


def escpos(
    folder: FolderArgument,
    *,
    as_json: JsonOption = False,
    profile: Annotated[str, typer.Option(metavar="NAME", help="收银机型 / till profile")] = PROFILE,
    profiles_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="机型文件夹,缺省 device_configs / where the profiles are"),
    ] = None,
) -> None:
    """小票读取准确度,文件夹含 manifest.jsonl / How well receipts are read (manifest.jsonl)."""
    try:
        beside = profiles_dir or shipped("device_configs")
        score = _score(folder, load_profile(beside, profile, TillProfile))
    except Fault as fault:
        refuse(fault)
    if as_json:
        print_json(asdict(score))
    else:
        Console(emoji=False).print(_table(score))


def _score(folder: Path, profile: TillProfile) -> Score:
    try:
        return score_of(folder, profile)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        detail = f"{type(error).__name__}: {error}"
        path = folder / MANIFEST
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail=detail) from error


def _table(score: Score) -> Table:
    table = Table("项目 / what", "值 / value", box=None, pad_edge=False, header_style="dim")
    table.add_row("销售小票 / sales", str(score.sales))
    table.add_row("合计全对 / totals exact and trusted", str(score.total_exact))
    table.add_row("商品 F1 / articles, F1", f"{score.item_f1:.4f}")
    table.add_row("误认销售 / false sales", str(score.false_sales))
    table.add_row("合计读错却采信 / trusted with a wrong total", str(score.wrong_totals))
    table.add_row("不认识的字节 / bytes not understood", str(score.unknown_bytes))
    return table
