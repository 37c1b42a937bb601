"""`PhoneRepo`, in memory and in PostgreSQL: keys, claims, words taken back, check-ins."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import pytest

from cloud_broker.domain.checkin_plan import LIFE_MS, NewCheckIn
from cloud_broker.ports.fleet import DeviceState, NewTill
from cloud_broker.ports.phones import SaidConsent, WithdrawnConsent
from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from retail_core.tally import FaultTally
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant

KEY, OTHER_KEY = b"k" * 8, b"o" * 8
PUBLIC = b"p" * 32


@pytest.fixture
def box(any_units: Units) -> SimBox:
    return new_box(any_units, new_tenant(any_units))


@pytest.fixture
def person(any_units: Units, box: SimBox) -> Person:
    """Enrol somebody with two consents."""
    person = Person()
    box.enrols(person)
    for kind in ("membership", "marketing"):
        box.consents(person, kind)
    book(any_units, box)
    return person


@pytest.fixture
def lane(any_units: Units, box: SimBox) -> UUID:
    """Give the store a lane."""
    with any_units.begin(box.tenant) as unit:
        unit.fleet.add_till(NewTill(box.till, box.store, "1号收银台", "api"), WALL_MS)
    return box.till


Opens = Callable[..., NewCheckIn]


@pytest.fixture
def opens(any_units: Units, box: SimBox, person: Person, lane: UUID) -> Opens:
    """Open check-ins."""

    def opened(opened_ms: int = WALL_MS) -> NewCheckIn:
        made = NewCheckIn(
            fresh_id(), person.member, box.store, lane, 47, "M1:X", opened_ms, opened_ms + LIFE_MS
        )
        with any_units.begin(box.tenant) as unit:
            unit.phones.open_checkin(made)
        return made

    return opened


def book(units: Units, box: SimBox) -> None:
    """Take in what the box has journalled."""
    clock = FakeCloudClock()
    Ingest(units, clock, FaultTally()).book([Inbound(box.topic(), box.frame(), clock.now_ms())])


def test_keys_end_together(any_units: Units, box: SimBox, person: Person) -> None:
    with any_units.begin(box.tenant) as unit:
        assert unit.members.add_phone_key(person.member, KEY, PUBLIC, WALL_MS)
        held = unit.phones.key(KEY)
        assert held is not None
        assert (held.member, held.public_key) == (person.member, PUBLIC)
        assert unit.phones.key(OTHER_KEY) is None
        assert unit.phones.revoke_keys(fresh_id(), WALL_MS) == 0
        assert unit.phones.revoke_keys(person.member, WALL_MS) == 1
    with any_units.begin(box.tenant) as unit:
        assert unit.phones.key(KEY) is None
        assert unit.members.find("phone_key", KEY) is None
        assert unit.phones.revoke_keys(person.member, WALL_MS) == 0
        # A revoked key never speaks again.
        assert not unit.members.add_phone_key(person.member, KEY, PUBLIC, WALL_MS)
        (facts,) = unit.members.facts([person.member])
        assert facts.phone_keys == ()


def test_a_request_is_taken_once_by_whoever_answers(any_units: Units, box: SimBox) -> None:
    def admit(key: bytes, nonce: bytes, now_ms: int) -> bool:
        with any_units.begin(box.tenant) as unit:
            return unit.phones.admit(key, nonce, now_ms + 1_000, now_ms)

    assert admit(KEY, b"n" * 16, WALL_MS)
    assert admit(OTHER_KEY, b"n" * 16, WALL_MS)
    assert admit(KEY, b"m" * 16, WALL_MS)
    assert not admit(KEY, b"n" * 16, WALL_MS + 1_000)
    assert admit(KEY, b"n" * 16, WALL_MS + 1_001), "dead and forgotten"


def test_the_newest_claim_is_the_only_open_one(
    any_units: Units, box: SimBox, person: Person
) -> None:
    box.issues_link(person, "ONE")
    box.issues_link(person, "TWO")
    book(any_units, box)
    codes = (person.claim_code, "ONE", "TWO")
    with any_units.begin(box.tenant) as unit:
        claims = [unit.members.claim(sha256(code.encode()).digest()) for code in codes]
    used = [claim is not None and claim.used for claim in claims]
    assert used == [True, True, False]
    assert claims[2] is not None
    assert claims[2].member == person.member


def test_a_word_is_taken_back(any_units: Units, box: SimBox, person: Person) -> None:
    member = person.member
    with any_units.begin(box.tenant) as unit:
        assert unit.phones.consent_given(member, "marketing") is True
        assert unit.phones.consent_given(member, "face.local") is None
        unit.phones.withdraw_consent(
            WithdrawnConsent(fresh_id(), member, "marketing", "zh", "phone", WALL_MS + 10**9)
        )
    with any_units.begin(box.tenant) as unit:
        assert unit.phones.consent_given(member, "marketing") is False
        assert unit.phones.consent_given(member, "membership") is True


def test_a_word_is_said_again_on_her_phone(any_units: Units, box: SimBox, person: Person) -> None:
    member = person.member

    def says(kind: str, *, given: bool, later_ms: int) -> SaidConsent:
        return SaidConsent(
            fresh_id(), member, kind, given, "2026-3", b"h" * 32, "zh", "phone", WALL_MS + later_ms
        )

    with any_units.begin(box.tenant) as unit:
        unit.phones.say_consent(says("tags.sensitive", given=True, later_ms=10**9))
        assert unit.phones.consent_given(member, "tags.sensitive") is True
        unit.phones.say_consent(says("sms", given=False, later_ms=10**9))
        assert unit.phones.consent_given(member, "sms") is False
        taken = WithdrawnConsent(fresh_id(), member, "marketing", "zh", "phone", WALL_MS + 10**9)
        unit.phones.withdraw_consent(taken)
    with any_units.begin(box.tenant) as unit:
        unit.phones.say_consent(says("marketing", given=True, later_ms=2 * 10**9))
        assert unit.phones.consent_given(member, "marketing") is True


def test_everything_about_her(any_units: Units, box: SimBox, person: Person) -> None:
    with any_units.begin(box.tenant) as unit:
        unit.members.set_digit_secret(person.member, b"s" * 20, WALL_MS)
        held = unit.phones.everything(person.member)
        (row,) = held["member"]
        assert row["name"] == person.name
        assert unit.phones.everything(fresh_id())["member"] == []
    assert (b"s" * 20).hex() not in str(held)


def test_a_lane_and_what_its_box_said(any_units: Units, box: SimBox, lane: UUID) -> None:
    said = DeviceState(
        box.device, box.store, "ok", box.boot, WALL_MS, "1", 7, 0, 0,
        can_sell=True, devices={}, faults={}, seen_ms=WALL_MS,
    )  # fmt: skip
    with any_units.begin(box.tenant) as unit:
        assert unit.phones.lanes(box.store) == ((lane, "1号收银台"),)
        silent = unit.phones.lane(box.store, lane, WALL_MS)
        assert silent is not None
        assert not silent.online
        unit.fleet.save_states([said])
        found = unit.phones.lane(box.store, lane, WALL_MS + 1_000)
        assert found is not None
        assert (found.lane_name, found.online) == ("1号收银台", True)
        unit.fleet.save_states([replace(said, state="gone")])
        gone = unit.phones.lane(box.store, lane, WALL_MS + 1_000)
        assert gone is not None
        assert not gone.online
        assert unit.phones.lane(box.store, fresh_id(), WALL_MS) is None
        assert unit.phones.lane(fresh_id(), lane, WALL_MS) is None


def test_a_check_in_is_told_once_and_answered_once(
    any_units: Units, box: SimBox, opens: Opens
) -> None:
    opened = opens()
    with any_units.begin(box.tenant) as unit:
        assert unit.phones.untold_checkins(WALL_MS + 1) == (opened,)
        assert unit.phones.untold_checkins(WALL_MS + 1) == ()
        assert unit.phones.checkin_outcome(opened.member, opened.checkin) == ""
        assert unit.phones.checkin_outcome(fresh_id(), opened.checkin) is None
        assert not unit.phones.answer_checkin(fresh_id(), opened.checkin, "shown", WALL_MS)
        assert unit.phones.answer_checkin(box.store, opened.checkin, "shown", WALL_MS)
        assert not unit.phones.answer_checkin(box.store, opened.checkin, "busy", WALL_MS)
        assert unit.phones.checkin_outcome(opened.member, opened.checkin) == "shown"


def test_one_open_check_in_a_member(any_units: Units, box: SimBox, opens: Opens) -> None:
    first, second = opens(), opens()
    with any_units.begin(box.tenant) as unit:
        assert unit.phones.checkin_outcome(first.member, first.checkin) == "superseded"
        assert unit.phones.untold_checkins(WALL_MS + 1) == (second,)


def test_a_dead_check_in_is_not_told_and_forgotten(
    any_units: Units, box: SimBox, opens: Opens
) -> None:
    opened = opens()
    with any_units.begin(box.tenant) as unit:
        assert unit.phones.untold_checkins(opened.expires_ms) == ()
        assert unit.phones.forget_checkins(opened.opened_ms) == 0
        assert unit.phones.forget_checkins(opened.opened_ms + 1) == 1
        assert unit.phones.checkin_outcome(opened.member, opened.checkin) is None
