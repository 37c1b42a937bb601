"""Rehearse a sales file over all cores: in order, in constant memory, safe to stop.

The file is read in chunks of lines; at most two chunks a worker are under way. Tallies are merged
in the order of the file, so what is saved at any moment is the tally of its first so many lines.
"""

import gzip
import hashlib
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, cast

import msgspec

from retail_core.errors import Fault
from retail_core.pricing.rehearsal.replay import Rehearsal, Tally, merge
from retail_core.pricing.rehearsal.sold import read_sold
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.pricing.rules.context import MemberContext
from retail_core.struct_types import make_ready
from retail_core.texts.faults import FaultCode
from retail_core.texts.system_words import system_words

CHUNK_LINES = 200
CHUNKS_A_WORKER = 2
SAVE_EVERY_CHUNKS = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What to rehearse: the rule files' bytes, who is who, and how hard to search."""

    draft: bytes
    against: bytes | None
    members: dict[str, MemberContext]
    nodes_max: int

    def fingerprint(self, sales: Path) -> str:
        """Name what a saved state belongs to: these rules, people and this file."""
        digest = hashlib.sha256(self.draft)
        digest.update(self.against or b"")
        digest.update(msgspec.json.encode(self.members, order="deterministic"))
        digest.update(f"{self.nodes_max} {sales.stat().st_size}".encode())
        return digest.hexdigest()


class Saved(msgspec.Struct):
    """The tally of a file's first `lines` lines."""

    fingerprint: str
    lines: int = 0
    tally: Tally = msgspec.field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class _Chunk:
    first_line: int
    lines: list[bytes]
    position: int


class _Worker:
    """What a worker process keeps between chunks."""

    rehearsal: Rehearsal
    members: dict[str, MemberContext]


def _begin(plan: Plan) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to stop
    make_ready()
    draft = parse_bundle(plan.draft)
    against = None if plan.against is None else parse_bundle(plan.against)
    _Worker.rehearsal = Rehearsal(draft, against, plan.nodes_max)
    _Worker.members = plan.members


def _work(first_line: int, lines: list[bytes]) -> Tally:
    tally = Tally()
    for number, line in enumerate(lines, start=first_line):
        if line.strip():
            sold = read_sold(line, number)
            _Worker.rehearsal.add(tally, sold, _Worker.members.get(sold.member))
    return tally


def open_sales(path: Path) -> tuple[IO[bytes], Callable[[], int]]:
    """Open a sales file, packed by gzip or not, and tell how far into it one is (Fault P130)."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise Fault(FaultCode.FILE_UNREADABLE, path=path, detail=system_words(error)) from None
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(raw, "rb")), raw.tell
    return raw, raw.tell


def _chunks(path: Path, skip: int) -> Iterator[_Chunk]:
    file, position = open_sales(path)
    with file:
        number = skip + 1
        lines = islice(file, skip, None)
        try:
            while chunk := list(islice(lines, CHUNK_LINES)):
                yield _Chunk(number, chunk, position())
                number += len(chunk)
        except (OSError, EOFError) as error:
            raise Fault(FaultCode.FILE_UNREADABLE, path=path, detail=system_words(error)) from None


class Stage:
    """A rehearsal under way; `saved` is right at any moment, also after an interruption."""

    def __init__(self, plan: Plan, sales: Path, checkpoint: Path | None, workers: int) -> None:
        self._plan = plan
        self._sales = sales
        self._checkpoint = checkpoint
        self._workers = workers or os.cpu_count() or 1
        self._stopped = False
        self.saved = self._begin()

    def stop(self) -> None:
        """End after the chunk that is being counted."""
        self._stopped = True

    @property
    def complete(self) -> bool:
        """Tell whether the whole file was counted."""
        return not self._stopped

    def _begin(self) -> Saved:
        try:
            fresh = Saved(self._plan.fingerprint(self._sales))
        except OSError as error:
            raise Fault(
                FaultCode.FILE_UNREADABLE, path=self._sales, detail=system_words(error)
            ) from None
        if self._checkpoint is None or not self._checkpoint.exists():
            return fresh
        try:
            found = msgspec.json.decode(self._checkpoint.read_bytes(), type=Saved)
        except OSError as error:
            raise Fault(
                FaultCode.FILE_UNREADABLE, path=self._checkpoint, detail=system_words(error)
            ) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Fault(FaultCode.CHECKPOINT_FOREIGN, path=self._checkpoint) from None
        return found if found.fingerprint == fresh.fingerprint else fresh

    def run(self, progress: Callable[[int, int], None]) -> None:
        """Rehearse to the end; `progress` hears the bytes read and the receipts counted."""
        self._save()  # a place that cannot be written is said before the work, not after it
        context = multiprocessing.get_context("forkserver")
        with ProcessPoolExecutor(
            self._workers, mp_context=context, initializer=_begin, initargs=(self._plan,)
        ) as pool:
            try:
                self._feed(pool, progress)
            except BrokenProcessPool:
                raise Fault(
                    FaultCode.SALES_FILE_INVALID, line=self.saved.lines + 1, detail="worker died"
                ) from None
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
                self._save()

    def _feed(self, pool: ProcessPoolExecutor, progress: Callable[[int, int], None]) -> None:
        under_way: deque[tuple[_Chunk, Future[Tally]]] = deque()
        since_saved = 0
        for chunk in _chunks(self._sales, self.saved.lines):
            if self._stopped:
                return
            under_way.append((chunk, pool.submit(_work, chunk.first_line, chunk.lines)))
            if len(under_way) > CHUNKS_A_WORKER * self._workers:
                self._take(*under_way.popleft(), progress)
                since_saved += 1
            if since_saved >= SAVE_EVERY_CHUNKS:
                self._save()
                since_saved = 0
        while under_way and not self._stopped:
            self._take(*under_way.popleft(), progress)

    def _take(
        self, chunk: _Chunk, done: Future[Tally], progress: Callable[[int, int], None]
    ) -> None:
        merge(self.saved.tally, done.result())
        self.saved.lines += len(chunk.lines)
        progress(chunk.position, self.saved.tally.receipts)

    def _save(self) -> None:
        if self._checkpoint is None:
            return
        part = self._checkpoint.with_name(f"{self._checkpoint.name}.part")
        try:
            part.write_bytes(msgspec.json.encode(self.saved))
            part.replace(self._checkpoint)
        except OSError as error:
            raise Fault(
                FaultCode.FILE_UNWRITABLE, path=self._checkpoint, detail=system_words(error)
            ) from None
