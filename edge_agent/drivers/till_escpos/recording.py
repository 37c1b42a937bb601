"""A recording of a till: JSON lines, the first says what it is, each other is a block and its time.

Only redacted bytes come into one (`redact`), so it may leave the shop and stand among the fixtures.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

FORMAT = "regulars-till-recording"
VERSION = 1
BLOCKS_MAX = 200_000


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes that came together, `at_ms` after the beginning."""

    at_ms: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Recording:
    """A till's profile and what it sent."""

    profile: str
    blocks: tuple[Block, ...]

    @property
    def data(self) -> bytes:
        """All of it."""
        return b"".join(block.data for block in self.blocks)


def written(profile: str, blocks: Iterable[Block]) -> str:
    """Return the file's text."""
    head = {"format": FORMAT, "version": VERSION, "profile": profile}
    lines = [json.dumps(head), *map(block_line, blocks)]
    return "\n".join(lines) + "\n"


def block_line(block: Block) -> str:
    """Return one block's line."""
    return json.dumps({"at_ms": block.at_ms, "data": b64encode(block.data).decode()})


def read_recording(path: Path) -> Recording:
    """Read a file; raises Fault TILL_RECORDING_INVALID."""
    try:
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        said = json.loads(head)
        if (said["format"], said["version"]) != (FORMAT, VERSION) or len(lines) > BLOCKS_MAX:
            raise _invalid(path, "another format")
        return Recording(str(said["profile"]), tuple(_block(line) for line in lines))
    except OSError as error:
        raise _invalid(path, error.strerror or "cannot be read") from None
    except (ValueError, KeyError, TypeError) as error:
        raise _invalid(path, type(error).__name__) from None


def _block(line: str) -> Block:
    said = json.loads(line)
    return Block(int(said["at_ms"]), b64decode(said["data"], validate=True))


def _invalid(path: Path, detail: str) -> Fault:
    return Fault(FaultCode.TILL_RECORDING_INVALID, path=str(path), detail=detail)
