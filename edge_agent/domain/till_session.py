"""Who stands at a till: the member recognised there last, for as long as one visit may take."""

from dataclasses import dataclass
from uuid import UUID

from retail_core.clock import Instant
from retail_core.identity.assurance import Action, Standing, TurnPolicy


@dataclass(frozen=True, slots=True)
class TillSession:
    """A member recognised at a till, and how."""

    member_id: UUID
    standing: Standing
    seen: Instant

    def stands_at(self, now: Instant, *, window_ms: int) -> bool:
        """Tell whether she may still be standing there.

        Wall time is not asked, and a session of another boot is over: nobody waits through one.
        """
        same_boot = now.boot_id == self.seen.boot_id
        return same_boot and 0 <= now.mono_ms - self.seen.mono_ms <= window_ms

    def member_at(
        self, now: Instant, policy: TurnPolicy, fen: int, *, window_ms: int
    ) -> UUID | None:
        """Return the member if she may still be standing there and may earn on a basket."""
        earns = self.standing.may(Action.EARN, policy, fen)
        return self.member_id if earns and self.stands_at(now, window_ms=window_ms) else None
