"""A chain whose boxes are steered: the desks of HQ, and whole boxes that ask over a direct line."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field

from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity, HqRole
from cloud_broker.services.fleet.archives import Archives
from cloud_broker.services.fleet.box_word import BoxWord
from cloud_broker.services.fleet.commands import CommandDesk, OrderKeeper
from cloud_broker.services.fleet.twin import TwinDesk
from edge_agent.domain.camera_source import CameraSource
from edge_agent.services.box.commands import Action, CommandRunner
from edge_agent.services.box.fixups import FixupDesk, mended
from edge_agent.services.box.fleet_asking import FleetAsking
from edge_agent.services.box.twin import TwinKeeper
from retail_core.errors import Fault
from retail_core.fleet.twin import Values
from retail_core.fleet.twin_settings import BROKER, Value, placed
from retail_core.texts.faults import FaultCode
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_box import SimBox, fresh_id
from tests.fakes.documents import FakeDocuments
from tests.fakes.fleet_line import FakeFleetLine, FakeLineProof
from tests.plugins.cloud import new_box, new_tenant

ARCHIVE = gzip.compress(b"diag/about.json", mtime=0)


@dataclass
class SteeredBox:
    """A box without lines or devices; on `loud` brokers the cloud is heard."""

    line: FakeFleetLine
    documents: FakeDocuments = field(default_factory=FakeDocuments)
    proof: FakeLineProof = field(default_factory=FakeLineProof)
    loud: set[str] = field(default_factory=set)
    did: list[str] = field(default_factory=list)
    moves: list[dict[str, object]] = field(default_factory=list)
    breaks: bool = False
    dies: bool = False
    desk: FixupDesk = field(default_factory=lambda: FixupDesk(FakeClock()))

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start the program, again too."""
        self.twin = TwinKeeper(self.documents, self.proof, self.move, confirm_s=0, fits=one_camera)
        actions: dict[str, Action] = {
            **dict.fromkeys(("doctor", "resync", "logs"), self.act),
            "diag": self.collect,
            "restart": lambda _args: None,
            "mend": lambda args: mended(self.desk, args["fixup"]),
        }
        self.commands = CommandRunner(self.documents, actions)
        self.asking = FleetAsking(self.line, self.twin, self.commands)

    def move(self, values: Values) -> None:
        """Switch the line; where the cloud is, it is heard."""
        if self.dies:
            raise KeyboardInterrupt
        self.moves.append(dict(values))
        if values.get(BROKER) in self.loud:
            self.twin.heard()

    def act(self, _args: Mapping[str, str]) -> str:
        """Do a command."""
        self.did.append("act")
        if self.dies:
            raise KeyboardInterrupt
        if self.breaks:
            raise ValueError("broken")
        return "done"

    def collect(self, _args: Mapping[str, str]) -> str:
        """Hand in what this box is."""
        self.line.hand_in(ARCHIVE)
        return "collected"

    def settle(self) -> None:
        """Ask until there is nothing more to say."""
        for _ in range(20):
            if not self.asking.ask():
                return
        raise AssertionError("the box never comes to rest")

    def said(self) -> dict[str, tuple[str, object, str]]:
        """Outcome, value in force and code of every key."""
        return {one.key: (one.outcome, one.value, one.code) for one in self.twin.report()}


def one_camera(key: str, value: Value) -> None:
    """Refuse what no camera of this box could be; it has no till of the name 二号."""
    if placed(key).name == "二号":
        raise Fault(FaultCode.TWIN_PLACE_UNKNOWN, key=key)
    if key == "camera.source":
        try:
            CameraSource.parse(str(value))
        except ValueError:
            raise Fault(FaultCode.TWIN_VALUE_WRONG, key=key) from None


class Fleet:
    """A tenant with some stores of one box each."""

    def __init__(self, units: Units, stores: int = 1) -> None:
        self.units = units
        self.clock = FakeCloudClock()
        self.tenant = new_tenant(units)
        self.sims = [new_box(units, self.tenant, f"店{number:03d}") for number in range(stores)]
        self.twins = TwinDesk(units, self.clock)
        self.orders = CommandDesk(units, self.clock, FakeCloudIdSource(self.clock))
        self.keeper = OrderKeeper(units, self.clock)
        self.archives = Archives(units, self.clock)
        words = BoxWord(units, self.clock)
        lines = (FakeFleetLine(words, self.archives, self.tenant, sim) for sim in self.sims)
        self.boxes = [SteeredBox(line) for line in lines]

    def who(self, login: str = "li", role: HqRole = "operations") -> HqIdentity:
        """Somebody at HQ."""
        return HqIdentity(self.tenant, fresh_id(), login, login, role)

    def one_more(self) -> SimBox:
        """Open one more store."""
        self.sims.append(new_box(self.units, self.tenant, f"店{len(self.sims):03d}"))
        return self.sims[-1]

    def nudged(self, sim: SimBox) -> int:
        """How often a store's feed told its box to ask."""
        with self.units.begin(self.tenant) as unit:
            return len(unit.feed.since(sim.store, 0, 100))
