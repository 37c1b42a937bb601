"""A box's word and its answer: what it holds and did, what is wanted, what it may start now.

One transaction a word. Asked again after a lost answer, everything stands as it was: a start that
was allowed is allowed again to the same box, an end that was noted is noted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.orders import CommandRow, OrderRow
from cloud_broker.ports.twins import TwinTold, Where
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.fleet.releases import word_of
from cloud_broker.services.fleet.twin import wanted_of
from retail_core.errors import Fault
from retail_core.fleet.commands import SAID_BY_BOX, CommandState, by_now, may
from retail_core.fleet.twin import Outcome, Told
from retail_core.texts.faults import FaultCode
from retail_core.wire.fleet import (
    COMMANDS_MAX,
    CommandSheet,
    CommandTold,
    FleetSheet,
    FleetWord,
)
from retail_core.wire.messages import WIRE_VERSION

_OUTCOMES = frozenset(one.value for one in Outcome)


@dataclass(frozen=True, slots=True)
class BoxWord:
    """Answers boxes."""

    units: Units
    clock: Clock

    def answer(self, tenant: UUID, place: Place, word: FleetWord) -> FleetSheet:
        """Take a box's word and say what is wanted of it."""
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            where = next(iter(unit.twins.boxes("device", place.device)), None)
            if where is None:
                raise Fault(FaultCode.API_NOT_FOUND, what="box")
            version = unit.twins.newest()
            # What a box says of a version that a restore has lost is kept under the newest.
            if word.version:
                said = TwinTold(min(word.version, version), _told(word), now_ms)
                unit.twins.tell(where.device, said)
            noted = self._end(unit, where, word.ended, now_ms)
            started, sheets = self._start(unit, where, word.starts, now_ms)
            if noted or started:
                unit.announce(LiveEvent(tenant, frozenset({"fleet"}), (where.store,)))
            wanted = {key: one.value for key, one in wanted_of(unit, where).items()}
            release = word_of(unit, where, word.update, now_ms)
        return FleetSheet(WIRE_VERSION, version, wanted, sheets, started, noted, release)

    def _end(
        self, unit: Unit, where: Where, ended: Sequence[CommandTold], now_ms: int
    ) -> tuple[bytes, ...]:
        """Note how commands ended; one the cloud has ended otherwise keeps its own end."""
        if not ended:
            return ()
        said = {UUID(bytes=one.id): one for one in ended}
        after = []
        for row in unit.orders.some(list(said)):
            told = said[row.command_id]
            state = CommandState(told.state) if told.state in SAID_BY_BOX else CommandState.FAILED
            if row.device == where.device and may(row.state, state):
                after.append(
                    replace(row, state=state, code=told.code, detail=told.detail, changed_ms=now_ms)
                )
        unit.orders.set_commands(after)
        return tuple(one.id for one in ended)

    def _start(
        self, unit: Unit, where: Where, asked: Sequence[bytes], now_ms: int
    ) -> tuple[tuple[CommandSheet, ...], tuple[CommandSheet, ...]]:
        """Let commands begin that still may, and list those that wait."""
        wishes = {UUID(bytes=one) for one in asked}
        halted = unit.orders.halt().halted
        started: list[CommandSheet] = []
        sheets: list[CommandSheet] = []
        for row in unit.orders.open_of(where.device):
            order = unit.orders.order(row.order_id, locked=False)
            if order is None or (halted and row.state is CommandState.INIT):
                continue
            if row.state is CommandState.EXECUTING:
                started += [_sheet(row, order, now_ms)] if row.command_id in wishes else []
                continue
            state = by_now(row.state, order.goes, row.wave, row.changed_ms, now_ms)
            # A pause also holds a command whose box has not begun.
            if state is not CommandState.INIT or order.goes.state != "running":
                continue
            if row.command_id in wishes:
                begun = replace(row, state=CommandState.EXECUTING, changed_ms=now_ms)
                unit.orders.set_commands([begun])
                started.append(_sheet(row, order, now_ms))
            elif len(sheets) < COMMANDS_MAX:
                sheets.append(_sheet(row, order, now_ms))
        return tuple(started), tuple(sheets)


def _told(word: FleetWord) -> dict[str, Told]:
    return {
        one.key: Told(Outcome(one.outcome), one.value, one.code)
        for one in word.keys
        if one.outcome in _OUTCOMES
    }


def _sheet(row: CommandRow, order: OrderRow, now_ms: int) -> CommandSheet:
    left_ms = max(0, order.goes.expires_ms - now_ms)
    return CommandSheet(row.command_id.bytes, order.kind, dict(order.args), left_ms, order.dry)
