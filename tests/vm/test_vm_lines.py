"""Real kernel drivers: twin FTDI adapters that share a serial number, and a CDC-ACM device."""

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.adapters.clock_system import SystemClock
from edge_agent.adapters.device_bus_linux import LinuxDeviceBus
from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.domain.devices import How, Voice
from edge_agent.domain.voices import QUESTION
from edge_agent.drivers.lines.claimed import claimed_lines
from edge_agent.drivers.lines.listener import PortListener
from edge_agent.drivers.profiles import TillProfile, load_profile
from edge_agent.drivers.till_escpos.driver import EscposTap
from edge_agent.drivers.till_escpos.sim import sale_bytes
from edge_agent.services.box.device_broker import DeviceBroker, Wish
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.vm.conftest import FarEnd, Plugs, until

pytestmark = pytest.mark.skipif(
    "REGULARS_VM" not in os.environ, reason="needs a kernel of its own: make test-vm"
)
PROFILES = Path(__file__).resolve().parents[2] / "device_configs"
ITEMS = [("可口可乐330ml", 2, 350), ("雀巢咖啡", 1, 1250)]
TILL_SOCKET, PRINTER_SOCKET = "1-1.1", "1-2.1"
FTDI = ("0403", "6001", "0001")


@pytest.fixture
def bus() -> Iterator[LinuxDeviceBus]:
    found = LinuxDeviceBus()
    yield found
    found.close()


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[TinyDocuments]:
    found = TinyDocuments(tmp_path / "documents.json", FaultTally())
    yield found
    found.close()


def broker_over(bus: LinuxDeviceBus, documents: TinyDocuments, boot: int = 1) -> DeviceBroker:
    clock = SystemClock(UUID(int=boot))
    return DeviceBroker(bus, PortListener(), documents, clock, FaultTally(), lambda: 500)


def adapters(bus: LinuxDeviceBus) -> dict[str, str]:
    """Socket → path of the plugged-in adapters."""
    return {
        one.identity.socket: one.path
        for one in bus.devices()
        if (one.identity.vendor, one.identity.product, one.identity.serial) == FTDI
    }


def plug(plugs: Plugs, bus: LinuxDeviceBus, *names: str) -> dict[str, str]:
    """Plug adapters in, one after the other; return where they are."""
    for name in names:
        port = {"w0": "1.1", "w1": "2.1"}[name]
        plugs.ask(f"plug {name} {port} serial=0001")
        until(lambda port=port: f"1-{port}" in adapters(bus), f"{name} plugged in")  # type: ignore[misc]
    return adapters(bus)


def unplug(plugs: Plugs, bus: LinuxDeviceBus, *names: str) -> None:
    for name in names:
        plugs.ask(f"unplug {name}")
    until(lambda: len(adapters(bus)) == 2 - len(names), "unplugged")


def after_a_turn(broker: DeviceBroker, name: str) -> str | FaultCode:
    broker.turn()
    return resolves(broker, name)


def resolves(broker: DeviceBroker, name: str) -> str | FaultCode:
    try:
        return broker.resolve(f"device:{name}")
    except Fault as fault:
        return fault.code


def test_twins_are_told_apart_by_what_they_say_after_they_changed_names(
    plugs: Plugs, ends: tuple[FarEnd, FarEnd], bus: LinuxDeviceBus, documents: TinyDocuments
) -> None:
    till, printer = ends
    printer.answer(QUESTION, b"\x12")
    first = plug(plugs, bus, "w0", "w1")
    assert first == {TILL_SOCKET: "/dev/ttyUSB0", PRINTER_SOCKET: "/dev/ttyUSB1"}
    broker = broker_over(bus, documents)
    broker.claim(Wish("till", first[TILL_SOCKET], may_probe=True), "T1")
    broker.claim(Wish("printer", first[PRINTER_SOCKET], may_probe=True), "T1")
    assert broker.identify("printer", ask=True, listen_ms=3_000) is Voice.PRINTER
    assert broker.state("till") == "ok"

    unplug(plugs, bus, "w0", "w1")
    second = plug(plugs, bus, "w1", "w0")
    assert second == {TILL_SOCKET: "/dev/ttyUSB1", PRINTER_SOCKET: "/dev/ttyUSB0"}
    again = broker_over(bus, documents, boot=2)  # the box was switched off meanwhile
    assert resolves(again, "till") is resolves(again, "printer") is FaultCode.DEVICE_UNSURE
    until(lambda: after_a_turn(again, "till") == "/dev/ttyUSB1", "told apart")
    assert resolves(again, "printer") == "/dev/ttyUSB0"
    assert {row.claim.name: row.match.how for row in again.rows()}["printer"] is How.VOICE
    unplug(plugs, bus, "w0", "w1")
    assert till.got() in {b"", QUESTION}


