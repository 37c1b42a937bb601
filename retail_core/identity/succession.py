"""From one embedder to the next: who has still to be taken over, and what may be erased.

No picture of anybody is kept, so templates of a new embedder can only come from frames of members
who stand before the camera again. Until a day that is fixed at the beginning the old embedder looks
at the same frames and recognises whom the new one does not know yet; who is recognised that way, or
proves who she is by code or card, is taken over. Old templates go as soon as they are replaced, and
all of them on that day: who did not come by is enrolled again on her next visit.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Held:
    """A member and the models of her templates."""

    member_id: UUID
    models: Collection[str]


@dataclass(frozen=True, slots=True)
class Succession:
    """Where things stand: `pending` have old templates only; `erase` names (member, old model)."""

    done: int
    pending: tuple[UUID, ...]
    erase: tuple[tuple[UUID, str], ...]
    over: bool

    @property
    def running(self) -> bool:
        """Tell whether the old embedder is still needed."""
        return bool(self.pending) and not self.over


def plan_succession(
    held: Iterable[Held], acting: str, began_ms: int, now_ms: int | None, days: int
) -> Succession:
    """Plan from what is held; without a known time (`now_ms` None) nothing comes to its end."""
    over = now_ms is not None and now_ms >= began_ms + days * DAY_MS
    done, pending = 0, []
    erase: list[tuple[UUID, str]] = []
    for one in sorted(held, key=lambda each: each.member_id):
        old = sorted(model for model in one.models if model != acting)
        taken_over = acting in one.models
        done += taken_over
        if taken_over or over:
            erase.extend((one.member_id, model) for model in old)
        elif old:
            pending.append(one.member_id)
    return Succession(done, tuple(pending), tuple(erase), over)
