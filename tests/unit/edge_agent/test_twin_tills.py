"""A till's layout and lines from HQ: refused by name, tried at a start, left if they stay down."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from edge_agent.bootstrap.devices import Devices
from edge_agent.bootstrap.displays import TillDisplay
from edge_agent.bootstrap.twin_till_parts import of_tills, with_tills, with_write_back
from edge_agent.bootstrap.twin_tills import TillTrial, clashes, sound, till_fitting
from edge_agent.ports.till_tap import TillTap
from edge_agent.services.box.twin import TwinKeeper, begin_tills, kept
from edge_agent.settings import Settings, load_settings
from edge_agent.till_settings import AppendConfig, DisplayConfig, ScannerConfig
from retail_core.errors import Fault
from retail_core.fleet.twin import Values
from retail_core.fleet.twin_settings import Applies, Value
from retail_core.texts.faults import FaultCode
from retail_core.wire.fleet import FleetSheet
from tests.factories.agent_files import write_agent
from tests.fakes.documents import FakeDocuments
from tests.fakes.fleet_line import FakeLineProof

PROFILES = Path(__file__).parents[3] / "device_configs"
LAYOUT, PORT, PRINTER = (f"tills.老收银机.{one}" for one in ("profile", "port", "printer"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(write_agent(tmp_path, f'profiles_dir = "{PROFILES}"'))


def lines(settings: Settings) -> tuple[str, str, str]:
    (till,) = settings.device.escpos_tills
    return till.profile, till.port, till.printer


def refusal(check: Callable[[], object]) -> tuple[FaultCode, object]:
    with pytest.raises(Fault) as caught:
        check()
    return caught.value.code, caught.value.fields.get("key")


class TestFitting:
    def test_a_till_is_known_by_name_or_number(self, settings: Settings) -> None:
        by_number = f"tills.{settings.device.escpos_tills[0].id}.printer"
        sent: Values = {LAYOUT: "retail-zh-32", PORT: "/dev/zero", by_number: "tcp://10.0.0.9:9100"}
        assert lines(with_tills(settings, sent)) == (
            "retail-zh-32", "/dev/zero", "tcp://10.0.0.9:9100",
        )  # fmt: skip
        assert clashes(settings, sent) == {}

    @pytest.mark.parametrize(
        ("key", "value", "code"),
        [
            ("tills.三号.profile", "retail-zh-32", FaultCode.TWIN_PLACE_UNKNOWN),
            ("tills.1号收银台.port", "/dev/zero", FaultCode.TWIN_PLACE_UNKNOWN),
            (LAYOUT, "no-such-layout", FaultCode.TWIN_TILL_UNPROVEN),
            (LAYOUT, "../device_configs/retail-zh-32", FaultCode.TWIN_TILL_UNPROVEN),
            (LAYOUT, "display-vfd220", FaultCode.TWIN_TILL_UNPROVEN),
            (PORT, "/dev/no-such-line", FaultCode.TWIN_TILL_UNPROVEN),
            (PRINTER, "device:receipts", FaultCode.TWIN_TILL_UNPROVEN),
            (PRINTER, "", FaultCode.TWIN_VALUE_WRONG),
        ],
    )
    def test_what_the_box_cannot_use_is_refused_by_name(
        self, settings: Settings, key: str, value: Value, code: FaultCode
    ) -> None:
        def nobody(address: str) -> str:
            raise Fault(FaultCode.TILL_PORT_OPEN, port=address)

        check = till_fitting(settings, nobody)
        assert refusal(lambda: check(key, value)) == (code, key)

    def test_what_is_there_is_taken(self, settings: Settings) -> None:
        check = till_fitting(settings, lambda _: "/dev/zero")
        for key, value in ((LAYOUT, "retail-zh-32"), (PORT, "/dev/zero"), (PRINTER, "device:x")):
            check(key, value)
        check("language", "en")

    def test_a_till_and_its_printer_are_two_lines(self, settings: Settings) -> None:
        one: Values = {PORT: "/dev/zero", PRINTER: "/dev/zero"}
        assert clashes(settings, one) == dict.fromkeys(one, "G185")
        assert not sound(settings, one)
        assert not sound(settings, {"tills.三号.port": "/dev/zero"})


BESIDE: Values = {
    "tills.老收银机.display.port": "/dev/zero",
    "tills.老收银机.display.display": "/dev/full",
    "tills.老收银机.display.write": False,
    "tills.老收银机.scanner.profile": "scanner-keyboard-us",
    "tills.老收银机.scanner.scanner": "Honeywell",
    "tills.老收银机.scanner.cards": "9900########, 88######",
    "tills.老收银机.scanner.inject": "gold=G-1,*=M-0",
    "tills.老收银机.append.on": True,
    "tills.老收银机.append.place": "before_cut",
    "tills.老收银机.append.feed_lines": 2,
    "tills.老收银机.append.claim_code": False,
}
DISPLAY = {key: value for key, value in BESIDE.items() if ".display." in key}


class TestBesideThePrinter:
    def test_display_scanner_and_slips_are_as_hq_says(self, settings: Settings) -> None:
        check = till_fitting(settings, str)
        for key, value in BESIDE.items():
            check(key, value)
        assert clashes(settings, BESIDE) == {}
        (till,) = with_tills(settings, BESIDE).device.escpos_tills
        assert till.display == DisplayConfig(port="/dev/zero", display="/dev/full", write=False)
        assert till.scanner == ScannerConfig(
            profile="scanner-keyboard-us",
            scanner="Honeywell",
            cards=("9900########", "88######"),
            inject={"gold": "G-1", "*": "M-0"},
        )
        assert till.append == AppendConfig(place="before_cut", feed_lines=2, claim_code=False)
        assert lines(settings) == lines(with_tills(settings, BESIDE)), "its printer is as it was"

    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("display.profile", "scanner-serial", FaultCode.TWIN_TILL_UNPROVEN),
            ("display.port", "/dev/no-such-line", FaultCode.TWIN_TILL_UNPROVEN),
            ("scanner.profile", "display-vfd220", FaultCode.TWIN_TILL_UNPROVEN),
            ("scanner.scanner", "/dev/no-such-line", FaultCode.TWIN_TILL_UNPROVEN),
            ("scanner.cards", "99????", FaultCode.TWIN_VALUE_WRONG),
            ("scanner.cards", ",", FaultCode.TWIN_VALUE_WRONG),
            ("scanner.inject", "gold", FaultCode.TWIN_VALUE_WRONG),
            ("scanner.inject", "gold=会员", FaultCode.TWIN_VALUE_WRONG),
            ("scanner.inject", "gold=134567890123456789", FaultCode.TWIN_VALUE_WRONG),
        ],
    )
    def test_what_the_box_cannot_use_is_refused_by_name(
        self, settings: Settings, field: str, value: str, code: FaultCode
    ) -> None:
        key = f"tills.老收银机.{field}"
        assert refusal(lambda: till_fitting(settings, str)(key, value)) == (code, key)

    @pytest.mark.parametrize("lacks", ["display.port", "display.display"])
    def test_half_a_display_changes_nothing(self, settings: Settings, lacks: str) -> None:
        half = {key: value for key, value in DISPLAY.items() if not key.endswith(lacks)}
        assert clashes(settings, half) == dict.fromkeys(half, "G186")

    def test_slips_are_switched_on_before_they_are_told_how(self, settings: Settings) -> None:
        how: Values = {"tills.老收银机.append.points": False}
        assert clashes(settings, how) == dict.fromkeys(how, "G186")
        on: Values = {"tills.老收银机.append.on": True}
        printing = with_tills(settings, on)
        off: Values = {"tills.老收银机.append.on": False}
        assert with_tills(printing, how).device.escpos_tills[0].append == AppendConfig(points=False)
        assert with_tills(printing, off).device.escpos_tills[0].append is None

    def test_a_display_and_the_printer_are_two_lines(self, settings: Settings) -> None:
        one: Values = {**DISPLAY, "tills.老收银机.display.display": lines(settings)[2]}
        proven = dict.fromkeys(key for key in one if not key.endswith("write"))
        assert clashes(settings, one) == dict.fromkeys(proven, "G185")

    def test_a_framed_or_a_calling_till_has_none_of_it(self, settings: Settings) -> None:
        key = "tills.1号收银台.append.on"
        refused = refusal(lambda: till_fitting(settings, str)(key, True))  # noqa: FBT003
        assert refused == (FaultCode.TWIN_PLACE_UNKNOWN, key)

    def test_a_greeting_without_its_display_is_left_out_at_a_start(
        self, settings: Settings
    ) -> None:
        wish: Values = {"tills.老收银机.display.write": False, "tills.三号.append.on": True}
        assert with_write_back(settings, wish) == settings


@dataclass
class Tap:
    """A tap whose line comes up when told."""

    up: bool = False

    def state(self) -> str:
        return "ok" if self.up else "gone"


@dataclass
class Box:
    """A box that starts again as often as it is asked to, over one documents' file."""

    filed: Settings
    tap: Tap = field(default_factory=Tap)
    pole: Tap = field(default_factory=Tap)
    documents: FakeDocuments = field(default_factory=FakeDocuments)
    now_s: float = 0.0
    starts: int = 0
    good: bool = True

    def start(self) -> None:
        self.starts += 1
        held = begin_tills(self.documents, lambda values: self.good and sound(self.filed, values))
        start = with_tills(self.filed, held)
        values = of_tills(kept(self.documents).values, Applies.AT_START)
        self.settings = with_write_back(start, values)
        self.twin = TwinKeeper(
            self.documents,
            FakeLineProof(),
            lambda _: None,
            fits=till_fitting(self.filed, str),
            clashes=lambda values: clashes(self.filed, values),
        )
        (till,) = self.settings.device.escpos_tills
        taps, displays = {till.id: cast("TillTap", self.tap)}, {}
        if till.display is not None:
            displays = {till.id: cast("TillDisplay", self.pole)}
        devices = Devices({}, taps=taps, displays=displays)
        self.trial = TillTrial(
            self.settings, devices, self.twin, self.start, monotonic=lambda: self.now_s
        )

    def wants(self, version: int, wanted: dict[str, Value]) -> None:
        self.twin.take(FleetSheet(1, version, wanted))

    def said(self, key: str) -> tuple[str, object, str]:
        return next((o.outcome, o.value, o.code) for o in self.twin.report() if o.key == key)


