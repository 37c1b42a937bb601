"""Who stands at a till: the member recognised there last, for as long as one visit may take."""

from dataclasses import dataclass
from uuid import UUID

from retail_core.clock import Instant
from retail_core.identity.assurance import Action, Assurance, allows


@dataclass(frozen=True, slots=True)
class TillSession:
    """A member recognised at a till, and how surely."""

    member_id: UUID
    assurance: Assurance
    seen: Instant

    def member_at(self, now: Instant, *, window_ms: int) -> UUID | None:
        """Return the member if she may still be standing there and may earn.

        Wall time is not asked, and a session of another boot is over: nobody waits through one.
        """
        same_visit = (
            now.boot_id == self.seen.boot_id and 0 <= now.mono_ms - self.seen.mono_ms <= window_ms
        )
        return self.member_id if same_visit and allows(self.assurance, Action.EARN) else None
