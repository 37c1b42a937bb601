"""What a real keyboard can do to its reader; the rest runs in `make test-vm`."""

import importlib
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from edge_agent.drivers.scanner.keys import LOST
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class Ends:
    """A keyboard that somebody else has grabbed, and the virtual one made for it."""

    def __init__(self, _path: object = "", **_others: object) -> None:
        self.is_open = True

    def grab(self) -> None:
        raise OSError(16, "busy")

    def close(self) -> None:
        self.is_open = False


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[type], type[Any]]]:
    """Put a kernel of ours under the driver; returns the driver's class."""
    module = "edge_agent.drivers.scanner.evdev_keys"

    def load(ends: type) -> type[Any]:
        codes = SimpleNamespace(
            EV={0: "EV_SYN", 1: "EV_KEY"}, EV_SYN=0, EV_KEY=1, SYN_REPORT=0, SYN_DROPPED=3
        )
        kernel = SimpleNamespace(
            InputDevice=ends,
            UInput=SimpleNamespace(from_device=ends),
            UInputError=OSError,
            ecodes=codes,
        )
        monkeypatch.setitem(sys.modules, "evdev", kernel)
        monkeypatch.delitem(sys.modules, module, raising=False)
        driver: type[Any] = importlib.import_module(module).EvdevKeys
        return driver

    yield load
    sys.modules.pop(module, None)


def test_a_try_that_fails_closes_the_keyboard_it_made(
    made: Callable[[type], type[Any]],
) -> None:
    opened: list[Ends] = []

    class Taken(Ends):
        def __init__(self, *args: object, **others: object) -> None:
            super().__init__(*args, **others)
            opened.append(self)

    with pytest.raises(Fault) as caught:
        made(Taken)("/dev/input/event7")
    assert caught.value.code is FaultCode.HID_DEVICE_GONE
    assert [one.is_open for one in opened] == [False, False]


def test_after_a_gap_nothing_is_believed_and_no_key_stays_down(
    made: Callable[[type], type[Any]],
) -> None:
    heard = [(1, 30, 1), (0, 0, 0), (1, 42, 1), (0, 3, 0), (1, 31, 1), (0, 0, 0), (1, 32, 1)]

    class Free(Ends):
        def grab(self) -> None:
            """Nobody else has it."""

        def read(self) -> list[SimpleNamespace]:
            return [SimpleNamespace(type=kind, code=code, value=v) for kind, code, v in heard]

        def active_keys(self) -> list[int]:
            return [30]

    keys = made(Free)("/dev/input/event7")
    assert [(event.code, event.value) for event in keys.read()] == [
        (30, 1),
        (42, 1),
        (LOST, 0),
        (42, 0),
        (32, 1),
    ]
