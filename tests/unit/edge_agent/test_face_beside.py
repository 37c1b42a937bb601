"""The embedder before the acting one, and one on trial: seen at a counter with made-up faces."""

from collections.abc import Iterator
from dataclasses import replace
from threading import Event
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.domain.consents import FACE_LOCAL
from edge_agent.ports.face import FaceReading, Points
from edge_agent.ports.gallery_store import Template
from edge_agent.recognition.beside import Elder, ElderVisit
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.shadow import VIEWS_ENOUGH, Shadow, ShadowVisit
from edge_agent.services.recognition.re_embed import DAYS, Consenting, Galleries, ReEmbed
from retail_core.clock import TimeQuality
from retail_core.identity.face_match import Accept, Ask, Unknown
from retail_core.identity.shadowing import ShadowCounts
from retail_core.identity.succession import DAY_MS
from retail_core.tally import FaultTally
from tests.factories.consents import agree, make_consent
from tests.factories.faces import POLICY
from tests.fakes.camera import picture
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.face import FakeSecondLook, seen, unit
from tests.fakes.gallery_store import FakeGalleryStore
from tests.fakes.ids import FakeIdSource

ANNA, BERTA, CLARA = (UUID(int=number) for number in (1, 2, 3))
NEW, OLD = "new@2", "old@1"
POINTS: Points = ((0.0, 0.0),) * 5
Embedding = NDArray[np.float32]


def reading(*values: float) -> FaceReading:
    return replace(seen(*values), points=POINTS)


# picture 1 shows Anna, 2 Berta, 3 somebody; the old net has other vectors for them than the new one
PAUSE = Event()
OLD_VIEWS = {1: unit(1.0, 0.02), 2: unit(0.0, 1.0, 0.02), 3: unit(0.0, 0.0, 0.0, 1.0)}


def template(member: UUID, model: str, vector: Embedding, number: int = 0) -> Template:
    return Template(UUID(int=1000 * member.int + number), member, model, vector)


class Floor:
    """A shop that changed its embedder: Anna and Berta have old templates only."""

    def __init__(self) -> None:
        self.store, self.documents = FakeGalleryStore(), FakeDocuments()
        self.clock, self.told = FakeClock(), list[UUID]()
        self.acting, self.old = Gallery(NEW), Gallery(OLD)
        for member, vector in ((ANNA, unit(1.0)), (BERTA, unit(0.0, 1.0))):
            self.store.add(
                template(member, OLD, vector), consent_event_id=agree(self.store.ledger, member)
            )
        self.service = self.make()

    def make(self) -> ReEmbed:
        return ReEmbed(
            Galleries(self.acting, self.old),
            self.store,
            POLICY,
            self.documents,
            self.clock,
            FakeIdSource(),
            Consenting(self.consent_for, self.told.append),
        )

    def consent_for(self, member: UUID, kind: str) -> UUID | None:
        word = self.store.ledger.word(member, kind)
        return word.consent_id if word is not None and word.given else None

    def elder(self) -> Elder:
        look = FakeSecondLook(OLD_VIEWS, OLD)
        return Elder(look, POLICY, self.old, lambda vector: vector, self.service.adopt)

    def models(self, member: UUID) -> tuple[str, ...]:
        held = self.store.holder(member)
        return () if held is None else held.models


@pytest.fixture
def floor() -> Floor:
    made = Floor()
    made.service.begin()
    return made


def test_the_old_gallery_holds_whom_the_new_embedder_does_not_know(floor: Floor) -> None:
    assert (floor.old.members, floor.acting.members) == (2, 0)
    progress = floor.service.progress()
    assert progress is not None
    assert (progress.from_model_id, progress.done, progress.pending) == (OLD, 0, 2)
    assert progress.ends_ms == floor.clock.wall_ms + DAYS * DAY_MS


def test_who_is_recognised_by_the_old_one_is_taken_over(floor: Floor) -> None:
    visit = ElderVisit(floor.elder())
    for step in range(3):
        decision = visit.judge(picture(1), reading(0.0, 1.0, 0.3 * step), Unknown())
        assert isinstance(decision, Accept)
        assert decision.member_id == ANNA
    visit.ended(ANNA)
    assert floor.models(ANNA) == (NEW,)
    assert (floor.acting.holds(ANNA), floor.old.holds(ANNA)) == (True, False)
    assert len(floor.acting.templates_of(ANNA)) == 3
    assert floor.told == [ANNA]
    progress = floor.service.progress()
    assert progress is not None
    assert (progress.done, progress.pending, progress.erased) == (1, 1, 1)


