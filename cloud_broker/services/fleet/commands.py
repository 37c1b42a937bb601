"""Orders to boxes: given, agreed to by a second person, opened wave by wave, stopped."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditAsked, AuditEntry, AuditRow
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.orders import CommandRow, Halt, OrderCount, OrderRow
from cloud_broker.ports.twins import Where
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.fleet.twin import MAY_STEER, Person, Spot, check_role, nudge
from retail_core.errors import Fault
from retail_core.fleet.commands import (
    TTL_MS_MAX,
    TTL_MS_MIN,
    CommandState,
    Order,
    OrderState,
    Standing,
    alone_max,
    by_now,
    check_kind,
    goes_on,
    needs_second,
    wave_of,
)
from retail_core.texts.faults import FaultCode

PAUSE_MS = 5 * 60 * 1_000
FAILURES_MAX = 1
ORDERS_SHOWN = 50
OF_STORE_SHOWN = 8
TRAIL_MAX = 50
# A technician mends boxes; what all of them are to be like is not theirs.
MAY_ORDER = MAY_STEER | {"technician"}
_CHAIN = Spot("chain")
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants done: to which boxes, for how long it holds, and why."""

    kind: str
    spot: Spot
    args: Mapping[str, str]
    ttl_ms: int
    why: str = ""
    dry: bool = False
    pause_ms: int = PAUSE_MS
    failures_max: int = FAILURES_MAX


@dataclass(frozen=True, slots=True)
class OrderLook:
    """What an order would reach: `alone` stores are one person's, `waves` are boxes a wave."""

    boxes: int
    stores: int
    alone: int
    needs_second: bool
    waves: tuple[int, ...]
    halted: bool


