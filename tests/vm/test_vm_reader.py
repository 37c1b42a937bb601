"""A USB smart-card reader: the kernel's USB, libccid and pcscd are real, the card is ours."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.drivers.nfc_pcsc.driver import PcscNfcReader
from edge_agent.ports.nfc import CardTap
from retail_core.identity.sun import file_key, verify_sun
from retail_core.tally import FaultTally
from tests.vm.conftest import LIMIT_S, Plugs, until

pytestmark = pytest.mark.skipif(
    "REGULARS_VM" not in os.environ, reason="needs a kernel of its own: make test-vm"
)
# What libccid calls the model that QEMU plays.
READER = "Gemplus"
TRIES = 4
UID, OTHER = "04a1b2c3d4e5f6", "04112233445566"
META_KEY, MASTER_KEY = bytes(range(16)), bytes(range(16, 32))


@pytest.fixture(scope="module")
def _service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run Debian's pcscd as a Pi does, with USB readers only."""
    Path("/run/pcscd").mkdir(exist_ok=True)
    nothing = tmp_path_factory.mktemp("no-serial-readers")
    found = shutil.which("pcscd", path="/usr/sbin:/usr/bin")
    assert found is not None
    service = subprocess.Popen([found, "--foreground", "--config", nothing])
    until(Path("/run/pcscd/pcscd.comm").exists, "pcscd takes clients")
    yield
    service.terminate()
    service.wait()


@pytest.fixture
def tally() -> FaultTally:
    return FaultTally()


@pytest.fixture
def nfc(_service: None, plugs: Plugs, tally: FaultTally) -> Iterator[PcscNfcReader]:
    plugs.ask("reader ccid 5")
    found = PcscNfcReader(READER, tally=tally, numbers_alone=True)
    found.start()
    until(lambda: found.state() == "ok", "the reader is there")
    yield found
    found.stop()
    plugs.ask("unplug ccid")


def tap_of(nfc: PcscNfcReader, plugs: Plugs, card: str) -> CardTap:
    """Lay a card down, again when nothing happens, as people do; then take it away."""
    for _ in range(TRIES):
        plugs.ask(f"card {card}")
        tap = nfc.next_tap(timeout_ms=int(LIMIT_S * 1000) // TRIES)
        plugs.ask("nocard")
        time.sleep(1)
        if tap is not None:
            return tap
    raise AssertionError("no card was read")


def test_cards_are_read_through_the_usb_driver(nfc: PcscNfcReader, plugs: Plugs) -> None:
    own_key = file_key(MASTER_KEY, bytes.fromhex(UID))
    signed = tap_of(nfc, plugs, f"signed {UID} {META_KEY.hex()} {own_key.hex()}")
    assert signed.ndef_uri is not None
    read = verify_sun(signed.ndef_uri, META_KEY, MASTER_KEY)
    assert (read.uid.hex(), read.counter) == (UID, 1)
    foreign = tap_of(nfc, plugs, f"foreign {OTHER}")
    assert (foreign.uid.hex(), foreign.ndef_uri) == (OTHER, None)


def test_a_reader_pulled_out_and_put_back_reads_again(
    nfc: PcscNfcReader, plugs: Plugs, tally: FaultTally
) -> None:
    plugs.ask("unplug ccid")
    until(lambda: nfc.state() == "gone", "the reader is gone")
    assert tally.snapshot()["R302"] >= 1
    plugs.ask("reader ccid 5")
    until(lambda: nfc.state() == "ok", "the reader is back")
    assert tap_of(nfc, plugs, f"foreign {UID}").uid.hex() == UID
