"""Members are taken over from one embedder to the next, visit by visit (`identity.succession`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from edge_agent.domain.consents import FACE_LOCAL
from edge_agent.ports.arrays import Float32s
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.documents import Documents
from edge_agent.ports.gallery_store import GalleryStore, Template
from edge_agent.recognition.gallery import Gallery
from retail_core import limits
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.identity.face_match import FacePolicy
from retail_core.identity.succession import DAY_MS, Held, Succession, plan_succession
from retail_core.texts.faults import FaultCode

Embedding = Float32s
DOCUMENT = "face-succession"
DAYS = 90


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a succession stands; at `ends_ms` the old templates go."""

    from_model_id: str
    done: int
    pending: int
    erased: int
    ends_ms: int


@dataclass(frozen=True, slots=True)
class Galleries:
    """The acting embedder's faces, and those only the one before it knows."""

    acting: Gallery
    old: Gallery


@dataclass(frozen=True, slots=True)
class Consenting:
    """`consent_for` names the consent that stands; `kept` is told whose templates rest here."""

    consent_for: Callable[[UUID, str], UUID | None]
    kept: Callable[[UUID], None] = lambda _member: None


class ReEmbed:
    """Keeps new templates of who was recognised, and erases old ones when they are of no use."""

    def __init__(  # noqa: PLR0913 - one part of the box each
        self,
        galleries: Galleries,
        store: GalleryStore,
        policy: FacePolicy,
        documents: Documents,
        clock: Clock,
        ids: IdSource,
        consenting: Consenting,
    ) -> None:
        self._galleries = galleries
        self._store = store
        self._policy = policy
        self._documents = documents
        self._clock = clock
        self._ids = ids
        self._consenting = consenting
        self._erased = 0

    def begin(self) -> None:
        """Fill the old gallery with whom the acting embedder does not know; erase what is over."""
        plan = self._carry_out()
        pending = frozenset(plan.pending)
        if plan.running:
            old = self._galleries.old
            held = self._store.load(old.model_id)
            old.fill(one for one in held if one.member_id in pending)

    def turn(self) -> None:
        """Look whether the day has come; the old embedder then knows nobody any more."""
        if not self._carry_out().running:
            for held in self._store.holders():
                self._galleries.old.remove_member(held.member_id)

    def adopt(self, member_id: UUID, views: Sequence[Embedding]) -> None:
        """Keep the acting embedder's views of a member, and erase her old templates.

        Without a standing consent nothing is kept.
        """
        consent = self._consenting.consent_for(member_id, FACE_LOCAL)
        if consent is None:
            return
        acting, old = self._galleries.acting, self._galleries.old
        for view in self._different(views):
            template = Template(self._ids.uuid7(), member_id, acting.model_id, view)
            try:
                # On disk first: what the lane recognises must be what a restart still knows.
                self._store.add(template, consent_event_id=consent)
            except Fault as fault:
                if fault.code is not FaultCode.FACE_CONSENT_MISSING:
                    raise
                return
            acting.add(template)
        self._erased += self._store.drop_model(member_id, old.model_id)
        old.remove_member(member_id)
        self._consenting.kept(member_id)

    def progress(self) -> Progress | None:
        """Return where it stands; None when nothing is left to be taken over."""
        began = self._began_ms()
        if began is None:
            return None
        plan = self._plan(began)
        ends = began + DAYS * DAY_MS
        old = self._galleries.old.model_id
        return Progress(old, plan.done, len(plan.pending), self._erased, ends)

    def _different(self, views: Sequence[Embedding]) -> list[Embedding]:
        """Leave out what is the same picture again."""
        kept: list[Embedding] = []
        for view in views[: limits.ENROL_FRAMES_MAX]:
            if all(float(other @ view) <= self._policy.same_picture for other in kept):
                kept.append(view)
        return kept

    def _carry_out(self) -> Succession:
        plan = self._plan(self._begin_if_needed())
        for member_id, model_id in plan.erase:
            self._erased += self._store.drop_model(member_id, model_id)
        return plan

    def _plan(self, began_ms: int) -> Succession:
        held = (Held(one.member_id, one.models) for one in self._store.holders())
        acting = self._galleries.acting.model_id
        return plan_succession(held, acting, began_ms, self._now_ms(), DAYS)

    def _now_ms(self) -> int | None:
        now = self._clock.now()
        return None if now.quality is TimeQuality.UNKNOWN else now.wall_ms

    def _begin_if_needed(self) -> int:
        began = self._began_ms()
        if began is None:
            began = self._now_ms()
            if began is None:
                # The days are counted from when the box knows the time.
                return self._clock.now().wall_ms
            self._documents.put(DOCUMENT, {"to": self._galleries.acting.model_id, "began": began})
        return began

    def _began_ms(self) -> int | None:
        document = self._documents.get(DOCUMENT) or {}
        began = document.get("began")
        same = document.get("to") == self._galleries.acting.model_id
        return began if same and isinstance(began, int) else None
