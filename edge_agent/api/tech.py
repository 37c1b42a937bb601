"""What the technician's pages ask for: the tapped tills, how their lines are, what comes over."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from edge_agent.services.tills.write_permit import Channel, WritePermit
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

LISTENERS_MAX = 2


class Listens(Protocol):
    """Somebody who listens to a till."""

    def take(self, timeout_ms: int) -> list[dict[str, Any]]:
        """Return what came since, after at most this wait."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


@dataclass(frozen=True, slots=True)
class TappedTill:
    """One till the box stands beside; `state` asks its line: `ok`, `starting` or `gone`."""

    till: UUID
    name: str
    kind: str
    profile: str
    state: Callable[[], str]
    listen: Callable[[], Listens] | None = None


@dataclass(frozen=True, slots=True)
class Tech:
    """The parts behind `/v1/tech`."""

    tills: tuple[TappedTill, ...]
    appended: Callable[[UUID], dict[str, int]]
    permit: WritePermit
    _listeners: dict[UUID, list[Listens]] = field(default_factory=dict)

    def till(self, till: UUID) -> TappedTill:
        """Return a tapped till; raises Fault API_NOT_FOUND."""
        for one in self.tills:
            if one.till == till:
                return one
        raise Fault(FaultCode.API_NOT_FOUND, what="tapped till")

    def listen(self, till: UUID) -> Listens:
        """Begin to listen to a till; raises Fault API_NOT_FOUND or TILL_WATCHERS_MANY."""
        found, listeners = self.till(till), self._listeners.setdefault(till, [])
        if found.listen is None:
            raise Fault(FaultCode.TILL_TAP_GONE)
        if len(listeners) >= LISTENERS_MAX:
            raise Fault(FaultCode.TILL_WATCHERS_MANY, limit=LISTENERS_MAX)
        listening = found.listen()
        listeners.append(listening)
        return listening

    def end(self, till: UUID, listening: Listens) -> None:
        """End what `listen` began."""
        listening.close()
        self._listeners[till].remove(listening)

    def beside(self, till: UUID) -> dict[str, Any]:
        """Return what belongs to a report and is not on the line: agreement, slips printed."""
        permit = self.permit.may(till, Channel.APPEND)
        return {
            "agreement": {"score": permit.score, "seen": permit.seen, "allowed": permit.allowed},
            "appended": self.appended(till),
        }
