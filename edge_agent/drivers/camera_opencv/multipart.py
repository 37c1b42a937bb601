"""The parts of a `multipart/x-mixed-replace` stream, off whatever gives bytes.

Everything a camera says is bounded: how long a header, how big a part, how much lies between parts.
A wrong length costs one picture: the next boundary counts for more than the length.
"""

from collections.abc import Callable
from email.message import Message

from edge_agent.drivers.camera_opencv.picture_source import Gone

PART_BYTES_MAX = 8 << 20
HEADERS_BYTES_MAX = 8 << 10
BOUNDARY_MAX = 200  # RFC 2046 says 70; cameras do not
_LENGTH_DIGITS_MAX = 9


def boundary_of(content_type: str) -> bytes | None:
    """Return the boundary that a response declares, None when it is no stream of parts."""
    said = Message()
    said["Content-Type"] = content_type
    try:
        declared = said.get_boundary()
    except ValueError:  # it says to be in an encoding that is none
        return None
    if said.get_content_maintype() != "multipart" or not declared:
        return None
    # Many cameras declare the dashes too, and then send as many, or two more.
    bare = declared.strip().lstrip("-").encode("latin-1", "replace")
    return bare if 0 < len(bare) <= BOUNDARY_MAX else None


class Parts:
    """Reads part after part; `more` gives the next bytes, none when the stream has ended."""

    def __init__(self, boundary: bytes, more: Callable[[], bytes]) -> None:
        self._delimiter = b"--" + boundary
        self._more = more
        self._held = bytearray()

    @property
    def held(self) -> int:
        """How many bytes came behind the part that was read last."""
        return len(self._held)

    def next(self) -> bytes:
        """Return the body of the next part; raises Gone when none comes within the bounds."""
        self._to_boundary()
        return self._body(_length(self._headers()))

    def _to_boundary(self) -> None:
        skipped = 0
        while (at := self._held.find(self._delimiter)) < 0:
            # The delimiter may be coming in two pieces.
            junk = max(0, len(self._held) - len(self._delimiter))
            skipped += junk
            if skipped > PART_BYTES_MAX:
                raise Gone("no boundary comes")
            del self._held[:junk]
            self._fill()
        del self._held[: at + len(self._delimiter)]

    def _headers(self) -> bytes:
        """Return what stands between the boundary and the body."""
        while not (end := self._header_end()) and len(self._held) <= HEADERS_BYTES_MAX:
            self._fill()
        if self._held.startswith(b"--"):
            raise Gone("the stream says that it has ended")
        if not 0 < end <= HEADERS_BYTES_MAX:
            raise Gone("a part's header does not end")
        return self._taken(end)

    def _header_end(self) -> int:
        """Return where the body begins, 0 when that has not come yet."""
        ends = (self._held.find(blank) + len(blank) for blank in (b"\n\r\n", b"\n\n"))
        found = [end for end, size in zip(ends, (3, 2), strict=True) if end >= size]
        return min(found, default=0)

    def _body(self, length: int | None) -> bytes:
        looked = 0
        while True:
            at = self._held.find(self._delimiter, looked)
            if at >= 0 and (length is None or at < length):
                return self._taken(at).rstrip(b"\r\n")
            if length is not None and len(self._held) >= length:
                return self._taken(length)
            if len(self._held) > PART_BYTES_MAX:
                raise Gone("a part does not end")
            looked = max(0, len(self._held) - len(self._delimiter))
            self._fill()

    def _taken(self, count: int) -> bytes:
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

    def _fill(self) -> None:
        came = self._more()
        if not came:
            raise Gone("the stream ended")
        self._held += came


def _length(headers: bytes) -> int | None:
    """Return the length a part says it has; raises Gone for one that is out of bounds."""
    for line in headers.split(b"\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() != b"content-length":
            continue
        digits = value.strip()
        if not digits.isdigit():
            return None
        if len(digits) > _LENGTH_DIGITS_MAX or int(digits) > PART_BYTES_MAX:
            raise Gone("a part is too big")
        return int(digits)
    return None
