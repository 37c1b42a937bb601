"""The faces this shop knows, in memory: one matrix, one product per frame."""

from collections.abc import Iterable
from threading import Lock
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from edge_agent.ports.gallery_store import Template
from retail_core.errors import Fault
from retail_core.identity.face_match import Candidate
from retail_core.texts.faults import FaultCode

GROW_ROWS = 64
Embedding = NDArray[np.float32]


class Gallery:
    """Templates of one model, each member judged by the nearest of hers; safe between threads."""

    def __init__(self, model_id: str, templates: Iterable[Template] = ()) -> None:
        self.model_id = model_id
        self._lock = Lock()
        self._rows: Embedding = np.zeros((0, 0), np.float32)
        self._owner: NDArray[np.int64] = np.zeros(0, np.int64)
        self._used = 0
        self._number: dict[UUID, int] = {}
        self._member: dict[int, UUID] = {}
        self._next_number = 0
        for template in templates:
            self.add(template)

    def __len__(self) -> int:
        """Return how many templates are held."""
        return self._used

    @property
    def members(self) -> int:
        """How many different members are held."""
        return len(self._number)

    def holds(self, member_id: UUID) -> bool:
        """Tell whether a member has a template here."""
        return member_id in self._number

    def templates_of(self, member_id: UUID) -> tuple[Embedding, ...]:
        """Return a member's embeddings."""
        with self._lock:
            number = self._number.get(member_id)
            if number is None:
                return ()
            rows = np.flatnonzero(self._owner[: self._used] == number)
            return tuple(self._rows[row].copy() for row in rows)

    def add(self, template: Template) -> None:
        """Hold one more template; Fault FACE_TEMPLATE_MODEL when it is of another model."""
        width = template.embedding.size
        with self._lock:
            other_size = self._used > 0 and self._rows.shape[1] != width
            if template.model_id != self.model_id or other_size:
                raise Fault(FaultCode.FACE_TEMPLATE_MODEL)
            if self._used == self._rows.shape[0] or self._used == 0:
                self._grow(width)
            self._rows[self._used] = template.embedding
            self._owner[self._used] = self._number_of(template.member_id)
            self._used += 1

    def remove_member(self, member_id: UUID) -> int:
        """Forget a member; return how many templates went."""
        with self._lock:
            number = self._number.pop(member_id, None)
            if number is None:
                return 0
            del self._member[number]
            keep = self._owner[: self._used] != number
            gone = int(self._used - np.count_nonzero(keep))
            # Copied out, so that no row of hers stays behind the end of the matrix.
            self._rows = self._rows[: self._used][keep].copy()
            self._owner = self._owner[: self._used][keep].copy()
            self._used -= gone
            return gone

    def search(self, embedding: Embedding) -> tuple[Candidate | None, Candidate | None]:
        """Return the best member and the best other member, by cosine similarity."""
        with self._lock:
            if self._used == 0 or embedding.shape != (self._rows.shape[1],):
                return None, None
            # Not `@`: the threads of its BLAS spin for 30 ms after each product, and on a box with
            # two cores the nets of the next frame ran at half speed beside them.
            scores = np.einsum("ij,j->i", self._rows[: self._used], embedding)
            owner = self._owner[: self._used]
            best = self._candidate(scores, owner)
            if self.members == 1:
                return best, None
            others = owner != self._number[best.member_id]
            return best, self._candidate(scores[others], owner[others])

    def _candidate(self, scores: Embedding, owner: NDArray[np.int64]) -> Candidate:
        row = int(np.argmax(scores))
        return Candidate(self._member[int(owner[row])], float(scores[row]))

    def _number_of(self, member_id: UUID) -> int:
        number = self._number.get(member_id)
        if number is None:
            number = self._number[member_id] = self._next_number
            self._member[number] = member_id
            self._next_number += 1
        return number

    def _grow(self, width: int) -> None:
        more = max(GROW_ROWS, self._used)
        rows = np.zeros((self._used + more, width), np.float32)
        if self._used:
            rows[: self._used] = self._rows[: self._used]
        self._rows = rows
        self._owner = np.concatenate((self._owner[: self._used], np.zeros(more, np.int64)))
