"""A real mosquitto on an ephemeral loopback port: `mosquitto(users)` starts one, as often as asked.

A test that asks for it is marked `integration` and may open sockets.
"""

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from cloud_broker.adapters.mosquitto_files import (
    BrokerDevice,
    WebSocketDoor,
    hash_password,
    write_files,
)
from tests.factories.ports import free_port
from tests.factories.waiting import PATIENCE_S

INGEST_PASSWORD = "ingest-test-password"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real broker."""
    for item in items:
        if "mosquitto" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.enable_socket)


class Broker:
    """One mosquitto process; `restart` keeps the port, `kill` is the power cut."""

    host = "127.0.0.1"

    def __init__(self, folder: Path, devices: Sequence[BrokerDevice]) -> None:
        self.folder = folder
        self.port = free_port()
        self.socket_port = free_port()
        self.door = WebSocketDoor(self.host, self.socket_port)
        self.write(devices)
        self._process: subprocess.Popen[bytes] | None = None

    def write(self, devices: Sequence[BrokerDevice]) -> None:
        """Write the broker's files for these devices."""
        self.files = write_files(
            self.folder,
            devices,
            hash_password(INGEST_PASSWORD, b"0" * 12),
            host=self.host,
            port=self.port,
            door=self.door,
        )

    def start(self) -> None:
        """Start the process and wait until it listens."""
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if program is None:
            pytest.skip("mosquitto is missing: apt-get install mosquitto")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-c", str(self.files.config)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port)):
                return
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text())

    def reload(self, devices: Sequence[BrokerDevice]) -> None:
        """Let the running broker know other devices."""
        self.write(devices)
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """End it without a word to its clients."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order; safe to call twice."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE_S)
            self._process = None


@pytest.fixture
def mosquitto() -> Iterator[Callable[..., Broker]]:
    """Return a function that starts a broker knowing the given devices."""
    with contextlib.ExitStack() as stack:

        def start(devices: Sequence[BrokerDevice] = ()) -> Broker:
            folder = Path(tempfile.mkdtemp(prefix="regulars-test-mq-"))
            folder.chmod(0o755)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            broker = Broker(folder, devices)
            stack.callback(broker.stop)
            broker.start()
            return broker

        yield start
