"""A file of rows, read as a stream: CSV, gzip too, in the encodings that spreadsheets write."""

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

_PIECE = 1 << 20
_SAMPLE = 1 << 16
_GZIP = b"\x1f\x8b"
_CELL_CHARS_MAX = 1 << 17


@dataclass(slots=True)
class Rows:
    """An open file: its header, and its rows with their numbers (the header is 1).

    `bytes_read` and `bytes` say how far it is, in the file's own bytes.
    """

    header: list[str]
    reader: Iterator[dict[str | None, str]]
    raw: IO[bytes]
    bytes: int
    line: int = field(default=1)

    @property
    def bytes_read(self) -> int:
        """How much of the file was read."""
        return self.raw.tell()

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the rows."""
        for cells in self.reader:
            self.line += 1
            yield self.line, {name: cell for name, cell in cells.items() if name is not None}


def sha_of(path: Path) -> bytes:
    """Return a file's hash, read in pieces."""
    found = sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.digest()


@contextmanager
def opened(path: Path) -> Iterator[Rows]:
    """Open a file. Fault IMPORT_COLUMNS for one without a header."""
    csv.field_size_limit(_CELL_CHARS_MAX)
    with path.open("rb") as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        content: IO[bytes] = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
        sample = content.read(_SAMPLE)
        content.seek(0)
        text = io.TextIOWrapper(content, _encoding(sample), newline="")
        try:
            yield _rows(text, raw, path.stat().st_size, sample)
        except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, csv.Error) as error:
            reason = type(error).__name__
            raise Fault(FaultCode.IMPORT_COLUMNS, missing=reason, found="") from None
        finally:
            text.detach()


def _rows(text: io.TextIOWrapper, raw: IO[bytes], size: int, sample: bytes) -> Rows:
    first = sample.partition(b"\n")[0]
    delimiter = max("\t;,", key=lambda one: (first.count(one.encode()), one == ","))
    reader = csv.DictReader(text, delimiter=delimiter, restval="")
    header = [name.strip() for name in reader.fieldnames or ()]
    if not any(header):
        raise Fault(FaultCode.IMPORT_COLUMNS, missing="header", found="")
    reader.fieldnames = header
    return Rows(header, reader, raw, size)


def _encoding(sample: bytes) -> str:
    """Return how a text is written: UTF-8, else as Chinese spreadsheets write it."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        # A letter may be cut off where the sample ends.
        sample[: sample.rfind(b"\n") + 1 or len(sample)].decode("utf-8-sig")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"