def test_a_tap_lives_through_a_printer_pulled_out_and_put_back(
    plugs: Plugs, ends: tuple[FarEnd, FarEnd], bus: LinuxDeviceBus, documents: TinyDocuments
) -> None:
    till, printer = ends
    printed_before = len(printer.got())
    places = plug(plugs, bus, "w0", "w1")
    broker = broker_over(bus, documents)
    for name, socket in (("till", TILL_SOCKET), ("printer", PRINTER_SOCKET)):
        broker.claim(Wish(name, places[socket], by_socket=True), "T1")
    ending = threading.Event()

    def watch() -> None:
        while not ending.is_set():
            broker.turn()

    watching = threading.Thread(target=watch)
    watching.start()
    profile = load_profile(PROFILES, "generic-zh-32", TillProfile)
    tap = EscposTap(
        "till", profile, ("device:till", "device:printer"), open_line=claimed_lines(broker)
    )
    tap.start()
    try:
        until(lambda: tap.state() == "ok", "the tap stands between both")
        sales = [sale_bytes(number, ITEMS) for number in ("0001", "0002")]
        till.say(sales[0])
        until(lambda: printer.got()[printed_before:] == sales[0], "printed")
        unplug(plugs, bus, "w1")
        until(lambda: tap.state() == "gone", "the tap saw the printer go")
        till.say(sales[1])
        plug(plugs, bus, "w1")
        until(lambda: printer.got()[printed_before:] == b"".join(sales), "all of it printed")
        receipts = [tap.next_receipt(timeout_ms=20_000) for _ in sales]
        assert [one.receipt_no for one in receipts if one] == ["0001", "0002"]
    finally:
        tap.stop()
        ending.set()
        broker.wake()
        watching.join()
    unplug(plugs, bus, "w0", "w1")


def test_the_kernel_wakes_who_waits(plugs: Plugs, bus: LinuxDeviceBus) -> None:
    bus.wait(timeout_ms=1)
    plugs.ask("plug w0 1.1 serial=A1")
    assert bus.wait(timeout_ms=40_000)
    plugs.ask("unplug w0")
    until(lambda: not any(one.identity.serial == "A1" for one in bus.devices()), "gone")


def test_a_cdc_acm_device_comes_goes_and_comes_back(
    bus: LinuxDeviceBus, documents: TinyDocuments
) -> None:
    for command in (["modprobe", "dummy_hcd"], ["modprobe", "g_serial", "use_acm=1"]):
        subprocess.run(command, check=True)
    until(lambda: "/dev/ttyACM0" in {one.path for one in bus.devices()}, "plugged in")
    broker = broker_over(bus, documents)
    broker.claim(Wish("scanner", "/dev/ttyACM0"), "T1")
    with Path("/dev/ttyGS0").open("wb", buffering=0) as gadget:

        def scan() -> None:
            gadget.write(b"6901234567892\r\n")

        timer = threading.Timer(1.0, scan)
        timer.start()
        assert broker.identify("scanner", ask=False, listen_ms=20_000) is Voice.SCANNER
        timer.join()
    subprocess.run(["rmmod", "g_serial"], check=True)
    until(lambda: after_a_turn(broker, "scanner") in {
        FaultCode.DEVICE_ABSENT, FaultCode.DEVICE_FLAPPING}, "pulled")  # fmt: skip
    subprocess.run(["modprobe", "g_serial", "use_acm=1"], check=True)
    until(lambda: after_a_turn(broker, "scanner") == "/dev/ttyACM0", "back")
    subprocess.run(["rmmod", "g_serial"], check=True)
