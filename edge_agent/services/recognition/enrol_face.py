"""Enrolling a face: consent first, then templates; no picture is kept."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from uuid import UUID

from edge_agent.ports.arrays import UInt8s
from edge_agent.ports.camera import Camera
from edge_agent.ports.clock import IdSource
from edge_agent.ports.face import FaceEngine, FaceReading
from edge_agent.ports.gallery_store import GalleryStore, Template
from edge_agent.recognition.enrol import EnrolFrame, EnrolPlan, another_view, plan_enrolment
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.race import now_ms
from retail_core.errors import Fault
from retail_core.identity.face_match import FacePolicy
from retail_core.texts.faults import FaultCode

FACE_LOCAL = "face.local"
CAMERA_PATIENCE_MS = 20_000
FRAME_WAIT_MS = 250
# So long another view is asked for; then the same one is better than none.
VIEW_PATIENCE_MS = 2_500

Picture = UInt8s


@dataclass(frozen=True, slots=True)
class FaceDesk:
    """Where faces are taken, by engines with the stricter gates of enrolment; None: switched off.

    `engine` looks at the lane's part of its camera's picture, `pictures` at those a till sends.
    """

    engine: FaceEngine | None
    pictures: FaceEngine | None
    camera: Camera | None
    gallery: Gallery
    store: GalleryStore
    policy: FacePolicy
    enabled: Callable[[], bool] = lambda: True
    kept: Callable[[UUID], None] = lambda _member: None


class EnrolFace:
    """Takes pictures of a member, keeps templates under the consent that allows it."""

    def __init__(
        self, desk: FaceDesk, ids: IdSource, consent_for: Callable[[UUID, str], UUID | None]
    ) -> None:
        self._desk = desk
        self._ids = ids
        self._consent_for = consent_for
        self._at_work = 0
        self._lock = Lock()

    @property
    def busy(self) -> bool:
        """Whether a face is being enrolled before the camera."""
        return self._at_work > 0

    def from_pictures(self, member_id: UUID, pictures: Sequence[Picture]) -> EnrolPlan:
        """Enrol from pictures; Faults FACE_DISABLED, FACE_CONSENT_MISSING."""
        engine, consent = self._allowed(self._desk.pictures, member_id)
        readings = [engine.read(picture) for picture in pictures]
        desk = self._desk
        plan = plan_enrolment(readings, desk.gallery, desk.policy, member_id)
        self._keep(member_id, plan, consent)
        return plan

    def from_camera(
        self,
        member_id: UUID,
        wanted: int,
        on_hint: Callable[[EnrolFrame], None],
        patience_ms: int = CAMERA_PATIENCE_MS,
    ) -> EnrolPlan:
        """Enrol from the lane's camera; `on_hint` hears each new hint while she stands there.

        Faults FACE_DISABLED, FACE_CONSENT_MISSING, CAMERA_OPEN, CAMERA_STALLED.
        """
        engine, consent = self._allowed(self._desk.engine, member_id)
        desk = self._desk
        good: list[FaceReading] = []
        told: list[EnrolFrame] = []
        taken_ms = now_ms()
        for picture in self._taken(patience_ms):
            reading = engine.read(picture)
            fresh = plan_enrolment([*good, reading], desk.gallery, desk.policy, member_id)
            hint = fresh.frames[-1]
            if hint.ok and good and now_ms() - taken_ms < VIEW_PATIENCE_MS:
                hint = another_view(reading, good) or hint
            if hint.ok or told[-1:] != [hint]:
                told.append(hint)
                on_hint(hint)
            if hint.ok:
                good.append(reading)
                taken_ms = now_ms()
            if len(good) >= wanted:
                break
        plan = plan_enrolment(good, desk.gallery, desk.policy, member_id)
        self._keep(member_id, plan, consent)
        return replace(plan, frames=tuple(told))

    def _taken(self, patience_ms: int) -> Iterator[Picture]:
        with self._lock:
            self._at_work += 1
        try:
            yield from self._pictures(patience_ms)
        finally:
            with self._lock:
                self._at_work -= 1

    def _pictures(self, patience_ms: int) -> Iterator[Picture]:
        camera = self._desk.camera
        if camera is None:
            raise Fault(FaultCode.CAMERA_OPEN, source="-")
        seq, until_ms = 0, now_ms() + patience_ms
        while now_ms() < until_ms:
            frame = camera.newest(after_seq=seq, timeout_ms=FRAME_WAIT_MS)
            if frame is not None:
                seq = frame.seq
                yield frame.image
        if seq == 0:
            raise Fault(FaultCode.CAMERA_STALLED)

    def _allowed(self, engine: FaceEngine | None, member_id: UUID) -> tuple[FaceEngine, UUID]:
        if engine is None or not self._desk.enabled():
            raise Fault(FaultCode.FACE_DISABLED)
        consent = self._consent_for(member_id, FACE_LOCAL)
        if consent is None:
            raise Fault(FaultCode.FACE_CONSENT_MISSING)
        return engine, consent

    def _keep(self, member_id: UUID, plan: EnrolPlan, consent: UUID) -> None:
        try:
            for embedding in plan.templates:
                template = Template(
                    self._ids.uuid7(), member_id, self._desk.gallery.model_id, embedding
                )
                # On disk first: what the lane recognises must be what a restart still knows.
                self._desk.store.add(template, consent_event_id=consent)
                self._desk.gallery.add(template)
        finally:
            # Also when a withdrawal or the disk came between two of them: what is held is told,
            # what came late goes.
            if plan.templates:
                self._desk.kept(member_id)
