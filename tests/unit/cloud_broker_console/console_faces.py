"""Faces of a made-up chain for the console's tests."""

from uuid import UUID

from cloud_broker.services.faces.face_desk import FaceDesk
from cloud_broker.services.faces.faces import FaceOffice, Leave
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box


def face_desks(tenant: UUID, now_ms: int) -> tuple[FaceOffice, FaceDesk]:
    """Faces of one chain: a store that may, and one that may not."""
    clock, units = FakeCloudClock(), FakeUnits()
    with units.begin(tenant) as unit:
        unit.fleet.add_tenant("熟客", "faces", now_ms)
    for name in ("上海店", "成都店"):
        new_box(units, tenant, name)
    ids = FakeCloudIdSource(clock)
    made = FaceOffice(units, clock, ids, FakeKeyRing())
    made.enable(tenant, "上海店", Leave("PIA-<7>", "door", "周律师", "2026-07-01"), who="hq")
    return made, FaceDesk(units, clock, ids, made)
