"""HQ's leave to recognise faces in a store: versions, tables that refuse, what a box can check."""

from uuid import UUID

import pytest

from cloud_broker.ports.faces import Decision
from cloud_broker.ports.unit import StoreRefusedError, Units
from cloud_broker.services.faces.faces import FaceOffice, Leave
from retail_core.errors import Fault
from retail_core.identity.erasure import public_key_of
from retail_core.identity.face_enablement import FaceEnablement, open_enablement
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import WALL_MS, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant

LEAVE = Leave("PIA-7", "door", "周律师", "2026-07-01")


@pytest.fixture
def tenant(any_units: Units) -> UUID:
    return new_tenant(any_units)


@pytest.fixture
def box(any_units: Units, tenant: UUID) -> SimBox:
    return new_box(any_units, tenant)


def office(units: Units) -> FaceOffice:
    clock = FakeCloudClock()
    return FaceOffice(units, clock, FakeCloudIdSource(clock), FakeKeyRing())


class TestLeave:
    def test_decisions_are_versions_and_the_box_is_told(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        faces = office(any_units)
        off = faces.signed(tenant, box.store)
        on = faces.enable(tenant, "上海店", LEAVE, who="hq")
        assert (on.said.version, on.said.enabled) == (1, True)
        again = faces.disable(tenant, str(box.store), who="hq")
        assert (again.said.version, again.said.enabled) == (2, False)
        (stands,) = faces.stores(tenant)
        assert stands.decision is not None
        assert stands.decision.said == again.said
        assert len(off) > 64
        with any_units.begin(tenant) as unit:
            rows = unit.feed.since(box.store, 0, 9)
        assert [(row.change.kind, row.change.ver) for row in rows] == [
            ("face.enablement", 1),
            ("face.enablement", 2),
        ]

    def test_an_incomplete_decision_is_refused_here_and_by_the_tables(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        with pytest.raises(Fault) as caught:
            office(any_units).enable(tenant, "上海店", Leave(" ", "door", "", ""), who="hq")
        assert caught.value.code is FaultCode.FACE_ENABLEMENT_INCOMPLETE
        for never in ("soon", "2019-12-31", "2126-08-02"):
            with pytest.raises(Fault, match="R431"):
                office(any_units).enable(tenant, "上海店", Leave("a", "b", "c", never), who="hq")
        with pytest.raises(Fault, match="A108"):
            office(any_units).enable(tenant, "nowhere", LEAVE, who="hq")
        bare = FaceEnablement(str(tenant), str(box.store), version=1, enabled=True)
        with pytest.raises(StoreRefusedError), any_units.begin(tenant) as unit:
            unit.faces.decide(Decision(box.store, bare, b"", "hq", WALL_MS))

    def test_a_stores_leave_is_signed_by_hq(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        faces = office(any_units)
        public = public_key_of(FakeKeyRing().keys(tenant).bundle_seed)
        signed = faces.signed(tenant, box.store)
        assert not open_enablement(signed, public, tenant, box.store).enabled
        faces.enable(tenant, "上海店", LEAVE, who="hq")
        signed = faces.signed(tenant, box.store)
        assert open_enablement(signed, public, tenant, box.store).enabled
        with pytest.raises(Fault, match="R603"):
            open_enablement(signed, public, tenant, fresh_id())
