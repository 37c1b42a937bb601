"""Who stands at which till, as far as the readers of this box can tell."""

from collections.abc import Iterable
from uuid import UUID

from edge_agent.api.principals import Principal
from edge_agent.services.till_sessions import TillSessions
from retail_core.errors import Fault
from retail_core.identity.assurance import (
    NAMED_BY_TILL,
    Action,
    Standing,
    TurnPolicy,
)
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

    @property
    def policy(self) -> TurnPolicy:
        """When this store asks for a turn of the head."""
        return self._sessions.policy

    def begun(self, till: UUID | None, member_id: UUID, standing: Standing) -> Standing:
        """Note who stands there, for a receipt that names nobody; return her standing."""
        if till is None:
            return standing
        return self._sessions.recognised(till, member_id, standing)

    def standing(self, till: UUID | None, member_id: UUID) -> Standing:
        """Return how a member was recognised: at this till, else at another of this box.

        A till that names somebody nobody recognised was told who she is.
        """
        places = (till, *self._tills) if till is not None else self._tills
        here = (self._sessions.present(place) for place in places)
        found = (
            stands
            for who in here
            if who is not None
            for member, stands in [who]
            if member == member_id
        )
        return next(found, NAMED_BY_TILL)

    def may(self, till: UUID | None, member_id: UUID, action: Action, fen: int) -> bool:
        """Tell whether a member may do this, on a basket of `fen`."""
        return self.standing(till, member_id).may(action, self.policy, fen)

    def to_turn(self, till: UUID | None) -> tuple[UUID, UUID]:
        """Return the till and the member who may be asked to turn; Fault FACE_TURN_NOBODY."""
        who = None if till is None else self._sessions.present(till)
        if till is None or who is None or not who[1].turn_would_allow(self.policy):
            raise Fault(FaultCode.FACE_TURN_NOBODY)
        return till, who[0]

    def turned(self, till: UUID, member_id: UUID) -> bool:
        """Note that she turned her head; False when she has left."""
        return self._sessions.turned(till, member_id)

    def over(self, till: UUID, member_id: UUID | None) -> None:
        """End the visit at this till, and the same member's at any other."""
        self._sessions.end(till)
        for other in self._tills:
            who = self._sessions.present(other)
            if who is not None and who[0] == member_id:
                self._sessions.end(other)
