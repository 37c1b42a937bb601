"""A store with boxes that share its caps of a day: the cloud's services, the boxes' lease desks."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import msgspec

from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.rights.cap_placing import LOOK_MS, TOLD_AGAIN_MS, CapPlacing
from edge_agent.ports.journal import Beside, Draft, Record
from edge_agent.services.counter.redeeming import Redeeming
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.rights.lease_desk import LeaseDesk
from retail_core.checkout.business_date import as_int
from retail_core.errors import Fault
from retail_core.loyalty.cap_sharing import NEVER_TOLD, CapDays, cap_right
from retail_core.loyalty.lease_box import BoxLeases, Draw
from retail_core.loyalty.lease_wire import spend_message
from retail_core.pricing.rules.offers import Caps, TierPrice
from retail_core.pricing.rules.ruleset import RuleBundle
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Change
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import WALL_MS, SimBox, fresh_id
from tests.fakes.cloud_rules import FixedRules
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.lease_book import FakeLeaseBook
from tests.plugins.cloud import new_box, new_tenant, second_box

RULE = "first"
DAY_MS = 86_400_000
ZONE = ZoneInfo("Asia/Shanghai")


class CapStore:
    """The cloud, one store, a rule that may be used so often a day; time stands until moved."""

    def __init__(self, units: Units, cap: int) -> None:
        self.units, self.cap = units, cap
        self.tenant = new_tenant(units)
        # Noon in the shop: a day begins and ends where a test says so.
        self.clock = FakeCloudClock(WALL_MS - WALL_MS % DAY_MS + 4 * 3_600_000)
        self.rules = FixedRules()
        self.limit(cap)
        self.placing = CapPlacing(units, self.clock, self.rules)
        self.tills: list[CapTill] = []
        self.sold: Counter[int] = Counter()

    def limit(self, cap: int) -> None:
        """Say how often the rule may be used a day from now on."""
        self.cap = cap
        offer = TierPrice(id=RULE, name="头几份", permille=500, caps=Caps(per_store_day=cap))
        self.rules.bundle = RuleBundle(version=1, offers=(offer,))

    def join(self, caps: CapDays = NEVER_TOLD) -> "CapTill":
        """Let another box into the store; `caps` is how its card counts them."""
        if not self.tills:
            sim = new_box(self.units, self.tenant)
        else:
            sim = second_box(self.units, self.tills[0].sim)
        self.tills.append(CapTill(self, sim, caps))
        if caps != NEVER_TOLD:
            self.tills[-1].upload()  # who counts alone was let in before
        return self.tills[-1]

    @property
    def today(self) -> int:
        local = datetime.fromtimestamp(self.clock.now_ms() / 1_000, UTC).astimezone(ZONE)
        return as_int((local - timedelta(hours=4)).date())

    @property
    def tomorrow(self) -> int:
        local = datetime.fromtimestamp(self.clock.now_ms() / 1_000, UTC).astimezone(ZONE)
        return as_int((local + timedelta(hours=20)).date())

    def look(self, *, later_ms: int = LOOK_MS) -> int:
        self.clock.advance(later_ms)
        return self.placing.run(self.tenant)

    def settle(self, rounds: int = 4, later_ms: int = TOLD_AGAIN_MS) -> None:
        """Let everybody whose line stands hear everything."""
        for _ in range(rounds):
            for till in self.tills:
                till.upload()
            self.look(later_ms=later_ms)
            for till in self.tills:
                till.download()

    def next_day(self) -> None:
        self.clock.advance(DAY_MS)


class CapTill:
    """A box: its lease desk over a journal, its line to the cloud, and what it sold by itself."""

    def __init__(self, store: CapStore, sim: SimBox, caps: CapDays) -> None:
        self.store, self.sim = store, sim
        self.clock = FakeClock(boot=sim.boot)
        self.journal, self.book = FakeJournal(), FakeLeaseBook(sim.device)
        self.book.change(self.book.load(), BoxLeases(sim.device, caps=caps))(None)
        self.ids = FakeIdSource()
        self.line, self.sent, self.pos = True, 0, 0
        self.used: Counter[int] = Counter()
        self.start()

    def start(self) -> None:
        """Begin the program anew: what is on disk stays, what was in memory is gone."""
        self.recorder = Recorder(self.journal, [self._recorded])
        self.desk = LeaseDesk(
            self.book,
            self.journal,
            self.recorder,
            self.clock,
            self.ids,
            FaultTally(),
            board=b"board",
            connected=lambda: self.line,
            next_day=lambda: self.store.tomorrow,
        )
        self.redeeming = Redeeming(self.desk, self.sim.tenant, self.sim.store)
        self.desk.greet()

    def reboot(self) -> None:
        self.sim.boot = fresh_id()
        self.clock.reboot(self.sim.boot)
        self.start()

    def left(self, day: int | None = None) -> int:
        """Return how often the rule may still be used here on a day."""
        of, cap = day or self.store.today, self.store.cap
        own = {RULE: self.used[of]}
        up = self.redeeming.used_up(self.store.rules.bundle, of, own, ())
        return cap - (own if up is None else up)[RULE]

    def sell(self, times: int = 1) -> bool:
        """Sell at the rule's price so often, if the price desk would; return whether it was."""
        day = self.store.today
        if times < 1 or self.left(day) < times:
            return False
        if self.desk.shares_caps(day):
            right = cap_right(self.sim.tenant, self.sim.store, RULE, day)
            try:
                held = self.desk.reserve(right, times)
            except Fault:
                return False
            self.desk.commit([held.id], lambda draws, beside: self._sold(day, times, draws, beside))
        else:
            self._sold(day, times, (), None)
        self.used[day] += times
        self.store.sold[day] += times
        return True

    def _sold(self, day: int, times: int, draws: tuple[Draw, ...], beside: Beside | None) -> int:
        plain = self.sim.sale(None)
        lowered = msgspec.structs.replace(plain.lines[0], offers=((RULE, 100),))
        sale = msgspec.structs.replace(
            plain,
            lines=(lowered, *plain.lines[1:]),
            business_date=day,
            uses=((RULE, times),),
            lease_spends=tuple(map(spend_message, draws)),
        )
        draft = Draft(fresh_id(), EventType.SALE, self.clock.now(), encode_body(sale))
        return self.recorder.record([draft], lambda seq: seq, beside=beside)

    def _recorded(self, records: tuple[Record, ...]) -> None:
        for one in records:
            self.sim.journal(one.draft.type, one.draft.body)

    def upload(self, *, again: bool = False) -> None:
        """Send what the cloud does not have, or (again) everything once more."""
        if (
            not self.line
            or not self.sim.events
            or (self.sent == len(self.sim.events) and not again)
        ):
            return
        first = 1 if again else self.sent + 1
        now_ms = self.store.clock.now_ms()
        inbound = Inbound(self.sim.topic(), self.sim.frame(first), now_ms)
        Ingest(self.store.units, self.store.clock, FaultTally()).book([inbound])
        self.sent = len(self.sim.events)
        self.journal.mark_acked([(1, self.journal.next_seq() - 1)])

    def download(self, *, back: int = 0) -> None:
        """Read the feed, `back` rows of it once more."""
        if not self.line:
            return
        with self.store.units.begin(self.sim.tenant) as unit:
            rows = unit.feed.since(self.sim.store, max(0, self.pos - back), 10_000)
        changes = [
            Change(one.pos, one.change.kind, one.change.key.bytes, one.change.ver,
                   msgspec.Raw(one.change.body))
            for one in rows
        ]  # fmt: skip
        self.desk.apply(changes)
        self.pos = max((one.pos for one in rows), default=self.pos)
        self.desk.tend()
        self.desk.greet()


def live(store: CapStore, luck: Random, steps: int) -> None:
    """Sell, cut, kill, repeat and let days pass at random; nobody may sell beyond the cap."""

    def begin_anew(till: CapTill) -> None:
        (till.reboot if luck.random() < 0.3 else till.start)()

    def cut(till: CapTill) -> None:
        till.line = luck.random() < 0.6

    def passes(_till: CapTill) -> None:
        if luck.random() < 0.3:
            store.next_day()

    def joins(_till: CapTill) -> None:
        if len(store.tills) < 3 and luck.random() < 0.3:
            store.join()

    acts: tuple[tuple[int, Callable[[CapTill], object]], ...] = (
        (6, lambda till: till.sell(luck.randint(1, 3))),
        (2, lambda till: till.upload(again=luck.random() < 0.15)),
        (2, lambda till: till.download(back=luck.choice((0, 0, 3, 50)))),
        (2, lambda _till: store.look()),
        (1, cut),
        (1, begin_anew),
        (1, passes),
        (1, joins),
    )
    weighed = [act for weight, act in acts for _ in range(weight)]
    for _ in range(steps):
        luck.choice(weighed)(luck.choice(store.tills))
        assert store.sold[store.today] <= store.cap, (store.sold, store.cap)
