"""What HQ's wall says of a store, from the last presence of its box and how old that is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from retail_core import limits
from retail_core.fleet.health import Facts, can_sell
from retail_core.fleet.presence import LOST
from retail_core.texts.faults import FaultCode

StoreState = Literal["ok", "degraded", "cannot", "gone", "never"]
_SAID: dict[str, StoreState] = {"ok": "ok", "degraded": "degraded", "cannot": "cannot"}


@dataclass(frozen=True, slots=True)
class Heard:
    """The last presence of a store's box; `since_ms` ago its state became what it is."""

    state: str
    can_sell: bool
    silent_ms: int
    devices: Mapping[str, str] = field(default_factory=dict)
    since_ms: int = limits.PRESENCE_GRACE_MS
    on_purpose: bool = False


def judge(heard: Heard | None) -> tuple[StoreState, tuple[str, ...]]:
    """Return the state and the fault codes behind one that is not `ok`."""
    if heard is None:
        return "never", ()
    lost = (FaultCode.SYNC_LINK_DOWN.value,)
    if heard.state == LOST:
        if heard.on_purpose:
            return "gone", (FaultCode.BOX_LEFT.value,)
        # A broker that restarts sends a thousand wills, and a thousand boxes come back.
        return ("gone" if heard.since_ms >= limits.PRESENCE_GRACE_MS else "degraded"), lost
    if heard.silent_ms > limits.PRESENCE_GONE_AFTER_MS:
        return "gone", lost
    health = can_sell(Facts(devices=heard.devices))
    if not heard.can_sell:
        return "cannot", tuple(one.code.value for one in health.reasons)
    state = _SAID.get(heard.state, "ok")
    return state, () if state == "ok" else tuple(one.code.value for one in health.reasons)
