"""What every `TillTap` promises, shown on the fake and on ESC/POS over pseudo-terminals."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.domain.tap_seen import TapSeen
from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.driver import EscposTap
from edge_agent.drivers.till_escpos.sim import OldTill, RecordingPrinter
from edge_agent.ports.till_tap import ReceiptLine, TappedReceipt, TillTap
from tests.factories.waiting import comes_about
from tests.fakes.till_tap import FakeTillTap

PROFILES = Path(__file__).resolve().parents[2] / "device_configs"
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]
LINES = (ReceiptLine("可口可乐330ml", 2_000, 700), ReceiptLine("雀巢咖啡", 1_000, 1_250))


class TillTapContract:
    @pytest.fixture
    def tap(self) -> Iterator[TillTap]:
        raise NotImplementedError

    def print_sale(self, number: str) -> None:
        raise NotImplementedError

    def unplug(self) -> None:
        raise NotImplementedError

    def printed_ours(self) -> bytes:
        """What of ours reached the printer behind the last sale."""
        raise NotImplementedError

    def test_is_starting_before_it_is_started(self, tap: TillTap) -> None:
        assert tap.state() == "starting"
        assert tap.name

    def test_returns_none_when_nothing_is_printed(self, tap: TillTap) -> None:
        tap.start()
        assert tap.next_receipt(timeout_ms=1) is None

    def test_receipts_come_once_and_in_order(self, tap: TillTap) -> None:
        tap.start()
        self.print_sale("0001")
        self.print_sale("0002")
        receipts = [tap.next_receipt(timeout_ms=10_000) for _ in range(2)]
        assert [receipt.receipt_no for receipt in receipts if receipt] == ["0001", "0002"]
        first = receipts[0]
        assert first is not None
        assert (first.kind, first.fault, first.total_fen) == ("sale", None, 1_950)
        assert first.lines == LINES
        assert "可口可乐330ml" in first.text
        assert tap.next_receipt(timeout_ms=1) is None

    def test_an_unplugged_line_shows(self, tap: TillTap) -> None:
        tap.start()
        self.unplug()
        for _ in range(500):
            if tap.state() == "gone":
                break
            threading.Event().wait(0.01)
        assert tap.state() == "gone"

    def test_shows_each_job_to_who_watches(self, tap: TillTap) -> None:
        seen: list[TapSeen] = []
        done = tap.watch(seen.append)
        tap.start()
        self.print_sale("0003")
        assert tap.next_receipt(timeout_ms=10_000) is not None
        jobs = [each.receipt for each in seen if each.kind == "job"]
        assert [job.receipt_no for job in jobs if job] == ["0003"]
        assert [each.state for each in seen if each.kind == "state"][:1] == ["ok"]
        done()
        before = len(jobs)
        self.print_sale("0004")
        assert tap.next_receipt(timeout_ms=10_000) is not None
        assert len([each for each in seen if each.kind == "job"]) == before

    def test_prints_our_bytes_between_two_jobs(self, tap: TillTap) -> None:
        tap.start()
        self.print_sale("0005")
        assert tap.next_receipt(timeout_ms=10_000) is not None
        assert tap.inject(b"* 12 *\n", timeout_ms=10_000)
        assert self.printed_ours() == b"* 12 *\n"

    def test_prints_nothing_of_ours_while_there_is_no_line(self, tap: TillTap) -> None:
        assert not tap.inject(b"* 12 *\n", timeout_ms=1)

    def test_may_be_stopped_twice_and_without_a_start(self, tap: TillTap) -> None:
        tap.stop()
        tap.start()
        tap.stop()
        tap.stop()
        assert tap.state() == "starting"


class TestFakeTillTap(TillTapContract):
    @pytest.fixture
    def tap(self) -> Iterator[TillTap]:
        self.fake = FakeTillTap()
        yield self.fake
        self.fake.stop()

    def print_sale(self, number: str) -> None:
        self.fake.put(TappedReceipt("till", "fake", number, "sale", LINES, 1_950, "可口可乐330ml"))

    def unplug(self) -> None:
        self.fake.unplug()

    def printed_ours(self) -> bytes:
        return b"".join(self.fake.injected)


@pytest.mark.integration
class TestEscposTap(TillTapContract):
    @pytest.fixture
    def tap(self) -> Iterator[TillTap]:
        self.old_till, self.printer = OldTill(), RecordingPrinter()
        profile = load_profile(PROFILES, "generic-zh-32", TillProfile)
        tap = EscposTap("till", profile, (self.old_till.port, self.printer.port))
        yield tap
        tap.stop()
        self.old_till.stop()
        self.printer.stop()

    def print_sale(self, number: str) -> None:
        self.sent = self.old_till.print_sale(number, ITEMS)

    def printed_ours(self) -> bytes:
        assert comes_about(lambda: len(self.printer.received()) > len(self.sent))
        return self.printer.received().removeprefix(self.sent)

    def unplug(self) -> None:
        self.printer.stop()
