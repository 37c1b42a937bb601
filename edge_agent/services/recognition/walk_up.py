"""The walk-up zone: a lane looks by itself at who stands in it, where HQ and the member let it.

Until one face stands in the zone only the detector runs, a few times a second. What a shop may do
is asked before every picture: a leave withdrawn, a counter that serves somebody, a word taken back
end a look under way.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from edge_agent.domain.consents import FACE_WALK_UP, Consent
from edge_agent.domain.walk_up import Stay, WalkUpState
from edge_agent.ports.camera import Camera
from edge_agent.ports.face import FaceEngine
from edge_agent.ports.gallery_store import Template
from edge_agent.ports.journal import Record
from edge_agent.recognition.frames import FRAME_FRESH_MS
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.race import now_ms
from edge_agent.services.recognition.identify import Identification
from retail_core.wire.kinds import EventType

FRAME_WAIT_MS = 50
_OF_TEMPLATES = frozenset({EventType.FACE_HELD, EventType.FACE_ERASED})


class WalkUpFaces:
    """The templates of those who agreed to walking up: nobody else is compared with a passer-by.

    Kept from the shop's gallery while the mode is on, empty otherwise; safe between threads.
    """

    def __init__(
        self, everybody: Gallery, agreed: Callable[[], frozenset[UUID]], allowed: Callable[[], bool]
    ) -> None:
        self.everybody = everybody
        self.gallery = Gallery(everybody.model_id)
        self._agreed = agreed
        self._allowed = allowed
        self._counts: dict[UUID, int] = {}
        self._stale = True
        self._lock = Lock()

    def agrees(self, member_id: UUID) -> bool:
        """Tell whether a member's word stands now."""
        return member_id in self._agreed()

    def heard(self, consent: Consent) -> None:
        """Hear of a word: who takes one back is compared no more when this returns."""
        if consent.kind == FACE_WALK_UP and not consent.given:
            self.forget(consent.member_id)
        self._stale = True

    def recorded(self, records: Iterable[Record]) -> None:
        """Hear of templates that came or went."""
        self._stale |= any(record.draft.type in _OF_TEMPLATES for record in records)

    def forget(self, member_id: UUID) -> None:
        """Compare with a member no more."""
        with self._lock:
            self._counts.pop(member_id, None)
            self.gallery.remove_member(member_id)
            self._stale = True

    def renew(self) -> None:
        """Forget everybody until the next turn: the shop's templates were turned anew."""
        with self._lock:
            self._empty()

    def tend(self) -> None:
        """Hold those who agreed, while the mode is on."""
        with self._lock:
            if not self._allowed():
                self._empty()
            elif self._stale:
                self._stale = False
                self._take(self._agreed())

    def _take(self, agreed: frozenset[UUID]) -> None:
        for member_id in self._counts.keys() - agreed:
            self._drop(member_id)
        for member_id in agreed:
            views = self.everybody.templates_of(member_id)
            if self._counts.get(member_id, 0) == len(views):
                continue
            self._drop(member_id)
            # Their own ids stay in the store; in memory a template is its member's.
            self.gallery.fill(
                Template(member_id, member_id, self.gallery.model_id, view) for view in views
            )
            self._counts[member_id] = len(views)

    def _drop(self, member_id: UUID) -> None:
        self._counts.pop(member_id, None)
        self.gallery.remove_member(member_id)

    def _empty(self) -> None:
        if self._counts:
            self._counts = {}
            self.gallery.empty()
        self._stale = True


@dataclass(frozen=True, slots=True)
class Zone:
    """What a lane looks with, and what its counter is about.

    `standing` says why the lane looks or does not, but for what happens at the counter: `busy` that
    it may not now, `served` that a basket of a member's is open.
    """

    camera: Camera | None
    engine: FaceEngine | None
    standing: Callable[[], WalkUpState]
    busy: Callable[[], bool] = lambda: False
    served: Callable[[], bool] = lambda: False


def _nobody_hears(_member_id: UUID) -> None:
    """Stands where no screen is built."""


class WalkUp:
    """One lane's zone; `look` is called in turns, everything else from any thread.

    `left` is told of a member who had walked up and has gone again, `used` of one whose templates
    served to recognise her: a year without that ends them.
    """

    def __init__(
        self,
        zone: Zone,
        faces: WalkUpFaces,
        used: Callable[[UUID], object] = _nobody_hears,
    ) -> None:
        self._zone = zone
        self._faces = faces
        self._used = used
        self._stay = Stay()
        self._lock = Lock()
        self._seq = 0
        self.left: Callable[[UUID], object] = _nobody_hears

    def state(self) -> WalkUpState:
        """Tell why this lane looks at who walks up, or why not."""
        standing = self._zone.standing()
        if standing == "on" and (self._zone.busy() or self._zone.served()):
            return "resting"
        return standing

    def may(self) -> bool:
        """Tell whether a face may be compared at this moment."""
        return self.state() == "on"

    def look(self) -> bool:
        """Count who stands in the zone; tell whether one does who may be compared."""
        standing = self._zone.standing()
        if standing not in {"on", "resting"}:
            self._forget()
        faces = self._count() if standing == "on" else None
        if faces is None:
            return False
        served = self._zone.served()
        with self._lock:
            left = self._stay.looked(faces, now_ms(), served=served)
            wanted = self._stay.may_match(faces, now_ms())
        if left is not None:
            self.left(left)
        return wanted and self.may()

    def computed(self) -> None:
        """Hear that a template was computed of who stands there."""
        with self._lock:
            self._stay.computed()

    def announces(self, result: Identification) -> bool:
        """Tell whether a member who walked up is to be shown: allowed still, and not told yet."""
        if result.member is None or not self.may():
            return False
        member_id = result.member.member_id
        if not self._faces.agrees(member_id):
            return False
        self._used(member_id)
        with self._lock:
            return self._stay.recognised(member_id, now_ms())

    def asked(self, member_id: UUID) -> None:
        """Hear who was recognised by an act of hers."""
        with self._lock:
            self._stay.asked(member_id, now_ms())

    def over(self) -> None:
        """Hear that the customer has paid or was let go."""
        with self._lock:
            self._stay.over(now_ms())

    def _count(self) -> int | None:
        """Return how many faces the newest picture has in the zone; None without one."""
        camera, engine = self._zone.camera, self._zone.engine
        with self._lock:
            nobody = self._stay.member is None
        if camera is None or engine is None or (nobody and not self._faces.gallery.members):
            return None
        frame = camera.newest(after_seq=self._seq, timeout_ms=FRAME_WAIT_MS)
        if frame is None or frame.captured_mono_ms < now_ms() - FRAME_FRESH_MS:
            return None
        self._seq = frame.seq
        return engine.count(frame.image)

    def _forget(self) -> None:
        with self._lock:
            self._stay = Stay()
