"""What the machine's tests share: wishes to whoever holds its plugs, the far ends of its wires."""

import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

PORTS = Path("/dev/virtio-ports")
LIMIT_S = 40.0


class Plugs:
    """Asks the host to plug, unplug and type."""

    def __init__(self) -> None:
        self._fd = os.open(PORTS / "asked", os.O_RDWR)

    def ask(self, wish: str) -> None:
        os.write(self._fd, f"{wish}\n".encode())
        said = b""
        while not said.endswith(b"\n"):
            said += os.read(self._fd, 4_096)
        assert said == b"ok\n", f"{wish}: {said.decode()}"

    def close(self) -> None:
        os.close(self._fd)


class FarEnd:
    """What hangs on an adapter: it keeps what it got, and may answer."""

    def __init__(self, name: str) -> None:
        self._fd = os.open(PORTS / name, os.O_RDWR | os.O_NONBLOCK)
        self._got = bytearray()
        self._answers: dict[bytes, bytes] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def got(self) -> bytes:
        return bytes(self._got)

    def answer(self, question: bytes, said: bytes) -> None:
        self._answers[question] = said

    def say(self, data: bytes) -> None:
        while data:
            with suppress(BlockingIOError):
                data = data[os.write(self._fd, data) :]

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        os.close(self._fd)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        while not self._ending.is_set():
            ready = dict(poll.poll(50))
            if not ready.get(self._fd, 0) & select.POLLIN:
                self._ending.wait(0.05)  # nobody has opened the adapter: a bare hang-up
                continue
            with suppress(BlockingIOError):
                self._got += os.read(self._fd, 4_096)
            for question, said in self._answers.items():
                if self._got.endswith(question):
                    self.say(said)


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for something that comes; nothing is said about how fast."""
    end = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def plugs() -> Iterator[Plugs]:
    found = Plugs()
    yield found
    found.close()


@pytest.fixture(scope="session")
def ends() -> Iterator[tuple[FarEnd, FarEnd]]:
    both = FarEnd("wire0"), FarEnd("wire1")
    yield both
    for one in both:
        one.close()