def test_the_same_picture_is_kept_once(floor: Floor) -> None:
    floor.service.adopt(ANNA, [unit(1.0, 0.2)] * 3)
    assert len(floor.acting.templates_of(ANNA)) == 1


def test_a_visit_that_proves_nobody_leaves_nothing(floor: Floor) -> None:
    visit = ElderVisit(floor.elder())
    visit.judge(picture(1), reading(1.0), Unknown())
    visit.ended(None)
    visit.ended(ANNA)
    assert floor.models(ANNA) == (OLD,)
    assert not floor.acting.members


def test_a_code_of_one_does_not_adopt_the_face_of_another(floor: Floor) -> None:
    visit = ElderVisit(floor.elder())
    visit.judge(picture(1), reading(1.0), Unknown())
    visit.ended(BERTA)
    assert (floor.models(ANNA), floor.models(BERTA)) == ((OLD,), (OLD,))


def test_a_face_too_far_for_a_vote_is_adopted_when_a_code_says_who_it_is(floor: Floor) -> None:
    far = FakeSecondLook({1: unit(1.0, 0.0, 1.7)}, OLD)  # cosine 0.507: an ask
    visit = ElderVisit(replace(floor.elder(), look=far))
    assert visit.judge(picture(1), reading(1.0), Unknown()) == Unknown()
    visit.ended(ANNA)
    assert floor.models(ANNA) == (NEW,)


def test_between_two_the_old_one_means_neither(floor: Floor) -> None:
    both = FakeSecondLook({1: unit(1.0, 1.0)}, OLD)
    visit = ElderVisit(replace(floor.elder(), look=both))
    assert visit.judge(picture(1), reading(1.0), Ask((CLARA,))) == Ask((CLARA,))
    visit.ended(ANNA)
    assert floor.models(ANNA) == (OLD,)


@pytest.mark.parametrize("case", ["accepted", "no points", "no net", "nobody old"])
def test_the_old_one_is_asked_only_where_it_can_help(floor: Floor, case: str) -> None:
    elder = floor.elder()
    acting = Accept(CLARA, 0.9) if case == "accepted" else Unknown()
    shown = seen(1.0) if case == "no points" else reading(1.0)
    if case == "no net":
        elder = replace(elder, look=FakeSecondLook({}, OLD))
    if case == "nobody old":
        floor.old.remove_member(ANNA)
        floor.old.remove_member(BERTA)
    visit = ElderVisit(elder)
    assert visit.judge(picture(1), shown, acting) == acting
    assert visit.seen == {}


def test_without_a_standing_consent_nothing_is_kept(floor: Floor) -> None:
    stale = floor.consent_for(ANNA, FACE_LOCAL)
    floor.store.ledger.add_consent(make_consent(ANNA, given=False))
    floor.service.adopt(ANNA, [unit(1.0)])
    # withdrawn between the question and the disk
    consenting = Consenting(lambda _member, _kind: stale)
    late = ReEmbed(
        Galleries(floor.acting, floor.old),
        floor.store,
        POLICY,
        floor.documents,
        floor.clock,
        FakeIdSource(),
        consenting,
    )
    late.adopt(ANNA, [unit(1.0)])
    assert not floor.acting.members
    assert NEW not in floor.models(ANNA)


def test_on_the_day_old_templates_go_and_the_rest_enrol_again(floor: Floor) -> None:
    floor.service.adopt(ANNA, [unit(1.0)])
    floor.clock.advance(DAYS * DAY_MS - 1)
    floor.service.turn()
    assert floor.old.members == 1
    floor.clock.advance(1)
    floor.service.turn()
    assert floor.old.members == 0
    assert (floor.models(ANNA), floor.models(BERTA)) == ((NEW,), ())


def test_a_restart_goes_on_counting_the_same_days(floor: Floor) -> None:
    first = floor.service.progress()
    floor.clock.advance(10 * DAY_MS)
    again = floor.make()
    again.begin()
    after = again.progress()
    assert first is not None
    assert after is not None
    assert after.ends_ms == first.ends_ms


def test_a_box_without_the_time_waits_with_the_counting() -> None:
    floor = Floor()
    floor.clock.quality = TimeQuality.UNKNOWN
    floor.service.begin()
    assert floor.old.members == 2
    assert floor.service.progress() is None
    floor.clock.quality = TimeQuality.SYNCED
    floor.service.turn()
    assert floor.service.progress() is not None


