"""A network camera that speaks RTSP: JPEG over RTP inside the RTSP connection (RFC 2326, 2435).

For tests and the bench, where no camera and no media server is at hand; it can fall silent.
"""

import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import NamedTuple, Self

CLOCK_HZ = 90_000
PART_BYTES = 1_400
JPEG_TYPE = 26
TABLES_IN_BAND = 255
_DQT, _SOF, _SOS, _SUBSAMPLED = 0xDB, 0xC0, 0xDA, 0x22
_TABLE_BYTES = 64


class Jpeg(NamedTuple):
    """What RTP carries of a JPEG: its size in blocks of eight, tables and scan."""

    kind: int
    width8: int
    height8: int
    tables: bytes
    scan: bytes


def parse_jpeg(content: bytes) -> Jpeg:
    """Take a baseline JPEG with the standard Huffman tables apart (RFC 2435 §3)."""
    tables, at, kind, width, height = b"", 2, 0, 0, 0
    while True:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        body = content[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == _DQT:
            whole = range(0, len(body), _TABLE_BYTES + 1)
            tables += b"".join(body[start + 1 : start + 1 + _TABLE_BYTES] for start in whole)
        elif marker == _SOF:
            height, width = struct.unpack_from(">HH", body, 1)
            kind = int(body[7] == _SUBSAMPLED)
        elif marker == _SOS:
            return Jpeg(
                kind, width // 8, height // 8, tables, content[at:].removesuffix(b"\xff\xd9")
            )


def packets(jpeg: Jpeg, seq: int, stamp: int) -> Iterator[bytes]:
    """Cut a picture into RTP packets; the last one carries the marker."""
    offset = 0
    while offset < len(jpeg.scan):
        part = jpeg.scan[offset : offset + PART_BYTES]
        last = offset + len(part) == len(jpeg.scan)
        head = struct.pack(">BBHII", 0x80, JPEG_TYPE | last << 7, seq & 0xFFFF, stamp, 0x5EED)
        head += struct.pack(
            ">II", offset, jpeg.kind << 24 | TABLES_IN_BAND << 16 | jpeg.width8 << 8 | jpeg.height8
        )
        if offset == 0:
            head += struct.pack(">BBH", 0, 0, len(jpeg.tables)) + jpeg.tables
        yield head + part
        offset += len(part)
        seq += 1


class RtspServer:
    """Serves what `picture` returns, JPEG, at `url`; `hang` mutes connections, for good."""

    def __init__(self, picture: Callable[[], bytes], fps: float = 15.0) -> None:
        self._picture = picture
        self._period_s = 1 / fps
        self._ending = threading.Event()
        self._hung = 0
        sim = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                sim._serve(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="rtsp-sim"
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the stream is."""
        return f"rtsp://127.0.0.1:{self._server.server_address[1]}/lane"

    def hang(self) -> None:
        """Leave every connection open and silent; who connects anew is served."""
        self._hung += 1

    def stop(self) -> None:
        """End the server; safe to call twice."""
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    def _serve(self, peer: socketserver.StreamRequestHandler) -> None:
        try:
            while line := peer.rfile.readline():
                headers = dict(_headers(peer))
                method = line.split()[0].decode()
                peer.wfile.write(self._answer(method, headers.get("cseq", "0")))
                if method == "PLAY":
                    return self._play(peer)
        except (BrokenPipeError, ConnectionResetError):
            return None

    def _answer(self, method: str, cseq: str) -> bytes:
        body = ""
        extra = "Session: 1\r\n"
        if method == "OPTIONS":
            extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        elif method == "DESCRIBE":
            extra = "Content-Type: application/sdp\r\n"
            body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=lane\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\n"
            body += "a=control:video\r\n"
        elif method == "SETUP":
            extra += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        head = f"RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
        return (head + body).encode()

    def _play(self, peer: socketserver.StreamRequestHandler) -> None:
        began = due = time.monotonic()
        seq, born = 0, self._hung
        while not self._ending.is_set():
            if self._hung == born:
                stamp = int((time.monotonic() - began) * CLOCK_HZ) & 0xFFFFFFFF
                for packet in packets(parse_jpeg(self._picture()), seq, stamp):
                    peer.wfile.write(b"$\x00" + len(packet).to_bytes(2, "big") + packet)
                    seq += 1
            due = max(due + self._period_s, time.monotonic())
            self._ending.wait(due - time.monotonic())


def _headers(peer: socketserver.StreamRequestHandler) -> Iterator[tuple[str, str]]:
    while (line := peer.rfile.readline().strip()) != b"":
        name, _, value = line.decode().partition(":")
        yield name.strip().lower(), value.strip()
