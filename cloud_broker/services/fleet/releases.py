"""HQ's side of releases: sent out ring by ring, watched, agreed to, stopped and taken back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditAsked, AuditEntry, AuditRow
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.rollouts import BoxRelease, RolloutBox, RolloutRow
from cloud_broker.ports.twins import Where
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.fleet.twin import Person, Spot, check_role, nudge
from retail_core.errors import Fault
from retail_core.fleet.rollout import (
    HAS_IT,
    BoxStage,
    Going,
    Policy,
    RolloutState,
    Trade,
    Why,
    goes_on,
    noted,
    overdue,
    rings_of,
    wished,
)
from retail_core.texts.faults import FaultCode
from retail_core.wire.fleet import ReleaseWish, UpdateTold

WEEK_MS = 7 * 24 * 3_600_000
SHOWN, TRAIL_MAX = 20, 50
OPEN: frozenset[RolloutState] = frozenset({"waiting", "running", "paused"})
_CHAIN = Spot("chain")
_STAGES = frozenset(one.value for one in BoxStage)


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """A release on offer: its number, its name, and its bytes."""

    number: int
    version: str
    size: int


@dataclass(frozen=True, slots=True)
class RolloutView:
    """A rollout with its boxes, the sales that count, and what each box runs."""

    row: RolloutRow
    boxes: tuple[RolloutBox, ...]
    trade: Trade
    runs: Mapping[UUID, BoxRelease]


@dataclass(frozen=True, slots=True)
class ReleaseDesk:
    """Answers HQ's commands and pages; `shelf` tells what is on offer."""

    units: Units
    clock: Clock
    ids: IdSource
    shelf: Callable[[], Sequence[ReleaseInfo]]

    def roll_out(self, who: Person, number: int, policy: Policy, why: str) -> RolloutRow:
        """Send a release out; it begins when a second person has agreed.

        Faults API_SCOPE_MISSING, RELEASE_UNKNOWN, RELEASE_BUSY, RELEASE_POLICY_WRONG.
        """
        check_role(who)
        policy.check()
        found = next((one for one in self.shelf() if one.number == number), None)
        if found is None:
            raise Fault(FaultCode.RELEASE_UNKNOWN, what=str(number))
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            unit.twins.take_turn()
            if any(_state(unit, one) in OPEN for one in unit.rollouts.open()):
                raise Fault(FaultCode.RELEASE_BUSY)
            boxes = unit.twins.boxes(_CHAIN.scope, _CHAIN.place)
            row = RolloutRow(
                *(self.ids.uuid7(), number, found.version, policy, why.strip(), who.login, ""),
                *(now_ms, Going("waiting", 0, now_ms)),
            )
            unit.rollouts.add(row, _drawn(number, boxes, now_ms))
            said: dict[str, object] = {"number": number, "version": found.version}
            said |= {"boxes": len(boxes), "why": row.why}
            _audit(unit, who, "release.roll_out", row, now_ms, said)
            unit.announce(LiveEvent(who.tenant_id, frozenset({"published"})))
        return row

    def agree(self, who: Person, rollout_id: UUID) -> Why:
        """Let it begin, or go on, as a person other than who sent it out; return why it rested.

        Faults API_SCOPE_MISSING, RELEASE_UNKNOWN, COMMAND_OWN_SECOND.
        """
        check_role(who)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            row = _found(unit, rollout_id, {"waiting", "paused"})
            if row.author == who.login:
                raise Fault(FaultCode.COMMAND_OWN_SECOND)
            going = row.going
            if going.state == "waiting":
                after = replace(going, state="running", ring_ms=now_ms)
            else:
                # Who lets a person's pause end has not seen this ring proved.
                more = (going.ring,) if going.why in {"approval", "quiet"} else ()
                after = replace(going, state="running", why="", agreed=(*going.agreed, *more))
            second = row.second or who.login
            _set(unit, row, after, second, now_ms)
            action = "release.resume" if going.why == "person" else "release.agree"
            _audit(unit, who, action, row, now_ms, {"ring": going.ring})
            unit.announce(LiveEvent(who.tenant_id, frozenset({"published"})))
        return going.why

    def steer(self, who: Person, rollout_id: UUID, to: RolloutState, why: str) -> None:
        """Pause it, or stop it for good and take it back from the boxes that have it.

        Faults API_SCOPE_MISSING, RELEASE_UNKNOWN.
        """
        check_role(who)
        before: dict[RolloutState, set[RolloutState]] = {
            "paused": {"running"},
            "stopped": {"waiting", "running", "paused", "done"},
        }
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            row = _found(unit, rollout_id, before.get(to, set()))
            _set(unit, row, replace(row.going, state=to, why="person"), row.second, now_ms)
            _audit(unit, who, f"release.{to}", row, now_ms, {"why": why.strip()})
            unit.announce(LiveEvent(who.tenant_id, frozenset({"published"})))

    def overview(self, tenant: UUID) -> tuple[RolloutRow, ...]:
        """Return the last rollouts."""
        with self.units.begin(tenant) as unit:
            return unit.rollouts.rollouts(SHOWN)

    def show(self, tenant: UUID, rollout_id: UUID) -> RolloutView:
        """Return a rollout with every box. Fault RELEASE_UNKNOWN."""
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            row = unit.rollouts.rollout(rollout_id, locked=False)
            if row is None:
                raise Fault(FaultCode.RELEASE_UNKNOWN, what=str(rollout_id))
            boxes = unit.rollouts.boxes(rollout_id)
            runs = unit.rollouts.running([one.device for one in boxes])
            return RolloutView(row, boxes, _trade(unit, boxes, now_ms), runs)

    def trail(self, tenant: UUID, rollout_id: UUID) -> tuple[AuditRow, ...]:
        """Return who did what about a rollout, newest first."""
        with self.units.begin(tenant) as unit:
            asked = AuditAsked(action="release.", subject=str(rollout_id))
            return unit.hq.audits(asked, TRAIL_MAX)


