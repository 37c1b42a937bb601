"""Two real boxes of one store over the real link: one cap of a day between them, also while cut."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from cloud_broker.adapters.clock_system import SystemClock as CloudClock
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.services.rights.cap_placing import LOOK_MS, CapPlacing
from edge_agent.ports.journal import Beside, Draft
from edge_agent.services.counter.redeeming import Redeeming
from retail_core.checkout.business_date import as_int
from retail_core.loyalty.cap_sharing import cap_right
from retail_core.loyalty.lease_box import Draw
from retail_core.loyalty.lease_wire import spend_message
from retail_core.loyalty.leases import Right
from retail_core.pricing.rules.offers import Caps, TierPrice
from retail_core.pricing.rules.ruleset import RuleBundle
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from tests.fakes.cloud_box import SimBox, fresh_id
from tests.fakes.cloud_line import wait_until
from tests.fakes.cloud_rules import FixedRules
from tests.integration.test_leases_end_to_end import Box, Cloud, begun
from tests.plugins.mosquitto import Broker

RULE, CAP = "first", 10
DAY_MS = 86_400_000
OFFER = TierPrice(id=RULE, name="每天头十份", permille=500, caps=Caps(per_store_day=CAP))


class Days(CloudClock):
    """The cloud's clock, which a test puts forward by days and by looks."""

    ahead_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.ahead_ms


def day(days: int) -> int:
    """Return a business day of the shop from today on."""
    local = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")) - timedelta(hours=4)
    return as_int((local + timedelta(days=days)).date())


class Till:
    """A box at whose counter the rule is used."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.redeeming = Redeeming(box.leases, box.sim.tenant, box.sim.store)

    def left(self, of: int) -> int:
        """What may be used of a day's cap, as the price desk asks it; nothing was used alone."""
        bundle = RuleBundle(version=1, offers=(OFFER,))
        up = self.redeeming.used_up(bundle, of, {}, ())
        return CAP if up is None else CAP - up[RULE]

    def sell(self, right: Right, times: int) -> None:
        held = self.box.leases.reserve(right, times)

        def record(draws: tuple[Draw, ...], beside: Beside) -> int:
            sale = msgspec.structs.replace(
                self.box.sim.sale(None), lease_spends=tuple(map(spend_message, draws))
            )
            body = encode_body(sale)
            draft = Draft(self.box.ids.uuid7(), EventType.SALE, self.box.clock.now(), body)
            return self.box.recorder.record([draft], lambda seq: seq, beside=beside)

        self.box.leases.commit([held.id], record)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def cloud(pg_units: PostgresUnits, mosquitto: Callable[..., Broker], stack: ExitStack) -> Cloud:
    return begun(pg_units, mosquitto, stack)


class Scene:
    """Two boxes of a store on folders, and a cloud that looks when it is told to."""

    def __init__(self, cloud: Cloud, stack: ExitStack, folder: Path) -> None:
        rules, self.clock = FixedRules(), Days()
        rules.bundle = RuleBundle(version=1, offers=(OFFER,))
        self.cloud, self.stack, self.folder = cloud, stack, folder
        self.placing = CapPlacing(cloud.units, self.clock, rules)
        # Whoever opens at four in the morning finds the same days at the end of the test.
        self.today, self.tomorrow = day(0), day(1)
        self.boots: dict[UUID, UUID] = {}

    def begin(self, sim: SimBox) -> Till:
        """Begin a box's program with its line; its boot stays what it was."""
        boot, folder = self.boots.setdefault(sim.device, fresh_id()), self.folder / str(sim.device)
        box = Box(folder, self.cloud, boot, sim=sim, next_day=lambda: self.tomorrow)
        self.stack.callback(box.off)
        box.online()
        wait_until(box.leases.admitted)
        return Till(box)

    def back(self, till: Till) -> Till:
        """Begin the program of a box that was cut anew."""
        till.box.off()
        return self.begin(till.box.sim)

    def looked(self, done: Callable[[], bool]) -> None:
        """Let the cloud look until something has happened."""

        def happened() -> bool:
            self.clock.ahead_ms += LOOK_MS
            self.placing.run(self.cloud.tenant)
            self.cloud.worker.wake()
            return done()

        wait_until(happened)


def test_two_boxes_of_a_store_sell_one_cap(cloud: Cloud, stack: ExitStack, tmp_path: Path) -> None:
    scene = Scene(cloud, stack, tmp_path)
    today, tomorrow, looked = scene.today, scene.tomorrow, scene.looked

    # The first box is alone, is told so, and counts today by itself.
    one = scene.begin(cloud.sim)
    assert one.left(today) == 0
    looked(lambda: one.left(today) == CAP)

    # The second box comes: today stays the first one's, tomorrow is shared.
    two = scene.begin(cloud.second)
    looked(lambda: one.left(tomorrow) == two.left(tomorrow) == CAP // 2)
    assert (one.left(today), two.left(today)) == (CAP, 0)

    # Both lines are cut: each sells its part and not one more.
    right = cap_right(cloud.tenant, cloud.sim.store, RULE, tomorrow)
    for till in (one, two):
        till.box.session.stop()
    one.sell(right, 5)
    two.sell(right, 1)
    assert (one.left(tomorrow), two.left(tomorrow)) == (0, 4)

    # One line is back: it asks for more, but the other one, still cut, may be selling its part.
    one = scene.back(one)
    looked(lambda: one.box.journal.depth() == 0)
    assert one.left(tomorrow) == 0

    # The other is back, too: what it has not sold is parted anew, and all ten are sold at last.
    two = scene.back(two)
    looked(lambda: one.left(tomorrow) == two.left(tomorrow) == 2)
    one.sell(right, 2)
    two.sell(right, 2)
    looked(lambda: two.box.journal.depth() == one.box.journal.depth() == 0)
    book = cloud.book(right)
    assert (book.balance, book.credited, book.late) == (0, CAP, 0)
