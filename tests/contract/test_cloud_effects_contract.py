"""What every store of the cloud promises about where what was said holds: `EffectRepo`."""

from cloud_broker.ports.effects import DocumentSeen, Withdrawal
from cloud_broker.ports.unit import Units
from cloud_broker.services.fleet.presence import PresenceBook
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.stores.effects import Effects
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode
from retail_core.wire.messages import Presence
from tests.fakes.cloud_box import WALL_MS, Person, SimBox
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant


def presence(box: SimBox, catalogue: int, now_ms: int) -> Inbound:
    said = Presence(1, "ok", box.boot.bytes, now_ms, catalogue_version=catalogue, bundle_version=2)
    return Inbound(box.topic("st"), encode(said), now_ms)


def test_the_first_word_of_a_box_counts(any_units: Units) -> None:
    tenant = new_tenant(any_units)
    box = new_box(any_units, tenant)
    book = PresenceBook(any_units, FaultTally())
    for at_ms in (WALL_MS, WALL_MS + 5_000):
        book.note(presence(box, 7, at_ms))
        book.write()
    with any_units.begin(tenant) as unit:
        unit.effects.saw([DocumentSeen("catalogue", 7, box.device, WALL_MS + 9_000)])
        assert unit.effects.newest("catalogue") is None
        assert unit.effects.withdrawals(5) == ()


def test_delays_and_who_is_missing() -> None:
    units = FakeUnits()
    tenant = new_tenant(units)
    boxes = [new_box(units, tenant, name) for name in ("甲店", "乙店", "丙店")]
    units.states[tenant].effects.said["catalogue"] = (7, WALL_MS)
    book = PresenceBook(units, FaultTally())
    for delay_ms, box in zip((20, 45), boxes, strict=False):
        book.note(presence(box, 7, WALL_MS + delay_ms))
    book.note(presence(boxes[2], 6, WALL_MS + 60))
    book.write()
    (one,) = Effects(units).view(tenant)
    assert (one.stores, one.arrived, one.p50_ms, one.last_ms) == (3, 2, 20, 45)
    assert one.missing == ("丙店",)
    book.note(presence(boxes[2], 8, WALL_MS + 900))
    book.write()
    (one,) = Effects(units).view(tenant)
    assert (one.missing, one.last_ms) == ((), 900)


def test_a_herd_is_written_down_by_pieces_and_each_box_once() -> None:
    units = FakeUnits()
    tenant = new_tenant(units)
    boxes = [new_box(units, tenant, f"店 {nth}") for nth in range(5)]
    units.states[tenant].effects.said["catalogue"] = (7, WALL_MS)
    book = PresenceBook(units, FaultTally())
    for box in boxes:
        book.note(presence(box, 7, WALL_MS + 20))
    assert [book.write(2) for _ in range(4)] == [2, 2, 1, 0]
    (one,) = Effects(units).view(tenant)
    assert one.arrived == 5


def test_a_withdrawal_says_where_it_was_erased_and_where_it_is_still_held() -> None:
    units = FakeUnits()
    tenant = new_tenant(units)
    first, second = (new_box(units, tenant, name) for name in ("甲店", "乙店"))
    person = Person()
    erased = {first.store: WALL_MS + 150}
    held = frozenset({first.store, second.store})
    units.states[tenant].effects.withdrawals = (Withdrawal(person.member, WALL_MS, erased, held),)
    (one,) = Effects(units).view(tenant)
    assert (one.arrived, one.stores, one.last_ms, one.missing) == (1, 2, 150, ("乙店",))
