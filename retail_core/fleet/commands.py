"""Commands to boxes: one state machine a box, one order over many of them.

    held ──its wave comes──▶ init ──the box asks and is allowed──▶ executing ──▶ successful
      │                        │                                     ├──▶ failed
      └──▶ stopped, expired ◀──┘                                     └──▶ refused

A box may start only what the cloud has let it start: `init` to `executing` is one row's change, so
a command that ran out or was stopped cannot be under way, whatever the box's clock says.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from retail_core.errors import Fault
from retail_core.fleet.fixups import FIXUPS
from retail_core.texts.faults import FaultCode

PERMILLE = 1_000
# One person alone reaches so many stores, or this share of them: the greater of the two is free
# only up to `ALONE_STORES_MAX`.
ALONE_PERMILLE = 10
ALONE_STORES = 1
ALONE_STORES_MAX = 20
# The shares of all boxes that have been told at the end of each wave.
WAVES_PERMILLE = (10, 100, 500, 1_000)
TTL_MS_MIN, TTL_MS_MAX = 60_000, 7 * 24 * 60 * 60 * 1_000
EXECUTING_MS_MAX = 15 * 60 * 1_000

OrderState = Literal["waiting", "running", "paused", "stopped", "done"]


class CommandState(StrEnum):
    """Where one box's command is."""

    HELD = "held"
    INIT = "init"
    EXECUTING = "executing"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUSED = "refused"
    STOPPED = "stopped"


S = CommandState
ENDED = frozenset({S.SUCCESSFUL, S.FAILED, S.EXPIRED, S.REFUSED, S.STOPPED})
BAD = frozenset({S.FAILED, S.REFUSED})
SAID_BY_BOX = frozenset({S.SUCCESSFUL, S.FAILED, S.REFUSED})
NEXT: Mapping[CommandState, frozenset[CommandState]] = MappingProxyType(
    {
        S.HELD: frozenset({S.INIT, S.EXPIRED, S.STOPPED}),
        S.INIT: frozenset({S.EXECUTING, S.EXPIRED, S.STOPPED}),
        S.EXECUTING: SAID_BY_BOX,
    }
)
KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "restart": ("part",),
        "doctor": (),
        "diag": (),
        "resync": (),
        "reload_twin": (),
        "rebirth": (),
        "logs": (),
        "mend": ("fixup",),
    }
)
PARTS = ("agent", "uplink")


@dataclass(frozen=True, slots=True)
class Standing:
    """One command of an order, as far as the order is concerned."""

    wave: int
    state: CommandState


@dataclass(frozen=True, slots=True)
class Order:
    """What decides how an order goes on; times in milliseconds since 1970."""

    state: OrderState
    wave: int
    waves: int
    wave_ms: int
    pause_ms: int
    failures_max: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an order goes on: its state and the wave that is open now."""

    state: OrderState
    wave: int


def may(before: CommandState, after: CommandState) -> bool:
    """Return whether a command may change so."""
    return after in NEXT.get(before, frozenset())


def check_kind(kind: str, args: Mapping[str, str]) -> None:
    """Refuse a command that is none. Fault COMMAND_UNKNOWN."""
    if kind not in KINDS or set(args) != set(KINDS[kind]):
        raise Fault(FaultCode.COMMAND_UNKNOWN, kind=kind)
    if kind == "restart" and args["part"] not in PARTS:
        raise Fault(FaultCode.COMMAND_UNKNOWN, kind=f"restart {args['part'][:40]}")
    if kind == "mend" and args["fixup"] not in FIXUPS:
        raise Fault(FaultCode.COMMAND_UNKNOWN, kind=f"mend {args['fixup'][:40]}")


def alone_max(stores: int) -> int:
    """Return how many of a chain's stores one person alone may reach."""
    share = stores * ALONE_PERMILLE // PERMILLE
    return min(max(ALONE_STORES, share), ALONE_STORES_MAX)


def needs_second(targets: int, stores: int, *, dry: bool) -> bool:
    """Return whether a second person has to agree; what only looks needs nobody."""
    return not dry and targets > alone_max(stores)


def wave_of(index: int, boxes: int) -> int:
    """Return the wave of the `index`-th of so many boxes, from 0; the first is never empty."""
    for wave, permille in enumerate(WAVES_PERMILLE):
        if index < max(1, boxes * permille // PERMILLE):
            return wave
    return len(WAVES_PERMILLE) - 1


def goes_on(order: Order, commands: Collection[Standing], now_ms: int) -> Verdict:
    """Return how an order goes on: it stops at failures, pauses after a wave, opens the next."""
    if order.state != "running":
        return Verdict(order.state, order.wave)
    if sum(one.state in BAD for one in commands) > order.failures_max:
        return Verdict("stopped", order.wave)
    if all(one.state in ENDED for one in commands):
        return Verdict("done", order.wave)
    if now_ms >= order.expires_ms:
        return Verdict("running", order.wave)
    open_now = [one for one in commands if one.wave <= order.wave]
    over = all(one.state in ENDED for one in open_now)
    rested = now_ms >= order.wave_ms + order.pause_ms
    later = [one.wave for one in commands if one.wave > order.wave]
    return Verdict("running", min(later) if later and over and rested else order.wave)


def by_now(state: CommandState, order: Order, wave: int, changed_ms: int, now_ms: int) -> S:
    """Return what time and the order alone have made of a command."""
    if state in {S.HELD, S.INIT}:
        if order.state == "stopped":
            return S.STOPPED
        if now_ms >= order.expires_ms:
            return S.EXPIRED
        open_now = order.state == "running" and wave <= order.wave
        return S.INIT if open_now else state
    if state is S.EXECUTING and now_ms - changed_ms > EXECUTING_MS_MAX:
        return S.FAILED
    return state
