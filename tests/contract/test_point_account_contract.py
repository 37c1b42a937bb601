"""What every `PointAccount` promises, shown on the fake and on Pospal's simulator."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from edge_agent.domain.point_push import Reading
from edge_agent.drivers.till_software.pospal import PospalKeys
from edge_agent.drivers.till_software.pospal_client import HttpExchange, PospalAccount
from edge_agent.drivers.till_software.sim import PospalBook, PospalServer
from edge_agent.ports.point_account import PointAccount
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.clock import FakeClock
from tests.fakes.point_account import FakePointAccount

KEYS = PospalKeys("app-1", "secret-key-0123456789")


class PointAccountContract:
    @pytest.fixture
    def account(self) -> Iterator[PointAccount]:
        """An account with customer 700, phone 13800138000, 40 points."""
        raise NotImplementedError

    def test_finds_reads_and_adds(self, account: PointAccount) -> None:
        customer = account.find("13800138000")
        assert customer == "700"
        assert account.find("13900139000") is None
        assert account.read(customer).points_milli == 40_000
        account.add(customer, 5, 1_800_000_000_000)
        account.add(customer, -2, 1_800_000_000_000)
        assert account.read(customer).points_milli == 43_000

    def test_refuses_who_is_not_there(self, account: PointAccount) -> None:
        with pytest.raises(Fault) as refused:
            account.read("999")
        assert refused.value.code is FaultCode.SOFTWARE_REFUSED
        with pytest.raises(Fault):
            account.add("999", 1, 1_800_000_000_000)


class TestFakePointAccount(PointAccountContract):
    @pytest.fixture
    def account(self) -> PointAccount:
        fake = FakePointAccount()
        fake.points["700"] = 40
        fake.phones["13800138000"] = "700"
        return fake


@pytest.mark.enable_socket
class TestPospalAccount(PointAccountContract):
    @pytest.fixture
    def account(self) -> Iterator[PointAccount]:
        self.book = PospalBook(KEYS.app_key)
        self.book.open(700, "13800138000", 40)
        server = PospalServer(self.book)
        exchange = HttpExchange(server.url, 300)
        yield PospalAccount(KEYS, exchange, FakeClock(), ZoneInfo("Asia/Shanghai"))
        server.stop()

    def test_shows_all_she_ever_got(self, account: PointAccount) -> None:
        assert account.read("700") == Reading(40_000, 40_000)

    @pytest.mark.parametrize(("wrong", "booked"), [("lost", 5), ("fail", 0), ("garbled", 5)])
    def test_no_proper_answer_is_an_unknown_outcome(
        self, account: PointAccount, wrong: str, booked: int
    ) -> None:
        self.book.wrong = lambda _what: wrong
        with pytest.raises(Fault) as unknown:
            account.add("700", 5, 1_800_000_000_000)
        assert unknown.value.code is FaultCode.SOFTWARE_OUTCOME_UNKNOWN
        assert self.book.customers[700].point == 40 + booked

    def test_a_wrong_signature_is_refused(self, account: PointAccount) -> None:
        self.book.app_key = "another"
        with pytest.raises(Fault) as refused:
            account.read("700")
        assert refused.value.fields == {"detail": "1011"}

    def test_nothing_is_sent_where_nobody_listens(self) -> None:
        nowhere = PospalServer(PospalBook(""))
        nowhere.stop()
        account = PospalAccount(KEYS, HttpExchange(nowhere.url, 300), FakeClock(), ZoneInfo("UTC"))
        with pytest.raises(Fault) as away:
            account.read("700")
        assert away.value.code is FaultCode.SOFTWARE_UNREACHABLE
