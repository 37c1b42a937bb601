"""Encrypted rows of face templates; they never leave the store without roaming consent."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Template:
    """One embedding of one member: float32, L2-normalised, shape (dimension,)."""

    template_id: UUID
    member_id: UUID
    model_id: str
    embedding: NDArray[np.float32]


class GalleryStore(Protocol):
    """Where templates rest, encrypted; a row needs a consent id."""

    def add(self, template: Template, *, consent_event_id: UUID) -> None:
        """Store one template under the consent that allows it."""
        ...

    def load(self, model_id: str) -> tuple[Template, ...]:
        """Return every template of one model."""
        ...

    def delete_member(self, member_id: UUID) -> int:
        """Erase a member's templates; return how many went."""
        ...

    def close(self) -> None:
        """Close the file; safe to call twice."""
        ...
