"""The faces this shop knows, in memory only: who is nearest, and who is the nearest other."""

from collections.abc import Iterable, Sequence
from itertools import islice
from math import inf
from threading import Lock
from uuid import UUID

from edge_agent.ports.arrays import Float16s, Float32s, Int64s, np
from edge_agent.ports.gallery_store import MemberRows, Template
from edge_agent.recognition.gallery_fixed import Fixed
from edge_agent.recognition.gallery_glance import Glance
from edge_agent.recognition.gallery_rows import BLOCK_ROWS, STEP_ROWS, Rows, Scored
from edge_agent.recognition.gallery_trail import Trail
from retail_core.errors import Fault
from retail_core.identity.face_match import Candidate, Decision, FacePolicy, Reach, decide, reach_of
from retail_core.texts.faults import FaultCode

Embedding = Float32s


class Gallery:
    """Templates of one model, each member judged by the nearest of hers; safe between threads.

    Scores are exact for templates rounded to 24 bits. Of members equally near, the one with the
    lowest id is named, so that the answer hangs on who is held and not on who came first.
    """

    def __init__(
        self, model_id: str, templates: Iterable[Template] = (), *, block_rows: int = BLOCK_ROWS
    ) -> None:
        self.model_id = model_id
        self._block_rows = block_rows
        self._lock = Lock()
        self._rows: Rows | None = None
        self._number: dict[UUID, int] = {}
        self._member: dict[int, UUID] = {}
        self._next_number = 0
        self.fill(templates)

    def __len__(self) -> int:
        """Return how many templates are held."""
        return self._rows.used if self._rows is not None else 0

    @property
    def members(self) -> int:
        """How many different members are held."""
        return len(self._number)

    def holds(self, member_id: UUID) -> bool:
        """Tell whether a member has a template here."""
        return member_id in self._number

    def templates_of(self, member_id: UUID) -> tuple[Embedding, ...]:
        """Return a member's embeddings, as they are held."""
        with self._lock:
            number = self._number.get(member_id)
            if number is None or self._rows is None:
                return ()
            return tuple(self._rows.of_owner(number))

    def add(self, template: Template) -> None:
        """Hold one more template; Fault FACE_TEMPLATE_MODEL when it is of another model."""
        self.fill((template,))

    def fill(self, templates: Iterable[Template]) -> None:
        """Hold many templates, a step at a time; they may come from a generator.

        Fault FACE_TEMPLATE_MODEL at the first of another model; those before it may be held.
        """
        coming = iter(templates)
        while step := tuple(islice(coming, STEP_ROWS)):
            with self._lock:
                self._take(step)

    def fill_rows(self, pages: Iterable[MemberRows]) -> None:
        """Hold what a store has of this gallery's model: a start makes no object a template.

        One thread: each row is opened and each step computed outside Python for microseconds only,
        and handing Python to and fro that often took longer than all of the work.
        Fault FACE_TEMPLATE_MODEL for another width.
        """
        for page in pages:
            with self._lock:
                vectors = self._joined([page.vectors])
                owners = [self._number_of(member) for member in page.members]
                self._append(vectors, np.repeat(owners, page.counts))

    def empty(self) -> None:
        """Forget everybody, before it is filled again."""
        with self._lock:
            self._rows = None
            self._number, self._member = {}, {}

    def remove_member(self, member_id: UUID) -> int:
        """Forget a member and overwrite her rows; return how many templates went."""
        with self._lock:
            number = self._number.pop(member_id, None)
            if number is None or self._rows is None:
                return 0
            del self._member[number]
            went = self._rows.remove(number)
            if not self._number:
                self._rows = None
            return went

    def judge(
        self, embedding: Embedding, policy: FacePolicy, trail: Trail | None = None
    ) -> Decision:
        """Decide on one frame; rows that the decision cannot hang on are not read to the end.

        A visit gives one `trail` to all its frames: those after the first read next to nothing.
        """
        size = self.members
        best, second = self.search(embedding, reach_of(size, policy), trail)
        return decide(best, second, size, policy)

    def search(
        self, embedding: Embedding, reach: Reach | None = None, trail: Trail | None = None
    ) -> tuple[Candidate | None, Candidate | None]:
        """Return the best member and the best other member, by cosine similarity.

        With a reach, None for a best below its floor and for a runner-up who is no rival.
        """
        with self._lock:
            rows = self._rows
            if rows is None or embedding.shape != (rows.width,) or not _finite(embedding):
                return None, None
            floor = -inf if reach is None else reach.floor
            glance = Glance(rows, Fixed.of(embedding[None, :]), floor, trail)
            best = self._first(glance.nearest())
            if best is None or best.score < floor:
                return None, None
            glance.leave_out(self._number[best.member_id])
            if reach is not None:
                glance.reach(max(best.score - reach.margin, reach.rival_min))
            second = self._first(glance.nearest())
        if reach is not None and second is not None and not reach.rivals(best.score, second.score):
            return best, None
        return best, second

    def _first(self, scored: list[Scored]) -> Candidate | None:
        candidates = [Candidate(self._member[owner], score) for score, owner in scored]
        return min(candidates, key=lambda one: (-one.score, one.member_id), default=None)

    def _take(self, step: tuple[Template, ...]) -> None:
        if any(template.model_id != self.model_id for template in step):
            raise Fault(FaultCode.FACE_TEMPLATE_MODEL)
        vectors = self._joined([template.embedding[None, :] for template in step])
        owners = [self._number_of(template.member_id) for template in step]
        self._append(vectors, np.array(owners, np.int64))

    def _joined(self, parts: Sequence[Embedding | Float16s]) -> Embedding:
        width = self._rows.width if self._rows is not None else parts[0].shape[1]
        if any(part.shape[1] != width for part in parts):
            raise Fault(FaultCode.FACE_TEMPLATE_MODEL)
        vectors = np.concatenate(parts, dtype=np.float32)
        if not _finite(vectors):
            raise Fault(FaultCode.FACE_TEMPLATE_MODEL)
        return vectors

    def _append(self, vectors: Embedding, owners: Int64s) -> None:
        if self._rows is None:
            self._rows = Rows(vectors.shape[1], self._block_rows)
        self._rows.append(vectors, owners)

    def _number_of(self, member_id: UUID) -> int:
        number = self._number.get(member_id)
        if number is None:
            number = self._number[member_id] = self._next_number
            self._member[number] = member_id
            self._next_number += 1
        return number


def _finite(vectors: Embedding) -> bool:
    return bool(np.isfinite(vectors).all())
