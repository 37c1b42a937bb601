"""Claims come first: who gets a path, who is refused, and what is never written to."""

from collections.abc import Callable
from uuid import UUID

import pytest

from edge_agent.domain.device_presence import ABSENT_AFTER_MS, FLAP_CHANGES, STEADY_MS, Presence
from edge_agent.domain.devices import DeviceKind, How, Identity, Seen, Standing, Voice
from edge_agent.domain.voices import QUESTION
from edge_agent.services.box.claim_book import DOCUMENT
from edge_agent.services.box.claim_states import ClaimStates
from edge_agent.services.box.device_broker import DeviceBroker, Wish
from retail_core.errors import Fault
from retail_core.limits import DEVICE_CLAIMS_MAX
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.fakes.clock import FakeClock
from tests.fakes.device_bus import FakeDeviceBus, FakeLineListener
from tests.fakes.documents import FakeDocuments


def adapter(number: int, port: int = 1, instance: int = 4) -> Seen:
    identity = Identity(DeviceKind.LINE, "1a86", "7523", "", "00", f"1-1.{port}", ("05e3:0608:",))
    return Seen(f"/dev/ttyUSB{number}", identity, str(instance))


class Box:
    def __init__(self) -> None:
        self.bus, self.listener = FakeDeviceBus(), FakeLineListener()
        self.documents, self.clock, self.tally = FakeDocuments(), FakeClock(), FaultTally()
        self.broker = self.boot()

    def boot(self) -> DeviceBroker:
        self.broker = DeviceBroker(
            self.bus, self.listener, self.documents, self.clock, self.tally, lambda: 1_000
        )
        return self.broker

    def refused(self, what: Callable[[], object]) -> FaultCode:
        with pytest.raises(Fault) as raised:
            what()
        return raised.value.code

    def resolve(self, name: str = "till") -> str:
        return self.broker.resolve(f"device:{name}")


@pytest.fixture
def box() -> Box:
    return Box()


def test_other_addresses_are_what_they_are(box: Box) -> None:
    assert box.broker.resolve("tcp://10.0.0.9:9100") == "tcp://10.0.0.9:9100"


def test_a_claim_outlives_a_reboot_and_a_new_number(box: Box) -> None:
    box.bus.show(adapter(0))
    row = box.broker.claim(Wish("till", "/dev/ttyUSB0"), "T1")
    assert (row.match.how, row.presence.state) == (How.CHOICE, Presence.PRESENT)
    box.bus.show(adapter(5, instance=9))
    box.boot()
    assert box.resolve() == "/dev/ttyUSB5"


def test_twins_that_stay_plugged_in_outlive_the_program_but_not_the_boot(box: Box) -> None:
    box.bus.show(adapter(0), adapter(1, port=2, instance=5))
    for name, path in (("till", "/dev/ttyUSB0"), ("printer", "/dev/ttyUSB1")):
        box.broker.claim(Wish(name, path), "T1")
    box.boot()
    assert (box.resolve(), box.resolve("printer")) == ("/dev/ttyUSB0", "/dev/ttyUSB1")
    box.clock.reboot(UUID(int=7))
    box.boot()
    assert box.refused(box.resolve) is FaultCode.DEVICE_UNSURE


def test_what_stands_in_the_way_is_said(box: Box) -> None:
    assert box.refused(box.resolve) is FaultCode.DEVICE_CLAIM_UNKNOWN
    box.bus.show(adapter(0))
    box.broker.claim(Wish("till", "/dev/ttyUSB0"), "T1")
    box.bus.show()
    box.broker.turn()
    assert box.refused(box.resolve) is FaultCode.DEVICE_ABSENT
    box.clock.advance(ABSENT_AFTER_MS)
    box.broker.turn()
    box.bus.show(adapter(0, port=3, instance=5))
    box.broker.turn()
    assert box.refused(box.resolve) is FaultCode.DEVICE_UNSURE
    (doubt,) = box.broker.noted()
    assert (doubt.code, doubt.fields) == (FaultCode.DEVICE_UNSURE, {"claim": "till"})
    for _ in range(3):
        box.broker.turn()
    counted = box.tally.snapshot()
    assert (counted[FaultCode.DEVICE_ABSENT], counted[FaultCode.DEVICE_UNSURE]) == (1, 1)
    box.broker.claim(Wish("till", "/dev/ttyUSB0"), "T1")  # the operator's choice
    assert box.resolve() == "/dev/ttyUSB0"


