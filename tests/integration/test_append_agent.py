"""The running agent behind a tapped printer: who gets points, who a code, and who nothing."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.drivers.till_escpos.sim import OldTill, RecordingPrinter, sale_bytes
from edge_agent.services.tills.write_permit import Channel
from retail_core.identity.assurance import Factor, Standing
from tests.factories.agent_api import MEMBER, PRINTING_TILL, Box
from tests.factories.agent_files import CONFIG, DEVICE
from tests.factories.paper_picture import PaperPicture
from tests.factories.waiting import comes_about

pytestmark = pytest.mark.integration
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]
KITCHEN = b"\x1b@\x1c&" + "厨房单\n宫保鸡丁 x1\n加辣\n".encode("gb18030") + b"\x1dVB\x00"
PROFILES = Path(__file__).resolve().parents[2] / "device_configs"
APPEND = "[tills.append]\nwithin_ms = 5000\n"
SEEN = "/v1/tech/tills"
WEDNESDAY = "周三会员日双倍积分"
OWN_WORDS = f'\n[texts]\nslip = "{WEDNESDAY}"\n'


class Shop:
    """An old till and its printer, with a running box between them."""

    def __init__(self, folder: Path) -> None:
        self.till, self.printer = OldTill(), RecordingPrinter()
        lines = f'port = "{self.till.port}"\nprinter = "{self.printer.port}"\n{APPEND}'
        device = DEVICE.replace('port = "/dev/null"\nprinter = "/dev/null"\n', lines)
        assert self.till.port in device
        folder.mkdir()
        (folder / "device_configs").symlink_to(PROFILES)
        self.box = Box(folder, device=device, config=CONFIG + OWN_WORDS)
        self.box.agent.devices.start()
        for loop in self.box.agent.loops:
            if loop.name.startswith("tap-"):
                loop.start()

    def permit(self) -> None:
        """Let a technician's word stand for the score."""
        self.box.agent.services.permit.override(
            PRINTING_TILL, Channel.APPEND, UUID(int=1), allow=True, minutes=60
        )

    def recognise(self) -> None:
        standing = Standing(Factor.CARD_UID)
        self.box.agent.services.sessions.recognised(PRINTING_TILL, MEMBER, standing)

    def after(self, job: bytes) -> bytes:
        """Print a job; return what the box printed behind it once it was dealt with."""
        seen = len(self.box.agent.services.tapped.last())
        before = self.printer.received()
        self.till.print_bytes(job)
        assert comes_about(lambda: len(self.box.agent.services.tapped.last()) > seen)
        assert comes_about(lambda: len(self.printer.received()) >= len(before + job))
        # The next answer comes behind whatever was printed.
        self.till.ask_status()
        assert comes_about(lambda: b"\x10\x04\x01" in self.printer.received()[len(before) :])
        received = self.printer.received()[len(before) :]
        assert received.startswith(job)
        return received[len(job) :]

    def outcomes(self) -> dict[str, int]:
        """Return what the technician's page says was appended."""
        with self.box.screen() as screen:
            tills = screen.get(SEEN).json()["tills"]
        return dict(tills[0]["appended"])

    def stop(self) -> None:
        self.box.agent.stop()
        self.till.stop()
        self.printer.stop()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "box")
    yield made
    made.stop()


def settled(shop: Shop, outcome: str, count: int = 1) -> bool:
    return comes_about(lambda: shop.outcomes().get(outcome) == count)


def test_nothing_is_added_without_a_permit(shop: Shop) -> None:
    assert b"\x1d(k" not in shop.after(sale_bytes("0001", ITEMS))
    assert settled(shop, "T140")


def test_a_stranger_gets_the_code_of_her_receipt_once(shop: Shop) -> None:
    shop.permit()
    job = sale_bytes("0001", ITEMS)
    shop.till.print_bytes(job)
    assert settled(shop, "printed")
    assert comes_about(lambda: PaperPicture().draw(shop.printer.received()).codes())
    booking = shop.box.agent.services.tapped.last()[0]
    assert booking.receipt_id is not None
    link = shop.box.agent.services.after.claims.link(booking.receipt_id)
    assert PaperPicture().draw(shop.printer.received()).codes() == [link.claim_uri]
    assert WEDNESDAY.encode("gb18030") in shop.printer.received()
    assert b"\x1d(k" not in shop.after(job)  # the same receipt, printed again
    assert b"\x1d(k" not in shop.after(KITCHEN)
    assert shop.outcomes() == {"printed": 1}


def test_a_member_reads_her_points_and_nothing_can_be_claimed(shop: Shop) -> None:
    shop.permit()
    shop.recognise()
    shop.till.print_bytes(sale_bytes("0002", ITEMS))
    assert settled(shop, "printed")
    assert comes_about(lambda: PaperPicture().draw(shop.printer.received()).codes())
    received = shop.printer.received()
    assert "本单积分".encode("gb18030") in received
    assert b"+19\n" in received
    assert "金卡".encode("gb18030") in received
    assert WEDNESDAY.encode("gb18030") in received
    (code,) = PaperPicture().draw(received).codes()
    assert "/m/#e=" in code