# ---- a candidate on trial -----------------------------------------------------------------------


class Trial:
    """A candidate that knows pictures by key; its worker is run to the end by `counts`."""

    def __init__(self, views: dict[int, Embedding]) -> None:
        self.held = {ANNA, BERTA}
        self.look = FakeSecondLook(views, "candidate@3")
        self.tally = FaultTally()
        self.shadow = Shadow(self.look, POLICY, lambda one: one in self.held, self.tally)
        self.shadow.start()

    def visit(self, key: int, acting: Accept | Unknown | Ask) -> None:
        """One visit of one frame, looked at before the next begins."""
        visit = self.frame(key, acting)
        visit.ended(acting.member_id if isinstance(acting, Accept) else None)

    def frame(self, key: int, acting: Accept | Unknown | Ask) -> ShadowVisit:
        """A visit that has begun."""
        before, visit = self.total(), ShadowVisit(self.shadow)
        visit.offer(picture(key), POINTS, acting)
        while self.total() == before:
            PAUSE.wait(0.001)
        return visit

    def total(self) -> int:
        counts = self.shadow.counts()
        return sum(getattr(counts, slot) for slot in ShadowCounts.__slots__)

    def counts(self) -> ShadowCounts:
        self.shadow.stop()
        return self.shadow.counts()


@pytest.fixture
def trial() -> Iterator[Trial]:
    made = Trial({1: unit(1.0), 2: unit(0.0, 1.0), 9: unit(0.0, 0.0, 1.0)})
    yield made
    made.shadow.stop()


def test_a_candidate_learns_and_then_agrees(trial: Trial) -> None:
    for _ in range(VIEWS_ENOUGH + 2):
        trial.visit(1, Accept(ANNA, 0.9))
    assert trial.counts() == ShadowCounts(agree=3, learning=1)


def test_a_candidate_that_would_miss_her_is_told_of(trial: Trial) -> None:
    for _ in range(VIEWS_ENOUGH):
        trial.visit(1, Accept(ANNA, 0.9))
    trial.visit(9, Accept(ANNA, 0.9))
    assert trial.counts() == ShadowCounts(agree=1, learning=1, would_miss=1)


def test_a_candidate_that_takes_her_for_another_is_told_of(trial: Trial) -> None:
    trial.visit(1, Accept(ANNA, 0.9))
    trial.visit(1, Unknown())
    trial.visit(1, Accept(BERTA, 0.9))
    assert trial.counts() == ShadowCounts(learning=1, would_accept_other=2)


def test_what_it_saw_at_one_lane_is_not_learned_of_who_stands_at_another(trial: Trial) -> None:
    for _ in range(VIEWS_ENOUGH):
        here, there = trial.frame(1, Accept(ANNA, 0.9)), trial.frame(2, Accept(BERTA, 0.9))
        here.ended(ANNA)
        there.ended(BERTA)
    trial.visit(1, Accept(ANNA, 0.9))
    trial.visit(2, Accept(BERTA, 0.9))
    assert trial.counts() == ShadowCounts(agree=4, learning=2)


def test_strangers_both_do_not_know_are_an_agreement(trial: Trial) -> None:
    trial.visit(9, Unknown())
    trial.visit(9, Unknown())
    assert trial.counts() == ShadowCounts(agree=2)


def test_who_withdrew_is_forgotten_by_the_candidate_too(trial: Trial) -> None:
    for _ in range(VIEWS_ENOUGH):
        trial.visit(1, Accept(ANNA, 0.9))
    trial.held.discard(ANNA)
    trial.visit(1, Unknown())
    assert trial.counts() == ShadowCounts(agree=2, learning=1)


def test_frames_it_cannot_take_are_dropped(trial: Trial) -> None:
    ShadowVisit(trial.shadow).offer(picture(1), None, Unknown())
    trial.visit(7, Unknown())
    assert trial.counts() == ShadowCounts(dropped=2)


def test_a_candidate_that_breaks_costs_nothing_but_a_count(trial: Trial) -> None:
    trial.look.views[1] = unit(1.0)[:3]
    trial.visit(9, Accept(ANNA, 0.9))
    visit = ShadowVisit(trial.shadow)
    visit.offer(picture(1), POINTS, Unknown())
    visit.ended(ANNA)
    trial.counts()
    assert sum(trial.tally.snapshot().values()) == 1
