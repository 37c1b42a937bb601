"""Check-ins in the small hours, on every store of the cloud: each shop keeps its own day."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from cloud_broker.domain.checkin_plan import LIFE_MS, NewCheckIn
from cloud_broker.ports.fleet import NewDevice, NewStore, NewTill
from cloud_broker.services.growth.task_view import TaskView
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.members.checkins import LaneCaller
from retail_core.wire.codec import encode
from retail_core.wire.lane import CheckInSeen, Seen
from retail_core.wire.messages import WIRE_VERSION
from retail_core.wire.topics import shard_of
from tests.factories.grown import RULES, ZONE, Grown
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.plugins.cloud import token_hash

MINUTE_MS = 60_000


def goes_on_to(grown: Grown, hour: int, minute: int) -> date:
    """Let the clock come to an hour of the next night where the chain is; return that date."""
    now = datetime.fromtimestamp(grown.clock.now_ms() / 1_000, UTC).astimezone(ZoneInfo(ZONE))
    night = datetime.combine(now.date() + timedelta(days=1), time(hour, minute), now.tzinfo)
    grown.clock.advance(round((night - now).total_seconds() * 1_000))
    return night.date()


def opens_shop(grown: Grown, starts: time) -> SimBox:
    """A shop of the chain whose business day begins when it says."""
    box = SimBox(grown.tenant)
    with grown.units.begin(grown.tenant) as unit:
        entity = unit.fleet.add_legal_entity(fresh_id(), "夜店公司")
        region = unit.fleet.add_region(fresh_id(), "夜市")
        store = NewStore(
            box.store, entity, region, "夜市店", "上海", ZONE, starts, shard_of(box.store)
        )
        unit.fleet.add_store(store, WALL_MS)
        unit.fleet.add_device(
            NewDevice(box.device, box.store, 1, token_hash(box), f"$7$1${box.device}$x"), WALL_MS
        )
        unit.fleet.add_till(NewTill(box.till, box.store, "1号收银台", "api"), WALL_MS)
    return box


def checks_in(grown: Grown, box: SimBox, person: Person) -> None:
    """Her phone checks in at the shop's lane, and the counter says that it has shown her."""
    now_ms = grown.clock.now_ms()
    opened = NewCheckIn(
        fresh_id(), person.member, box.store, box.till, 47, "M1:X", now_ms, now_ms + LIFE_MS
    )
    with grown.units.begin(grown.tenant) as unit:
        unit.phones.open_checkin(opened)
    seen = encode(CheckInSeen(WIRE_VERSION, opened.checkin.bytes, Seen.SHOWN))
    caller = LaneCaller(grown.units, grown.clock, grown.tally)
    caller.answered(Inbound(box.topic("seen"), seen, now_ms))
    grown.judge()


def shown(grown: Grown, person: Person) -> tuple[bool, str, int]:
    """What her phone says of the daily check-in: done, in which period, how often rewarded."""
    view = TaskView(grown.units, grown.clock, grown.rules).shown(grown.who(person))
    (task,) = [one for one in view.tasks if one.task.id == "sign"]
    return task.progress.done, task.progress.period.key, task.times


def told(grown: Grown, person: UUID) -> dict[str, str]:
    """Of which periods shops hear that they are done."""
    with grown.units.begin(grown.tenant) as unit:
        return {one.task: one.period for one in unit.tasks.reached(person) if one.done}


@pytest.mark.parametrize(
    ("starts", "at", "days_back"),
    [
        (time(4), (1, 30), 1),  # a shop like the brand: still yesterday
        (time(4), (4, 0), 0),
        (time(0), (1, 30), 0),  # a day that begins at midnight: ahead of the brand
        (time(6), (5, 0), 1),  # one that begins at six: behind it
    ],
)
def test_a_check_in_is_of_the_shops_own_business_day_and_counts_at_once(
    grown: Grown, starts: time, at: tuple[int, int], days_back: int
) -> None:
    ann = grown.enrols()
    box = opens_shop(grown, starts)
    grown.judge()
    grown.tomorrow()
    day = (goes_on_to(grown, *at) - timedelta(days=days_back)).isoformat()
    before = grown.points(ann)
    checks_in(grown, box, ann)
    assert grown.points(ann) == before + RULES["tasks"][0]["reward"]["points"]
    assert shown(grown, ann) == (True, day, 1)
    assert told(grown, ann.member)["sign"] == day
    # Once a shop's day: an hour's second visit brings nothing.
    grown.clock.advance(MINUTE_MS)
    checks_in(grown, box, ann)
    assert shown(grown, ann) == (True, day, 1)


def test_when_the_day_is_over_everywhere_the_task_is_open_again(grown: Grown) -> None:
    ann = grown.enrols()
    box = opens_shop(grown, time(6))
    grown.judge()
    grown.tomorrow()
    goes_on_to(grown, 5, 0)
    checks_in(grown, box, ann)
    grown.clock.advance(61 * MINUTE_MS)
    done, _, times = shown(grown, ann)
    assert (done, times) == (False, 1)
    checks_in(grown, box, ann)
    done, _, times = shown(grown, ann)
    assert (done, times) == (True, 2)
