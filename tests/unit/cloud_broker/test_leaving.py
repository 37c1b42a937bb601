"""Leaving: a second person for what HQ asks, days of grace, shops first, then a certificate."""

from uuid import UUID, uuid4

import pytest

from cloud_broker.ports.privacy import LeavingState
from cloud_broker.services.members.erasing import HEARD_WITHIN_DAYS, Erasing
from cloud_broker.services.members.leaving import Leavings
from retail_core.errors import Fault
from retail_core.identity.erasure import pseudonym
from retail_core.identity.erasure_certificate import (
    from_file,
    open_certificate,
    sign_certificate,
    to_file,
)
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import ChangeKind
from tests.factories.member_phone import Cloud
from tests.fakes.cloud_basics import FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import Person, fresh_id
from tests.fakes.cloud_privacy import FakePrivacyShelf

DAY_MS = 86_400_000


class Stage:
    """A cloud with one member, and its shelf of leavings."""

    def __init__(self) -> None:
        self.cloud = Cloud()
        self.tenant = self.cloud.box.tenant
        self.person: Person = self.cloud.enrolled()
        row = {
            "tenant_id": self.tenant,
            "member_id": self.person.member,
            "phone_hash": self.person.phone_hash,
        }
        self.shelf = FakePrivacyShelf({"member": [row]})
        units, clock = self.cloud.units, self.cloud.clock
        ids = FakeCloudIdSource(clock)
        self.learnt: list[UUID] = []
        self.leavings = Leavings(units, self.shelf, clock, ids, 15)
        self.erasing = Erasing(
            units, self.shelf, clock, ids, FakeKeyRing(), "UTC", self.learnt.append
        )

    @property
    def member(self) -> UUID:
        return self.person.member

    def night(self) -> None:
        """Go on to three in the morning."""
        now = self.cloud.clock.now_ms()
        self.cloud.clock.advance(-now % DAY_MS + 3 * 3_600_000)

    def state(self) -> LeavingState | None:
        found = self.shelf.leavings(self.tenant, 1)
        return found[0].state if found else None


@pytest.fixture
def stage() -> Stage:
    return Stage()


def raises(code: FaultCode) -> "pytest.RaisesExc[Fault]":
    return pytest.raises(Fault, match=code.value)


def test_hq_needs_a_second_person(stage: Stage) -> None:
    asked = stage.leavings.request(stage.tenant, stage.member, "hq", "li", "她来信")
    assert asked.state is LeavingState.REQUESTED
    with raises(FaultCode.LEAVING_TWICE):
        stage.leavings.request(stage.tenant, stage.member, "till", "店长", "")
    with raises(FaultCode.LEAVING_SECOND):
        stage.leavings.decide(stage.tenant, asked.leaving, "li", agree=True)
    opened = stage.leavings.decide(stage.tenant, asked.leaving, "wang", agree=True)
    assert (opened.state, opened.second) == (LeavingState.OPEN, "wang")
    assert opened.due_ms == stage.cloud.clock.now_ms() + 15 * DAY_MS
    with raises(FaultCode.LEAVING_STATE):
        stage.leavings.decide(stage.tenant, asked.leaving, "zhao", agree=False)
    with stage.cloud.units.begin(stage.tenant) as unit:
        assert unit.phones.consent_given(stage.member, "face.local") is False


def test_refused_she_stays(stage: Stage) -> None:
    asked = stage.leavings.request(stage.tenant, stage.member, "till", "店长", "")
    stage.leavings.decide(stage.tenant, asked.leaving, "wang", agree=False)
    assert stage.leavings.alive(stage.tenant, stage.member) is None
    assert not stage.leavings.come_back(stage.tenant, stage.member, "member")
    with raises(FaultCode.API_NOT_FOUND):
        stage.leavings.decide(stage.tenant, fresh_id(), "wang", agree=True)
    with raises(FaultCode.API_NOT_FOUND):
        stage.leavings.request(stage.tenant, fresh_id(), "hq", "li", "")


def test_shops_first_then_she_goes(stage: Stage) -> None:
    stage.leavings.by_herself(stage.tenant, stage.member)
    stage.night()
    assert stage.erasing.run(stage.tenant) == 0, "days of grace"
    stage.cloud.clock.advance(16 * DAY_MS)
    stage.shelf.waiting = (stage.cloud.box.store,)
    stage.erasing.run(stage.tenant)
    assert stage.state() is LeavingState.TELLING
    feed = stage.cloud.units.states[stage.tenant].feeds[stage.cloud.box.store]
    assert feed[-1].change.kind == ChangeKind.MEMBER_GONE
    with raises(FaultCode.LEAVING_STATE):
        stage.leavings.come_back(stage.tenant, stage.member, "member")
    stage.erasing.run(stage.tenant)
    assert stage.state() is LeavingState.TELLING, "a box has yet to hear"
    stage.shelf.waiting = ()
    assert stage.erasing.run(stage.tenant) == 1
    assert stage.state() is LeavingState.DONE
    (made,) = stage.shelf.certificates(stage.tenant, 10)
    said = open_certificate(made.signed)
    assert said.members == (pseudonym(stage.tenant, stage.member),)
    assert str(stage.member) not in made.signed.content.decode()
    assert stage.learnt == []
    stage.erasing.run(stage.tenant)
    assert stage.learnt == [stage.tenant], "once a night, when all is done"


def test_by_day_nobody_is_erased(stage: Stage) -> None:
    stage.leavings.at_once(stage.tenant, stage.member, "cli", "法院")
    stage.night()
    stage.cloud.clock.advance(9 * 3_600_000)
    assert stage.erasing.run(stage.tenant) == 0
    assert stage.state() is LeavingState.OPEN


def test_a_box_that_stays_away_is_waited_for_no_longer_than_a_face_lasts(stage: Stage) -> None:
    stage.leavings.at_once(stage.tenant, stage.member, "cli", "法院")
    stage.night()
    stage.shelf.waiting = (stage.cloud.box.store,)
    stage.erasing.run(stage.tenant)
    stage.cloud.clock.advance(HEARD_WITHIN_DAYS * DAY_MS)
    assert stage.erasing.run(stage.tenant) == 1
    (made,) = stage.shelf.certificates(stage.tenant, 10)
    assert open_certificate(made.signed).unheard == 1


def test_what_is_still_found_is_said(stage: Stage) -> None:
    stage.shelf.tables["later"] = [{"tenant_id": stage.tenant, "who": stage.member}]
    stage.leavings.at_once(stage.tenant, stage.member, "cli", "法院")
    stage.night()
    stage.erasing.run(stage.tenant)
    with raises(FaultCode.ERASURE_RESIDUE) as found:
        stage.erasing.run(stage.tenant)
    assert found.value.fields["places"] == "later"


def test_a_bent_certificate_is_not_believed(stage: Stage) -> None:
    stage.leavings.at_once(stage.tenant, stage.member, "cli", "法院")
    stage.night()
    for _ in range(2):
        stage.erasing.run(stage.tenant)
    (made,) = stage.shelf.certificates(stage.tenant, 10)
    file = to_file(made.signed)
    assert from_file(file) == made.signed
    other = sign_certificate(open_certificate(made.signed), uuid4().bytes * 2)
    mixed = type(other)(made.signed.content, other.signature, made.signed.public_key)
    bent = file.replace(b'"unheard": 0', b'"unheard": 1')
    assert bent != file
    for wrong in (b"{}", b"no json", bent):
        with raises(FaultCode.CERTIFICATE_UNTRUE):
            from_file(wrong)
    with raises(FaultCode.CERTIFICATE_UNTRUE):
        open_certificate(mixed)
