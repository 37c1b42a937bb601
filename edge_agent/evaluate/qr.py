"""`edge-agent evaluate qr DIR`: how well codes are read, beside each decoder alone and a peer."""

from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from edge_agent.drivers.qr.decoders import load_zbar, zbar, zxing
from edge_agent.drivers.qr.evaluate import (
    MANIFEST,
    NOT_COUNTED,
    Example,
    Reader,
    Score,
    examples,
    measure,
)
from edge_agent.drivers.qr.reader import QrCascade, as_grey
from edge_agent.drivers.qr.sightings import Sighting
from edge_agent.evaluate.output import FolderArgument, JsonOption, print_json, refuse
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

Picture = NDArray[np.uint8]

CASCADE, FIRST = "cascade", "zxing"
NOT_THERE = (
    "没有这个文件,每张图片一行 JSON:file、category、kind、expected 或 quads"
    " / it is not there; a line of JSON for each picture: file, category, kind, expected or quads"
)


def qr(folder: FolderArgument, *, as_json: JsonOption = False) -> None:
    """会员码读取准确度,文件夹含 manifest.jsonl / How well codes are read (manifest.jsonl)."""
    try:
        (todo, unusable), readers = _examples(folder), all_readers()
    except Fault as fault:
        refuse(fault)
    cv2.setNumThreads(1)
    with Progress(console=Console(emoji=False, stderr=True), transient=True) as progress:
        task = progress.add_task("QR", total=len(todo))
        scores = measure(todo, readers, lambda: progress.advance(task))
    if as_json:
        print_json(as_report(scores, unusable))
    else:
        _print(scores, unusable)


def as_report(scores: dict[str, Score], unusable: int) -> dict[str, object]:
    """Return the cascade's counts; `ms_median` is its first look's, `ms_p95` the whole's."""
    whole = scores[CASCADE]
    return {
        **whole.as_json(),
        "ms_median": scores[FIRST].percentile_ms(50),
        "broken": whole.broken,
        "files_missing": whole.missing,
        "lines_unusable": unusable,
        "right_percent": _percent(whole.codes.right, whole.codes.total),
        "not_counted": sorted(NOT_COUNTED & whole.by_set.keys()),
        "by_set": {name: one.as_json() for name, one in sorted(whole.by_set.items())},
        "by_decoder": {name: score.as_json() for name, score in scores.items()},
    }


def _examples(folder: Path) -> tuple[list[Example], int]:
    path = folder / MANIFEST
    try:
        return examples(folder)
    except FileNotFoundError as error:
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail=NOT_THERE) from error
    except (OSError, ValueError) as error:
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail=error) from error


def all_readers() -> dict[str, Reader]:
    """Return ours, each decoder alone and the peer."""
    library, cascade, peer = load_zbar(), QrCascade(), cv2.QRCodeDetector()
    return {
        CASCADE: cascade.look_hard,
        FIRST: lambda image: zxing(as_grey(image)),
        "zbar": lambda image: zbar(as_grey(image), library),
        "opencv": lambda image: _opencv(image, peer),
    }


def _opencv(image: Picture, detector: Any) -> list[Sighting]:
    """Ask OpenCV's detector, as somebody would who has nothing else; it may raise."""
    done, texts, quads, _ = detector.detectAndDecodeMulti(image)
    if not done:
        return []
    return [
        Sighting(tuple(cast("Any", quad.tolist())), "opencv", text.encode(), text)
        for text, quad in zip(texts, quads, strict=True)
        if text
    ]


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def _print(scores: dict[str, Score], unusable: int) -> None:
    console = Console(emoji=False)
    readers = _table("读取器 / reader", "none", "ms", "ms p95")
    for name, score in scores.items():
        tally = score.codes
        silent = f"{score.none_silent}/{score.none_total}"
        times = (f"{score.percentile_ms(50):.1f}", f"{score.percentile_ms(95):.1f}")
        readers.add_row(name, *_counts(tally), silent, *times)
    sets = _table("集合 / set")
    for name, tally in sorted(scores[CASCADE].by_set.items()):
        sets.add_row(f"{name} *" if name in NOT_COUNTED else name, *_counts(tally))
    console.print(readers)
    console.print(sets)
    whole = scores[CASCADE]
    console.print(f"打不开的图片 / broken pictures {whole.broken};* 不计入合计 / not in the totals")
    if whole.missing or unusable:
        console.print(
            f"不存在的文件 / files missing {whole.missing};看不懂的行 / lines of no use {unusable}"
        )


def _table(first: str, *more: str) -> Table:
    heads = (first, "合计 total", "对 right", "错 wrong", "漏 missed", "%", *more)
    return Table(*heads, box=None, pad_edge=False, header_style="dim")


def _counts(tally: Any) -> tuple[str, ...]:
    counts = (tally.total, tally.right, tally.wrong, tally.missed)
    return (*map(str, counts), f"{_percent(tally.right, tally.total):.1f}")
