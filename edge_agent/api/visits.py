"""Who stands at which till, as far as the readers of this box can tell; a till sees its lane."""

from collections.abc import Sequence
from uuid import UUID

from edge_agent.api.principals import Principal
from edge_agent.domain.lanes import LaneTills, Place
from edge_agent.services.members.till_sessions import TillSessions, outweighs
from retail_core.errors import Fault
from retail_core.identity.assurance import (
    NAMED_BY_TILL,
    Action,
    Factor,
    Standing,
    TurnPolicy,
)
from retail_core.texts.faults import FaultCode


class Visits:
    """Notes a recognised member at the till she stands at, and ends her visit with the sale."""

    def __init__(self, sessions: TillSessions, lanes: Sequence[LaneTills]) -> None:
        self._sessions = sessions
        self._lanes = {lane.id: lane for lane in lanes}
        self._lane_of = {till: lane for lane in lanes for till in lane.tills}

    def place(self, asked: UUID | str | None, caller: Principal) -> Place:
        """Return the place meant: a till's id, a lane's id, or where the caller stands.

        A till has no business at another lane, nor has a terminal paired for one. Faults
        API_NOT_FOUND, and API_BODY_INVALID when a screen does not say which lane it serves.
        """
        if caller.till is None:
            return self._of_screen(asked, caller.lane)
        own = self.at(caller.till)
        if asked is None:
            return own
        found = self._named(asked)
        if found.lane != own.lane:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"lane or till {asked}")
        return found if isinstance(asked, UUID) else own

    def at(self, till: UUID) -> Place:
        """Return the place of a till of this box; raises Fault API_NOT_FOUND for another."""
        lane = self._lane_of.get(till)
        if lane is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"till {till}")
        return Place(lane.id, till)

    def sells_at(self, place: Place) -> UUID:
        """Return the till that books at a place: its own, else the lane's first that can ask.

        What a screen sells never passed the till that only prints: it would not stand in that one's
        own report of the day. Such a till books only where there is no other.
        """
        lane = self._lanes[place.lane]
        if place.till is not None and place.till not in lane.prints:
            return place.till
        if not lane.tills:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"till of {place.lane}")
        return next((till for till in lane.tills if till not in lane.prints), lane.tills[0])

    def is_at(self, till: UUID, lane: str) -> bool:
        """Tell whether a till stands at a lane; one that is no longer here stands at none."""
        return till in self._lanes[lane].tills

    def beside_screen(self, lane: str) -> Place:
        """Return where somebody is whom a lane saw unasked, or its screen asks for."""
        return Place(lane, self._lanes[lane].beside_screen)

    @property
    def policy(self) -> TurnPolicy:
        """When this store asks for a turn of the head."""
        return self._sessions.policy

    def begun(self, place: Place, member_id: UUID, standing: Standing) -> Standing:
        """Note who stands there, for a receipt that names nobody; return her standing."""
        if place.till is None:
            return standing
        return self._sessions.recognised(place.till, member_id, standing)

    def standing(self, place: Place, member_id: UUID) -> Standing:
        """Return how a member was recognised at this till or another of its lane: what says most.

        A lane is one counter: her number typed at one till does not weigh more than the code that
        she showed beside it. A till that names somebody nobody recognised was told who she is.
        """
        first = () if place.till is None else (place.till,)
        best = None
        for till in (*first, *self._lanes[place.lane].tills):
            who = self._sessions.present(till)
            if who is None or who[0] != member_id:
                continue
            if best is None or outweighs(who[1], best):
                best = who[1]
        return best or NAMED_BY_TILL

    def standing_at(self, lane: str | None, member_id: UUID) -> Standing:
        """Return how a member was recognised at a lane; at none she is only named."""
        return NAMED_BY_TILL if lane is None else self.standing(Place(lane), member_id)

    def lanes_with(self, member_id: UUID) -> tuple[str, ...]:
        """Return the lanes a member stands at."""
        found = []
        for till, lane in self._lane_of.items():
            who = self._sessions.present(till)
            if who is not None and who[0] == member_id:
                found.append(lane.id)
        return tuple(dict.fromkeys(found))

    def lanes_to_tell(self, member_id: UUID) -> tuple[str, ...]:
        """Return who hears of a member's news: her lanes, or the only one; no stranger's screen."""
        return self.lanes_with(member_id) or (tuple(self._lanes) if len(self._lanes) == 1 else ())

    def may(self, place: Place, member_id: UUID, action: Action, fen: int) -> bool:
        """Tell whether a member may do this, on a basket of `fen`."""
        return self.standing(place, member_id).may(action, self.policy, fen)

    def to_turn(self, place: Place) -> tuple[UUID, UUID]:
        """Return the till and the member who may be asked to turn; Fault FACE_TURN_NOBODY."""
        till = place.till
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
        for other in self._lane_of:
            who = self._sessions.present(other)
            if who is not None and who[0] == member_id:
                self._sessions.end(other)

    def leave(self, place: Place) -> bool:
        """End the visit at a place, a lane's at all its tills; False when nobody stood there."""
        tills = self._lanes[place.lane].tills if place.till is None else (place.till,)
        found = [(till, who[0]) for till in tills if (who := self._sessions.present(till))]
        for till, member_id in found:
            self.over(till, member_id)
        return bool(found)

    def walked_off(self, lane: str, member_id: UUID) -> bool:
        """End the visit of a member known by her face alone; False when anybody else is served."""
        tills = [till for till in self._lanes[lane].tills if self._sessions.present(till)]
        for till in tills:
            who = self._sessions.present(till)
            if who is not None and (who[0] != member_id or who[1].factor is not Factor.FACE_VOTE):
                return False
        for till in tills:
            self._sessions.end(till)
        return True

    def _of_screen(self, asked: UUID | str | None, own: str | None) -> Place:
        if asked is not None:
            found = self._named(asked)
            if own not in {None, found.lane}:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"lane or till {asked}")
            return found
        if own is not None:
            return self._named(own)
        if len(self._lanes) > 1:
            detail = f"lane: {' / '.join(self._lanes)}"
            raise Fault(FaultCode.API_BODY_INVALID, detail=detail)
        return self.beside_screen(next(iter(self._lanes)))

    def _named(self, asked: UUID | str) -> Place:
        if isinstance(asked, UUID):
            return self.at(asked)
        if asked not in self._lanes:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"lane {asked}")
        return self.beside_screen(asked)
