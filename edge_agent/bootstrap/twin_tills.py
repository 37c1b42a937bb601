"""Tills as the twin wants them: their layout and their lines, looked at before and after a start.

A wrong line could leave a shop without receipts. So a box refuses what is not there, starts with
the new line once, and goes back when it did not come up.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.bootstrap.twin_values import lanes_share_nothing, put, with_field
from edge_agent.domain.devices import ADDRESS
from edge_agent.services.box.twin import CONFIRM_S, TwinKeeper
from edge_agent.settings import Settings
from edge_agent.till_settings import EscposTill, FramedTill
from retail_core.errors import Fault
from retail_core.fleet.twin import Values
from retail_core.fleet.twin_settings import LANES, TILLS, Applies, Value, placed, setting
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:
    from edge_agent.bootstrap.devices import Devices

Resolve = Callable[[str], str]
OldTill = EscposTill | FramedTill


def with_tills(settings: Settings, values: Values) -> Settings:
    """Return the settings with tills as they are wanted; Faults as `old_till`, TWIN_VALUE_WRONG."""
    for key, value in values.items():
        wanted = old_till(settings, key)
        fresh = _changed(wanted, key, value)
        tills = tuple(fresh if one.id == wanted.id else one for one in settings.device.tills)
        device = settings.device.model_copy(update={"tills": tills})
        settings = settings.model_copy(update={"device": device})
    return settings


def _changed(till: OldTill, key: str, value: Value) -> OldTill:
    apart = placed(key)
    if isinstance(till, EscposTill):
        return with_field(till, apart.field, value, key)
    return with_field(till, apart.field, value, key)


def old_till(settings: Settings, key: str) -> OldTill:
    """Return the till a key is about, by id or name; Fault TWIN_PLACE_UNKNOWN."""
    apart = placed(key)
    old: tuple[OldTill, ...] = (*settings.device.escpos_tills, *settings.device.framed_tills)
    found = [
        till
        for till in old
        if apart.name in {str(till.id), till.name} and apart.field in type(till).model_fields
    ]
    if len(found) != 1:
        raise Fault(FaultCode.TWIN_PLACE_UNKNOWN, key=key)
    return found[0]


def till_fitting(settings: Settings, resolve: Resolve) -> Callable[[str, Value], None]:
    """Return what refuses a till's value that this box cannot use: before anything is touched."""

    def check(key: str, value: Value) -> None:
        """Faults TWIN_PLACE_UNKNOWN, TWIN_VALUE_WRONG, TWIN_TILL_UNPROVEN."""
        if setting(key).applies is not Applies.PROVEN:
            return
        till = old_till(with_tills(settings, {key: value}), key)
        try:
            if placed(key).field == "profile":
                _load(settings, till)
            else:
                _is_there(str(value), resolve)
        except Fault:
            raise Fault(FaultCode.TWIN_TILL_UNPROVEN, key=key) from None

    return check


def clashes(settings: Settings, values: Values) -> dict[str, str]:
    """Return the keys that would have two tills or two counters use one device."""
    code = FaultCode.TWIN_PLACES_CLASH.value
    config = settings.config
    for key, value in _of(values, LANES).items():
        config = put(config, key, value)
    found = {} if lanes_share_nothing(settings, config) else dict.fromkeys(_of(values, LANES), code)
    tills = _of(values, TILLS)
    if not sound(settings, tills):
        found |= dict.fromkeys(tills, code)
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
        till = old_till(self.settings, key).id
        opened = self.devices.taps.get(till) or self.devices.framed.get(till)
        return opened is not None and opened.state() == "ok"


def _load(settings: Settings, till: OldTill) -> None:
    # A box whose configuration names no till carries no profiles.
    from edge_agent.drivers.profiles import (  # noqa: PLC0415 -- see above
        FramedProfile,
        TillProfile,
        load_profile,
    )

    folder = settings.config.profiles_dir
    if isinstance(till, EscposTill):
        load_profile(folder, till.profile, TillProfile)
    else:
        load_profile(folder, till.profile, FramedProfile)


def _is_there(address: str, resolve: Resolve) -> None:
    path = resolve(address) if address.startswith(ADDRESS) else address
    if "://" not in path and not Path(path).exists():
        raise Fault(FaultCode.TILL_PORT_OPEN, port=address)


def _lines(till: EscposTill) -> list[str]:
    beside = [till.display.port, till.display.display] if till.display else []
    scanned = [till.scanner.scanner, till.scanner.port] if till.scanner else []
    return [line for line in (till.port, till.printer, *beside, *scanned) if line]


def _of(values: Values, of: str) -> Mapping[str, Value]:
    return {key: value for key, value in values.items() if placed(key).of == of}
