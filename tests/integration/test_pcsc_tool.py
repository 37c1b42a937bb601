"""`tools/virtual_pcsc.py` as a program: it says how it is reached and leaves nothing behind."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.waiting import comes_about
from tools.virtual_pcsc import SOCKET_VARIABLE, namespace_command

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        namespace_command() is None,
        reason="needs namespaces: run as root or allow unprivileged user namespaces",
    ),
]


class Program:
    """The tool, running; `keeper` is its process inside the namespaces."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.virtual_pcsc"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        name, _, value = line.removeprefix("export ").partition("=")
        assert name == SOCKET_VARIABLE
        self.socket_path = Path(value)
        keeper = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        self.namespace = Path(f"/proc/{keeper.strip()}/ns/mnt").readlink()

    def end(self, ending: signal.Signals) -> None:
        self.process.send_signal(ending)
        output, _ = self.process.communicate(timeout=15)
        assert output == ""

    def inside(self) -> int:
        """How many processes live in the namespaces: the keeper and pcscd."""
        found = 0
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                found += (entry / "ns" / "mnt").readlink() == self.namespace
            except OSError:
                continue
        return found


@pytest.fixture
def program() -> Iterator[Program]:
    program = Program()
    yield program
    program.process.kill()
    program.process.communicate(timeout=15)
    assert comes_about(lambda: program.inside() == 0)
    shutil.rmtree(program.socket_path.parent, ignore_errors=True)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_everything_it_started(program: Program, ending: signal.Signals) -> None:
    assert program.socket_path.is_socket()
    assert program.inside() == 2
    program.end(ending)
    assert program.process.returncode == 0
    assert not program.socket_path.parent.exists()
    assert program.inside() == 0


def test_its_service_does_not_outlive_it(program: Program) -> None:
    assert program.inside() == 2
    program.end(signal.SIGKILL)
    assert comes_about(lambda: program.inside() == 0)


@pytest.mark.usefixtures("program")
def test_outside_nothing_listens() -> None:
    assert ":8C7B 00000000:0000 0A" not in Path("/proc/net/tcp").read_text(encoding="ascii")