@dataclass(frozen=True, slots=True)
class CommandDesk:
    """Answers HQ's pages and commands."""

    units: Units
    clock: Clock
    ids: IdSource

    def give(self, who: Person, wish: Wish) -> OrderRow:
        """Give an order; one that reaches many stores waits for a second person.

        Faults API_SCOPE_MISSING, COMMAND_UNKNOWN, API_BODY_INVALID, FLEET_NO_BOXES.
        """
        check_role(who, MAY_ORDER)
        _check_wish(wish)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            boxes = _targets(unit, wish)
            waits = _reach(unit, boxes, dry=wish.dry)[2]
            order = self._order(who, wish, boxes, now_ms, "waiting" if waits else "running")
            commands = self._commands(order, boxes)
            unit.orders.add(order, commands)
            said = {"kind": wish.kind, "boxes": len(boxes), "why": order.why, "dry": wish.dry}
            _audit(unit, who, "command.give", order, now_ms, said)
            _open(unit, order, commands, now_ms)
            unit.announce(LiveEvent(who.tenant_id, frozenset({"published"})))
        return order

    def agree(self, who: Person, order_id: UUID) -> None:
        """Let an order begin, as the second person.

        Faults API_SCOPE_MISSING, API_NOT_FOUND, ORDER_NOT_NOW, COMMAND_OWN_SECOND.
        """
        check_role(who)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            order = _found(unit, order_id, {"waiting"})
            if order.author == who.login:
                raise Fault(FaultCode.COMMAND_OWN_SECOND)
            goes = replace(order.goes, state="running", wave_ms=now_ms)
            agreed = replace(order, goes=goes, second=who.login)
            unit.orders.set_order(order_id, goes, who.login)
            _audit(unit, who, "command.agree", order, now_ms, {})
            _open(unit, agreed, unit.orders.commands(order_id), now_ms)
            unit.announce(LiveEvent(who.tenant_id, frozenset({"published"})))

    def steer(self, who: Person, order_id: UUID, to: OrderState) -> None:
        """Pause an order, let it go on, or stop it for good; what runs on a box ends by itself.

        Faults API_SCOPE_MISSING, API_NOT_FOUND, ORDER_NOT_NOW for one that cannot.
        """
        check_role(who)
        before: dict[OrderState, set[OrderState]] = {
            "paused": {"running"},
            "running": {"paused"},
            "stopped": {"waiting", "running", "paused"},
        }
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            order = _found(unit, order_id, before.get(to, set()))
            goes = replace(order.goes, state=to)
            unit.orders.set_order(order_id, goes, order.second)
            _audit(unit, who, f"command.{to}", order, now_ms, {})
            _open(unit, replace(order, goes=goes), unit.orders.commands(order_id), now_ms)
            unit.announce(LiveEvent(who.tenant_id, frozenset({"published"})))

    def halt(self, who: Person, *, halted: bool, why: str) -> None:
        """Turn the kill switch: while it is on no box starts a command. Fault API_SCOPE_MISSING."""
        check_role(who)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            unit.orders.set_halt(Halt(halted, who.login, why.strip(), now_ms))
            action = "command.halt" if halted else "command.halt_over"
            unit.hq.audit(AuditEntry(who.login, action, "", {"why": why.strip()}), now_ms)
            if not halted:
                nudge(unit, unit.twins.boxes(_CHAIN.scope, _CHAIN.place), now_ms, now_ms)
                unit.announce(LiveEvent(who.tenant_id, frozenset({"published"})))

    def overview(self, tenant: UUID) -> tuple[Halt, tuple[OrderCount, ...]]:
        """Return the kill switch and the last orders."""
        with self.units.begin(tenant) as unit:
            return unit.orders.halt(), unit.orders.orders(ORDERS_SHOWN)

    def order(self, tenant: UUID, order_id: UUID) -> tuple[OrderRow, tuple[CommandRow, ...]]:
        """Return an order with every box's command; Fault API_NOT_FOUND."""
        with self.units.begin(tenant) as unit:
            row = unit.orders.order(order_id, locked=False)
            if row is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"order {order_id}")
            return row, unit.orders.commands(order_id, locked=False)

    def preview(self, who: Person, wish: Wish) -> OrderLook:
        """Say what an order would reach before it is given; nothing is written.

        Faults API_SCOPE_MISSING, COMMAND_UNKNOWN, API_BODY_INVALID, FLEET_NO_BOXES.
        """
        check_role(who, MAY_ORDER)
        _check_wish(wish)
        with self.units.begin(who.tenant_id) as unit:
            boxes = _targets(unit, wish)
            stores, alone, waits = _reach(unit, boxes, dry=wish.dry)
            halted = unit.orders.halt().halted
        waves = Counter(_waves(len(boxes)))
        return OrderLook(len(boxes), stores, alone, waits, tuple(waves.values()), halted)

    def trail(self, tenant: UUID, order_id: UUID) -> tuple[AuditRow, ...]:
        """Return who did what about an order, newest first."""
        with self.units.begin(tenant) as unit:
            return unit.hq.audits(AuditAsked(action="command.", subject=str(order_id)), TRAIL_MAX)

    def of_store(self, tenant: UUID, store: UUID) -> tuple[tuple[OrderRow, CommandRow], ...]:
        """Return the newest commands to a store's boxes."""
        with self.units.begin(tenant) as unit:
            return unit.orders.of_store(store, OF_STORE_SHOWN)

    def reach(self, tenant: UUID, spot: Spot, *, dry: bool) -> tuple[int, int, bool]:
        """Return how many stores an order would reach, how many one person may, and who must."""
        with self.units.begin(tenant) as unit:
            return _reach(unit, unit.twins.boxes(spot.scope, spot.place), dry=dry)

    def _order(
        self, who: Person, wish: Wish, boxes: Sequence[Where], now_ms: int, state: OrderState
    ) -> OrderRow:
        waves = 1 + _waves(len(boxes))[-1]
        until = now_ms + wish.ttl_ms
        goes = Order(state, 0, waves, now_ms, wish.pause_ms, wish.failures_max, until)
        order_id = self.ids.uuid7()
        why = wish.why.strip()
        return OrderRow(
            order_id, wish.kind, dict(wish.args), wish.dry, why, who.login, "", now_ms, goes
        )

    def _commands(self, order: OrderRow, boxes: Sequence[Where]) -> tuple[CommandRow, ...]:
        return tuple(
            CommandRow(
                *(self.ids.uuid7(), order.order_id, one.device, one.store),
                *(wave, CommandState.HELD, order.made_ms),
            )
            for wave, one in zip(_waves(len(boxes)), boxes, strict=True)
        )


