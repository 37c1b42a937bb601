"""A call answers in time: nothing begins after its deadline; what has begun, its key tells."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pydantic import BaseModel
from starlette.responses import Response
from starlette.testclient import TestClient

from edge_agent.api.deadline import DEFAULT_MS, MARGIN_MS, Deadline, deadline_of, default_ms
from edge_agent.api.dependencies import Deps, Once
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import Box, sale
from tests.factories.waiting import PATIENCE_S

SHORT = {"X-Deadline-Ms": "100"}
# Long enough to begin in on a busy machine, too short to end in.
TO_BEGIN = {"X-Deadline-Ms": "2000"}
JSON: dict[str, str] = {}


class Done(BaseModel):
    """What the slow write answers."""

    times: int


@dataclass
class Slow:
    """A write that waits before it begins, or while it books."""

    times: int = 0
    before: threading.Event = field(default_factory=threading.Event)
    inside: threading.Event = field(default_factory=threading.Event)
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def write(self, deps: Deps, once: Once) -> Response:
        def act() -> Done:
            self.times += 1
            self.inside.wait(PATIENCE_S)
            return Done(times=self.times)

        try:
            self.before.wait(PATIENCE_S)
            return deps.once.run_beside(once, act, lambda done: done)
        finally:
            self.ended.release()

    def read(self) -> Done:
        self.before.wait(PATIENCE_S)
        return Done(times=self.times)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


@pytest.fixture
def slow(box: Box) -> Slow:
    slow = Slow()
    box.app.router.routes[:] = [
        route for route in box.app.router.routes if getattr(route, "path", "") != "/v1/slow"
    ]
    box.app.add_api_route("/v1/slow", slow.write, methods=["POST"], response_model=None)
    box.app.add_api_route("/v1/slow", slow.read, methods=["GET"])
    return slow


@pytest.fixture
def till(box: Box) -> Iterator[TestClient]:
    with box.till() as client:
        yield client


def test_nothing_is_booked_after_the_answer(slow: Slow, till: TestClient) -> None:
    once = {"Idempotency-Key": "too-late-0001"}
    answer = till.post("/v1/slow", json=JSON, headers=once | SHORT)
    assert (answer.status_code, answer.json()["code"]) == (503, "A149")
    assert answer.json()["fields"] == {"deadline_ms": 100}
    slow.before.set()
    slow.inside.set()
    assert slow.ended.acquire(timeout=PATIENCE_S)
    assert slow.times == 0
    assert till.post("/v1/slow", json=JSON, headers=once).json() == {"times": 1}


def test_what_is_under_way_is_told_by_its_key(slow: Slow, till: TestClient) -> None:
    once = {"Idempotency-Key": "under-way-0001"}
    slow.before.set()
    for _ in range(2):
        answer = till.post("/v1/slow", json=JSON, headers=once | TO_BEGIN)
        assert (answer.status_code, answer.json()["code"]) == (504, "A150")
    slow.inside.set()
    told = till.post("/v1/slow", json=JSON, headers=once)
    assert told.json() == {"times": 1}
    assert told.headers["idempotency-replayed"] == "true"
    assert slow.times == 1


def test_a_read_that_takes_too_long_is_given_up(slow: Slow, till: TestClient) -> None:
    answer = till.get("/v1/slow", headers=SHORT)
    assert (answer.status_code, answer.json()["code"]) == (503, "A149")
    slow.before.set()
    assert till.get("/v1/slow").json() == {"times": 0}


def test_other_calls_are_answered_meanwhile(slow: Slow, till: TestClient) -> None:
    once = {"Idempotency-Key": "meanwhile-0001"}
    slow.before.set()
    assert till.post("/v1/slow", json=JSON, headers=once | TO_BEGIN).status_code == 504
    other = {"Idempotency-Key": "meanwhile-sale"}
    assert till.post("/v1/sales", json=sale(12_800), headers=other).status_code == 200
    slow.inside.set()


def test_two_calls_with_one_key_book_once(slow: Slow, till: TestClient) -> None:
    once = {"Idempotency-Key": "twice-at-once"}
    answers: list[dict[str, int]] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(till.post("/v1/slow", json=JSON, headers=once).json())
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    slow.before.set()
    slow.inside.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert answers == [{"times": 1}] * 4


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "soon", "", "120001", "99999999999", "１０"])
def test_a_deadline_is_a_number_of_milliseconds(box: Box, given: str) -> None:
    answer = box.till().get("/v1/health", headers=[(b"X-Deadline-Ms", given.encode())])
    assert (answer.status_code, answer.json()["code"]) == (422, "A107")


def test_a_till_that_says_nothing_has_the_default_of_the_address() -> None:
    assert deadline_of(None, "/v1/sales").budget_ms == DEFAULT_MS == default_ms("/v1/quotes")
    assert default_ms("/v1/enrolments/1/face") > default_ms("/v1/identify") > DEFAULT_MS
    assert deadline_of("250", "/v1/sales").budget_ms == 250


def test_a_slow_part_gets_what_is_left() -> None:
    deadline = Deadline(60_000)
    assert deadline.share_ms(500) == 500
    assert deadline.share_ms(90_000) <= 60_000 - MARGIN_MS
    assert Deadline(1).share_ms(500) == 1


def test_who_answers_first_decides() -> None:
    first = Deadline(60_000)
    first.begin()
    assert first.give_up().code is FaultCode.API_STILL_RUNNING
    second = Deadline(60_000)
    assert second.give_up().code is FaultCode.API_TOO_LATE
    with pytest.raises(Fault) as caught:
        second.begin()
    assert caught.value.code is FaultCode.API_TOO_LATE
