"""A release going out: ring by ring, each opened by what the one before has proved.

    waiting ──a second person──▶ running ──a ring proved──▶ the next ring … ──▶ done
                                   │  └── a ring that asks for a person ──▶ paused
                                   └── failures, or sales that stay away ──▶ stopped, and back

Which box is in which ring is drawn anew for each release, so that not the same shops are always
first. A stop takes back what it has reached: a box goes one step back by itself.

A shop that does not sell proves nothing and speaks against nothing: its trial ends when its time is
over, the box goes back and is counted no more. A ring in which none sold is a person's to judge.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Literal
from uuid import UUID

from retail_core.errors import Fault
from retail_core.fleet.commands import wave_of
from retail_core.texts.faults import FaultCode

PERMILLE = 1_000
# Fewer sales than this in the days compared with say nothing about a release.
TRADE_SALES_MIN = 20
SALES_MAX, MINUTES_MAX = 1_000, 7 * 24 * 60
TRIAL_MINUTES_MAX = 30 * 24 * 60

RolloutState = Literal["waiting", "running", "paused", "stopped", "done"]
Why = Literal["", "person", "approval", "quiet", "failures", "sales"]


class BoxStage(StrEnum):
    """How far a box is with a release."""

    HELD = "held"
    OFFERED = "offered"
    FETCHING = "fetching"
    READY = "ready"
    TRYING = "trying"
    PROVED = "proved"
    FAILED = "failed"
    REFUSED = "refused"
    REVERTED = "reverted"


B = BoxStage
BAD = frozenset({B.FAILED, B.REFUSED})
HAS_IT = frozenset({B.TRYING, B.PROVED})
SAID_BY_BOX = frozenset({B.FETCHING, B.READY, B.TRYING, B.PROVED, *BAD, B.REVERTED})


@dataclass(frozen=True, slots=True)
class Policy:
    """What a release has to show before the next ring; times in minutes, shares in permille.

    `sales` on each box; `trade_permille` of the sales of the same time a week before, over all
    boxes that have it (0: not compared); `approve` are rings after which a person has to agree;
    `trial_minutes` is how long a box may try, then it goes back without having failed.
    """

    sales: int = 20
    well_minutes: int = 5
    success_permille: int = 900
    failures_max: int = 0
    trade_permille: int = 600
    rest_minutes: int = 60
    approve: tuple[int, ...] = (0,)
    window_from: int = 120
    window_to: int = 300
    hold_minutes: int = 30
    trial_minutes: int = 3 * 24 * 60

    def check(self) -> None:
        """Refuse what could open a ring without proof. Fault RELEASE_POLICY_WRONG."""
        fits = {
            "sales": 1 <= self.sales <= SALES_MAX,
            "well_minutes": 0 <= self.well_minutes <= MINUTES_MAX,
            "success_permille": 0 < self.success_permille <= PERMILLE,
            "failures_max": self.failures_max >= 0,
            "trade_permille": 0 <= self.trade_permille <= PERMILLE,
            "rest_minutes": 0 <= self.rest_minutes <= MINUTES_MAX,
            "window_from": 0 <= self.window_from < 24 * 60,
            "window_to": 0 <= self.window_to < 24 * 60,
            "hold_minutes": 0 <= self.hold_minutes <= MINUTES_MAX,
            "trial_minutes": 1 <= self.trial_minutes <= TRIAL_MINUTES_MAX,
        }
        wrong = [name for name, good in fits.items() if not good]
        if wrong:
            raise Fault(FaultCode.RELEASE_POLICY_WRONG, what=", ".join(wrong))


@dataclass(frozen=True, slots=True)
class Going:
    """How a rollout stands; `ring_ms` is when its ring was opened, `agreed` the rings agreed to."""

    state: RolloutState
    ring: int
    ring_ms: int
    why: Why = ""
    agreed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """One box of a rollout, as far as the others are concerned."""

    ring: int
    stage: BoxStage


@dataclass(frozen=True, slots=True)
class Trade:
    """Sales of the stores that have the release, and of the same time a week before."""

    now: int = 0
    before: int = 0


def rings_of(number: int, devices: Iterable[UUID]) -> dict[UUID, int]:
    """Return the ring of each box: a draw of its own for each release, the first never empty."""
    drawn = sorted(devices, key=lambda one: sha256(f"{number}/{one}".encode()).digest())
    return {device: wave_of(index, len(drawn)) for index, device in enumerate(drawn)}


def goes_on(
    going: Going, policy: Policy, boxes: Collection[Standing], trade: Trade, now_ms: int
) -> Going:
    """Return how a rollout goes on."""
    if going.state != "running":
        return going
    reached = [one for one in boxes if one.ring <= going.ring]
    if why := stop_reason(reached, policy, trade):
        return Going("stopped", going.ring, going.ring_ms, why, going.agreed)
    rested = now_ms - going.ring_ms >= policy.rest_minutes * 60_000
    ring = [one for one in reached if one.ring == going.ring]
    heard = [one for one in ring if one.stage is not B.REVERTED]
    if not rested or not _proved(heard, policy):
        return going
    later = sorted({one.ring for one in boxes if one.ring > going.ring})
    if not later:
        whole = all(one.stage in BAD | {B.PROVED, B.REVERTED} for one in boxes)
        return Going("done", going.ring, going.ring_ms, "", going.agreed) if whole else going
    asks: Why = "approval" if going.ring in policy.approve else ""
    if ring and not heard:
        asks = "quiet"
    if asks and going.ring not in going.agreed:
        return Going("paused", going.ring, going.ring_ms, asks, going.agreed)
    return Going("running", later[0], now_ms, "", going.agreed)


def stop_reason(reached: Iterable[Standing], policy: Policy, trade: Trade) -> Why:
    """Return why a rollout is stopped, empty where nothing speaks against it."""
    if sum(one.stage in BAD for one in reached) > policy.failures_max:
        return "failures"
    return "sales" if stays_away(trade, policy) else ""


def stays_away(trade: Trade, policy: Policy) -> bool:
    """Return whether customers are lost: sales fell below their share of a week before."""
    if trade.before < TRADE_SALES_MIN:
        return False
    return trade.now * PERMILLE < trade.before * policy.trade_permille


def overdue(stage: BoxStage, tried_ms: int, policy: Policy, now_ms: int) -> bool:
    """Return whether a box has tried for as long as it may."""
    return stage is B.TRYING and now_ms - tried_ms > policy.trial_minutes * 60_000


def wished(
    going: Going, box: Standing, *, is_over: bool = False
) -> Literal["take", "back", "nothing"]:
    """Return what is wanted of a box: what is under way there ends by itself, or goes back.

    `is_over` is whether the time of its trial is.
    """
    if is_over:
        return "back"
    if going.state == "stopped":
        return "back" if box.stage in HAS_IT else "nothing"
    if box.stage in HAS_IT:
        return "take"
    open_now = going.state in {"running", "done"} and box.ring <= going.ring
    return "take" if open_now and box.stage not in BAD | {B.REVERTED} else "nothing"


def noted(
    before: BoxStage, said: BoxStage, state: RolloutState, *, was_called: bool = False
) -> BoxStage:
    """Return a box's stage after its word; what has ended stays ended.

    Where the rollout was stopped, or the box was called back (`was_called`), one that does not have
    the release any more has gone back: that is no failure.
    """
    if before in BAD | {B.REVERTED} or said not in SAID_BY_BOX:
        return before
    if said in BAD and (was_called or (state == "stopped" and before in HAS_IT)):
        return B.REVERTED
    return said


def _proved(ring: Sequence[Standing], policy: Policy) -> bool:
    proved = sum(one.stage is B.PROVED for one in ring)
    return proved * PERMILLE >= len(ring) * policy.success_permille
