"""A box: its card, and the program of the product between the card and a line of ours.

Nothing is rebuilt here: journal and replica are the fakes that pass the ports' contract suites,
everything between them and the line is the production code, stepped instead of threaded.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock
from edge_agent.ports.cloud_desk import CloudDesk
from edge_agent.ports.cloud_link import CloudDirectory, Inbound
from edge_agent.ports.journal import Draft
from edge_agent.services.line.cloud_session import CloudSession
from edge_agent.services.line.downlink import Downlink
from edge_agent.services.line.presence import PresenceBeat, Running, Vitals
from edge_agent.services.line.restored import Restored, Shelves
from edge_agent.services.line.uplink import Uplink
from edge_agent.services.rights.lease_desk import LeaseDesk
from retail_core import limits
from retail_core.clock import Instant, TimeQuality
from retail_core.errors import Fault
from retail_core.sync.window import FrameWindow
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale
from retail_core.wire.restored import LeaseTold
from tests.fakes.cloud_link import FakeCloudLink
from tests.fakes.documents import FakeDocuments
from tools.verify_sync.card import CardJournal, CardReplica

VITALS = Vitals("ok", can_sell=True, devices={})


class SteppedUplink(Uplink):
    """The uplink without its thread: `pump` is called. Its frames are small from the start."""

    def small(self, events: int) -> None:
        """Let a frame hold few events, so that a few dozen sales are a backlog."""
        self._window = FrameWindow(events)

    def start(self) -> None:
        """Wait to be pumped."""


class SteppedDownlink(Downlink):
    """The downlink without its thread: `step` does what one turn of it does."""

    def start(self) -> None:
        """Wait to be stepped."""
        self.inbox = deque[Inbound]()

    def put(self, message: Inbound) -> None:
        """Take a message."""
        self.inbox.append(message)

    def step(self) -> None:
        """Take what came and fetch what is owed; a fault waits for the next try."""
        try:
            if self.inbox:
                self.take(self.inbox.popleft())
            self.settle()
        except Fault as fault:
            self._tally.count(fault.code)


class NoLeases(LeaseDesk):
    """A desk without rights: what is lent and spent has a simulator of its own."""

    def __init__(self, journal: CardJournal) -> None:
        self._journal = journal

    def forked(self) -> None:
        """Begin a new journal epoch."""
        self._journal.begin_epoch()

    def epoch(self) -> int:
        """Return that it never was in one."""
        return 0

    def told(self) -> tuple[LeaseTold, ...]:
        """Return that nothing is held."""
        return ()


class SteppedBeat(PresenceBeat):
    """The heartbeat without its thread."""

    def start(self) -> None:
        """Beat only when asked."""


@dataclass(slots=True)
class Boot:
    """One run of the program."""

    link: FakeCloudLink
    uplink: SteppedUplink
    downlink: SteppedDownlink
    restored: Restored

    def step(self) -> None:
        """Let the threads beside the uplink have a turn each; a fault waits for the next."""
        self.downlink.step()
        with suppress(Fault):
            self.restored.turn(0)


@dataclass(slots=True)
class Box:
    """A box; `down` is what the broker still holds for its session."""

    shop: Shop
    rng: Random
    directory: CloudDirectory
    desk: CloudDesk
    clock: Clock
    mono_ms: Callable[[], int]
    journal: CardJournal
    replica: CardReplica
    boot: Boot = field(init=False)
    documents: FakeDocuments = field(default_factory=FakeDocuments)
    tally: FaultTally = field(default_factory=FaultTally)
    down: list[Inbound] = field(default_factory=list)
    acked: set[UUID] = field(default_factory=set)
    set_back: bool = False

    def __post_init__(self) -> None:
        self.boot = booted(self)

    @property
    def online(self) -> bool:
        """Return whether its session stands."""
        return self.boot.link.connected()

    def sell(self, sale: Sale, member: UUID, event_id: UUID) -> None:
        """Write a sale to the card; from here on the till has heard "ok"."""
        now = self.clock.now()
        draft = Draft(event_id, EventType.SALE, now, encode_body(sale), member=member)
        self.boot.uplink.recorded(self.journal.append([draft]))

    def pump(self) -> None:
        """Let the uplink send."""
        self.boot.uplink.pump()

    def restart(self) -> None:
        """Kill the program and start it on its card."""
        self.cut()
        self.replica.killed()
        self.note_let_go()
        self.boot = booted(self)

    def cut(self) -> None:
        """End the session: what the broker held for it is gone."""
        self.down.clear()
        self.boot.link.cut()

    def note_let_go(self) -> list[UUID]:
        """Return which events the card let go of since the last look."""
        fresh, self.journal.let_go = self.journal.let_go, []
        self.acked.update(fresh)
        return fresh


def booted(box: Box) -> Boot:
    """Start the program on a box's card."""
    link = FakeCloudLink()
    uplink = SteppedUplink(box.journal, link, box.shop, box.tally, now_ms=box.mono_ms)
    downlink = SteppedDownlink(
        box.replica, box.directory, box.clock, box.tally, bundle_public_key=bytes(32)
    )
    uplink.small(limits.FRAME_EVENTS_MAX)
    running = Running(UUID(int=box.rng.getrandbits(128)), "sim")
    beat = SteppedBeat(
        link, box.journal, box.replica, box.clock, box.tally, running, lambda: VITALS
    )
    session = CloudSession(
        link,
        box.journal,
        box.replica,
        uplink,
        downlink,
        beat,
        box.tally,
        software="sim",
        on_call=lambda _call: None,
    )
    shelves = Shelves(box.journal, box.replica, NoLeases(box.journal), box.documents)
    restored = Restored(shelves, box.desk, uplink, box.tally)
    restored.then(session.ask_again)
    uplink.meet(restored.met)
    session.start()
    return Boot(link, uplink, downlink, restored)


@dataclass(slots=True)
class WorldClock:
    """A box's `Clock`: the world's time, and a wall that may be wrong."""

    mono_ms: Callable[[], int]
    boot_id: UUID
    wall_ms: int

    def now(self) -> Instant:
        """Return both times."""
        mono = self.mono_ms()
        return Instant(self.wall_ms + mono, mono, self.boot_id, TimeQuality.SYNCED)
