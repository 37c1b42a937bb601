"""A counter whose embedder was changed: the lane's reader asks both, and a code says who it was."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Thread
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.ports.gallery_store import Template
from edge_agent.recognition.beside import Elder
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.race import Finding, Race, now_ms
from edge_agent.recognition.shadow import Shadow
from edge_agent.services.recognition.identify import Identify
from retail_core.identity.assurance import Factor
from tests.factories.counter import ALICE, ALICES_PHONE, BOB, BOBS_PHONE, Counter, record
from tests.factories.faces import POLICY
from tests.fakes.camera import picture
from tests.fakes.face import FakeSecondLook, seen, unit

OLD = "old@1"
POINTS = ((0.0, 0.0),) * 5
HER, FAR, NOBODY = 1, 2, 3
DEADLINE_MS = 3_000


class Changed(Counter):
    """Alice has old templates only; picture 1 shows her, 2 from far, 3 somebody."""

    def __init__(self) -> None:
        super().__init__()
        self.adopted: list[tuple[UUID, int]] = []
        self.old = Gallery(OLD)
        self.old.add(Template(UUID(int=5), ALICE, OLD, unit(1.0)))
        old_views = {HER: unit(1.0, 0.1), FAR: unit(1.0, 0.0, 1.7), NOBODY: unit(0.0, 1.0)}
        elder = Elder(
            FakeSecondLook(old_views, OLD), POLICY, self.old, lambda view: view, self.adopt
        )
        candidate = FakeSecondLook({HER: unit(0.0, 0.0, 1.0)}, "candidate@3")
        self.shadow = Shadow(candidate, POLICY, lambda _one: True, self.tally)
        for key, values in ((HER, (0.0, 1.0)), (FAR, (0.0, 1.0, 1.0)), (NOBODY, (0.0, 0.0, 1.0))):
            self.engine.readings[key] = replace(seen(*values), points=POINTS)
        face = self.lane.face
        assert face is not None
        self.lane = replace(self.lane, face=replace(face, elder=elder, shadow=self.shadow))
        self.identify.stop()
        self.identify = Identify(self.lane, self.tally)
        self.hold(ALICE, record("Alice", ALICES_PHONE))
        self.shadow.start()

    def adopt(self, member: UUID, views: Sequence[NDArray[np.float32]]) -> None:
        self.adopted.append((member, len(views)))


@pytest.fixture
def counter() -> Iterator[Changed]:
    made = Changed()
    yield made
    made.stop()
    made.shadow.stop()


def test_whom_only_the_old_embedder_knows_is_recognised_and_taken_over(counter: Changed) -> None:
    counter.camera.show(picture(HER))
    result = counter.identify.identify(["face"], DEADLINE_MS)
    assert result.member is not None
    assert (result.member.member_id, result.factor) == (ALICE, Factor.FACE_VOTE)
    counter.identify.stop()
    assert counter.adopted == [(ALICE, 3)]


def test_somebody_else_is_neither(counter: Changed) -> None:
    counter.camera.show(picture(NOBODY))
    assert counter.identify.identify(["face"], 100).outcome == "unknown"
    counter.identify.stop()
    assert counter.adopted == []


@pytest.mark.parametrize(("shown", "adopted"), [(FAR, True), (NOBODY, False)])
@pytest.mark.parametrize("who", [ALICE, BOB])
def test_a_card_says_whose_face_it_was(
    counter: Changed, shown: int, who: UUID, *, adopted: bool
) -> None:
    counter.hold(BOB, record("Bob", BOBS_PHONE))
    held, reader = counter.lookup.member(who), counter.lane.face
    assert held is not None
    assert reader is not None
    counter.camera.show(picture(shown))
    race = Race(DEADLINE_MS)
    looking = Thread(target=reader.run, args=(race,))
    looking.start()
    while race.seen.vote is None:
        race.rest(1)
    assert race.found(Finding(Factor.SUN_CARD, held, now_ms(), now_ms()))
    looking.join()
    assert bool(counter.adopted) == (adopted and who == ALICE)


def test_a_suspicious_face_is_not_taken_over(counter: Changed) -> None:
    reader = counter.lane.face
    held = counter.lookup.member(ALICE)
    assert reader is not None
    assert held is not None
    counter.engine.readings[HER] = replace(counter.engine.readings[HER], liveness=0.0)
    counter.camera.show(picture(HER))
    race = Race(DEADLINE_MS)
    replace(reader, live_min=0.02).run(race)
    assert race.found(Finding(Factor.SUN_CARD, held, now_ms(), now_ms()))
    assert counter.adopted == []


def test_the_candidate_sees_what_was_decided(counter: Changed) -> None:
    counter.camera.show(picture(HER))
    counter.identify.identify(["face"], DEADLINE_MS)
    counter.identify.stop()
    counter.shadow.stop()
    counts = counter.shadow.counts()
    assert counts.learning >= 1
    assert counts.learning + counts.dropped == 3
