"""Encrypted rows of face templates; they never leave the store without roaming consent."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from edge_agent.ports.arrays import Float16s, Float32s
from retail_core.identity.face_lease import Lease

Cause = Literal["withdrawn", "gone", "expired", "unused", "re-enrolled"]


@dataclass(frozen=True, slots=True)
class Template:
    """One embedding of one member: float32, L2-normalised, rotated, shape (dimension,)."""

    template_id: UUID
    member_id: UUID
    model_id: str
    embedding: Float32s


@dataclass(frozen=True, slots=True)
class MemberRows:
    """Embeddings of several members, shape (sum of counts, dimension): `counts[i]` of each.

    They may be as they rest, in half precision: who takes them in widens them.
    """

    members: tuple[UUID, ...]
    counts: tuple[int, ...]
    vectors: Float32s | Float16s


@dataclass(frozen=True, slots=True)
class Holder:
    """A member of whom templates are held.

    `since_ms` is the wall time of her consent; `used_day` and `expires_ms` count in lease time.
    """

    member_id: UUID
    consent_id: UUID
    since_ms: int
    used_day: int
    expires_ms: int
    templates: int
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erasure:
    """Templates that are gone; `scrubbed` when the log that held older pages is empty, too."""

    erasure_id: UUID
    member_id: UUID
    template_ids: tuple[UUID, ...]
    cause: str
    wall_ms: int
    scrubbed: bool = True


class GalleryStore(Protocol):
    """Where templates rest, encrypted; a row needs a consent that stands."""

    def add(self, template: Template, *, consent_event_id: UUID) -> None:
        """Store one template; Fault FACE_CONSENT_MISSING when that consent does not stand."""
        ...

    def load(self, model_id: str) -> Iterator[Template]:
        """Give every template of one model, a page at a time."""
        ...

    def rows(self, model_id: str) -> Iterator[MemberRows]:
        """Give the embeddings of one model, for a gallery in memory, a page at a time."""
        ...

    def erase(self, member_id: UUID, cause: Cause, wall_ms: int) -> Erasure | None:
        """Erase a member's templates and the key that opened them; None when there were none."""
        ...

    def drop_model(self, member_id: UUID, model_id: str) -> int:
        """Erase a member's templates of one model, hers of others stay; return how many went."""
        ...

    def holders(self) -> tuple[Holder, ...]:
        """Return whose templates are held, by member."""
        ...

    def leases(self) -> tuple[Lease, ...]:
        """Return how long each member's templates may stay."""
        ...

    def holder(self, member_id: UUID) -> Holder | None:
        """Return what is held of one member."""
        ...

    def elapsed(self, elapsed_ms: int) -> None:
        """Note how far lease time is: templates added from now on live from here."""
        ...

    def renew(self, members: Collection[UUID], expires_ms: int) -> None:
        """Let members' templates live until then, in lease time."""
        ...

    def used(self, members: Collection[UUID], day: int) -> None:
        """Note the day, in lease time, on which members were recognised by face."""
        ...

    def close(self) -> None:
        """Close the file; safe to call twice."""
        ...
