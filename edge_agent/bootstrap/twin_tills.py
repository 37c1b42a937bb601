"""Tills as the twin wants them: their layout and their lines, looked at before and after a start.

A wrong line could leave a shop without receipts. So a box refuses what is not there, starts with
the new line once, and goes back when it did not come up.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.bootstrap.twin_till_parts import (
    DISPLAY,
    SCANNER,
    OldTill,
    incomplete,
    of_tills,
    old_till,
    part_of,
    with_tills,
)
from edge_agent.bootstrap.twin_values import lanes_share_nothing, put
from edge_agent.domain.devices import ADDRESS
from edge_agent.services.box.twin import CONFIRM_S, TwinKeeper
from edge_agent.settings import Settings
from edge_agent.till_settings import EscposTill
from retail_core.errors import Fault
from retail_core.fleet.twin import Values
from retail_core.fleet.twin_settings import LANES, TILLS, Applies, Value, placed, setting
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:
    from edge_agent.bootstrap.devices import Devices

Resolve = Callable[[str], str]


def till_fitting(settings: Settings, resolve: Resolve) -> Callable[[str, Value], None]:
    """Return what refuses a till's value that this box cannot use: before anything is touched."""

    def check(key: str, value: Value) -> None:
        """Faults TWIN_PLACE_UNKNOWN, TWIN_VALUE_WRONG, TWIN_TILL_UNPROVEN."""
        if placed(key).of != TILLS:
            return
        try:
            with_tills(settings, {key: value})
        except Fault as fault:
            # What is missing beside it may be wanted too: `clashes` looks at all of it.
            if fault.code is not FaultCode.TWIN_TILL_INCOMPLETE:
                raise
        if setting(key).applies is Applies.PROVEN:
            _prove(settings, key, str(value), resolve)

    return check


def _prove(settings: Settings, key: str, value: str, resolve: Resolve) -> None:
    section, name = part_of(key)
    try:
        if name == "profile":
            _load(settings, old_till(settings, key), section, value)
        elif (section, name) != (SCANNER, SCANNER) or value.startswith(("/", ADDRESS)):
            _is_there(value, resolve)  # a scanner that types may be given by a part of its name
    except Fault:
        raise Fault(FaultCode.TWIN_TILL_UNPROVEN, key=key) from None


def clashes(settings: Settings, values: Values) -> dict[str, str]:
    """Return the keys that would have two tills or two counters use one device, or half a device.

    Each with its code.
    """
    code = FaultCode.TWIN_PLACES_CLASH.value
    config = settings.config
    lanes = {key: value for key, value in values.items() if placed(key).of == LANES}
    for key, value in lanes.items():
        config = put(config, key, value)
    found = {} if lanes_share_nothing(settings, config) else dict.fromkeys(lanes, code)
    found |= incomplete(settings, of_tills(values))
    tills = {key: value for key, value in of_tills(values).items() if key not in found}
    if not sound(settings, tills):
        found |= dict.fromkeys(of_tills(tills, Applies.PROVEN), code)
    return found


def sound(settings: Settings, tills: Values) -> bool:
    """Return whether the box can be started with these at all: each till known, no line twice."""
    try:
        wanted = with_tills(settings, tills)
    except Fault:
        return False
    lines = Counter(chain.from_iterable(_lines(till) for till in wanted.device.escpos_tills))
    lines += Counter(till.port for till in wanted.device.framed_tills)
    before = Counter(chain.from_iterable(_lines(till) for till in settings.device.escpos_tills))
    before += Counter(till.port for till in settings.device.framed_tills)
    return all(count <= max(1, before[line]) for line, count in lines.items())


@dataclass(slots=True)
class TillTrial:
    """Ends a trial of tills' lines: all up, or a minute is over and the program starts again."""

    settings: Settings
    devices: "Devices"
    twin: TwinKeeper
    restart: Callable[[], None]
    monotonic: Callable[[], float] = time.monotonic
    confirm_s: float = CONFIRM_S
    _since_s: float | None = field(default=None, init=False)

    def turn(self) -> bool:
        """Look once; return whether a trial has ended, which HQ is to hear."""
        values = self.twin.tills_on_trial
        if not values:
            return False
        now_s = self.monotonic()
        if self._since_s is None:
            self._since_s = now_s
        up = all(self._is_up(key) for key in values)
        if not up and now_s - self._since_s < self.confirm_s:
            return False
        self.twin.tills_came_up(up=up)
        if not up:
            self.restart()
        return True

    def _is_up(self, key: str) -> bool:
        till, devices = old_till(self.settings, key).id, self.devices
        tried = {
            DISPLAY: devices.displays.get(till),
            SCANNER: devices.scanners.get(till),
        }.get(part_of(key)[0], devices.taps.get(till) or devices.framed.get(till))
        return tried is not None and tried.state() == "ok"


def _load(settings: Settings, till: OldTill, section: str, name: str) -> None:
    # A box whose configuration names no till carries no profiles.
    from edge_agent.drivers.profiles import (  # noqa: PLC0415 -- see above
        DisplayProfile,
        FramedProfile,
        ScannerProfile,
        TillProfile,
        load_profile,
    )

    folder = settings.config.profiles_dir
    if section == DISPLAY:
        load_profile(folder, name, DisplayProfile)
    elif section:
        load_profile(folder, name, ScannerProfile)
    elif isinstance(till, EscposTill):
        load_profile(folder, name, TillProfile)
    else:
        load_profile(folder, name, FramedProfile)


def _is_there(address: str, resolve: Resolve) -> None:
    path = resolve(address) if address.startswith(ADDRESS) else address
    if "://" not in path and not Path(path).exists():
        raise Fault(FaultCode.TILL_PORT_OPEN, port=address)


def _lines(till: EscposTill) -> list[str]:
    beside = [till.display.port, till.display.display] if till.display else []
    scanned = [till.scanner.scanner, till.scanner.port] if till.scanner else []
    return [line for line in (till.port, till.printer, *beside, *scanned) if line]
