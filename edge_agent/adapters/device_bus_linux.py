"""The devices of a Linux box: read from /sys, told of changes by the kernel's own messages.

Nothing is opened here, so nothing can be disturbed by being looked at. Where the messages are not
to be had (a container, a sandbox) the caller's own waiting time is the rhythm.
"""

import os
import select
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from edge_agent.domain.devices import DeviceKind, Identity, Seen

SYS = Path("/sys")
DEV = Path("/dev")
# sysfs class → what it is, and where its nodes lie below /dev
_CLASSES = {
    "tty": (DeviceKind.LINE, "", ""),
    "usbmisc": (DeviceKind.PRINTER, "lp", "usb"),
    "input": (DeviceKind.KEYS, "event", "input"),
    "video4linux": (DeviceKind.CAMERA, "video", ""),
}
_BY_ID = ("serial/by-id", "input/by-id", "v4l/by-id")
_BOARD_LINES = ("ttyS", "ttyAMA")
_UEVENTS = 15  # NETLINK_KOBJECT_UEVENT
_KERNEL_GROUP = 1
_SUBSYSTEMS = tuple(f"SUBSYSTEM={name}".encode() for name in _CLASSES)
_ACTIONS = (b"ACTION=add", b"ACTION=remove")
_MESSAGE_BYTES_MAX = 8_192
_MESSAGES_MAX = 256
_ROOT_HUB = "usb"


class LinuxDeviceBus:
    """Fulfils `DeviceBus`; hears of changes from the first wait on. `sys`, `dev`: for tests."""

    def __init__(self, sys: Path = SYS, dev: Path = DEV) -> None:
        self._sys, self._dev = sys, dev
        self._news: socket.socket | None = None
        self._asked_for_news = False
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._closed = False

    def devices(self) -> tuple[Seen, ...]:
        """Return what is plugged in now, by path."""
        by_id = dict(self._links())
        found = []
        for name, (kind, prefix, folder) in _CLASSES.items():
            for entry in _listed(self._sys / "class" / name):
                path = self._dev / folder / entry.name
                if entry.name.startswith(prefix) and _is_device(entry):
                    found.append(_seen(entry, kind, path, by_id.get(path.name, "")))
        return tuple(sorted(found, key=lambda one: one.path))

    def wait(self, *, timeout_ms: int) -> bool:
        """Wait for the kernel to say that something came or went."""
        if not self._asked_for_news:
            self._asked_for_news, self._news = True, _uevents()
        poll = select.poll()
        poll.register(self._wake_read, select.POLLIN)
        if self._news is not None:
            poll.register(self._news, select.POLLIN)
        until = time.monotonic() + timeout_ms / 1000
        while (left_ms := round((until - time.monotonic()) * 1000)) >= 0:
            ready = dict(poll.poll(left_ms))
            if self._wake_read in ready:
                with suppress(BlockingIOError):
                    os.read(self._wake_read, _MESSAGES_MAX)
                return False
            if ready and self._read_news():
                return True
            if not ready:
                break
        return False

    def wake(self) -> None:
        """Let whoever waits come back."""
        if not self._closed:
            with suppress(BlockingIOError):
                os.write(self._wake_write, b"!")

    def close(self) -> None:
        """Close the socket and the wake-up."""
        if not self._closed:
            self._closed = True
            os.close(self._wake_read)
            os.close(self._wake_write)
            if self._news is not None:
                self._news.close()

    def _read_news(self) -> bool:
        """Take what waits; True when it was about a kind of device we look at, or some was lost."""
        told = False
        for _ in range(_MESSAGES_MAX):
            try:
                message = self._news.recv(_MESSAGE_BYTES_MAX) if self._news else b""
            except BlockingIOError:
                break
            except OSError:  # ENOBUFS: more came than was read; look again
                return True
            fields = message.split(b"\0")
            told |= any(one in fields for one in _SUBSYSTEMS) and any(
                one in fields for one in _ACTIONS
            )
        return told

    def _links(self) -> Iterator[tuple[str, str]]:
        for folder in _BY_ID:
            for link in _listed(self._dev / folder):
                with suppress(OSError):
                    yield link.readlink().name, str(link)


def _uevents() -> socket.socket | None:
    try:
        news = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, _UEVENTS)
    except OSError:
        return None
    try:
        news.bind((0, _KERNEL_GROUP))
    except OSError:
        news.close()
        return None
    return news


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_device(entry: Path) -> bool:
    """Tell hardware from terminals that are none; an unused port of the board has type 0."""
    if not (entry / "device").exists():
        return False
    is_board_line = entry.name.startswith(_BOARD_LINES)
    return not is_board_line or _text(entry / "type") not in {"", "0"}


def _seen(entry: Path, kind: DeviceKind, path: Path, by_id: str) -> Seen:
    device = (entry / "device").resolve()
    chain = [device, *device.parents]
    usb = next((one for one in chain if (one / "idVendor").exists()), None)
    if usb is None:
        return Seen(str(path), Identity(kind, socket=entry.name), by_id=by_id)
    interface = next((one for one in chain if (one / "bInterfaceNumber").exists()), None)
    hubs = tuple(
        _descriptor(one)
        for one in usb.parents
        if (one / "idVendor").exists() and not one.name.startswith(_ROOT_HUB)
    )
    identity = Identity(
        kind,
        vendor=_text(usb / "idVendor"),
        product=_text(usb / "idProduct"),
        serial=_text(usb / "serial"),
        interface=_text(interface / "bInterfaceNumber") if interface else "",
        socket=usb.name,
        hubs=hubs,
    )
    title = f"{_text(usb / 'manufacturer')} {_text(usb / 'product')}".strip()
    return Seen(str(path), identity, _text(usb / "devnum"), by_id, title)


def _descriptor(hub: Path) -> str:
    return ":".join(_text(hub / name) for name in ("idVendor", "idProduct", "serial"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
