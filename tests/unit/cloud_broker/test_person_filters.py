"""The summary of known persons: made, grown, handed out; and a box that follows it."""

import pytest

from cloud_broker.services.persons import person_filters
from cloud_broker.services.persons.person_filters import PersonFilters
from edge_agent.ports.person_line import CodeChecked, CodeWanted
from edge_agent.services.line.person_intake import PersonIntake
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import Published
from retail_core.wire.persons import PersonsPlan, decode_plan, encode_plan
from tests.factories.newcomers import Chain
from tests.factories.waiting import eventually
from tests.fakes.cloud_box import Person
from tests.fakes.cloud_units import FakeUnits
from tests.fakes.person_line import FakeKnownPersons, FakePersonLine, hash_of


class Cloud(Chain):
    """A chain that enrols people and publishes."""

    def __init__(self) -> None:
        super().__init__(FakeUnits())
        self.filters = PersonFilters(self.units, self.clock)
        self.shop_ = self.shop("静安店")
        self.people: list[Person] = []

    def enrol(self, count: int) -> list[Person]:
        made = [Person(phone=f"8613{len(self.people) + one:09d}") for one in range(count)]
        for person in made:
            self.shop_.enrols(person)
        self.book(self.shop_)
        self.people += made
        return made


class Line:
    """The box's line straight to the cloud's service."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.asked: list[str] = []

    def send_code(self, wanted: CodeWanted) -> int:
        raise NotImplementedError(wanted)

    def check_code(self, member: object, lane: str, code: str) -> CodeChecked:
        raise NotImplementedError(member, lane, code)

    def persons(self, held: int) -> PersonsPlan | None:
        self.asked.append(f"plan {held}")
        try:
            return decode_plan(encode_plan(self._cloud.filters.plan(self._cloud.tenant, held)))
        except Fault:
            return None

    def persons_whole(self, version: int) -> bytes:
        self.asked.append(f"whole {version}")
        return self._cloud.filters.content(self._cloud.tenant, version)


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def box(cloud: Cloud) -> tuple[Line, FakeKnownPersons, PersonIntake]:
    line, known = Line(cloud), FakeKnownPersons()
    return line, known, PersonIntake(line, known, FaultTally())


def all_known(known: FakeKnownPersons, people: list[Person]) -> bool:
    return all(known.knows(person.phone_hash) for person in people)


def test_a_box_gets_it_whole_and_then_what_is_new(
    cloud: Cloud, box: tuple[Line, FakeKnownPersons, PersonIntake]
) -> None:
    line, known, intake = box
    intake.take()
    assert line.asked == ["plan 0"]
    cloud.enrol(30)
    first = cloud.filters.publish(cloud.tenant, who="li")
    assert first is not None
    assert (first.version.version, first.version.persons, first.whole) == (1, 30, True)
    assert first.mistakes < 1e-9
    intake.take()
    assert all_known(known, cloud.people)
    cloud.enrol(5)
    second = cloud.filters.publish(cloud.tenant, who="li")
    cloud.enrol(5)
    third = cloud.filters.publish(cloud.tenant, who="li")
    assert second is not None
    assert third is not None
    assert not second.whole
    assert second.sent_bytes < 5 * 10 * 3 + 50
    assert third.version.size == first.version.size
    line.asked.clear()
    intake.take()
    assert line.asked == ["plan 1"], "the whole is not sent again"
    assert known.version() == 3
    assert all_known(known, cloud.people)
    intake.take()
    assert line.asked == ["plan 1", "plan 3"]


def test_nothing_new_is_not_published(cloud: Cloud) -> None:
    cloud.enrol(3)
    assert cloud.filters.publish(cloud.tenant, who="li") is not None
    assert cloud.filters.publish(cloud.tenant, who="li") is None


def test_an_enrolment_that_was_long_in_coming_is_not_missed(
    cloud: Cloud, box: tuple[Line, FakeKnownPersons, PersonIntake]
) -> None:
    """Its row carries an earlier clock than the scan before."""
    _line, known, intake = box
    cloud.enrol(3)
    cloud.filters.publish(cloud.tenant, who="li")
    cloud.clock.advance(-person_filters.OVERLAP_MS // 2)
    late = cloud.enrol(1)
    cloud.clock.advance(person_filters.OVERLAP_MS)
    cloud.filters.publish(cloud.tenant, who="li")
    intake.take()
    assert all_known(known, late)


def test_a_chain_that_outgrew_it_gets_a_larger_one(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_filters, "CAPACITY_MIN", 10)
    cloud.enrol(8)
    first = cloud.filters.publish(cloud.tenant, who="li")
    cloud.enrol(8)
    second = cloud.filters.publish(cloud.tenant, who="li")
    assert first is not None
    assert second is not None
    assert (first.version.capacity, second.version.capacity) == (10, 20)
    assert second.whole
    plan = cloud.filters.plan(cloud.tenant, 1)
    assert plan.whole
    assert plan.additions == ()
    again = cloud.filters.publish(cloud.tenant, who="li", whole=True, capacity=500)
    assert again is not None
    assert again.version.capacity == 500


def test_only_the_newest_is_handed_out(cloud: Cloud) -> None:
    with pytest.raises(Fault) as caught:
        cloud.filters.plan(cloud.tenant, 0)
    assert caught.value.code == FaultCode.API_NOT_FOUND
    cloud.enrol(1)
    cloud.filters.publish(cloud.tenant, who="li")
    cloud.enrol(1)
    cloud.filters.publish(cloud.tenant, who="li")
    with pytest.raises(Fault):
        cloud.filters.content(cloud.tenant, 1)
    content = cloud.filters.content(cloud.tenant, 2)
    assert hash_of(content) == cloud.filters.plan(cloud.tenant, 0).sha256


def test_the_clock_publishes_now_and_then(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cloud.filters.refresh_due(cloud.tenant) is None, "nobody to speak of"
    cloud.enrol(2)
    assert cloud.filters.refresh_due(cloud.tenant) is not None
    cloud.enrol(2)
    assert cloud.filters.refresh_due(cloud.tenant) is None, "a moment ago"
    cloud.clock.advance(person_filters.REFRESH_MS + 1)
    made = cloud.filters.refresh_due(cloud.tenant)
    assert made is not None
    assert not made.whole
    monkeypatch.setattr(person_filters, "BUILD_BESIDE_MAX", 3)
    other = Cloud()
    other.enrol(4)
    assert other.filters.refresh_due(other.tenant) is None, "left to who runs it by hand"


# ---- the box ------------------------------------------------------------------------------------


def test_steps_that_do_not_fit_are_replaced_by_the_whole(
    cloud: Cloud, box: tuple[Line, FakeKnownPersons, PersonIntake]
) -> None:
    line, known, intake = box
    cloud.enrol(3)
    cloud.filters.publish(cloud.tenant, who="li")
    # Another chain's summary, under the same version.
    strange = FakeKnownPersons()
    strange.replace(1, hash_of(whole := make_strange()), whole)
    intake = PersonIntake(line, strange, FaultTally())
    cloud.enrol(3)
    cloud.filters.publish(cloud.tenant, who="li")
    intake.take()
    assert line.asked == ["plan 1", "whole 2"]
    assert all_known(strange, cloud.people)
    assert known.version() == 0


def make_strange() -> bytes:
    other = Cloud()
    other.people = [Person(phone="86170")] * 50
    other.enrol(7)
    made = other.filters.publish(other.tenant, who="li")
    assert made is not None
    return other.filters.content(other.tenant, 1)


def test_it_is_fetched_beside_and_tried_again(cloud: Cloud) -> None:
    cloud.enrol(3)
    cloud.filters.publish(cloud.tenant, who="li")
    line, known = FakePersonLine(), FakeKnownPersons()
    content = cloud.filters.content(cloud.tenant, 1)
    line.plan = cloud.filters.plan(cloud.tenant, 0)
    line.wholes[1] = content
    line.down = True
    tally = FaultTally()
    intake = PersonIntake(line, known, tally, retry_s=0.01)
    intake.told(None)
    eventually(lambda: len(line.asked) > 1)
    line.down = False
    eventually(lambda: known.version() == 1)
    asked = len(line.asked)
    intake.told(Published(1, "persons", 1, line.plan.sha256, len(content)))
    assert len(line.asked) == asked, "that one is here"
    intake.stop()
    intake.stop()
    intake.told(None)
    assert len(line.asked) == asked
