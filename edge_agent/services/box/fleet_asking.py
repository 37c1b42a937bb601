"""Asks the cloud what is wanted of this box: when nudged, when the line is back, now and then.

Each turn is one question. What it brings is done before the next one tells of it, so that an
answer that was lost is asked for again and nothing is done twice.
"""

import threading
import time

from edge_agent.ports.fleet_line import FleetLine
from edge_agent.services.box.commands import CommandRunner
from edge_agent.services.box.twin import TwinKeeper
from edge_agent.services.box.updates import UpdateKeeper
from retail_core.errors import Fault
from retail_core.wire.fleet import CommandSheet, FleetSheet, FleetWord
from retail_core.wire.messages import WIRE_VERSION

TURN_S = 0.5
ASK_EVERY_S = 15 * 60.0
REST_S_MAX = 60.0


class FleetAsking:
    """One thread's work; `nudge` may be called from any."""

    def __init__(
        self,
        line: FleetLine,
        twin: TwinKeeper,
        commands: CommandRunner,
        updates: UpdateKeeper | None = None,
    ) -> None:
        self._line = line
        self._updates = updates
        if updates is not None:
            updates.news = self.nudge
        self._twin = twin
        self._commands = commands
        self._nudged = threading.Event()
        self._waiting: tuple[CommandSheet, ...] = ()
        self._rest_s = TURN_S
        self._not_before_s = 0.0
        self._next_s = time.monotonic() + ASK_EVERY_S

    def nudge(self) -> None:
        """Ask soon."""
        self._nudged.set()

    def turn(self) -> None:
        """Ask when it is time; a Fault of the line is raised, and asked again after a rest."""
        now_s = time.monotonic()
        due = self._nudged.is_set() or now_s > self._next_s
        if now_s < self._not_before_s or not due:
            return
        self._nudged.clear()
        try:
            again = self.ask()
        except Fault:
            self._nudged.set()
            self._rest_s = min(2 * self._rest_s, REST_S_MAX)
            self._not_before_s = now_s + self._rest_s
            raise
        self._rest_s = TURN_S
        self._next_s = time.monotonic() + ASK_EVERY_S
        if again:
            self._nudged.set()

    def ask(self) -> bool:
        """Ask once and do what came; return whether there is more to say or to do."""
        starts = self._commands.asking(self._waiting)
        ended = self._commands.ended()
        update = None if self._updates is None else self._updates.told()
        report = self._twin.report()
        word = FleetWord(WIRE_VERSION, self._twin.version, report, starts, ended, update)
        sheet = self._line.exchange(word)
        self._commands.noted(sheet.noted)
        if self._updates is not None:
            self._updates.take(sheet.release)
        taken = self._twin.take(sheet)
        self._begin(starts, sheet)
        self._waiting = sheet.commands
        tried = self._twin.try_line()
        return bool(taken or tried or starts or sheet.commands)

    def _begin(self, starts: tuple[bytes, ...], sheet: FleetSheet) -> None:
        allowed = {one.id: one for one in sheet.started}
        for command_id in starts:
            if command_id in allowed:
                self._commands.run(allowed[command_id])
            else:
                self._commands.forget(command_id)
