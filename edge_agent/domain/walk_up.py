"""Who stands in a lane's zone: when she may be looked at unasked, and whom the screen was told.

One stay begins when a face stands in an empty zone and is over when the zone was empty for a while.
In a stay one member is announced at most, and of a stranger only so many templates are computed as
a vote needs: then nothing more until she has left. Times are monotonic milliseconds.
"""

from typing import Literal
from uuid import UUID

# How long the zone is empty until whoever stood there has left: she may only have bent down.
AWAY_MS = 8_000
# A vote takes three frames that agree; these many leave room for some that do not.
FRAMES_A_STAY = 12
# Who has paid, or was sent away by the clerk, is not announced again while she packs her things.
AGAIN_MS = 120_000
# Who was recognised by an act of hers, and neither paid nor was let go, stands there so long.
VISIT_MS = 600_000

# Why a lane looks at who walks up, or does not: HQ has not let it; no camera or models; no zone is
# drawn; HQ was not heard for too long; the counter serves somebody or faces rest; it looks.
WalkUpState = Literal["off", "no_camera", "no_zone", "unheard", "resting", "on"]


class Stay:
    """What happened in the zone since it was empty; one thread at a time."""

    def __init__(self) -> None:
        self._seen_ms: float | None = None
        self._frames = 0
        self._decided = False
        self._member: UUID | None = None
        self._walked_up = False
        self._since_ms = 0.0
        self._quiet: dict[UUID, float] = {}

    @property
    def member(self) -> UUID | None:
        """Who stands there as far as the screen was told, by whatever way."""
        return self._member

    def looked(self, faces: int, now_ms: float, *, served: bool = False) -> UUID | None:
        """Note how many stand in the zone; return who had walked up and has left it.

        While a basket of hers is open she is `served`, wherever she stands.
        """
        if faces or served:
            self._seen_ms = now_ms
            return None
        if self._seen_ms is not None and now_ms - self._seen_ms < AWAY_MS:
            return None
        self._seen_ms, self._frames, self._decided = None, 0, False
        if not self._walked_up:
            return None
        left, self._member, self._walked_up = self._member, None, False
        return left

    def may_match(self, faces: int, now_ms: float) -> bool:
        """Tell whether a template may be computed: one stands there, and nobody is served."""
        if self._member is not None and not self._walked_up:
            self._member = None if now_ms - self._since_ms > VISIT_MS else self._member
        fresh = not self._decided and self._frames < FRAMES_A_STAY
        return faces == 1 and fresh and self._member is None

    def computed(self) -> None:
        """Note that a template was computed of who stands there."""
        self._frames += 1

    def recognised(self, member_id: UUID, now_ms: float) -> bool:
        """Note a member who walked up; tell whether she is to be announced."""
        if self._decided or self._member is not None:
            return False
        self._decided = True
        quiet_ms = self._quiet.get(member_id)
        if quiet_ms is not None and now_ms - quiet_ms < AGAIN_MS:
            return False
        self._member, self._walked_up, self._since_ms = member_id, True, now_ms
        return True

    def asked(self, member_id: UUID, now_ms: float) -> None:
        """Note who was recognised by an act of hers: from now on somebody is served."""
        self._member, self._walked_up, self._since_ms = member_id, False, now_ms

    def over(self, now_ms: float) -> None:
        """Note that the customer has paid or was let go: the next may stand there already."""
        recent = {one: at for one, at in self._quiet.items() if now_ms - at < AGAIN_MS}
        self._quiet = recent if self._member is None else recent | {self._member: now_ms}
        self._member, self._walked_up = None, False
        self._frames, self._decided = 0, False
