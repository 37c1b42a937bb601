"""The walk-up zone of a whole box: who is compared unasked, when, and who hears of it."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from edge_agent.domain.walk_up import AWAY_MS, FRAMES_A_STAY
from edge_agent.lane_settings import ONLY_LANE
from edge_agent.recognition.race import now_ms
from edge_agent.services.recognition import walk_up as zone_module
from edge_agent.services.recognition.face_leave import WALK_UP_UNHEARD_MS, FaceLeave
from edge_agent.services.recognition.identify import Identification
from edge_agent.services.recognition.watch_lane import WatchLane
from retail_core.identity.erasure import public_key_of
from retail_core.identity.face_lease import DAY_MS
from tests.factories.agent_api import MEMBER, STORE, face_leave
from tests.factories.agent_files import CONFIG, HQ_SEED
from tests.factories.privacy import CANARY, FACE, STRANGER, Shop, vector
from tests.factories.waiting import eventually
from tests.fakes.camera import picture
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.gallery_store import FakeVault

ZONE = CONFIG.replace("[camera]\n", "[camera]\nzone = [0.2, 0.0, 0.8, 1.0]\n")
BOTH = {"membership": True, "face.local": True, "face.walk_up": True}
CROWD = 91
TURNS = 4


class Corner:
    """A shop whose lane is looked through one turn at a time; what the screen hears is kept."""

    def __init__(self, folder: Path, config: str = ZONE) -> None:
        self.shop = Shop(folder, config=config)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.open()

    def open(self) -> None:
        self.box = self.shop.box
        agent = self.box.agent
        self.faces = agent.services.faces
        self.lane = agent.services.lanes[ONLY_LANE]
        self.walk_up = self.lane.walk_up
        self.box.hub.listen(self._hear)
        self.watch = WatchLane(self.lane.identify, self._unasked, walk_up=self.walk_up)

    def _hear(self, kind: str, payload: Any, lane: str | None) -> None:
        if lane == ONLY_LANE and kind in {"recognition", "visit"}:
            self.told.append((kind, dict(payload)))

    def _unasked(self, result: Identification) -> None:
        self.box.agent.surface.counter.unasked(ONLY_LANE, result)

    def leave(self, version: int = 2, **said: bool) -> None:
        self.faces.leave.take(face_leave(version, **({"walk_up": True} | said)))
        self.faces.walk_up.tend()

    def member(self, phone: str = "13900000001", **said: Any) -> UUID:
        member = self.shop.enrol(phone, **({"consents": BOTH} | said))
        self.shop.take_face(member)
        self.faces.walk_up.tend()
        self.shop.engine.calls = 0
        return member

    def turns(self, key: int | None, count: int = TURNS) -> list[str]:
        """Look some times at a picture; return what the screen was told meanwhile."""
        self.shop.lens.show(None if key is None else picture(key))
        before = len(self.told)
        for _ in range(count):
            self.watch.turn()
            if len(self.told) > before and key == FACE:
                break
        return [kind for kind, _ in self.told[before:]]

    def standing(self) -> str:
        health = self.box.screen().get("/v1/health").json()
        (lane,) = health["lanes"]
        return str(lane["walk_up"])


@pytest.fixture
def corner(tmp_path: Path) -> Iterator[Corner]:
    corner = Corner(tmp_path)
    yield corner
    corner.shop.stop()


def test_a_member_who_agreed_is_announced_once_as_by_identify(corner: Corner) -> None:
    member = corner.member()
    corner.leave()
    assert corner.standing() == "on"
    assert corner.turns(FACE) == ["recognition"]
    ((_, told),) = corner.told
    assert (told["outcome"], told["factor"], told["assurance"]) == ("member", "face_vote", "low")
    assert told["walked_up"] is True
    assert told["member"]["member_id"] == str(member)
    assert "redeem_points" not in told["allowed"]
    computed = corner.shop.engine.calls
    assert corner.turns(FACE) == []
    assert corner.shop.engine.calls == computed, "once she is told of, nothing more is computed"


def test_walking_up_is_a_use_of_her_face(corner: Corner) -> None:
    member = corner.member()
    corner.leave()
    keeper, gallery = corner.faces.keeper, corner.box.storage.gallery
    keeper.turn()
    corner.box.clock.advance(5 * DAY_MS)
    assert corner.turns(FACE) == ["recognition"]
    keeper.turn()
    (lease,) = gallery.leases()
    assert (lease.member_id, lease.used_day) == (member, 5)


@pytest.mark.parametrize(
    ("config", "said", "state"),
    [
        (ZONE, {"walk_up": False}, "off"),
        (ZONE, {"enabled": False, "walk_up": False}, "off"),
        (CONFIG, {}, "no_zone"),
    ],
)
def test_nobody_is_compared_without_leave_and_zone(
    tmp_path: Path, config: str, said: dict[str, bool], state: str
) -> None:
    corner = Corner(tmp_path, config)
    corner.member()
    corner.leave(**said)
    assert corner.turns(FACE) == []
    assert (corner.shop.engine.calls, corner.shop.engine.counts) == (0, 0)
    assert corner.standing() == state
    corner.shop.stop()


def test_who_agreed_to_faces_alone_is_compared_only_when_she_asks(corner: Corner) -> None:
    corner.member(consents={"membership": True, "face.local": True})
    corner.leave()
    assert corner.turns(FACE) == []
    assert corner.shop.engine.calls == 0, "nobody here agreed: nobody is looked at"
    other = corner.shop.enrol("13900000002", consents=BOTH)
    corner.shop.take_face(other, STRANGER)
    corner.faces.walk_up.tend()
    assert corner.faces.walk_up.gallery.members == 1
    assert corner.turns(FACE) == [], "she is a stranger to the zone"
    assert corner.shop.look(FACE)["outcome"] == "member"


def test_a_stranger_is_met_with_silence_and_read_no_longer_than_a_vote(corner: Corner) -> None:
    corner.member()
    corner.leave()
    faults = dict(corner.box.agent.basis.tally.snapshot())
    assert corner.turns(STRANGER, 8) == []
    assert 0 < corner.shop.engine.calls <= FRAMES_A_STAY + zone_slack()
    assert dict(corner.box.agent.basis.tally.snapshot()) == faults


def zone_slack() -> int:
    """Frames of the look in which the last one was counted."""
    return 8


def test_a_doubt_is_silent(corner: Corner) -> None:
    corner.member()
    corner.leave()
    near = CANARY * 0.46 + vector(99) * (1 - 0.46**2) ** 0.5
    corner.shop.engine.readings[70] = corner.shop.engine.readings[FACE].__class__(
        (near / (near @ near) ** 0.5).astype("float32"), None
    )
    assert corner.turns(70) == []


def test_two_in_the_zone_are_left_alone(corner: Corner) -> None:
    corner.member()
    corner.leave()
    corner.shop.engine.crowds[FACE] = 2
    assert corner.turns(FACE) == []
    assert corner.shop.engine.calls == 0
    assert corner.shop.engine.counts > 0


def test_the_leave_withdrawn_ends_a_look_under_way(corner: Corner) -> None:
    corner.member()
    corner.leave()
    ends_at_frame(corner, 2, lambda: corner.leave(3, walk_up=False))
    assert corner.turns(FACE) == []
    assert corner.shop.engine.calls <= 2
    assert corner.faces.walk_up.gallery.members == 0, "nothing is kept for it either"
    corner.leave(4)
    assert corner.turns(FACE) == ["recognition"]


def test_faces_switched_off_end_it_too(corner: Corner) -> None:
    corner.member()
    corner.leave()
    ends_at_frame(corner, 2, lambda: corner.leave(3, enabled=False, walk_up=False))
    assert corner.turns(FACE) == []


def test_a_basket_opened_for_a_member_during_the_vote_ends_it(corner: Corner) -> None:
    corner.member()
    corner.leave()
    opened: list[Any] = []

    def ring_up() -> None:
        answer = corner.box.till().post(
            "/v1/baskets",
            json={"member_id": str(MEMBER)},
            headers=corner.shop.headers("basket"),
        )
        opened.append(answer.json())

    ends_at_frame(corner, 2, ring_up)
    assert corner.turns(FACE) == []
    assert opened[0]["state"] == "open", opened
    assert corner.standing() == "resting"


def test_her_word_taken_back_during_the_vote_ends_it(corner: Corner) -> None:
    member = corner.member()
    corner.leave()
    ends_at_frame(corner, 2, lambda: corner.shop.say(member, "face.walk_up", given=False))
    assert corner.turns(FACE) == []
    assert corner.faces.walk_up.gallery.members == 0
    assert corner.shop.look(FACE)["outcome"] == "member"


def test_who_asks_at_the_same_moment_gets_the_only_answer(corner: Corner) -> None:
    corner.member()
    corner.leave()
    asked: list[threading.Thread] = []
    ends_at_frame(corner, 2, lambda: ask(corner, asked))
    corner.turns(FACE)
    eventually(lambda: asked and not asked[0].is_alive())
    walked = [told for kind, told in corner.told if kind == "recognition"]
    assert [one.get("walked_up") for one in walked if one["outcome"] == "member"] == [False]
    assert corner.turns(FACE) == [], "she is served"


def test_who_is_served_by_a_code_is_not_read_beside_it(corner: Corner) -> None:
    corner.member()
    corner.leave()
    corner.box.till().post("/v1/identify/phone", json={"phone": "13900000001"})
    assert corner.turns(FACE) == []
    assert corner.shop.engine.calls == 0


def test_not_now_keeps_her_off_the_screen_while_she_stands_there(corner: Corner) -> None:
    corner.member()
    corner.leave()
    assert corner.turns(FACE) == ["recognition"]
    assert corner.box.screen().delete("/v1/visits").status_code == 200
    before = len(corner.told)
    for _ in range(TURNS):
        corner.watch.turn()
    assert corner.told[before:] == []


def test_who_walks_off_leaves_the_screen(corner: Corner, monkeypatch: pytest.MonkeyPatch) -> None:
    member = corner.member()
    corner.leave()
    assert corner.turns(FACE) == ["recognition"]
    corner.shop.engine.readings[CROWD] = corner.shop.engine.readings[FACE]
    corner.shop.engine.crowds[CROWD] = 0
    later = now_ms() + 2 * AWAY_MS
    monkeypatch.setattr(zone_module, "FRAME_FRESH_MS", 10 * AWAY_MS)
    monkeypatch.setattr(zone_module, "now_ms", lambda: later)
    assert corner.turns(CROWD, 2) == ["visit"]
    assert corner.turns(FACE) == ["recognition"], f"{member} came back"


def test_hq_not_heard_for_three_days_ends_it(corner: Corner) -> None:
    corner.member()
    corner.leave()
    corner.faces.leave.elapsed(WALK_UP_UNHEARD_MS + 1, in_touch=False)
    assert corner.standing() == "unheard"
    assert corner.turns(FACE) == []
    assert corner.shop.engine.calls == 0
    corner.faces.leave.elapsed(WALK_UP_UNHEARD_MS + 2, in_touch=True)
    assert corner.standing() == "on"
    assert corner.turns(FACE) == ["recognition"]


def test_a_restart_does_not_make_an_old_word_new() -> None:
    vault, tenant = FakeVault(), UUID("01890000-0000-7000-8000-000000000001")

    def started() -> FaceLeave:
        key = public_key_of(HQ_SEED)
        return FaceLeave(vault, FakeCloudDirectory(), key, tenant, STORE)

    leave = started()
    leave.elapsed(1_000, in_touch=False)
    leave.take(face_leave(2, walk_up=True))
    assert (leave.walk_up(), leave.unheard()) == (True, False)
    leave = started()
    assert (leave.walk_up(), leave.unheard()) == (True, False), "a power cut alone is nothing"
    leave.elapsed(1_000 + WALK_UP_UNHEARD_MS, in_touch=False)
    assert leave.unheard()
    leave = started()
    leave.elapsed(1_000 + WALK_UP_UNHEARD_MS, in_touch=False)
    assert leave.unheard()
    leave.elapsed(2_000 + WALK_UP_UNHEARD_MS, in_touch=True)
    assert not leave.unheard()


def test_rotated_templates_are_taken_anew(corner: Corner) -> None:
    corner.member()
    corner.leave()
    corner.faces.walk_up.renew()
    assert corner.faces.walk_up.gallery.members == 0
    corner.faces.walk_up.tend()
    assert corner.turns(FACE) == ["recognition"]


def test_erased_faces_are_compared_no_more(corner: Corner) -> None:
    member = corner.member()
    corner.leave()
    corner.shop.say(member, "face.local", given=False)
    assert corner.faces.walk_up.gallery.members == 0
    assert corner.turns(FACE) == []


def test_walking_up_counts_as_use_of_her_face(corner: Corner) -> None:
    corner.member()
    corner.leave()
    used: list[UUID] = []
    corner.faces.keeper.saw = used.append  # type: ignore[method-assign, assignment]
    (loop,) = [one for one in corner.box.agent.loops if one.name == f"lane-{ONLY_LANE}"]
    corner.shop.lens.show(picture(FACE))
    for _ in range(TURNS):
        loop._turn()
    assert len(used) == 1


def ends_at_frame(corner: Corner, nth: int, act: Callable[[], object]) -> None:
    """Let something happen while the nth picture of a look is read."""
    engine = corner.shop.engine
    read = engine.read
    done: list[object] = []

    def reading(image: Any) -> Any:
        found = read(image)
        if engine.calls == nth and not done:
            done.append(True)
            act()
        return found

    engine.read = reading  # type: ignore[method-assign]


def ask(corner: Corner, threads: list[threading.Thread]) -> None:
    """Ask who stands there, on a thread; back when it waits for its turn."""
    asked = {"factors": ["face"], "deadline_ms": 5_000}
    thread = threading.Thread(
        target=lambda: corner.box.till().post("/v1/identify", json=asked), daemon=True
    )
    identify, heard = corner.lane.identify, threading.Event()
    wait_for_turn = identify._has_turn

    def has_turn(within_ms: float) -> bool:
        threading.Timer(0.05, heard.set).start()
        return wait_for_turn(within_ms)

    identify._has_turn = has_turn  # type: ignore[method-assign]
    thread.start()
    threads.append(thread)
    assert heard.wait(30)
