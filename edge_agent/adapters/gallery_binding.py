"""Which key opens the gallery's file: the one bound to this board, or one from before it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.adapters.board import Board
from edge_agent.adapters.gallery_schema import MIGRATIONS
from edge_agent.adapters.keys import bind_key
from edge_agent.adapters.sqlite_file import Manner, SqliteFile, change_key
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

# A member's row of three to five templates fills a page of 4 KB badly, and every page has a nonce
# and a tag: a start reads and opens a quarter less. A file from before keeps its size.
PAGE_BYTES = 16_384


def file_on_board(path: Path, key: bytes, board: Board, tally: FaultTally) -> SqliteFile:
    """Open the file; one from before the board gave this secret is bound to it first.

    Where the disk refuses that, it is counted and the next start tries again: the shop must sell.
    """
    manner = Manner("FULL", erase=True, page_bytes=PAGE_BYTES)
    keys = [bind_key(key, one) for one in _secrets(board)] + [key]
    if not path.exists():
        return SqliteFile(path, keys[0], MIGRATIONS, manner)
    for held in keys:
        with _another_key_may_fit():
            file = SqliteFile(path, held, MIGRATIONS, manner)
            break
    else:
        raise Fault(FaultCode.DISK_KEY_WRONG, path=path.name)
    if held == keys[0]:
        return file
    file.close()
    return SqliteFile(path, _bound(path, held, keys[0], tally), MIGRATIONS, manner)


def _secrets(board: Board) -> list[bytes]:
    """Return what the board is known by, the strongest first."""
    both = (board.secret.get_secret_value(), board.weaker.get_secret_value())
    return [secret for secret in both if secret]


def _bound(path: Path, held: bytes, wanted: bytes, tally: FaultTally) -> bytes:
    """Change a file's key; return the one it has afterwards."""
    try:
        change_key(path, held, wanted)
    except Fault as refused:
        if refused.code is not FaultCode.DISK_FULL:
            raise
        tally.count(refused.code)
        return held
    return wanted


@contextmanager
def _another_key_may_fit() -> Iterator[None]:
    """Let another key be tried."""
    try:
        yield
    except Fault as fault:
        if fault.code is not FaultCode.DISK_KEY_WRONG:
            raise
