"""Points told to a till's own system: each once or put before a person, whatever goes wrong."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from edge_agent.adapters.push_outbox_sqlite import SqlitePushOutbox
from edge_agent.domain.point_push import PointPush, PushState, Reading, Verdict, judge
from edge_agent.drivers.till_software.pospal import PospalKeys, Request
from edge_agent.drivers.till_software.pospal_client import PospalAccount
from edge_agent.drivers.till_software.sim import WRONGS, NoAnswerError, PospalBook
from edge_agent.ports.push_outbox import PushOutbox
from edge_agent.services.tills.push_points import PushPace, PushPoints
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.fakes.clock import FakeClock
from tests.fakes.journal import FakeJournal
from tests.fakes.push_outbox import FakePushOutbox

KEYS = PospalKeys("app-1", "secret-key-0123456789")
PACE = PushPace(settle_ms=30_000, retry_ms=1_000, tries=8, calls_per_minute=6_000)
MEMBERS = {UUID(int=1): 700, UUID(int=2): 800}


class KilledError(BaseException):
    """The power went."""


@dataclass
class Stage:
    """The service over a book that goes wrong, on a clock of its own; it may be killed anywhere."""

    rng: random.Random
    rate: float
    outbox: PushOutbox = field(default_factory=FakePushOutbox)
    clock: FakeClock = field(default_factory=FakeClock)
    journal: FakeJournal = field(default_factory=FakeJournal)
    tally: FaultTally = field(default_factory=FaultTally)
    kills: bool = True

    def __post_init__(self) -> None:
        self.book = PospalBook(KEYS.app_key, wrong=self.wrong)
        for member, uid in MEMBERS.items():
            self.book.open(uid, f"138{uid}", 100)
            self.outbox.link(member, str(uid))
        self.service = self.begun()

    def begun(self) -> PushPoints:
        account = PospalAccount(KEYS, self.exchange, self.clock, ZoneInfo("Asia/Shanghai"))
        return PushPoints(self.outbox, account, self.journal, self.clock, self.tally, PACE)

    def wrong(self, _what: str) -> str:
        return self.rng.choice(WRONGS) if self.rng.random() < self.rate else ""

    def exchange(self, request: Request) -> tuple[int, bytes]:
        if self.rng.random() < self.rate / 4:
            raise Fault(FaultCode.SOFTWARE_UNREACHABLE)
        self.maybe_killed()
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            answer = self.book.handle(request.path, headers, request.body)
        except NoAnswerError:
            raise Fault(FaultCode.SOFTWARE_OUTCOME_UNKNOWN) from None
        self.maybe_killed()
        return answer

    def maybe_killed(self) -> None:
        if self.kills and self.rng.random() < self.rate / 4:
            raise KilledError

    def run(self, turns: int, meanwhile: Callable[[], None] = lambda: None) -> None:
        for _ in range(turns):
            try:
                self.service.turn()
            except KilledError:
                self.service = self.begun()
            # What the other system is slow with is booked well before it is read again.
            if self.rng.random() < 0.5:
                self.book.settle()
            self.clock.advance(1_000 if self.outbox.depth() else 10)
            self.settle_in_time()
            meanwhile()
            if not self.outbox.depth():
                break

    def settle_in_time(self) -> None:
        self.waited = getattr(self, "waited", 0) + 1
        if self.waited % 20 == 0:
            self.book.settle()


def pushes(rng: random.Random) -> list[PointPush]:
    """A few pushes, no two over the same number of points: each is known in the other's book."""
    amounts = rng.sample([1, 5, 19, 60, 200, 333, -7], rng.randrange(1, 6))
    return [
        PointPush(UUID(int=1_000 + number), rng.choice(list(MEMBERS)), points)
        for number, points in enumerate(amounts)
    ]


def played(seed: int, *, others: bool) -> tuple[Stage, list[PointPush]]:
    rng = random.Random(seed)  # noqa: S311 -- repeatable
    stage = Stage(rng, rate=(seed % 5) * 0.15)
    wanted = pushes(rng)
    stage.outbox.take(0, wanted)

    def spend() -> None:
        if others and rng.random() < 0.004:
            customer = stage.book.customers[rng.choice([700, 800])]
            customer.point -= rng.choice([2, 11, 40])

    stage.run(3_000, spend)
    assert stage.outbox.depth() == 0
    stage.book.settle()
    return stage, wanted


