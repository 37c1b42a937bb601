"""Training mode: a lane where clerks practise; whatever is rung up there is never booked.

Remembered over restarts, so that a power cut in the middle of a lesson does not turn practice into
sales; and over at the end of the business day, so that nobody sells all morning into the void.
"""

import threading
from dataclasses import dataclass, replace
from uuid import UUID

from edge_agent.ports.clock import Clock
from edge_agent.ports.documents import Documents
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

DOCUMENT = "training"
MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Training:
    """A lane's lesson: since when, on which business day (None: the clock was unknown), by whom."""

    lane: str
    since_ms: int
    business_date: int | None
    operator: UUID


class TrainingMode:
    """Says which lanes practise; safe to call from several threads."""

    def __init__(
        self, documents: Documents, desk: PriceDesk, clock: Clock, *, role: str = "clerk"
    ) -> None:
        self._documents = documents
        self._desk = desk
        self._clock = clock
        self._role = role
        self._lock = threading.Lock()
        self._on = _read(documents.get(DOCUMENT))

    def switch(self, lane: str, operator: UUID, role: str, *, on: bool) -> Training | None:
        """Begin or end a lesson; Fault TRAINING_ROLE when only managers may."""
        if self._role == MANAGER != role:
            raise Fault(FaultCode.TRAINING_ROLE)
        at = self._clock.now()
        with self._lock:
            held = dict(self._on)
            if on and lane not in held:
                held[lane] = Training(lane, at.wall_ms, self._desk.business_date(at), operator)
            if not on:
                held.pop(lane, None)
            self._keep(held)
        return self.at(lane)

    def at(self, lane: str) -> Training | None:
        """Return a lane's lesson, None when its sales are real."""
        today = self._desk.business_date(self._clock.now())
        found = self._on.get(lane)
        if found is None or today is None or found.business_date == today:
            return found
        with self._lock:
            # One that began while the clock was unknown belongs to the first day that is known.
            begun = {
                name: replace(one, business_date=one.business_date or today)
                for name, one in self._on.items()
            }
            self._keep({name: one for name, one in begun.items() if one.business_date == today})
            return self._on.get(lane)

    def lanes(self) -> tuple[str, ...]:
        """Return the lanes that practise now."""
        return tuple(lane for lane in sorted(self._on) if self.at(lane) is not None)

    def refuse(self, lane: str) -> None:
        """Raise Fault TRAINING_ON for what would be booked at a lane that practises."""
        if self.at(lane) is not None:
            raise Fault(FaultCode.TRAINING_ON)

    def refuse_practice(self, lane: str) -> None:
        """Raise Fault TRAINING_ROLE for practice outside a lesson that only a manager may begin."""
        if self._role == MANAGER and self.at(lane) is None:
            raise Fault(FaultCode.TRAINING_ROLE)

    def _keep(self, held: dict[str, Training]) -> None:
        self._on = held
        self._documents.put(DOCUMENT, {lane: _document(one) for lane, one in held.items()})


def _document(training: Training) -> dict[str, object]:
    return {
        "since_ms": training.since_ms,
        "business_date": training.business_date,
        "operator": str(training.operator),
    }


def _read(document: dict[str, object] | None) -> dict[str, Training]:
    """Return what was remembered; a document that cannot be read begins no lesson."""
    found: dict[str, Training] = {}
    for lane, one in (document or {}).items():
        match one:
            case {"since_ms": int(since_ms), "business_date": day, "operator": str(operator)}:
                date = day if isinstance(day, int) else None
                found[lane] = Training(lane, since_ms, date, UUID(operator))
            case _:
                pass
    return found
