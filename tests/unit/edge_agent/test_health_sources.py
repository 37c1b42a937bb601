"""Every health issue of a box, from its real source: inject, raised, fixed, cleared."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from edge_agent.adapters.clock_system import SystemClock
from edge_agent.adapters.vitals_board import BoardVitals
from edge_agent.adapters.vitals_usb import UsbDrops
from edge_agent.bootstrap.health import figures_of, seen_with, tills_seen
from edge_agent.ports.till_tap import ReceiptLine, TappedReceipt
from edge_agent.services.box.health_watch import HealthWatch
from edge_agent.services.box.safe_mode import SafeMode
from edge_agent.services.box.trial_sale import TrialSale
from edge_agent.services.box.work_watch import WorkWatch
from edge_agent.services.tills.write_permit import Channel, Verdict, WritePermit
from retail_core.errors import Fault
from retail_core.fleet.box_identity import BoxName
from retail_core.fleet.checks import BY_CODE, REGISTRY
from retail_core.fleet.signed_time import ToldTime
from retail_core.fusion.agreement import Bars
from retail_core.fusion.compare import Difference, Kind
from retail_core.limits import FACES_HELD_MAX
from retail_core.texts.faults import FaultCode
from tests.factories.agent_api import BUNDLE, PRINTING_TILL, Box, sale
from tests.fakes.agreement_store import FakeAgreementStore
from tests.fakes.clock import NOON_MS
from tests.fakes.documents import FakeDocuments
from tests.fakes.service_manager import FakeServiceManager

C = FaultCode
HOUR_MS = 3_600_000
WELL = {
    "sys/devices/platform/soc/soc:firmware/get_throttled": "0",
    "sys/class/thermal/thermal_zone0/temp": "48000",
    "sys/block/mmcblk0/device/life_time": "0x02 0x01",
    "sys/block/mmcblk0/device/pre_eol_info": "0x01",
    "sys/bus/usb/devices/usb1/devnum": "1",
    "sys/bus/usb/devices/1-1/devnum": "2",
    "sys/bus/usb/devices/1-1.2/devnum": "3",
    "sys/bus/usb/devices/1-1.2:1.0/devnum": "3",
    "proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 500 kB\n",
    "proc/uptime": "93.71 180.20",
}


class Bed:
    """A box on a board of files, whose watch is looked through as its loop would."""

    def __init__(self, box: Box, root: Path) -> None:
        self.box, self.root = box, root
        self.time = box.clock
        self.synced, self.off_ms, self.took_s, self.free = True, 0, 0.001, 500
        self.devices = {"nfc": "ok", "cloud": "ok"}
        self.works, self.beats, self.faces, self._seconds = True, 0, 0, 0.0
        self.faces_off: C | None = None
        self._printed = 0
        for name in WELL:
            self.write(name)
        self.clock = SystemClock(
            self.time.boot_id,
            lambda: self.synced,
            wall_ms=lambda: self.time.wall_ms,
            mono_ms=lambda: self.time.mono_ms,
            off_ms=lambda: self.off_ms,
        )
        agent = box.agent
        self.pem = root / "identity.pem"
        self.certify(30)
        cloud = agent.basis.settings.device.cloud.model_copy(update={"identity_file": self.pem})
        device = agent.basis.settings.device.model_copy(update={"cloud": cloud})
        settings = agent.basis.settings.model_copy(update={"device": device})
        self.safe_mode = SafeMode(FakeDocuments(), self.clock, lambda: None)
        basis = replace(agent.basis, clock=self.clock, safe_mode=self.safe_mode, settings=settings)
        gallery = cast("Any", _Faces(self))
        board = BoardVitals(root, root, lambda _disk: self.disk())
        bars = {PRINTING_TILL: Bars(min_count=5, bars=dict.fromkeys(Channel, 500))}
        self.permit = WritePermit(FakeAgreementStore(), self.clock, basis.tally, bars)
        services = replace(agent.services, gallery=gallery, permit=self.permit)
        figures = figures_of(basis, box.storage, services, board, UsbDrops(root))
        parts = (agent.services.prices, box.storage.journal, box.storage.replica, self.clock)
        trial = TrialSale(*parts, seconds=self.seconds)
        self.work = WorkWatch(self.clock, FakeServiceManager(), {"journal": lambda: self.beats})
        seen = lambda: seen_with(lambda: self.devices, self.work)  # noqa: E731
        tills = lambda: tills_seen(services, {PRINTING_TILL: "老收银机"})  # noqa: E731
        self.watch = HealthWatch(
            self.clock,
            agent.basis.tally,
            figures,
            seen,
            trial.run,
            tills=tills,
            faces_off=lambda: self.faces_off,
        )

    def write(self, name: str, text: str | None = None) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(WELL[name] if text is None else text, encoding="ascii")

    def disk(self) -> os.statvfs_result:
        return os.statvfs_result((4096, 4096, 1000, self.free, self.free, 9, 9, 9, 0, 255))

    def seconds(self) -> float:
        self._seconds += self.took_s
        return self._seconds

    def certify(self, days: int) -> None:
        """Hold a certificate that ends in so many days."""
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.fromtimestamp(0, UTC)
        now += timedelta(milliseconds=self.time.wall_ms)
        shop = self.box.agent.basis.shop
        uri = x509.UniformResourceIdentifier(BoxName(shop.tenant, shop.device).uri)
        made = (
            x509.CertificateBuilder(x509.Name([]), x509.Name([]), key.public_key())
            .serial_number(7)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([uri]), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.pem.write_bytes(made.public_bytes(Encoding.PEM))

    def look(self, pause_ms: int = 0) -> set[str]:
        self.time.advance(pause_ms)
        self.beats += self.works
        self.work.turn()
        self.watch.turn()
        return {one.code for one in self.watch.issues()}

    def count(self, code: FaultCode, times: int) -> None:
        for _ in range(times):
            self.box.agent.basis.tally.count(code)

    def replug(self, times: int) -> None:
        for number in range(times):
            self.write("sys/bus/usb/devices/1-1.2/devnum", str(10 + number))
            self.look(1_000)

    def sell(self) -> None:
        with self.box.till() as till:
            key = {"Idempotency-Key": f"sale-{self.time.mono_ms}"}
            sold = till.post("/v1/sales", json=sale(12_800), headers=key)
        assert sold.status_code in {200, 201}, sold.text
        self.time.advance(HOUR_MS)

    def print(self, times: int, *, torn: bool) -> None:
        """Let the old till print receipts that are read whole, or torn off."""
        for _ in range(times):
            self._printed += 1
            receipt = TappedReceipt(
                till="老收银机",
                profile="generic-zh-32",
                receipt_no=f"{self.time.mono_ms}-{self._printed}",
                kind="sale",
                lines=(ReceiptLine("苹果", 1_000, 500),),
                total_fen=500,
                text="",
                fault=C.TILL_STREAM_TRUNCATED if torn else None,
            )
            self.box.agent.services.tapped.book(PRINTING_TILL, receipt)

    def compare(self, times: int, *differences: Difference) -> None:
        for _ in range(times):
            self.permit.judge(Verdict(PRINTING_TILL, ahead=True, differences=differences))

    def read_again(self) -> None:
        self.print(1, torn=False)
        self.acknowledge()

    def disagree(self) -> None:
        self.compare(5)
        self.compare(20, OTHER_PRICE)

    def acknowledge(self) -> None:
        journal = self.box.storage.journal
        journal.mark_acked(((1, journal.next_seq() - 1),))


class _Faces(SimpleNamespace):
    """As many faces as the bed says: a hundred thousand take too long to make."""

    def __init__(self, bed: Bed) -> None:
        super().__init__()
        self._bed = bed

    @property
    def members(self) -> int:
        return self._bed.faces


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


@pytest.fixture
def bed(box: Box, tmp_path: Path) -> Iterator[Bed]:
    yield Bed(box, tmp_path)
    box.clock.wall_ms = NOON_MS + box.clock.mono_ms


Step = Callable[[Bed], object]
OTHER_PRICE = Difference(Kind.PRICE, "可乐", "S1", 300, 350)
BROKEN = Fault(C.DISK_JOURNAL_CORRUPT, seq=1)
THROTTLED, HEAT, LIFE, WORD, MEMORY = (
    "sys/devices/platform/soc/soc:firmware/get_throttled",
    "sys/class/thermal/thermal_zone0/temp",
    "sys/block/mmcblk0/device/life_time",
    "sys/block/mmcblk0/device/pre_eol_info",
    "proc/meminfo",
)


def file(name: str, sick: str) -> tuple[Step, Step]:
    return (lambda bed: bed.write(name, sick)), (lambda bed: bed.write(name))


def value(name: str, sick: object, well: object) -> tuple[Step, Step]:
    return (lambda bed: setattr(bed, name, sick)), (lambda bed: setattr(bed, name, well))


def wake_in_1970(bed: Bed) -> None:
    bed.synced = False
    bed.time.jump(0)


def know_the_time(bed: Bed) -> None:
    bed.synced = True
    bed.time.jump(NOON_MS + bed.time.mono_ms)


CASES: dict[FaultCode, tuple[Step, Step]] = {
    C.HEALTH_UNDERVOLTAGE: file(THROTTLED, "10000"),
    C.HEALTH_THROTTLED: file(THROTTLED, "4"),
    C.HEALTH_HOT: file(HEAT, "85000"),
    C.HEALTH_CARD_WORN: file(LIFE, "0x09 0x02"),
    C.HEALTH_CARD_FAILING: file(WORD, "0x03"),
    C.HEALTH_MEMORY_LOW: file(MEMORY, "MemTotal: 1000 kB\nMemAvailable: 50 kB\n"),
    C.HEALTH_DISK_LOW: value("free", 40, 500),
    C.HEALTH_CLOCK_UNKNOWN: (wake_in_1970, know_the_time),
    C.HEALTH_CLOCK_OFF: value("off_ms", 45_000, 12),
    C.HEALTH_USB_RESETS: ((lambda bed: bed.replug(5)), (lambda bed: bed.look(HOUR_MS))),
    C.HEALTH_CAMERA_STALLS: (
        (lambda bed: bed.count(C.CAMERA_STALLED, 6)),
        (lambda bed: bed.look(HOUR_MS)),
    ),
    C.HEALTH_READER_RESETS: (
        (lambda bed: bed.count(C.NFC_READER_GONE, 6)),
        (lambda bed: bed.look(HOUR_MS)),
    ),
    C.HEALTH_QUEUE_OLD: (Bed.sell, Bed.acknowledge),
    C.HEALTH_JOURNAL_SLOW: value("took_s", 0.9, 0.001),
    C.HEALTH_CERTIFICATE: ((lambda bed: bed.certify(5)), (lambda bed: bed.certify(30))),
    C.HEALTH_FACES_FULL: value("faces", FACES_HELD_MAX * 95 // 100, 7),
    C.HEALTH_CANNOT_PRICE: (
        (lambda bed: bed.box.storage.replica.replace_bundle(8, b"{")),
        (lambda bed: bed.box.storage.replica.replace_bundle(9, BUNDLE.encode())),
    ),
    C.HEALTH_CANNOT_BOOK: (
        (lambda bed: setattr(bed.box.storage.journal, "_corrupt", BROKEN)),
        (lambda bed: setattr(bed.box.storage.journal, "_corrupt", None)),
    ),
    C.HEALTH_DEVICE_AWAY: (
        (lambda bed: bed.devices.update(nfc="gone")),
        (lambda bed: bed.devices.update(nfc="ok")),
    ),
    C.HEALTH_FACES_OFF: value("faces_off", C.MODEL_CRASHED, None),
    C.HEALTH_TILL_UNREAD: (
        (lambda bed: bed.print(5, torn=True)),
        Bed.read_again,
    ),
    C.HEALTH_TILL_DISAGREES: (
        Bed.disagree,
        (lambda bed: bed.compare(200)),
    ),
    C.HEALTH_PART_HUNG: value("works", False, True),  # noqa: FBT003 -- a flag of the bed
    C.HEALTH_SAFE_MODE: (
        (lambda bed: setattr(bed.safe_mode, "active", True)),
        (lambda bed: setattr(bed.safe_mode, "active", False)),
    ),
}


def test_every_issue_has_a_source_that_is_tried() -> None:
    assert set(CASES) == {check.code for check in REGISTRY}


@pytest.mark.parametrize("code", CASES, ids=lambda code: code.value)
def test_injected_raised_fixed_cleared(bed: Bed, code: FaultCode) -> None:
    inject, fix = CASES[code]
    check = BY_CODE[code]
    assert code not in bed.look()
    inject(bed)
    bed.look(180_000)
    assert code in bed.look(check.after_ms)
    fix(bed)
    bed.look(180_000)
    assert code not in bed.look(check.gone_ms)


def test_a_hub_that_comes_back_and_a_new_plug_are_counted_apart(tmp_path: Path) -> None:
    usb = UsbDrops(tmp_path)
    assert usb.count() is None, "a board without USB says nothing"
    folder = tmp_path / "sys" / "bus" / "usb" / "devices"
    for socket, number in (("usb1", 1), ("1-1", 2), ("1-1:1.0", 2), ("1-2", 3)):
        (folder / socket).mkdir(parents=True)
        (folder / socket / "devnum").write_text(str(number), encoding="ascii")
    assert usb.count() == 0
    (folder / "1-1" / "devnum").write_text("7", encoding="ascii")
    assert usb.count() == 1
    (folder / "1-2" / "devnum").unlink()
    assert usb.count() == 2
    (folder / "1-2" / "devnum").write_text("8", encoding="ascii")
    assert usb.count() == 2, "it came back: nothing more has dropped out"


def test_a_free_running_clock_is_held_against_what_the_cloud_signed(bed: Bed) -> None:
    bed.synced = False
    bed.time.advance(2_000)
    assert bed.clock.off_ms() is None
    bed.clock.tell(ToldTime(bed.time.wall_ms + 90_000, bed.time.mono_ms, 5))
    assert bed.clock.off_ms() == 90_000
