"""Whatever order shops come online in, the books end the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_broker.services.booking.repairing import RepairBench
from cloud_broker.services.points.desk import PointsDesk
from cloud_broker.services.points.runs import PointsRuns
from tests.fakes.cloud_basics import FakeCloudIdSource
from tests.fakes.cloud_box import Person
from tests.fakes.cloud_ingest import Cloud


@given(st.data())
@settings(max_examples=20, deadline=None)
def test_shops_come_online_in_any_order_and_say_everything_twice(data: st.DataObject) -> None:
    cloud = Cloud()
    boxes, person = [cloud.box(name) for name in ("甲店", "乙店", "丙店")], Person()
    boxes[0].enrols(person)
    sales = [(boxes[n % 3], boxes[n % 3].sells(person, uses=(("sun1", n + 1),))) for n in range(3)]
    parts = data.draw(st.lists(st.sampled_from([1, 250, 500, 999, 1_000]), min_size=3, max_size=3))
    for (_, sold), qty_milli in zip(sales, parts, strict=True):
        takes_back = data.draw(st.sampled_from(boxes))
        lines = [(1, qty_milli)] if qty_milli < 1_000 else [(1, 1_000), (2, 1_000)]
        takes_back.refunds(sold, *lines, fen=5_800 * qty_milli // 1_000 + 100 * (len(lines) - 1))
    frames = [(box, box.frame(seq, seq)) for box in boxes for seq in range(1, len(box.events) + 1)]
    for box, payload in data.draw(st.permutations(frames)) + frames:
        cloud.book((box, payload))
    desk = PointsDesk(cloud.units, cloud.clock, FakeCloudIdSource(cloud.clock), "Asia/Shanghai")
    runs = PointsRuns(cloud.units, desk, RepairBench(cloud.units, cloud.clock))
    runs.daily(cloud.tenant, lambda done, total: None)
    left = sum(59 - 59 * qty_milli // 1_000 for qty_milli in parts)
    assert cloud.free(person) == left
    assert len(cloud.state.refunds) == 3
    # What came back whole was not bought, and its rules not used.
    kept = sum(n + 1 for n, qty_milli in enumerate(parts) if qty_milli < 1_000)
    assert sum(cloud.state.uses.values()) == kept
    assert min(cloud.state.uses.values()) >= 0
    open_repairs = {
        item.code for item in cloud.state.repairs.values() if item.repair_id not in cloud.state.done
    }
    assert open_repairs <= {"P106"}
    assert sum(cloud.state.balances.values()) == 0
