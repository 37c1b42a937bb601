"""What every `NfcReader` promises, shown on the fake and on PC/SC with a virtual reader."""

from collections.abc import Iterator

import pytest

from edge_agent.drivers.nfc_pcsc.driver import PcscNfcReader
from edge_agent.drivers.nfc_pcsc.sim import ForeignCard, Ntag424
from edge_agent.ports.nfc import CardTap, NfcReader
from tests.fakes.nfc import FakeNfcReader
from tools.virtual_pcsc import NotHereError, VirtualPcsc, ensure_pcscd

UID = bytes.fromhex("04A1B2C3D4E5F6")


class NfcReaderContract:
    @pytest.fixture
    def reader(self) -> Iterator[NfcReader]:
        raise NotImplementedError

    def lay_member_card(self) -> None:
        raise NotImplementedError

    def lay_foreign_card(self) -> None:
        raise NotImplementedError

    def test_is_starting_before_it_is_started(self, reader: NfcReader) -> None:
        assert reader.state() == "starting"

    def test_returns_none_when_nobody_taps(self, reader: NfcReader) -> None:
        reader.start()
        assert reader.next_tap(timeout_ms=1) is None

    def test_a_member_card_gives_uid_and_uri_once(self, reader: NfcReader) -> None:
        reader.start()
        self.lay_member_card()
        tap = reader.next_tap(timeout_ms=10_000)
        assert tap is not None
        assert tap.uid == UID
        assert tap.ndef_uri is not None
        assert tap.ndef_uri.startswith("https://regulars.invalid/c?")
        assert tap.read_ms >= 0
        assert reader.state() == "ok"
        assert reader.next_tap(timeout_ms=1) is None

    def test_a_foreign_card_has_no_uri(self, reader: NfcReader) -> None:
        reader.start()
        self.lay_foreign_card()
        tap = reader.next_tap(timeout_ms=10_000)
        assert tap is not None
        assert (tap.uid, tap.ndef_uri) == (UID, None)

    def test_may_be_stopped_twice_and_without_a_start(self, reader: NfcReader) -> None:
        reader.stop()
        reader.start()
        reader.stop()
        reader.stop()


class TestFakeNfcReader(NfcReaderContract):
    @pytest.fixture
    def reader(self) -> Iterator[NfcReader]:
        self.fake = FakeNfcReader()
        yield self.fake
        self.fake.stop()

    def lay_member_card(self) -> None:
        self.fake.put(CardTap("fake", UID, "https://regulars.invalid/c?e=00&m=00", 1, 0.5))

    def lay_foreign_card(self) -> None:
        self.fake.put(CardTap("fake", UID, None, 1, 0.5))


@pytest.mark.integration
@pytest.mark.enable_socket
class TestPcscNfcReader(NfcReaderContract):
    @pytest.fixture
    def service(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualPcsc]:
        try:
            service = ensure_pcscd()
        except NotHereError as reason:
            pytest.skip(str(reason))
        with service:
            for name, value in service.environment.items():
                monkeypatch.setenv(name, value)
            yield service

    @pytest.fixture
    def reader(self, service: VirtualPcsc) -> Iterator[NfcReader]:
        self.virtual = service.reader
        reader = PcscNfcReader("Virtual PCD")
        yield reader
        reader.stop()

    def lay_member_card(self) -> None:
        self.virtual.insert(Ntag424(UID, meta_key=bytes(16), file_key=bytes(16)))

    def lay_foreign_card(self) -> None:
        self.virtual.insert(ForeignCard(UID))
