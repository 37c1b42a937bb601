"""`edge-agent evaluate faces DIR`: how well faces are told apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from edge_agent.drivers.face_onnx.engine import FaceModels
from edge_agent.evaluate.face_page import page
from edge_agent.evaluate.face_report import FaceReport, evaluate_faces, figures
from edge_agent.evaluate.face_report import Progress as Told
from edge_agent.evaluate.face_texts import summary
from edge_agent.evaluate.output import FolderArgument, JsonOption, print_json, refuse, shipped
from retail_core.errors import Fault
from retail_core.identity.model_card import Profile
from retail_core.texts.faults import FaultCode

HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="写出单文件网页报告 / write a page with the plots"),
]
ModelsOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="模型文件夹,缺省 models / where the models are, else models"),
]
EmbedderOption = Annotated[
    Profile, typer.Option(metavar="NAME", help="特征网:mobilefacenet 或 dlib / the embedder")
]


def faces(
    folder: FolderArgument,
    *,
    as_json: JsonOption = False,
    html: HtmlOption = None,
    models_dir: ModelsOption = None,
    embedder: EmbedderOption = "mobilefacenet",
) -> None:
    """人脸准确度,文件夹含 labels.csv(file,identity)/ How well faces are told apart (labels.csv)."""
    try:
        beside = models_dir or shipped("models")
        models = FaceModels.load(beside, liveness=True, embedder=embedder)
        with _progress() as told:
            report = evaluate_faces(folder, models, told)
        if html is not None:
            _write(html, page(report))
    except Fault as fault:
        refuse(fault)
    if as_json:
        print_json(figures(report))
    else:
        Console(emoji=False).print(_table(report))


@contextmanager
def _progress() -> Iterator[Told]:
    # On standard error: the JSON on standard output stays alone.
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(emoji=False, stderr=True)
    ) as bar:
        tasks: dict[str, TaskID] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        yield told


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail=error) from error


def _table(report: FaceReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("项目 / what", "值 / value", "说明 / note"):
        table.add_column(heading)
    for line in summary(report):
        table.add_row(f"{line.zh} / {line.en}", line.value, line.note)
    return table
