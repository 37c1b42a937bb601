"""A transaction whose statements travel together: they wait in libpq until an answer is needed.

The driver's own pipeline sends every statement by itself, a packet and two switches of process
each; for a lone sale with its forty statements that was most of what it cost. Here statements are
prepared once a connection, queued, and sent when somebody waits.
"""

import re
import select
from collections import deque, namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, cast

import psycopg
from psycopg import adapt, errors, pq
from psycopg.abc import Transformer
from psycopg.adapt import PyFormat

from cloud_broker.adapters.postgres.arrays import teach

_PLACE: Final = re.compile(r"%(?:\((\w+)\)([sb])|%)")
_FORMATS: Final = {"s": PyFormat.AUTO, "b": PyFormat.BINARY}
_ENCODING: Final = "utf-8"

Answer = Callable[[], pq.abc.PGresult]
"""Waits for a statement's result. Raises psycopg.Error, also that of a statement before it."""


@dataclass(slots=True)
class Kept:
    """What a connection keeps between transactions: prepared statements, and how values travel."""

    dump: Transformer
    load: Transformer
    poll: "select.poll"
    names: dict[tuple[str, tuple[int, ...]], bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, driver: psycopg.Connection[Any]) -> "Kept":
        """Begin with nothing prepared."""
        teach(driver)
        return cls(adapt.Transformer(driver), adapt.Transformer(driver), select.poll())


@dataclass(slots=True)
class _Waiting:
    """A result on its way; `sync` marks the end of the pipeline, which no empty result follows."""

    sync: bool = False
    result: pq.abc.PGresult | None = None


class Lane:
    """Statements of one transaction; used from one thread."""

    def __init__(self, driver: psycopg.Connection[Any], kept: Kept) -> None:
        self._pg = driver.pgconn
        self._kept = kept
        self._queue: deque[_Waiting] = deque()
        self._broke: psycopg.Error | None = None

    def send(self, statement: str, values: Mapping[str, object]) -> Answer:
        """Queue a statement with `%(name)s` placeholders; return what waits for its result."""
        query, names, formats = _compiled(statement)
        dump = self._kept.dump
        params = dump.dump_sequence([values[name] for name in names], formats)
        types = tuple(dump.types or ())
        key = statement, types
        if (name := self._kept.names.get(key)) is None:
            # Should it fail, so does the transaction, and the connection is not used again.
            name = self._kept.names[key] = b"lane_%d" % len(self._kept.names)
            self._pg.send_prepare(name, query, types)
            self._queue.append(_Waiting())
        self._pg.send_query_prepared(name, params, dump.formats)
        waiting = _Waiting()
        self._queue.append(waiting)
        return lambda: self._result(waiting)

    def rows(self, answer: Answer) -> Sequence[Any]:
        """Wait for a result and return its rows, fields by name."""
        result, load = answer(), self._kept.load
        load.set_pgresult(result)
        names = tuple((result.fname(at) or b"").decode() for at in range(result.nfields))
        return load.load_rows(0, result.ntuples, _row_of(names))

    def end(self) -> None:
        """Wait for everything. Raises psycopg.Error for what the database had against anything."""
        self._pg.pipeline_sync()
        self._queue.append(_Waiting(sync=True))
        while self._queue:
            self._read()
        self._pg.exit_pipeline_mode()
        if self._broke is not None:
            raise self._broke

    # ---- inside ---------------------------------------------------------------------------------

    def _result(self, waiting: _Waiting) -> pq.abc.PGresult:
        if waiting.result is None:
            self._pg.send_flush_request()
        while waiting.result is None and self._queue:
            self._read()
        if self._broke is not None:
            raise self._broke
        return cast("pq.abc.PGresult", waiting.result)

    def _read(self) -> None:
        """Take the next result; an error is kept for whoever waits."""
        waiting = self._queue.popleft()
        result = waiting.result = self._next()
        if not waiting.sync:
            self._next()
        if result is not None and result.status == pq.ExecStatus.FATAL_ERROR:
            self._broke = self._broke or errors.error_from_result(result, encoding=_ENCODING)

    def _next(self) -> pq.abc.PGresult | None:
        pg = self._pg
        while pg.flush():
            self._stir(select.POLLIN | select.POLLOUT)
        while pg.is_busy():
            self._stir(select.POLLIN)
        return pg.get_result()

    def _stir(self, events: int) -> None:
        """Wait until the socket has something, and take it in."""
        self._kept.poll.register(self._pg.socket, events)
        ready = self._kept.poll.poll()
        if any(seen & ~select.POLLOUT for _, seen in ready):
            self._pg.consume_input()


@contextmanager
def lane(driver: psycopg.Connection[Any], kept: Kept) -> Iterator[Lane]:
    """Open a lane on an idle connection; it is empty again afterwards, whatever happened."""
    driver.pgconn.enter_pipeline_mode()
    opened = Lane(driver, kept)
    try:
        yield opened
    except BaseException:
        if driver.pgconn.status == pq.ConnStatus.OK:
            _drain(opened)
        raise
    opened.end()


def _drain(opened: Lane) -> None:
    """Let nothing stay on its way; what it says is known already, or of no more interest."""
    try:
        opened.end()
    except psycopg.Error:
        return


@lru_cache(maxsize=1_024)
def _compiled(statement: str) -> tuple[bytes, tuple[str, ...], tuple[PyFormat, ...]]:
    """Return a statement with numbered places, their names, and how each travels."""
    places: dict[str, PyFormat] = {}

    def numbered(found: re.Match[str]) -> str:
        name, how = found.groups()
        if name is None:
            return "%"
        places.setdefault(name, _FORMATS[how])
        return f"${list(places).index(name) + 1}"

    query = _PLACE.sub(numbered, statement)
    return query.encode(), tuple(places), tuple(places.values())


@lru_cache(maxsize=1_024)
def _row_of(names: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    row: Any = namedtuple("Row", list(names), rename=True)  # type: ignore[misc]  # noqa: PYI024 -- its fields are a query's
    return cast("Callable[[Sequence[Any]], Any]", row._make)