@pytest.mark.parametrize("others", [False, True], ids=["alone", "others-spend"])
def test_a_thousand_fault_histories_never_give_points_twice(*, others: bool) -> None:
    asked = 0
    for seed in range(500):
        stage, wanted = played(seed, others=others)
        times = Counter(points for _, points in stage.book.calls)
        questions = {push.push_id for push in stage.outbox.unsure()}
        asked += len(questions)
        for push in wanted:
            least = 0 if push.push_id in questions else 1
            assert least <= times[push.points] <= 1, (seed, push)
        assert sum(times.values()) <= len(wanted)
        assert questions == set() or seed % 5
    assert asked < 100


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (Reading(100_000, 500_000), Verdict.NOT_BOOKED),
        (Reading(105_000, 505_000), Verdict.BOOKED),
        (Reading(105_000, 500_000), Verdict.BOOKED),
        (Reading(105_000, 510_000), Verdict.UNSURE),
        (Reading(100_000, 505_000), Verdict.UNSURE),
        (Reading(97_000, 500_000), Verdict.UNSURE),
        (Reading(105_000), Verdict.BOOKED),
    ],
)
def test_a_second_reading_says_what_became_of_a_call(after: Reading, verdict: Verdict) -> None:
    push = PointPush(UUID(int=1), UUID(int=2), 5).begun(Reading(100_000, 500_000))
    assert judge(push, after) is verdict


def test_a_push_that_was_never_begun_was_never_booked() -> None:
    push = PointPush(UUID(int=1), UUID(int=2), 5)
    assert judge(push, Reading(5)) is Verdict.NOT_BOOKED


def test_a_kill_between_call_and_answer_is_found_on_disk(tmp_path: Path) -> None:
    outbox = SqlitePushOutbox(tmp_path / "pushes.db", bytes(32))
    stage = Stage(random.Random(1), rate=0, outbox=outbox, kills=False)  # noqa: S311
    outbox.take(0, [PointPush(UUID(int=9), UUID(int=1), 19)])
    answered = stage.exchange

    def dies(request: Request) -> NoReturn:
        answered(request)
        raise KilledError

    stage.service = PushPoints(
        outbox,
        PospalAccount(KEYS, lambda r: dies(r) if b"Increment" in r.body else answered(r),
                      stage.clock, ZoneInfo("UTC")),
        stage.journal, stage.clock, stage.tally, PACE,
    )  # fmt: skip
    with pytest.raises(KilledError):
        stage.service.turn()
    outbox.close()
    again = SqlitePushOutbox(tmp_path / "pushes.db", bytes(32))
    stage.outbox = again
    assert again.open()[0][0].state is PushState.CALLING
    stage.service = stage.begun()
    stage.run(100)
    assert stage.book.customers[700].point == 119
    assert (again.depth(), again.unsure()) == (0, ())
    again.close()


def test_a_call_that_ends_in_a_surprise_is_judged_when_the_other_system_has_settled() -> None:
    stage = Stage(random.Random(1), rate=0, kills=False)  # noqa: S311 -- repeatable
    stage.outbox.take(0, [PointPush(UUID(int=9), UUID(int=1), 19)])
    answered = stage.exchange

    def surprised(request: Request) -> tuple[int, bytes]:
        stage.book.wrong = lambda what: "slow" if what == "add" else ""
        try:
            return answered(request)
        except Fault:
            stage.book.wrong = stage.wrong
            raise ZeroDivisionError from None

    account = PospalAccount(KEYS, surprised, stage.clock, ZoneInfo("UTC"))
    stage.service = PushPoints(stage.outbox, account, stage.journal, stage.clock, stage.tally, PACE)
    with pytest.raises(ZeroDivisionError):
        stage.service.turn()
    for _ in range(PACE.settle_ms // 1_000 - 1):
        stage.clock.advance(1_000)
        stage.service.turn()
    stage.book.settle()
    stage.run(100)
    assert stage.book.calls == [("add", 19)]
    assert (stage.outbox.depth(), stage.outbox.unsure()) == (0, ())


def test_what_is_refused_for_good_is_put_before_a_person() -> None:
    stage = Stage(random.Random(1), rate=0, kills=False)  # noqa: S311 -- repeatable
    stage.book.wrong = lambda _what: "refuse"
    stage.outbox.take(0, [PointPush(UUID(int=9), UUID(int=1), 19)])
    stage.run(1_000)
    assert [push.state for push in stage.outbox.unsure()] == [PushState.REFUSED]
    assert stage.service.state() == "ok"
    assert stage.book.calls == []


def test_nobody_there_shows_and_a_phone_finds_the_customer() -> None:
    stage = Stage(random.Random(1), rate=0, kills=False)  # noqa: S311 -- repeatable
    stage.service.heard(UUID(int=5), "138700")
    stage.service.heard(UUID(int=5), "138700")
    stage.service.turn()
    assert stage.outbox.customer(UUID(int=5)) == "700"
    stage.rate = 4.0
    stage.service.heard(UUID(int=6), "138700")
    stage.clock.advance(1_000)
    stage.service.turn()
    assert stage.service.state() == "gone"
