"""Points on their way to a till's own system that forgets what it was told already.

Its increments carry no key, so a call without an answer may not simply be made again. What was read
before the call is kept on disk; what is read after it says whether it was booked.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID


class PushState(StrEnum):
    """Where a push stands; `calling`: a call was begun, and what became of it is not known."""

    WAITING = "waiting"
    CALLING = "calling"
    DONE = "done"
    UNSURE = "unsure"
    REFUSED = "refused"


class Verdict(StrEnum):
    """What a second reading says of a call."""

    BOOKED = "booked"
    NOT_BOOKED = "not_booked"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Reading:
    """A customer's points as the other system shows them, in thousandths of a point.

    `total_milli` is all she ever got, None where that is not shown: it tells points that were added
    and spent meanwhile from points that never came.
    """

    points_milli: int
    total_milli: int | None = None


@dataclass(frozen=True, slots=True)
class PointPush:
    """Points of one event for one member; `before` was read just before the call."""

    push_id: UUID
    member_id: UUID
    points: int
    state: PushState = PushState.WAITING
    tries: int = 0
    before: Reading | None = None

    def begun(self, before: Reading) -> "PointPush":
        """Return it as it must be on disk before it is called."""
        return replace(self, state=PushState.CALLING, before=before, tries=self.tries + 1)

    def now(self, state: PushState) -> "PointPush":
        """Return it in another state."""
        return replace(self, state=state)


def judge(push: PointPush, after: Reading) -> Verdict:
    """Say whether a call without an answer was booked.

    Untouched means not booked; moved by exactly these points means booked; anything else was moved
    by somebody else too, and a second call might give the points twice.
    """
    before = push.before
    if before is None or after == before:
        return Verdict.NOT_BOOKED
    wanted = push.points * 1000
    totals = {0, wanted, None}
    if after.points_milli - before.points_milli == wanted and _moved(before, after) in totals:
        return Verdict.BOOKED
    return Verdict.UNSURE


def _moved(before: Reading, after: Reading) -> int | None:
    if before.total_milli is None or after.total_milli is None:
        return None
    return after.total_milli - before.total_milli
