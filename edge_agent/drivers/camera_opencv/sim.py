"""A network camera for tests and the demo: MJPEG over HTTP on loopback, which can misbehave."""

import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, Self

Mood = Literal["play", "stall", "cut", "garbage"]

BOUNDARY = b"regulars-frame"
GARBAGE = b"\xff\xd8\xff\xe0 no picture at all \xff\xd9"


class MjpegServer:
    """Serves JPEG pictures in a loop at `url`, or whatever a callable returns for each frame.

    `mood`: `play`; `stall` keeps connections open and silent; `cut` closes them and refuses new
    ones; `garbage` sends what is no picture. `hang` mutes the connections there are, for good.
    """

    def __init__(self, pictures: Sequence[bytes] | Callable[[], bytes], fps: float = 15.0) -> None:
        self._pictures = pictures
        self._period_s = 1 / fps
        self._ending = threading.Event()
        self.mood: Mood = "play"
        self._hung = 0
        sim = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sim._serve(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- inherited
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="mjpeg-sim"
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the stream is."""
        return f"http://127.0.0.1:{self._server.server_port}/stream.mjpg"

    def hang(self) -> None:
        """Leave every connection open and silent; who connects anew is served."""
        self._hung += 1

    def show(self, pictures: Sequence[bytes]) -> None:
        """Replace what the camera sees."""
        self._pictures = pictures

    def stop(self) -> None:
        """End every connection and the server; safe to call twice."""
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

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        if self._refuses():
            request.send_error(503)
            return
        request.send_response(200)
        kind = f"multipart/x-mixed-replace; boundary={BOUNDARY.decode()}"
        request.send_header("Content-Type", kind)
        request.end_headers()
        turn = 0
        due = time.monotonic()
        born = self._hung
        try:
            while not self._ending.is_set() and not self._refuses():
                if self.mood != "stall" and self._hung == born:
                    request.wfile.write(self._part(turn))
                    turn += 1
                due = max(due + self._period_s, time.monotonic())
                self._ending.wait(due - time.monotonic())
        except (BrokenPipeError, ConnectionResetError):
            return

    def _refuses(self) -> bool:
        return self.mood == "cut"

    def _part(self, turn: int) -> bytes:
        body = GARBAGE if self.mood == "garbage" else self._picture(turn)
        head = f"Content-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        return b"--" + BOUNDARY + b"\r\n" + head + body + b"\r\n"

    def _picture(self, turn: int) -> bytes:
        pictures = self._pictures
        return pictures() if callable(pictures) else pictures[turn % len(pictures)]
