"""A scanner's keyboard by the kernel: evdev grabs it, uinput types for it.

Needs the package `evdev` (extra `hid`), which is compiled where it is installed, and access to
/dev/input and /dev/uinput. Imported only when such a scanner is configured.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import evdev

from edge_agent.drivers.scanner.keys import LOST, UP, KeyEvent
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

VIRTUAL_NAME = "Regulars scanner"


class EvdevKeys:
    """A grabbed scanner and the virtual keyboard beside it."""

    def __init__(self, name: str) -> None:
        self._device = _found(name)
        self._down: set[int] = set()
        self._skipping = False
        keyboard = None
        try:
            self._keyboard = keyboard = evdev.UInput.from_device(
                self._device, filtered_types=_all_but_keys(), name=VIRTUAL_NAME
            )
            # Grabbed last: from here on what it types is ours to hand on.
            self._device.grab()
        except (OSError, evdev.UInputError) as error:
            self._device.close()
            # It is tried every second: keyboards of failed tries would pile up.
            if keyboard is not None:
                keyboard.close()
            raise Fault(FaultCode.HID_DEVICE_GONE, device=name, detail=str(error)) from error

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return int(self._device.fileno())

    def read(self) -> Sequence[KeyEvent]:
        """Return the keys that went down or up; raises OSError when the scanner is gone.

        After SYN_DROPPED the kernel's words up to the next report mean nothing (its document
        "event codes"): they are passed over, and keys that are down no longer are let up.
        """
        codes, events = evdev.ecodes, list[KeyEvent]()
        for event in self._device.read():
            if event.type == codes.EV_SYN and event.code == codes.SYN_DROPPED:
                self._skipping = True
            elif self._skipping:
                if event.type == codes.EV_SYN and event.code == codes.SYN_REPORT:
                    self._skipping = False
                    events += self._after_a_gap()
            elif event.type == codes.EV_KEY:
                (self._down.discard if event.value == UP else self._down.add)(event.code)
                events.append(KeyEvent(event.code, event.value))
        return events

    def _after_a_gap(self) -> list[KeyEvent]:
        stuck = self._down - set(self._device.active_keys())
        self._down -= stuck
        return [KeyEvent(LOST, UP), *(KeyEvent(code, UP) for code in sorted(stuck))]

    def write(self, event: KeyEvent) -> None:
        """Type one event; raises OSError."""
        self._keyboard.write(evdev.ecodes.EV_KEY, event.code, event.value)
        self._keyboard.syn()

    def close(self) -> None:
        """Let go of the scanner, then of the keyboard; safe to call twice."""
        with suppress(OSError):
            self._device.ungrab()
        self._device.close()
        self._keyboard.close()


def _found(name: str) -> evdev.InputDevice:
    """Open a keyboard by its path or a part of its name; Fault HID_DEVICE_GONE."""
    if name.startswith("/"):
        try:
            return evdev.InputDevice(name)
        except OSError as error:
            raise Fault(FaultCode.HID_DEVICE_GONE, device=name, detail=str(error)) from error
    found = list(_named(name))
    if len(found) == 1:
        return found[0]
    for device in found:
        device.close()
    detail = f"{len(found)} keyboards have this name"
    raise Fault(FaultCode.HID_DEVICE_GONE, device=name, detail=detail)


def _named(name: str) -> Iterator[evdev.InputDevice]:
    for path in evdev.list_devices():
        try:
            device = evdev.InputDevice(path)
        except OSError:  # unplugged between being listed and being opened
            continue
        is_keyboard = evdev.ecodes.EV_KEY in device.capabilities()
        if is_keyboard and name in device.name and device.name != VIRTUAL_NAME:
            yield device
        else:
            device.close()


def _all_but_keys() -> tuple[int, ...]:
    """Return every type of event but keys: a virtual scanner has no lamps and no mouse."""
    kept = {evdev.ecodes.EV_KEY}
    return tuple(kind for kind in evdev.ecodes.EV if isinstance(kind, int) and kind not in kept)
