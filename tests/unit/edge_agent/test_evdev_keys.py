"""A scanner that cannot be grabbed leaves nothing behind; the rest runs in `make test-vm`."""

import sys
from types import SimpleNamespace

import pytest

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


def test_a_try_that_fails_closes_the_keyboard_it_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Ends] = []

    def ends(*_args: object, **_others: object) -> Ends:
        made.append(Ends())
        return made[-1]

    ecodes = SimpleNamespace(EV={1: "EV_KEY"}, EV_KEY=1)
    kernel = SimpleNamespace(
        InputDevice=ends,
        UInput=SimpleNamespace(from_device=ends),
        UInputError=OSError,
        ecodes=ecodes,
    )
    monkeypatch.setitem(sys.modules, "evdev", kernel)
    monkeypatch.delitem(sys.modules, "edge_agent.drivers.scanner.evdev_keys", raising=False)
    from edge_agent.drivers.scanner.evdev_keys import EvdevKeys  # noqa: PLC0415 - needs the above

    with pytest.raises(Fault) as caught:
        EvdevKeys("/dev/input/event7")
    assert caught.value.code is FaultCode.HID_DEVICE_GONE
    assert [one.is_open for one in made] == [False, False]
    del sys.modules["edge_agent.drivers.scanner.evdev_keys"]
