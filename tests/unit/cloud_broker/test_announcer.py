"""What was committed and not announced is told by pieces, and what nobody keeps is not told."""

from cloud_broker.ports.feed import NewChange
from cloud_broker.services.line.announcing import Announcer
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_ingest import Cloud


def change() -> NewChange:
    return NewChange("member", fresh_id(), 1, b"\x90")


def test_many_stores_that_are_behind_are_told_by_pieces() -> None:
    cloud = Cloud()
    boxes = [cloud.box(f"店 {nth}") for nth in range(5)]
    with cloud.units.begin(cloud.tenant) as unit:
        unit.feed.append({box.store: [change(), change()] for box in boxes}, 1)
    announcer, told, more = Announcer(cloud.units, cloud.clock), 0, True
    for _ in range(3):
        assert more
        left = announcer.left(cloud.tenant, {}, stores_max=2)
        assert set(left.marks.values()) == {2}
        announcer.written(cloud.tenant, left)
        told, more = told + len(left.send), left.more
    assert (told, more) == (5, False)
    assert announcer.left(cloud.tenant, {}, stores_max=2).marks == {}


def test_what_is_not_kept_any_more_is_asked_for_once() -> None:
    cloud = Cloud()
    box = cloud.box()
    with cloud.units.begin(cloud.tenant) as unit:
        unit.feed.append({box.store: [change(), change()]}, 1)
    cloud.state.feeds[box.store].clear()
    announcer = Announcer(cloud.units, cloud.clock)
    left = announcer.left(cloud.tenant, {})
    assert left.send == ()
    announcer.written(cloud.tenant, left)
    assert announcer.left(cloud.tenant, {}).marks == {}
