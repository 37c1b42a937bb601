"""The relay that cuts shops off: silent, deaf, refused, and mended with or without a reset."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.factories.ports import free_port
from tests.factories.waiting import eventually
from tools.kill_rig.line import Line, Loop, Way

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
SOON_S = 5.0
SILENCE_S = 0.1


class Echo:
    """Says back what it hears, and remembers it."""

    def __init__(self) -> None:
        self.heard = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                end, _ = self._listening.accept()
                self._ends.append(end)
                thread = threading.Thread(target=self._answer, args=(end,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _answer(self, end: socket.socket) -> None:
        with suppress(OSError), end:
            while chunk := end.recv(1024):
                self.heard += chunk
                end.sendall(chunk)

    def stop(self) -> None:
        for one in (self._listening, *self._ends):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def echo() -> Iterator[Echo]:
    made = Echo()
    yield made
    made.stop()


@pytest.fixture
def line(echo: Echo) -> Iterator[tuple[Line, socket.socket]]:
    loop, port = Loop(), free_port()
    loop.start()
    line = Line(loop, {port: ("127.0.0.1", echo.port)})
    line.start()
    with socket.create_connection(("127.0.0.1", port), SOON_S) as box:
        box.sendall(b"a")
        assert box.recv(16) == b"a"
        yield line, box
    line.stop()
    loop.stop()


def is_silent(box: socket.socket) -> bool:
    box.settimeout(SILENCE_S)
    try:
        return box.recv(16) == b"not silent"
    except TimeoutError:
        return True
    finally:
        box.settimeout(SOON_S)


def test_a_silent_line_says_nothing_and_goes_on_where_it_was(
    line: tuple[Line, socket.socket], echo: Echo
) -> None:
    relay, box = line
    relay.cut(Way.SILENT)
    box.sendall(b"b")
    assert is_silent(box)
    assert echo.heard == b"a"
    relay.mend(reset=False)
    assert box.recv(16) == b"b"


def test_on_a_deaf_line_the_box_is_heard_and_hears_nothing(
    line: tuple[Line, socket.socket], echo: Echo
) -> None:
    relay, box = line
    relay.cut(Way.DEAF)
    box.sendall(b"b")
    eventually(lambda: echo.heard == b"ab")
    assert is_silent(box)
    relay.mend(reset=False)
    assert box.recv(16) == b"b"


@pytest.mark.parametrize("reset_by", [Way.REFUSES, None])
def test_a_reset_ends_the_connection(
    line: tuple[Line, socket.socket], reset_by: Way | None
) -> None:
    relay, box = line
    if reset_by is None:
        relay.cut(Way.SILENT)
        relay.mend(reset=True)
    else:
        relay.cut(reset_by)
    with suppress(ConnectionResetError):
        assert box.recv(16) == b""
    eventually(lambda: relay.open_relays() == 0)