def test_a_flapping_device_is_left_alone_until_it_is_steady(box: Box) -> None:
    box.bus.show(adapter(0))
    box.broker.claim(Wish("till", "/dev/ttyUSB0"), "T1")
    for turn in range(FLAP_CHANGES):
        box.clock.advance(200)
        box.bus.show(*[adapter(0, instance=5 + turn)] * (turn % 2))
        box.broker.turn()
    box.bus.show(adapter(0, instance=20))
    box.broker.turn()
    assert box.refused(box.resolve) is FaultCode.DEVICE_FLAPPING
    assert box.broker.state("till") == "stalled"
    box.clock.advance(STEADY_MS)
    box.broker.turn()
    assert box.resolve() == "/dev/ttyUSB0"


def test_a_line_that_does_not_open_is_tried_ever_later_and_at_once_when_plugged(box: Box) -> None:
    box.bus.show(adapter(0))
    box.broker.claim(Wish("till", "/dev/ttyUSB0"), "T1")
    box.broker.failed("device:till")
    assert box.refused(box.resolve) is FaultCode.DEVICE_RESTING
    assert box.broker.state("till") == "starting"
    box.clock.advance(250)
    assert box.resolve() == "/dev/ttyUSB0"
    box.broker.failed("device:till")
    box.clock.advance(250)
    assert box.refused(box.resolve) is FaultCode.DEVICE_RESTING
    box.bus.show(adapter(1, instance=6))
    box.broker.turn()
    assert box.resolve() == "/dev/ttyUSB1"
    box.broker.opened("device:till")
    assert box.broker.rows()[0].rest.failures == 0


def test_a_device_has_one_claim(box: Box) -> None:
    box.bus.show(adapter(0))
    box.broker.claim(Wish("till", "/dev/ttyUSB0"), "T1")
    twice = box.refused(lambda: box.broker.claim(Wish("printer", "/dev/ttyUSB0"), "T1"))
    assert twice is FaultCode.DEVICE_TAKEN
    nothing = box.refused(lambda: box.broker.claim(Wish("printer", "/dev/ttyUSB9"), "T1"))
    assert nothing is FaultCode.DEVICE_NOT_THERE
    box.broker.release("till")
    assert box.refused(lambda: box.broker.release("till")) is FaultCode.DEVICE_CLAIM_UNKNOWN
    assert box.broker.claim(Wish("printer", "/dev/ttyUSB0"), "T1").claim.claimed_by == "T1"


def test_an_open_line_is_its_holders_until_the_claim_ends_or_moves(box: Box) -> None:
    box.bus.show(adapter(0), adapter(1, port=2, instance=5))
    box.broker.claim(Wish("till", "/dev/ttyUSB0"), "T1")
    first = box.broker.tenure("device:till")
    assert first()
    box.broker.claim(Wish("till", "/dev/ttyUSB0", may_probe=True), "T1")
    assert first()
    box.broker.claim(Wish("till", "/dev/ttyUSB1"), "T1")
    second = box.broker.tenure("device:till")
    assert (first(), second()) == (False, True)
    box.broker.release("till")
    assert (second(), box.broker.tenure("/dev/ttyS0")()) == (False, True)


def test_claims_have_a_limit(box: Box) -> None:
    for number in range(DEVICE_CLAIMS_MAX):
        box.bus.show(adapter(number, port=number))
        box.broker.claim(Wish(f"line-{number}", f"/dev/ttyUSB{number}"), "T1")
    box.bus.show(adapter(99, port=99))
    full = box.refused(lambda: box.broker.claim(Wish("more", "/dev/ttyUSB99"), "T1"))
    assert full is FaultCode.DEVICE_CLAIMS_FULL


