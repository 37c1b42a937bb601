"""Enrolment: what is taken, what is said, who is warned about, and never without consent."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from edge_agent.ports.face import FaceReading
from edge_agent.ports.gallery_store import Template
from edge_agent.recognition.enrol import OTHER_VIEWS, EnrolFrame, another_view, plan_enrolment
from edge_agent.recognition.gallery import Gallery
from edge_agent.services.recognition import enrol_face
from edge_agent.services.recognition.enrol_face import EnrolFace, FaceDesk
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FAULTS, FaultCode
from tests.factories.consents import make_consent
from tests.factories.faces import POLICY
from tests.fakes.camera import FakeCamera, picture
from tests.fakes.face import FakeFaceEngine, seen, unit
from tests.fakes.gallery_store import FakeGalleryStore
from tests.fakes.ids import FakeIdSource

ALICE, BOB, CONSENT = (UUID(int=number) for number in (1, 2, 3))
MODEL = FakeFaceEngine.model_id
GOOD = [seen(1.0, 0.3 * step) for step in range(limits.ENROL_FRAMES_MAX + 2)]


def refused(code: FaultCode, **quality: float) -> FaceReading:
    return FaceReading(None, code, quality=quality)


@pytest.fixture
def gallery() -> Gallery:
    return Gallery(MODEL)


def hold(gallery: Gallery, member: UUID, *values: float) -> None:
    gallery.add(Template(UUID(int=len(gallery)), member, MODEL, unit(*values)))


def test_good_pictures_become_templates(gallery: Gallery) -> None:
    plan = plan_enrolment(GOOD[: limits.ENROL_FRAMES_MIN], gallery, POLICY)
    assert plan.accepted == len(plan.templates) == 3
    assert plan.enough
    assert plan.lookalike is None
    assert all(frame.hint_zh and frame.hint_en for frame in plan.frames)


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_pictures_than_three_work_but_are_not_enough(gallery: Gallery, count: int) -> None:
    plan = plan_enrolment(GOOD[:count], gallery, POLICY)
    assert (plan.accepted, plan.enough) == (count, False)


def test_a_gates_word_is_handed_on(gallery: Gallery) -> None:
    readings = [refused(FaultCode.FACE_BLURRED), refused(FaultCode.FACE_SEVERAL, faces=2)]
    plan = plan_enrolment(readings, gallery, POLICY)
    assert [frame.code for frame in plan.frames] == [
        FaultCode.FACE_BLURRED,
        FaultCode.FACE_SEVERAL,
    ]
    assert plan.frames[0].hint_zh == FAULTS[FaultCode.FACE_BLURRED].zh
    assert "2" in plan.frames[1].hint_en
    assert plan.templates == ()


def test_somebody_else_in_between_is_not_enrolled(gallery: Gallery) -> None:
    plan = plan_enrolment([GOOD[0], seen(0, 0, 1.0), GOOD[1]], gallery, POLICY)
    assert [frame.ok for frame in plan.frames] == [True, False, True]


def test_the_same_picture_twice_counts_once(gallery: Gallery) -> None:
    plan = plan_enrolment([GOOD[0], GOOD[0]], gallery, POLICY)
    assert plan.accepted == 1


def test_more_than_needed_is_not_kept(gallery: Gallery) -> None:
    plan = plan_enrolment(GOOD, gallery, POLICY)
    assert plan.accepted == limits.ENROL_FRAMES_MAX


def test_a_member_who_looks_the_same_is_warned_about(gallery: Gallery) -> None:
    hold(gallery, BOB, 1.0, 0.2)
    plan = plan_enrolment(GOOD[:2], gallery, POLICY, ALICE)
    assert plan.lookalike is not None
    assert plan.lookalike.member_id == BOB


def test_enrolling_again_adds_to_what_is_there_and_warns_of_nobody(gallery: Gallery) -> None:
    hold(gallery, ALICE, 1.0, 0.31)
    hold(gallery, ALICE, 1.0, 0.8)
    plan = plan_enrolment([GOOD[0]], gallery, POLICY, ALICE)
    assert (plan.accepted, plan.enough, plan.lookalike) == (1, True, None)
    stranger = plan_enrolment([seen(0, 0, 1.0)], gallery, POLICY, ALICE)
    assert stranger.accepted == 0


# ---- the service --------------------------------------------------------------------------------


class Counter:
    """An enrolment desk over fakes."""

    def __init__(self) -> None:
        self.engine = FakeFaceEngine(dict(enumerate(GOOD)))
        self.camera = FakeCamera()
        self.camera.start()
        self.gallery = Gallery(MODEL)
        self.store = FakeGalleryStore()
        self.store.ledger.add_consent(make_consent(ALICE, consent_id=CONSENT))
        self.consents = {(ALICE, "face.local"): CONSENT}

    def service(
        self,
        *,
        engine: bool = True,
        camera: bool = True,
        kept: Callable[[UUID], None] = lambda _member: None,
    ) -> EnrolFace:
        at_work = self.engine if engine else None
        desk = FaceDesk(
            at_work,
            at_work,
            self.camera if camera else None,
            self.gallery,
            self.store,
            POLICY,
            kept=kept,
        )
        return EnrolFace(desk, FakeIdSource(), lambda who, kind: self.consents.get((who, kind)))


@pytest.fixture
def desk() -> Iterator[Counter]:
    counter = Counter()
    yield counter
    counter.camera.stop()


def test_templates_rest_under_the_consent_that_allows_them(desk: Counter) -> None:
    plan = desk.service().from_pictures(ALICE, [picture(0), picture(1)])
    assert plan.accepted == 2
    kept = tuple(desk.store.load(MODEL))
    assert {one.member_id for one in kept} == {ALICE}
    assert set(desk.store.consents.values()) == {CONSENT}
    best, _ = desk.gallery.search(unit(1.0))
    assert best is not None
    assert best.member_id == ALICE


def test_an_enrolment_that_breaks_off_is_settled_with_what_was_kept(desk: Counter) -> None:
    settled: list[UUID] = []

    class Filling(FakeGalleryStore):
        def add(self, template: Template, *, consent_event_id: UUID) -> None:
            if list(self.load(MODEL)):
                raise Fault(FaultCode.DISK_FULL)
            super().add(template, consent_event_id=consent_event_id)

    desk.store = Filling()
    desk.store.ledger.add_consent(make_consent(ALICE, consent_id=CONSENT))
    service = desk.service(kept=settled.append)
    with pytest.raises(Fault, match=FaultCode.DISK_FULL.value):
        service.from_pictures(ALICE, [picture(0), picture(1)])
    assert settled == [ALICE], "the cloud is told, or a withdrawal meanwhile takes her out again"


def test_without_consent_nothing_is_even_looked_at(desk: Counter) -> None:
    with pytest.raises(Fault) as caught:
        desk.service().from_pictures(BOB, [picture(0)])
    assert caught.value.code is FaultCode.FACE_CONSENT_MISSING
    assert desk.engine.calls == 0
    assert not list(desk.store.load(MODEL))


def test_a_shop_without_face_says_so(desk: Counter) -> None:
    with pytest.raises(Fault, match="R110"):
        desk.service(engine=False).from_pictures(ALICE, [picture(0)])


def test_the_camera_is_coached_until_enough_is_taken(desk: Counter) -> None:
    hints: list[EnrolFrame] = []
    shots = iter([9, 0, 0, 1])
    desk.camera.show(picture(next(shots)))

    def hear(hint: EnrolFrame) -> None:
        hints.append(hint)
        desk.camera.show(picture(next(shots, 1)))

    plan = desk.service().from_camera(ALICE, 2, hear)
    assert plan.accepted == 2
    assert [hint.ok for hint in hints] == [False, True, False, True]
    assert hints[0].code is FaultCode.FACE_NONE
    assert len(list(desk.store.load(MODEL))) == 2


def shot(yaw: float, pitch: float = 0.5) -> FaceReading:
    return FaceReading(unit(1.0), None, quality={"yaw": yaw, "pitch": pitch})


def test_another_view_is_asked_for_to_each_side_and_up() -> None:
    straight = shot(0.0)
    assert another_view(straight, []) is None
    asked = [
        another_view(straight, [straight]),
        another_view(shot(0.1), [straight, shot(0.1)]),
        another_view(straight, [straight, shot(0.1), shot(-0.1)]),
    ]
    assert [one and one.hint_en for one in asked] == [en for _zh, en in OTHER_VIEWS]
    assert not any(one.ok for one in asked if one)
    assert another_view(shot(0.1), [straight]) is None
    assert another_view(shot(0.0, 0.6), [straight]) is None


def test_a_view_nobody_measured_is_taken_as_it_is() -> None:
    assert another_view(GOOD[1], [GOOD[0]]) is None


def test_the_same_view_is_asked_to_change_and_taken_in_the_end(
    desk: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrol_face, "VIEW_PATIENCE_MS", 60)
    views = {"yaw": 0.0, "pitch": 0.5}
    desk.engine.readings = {
        number: replace(reading, quality=views) for number, reading in enumerate(GOOD)
    }
    hints: list[EnrolFrame] = []
    desk.camera.show(picture(0))

    def hear(hint: EnrolFrame) -> None:
        hints.append(hint)
        desk.camera.show(picture(1))

    plan = desk.service().from_camera(ALICE, 2, hear, patience_ms=5_000)
    assert plan.accepted == 2
    assert [hint.ok for hint in hints] == [True, False, True]
    assert hints[1].hint_en == OTHER_VIEWS[0][1]


def test_patience_ends(desk: Counter) -> None:
    desk.camera.show(picture(9))
    plan = desk.service().from_camera(ALICE, 2, lambda _hint: None, patience_ms=40)
    assert plan.accepted == 0
    assert [frame.code for frame in plan.frames] == [FaultCode.FACE_NONE]


def test_a_camera_that_is_covered_or_missing_is_a_fault(desk: Counter) -> None:
    with pytest.raises(Fault, match="R402"):
        desk.service().from_camera(ALICE, 1, lambda _hint: None, patience_ms=20)
    with pytest.raises(Fault, match="R401"):
        desk.service(camera=False).from_camera(ALICE, 1, lambda _hint: None)
