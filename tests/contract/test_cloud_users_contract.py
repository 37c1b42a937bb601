"""People of HQ and the chain of what they did, on every store of the cloud."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.domain.audit_chain import NO_HASH, AuditEntry, AuditRow, broken, link
from cloud_broker.ports.hq import AuditAsked
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity, HqRole
from cloud_broker.services.access.people import HqAccess
from cloud_broker.services.hq.audit_desk import AuditDesk, Proof
from cloud_broker.services.hq.user_desk import UserAsked, UserDesk
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakePasswords
from tests.fakes.cloud_box import fresh_id
from tests.plugins.cloud import new_box, new_tenant


class Office:
    """A chain with a store, its administrator, and the desk of people."""

    def __init__(self, units: Units) -> None:
        self.clock = FakeCloudClock()
        ids = FakeCloudIdSource(self.clock)
        self.tenant = new_tenant(units)
        self.box = new_box(units, self.tenant)
        self.desk = UserDesk(units, self.clock, ids, FakePasswords())
        self.access = HqAccess(units, self.clock, ids, FakePasswords())
        self.audits = AuditDesk(units)
        self.slug = f"t-{self.tenant}"
        self.password = self.access.add_user(self.tenant, "boss", "老板", "admin")
        self.boss = self.sign_in("boss", self.password)

    def sign_in(self, login: str, password: str) -> HqIdentity:
        """Sign somebody in."""
        return self.access.login(f"{login}@{self.slug}", password)[1]

    def refuses(self, code: FaultCode, login: str, role: str, place: str = "") -> None:
        """Nobody can be entered so."""
        with pytest.raises(Fault) as caught:
            self.desk.add(self.boss, login, UserAsked("某人", role, place))
        assert caught.value.code is code


@pytest.fixture
def office(any_units: Units) -> Office:
    return Office(any_units)


def test_a_stores_person_signs_in_and_is_of_that_store(office: Office) -> None:
    at = f"store:{office.box.store}"
    password = office.desk.add(office.boss, "xuhui", UserAsked("徐汇店长", "store", at))
    who = office.sign_in("xuhui", password)
    assert (who.role, who.place) == ("store", office.box.store)
    assert who.sight.writes
    token = office.access.api_token(office.tenant, "xuhui", "t")
    assert office.access.who(token).place == office.box.store
    office.desk.change(office.boss, who.user_id, UserAsked("徐汇店长", "auditor"))
    with pytest.raises(Fault):
        office.access.who(token)
    assert office.sign_in("xuhui", password).sight.writes is False


@pytest.mark.parametrize(
    ("role", "place", "code"),
    [
        ("store", "", FaultCode.USER_PLACE_WRONG),
        ("region", "", FaultCode.USER_PLACE_WRONG),
        ("region", "store", FaultCode.USER_PLACE_WRONG),
        ("admin", "store", FaultCode.USER_PLACE_WRONG),
        ("technician", "chain", FaultCode.USER_PLACE_WRONG),
        ("technician", "device", FaultCode.USER_PLACE_WRONG),
        ("store", "nowhere", FaultCode.API_NOT_FOUND),
        ("king", "", FaultCode.API_BODY_INVALID),
    ],
)
def test_a_role_has_its_kind_of_place(
    office: Office, role: str, place: str, code: FaultCode
) -> None:
    named = {"store": f"store:{office.box.store}", "device": f"device:{office.box.device}"}
    office.refuses(code, "someone", role, named.get(place, place))


@pytest.mark.parametrize("login", ["", "A", "a b", "x@y", "-a", "a" * 41])
def test_a_login_is_plain(office: Office, login: str) -> None:
    office.refuses(FaultCode.API_BODY_INVALID, login, "auditor")


def test_nobody_locks_the_office_from_inside(office: Office) -> None:
    with pytest.raises(Fault) as caught:
        office.desk.end(office.boss, office.boss.user_id)
    assert caught.value.code is FaultCode.USER_SELF
    for asked in (UserAsked("老板", "auditor"), UserAsked("老板", "operations")):
        with pytest.raises(Fault) as caught:
            office.desk.change(office.boss, office.boss.user_id, asked)
        assert caught.value.code is FaultCode.USER_LAST_ADMIN
    password = office.desk.add(office.boss, "second", UserAsked("二", "admin"))
    second = office.sign_in("second", password)
    office.desk.end(second, office.boss.user_id)
    with pytest.raises(Fault):
        office.sign_in("boss", office.password)
    assert [one.login for one in office.desk.users(office.tenant)] == ["second", "boss"]
    with pytest.raises(Fault) as caught:
        office.desk.end(second, office.boss.user_id)
    assert caught.value.code is FaultCode.API_NOT_FOUND


@pytest.mark.parametrize("role", ["operations", "marketing", "auditor", "technician"])
def test_only_an_administrator_lets_people_in(office: Office, role: HqRole) -> None:
    who = HqIdentity(office.tenant, fresh_id(), "x", "x", role)
    for act in (
        lambda: office.desk.add(who, "y", UserAsked("y", "admin")),
        lambda: office.desk.end(who, office.boss.user_id),
        lambda: office.desk.change(who, office.boss.user_id, UserAsked("y", "auditor")),
    ):
        with pytest.raises(Fault) as caught:
            act()
        assert caught.value.code is FaultCode.API_SCOPE_MISSING


def test_what_was_done_is_a_chain_that_can_be_read_and_proved(office: Office) -> None:
    office.desk.add(office.boss, "first", UserAsked("一", "auditor"))
    rows = office.audits.rows(office.tenant, AuditAsked(action="hq_user"))
    assert [(one.entry.actor, one.entry.subject) for one in rows[:1]] == [("boss", "first")]
    assert office.audits.rows(office.tenant, AuditAsked(actor="nobody")) == ()
    assert len(office.audits.rows(office.tenant, AuditAsked(below=2))) == 1
    assert len(office.audits.rows(office.tenant, AuditAsked(subject="first"))) == 1
    whole = office.audits.prove(office.tenant)
    assert whole == Proof(rows[0].number, None)


WORDS = st.text(max_size=8)
DETAIL = st.dictionaries(WORDS, st.integers(-9, 9) | WORDS | st.booleans() | st.none(), max_size=3)
ENTRIES = st.lists(st.builds(AuditEntry, WORDS, WORDS, WORDS, DETAIL), min_size=1, max_size=6)


@given(ENTRIES, st.data())
def test_a_row_that_was_changed_dropped_or_put_in_is_found(
    entries: list[AuditEntry], data: st.DataObject
) -> None:
    rows: list[AuditRow] = []
    before = NO_HASH
    for number, entry in enumerate(entries, start=1):
        rows.append(AuditRow(number, number, entry, before, link(number, number, entry, before)))
        before = rows[-1].hash
    assert broken(rows) is None
    at = data.draw(st.integers(0, len(rows) - 1))
    other = replace(rows[at].entry, actor=rows[at].entry.actor + "x")
    assert broken([*rows[:at], replace(rows[at], entry=other), *rows[at + 1 :]]) == at + 1
    assert broken([*rows[:at], replace(rows[at], at_ms=0), *rows[at + 1 :]]) == at + 1
    if at + 1 < len(rows):
        assert broken([*rows[:at], *rows[at + 1 :]]) == at + 1
    assert broken([*rows[: at + 1], *rows[at:]]) == at + 2
