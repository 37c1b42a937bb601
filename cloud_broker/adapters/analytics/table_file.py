"""Tables in files: CSV with any separator, columns set apart by blanks, gzip, UTF-8 or GB 18030."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from retail_core.errors import Fault
from retail_core.insight.tabular.columns import has_header
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

Told = Callable[[int, int], None]
_HEAD = 65_536
_EVERY = 20_000
_GZIP = b"\x1f\x8b"
_SEPARATORS = (",", "\t", ";", "|")


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows, numbered as an editor counts; `header` None where no row names the columns."""

    header: Sequence[str] | None
    rows: Iterator[tuple[int, Sequence[str]]]


@contextmanager
def open_table(path: Path, told: Told | None = None) -> Iterator[Table]:
    """Open a table; `told` hears of bytes read and of how many there are. Faults E101, E102."""
    with open_text(path) as (text, raw):
        with readable(path):
            rows = _rows(text, _separator(text))
            first = next(rows, None)
        if first is None:
            raise Fault(FaultCode.INSIGHT_FILE_EMPTY, name=path.name)
        header = [cell.strip() for cell in first[1]] if has_header(first[1]) else None
        counted = _counted(path, first if header is None else None, rows, raw, told)
        yield Table(header, counted)


@contextmanager
def open_text(path: Path) -> Iterator[tuple[io.TextIOWrapper, IO[bytes]]]:
    """Open a file as text, and its bytes on the disk. Fault E101."""
    with readable(path), path.open("rb") as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        head = gzip.GzipFile(fileobj=raw).read(_HEAD) if packed else raw.read(_HEAD)
        raw.seek(0)
        plain = gzip.GzipFile(fileobj=raw) if packed else raw
        encoding = _encoding(head, path)
        with io.TextIOWrapper(plain, encoding=encoding, newline="") as text:
            yield text, raw


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file is read into fault E101."""
    try:
        yield
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as wrong:
        raise Fault(FaultCode.INSIGHT_FILE_UNREADABLE, name=path.name, why=str(wrong)) from None


def _encoding(head: bytes, path: Path) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in head:
        raise Fault(
            FaultCode.INSIGHT_FILE_UNREADABLE,
            name=path.name,
            why=Words("it is no text", "不是文本文件"),
        )
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _separator(text: io.TextIOWrapper) -> str:
    """Return what sets columns apart, "" for blanks, by the first lines."""
    lines = [line for line in text.read(_HEAD // 2).splitlines()[:20] if line.strip()]
    text.seek(0)
    for separator in _SEPARATORS:
        if lines and all(separator in line for line in lines):
            return separator
    best = max(_SEPARATORS, key=lambda one: sum(line.count(one) for line in lines))
    if any(best in line for line in lines):
        return best
    blanks = all(len(line.split()) > 1 for line in lines)
    numbers = all(cell.isdecimal() for line in lines for cell in line.split())
    return "" if lines and (blanks or numbers) else best


def _rows(text: io.TextIOWrapper, separator: str) -> Iterator[tuple[int, Sequence[str]]]:
    if not separator:
        for number, line in enumerate(text, 1):
            if cells := line.split():
                yield number, cells
        return
    reader = csv.reader(text, delimiter=separator)
    for cells in reader:
        if cells and (len(cells) > 1 or cells[0].strip()):
            yield reader.line_num, cells


def _counted(
    path: Path,
    first: tuple[int, Sequence[str]] | None,
    rows: Iterator[tuple[int, Sequence[str]]],
    raw: IO[bytes],
    told: Told | None,
) -> Iterator[tuple[int, Sequence[str]]]:
    if first is not None:
        yield first
    size = path.stat().st_size
    with readable(path):
        for nth, row in enumerate(rows):
            if told is not None and nth % _EVERY == 0:
                told(raw.tell(), size)
            yield row
    if told is not None:
        told(size, size)
