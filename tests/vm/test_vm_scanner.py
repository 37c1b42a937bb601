"""A scanner that types, on the USB keyboard driver: grabbed by evdev, typed on by uinput."""

import os
import select
import threading
import time
from contextlib import suppress

import pytest

from edge_agent.drivers.profiles.scanner import ScannerProfile
from edge_agent.drivers.scanner.keyboard import KeyboardScannerTap
from edge_agent.drivers.scanner.keys import KeyEvent, KeyReader, typed
from edge_agent.drivers.scanner.kinds import MemberForms, ScanKinds
from tests.vm.conftest import Plugs, until

pytestmark = pytest.mark.skipif(
    "REGULARS_VM" not in os.environ, reason="needs a kernel of its own: make test-vm"
)
evdev = pytest.importorskip("evdev", reason="compiled by make test-vm into var/vm/site")
USB, GUN = "QEMU USB Keyboard", "A scanner gun"
# Emulation is slow: a scan has paused only after the longest gap a profile allows.
PROFILE = ScannerProfile(
    kind="scanner", name="vm", title_zh="虚拟", title_en="virtual", through="keyboard", gap_ms=1000
)
QUIET_S = 2.0
STROKE_S = 0.008
ARTICLE, CARD, PAYMENT = "6901234567892", "77123456", "134567890123456789"


class Till:
    """Reads what the virtual scanner types at once, as a till's own program would."""

    def __init__(self, name: str) -> None:
        paths = evdev.list_devices()
        (found,) = [one for one in map(evdev.InputDevice, paths) if one.name == name]
        self._device, self._keys = found, KeyReader("us")
        self._text = ""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def typed(self) -> str:
        """Return what came until nothing more does, and forget it."""
        length = -1
        while length != len(self._text):
            length = len(self._text)
            self._ending.wait(QUIET_S)
        text, self._text = self._text, ""
        return text.replace("\n", "\r")

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        self._device.close()

    def _read(self) -> None:
        while not self._ending.is_set():
            if select.select([self._device.fd], [], [], 0.1)[0]:
                for event in self._device.read():
                    if event.type == evdev.ecodes.EV_KEY:
                        self._text += self._keys.letter(KeyEvent(event.code, event.value))


def keyboards() -> list[str]:
    names = []
    for path in evdev.list_devices():
        with suppress(OSError):  # pulled out between being listed and being opened
            device = evdev.InputDevice(path)
            names.append(device.name)
            device.close()
    return names


class Gun:
    """A scanner that types: no faster than USB asks a keyboard, or the kernel drops keys."""

    def __init__(self) -> None:
        self._keyboard = evdev.UInput(name=GUN)

    def scan(self, text: str) -> None:
        for event in typed(f"{text}\n", "us") or ():
            self._keyboard.write(evdev.ecodes.EV_KEY, event.code, event.value)
            self._keyboard.syn()
            time.sleep(STROKE_S)

    def close(self) -> None:
        self._keyboard.close()


def tap_of(name: str) -> KeyboardScannerTap:
    from edge_agent.drivers.scanner.evdev_keys import EvdevKeys  # noqa: PLC0415 -- needs evdev

    kinds = ScanKinds("till", MemberForms(cards=("77######",)))
    return KeyboardScannerTap(kinds, PROFILE, lambda: EvdevKeys(name), may=lambda: True)


def test_scans_are_typed_on_members_are_kept_and_payments_are_not_told() -> None:
    gun = Gun()
    until(lambda: GUN in keyboards(), "the scanner is there")
    tap = tap_of(GUN)
    tap.start()
    until(lambda: tap.state() == "ok", "grabbed")
    till = Till("Regulars scanner")
    try:
        for scanned, kind, code, seen in (
            (ARTICLE, "article", ARTICLE, f"{ARTICLE}\r"),
            (CARD, "member", CARD, ""),
            (PAYMENT, "payment", "", f"{PAYMENT}\r"),
        ):
            gun.scan(scanned)
            event = tap.next_event(timeout_ms=40_000)
            assert event is not None
            assert (event.kind, event.code, till.typed()) == (kind, code, seen)
        assert tap.injector.type(CARD)
        assert till.typed() == f"{CARD}\r"
    finally:
        till.close()
        tap.stop()
        gun.close()


def test_a_usb_scanner_is_grabbed_pulled_out_and_grabbed_again(plugs: Plugs) -> None:
    plugs.ask("keyboard gun 1.2")
    until(lambda: any(USB in one for one in keyboards()), "plugged in")
    tap = tap_of(USB)
    tap.start()
    try:
        until(lambda: tap.state() == "ok", "grabbed")
        plugs.ask(f"type {ARTICLE}")
        event = tap.next_event(timeout_ms=40_000)
        assert event is not None
        plugs.ask("unplug gun")
        until(lambda: tap.state() == "gone", "gone")
        plugs.ask("keyboard gun 1.2")
        until(lambda: tap.state() == "ok", "grabbed again")
    finally:
        tap.stop()
        plugs.ask("unplug gun")
