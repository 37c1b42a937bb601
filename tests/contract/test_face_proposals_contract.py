"""Faces by two persons, on every store of the cloud: FaceDesk and the tables' rule of two."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError
from uuid import UUID

import pytest

from cloud_broker.ports.faces import Decision
from cloud_broker.ports.hq import HqUser
from cloud_broker.ports.unit import StoreRefusedError, Unit, Units
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.faces.face_desk import FaceDesk
from cloud_broker.services.faces.faces import FaceOffice, Leave
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.contract.test_cloud_faces_contract import LEAVE, office
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import WALL_MS, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant


@pytest.fixture
def tenant(any_units: Units) -> UUID:
    return new_tenant(any_units)


@pytest.fixture
def box(any_units: Units, tenant: UUID) -> SimBox:
    return new_box(any_units, tenant)


class TestProposals:
    """What waits for a second person; the rule of two holds in the tables, too."""

    def people(self, units: Units, tenant: UUID) -> tuple[HqIdentity, HqIdentity]:
        made = []
        with units.begin(tenant) as unit:
            for login in ("li", "wang"):
                user = HqUser(fresh_id(), login, login, "operations", "x")
                unit.hq.add_user(user, WALL_MS)
                made.append(HqIdentity(tenant, user.user_id, login, login, "operations"))
        return made[0], made[1]

    def desk(self, units: Units, clock: FakeCloudClock) -> FaceDesk:
        ids = FakeCloudIdSource(clock)
        return FaceDesk(units, clock, ids, FaceOffice(units, clock, ids, FakeKeyRing()))

    def test_one_asks_and_another_confirms(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        li, wang = self.people(any_units, tenant)
        desk = self.desk(any_units, FakeCloudClock())
        desk.propose(li, box.store, "enable", LEAVE)
        (waiting,) = desk.waiting(tenant)
        assert (waiting.store, waiting.act, waiting.proposer) == (box.store, "enable", "li")
        with pytest.raises(Fault) as caught:
            desk.confirm(li, waiting.proposal)
        assert caught.value.code is FaultCode.FACE_SECOND_PERSON
        made = desk.confirm(wang, waiting.proposal)
        assert (made.said.enabled, made.said.walk_up, made.decided_by) == (True, False, "li + wang")
        assert desk.waiting(tenant) == ()
        with any_units.begin(tenant) as unit:
            assert unit.faces.decisions()[box.store].said == made.said
        desk.propose(li, box.store, "walk_up", LEAVE)
        (waiting,) = desk.waiting(tenant)
        assert desk.confirm(wang, waiting.proposal).said.walk_up

    def test_the_tables_know_the_rule_of_two(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        li, _ = self.people(any_units, tenant)
        desk = self.desk(any_units, FakeCloudClock())
        desk.propose(li, box.store, "enable", LEAVE)
        (waiting,) = desk.waiting(tenant)
        with pytest.raises(StoreRefusedError), any_units.begin(tenant) as unit:
            unit.faces.settle(waiting.proposal, "confirmed", li.user_id, WALL_MS)

    def test_a_proposal_lapses_is_overtaken_or_withdrawn(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        li, wang = self.people(any_units, tenant)
        clock = FakeCloudClock()
        desk = self.desk(any_units, clock)
        desk.propose(li, box.store, "enable", LEAVE)
        (first,) = desk.waiting(tenant)
        desk.propose(wang, box.store, "enable", LEAVE)
        (second,) = desk.waiting(tenant)
        assert second.proposer == "wang"
        office(any_units).enable(tenant, str(box.store), LEAVE, who="cli")
        for one in (first, second):
            with pytest.raises(Fault) as caught:
                desk.confirm(li, one.proposal)
            assert caught.value.code is FaultCode.API_NOT_FOUND
        desk.withdraw(li, second.proposal)
        desk.propose(li, box.store, "walk_up", LEAVE)
        (third,) = desk.waiting(tenant)
        clock.advance(8 * 86_400_000)
        assert desk.waiting(tenant) == ()
        with pytest.raises(Fault):
            desk.confirm(wang, third.proposal)
        assert not desk.narrow(li, box.store, "enable").said.enabled

    def test_two_who_act_at_once_come_one_after_the_other(
        self, any_units: Units, tenant: UUID, box: SimBox
    ) -> None:
        li, wang = self.people(any_units, tenant)
        clock = FakeCloudClock()
        slow = SlowOffice(office(any_units))
        desk = FaceDesk(any_units, clock, FakeCloudIdSource(clock), slow)
        office(any_units).enable(tenant, str(box.store), LEAVE, who="cli")
        desk.propose(li, box.store, "walk_up", LEAVE)
        (waiting,) = desk.waiting(tenant)

        def outcome(act: Callable[[], Decision]) -> FaultCode | None:
            try:
                act()
            except Fault as fault:
                return fault.code
            return None

        acts: tuple[Callable[[], Decision], ...] = (
            partial(desk.confirm, wang, waiting.proposal),
            partial(desk.narrow, li, box.store, "enable"),
        )
        with ThreadPoolExecutor(2) as pool:
            codes = list(pool.map(outcome, acts))
        assert codes in ([None, None], [FaultCode.API_NOT_FOUND, None])
        with any_units.begin(tenant) as unit:
            assert not unit.faces.decisions()[box.store].said.enabled, "the narrower one stands"


class SlowOffice:
    """Decides when another stands at the same point, or cannot come there for a while."""

    def __init__(self, inner: FaceOffice) -> None:
        self._inner = inner
        self._together = Barrier(2)

    def decided(
        self, unit: Unit, tenant: UUID, place: UUID, leave: Leave, *, who: str, enabled: bool
    ) -> Decision:
        with suppress(BrokenBarrierError):
            self._together.wait(0.3)
        return self._inner.decided(unit, tenant, place, leave, who=who, enabled=enabled)
