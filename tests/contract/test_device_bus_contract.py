"""What every `DeviceBus` promises, on the fake and on /sys as a kernel lays it out."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.adapters.device_bus_linux import LinuxDeviceBus
from edge_agent.domain.devices import DeviceKind, Identity, Seen
from edge_agent.ports.device_bus import DeviceBus
from tests.fakes.device_bus import FakeDeviceBus

HUB = "05e3:0608:"
ADAPTER = Identity(DeviceKind.LINE, "1a86", "7523", "", "00", "1-1.2", (HUB,))


class DeviceBusContract:
    @pytest.fixture
    def bus(self) -> Iterator[DeviceBus]:
        raise NotImplementedError

    def plug(self, number: int) -> str:
        """Plug the adapter in as ttyUSB`number`; return its path."""
        raise NotImplementedError

    def unplug(self, number: int) -> None:
        raise NotImplementedError

    def test_nothing_is_plugged_in_at_first(self, bus: DeviceBus) -> None:
        assert bus.devices() == ()

    def test_a_device_is_shown_with_all_it_says_of_itself(self, bus: DeviceBus) -> None:
        path = self.plug(3)
        (seen,) = bus.devices()
        assert (seen.path, seen.identity, seen.title) == (path, ADAPTER, "QinHeng USB Serial")
        assert seen.instance

    def test_a_device_that_is_pulled_is_gone(self, bus: DeviceBus) -> None:
        self.plug(3)
        self.unplug(3)
        assert bus.devices() == ()

    def test_waiting_ends_without_news(self, bus: DeviceBus) -> None:
        bus.wake()
        assert not bus.wait(timeout_ms=5_000)

    def test_may_be_closed_twice(self, bus: DeviceBus) -> None:
        bus.close()
        bus.close()
        bus.wake()


class TestFakeDeviceBus(DeviceBusContract):
    @pytest.fixture
    def bus(self) -> Iterator[DeviceBus]:
        self.fake = FakeDeviceBus()
        yield self.fake
        self.fake.close()

    def plug(self, number: int) -> str:
        path = f"/dev/ttyUSB{number}"
        self.fake.plug(Seen(path, ADAPTER, "7", title="QinHeng USB Serial"))
        self.fake.wait(timeout_ms=0)
        return path

    def unplug(self, number: int) -> None:
        self.fake.unplug(f"/dev/ttyUSB{number}")


class TestLinuxDeviceBus(DeviceBusContract):
    @pytest.fixture
    def bus(self, tmp_path: Path, socket_enabled: None) -> Iterator[DeviceBus]:
        self.sys, self.dev = tmp_path / "sys", tmp_path / "dev"
        for name in ("tty", "usbmisc"):
            (self.sys / "class" / name).mkdir(parents=True)
        (self.sys / "class/tty/tty1").mkdir()  # a terminal of the kernel's own, no device
        bus = LinuxDeviceBus(self.sys, self.dev)
        yield bus
        bus.close()

    def plug(self, number: int) -> str:
        root = self.sys / "devices/pci0000:00/usb1"
        hub = root / "1-1"
        usb = hub / "1-1.2"
        node = usb / "1-1.2:1.0" / f"ttyUSB{number}"
        node.mkdir(parents=True)
        said = {
            root: {"idVendor": "1d6b", "idProduct": "0002"},
            hub: {"idVendor": "05e3", "idProduct": "0608"},
            usb: {
                "idVendor": "1a86", "idProduct": "7523", "devnum": "9",
                "manufacturer": "QinHeng", "product": "USB Serial",
            },
            usb / "1-1.2:1.0": {"bInterfaceNumber": "00"},
        }  # fmt: skip
        for folder, files in said.items():
            for name, text in files.items():
                (folder / name).write_text(text + "\n", encoding="utf-8")
        entry = self.sys / "class/tty" / f"ttyUSB{number}"
        entry.mkdir()
        (entry / "device").symlink_to(node)
        return str(self.dev / f"ttyUSB{number}")

    def unplug(self, number: int) -> None:
        entry = self.sys / "class/tty" / f"ttyUSB{number}"
        (entry / "device").unlink()
        entry.rmdir()

    def test_the_name_under_by_id_is_shown(self, bus: DeviceBus) -> None:
        self.plug(0)
        links = self.dev / "serial/by-id"
        links.mkdir(parents=True)
        (links / "usb-1a86_USB_Serial-if00-port0").symlink_to("../../ttyUSB0")
        assert bus.devices()[0].by_id == str(links / "usb-1a86_USB_Serial-if00-port0")

    @pytest.mark.integration
    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may repeat a kernel message")
    def test_the_kernels_own_messages_end_the_waiting(self, bus: DeviceBus) -> None:
        entry = Path("/sys/class/tty/tty0/uevent")
        if not entry.exists():
            entry = next(Path("/sys/class/tty").glob("*/uevent"))
        bus.wait(timeout_ms=1)
        try:
            entry.write_text("add", encoding="utf-8")
        except OSError as error:
            pytest.skip(f"this kernel does not let messages be repeated: {error}")
        assert bus.wait(timeout_ms=5_000)
