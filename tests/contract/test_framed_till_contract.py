"""What every `FramedTill` promises, shown on the fake and on frames over a pseudo-terminal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.domain.till_request import Means, TillAnswer, TillRequest
from edge_agent.drivers.framed_ecr.driver import FramedEcr
from edge_agent.drivers.framed_ecr.sim import PtyTill
from edge_agent.drivers.profiles import FramedProfile, load_profile
from edge_agent.ports.framed_till import FramedTill
from tests.factories.waiting import comes_about
from tests.fakes.framed_till import FakeFramedTill

PROFILES = Path(__file__).resolve().parents[2] / "device_configs"
MEMBER = TillRequest(Means.MEMBER, "0700", card="13800138000")
SALE = TillRequest(Means.SALE, "0200", amount_fen=1_950, receipt_no="R7")


class FramedTillContract:
    @pytest.fixture
    def till(self) -> Iterator[FramedTill]:
        raise NotImplementedError

    def ask(self, request: TillRequest) -> None:
        raise NotImplementedError

    def told(self) -> int:
        """How many answers the till has."""
        raise NotImplementedError

    def unplug(self) -> None:
        raise NotImplementedError

    def test_is_starting_before_it_is_started(self, till: FramedTill) -> None:
        assert till.state() == "starting"
        assert till.name

    def test_requests_come_once_and_in_order_and_are_answered(self, till: FramedTill) -> None:
        till.start()
        assert till.next_request(timeout_ms=1) is None
        self.ask(MEMBER)
        self.ask(SALE)
        for wanted in (MEMBER, SALE):
            request = till.next_request(timeout_ms=10_000)
            assert request == wanted
            till.answer(request, TillAnswer(name="李敏", points=320, earned=19))
        assert comes_about(lambda: self.told() == 2)
        assert till.next_request(timeout_ms=1) is None

    def test_an_unplugged_line_shows(self, till: FramedTill) -> None:
        till.start()
        self.unplug()
        assert comes_about(lambda: till.state() == "gone")

    def test_stops_twice(self, till: FramedTill) -> None:
        till.start()
        till.stop()
        till.stop()
        assert till.state() == "starting"


class TestFakeFramedTill(FramedTillContract):
    @pytest.fixture
    def till(self) -> Iterator[FramedTill]:
        self.fake = FakeFramedTill()
        yield self.fake
        self.fake.stop()

    def ask(self, request: TillRequest) -> None:
        self.fake.ask(request)

    def told(self) -> int:
        return len(self.fake.answers)

    def unplug(self) -> None:
        self.fake.unplug()


class TestFramedEcr(FramedTillContract):
    @pytest.fixture
    def till(self) -> Iterator[FramedTill]:
        self.sim = PtyTill("lrc")
        profile = load_profile(PROFILES, "ecr-transbank", FramedProfile)
        driver = FramedEcr("till", profile, self.sim.port)
        yield driver
        driver.stop()
        self.sim.stop()

    def ask(self, request: TillRequest) -> None:
        if request.means is Means.MEMBER:
            self.sim.ask(f"0700|{request.card}|".encode())
        else:
            self.sim.ask(f"0200|{request.amount_fen}|{request.receipt_no}|".encode())

    def told(self) -> int:
        return len(self.sim.got())

    def unplug(self) -> None:
        self.sim.stop()
