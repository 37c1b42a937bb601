"""Network cameras that send JPEG pictures over HTTP: each picture keeps the size it came in.

FFmpeg takes the size of the first picture for that of all and stretches those that differ.
"""

import fcntl
import http.client
import socket
import ssl
import struct
import termios
import time
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import (
    AbstractHTTPHandler,
    HTTPBasicAuthHandler,
    HTTPDefaultErrorHandler,
    HTTPDigestAuthHandler,
    HTTPErrorProcessor,
    HTTPPasswordMgrWithDefaultRealm,
    HTTPRedirectHandler,
    OpenerDirector,
    Request,
)

import numpy as np

from edge_agent.domain.camera_source import CameraSource
from edge_agent.drivers.camera_opencv.multipart import Parts, boundary_of
from edge_agent.drivers.camera_opencv.picture_source import Broken, Gone, Picture
from edge_agent.drivers.camera_opencv.slot import SIDE_MAX
from edge_agent.drivers.camera_opencv.sources import decode

OPEN_TIMEOUT_S = 1.0
# For a whole picture, from asking for it: one that drips in is as useless as none.
PICTURE_TIMEOUT_S = 0.7
READ_BYTES = 64 << 10
# One whole picture that waits is the line's jitter; with two this process cannot keep up, and what
# it would show is the longer past the busier the box is.
BEHIND_PICTURES = 2
PICTURE_BYTES_MIN = 512
# Some cameras pad their pictures; what was cut off has no end marker at all.
PADDING_MAX = 4_096
_END = b"\xff\xd9"
_INT = struct.Struct("@i")


class NoParts(Exception):
    """The address answers with something else than a stream of parts."""


class MjpegSource:
    """Pictures off one HTTP response; raises Gone, or NoParts, when it cannot be opened.

    A box too busy to decode every picture leaves out the old ones, or they would pile up in the
    line's memory, seconds of them, and each would be shown in its turn.
    """

    paced = True

    def __init__(self, source: CameraSource) -> None:
        self._line = _Line()
        try:
            self._response = self._line.open(source.where)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._line.close()
            raise Gone(f"cannot open mjpeg: {type(error).__name__}") from error
        boundary = boundary_of(self._response.headers.get("Content-Type", ""))
        if boundary is None:
            self.close()
            raise NoParts
        self._parts = Parts(boundary, self._more)
        self._until = 0.0

    def read(self) -> Picture:
        """Return the next picture; raises Broken for one that was cut off or cannot be decoded."""
        self._until = time.monotonic() + PICTURE_TIMEOUT_S
        content = self._newest()
        if content.rfind(_END, max(0, len(content) - PADDING_MAX)) < 0:
            raise Broken("cut off")
        return decode(np.frombuffer(content, np.uint8), SIDE_MAX)

    def _newest(self) -> bytes:
        """Return the next part; the last that came, when this process has fallen behind."""
        content = self._parts.next()
        if self._come() < BEHIND_PICTURES * _size(content):
            return content
        # Reading is so much quicker than decoding that no camera keeps ahead of it for long.
        until = time.monotonic() + PICTURE_TIMEOUT_S / 2
        while self._come() >= _size(content) and time.monotonic() < until:
            content = self._parts.next()
        return content

    def _come(self) -> int:
        """Return how many bytes have come that no part was made of."""
        return self._parts.held + self._line.waiting()

    def close(self) -> None:
        """Hang up."""
        self._response.close()
        self._line.close()

    def _more(self) -> bytes:
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise Gone("a picture takes too long")
        try:
            self._line.wait_at_most(left_s)
            return self._response.read1(READ_BYTES)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Gone("the stream broke off or stalled") from error


def _size(content: bytes) -> int:
    """Return how many bytes another such picture takes; next to none is no measure."""
    return max(PICTURE_BYTES_MIN, len(content))


class _Line:
    """Opens addresses, and keeps the socket at hand to say how long a read may take."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def open(self, url: str) -> http.client.HTTPResponse:
        """Ask for the address, with its name and password where it has them.

        Redirects are followed. No proxy: a camera is in the shop. Its certificate is its own, so
        https keeps listeners out and proves nothing.
        """
        parts = urlsplit(url)
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        known = HTTPPasswordMgrWithDefaultRealm()
        if parts.username is not None:
            password = unquote(parts.password or "")
            known.add_password(None, bare, unquote(parts.username), password)
        opener = OpenerDirector()
        for handler in (
            _Handler(self),
            HTTPDigestAuthHandler(known),
            HTTPBasicAuthHandler(known),
            HTTPRedirectHandler(),
            HTTPErrorProcessor(),
            HTTPDefaultErrorHandler(),
        ):
            opener.add_handler(handler)
        response = opener.open(Request(bare), timeout=OPEN_TIMEOUT_S)  # noqa: S310 -- see CameraSource
        if not isinstance(response, http.client.HTTPResponse):
            raise OSError("no answer")
        return response

    def took(self, connection: http.client.HTTPConnection) -> None:
        """Note the socket of the newest connection."""
        self._socket = connection.sock

    def wait_at_most(self, seconds: float) -> None:
        """Limit the next read."""
        if self._socket is not None:
            self._socket.settimeout(seconds)

    def waiting(self) -> int:
        """Return how many bytes the system holds that were not read."""
        if self._socket is None:
            return 0
        # Behind encryption these are a few bytes more than what comes out of them.
        count = fcntl.ioctl(self._socket, termios.FIONREAD, bytes(_INT.size))
        return int(_INT.unpack(count)[0])

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Handler(AbstractHTTPHandler):
    """HTTP and HTTPS for urllib, telling the line of each connection."""

    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._line = line

    def http_open(self, request: Request) -> http.client.HTTPResponse:
        """Open a plain connection."""
        line = self._line

        class Connection(http.client.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                line.took(self)

        return self.do_open(Connection, request)

    def https_open(self, request: Request) -> http.client.HTTPResponse:
        """Open an encrypted connection to whoever answers."""
        line = self._line

        class Connection(http.client.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                line.took(self)

        return self.do_open(Connection, request, context=_unproven())

    http_request: Any = AbstractHTTPHandler.do_request_
    https_request: Any = AbstractHTTPHandler.do_request_


def _unproven() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