def test_nothing_is_ever_written_to_what_nobody_claims(box: Box) -> None:
    box.bus.show(adapter(0), adapter(1, port=2, instance=5))
    for _ in range(4):
        box.broker.turn()
    assert box.listener.asked == []
    assert [one.path for one in box.broker.unclaimed()] == ["/dev/ttyUSB0", "/dev/ttyUSB1"]
    assert box.tally.snapshot() == {FaultCode.DEVICE_UNCLAIMED: 2}
    asked = box.refused(lambda: box.broker.identify("/dev/ttyUSB0", ask=True))
    assert asked is FaultCode.DEVICE_PROBE_FORBIDDEN
    box.broker.identify("/dev/ttyUSB0", ask=False)
    assert box.listener.asked == [("/dev/ttyUSB0", b"")]


def test_twins_are_asked_only_where_both_claims_allow_it(box: Box) -> None:
    box.listener.speaks = lambda path, question: (
        (b"\x12" if question == QUESTION else b"") if path.endswith("0") else b"\x1b@a\x1dV0"
    )
    box.bus.show(adapter(0), adapter(1, port=2, instance=5))
    box.broker.claim(Wish("printer", "/dev/ttyUSB0", may_probe=True), "T1")
    box.broker.claim(Wish("till", "/dev/ttyUSB1"), "T1")
    assert box.broker.identify("printer", ask=True) is Voice.PRINTER
    assert box.broker.identify("till", ask=False) is Voice.TILL
    box.listener.asked.clear()
    box.clock.reboot(UUID(int=7))
    box.boot()
    box.broker.turn()
    assert all(question == b"" for _, question in box.listener.asked)
    till, printer = sorted(box.broker.rows(), key=lambda row: row.claim.name, reverse=True)
    assert (till.match.how, till.match.standing) == (How.VOICE, Standing.FOUND)
    assert printer.match.how is How.CHOICE  # its twin is accounted for


def test_twins_that_may_be_asked_are_asked_now_and_then(box: Box) -> None:
    box.listener.speaks = lambda path, question: (
        b"\x12" if question and path == "/dev/ttyUSB0" else b""
    )
    box.bus.show(adapter(0), adapter(1, port=2, instance=5))
    for name, path in (("printer", "/dev/ttyUSB0"), ("display", "/dev/ttyUSB1")):
        box.broker.claim(Wish(name, path, may_probe=True), "T1")
    box.broker.identify("printer", ask=True)
    box.clock.reboot(UUID(int=7))
    box.boot()
    box.broker.turn()
    assert box.resolve("printer") == "/dev/ttyUSB0"
    assert box.resolve("display") == "/dev/ttyUSB1"


def test_a_stranger_of_the_same_make_is_never_asked(box: Box) -> None:
    box.listener.speaks = lambda _path, question: b"\x12" if question else b""
    box.bus.show(adapter(0))
    box.broker.claim(Wish("printer", "/dev/ttyUSB0", may_probe=True), "T1")
    box.broker.identify("printer", ask=True)
    box.listener.asked.clear()
    box.bus.show(adapter(0, port=3, instance=8))
    for _ in range(3):
        box.clock.advance(20_000)
        box.broker.turn()
    assert {question for _, question in box.listener.asked} == {b""}
    assert box.refused(lambda: box.resolve("printer")) is FaultCode.DEVICE_UNSURE


def test_a_document_that_is_none_of_ours_costs_the_claims_not_the_start(box: Box) -> None:
    box.documents.put(DOCUMENT, {"v": 1, "claims": [{"name": 3}], "common": [], "settled": {}})
    assert box.boot().rows() == ()
    assert box.tally.snapshot() == {FaultCode.DISK_DOCUMENT_CORRUPT: 1}


def test_health_tells_every_claim_and_how_many_devices_nobody_knows(box: Box) -> None:
    states = ClaimStates(box.broker)
    assert dict(states) == {}
    box.bus.show(adapter(0), adapter(1, port=2, instance=5))
    box.broker.claim(Wish("till", "/dev/ttyUSB0"), "T1")
    assert {name: ask() for name, ask in states.items()} == {"line@till": "ok", "unclaimed": "1"}
    assert len(states) == 2
    assert "line@nobody" not in states
