"""Slips behind receipts over pseudo-terminals: the till's bytes arrive whole, ours between them."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.domain.slip import AppendStyle, Place, Slip, SlipLine
from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.qr.draw import drawn
from edge_agent.drivers.till_escpos.driver import EscposTap
from edge_agent.drivers.till_escpos.sim import OldTill, RecordingPrinter, sale_bytes
from edge_agent.ports.till_tap import TappedReceipt
from retail_core.texts.faults import FaultCode
from tests.factories.paper_picture import PaperPicture
from tests.factories.waiting import comes_about

pytestmark = pytest.mark.integration
PROFILES = Path(__file__).resolve().parents[2] / "device_configs"
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]
LINK = "https://hq.example/m/#r=1ABCDEFGHJKLMNPQRSTUVWXYZ234567ABCDEFGHJKLMN"
SLIP = Slip(((SlipLine("本单积分", "+19"),), (SlipLine("Points", "+19"),)), LINK, drawn(LINK))
CUT = b"\x1dVB\x00"


class Counter:
    """A till, a tap that prints slips, a printer."""

    def __init__(self, style: AppendStyle) -> None:
        self.till, self.printer = OldTill(), RecordingPrinter()
        profile = load_profile(PROFILES, "generic-zh-32", TillProfile)
        self.tap = EscposTap("t", profile, (self.till.port, self.printer.port), append=style)
        self.tap.start()
        self.sent = b""

    def sale(self, number: str) -> TappedReceipt:
        self.sent += self.till.print_sale(number, ITEMS)
        receipt = self.tap.next_receipt(timeout_ms=10_000)
        assert receipt is not None
        return receipt

    def received(self, more_than: int = 0) -> bytes:
        assert comes_about(lambda: len(self.printer.received()) > more_than)
        return self.printer.received()

    def slip(self) -> bytes:
        """Return what stands behind the till's own bytes, up to a cut of its own."""
        assert comes_about(lambda: CUT in self._behind())
        return self._behind()

    def _behind(self) -> bytes:
        return self.printer.received()[len(self.sent) :]

    def stop(self) -> None:
        self.tap.stop()
        self.till.stop()
        self.printer.stop()


@pytest.fixture
def counter(request: pytest.FixtureRequest) -> Iterator[Counter]:
    made = Counter(getattr(request, "param", AppendStyle()))
    yield made
    made.stop()


def test_a_slip_comes_behind_the_receipt_and_its_code_can_be_read(counter: Counter) -> None:
    assert counter.tap.append(counter.sale("0001"), SLIP, timeout_ms=5_000) is None
    ours = counter.slip()
    assert ours.startswith(b"\x1b@")
    assert CUT in ours
    assert "本单积分".encode("gb18030") in ours
    assert PaperPicture().draw(ours).codes() == [LINK]


@pytest.mark.parametrize("counter", [AppendStyle(native_code=False)], indirect=True)
def test_a_printer_that_draws_no_codes_gets_a_picture(counter: Counter) -> None:
    assert counter.tap.append(counter.sale("0001"), SLIP, timeout_ms=5_000) is None
    ours = counter.slip()
    assert PaperPicture().draw(ours).codes() == [LINK]


BEFORE = AppendStyle(Place.BEFORE_CUT, hold_ms=5_000)


@pytest.mark.parametrize("counter", [BEFORE], indirect=True)
def test_a_slip_can_stand_on_the_same_paper(counter: Counter) -> None:
    assert counter.tap.append(counter.sale("0001"), SLIP, timeout_ms=5_000) is None
    assert comes_about(lambda: counter.printer.received().endswith(CUT))
    received = counter.printer.received()
    assert received.count(CUT) == 1
    assert received.startswith(counter.sent.removesuffix(CUT))
    assert PaperPicture().draw(received).codes() == [LINK]


@pytest.mark.parametrize("counter", [AppendStyle(Place.BEFORE_CUT, hold_ms=10)], indirect=True)
def test_a_cut_waits_for_nobody_for_long(counter: Counter) -> None:
    counter.sale("0001")
    assert comes_about(lambda: counter.printer.received() == counter.sent)


def test_a_slip_for_an_older_receipt_is_not_printed(counter: Counter) -> None:
    first = counter.sale("0001")
    counter.sale("0002")
    late = counter.tap.append(first, SLIP, timeout_ms=50)
    assert late is FaultCode.TILL_APPEND_LATE
    assert comes_about(lambda: counter.printer.received() == counter.sent)


def test_no_slip_while_a_receipt_is_being_printed(counter: Counter) -> None:
    first = counter.sale("0001")
    counter.sent += counter.till.print_bytes(b"half a line")
    assert comes_about(lambda: counter.printer.received() == counter.sent)
    assert counter.tap.append(first, SLIP, timeout_ms=50) is FaultCode.TILL_APPEND_LATE
    assert counter.received() == counter.sent


def test_no_slip_on_a_printer_without_paper(counter: Counter) -> None:
    counter.till.ask_status(4)
    counter.sent += b"\x10\x04\x04"
    assert counter.tap.append(counter.sale("0001"), SLIP, timeout_ms=5_000) is None
    counter.printer.paper_out()
    assert counter.till.ask_status(4) == b"\x7e"
    refused = counter.tap.append(counter.sale("0002"), SLIP, timeout_ms=5_000)
    assert refused is FaultCode.TILL_APPEND_PRINTER


def test_questions_of_the_till_do_not_keep_a_slip_away(counter: Counter) -> None:
    receipt = counter.sale("0001")
    counter.till.ask_status()
    assert counter.tap.append(receipt, SLIP, timeout_ms=5_000) is None


@pytest.mark.parametrize("counter", [AppendStyle(), BEFORE], indirect=True)
def test_the_tills_bytes_stay_whole_however_they_come(counter: Counter) -> None:
    chance = random.Random(7)  # noqa: S311 - chunk sizes, no secret
    jobs = [sale_bytes(f"{number:04}", ITEMS) for number in range(5)]
    for job in jobs:
        at = 0
        while at < len(job):
            size = chance.randint(1, 90)
            counter.till.print_bytes(job[at : at + size])
            at += size
        receipt = counter.tap.next_receipt(timeout_ms=10_000)
        assert receipt is not None
        assert counter.tap.append(receipt, SLIP, timeout_ms=5_000) is None
    sent = b"".join(jobs)
    assert comes_about(
        lambda: PaperPicture().draw(counter.printer.received()).codes() == [LINK] * 5
    )
    assert comes_about(lambda: is_within(sent, counter.printer.received()))


def is_within(sent: bytes, received: bytes) -> bool:
    """Tell whether bytes arrived in their order, whatever stands between them."""
    arrived = iter(received)
    return all(byte in arrived for byte in sent)