@dataclass(frozen=True, slots=True)
class OrderKeeper:
    """Lets time do its work on orders; `tend` is called every few seconds."""

    units: Units
    clock: Clock

    def tend(self, tenant: UUID) -> int:
        """Open waves, end what ran out; return how many changed."""
        with self.units.begin(tenant) as unit:
            running = () if unit.orders.halt().halted else unit.orders.running()
        return sum(self._go_on(tenant, order_id) for order_id in running)

    def _go_on(self, tenant: UUID, order_id: UUID) -> int:
        """Move one order on; a transaction each, so that nobody waits for two orders' locks."""
        with self.units.begin(tenant) as unit:
            order = unit.orders.order(order_id)
            moved = 0 if order is None else _move(unit, order, self.clock.now_ms())
            if moved:
                unit.announce(LiveEvent(tenant, frozenset({"published"})))
        return moved


def _move(unit: Unit, order: OrderRow, now_ms: int) -> int:
    """Move a locked order and its commands on, as far as time has come; return how many moved."""
    commands = unit.orders.commands(order.order_id)
    standing = [Standing(one.wave, one.state) for one in commands]
    verdict = goes_on(order.goes, standing, now_ms)
    goes = order.goes
    if (verdict.state, verdict.wave) != (goes.state, goes.wave):
        opened = now_ms if verdict.wave != goes.wave else goes.wave_ms
        goes = replace(goes, state=verdict.state, wave=verdict.wave, wave_ms=opened)
        unit.orders.set_order(order.order_id, goes, order.second)
    moved = _open(unit, replace(order, goes=goes), commands, now_ms)
    return moved + (goes != order.goes)


def _open(unit: Unit, order: OrderRow, commands: Sequence[CommandRow], now_ms: int) -> int:
    """Write what time and the order have made of commands; nudge the boxes that may ask now."""
    after = [
        replace(one, state=state, changed_ms=now_ms, code=_code(one.state, state))
        for one in commands
        if (state := by_now(one.state, order.goes, one.wave, one.changed_ms, now_ms)) != one.state
    ]
    if after:
        unit.orders.set_commands(after)
    waiting = {one.device: one.store for one in after if one.state is CommandState.INIT}
    nudge(unit, [Where(device, store, store) for device, store in waiting.items()], now_ms, now_ms)
    return len(after)


def _check_wish(wish: Wish) -> None:
    check_kind(wish.kind, wish.args)
    if not TTL_MS_MIN <= wish.ttl_ms <= TTL_MS_MAX or wish.pause_ms < 0:
        minutes = f"{TTL_MS_MIN // _MINUTE_MS}–{TTL_MS_MAX // _MINUTE_MS} min"
        raise Fault(FaultCode.API_BODY_INVALID, detail=f"ttl: {minutes}")


def _targets(unit: Unit, wish: Wish) -> tuple[Where, ...]:
    boxes = unit.twins.boxes(wish.spot.scope, wish.spot.place)
    if not boxes:
        raise Fault(FaultCode.FLEET_NO_BOXES, where=_named(unit, wish.spot))
    return boxes


def _named(unit: Unit, spot: Spot) -> str:
    """Return a place as people call it, where it has a name."""
    return unit.fleet.store_names().get(spot.place) or str(spot.scope)


def _code(before: CommandState, after: CommandState) -> str:
    silent = before is CommandState.EXECUTING and after is CommandState.FAILED
    return FaultCode.COMMAND_SILENT.value if silent else ""


def _waves(boxes: int) -> list[int]:
    """Return each box's wave, counted without the waves that so few boxes leave empty."""
    found = [wave_of(index, boxes) for index in range(boxes)]
    number = {wave: dense for dense, wave in enumerate(dict.fromkeys(found))}
    return [number[wave] for wave in found]


def _reach(unit: Unit, boxes: Sequence[Where], *, dry: bool) -> tuple[int, int, bool]:
    stores = len({one.store for one in boxes})
    chain = len({one.store for one in unit.twins.boxes(_CHAIN.scope, _CHAIN.place)})
    return stores, alone_max(chain), needs_second(stores, chain, dry=dry)


def _found(unit: Unit, order_id: UUID, states: set[OrderState]) -> OrderRow:
    order = unit.orders.order(order_id)
    if order is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"order {order_id}")
    if order.goes.state not in states:
        raise Fault(FaultCode.ORDER_NOT_NOW, state=order.goes.state)
    return order


def _audit(
    unit: Unit, who: Person, action: str, order: OrderRow, now_ms: int, said: Mapping[str, object]
) -> None:
    unit.hq.audit(AuditEntry(who.login, action, str(order.order_id), said), now_ms)