@dataclass(frozen=True, slots=True)
class RolloutKeeper:
    """Lets proof and time do their work; `tend` is called every few seconds."""

    units: Units
    clock: Clock

    def tend(self, tenant: UUID) -> int:
        """Open rings, stop what fails, take in boxes that came since; how many moved."""
        with self.units.begin(tenant) as unit:
            open_now = unit.rollouts.open()
        return sum(self._go_on(tenant, one) for one in open_now)

    def _go_on(self, tenant: UUID, rollout_id: UUID) -> int:
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            row = unit.rollouts.rollout(rollout_id)
            if row is None or row.going.state != "running":
                return 0
            boxes = _with_newcomers(unit, row, now_ms)
            standing = [one.standing for one in boxes]
            trade = _trade(unit, boxes, now_ms)
            after = goes_on(row.going, row.policy, standing, trade, now_ms)
            moved = _set(unit, row, after, row.second, now_ms)
            if after.state == "stopped":
                said: dict[str, object] = {"reason": after.why, "ring": after.ring}
                said |= {"sales": trade.now, "sales_before": trade.before}
                unit.hq.audit(AuditEntry("", "release.stopped", str(rollout_id), said), now_ms)
            if moved:
                unit.announce(LiveEvent(tenant, frozenset({"published"})))
        return moved


def word_of(unit: Unit, where: Where, told: UpdateTold | None, now_ms: int) -> ReleaseWish | None:
    """Take a box's word about releases; return what is wanted of it."""
    if told is not None:
        unit.rollouts.tell(BoxRelease(where.device, told.running, told.version, now_ms))
    found = unit.rollouts.box(where.device)
    if found is None:
        return None
    row, box = found
    after = box if told is None else _after(row, box, told, now_ms)
    if after != box:
        unit.rollouts.set_boxes(row.rollout_id, [after])
    is_over = overdue(after.stage, after.tried_ms, row.policy, now_ms)
    wish = wished(row.going, after.standing, is_over=is_over)
    if wish == "nothing":
        return None
    policy = row.policy
    return ReleaseWish(
        number=row.number,
        version=row.version,
        back=wish == "back",
        sales=policy.sales,
        well_s=policy.well_minutes * 60,
        window_from=policy.window_from,
        window_to=policy.window_to,
        hold_s=policy.hold_minutes * 60,
    )


