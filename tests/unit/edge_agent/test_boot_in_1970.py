"""A board wakes in 1970 with the line cut, sells, comes back: order right, dates mended."""

from dataclasses import replace
from datetime import time

from cloud_broker.domain.arrivals import Place
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from edge_agent.adapters.clock_system import SystemClock
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.line.time_keeper import TimeKeeper
from edge_agent.services.line.uplink import Uplink
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.fleet.signed_time import sign_time
from retail_core.sync.retention import prune_before_wall_ms
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.topics import DeviceTopic, shard_of
from tests.factories.shop_floor import SHOP, make_draft
from tests.fakes.clock import BOOT, NOON_MS
from tests.fakes.cloud_link import FakeCloudLink
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.unit.edge_agent.test_time_keeper import PUBLIC, SEED

HOUR_MS = 3_600_000
PLACE = Place(
    SHOP.device, SHOP.store, SHOP.legal_entity, shard_of(SHOP.store), "Asia/Shanghai", time(4)
)


class Morning:
    """The box of a shop whose power came back before its line did; the true time is `true_ms`."""

    def __init__(self) -> None:
        self.mono = 1_000
        self.true_ms = NOON_MS
        self.cut = True
        self.tally = FaultTally()
        self.journal, self.link = FakeJournal(), FakeCloudLink()
        self.clock = SystemClock(
            BOOT, lambda: False, wall_ms=lambda: 12_000 + self.mono, mono_ms=lambda: self.mono
        )
        device = SHOP.device.bytes
        kept: list[int] = []
        self.keeper = TimeKeeper(
            *(self.clock, FakeIdSource(), self.tally, self.ask, device, PUBLIC, kept.append)
        )
        self.uplink = Uplink(
            self.journal, self.link, SHOP, self.tally, now_ms=lambda: self.mono, boot=BOOT
        )
        self.recorder = Recorder(self.journal, [self.uplink.recorded])

    def passes(self, ms: int) -> None:
        self.mono += ms
        self.true_ms += ms

    def ask(self, nonce: bytes) -> bytes:
        if self.cut:
            raise Fault(FaultCode.SYNC_LINK_DOWN)
        return sign_time(self.true_ms, nonce, SHOP.device.bytes, SEED)

    def sells(self) -> int:
        draft = replace(make_draft(), at=self.clock.now())
        self.recorder.record([draft], lambda seq: seq)
        return self.true_ms

    def arrives(self) -> OpenFrame:
        self.uplink.pump()
        (payload,) = self.link.up
        topic = str(DeviceTopic(SHOP.tenant, shard_of(SHOP.store), SHOP.device, "up"))
        frame = open_frame(Inbound(topic, payload, self.true_ms))
        assert isinstance(frame, OpenFrame)
        return frame


def test_boot_at_1970_offline_sell_reconnect() -> None:
    shop = Morning()
    truly = []
    for _ in range(3):
        shop.keeper.turn()
        assert shop.clock.now().quality == TimeQuality.UNKNOWN
        assert prune_before_wall_ms(shop.clock.now()) is None, "nothing is thrown away meanwhile"
        truly.append(shop.sells())
        shop.passes(HOUR_MS)
    shop.cut = False
    shop.keeper.turn()
    now = shop.clock.now()
    assert (now.quality, now.wall_ms) == (TimeQuality.HOLDOVER, shop.true_ms)
    truly.append(shop.sells())
    shop.link.connect()
    frame = shop.arrives()

    arrivals = list(frame.arrivals(PLACE))
    assert [one.seq for one in arrivals] == [1, 2, 3, 4]
    assert [one.happened_ms for one in arrivals] == truly
    said = [one.event.wall_ms for one in arrivals]
    assert said == sorted(said), "even what the box said first goes forward"
    qualities = [one.event.time_quality for one in arrivals]
    assert qualities == [TimeQuality.UNKNOWN] * 3 + [TimeQuality.HOLDOVER]
    assert shop.tally.snapshot() == {}
