"""What every `ServiceManager` promises, shown on the fake and on systemd's own socket."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.adapters.service_manager import SystemdManager
from edge_agent.ports.service_manager import ServiceManager
from tests.fakes.service_manager import FakeServiceManager

Heard = Callable[[], list[dict[str, str]]]
pytestmark = pytest.mark.enable_socket


class ServiceManagerContract:
    @pytest.fixture
    def managed(self) -> Iterator[tuple[ServiceManager, Heard]]:
        raise NotImplementedError

    def test_hears_each_message_in_lines(self, managed: tuple[ServiceManager, Heard]) -> None:
        manager, heard = managed
        manager.tell(READY="1", STATUS="works")
        manager.tell(STATUS="hangs: api\nMAINPID=1")
        assert heard() == [
            {"READY": "1", "STATUS": "works"},
            {"STATUS": "hangs: api MAINPID=1"},
        ]
        assert manager.every_s > 0


class TestFakeServiceManager(ServiceManagerContract):
    @pytest.fixture
    def managed(self) -> tuple[ServiceManager, Heard]:
        manager = FakeServiceManager()
        return manager, lambda: manager.heard


class TestSystemdManager(ServiceManagerContract):
    @pytest.fixture(params=["path", "abstract"])
    def managed(
        self, request: pytest.FixtureRequest, tmp_path: Path
    ) -> Iterator[tuple[ServiceManager, Heard]]:
        name = f"regulars-test-{tmp_path.parent.name}"
        address = str(tmp_path / "notify") if request.param == "path" else f"@{name}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
            listening.bind("\0" + address[1:] if address.startswith("@") else address)
            listening.settimeout(5)

            def heard() -> list[dict[str, str]]:
                received = [listening.recv(4_096).decode() for _ in range(2)]
                lines = [message.splitlines() for message in received]
                return [dict(line.split("=", 1) for line in message) for message in lines]

            environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000000", "HOME": "/"}
            yield SystemdManager.named_in(environment), heard
            assert environment == {"HOME": "/"}, "no child of ours may speak for us"


def test_systemd_hears_four_times_before_its_patience_ends() -> None:
    assert SystemdManager("/x", 8_000_000).every_s == 2
    assert SystemdManager("/x").every_s == 5


def test_who_is_not_listened_to_says_nothing(tmp_path: Path) -> None:
    SystemdManager().tell(READY="1")
    SystemdManager(str(tmp_path / "nobody")).tell(READY="1")
    assert SystemdManager.named_in({"WATCHDOG_USEC": "x"}).every_s == 5