def _after(row: RolloutRow, box: RolloutBox, told: UpdateTold, now_ms: int) -> RolloutBox:
    """Return a box's row after its word; a word about another release changes nothing."""
    if told.number != row.number or told.stage not in _STAGES:
        return box
    was_called = told.code == FaultCode.RELEASE_CALLED_BACK
    stage = noted(box.stage, BoxStage(told.stage), row.going.state, was_called=was_called)
    begins = stage in HAS_IT and not box.tried_ms
    is_over = was_called and overdue(box.stage, box.tried_ms, row.policy, now_ms)
    code = FaultCode.RELEASE_QUIET.value if is_over else told.code
    if stage is box.stage is BoxStage.REVERTED:
        code = box.code
    figures = (code, told.sales, told.breaks, told.waits)
    if stage is box.stage and figures == (box.code, box.sales, box.breaks, box.waits):
        return box
    return replace(
        box,
        stage=stage,
        changed_ms=box.changed_ms if stage is box.stage else now_ms,
        tried_ms=now_ms if begins else box.tried_ms,
        code=code,
        sales=told.sales,
        breaks=told.breaks,
        waits=told.waits,
    )


def _drawn(number: int, boxes: Sequence[Where], now_ms: int) -> list[RolloutBox]:
    rings = rings_of(number, [one.device for one in boxes])
    return [
        RolloutBox(one.device, one.store, rings[one.device], BoxStage.HELD, now_ms) for one in boxes
    ]


def _with_newcomers(unit: Unit, row: RolloutRow, now_ms: int) -> tuple[RolloutBox, ...]:
    """Return a rollout's boxes; those let in since join the last ring, the retired ones are out."""
    held = {one.device: one for one in unit.rollouts.boxes(row.rollout_id)}
    there = {one.device: one for one in unit.twins.boxes(_CHAIN.scope, _CHAIN.place)}
    last = max((one.ring for one in held.values()), default=0)
    fresh = [
        RolloutBox(one.device, one.store, last, BoxStage.HELD, now_ms)
        for one in there.values()
        if one.device not in held
    ]
    if fresh:
        unit.rollouts.add_boxes(row.rollout_id, fresh)
    return (*(one for one in held.values() if one.device in there), *fresh)


def _set(unit: Unit, row: RolloutRow, after: Going, second: str, now_ms: int) -> int:
    """Write how a rollout goes on and let the boxes that are to hear of it ask; 0: as it was."""
    if after == row.going and second == row.second:
        return 0
    unit.rollouts.set_going(row.rollout_id, after, second)
    boxes = unit.rollouts.boxes(row.rollout_id)
    concerned = [one for one in boxes if one.ring <= after.ring or one.stage in HAS_IT]
    nudge(unit, [Where(one.device, one.store, one.store) for one in concerned], now_ms, now_ms)
    return 1


def _trade(unit: Unit, boxes: Sequence[RolloutBox], now_ms: int) -> Trade:
    since: dict[UUID, int] = {}
    for one in boxes:
        if one.stage in HAS_IT and one.tried_ms:
            since[one.store] = min(one.tried_ms, since.get(one.store, one.tried_ms))
    return unit.rollouts.trade(since, now_ms, WEEK_MS) if since else Trade()


def _state(unit: Unit, rollout_id: UUID) -> RolloutState | None:
    row = unit.rollouts.rollout(rollout_id, locked=False)
    return None if row is None else row.going.state


def _found(unit: Unit, rollout_id: UUID, states: set[RolloutState]) -> RolloutRow:
    row = unit.rollouts.rollout(rollout_id)
    if row is None or row.going.state not in states:
        raise Fault(FaultCode.RELEASE_UNKNOWN, what=str(rollout_id))
    return row


def _audit(
    unit: Unit, who: Person, action: str, row: RolloutRow, now_ms: int, said: Mapping[str, object]
) -> None:
    unit.hq.audit(AuditEntry(who.login, action, str(row.rollout_id), said), now_ms)
