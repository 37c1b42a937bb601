"""Where a block of bytes ends in a cut, so that the cut alone can wait a moment.

Looked at without knowing what stands before it: bytes of a picture may look like a cut. That costs
a moment and nothing else, because we print only where the reader found the end of a job.
"""

import re

# A cut, and after it at most two drawer pulses.
_LAST_CUT = re.compile(
    rb"(?:\x1dV(?:[\x00\x01\x30\x31]|[\x41\x42\x61\x62\x67\x68].)|\x1b[im])(?:\x1bp...){0,2}\Z",
    re.DOTALL,
)
_TAIL_BYTES_MAX = 16


def parted(data: bytes) -> tuple[bytes, bytes]:
    """Return what goes on at once, and the cut at its end that may wait (b"" when none)."""
    tail_at = max(0, len(data) - _TAIL_BYTES_MAX)
    found = _LAST_CUT.search(data, tail_at)
    return (data[: found.start()], data[found.start() :]) if found else (data, b"")
