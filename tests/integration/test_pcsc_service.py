"""The NFC driver against a real pcscd: replays, removal in the middle, pcscd killed and back."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from edge_agent.drivers.nfc_pcsc.driver import PcscNfcReader
from edge_agent.drivers.nfc_pcsc.frames import TagContent
from edge_agent.drivers.nfc_pcsc.sim import FlightyCard, ForeignCard, Ntag424, WritableTag
from edge_agent.drivers.nfc_pcsc.writer import TagDesk
from retail_core.errors import Fault
from retail_core.identity.sun import file_key, verify_sun
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.waiting import PATIENCE_MS, comes_about
from tools.virtual_pcsc import NotHereError, OwnPcsc, VirtualPcsc, ensure_pcscd

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

UID = bytes.fromhex("04A1B2C3D4E5F6")
META_KEY = bytes(range(16))
MASTER_KEY = bytes(range(16, 32))


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
        tap = reader.next_tap(timeout_ms=PATIENCE_MS)
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
    assert comes_about(lambda: tally.snapshot().get("R306") == 1)
    assert reader.next_tap(timeout_ms=1) is None
    service.reader.insert(member_card())
    tap = reader.next_tap(timeout_ms=PATIENCE_MS)
    assert tap is not None
    assert tap.uid == UID


def test_a_foreign_card_is_counted(
    service: VirtualPcsc, reader: PcscNfcReader, tally: FaultTally
) -> None:
    service.reader.insert(ForeignCard(UID))
    tap = reader.next_tap(timeout_ms=PATIENCE_MS)
    assert tap is not None
    assert tap.ndef_uri is None
    assert tally.snapshot() == {"R303": 1}


def own(service: VirtualPcsc) -> OwnPcsc:
    if not isinstance(service, OwnPcsc):
        pytest.skip("needs a pcscd of our own (namespaces) to kill")
    return service


def test_a_card_taken_away_is_no_tap_and_may_come_again(
    service: VirtualPcsc, reader: PcscNfcReader
) -> None:
    card = member_card()
    service.reader.insert(card)
    assert reader.next_tap(timeout_ms=PATIENCE_MS) is not None
    service.reader.remove()
    assert reader.next_tap(timeout_ms=1_000) is None
    service.reader.insert(card)
    again = reader.next_tap(timeout_ms=PATIENCE_MS)
    assert again is not None
    assert again.uid == UID


def counter_of(reader: PcscNfcReader) -> int:
    tap = reader.next_tap(timeout_ms=PATIENCE_MS)
    assert tap is not None
    assert tap.ndef_uri is not None
    return verify_sun(tap.ndef_uri, META_KEY, MASTER_KEY).counter


@pytest.mark.parametrize("outage_s", [0.0, 2.0, 5.0])
def test_no_read_is_lost_over_an_outage_of_the_service(
    service: VirtualPcsc, reader: PcscNfcReader, outage_s: float
) -> None:
    """Taps before, and a card laid down the moment it is back, all arrive, once and in order.

    What was taken is whole before the service ends: a dialogue cut in its middle is no tap.
    """
    pcsc, card = own(service), member_card()
    pcsc.reader.insert(card)
    counters = [counter_of(reader)]
    pcsc.reader.remove()
    pcsc.reader.insert(card)
    counters.append(counter_of(reader))
    pcsc.kill_service()
    time.sleep(outage_s)
    pcsc.start_service()
    pcsc.reader.insert(card)
    counters.append(counter_of(reader))
    assert counters == [1, 2, 3]
    assert card.reads == 3
    assert reader.next_tap(timeout_ms=1) is None
    assert reader.state() == "ok"


def test_a_reader_that_was_never_there_shows_as_gone(service: VirtualPcsc) -> None:
    tally = FaultTally()
    missing = PcscNfcReader("ACR1252", tally=tally)
    missing.start()
    try:
        assert comes_about(lambda: missing.state() == "gone")
        service.reader.insert(member_card())
        assert missing.next_tap(timeout_ms=700) is None
    finally:
        missing.stop()
    assert tally.snapshot() == {"R302": 1}


def test_a_tag_is_written_while_the_agent_watches_the_reader(
    service: VirtualPcsc, reader: PcscNfcReader
) -> None:
    link = "https://club.example/lane/3"
    service.reader.insert(WritableTag(UID))
    blank = reader.next_tap(timeout_ms=PATIENCE_MS)
    assert blank is not None
    assert blank.ndef_uri is None
    done = subprocess.run(
        [sys.executable, "-m", "edge_agent", "nfc", "write-tag", link, "--json"],
        env=os.environ | service.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"uid": UID.hex().upper(), "uri": link}
    assert TagDesk("Virtual PCD", wait_s=10).show() == TagContent(UID, link)


def test_a_member_card_and_an_empty_reader_are_not_written(service: VirtualPcsc) -> None:
    with pytest.raises(Fault) as empty:
        TagDesk("Virtual PCD", wait_s=0.5).write("https://club.example/")
    assert empty.value.code is FaultCode.NFC_NO_TAP
    service.reader.insert(member_card())
    with pytest.raises(Fault) as locked:
        TagDesk("Virtual PCD", wait_s=10).write("https://club.example/")
    assert locked.value.code is FaultCode.NFC_TAG_LOCKED


def test_pcscd_may_be_killed_and_come_back(
    service: VirtualPcsc, reader: PcscNfcReader, tally: FaultTally
) -> None:
    pcsc = own(service)
    assert comes_about(lambda: reader.state() == "ok")
    pcsc.kill_service()
    assert comes_about(lambda: reader.state() == "gone")
    assert tally.snapshot() == {"R302": 1}
    pcsc.start_service()
    assert comes_about(lambda: reader.state() == "ok")
    service.reader.insert(member_card())
    tap = reader.next_tap(timeout_ms=PATIENCE_MS)
    assert tap is not None
    assert tap.uid == UID
