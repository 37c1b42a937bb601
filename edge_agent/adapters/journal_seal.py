"""A seal on how far the journal has come: a file set back behind it is noticed at the start.

The seal is a small file signed with a key of this box and this board. It says how often the journal
was started, and how far it had come when it was last sealed: at a start, every few minutes, at a
stop. On the same card it finds a journal that was put back alone; on another medium (`places`) it
also finds a card set back whole. Only the cloud can find one whose every medium was set back.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import msgspec
import structlog

from edge_agent.adapters.journal_schema import Position
from edge_agent.adapters.journal_sqlite import SqliteJournal
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

MAGIC = b"RSEAL1"
_MAC_BYTES = 32
_decoder = msgspec.msgpack.Decoder(Position)

log = structlog.get_logger("journal")


class SealFound(StrEnum):
    """What the seal said at the start."""

    NEW = "new"
    WHOLE = "whole"
    GONE = "gone"
    SET_BACK = "set_back"


_CODES = {
    SealFound.SET_BACK: FaultCode.JOURNAL_SET_BACK,
    SealFound.GONE: FaultCode.JOURNAL_SEAL_GONE,
}


class JournalSeal:
    """Checks the journal when it is made, then keeps the seal; `turn` is called now and then."""

    def __init__(
        self, journal: SqliteJournal, places: Sequence[Path], key: bytes, board: bytes
    ) -> None:
        self._journal = journal
        self._places = tuple(places)
        self._key = hmac.digest(key, board, hashlib.sha256)
        at, sealed = journal.position(), [_read(place, self._key) for place in self._places]
        held = [one for one in sealed if one is not None]
        self.found = self._judged(at, held, whole=len(held) == len(sealed))
        if self.found in {SealFound.SET_BACK, SealFound.GONE}:
            log.warning("journal_seal", found=self.found.value, seq=at.seq, starts=at.starts)
        self._sealed: Position | None = None
        if journal.fault is not None:  # nothing is written to it any more
            return
        journal.count_start(max(one.starts for one in (at, *held)) + 1)
        self.turn()

    def noted(self, *, let_in: bool) -> tuple[Fault, ...]:
        """Return what to say of it until the cloud let this boot in."""
        if let_in or self.found not in _CODES:
            return ()
        return (Fault(_CODES[self.found]),)

    def turn(self) -> None:
        """Seal how far the journal is, if it has moved; a place that cannot be written is told."""
        try:
            at = self._journal.position()
        except Fault:  # a damaged journal is told by itself
            return
        if at == self._sealed:
            return
        raw = MAGIC + msgspec.msgpack.encode(at)
        raw += hmac.digest(self._key, raw, hashlib.sha256)
        for place in self._places:
            try:
                _write(place, raw)
            except OSError as error:
                log.warning("journal_seal_unwritten", place=str(place), error=error.strerror)
        self._sealed = at

    def _judged(self, at: Position, held: Sequence[Position], *, whole: bool) -> SealFound:
        if any(self._is_behind(at, seal) for seal in held):
            return SealFound.SET_BACK
        if whole:
            return SealFound.WHOLE
        return SealFound.GONE if at.starts else SealFound.NEW

    def _is_behind(self, at: Position, seal: Position) -> bool:
        if at.starts < seal.starts or at.seq < seal.seq:
            return True
        kept = self._journal.hash_at(seal.seq)
        return kept is not None and kept != seal.hash


def _read(place: Path, key: bytes) -> Position | None:
    try:
        raw = place.read_bytes()
    except OSError:
        return None
    said, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not hmac.compare_digest(hmac.digest(key, said, hashlib.sha256), mac):
        return None
    return _decoder.decode(said.removeprefix(MAGIC))


def _write(place: Path, raw: bytes) -> None:
    """Write a new file, sync it, put it in the place of the old one."""
    new = place.with_name(place.name + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    new.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
