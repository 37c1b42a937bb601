"""The NFC driver against a real pcscd: replays, removal in the middle, pcscd killed and back."""

import time
from collections.abc import Callable, Iterator

import pytest

from edge_agent.drivers.nfc_pcsc.driver import PcscNfcReader
from edge_agent.drivers.nfc_pcsc.sim import FlightyCard, ForeignCard, Ntag424
from retail_core.identity.sun import file_key, verify_sun
from retail_core.tally import FaultTally
from tools.virtual_pcsc import NotHereError, OwnPcsc, VirtualPcsc, ensure_pcscd

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

UID = bytes.fromhex("04A1B2C3D4E5F6")
META_KEY = bytes(range(16))
MASTER_KEY = bytes(range(16, 32))


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 15
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualPcsc]:
    try:
        service = ensure_pcscd()
    except NotHereError as reason:
        pytest.skip(str(reason))
    with service:
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        yield service


@pytest.fixture
def tally() -> FaultTally:
    return FaultTally()


@pytest.fixture
def reader(service: VirtualPcsc, tally: FaultTally) -> Iterator[PcscNfcReader]:
    reader = PcscNfcReader("Virtual PCD", tally=tally)
    reader.start()
    yield reader
    reader.stop()


def member_card() -> Ntag424:
    return Ntag424(UID, meta_key=META_KEY, file_key=file_key(MASTER_KEY, UID))


def test_each_tap_carries_a_fresh_signed_counter(
    service: VirtualPcsc, reader: PcscNfcReader
) -> None:
    card = member_card()
    counters = []
    for _ in range(2):
        before_ms = time.monotonic_ns() // 1_000_000
        service.reader.insert(card)
        tap = reader.next_tap(timeout_ms=10_000)
        assert tap is not None
        assert tap.ndef_uri is not None
        assert tap.detected_mono_ms >= before_ms
        read = verify_sun(tap.ndef_uri, META_KEY, MASTER_KEY)
        assert read.uid == UID
        counters.append(read.counter)
        service.reader.remove()
    assert counters == [1, 2]


@pytest.mark.parametrize("commands", [0, 1, 4, 5])
def test_a_card_pulled_away_in_the_middle_is_counted_and_the_next_tap_works(
    service: VirtualPcsc, reader: PcscNfcReader, tally: FaultTally, commands: int
) -> None:
    service.reader.insert(FlightyCard(member_card(), commands=commands))
    assert eventually(lambda: tally.snapshot().get("R306") == 1)
    assert reader.next_tap(timeout_ms=1) is None
    service.reader.insert(member_card())
    tap = reader.next_tap(timeout_ms=10_000)
    assert tap is not None
    assert tap.uid == UID


def test_a_foreign_card_is_counted(
    service: VirtualPcsc, reader: PcscNfcReader, tally: FaultTally
) -> None:
    service.reader.insert(ForeignCard(UID))
    tap = reader.next_tap(timeout_ms=10_000)
    assert tap is not None
    assert tap.ndef_uri is None
    assert tally.snapshot() == {"R303": 1}


def test_pcscd_may_be_killed_and_come_back(
    service: VirtualPcsc, reader: PcscNfcReader, tally: FaultTally
) -> None:
    if not isinstance(service, OwnPcsc):
        pytest.skip("needs a pcscd of our own (namespaces) to kill")
    assert eventually(lambda: reader.state() == "ok")
    service.kill_service()
    assert eventually(lambda: reader.state() == "gone")
    assert tally.snapshot() == {"R302": 1}
    service.start_service()
    assert eventually(lambda: reader.state() == "ok")
    service.reader.insert(member_card())
    tap = reader.next_tap(timeout_ms=10_000)
    assert tap is not None
    assert tap.uid == UID
