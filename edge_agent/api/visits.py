"""Who stands at which till, as far as the readers of this box can tell."""

from collections.abc import Iterable
from uuid import UUID

from edge_agent.api.principals import Principal
from edge_agent.services.till_sessions import TillSessions
from retail_core.errors import Fault
from retail_core.identity.assurance import Assurance
from retail_core.texts.faults import FaultCode


class Visits:
    """Notes a recognised member at the till she stands at, and ends her visit with the sale."""

    def __init__(
        self, sessions: TillSessions, *, tills: Iterable[UUID], printing: Iterable[UUID]
    ) -> None:
        self._sessions = sessions
        self._tills = tuple(tills)
        printing = tuple(printing)
        # A till that only prints cannot ask: the screen asks for it, when there is but one.
        self._beside_screen = printing[0] if len(printing) == 1 else None

    def till_of(self, lane: UUID | None, caller: Principal | None) -> UUID | None:
        """Return the till meant; raises Fault API_NOT_FOUND for one this box does not have."""
        if lane is not None:
            if lane not in self._tills:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"till {lane}")
            return lane
        if caller is not None and caller.till is not None:
            return caller.till
        return self._beside_screen

    def begun(self, till: UUID | None, member_id: UUID, assurance: Assurance) -> None:
        """Note who stands there, for a receipt that names nobody."""
        if till is not None:
            self._sessions.recognised(till, member_id, assurance)

    def over(self, till: UUID, member_id: UUID | None) -> None:
        """End the visit at this till, and the same member's at any other."""
        self._sessions.end(till)
        for other in self._tills:
            if member_id is not None and self._sessions.at(other) == member_id:
                self._sessions.end(other)
