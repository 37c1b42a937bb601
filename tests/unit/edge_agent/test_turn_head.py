"""The challenge at a counter: on frames of a head in memory, with its limits and ways out."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.api.turning import TurnCounter
from edge_agent.lane_settings import ONLY_LANE
from edge_agent.ports.camera import Frame
from edge_agent.ports.face import FaceReading
from edge_agent.ports.gallery_store import Template
from edge_agent.recognition.gallery import Gallery
from edge_agent.services.recognition import turn_head
from edge_agent.services.recognition.turn_head import TurnDesk, Turned, TurnHead
from retail_core.errors import Fault
from retail_core.identity.assurance import Factor, Standing, TurnPolicy
from retail_core.identity.head_turn import HeadTurn, Phase, Side
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import MEMBER, Box
from tests.factories.lanes import AT_TILL
from tests.factories.turning import Solid, View, sweep, yaw_towards
from tests.fakes.camera import picture
from tests.fakes.face import FakeFaceEngine, unit
from tests.fakes.ids import FakeIdSource

ALICE, BOB = UUID(int=1), UUID(int=2)
FRAME_MS = 60
# A camera whose clock the test moves: a whole challenge in no time.
START_MS = 1_000_000


class Actor:
    """Camera and engine in one: shows whoever sits there, at the yaw she is asked for."""

    name = "actor"
    model_id = FakeFaceEngine.model_id

    def __init__(self, solid: Solid, face: NDArray[np.float32]) -> None:
        self.solid = solid
        self.face = face
        self.obedient = True
        self.there = True
        self.script: list[float] = []
        self.turn: HeadTurn | None = None
        self._seq = 0

    def looks(self) -> int:
        return self._seq

    def heard(self, turn: HeadTurn) -> None:
        """Prepare to do what is asked."""
        self.turn = turn
        if turn.phase is Phase.TURN:
            side = turn.plan.sides[turn.step]
            if not self.obedient:
                side = Side.LEFT if side is Side.RIGHT else Side.RIGHT
            # It takes a person a moment to begin.
            self.script = [0.0] * 4 + sweep(yaw_towards(side, 36))

    def newest(self, *, after_seq: int, timeout_ms: int) -> Frame | None:
        self._seq = max(self._seq, after_seq) + 1
        return Frame(self._seq, START_MS + self._seq * FRAME_MS, picture(0))

    def read(self, image: NDArray[np.uint8]) -> FaceReading:
        if not self.there:
            return FaceReading(None, FaultCode.FACE_NONE)
        yaw = self.script.pop(0) if self.script else 0.0
        return FaceReading(self.face, None, points=View(yaw).of(self.solid))

    def count(self, image: NDArray[np.uint8]) -> int:
        return int(self.there)

    def start(self) -> None:
        """Nothing to begin."""

    def stop(self) -> None:
        """Nothing to end."""

    def state(self) -> str:
        return "ok"


class Counter:
    """Alice before the camera, with her template."""

    def __init__(self, solid: Solid | None = None) -> None:
        self.actor = Actor(solid or Solid(), unit(1.0))
        self.gallery = Gallery(Actor.model_id)
        self.gallery.add(Template(UUID(int=9), ALICE, Actor.model_id, unit(1.0, 0.1)))
        self.heads = TurnHead(
            TurnDesk(self.actor, self.actor, self.gallery), FakeIdSource(), turn_head.Tries()
        )
        self.told: list[str] = []

    def run(self, member: UUID = ALICE) -> Turned:
        return self.heads.run(member, self._heard)

    def _heard(self, turn: HeadTurn) -> None:
        self.told.append(turn.phase.value)
        self.actor.heard(turn)


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_who_turns_as_she_is_asked_passes(counter: Counter) -> None:
    done = counter.run()
    assert done.passed
    assert done.reason is None
    assert counter.told == ["straight", "turn", "back", "straight", "turn", "back", "passed"]


def test_a_photo_does_not(counter: Counter) -> None:
    counter.actor.solid = Solid(nose=0.0)
    done = counter.run()
    assert not done.passed
    assert done.reason in {FaultCode.FACE_TURN_FLAT, FaultCode.FACE_TURN_TIMEOUT}


def test_the_wrong_way_does_not(counter: Counter) -> None:
    counter.actor.obedient = False
    assert counter.run().reason is FaultCode.FACE_TURN_WRONG_WAY


def test_somebody_else_does_not(counter: Counter) -> None:
    counter.actor.face = unit(0.0, 1.0)
    assert counter.run().reason is FaultCode.FACE_TURN_OTHER


def test_nobody_there_ends(counter: Counter) -> None:
    counter.actor.there = False
    assert counter.run().reason is FaultCode.FACE_TURN_LOST


def test_guessing_is_not_free(counter: Counter) -> None:
    counter.actor.obedient = False
    for _ in range(turn_head.TRIES_MAX):
        assert not counter.run().passed
    counter.actor.obedient = True
    with pytest.raises(Fault, match="R122"):
        counter.run()


def test_a_second_lane_gives_no_further_guesses(counter: Counter) -> None:
    counter.actor.solid = Solid(nose=0.0)
    for _ in range(turn_head.TRIES_MAX):
        counter.run()
    desk = TurnDesk(counter.actor, counter.actor, counter.gallery)
    next_door = TurnHead(desk, FakeIdSource(), counter.heads._tries)
    with pytest.raises(Fault, match="R122"):
        next_door.run(ALICE, counter.actor.heard)


def tried(tries: turn_head.Tries, at: float, *, passed: bool | None) -> None:
    with tries.one(ALICE, at) as this:
        this.passed = passed


def test_failed_tries_are_forgotten_in_time_and_by_success() -> None:
    tries = turn_head.Tries()
    for at in range(turn_head.TRIES_MAX):
        tried(tries, at, passed=False)
    with pytest.raises(Fault, match="R122"):
        tried(tries, 10, passed=True)
    with tries.one(BOB, 10):
        pass
    tried(tries, turn_head.TRIES_FORGOTTEN_MS + 10, passed=None)
    assert tries.failed == {}
    tried(tries, 20, passed=False)
    tried(tries, 21, passed=True)
    assert tries.failed == {}


def test_tries_at_several_lanes_at_once_are_as_many_guesses() -> None:
    tries = turn_head.Tries()
    with ExitStack() as lanes:
        for _ in range(turn_head.TRIES_MAX):
            lanes.enter_context(tries.one(ALICE, 5.0))
        with pytest.raises(Fault, match="R122"), tries.one(ALICE, 6.0):
            pass
    assert tries.failed == {}, "none of them was decided"


def test_who_has_no_template_cannot_be_asked(counter: Counter) -> None:
    with pytest.raises(Fault, match="R124"):
        counter.run(BOB)


def test_a_shop_without_face_or_camera_says_so(counter: Counter) -> None:
    for desk, code in (
        (TurnDesk(None, counter.actor, counter.gallery), "R110"),
        (TurnDesk(counter.actor, None, counter.gallery), "R401"),
    ):
        with pytest.raises(Fault, match=code):
            TurnHead(desk, FakeIdSource(), turn_head.Tries()).run(ALICE, counter.actor.heard)


def test_one_at_a_time_and_a_way_out(counter: Counter) -> None:
    """The second is refused, the first is cancelled; nothing stays busy."""
    begun = threading.Event()
    done: list[Turned] = []

    def wait(turn: HeadTurn) -> None:
        begun.set()

    first = threading.Thread(target=lambda: done.append(counter.heads.run(ALICE, wait)))
    counter.actor.there = True
    slow = counter.actor.newest

    def unhurried(*, after_seq: int, timeout_ms: int) -> Frame | None:
        threading.Event().wait(0.005)
        frame = slow(after_seq=after_seq, timeout_ms=timeout_ms)
        # Time stands still: only cancelling ends this one.
        return None if frame is None else Frame(frame.seq, START_MS, frame.image)

    counter.actor.newest = unhurried  # type: ignore[method-assign]
    first.start()
    begun.wait()
    with pytest.raises(Fault, match="R115"):
        counter.run()
    assert counter.heads.cancel()
    first.join()
    assert [(one.passed, one.reason) for one in done] == [(False, FaultCode.FACE_TURN_CANCELLED)]
    assert not counter.heads.cancel()
    counter.actor.newest = slow  # type: ignore[method-assign]
    assert counter.run().passed


def test_it_is_moot_when_a_code_was_shown(counter: Counter) -> None:
    done = counter.heads.run(ALICE, counter.actor.heard, lambda: True)
    assert done.cancelled


def test_after_the_stop_nobody_is_asked(counter: Counter) -> None:
    counter.heads.stop()
    with pytest.raises(Fault, match="R115"):
        counter.run()


# ---- by its address ----------------------------------------------------------------------------


class HeardTurns(TurnHead):
    """The service, with the actor listening too."""

    actor: Actor

    def run(
        self,
        member_id: UUID,
        on_change: Callable[[HeadTurn], None],
        is_moot: Callable[[], bool] = lambda: False,
    ) -> Turned:
        def heard(turn: HeadTurn) -> None:
            self.actor.heard(turn)
            on_change(turn)

        return super().run(member_id, heard, is_moot)


def box_with(counter: Counter, box: Box) -> None:
    """Let the box ask the actor, and recognise her by the face."""
    counter.gallery.add(Template(UUID(int=10), MEMBER, Actor.model_id, unit(1.0)))
    desk = TurnDesk(counter.actor, counter.actor, counter.gallery)
    turns = HeardTurns(desk, FakeIdSource(), turn_head.Tries())
    turns.actor = counter.actor
    deps = box.app.state.deps
    object.__setattr__(deps, "turns", TurnCounter(box.hub, box.visits, {ONLY_LANE: turns}))
    box.agent.services.sessions.policy = TurnPolicy("always")
    box.visits.begun(AT_TILL, MEMBER, Standing(Factor.FACE_VOTE))


def asked(box: Box) -> tuple[Any, list[Any]]:
    """Ask for the turn; return the answer and what the screen was told."""
    with box.till() as till, till.websocket_connect("/v1/events") as socket:
        answer = till.post("/v1/identify/turn", json={}).json()
        told = [socket.receive_json()]
        while told[-1]["outcome"] == "running":
            told.append(socket.receive_json())
    return answer, told


def test_the_screen_is_told_each_step_and_the_end(counter: Counter, tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        box_with(counter, box)
        answer, told = asked(box)
        assert {event["type"] for event in told} == {"challenge"}
        prompts = [event["prompt"] for event in told]
        assert prompts[0] == "straight"
        assert prompts[-1] == answer["outcome"] == "passed"
        assert {"back"} | ({"left", "right"} & set(prompts)) <= set(prompts)
        assert all(event["zh"] and event["en"] for event in told)
        assert [event["progress"] for event in told] == sorted(event["progress"] for event in told)
        assert (answer["reason"], answer["challenge"]) == (None, None)
        assert {"earn", "member_price"} <= set(answer["allowed"])
        assert "redeem_points" not in answer["allowed"]
        # Once is enough for a visit.
        assert box.till().post("/v1/identify/turn", json={}).json()["code"] == "R124"


def test_a_photo_is_told_why_and_earns_nothing(counter: Counter, tmp_path: Path) -> None:
    counter.actor.solid = Solid(nose=0.0)
    with Box(tmp_path) as box:
        box_with(counter, box)
        answer, told = asked(box)
        assert (answer["outcome"], told[-1]["prompt"]) == ("failed", "failed")
        assert answer["reason"]["code"] in {"R116", "R119"}
        assert "earn" not in answer["allowed"]
        assert answer["challenge"]["allows"] == ["earn", "member_price"]


def test_a_code_shown_meanwhile_makes_it_needless(counter: Counter, tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        box_with(counter, box)
        heard = counter.actor.heard

        def shows_her_code(turn: HeadTurn) -> None:
            heard(turn)
            box.visits.begun(AT_TILL, MEMBER, Standing(Factor.MEMBER_CODE))

        counter.actor.heard = shows_her_code  # type: ignore[method-assign]
        answer, _told = asked(box)
        assert (answer["outcome"], answer["reason"]["code"]) == ("cancelled", "R123")
        assert "redeem_points" in answer["allowed"]
