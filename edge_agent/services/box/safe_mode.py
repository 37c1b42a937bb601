"""Safe mode: a box that did not come up several times comes up with less, and says so."""

from collections.abc import Callable

from edge_agent.ports.clock import Clock
from edge_agent.ports.documents import Documents
from retail_core.errors import Fault
from retail_core.fleet import boot_loop
from retail_core.fleet.boot_loop import Start, Starts
from retail_core.texts.faults import FaultCode

DOCUMENT = "starts"


class StartBook:
    """The starts of a box, on disk before anything that may end the program is touched."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def read(self, slot: str | None = None) -> Starts:
        """Return what is known; a document that nobody can read is a box that starts well.

        Starts of a program from another slot say nothing about one from `slot` (None: any).
        """
        held = self._documents.get(DOCUMENT) or {}
        if slot is not None and held.get("slot", "") != slot:
            return Starts()
        try:
            failing = held.get("failing", [])
            if not isinstance(failing, list):
                return Starts()
            starts = tuple(Start(str(boot), int(mono_ms)) for boot, mono_ms in failing)
            return Starts(starts, bool(held.get("safe")), int(str(held.get("rounds", 0))))
        except (TypeError, ValueError):
            return Starts()

    def write(self, starts: Starts, slot: str | None = None) -> None:
        """Keep it, for the slot it was for before (None); when this returns it is on disk."""
        if slot is None:
            slot = str((self._documents.get(DOCUMENT) or {}).get("slot", ""))
        failing = [[one.boot, one.mono_ms] for one in starts.failing]
        self._documents.put(
            DOCUMENT,
            {"failing": failing, "safe": starts.safe, "rounds": starts.rounds, "slot": slot},
        )


class SafeMode:
    """Counts this start at once; `active` stays as it was decided until the program ends."""

    def __init__(
        self,
        documents: Documents,
        clock: Clock,
        restart: Callable[[], None],
        slot: str = "",
    ) -> None:
        self._book = StartBook(documents)
        self._clock = clock
        self._restart = restart
        now = clock.now()
        self._began_ms = now.mono_ms
        starts = boot_loop.began(self._book.read(slot), Start(now.boot_id.hex, now.mono_ms))
        self._book.write(starts, slot)
        self.active = starts.safe
        self._due_ms = boot_loop.due_ms(starts)
        self._settled = False

    def work_is(self, *, ready: bool) -> None:
        """Take note of whether the parts do their work; what hangs begins its healthy time anew."""
        if not ready:
            self._began_ms = self._clock.now().mono_ms

    def turn(self) -> None:
        """After a healthy while, forget the starts; in safe mode start again with everything."""
        if self._settled or self._clock.now().mono_ms - self._began_ms < self._due_ms:
            return
        self._settled = True
        self._book.write(boot_loop.healthy(self._book.read()))
        if self.active:
            self._restart()

    def leave(self) -> None:
        """Start again with everything, because somebody said so; Fault HEALTH_NOT_SAFE_MODE."""
        if not self.active:
            raise Fault(FaultCode.HEALTH_NOT_SAFE_MODE)
        self._settled = True
        self._book.write(Starts())
        self._restart()

    def ended(self) -> None:
        """Take note that the program was asked to end."""
        if not self._settled:
            self._book.write(boot_loop.asked_to_end(self._book.read()))