@pytest.fixture
def box(settings: Settings) -> Box:
    made = Box(settings)
    made.start()
    return made


class TestTrial:
    def test_a_line_that_comes_up_stays(self, box: Box) -> None:
        box.wants(1, {PORT: "/dev/zero"})
        assert box.said(PORT) == ("at_start", None, "")
        assert not box.trial.turn()
        box.start()
        assert lines(box.settings)[1] == "/dev/zero"
        assert box.said(PORT) == ("trying", "/dev/zero", "")
        assert not box.trial.turn()
        box.tap.up = True
        assert box.trial.turn()
        assert not box.trial.turn()
        box.start()
        assert (lines(box.settings)[1], box.said(PORT)) == (
            "/dev/zero",
            ("applied", "/dev/zero", ""),
        )

    def test_a_line_that_stays_down_is_left_by_itself(self, box: Box) -> None:
        before = lines(box.settings)
        box.wants(1, {PORT: "/dev/zero"})
        box.start()
        assert not box.trial.turn()
        box.now_s = 59.9
        assert not box.trial.turn()
        box.now_s = 60.0
        assert box.trial.turn()
        assert (box.starts, lines(box.settings)) == (3, before), "it started again, on the old line"
        assert box.said(PORT) == ("reverted", None, "G183")
        box.wants(1, {PORT: "/dev/zero"})
        box.start()
        assert lines(box.settings) == before, "not tried again until HQ changes it"
        box.twin.try_again()
        box.start()
        assert lines(box.settings)[1] == "/dev/zero"

    def test_a_program_that_dies_on_the_trial_comes_back_on_the_old_line(self, box: Box) -> None:
        before = lines(box.settings)
        box.wants(1, {PORT: "/dev/zero"})
        box.start()
        box.start()
        assert (lines(box.settings), box.said(PORT)) == (before, ("reverted", None, "G183"))

    def test_a_refused_value_leaves_the_one_before(self, box: Box) -> None:
        box.wants(1, {PORT: "/dev/zero"})
        box.tap.up = True
        box.start()
        box.trial.turn()
        box.wants(2, {PORT: "/dev/no-such-line"})
        assert box.said(PORT) == ("refused", "/dev/zero", "G184")
        box.start()
        assert lines(box.settings)[1] == "/dev/zero"
        box.wants(3, {})
        box.start()
        assert box.trial.turn() is False
        assert lines(box.settings)[1] == "/dev/null", "the file's own again"

    def test_what_became_impossible_meanwhile_is_not_started_with(self, box: Box) -> None:
        box.wants(1, {PORT: "/dev/zero"})
        box.good = False
        box.start()
        assert (lines(box.settings)[1], box.said(PORT)) == ("/dev/null", ("refused", None, "G184"))

    def test_a_displays_line_is_tried_by_itself_while_the_printer_runs(self, box: Box) -> None:
        box.tap.up = True
        box.wants(1, dict(DISPLAY))
        box.start()
        assert not box.trial.turn(), "the printer's line says nothing of the display's"
        box.pole.up = True
        assert box.trial.turn()
        box.start()
        assert {one.outcome for one in box.twin.report()} == {"applied"}
        assert box.settings.device.escpos_tills[0].display is not None

    def test_a_display_that_stays_dark_is_left_with_what_is_written_on_it(self, box: Box) -> None:
        box.wants(1, dict(DISPLAY))
        box.start()
        box.trial.turn()
        box.now_s = 60.0
        assert box.trial.turn()
        assert box.settings.device == box.filed.device
        assert box.said("tills.老收银机.display.port")[::2] == ("reverted", "G183")
