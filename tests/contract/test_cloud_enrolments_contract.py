"""What every `EnrolmentRepo` promises, and the service over it: who is let in, and only once."""

import secrets
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from cloud_broker.ports.authority import IssuedCertificate
from cloud_broker.ports.fleet import NewOperator, NewTill
from cloud_broker.ports.unit import Units
from cloud_broker.services.fleet.box_gate import BoxGate, Tended
from cloud_broker.services.fleet.enrolling import Enrolling, Holder
from edge_agent.domain.box_key import draw_key, late_proof, request_for, with_chain
from retail_core import limits
from retail_core.errors import Fault
from retail_core.fleet.box_identity import BoxName
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock, FakeKeyRing
from tests.fakes.cloud_box import WALL_MS, SimBox, fresh_id
from tests.fakes.cloud_boxes import FakeBoxAuthority, FakeBrokerGate
from tests.plugins.cloud import new_box, new_tenant

DAY_MS = 24 * 3_600 * 1_000
BOARD = "100000001a2b3c4d"


@dataclass
class Site:
    """A tenant with a store whose slot is free."""

    units: Units
    clock: FakeCloudClock
    gate: FakeBrokerGate
    desk: Enrolling
    box: SimBox
    keys: list[bytes] = field(default_factory=list)

    def code(self, *, swap: bool = False) -> str:
        return self.desk.code(self.box.tenant, self.box.store, who="ada", replace=swap).code

    def request(self) -> bytes:
        self.keys.append(draw_key())
        return request_for(self.keys[-1])

    def enrolled(self, *, swap: bool = False) -> tuple[BoxName, IssuedCertificate]:
        tenant, issued = self.desk.enrol(self.code(swap=swap), self.request(), BOARD)
        with self.units.begin(tenant) as unit:
            held = unit.enrolments.certificate(issued.fingerprint)
        assert held is not None
        return BoxName(tenant, held.device), issued

    def refused(self, act: object, *args: object) -> FaultCode | None:
        assert callable(act)
        try:
            act(*args)
        except Fault as fault:
            return fault.code
        return None


@pytest.fixture
def site(any_units: Units) -> Site:
    clock, gate = FakeCloudClock(), FakeBrokerGate()
    box = new_box(any_units, new_tenant(any_units))
    with any_units.begin(box.tenant) as unit:
        unit.enrolments.retire(box.device, WALL_MS)
    ids = _Ids()
    desk = Enrolling(any_units, clock, ids, FakeKeyRing(), FakeBoxAuthority(), gate)
    return Site(any_units, clock, gate, desk, box)


class _Ids:
    """Ids that no other test has: the shared database keeps the others' rows."""

    def uuid7(self) -> UUID:
        return fresh_id()

    def random_bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)


class TestEnrolmentRepo:
    def test_a_code_lets_one_box_in_and_the_broker_knows_it(self, site: Site) -> None:
        name, issued = site.enrolled()
        assert site.gate.admitted == {name.device: site.box.tenant}
        holder = site.desk.holder(name, issued.fingerprint)
        assert (holder.tenant, holder.place.store) == (site.box.tenant, site.box.store)
        with site.units.begin(site.box.tenant) as unit:
            assert unit.enrolments.occupant(site.box.store, 1) == holder.place
            assert unit.enrolments.occupants(site.box.store) == {1: holder.place.device}
            assert unit.enrolments.occupants(site.box.device) == {}
            assert holder.place in unit.enrolments.certified(site.clock.now_ms())
            until = unit.enrolments.certificates_of([name.device])
        assert until == {name.device: issued.life.until_ms}

    def test_a_code_used_again_is_refused_and_stands_in_the_repair_list(self, site: Site) -> None:
        code = site.code()
        site.desk.enrol(code, site.request(), BOARD)
        for _ in range(2):
            found = site.refused(site.desk.enrol, code, site.request(), "thief")
            assert found is FaultCode.ENROL_CODE_USED
        assert len(site.gate.admitted) == 1

    def test_a_code_is_over_after_ten_minutes_and_when_the_next_is_drawn(self, site: Site) -> None:
        first, second = site.code(), site.code()
        wrong = FaultCode.ENROL_CODE_WRONG
        assert site.refused(site.desk.enrol, first, site.request(), BOARD) is wrong
        site.clock.advance(limits.ENROL_CODE_LIFE_MS)
        assert site.refused(site.desk.enrol, second, site.request(), BOARD) is wrong
        assert site.refused(site.desk.enrol, "0000-0000-0000", site.request(), BOARD) is wrong
        assert site.gate.admitted == {}

    def test_what_fails_leaves_the_code_unused(self, site: Site) -> None:
        code, csr = site.code(), FaultCode.ENROL_CSR_REFUSED
        assert site.refused(site.desk.enrol, code, b"junk", BOARD) is csr
        site.gate.down = True
        down = site.refused(site.desk.enrol, code, site.request(), BOARD)
        assert down is FaultCode.BROKER_GATE_DOWN
        site.gate.down = False
        site.desk.enrol(code, site.request(), BOARD)

    def test_a_taken_slot_needs_a_replacement_which_shuts_the_old_box_out(self, site: Site) -> None:
        old, certificate = site.enrolled()
        assert site.refused(site.code) is FaultCode.ENROL_SLOT_TAKEN
        new, _ = site.enrolled(swap=True)
        assert site.gate.admitted == {new.device: site.box.tenant}
        revoked = site.refused(site.desk.holder, old, certificate.fingerprint)
        assert revoked is FaultCode.CERT_REVOKED
        with site.units.begin(site.box.tenant) as unit:
            assert certificate.serial in unit.enrolments.revoked(site.clock.now_ms())
            assert unit.enrolments.certificates_of([old.device]) == {}

    def test_a_key_is_certified_once(self, site: Site) -> None:
        name, issued = site.enrolled()
        holder = site.desk.holder(name, issued.fingerprint)
        known = site.refused(site.desk.renew, holder, request_for(site.keys[-1]))
        assert known is FaultCode.ENROL_KEY_KNOWN

    def test_a_renewed_box_has_two_certificates_until_the_first_ends(self, site: Site) -> None:
        name, first = site.enrolled()
        site.clock.advance(20 * DAY_MS)
        holder = site.desk.holder(name, first.fingerprint)
        second = site.desk.renew(holder, site.request())
        for one in (first, second):
            assert site.desk.holder(name, one.fingerprint) == holder
        site.clock.advance(11 * DAY_MS)
        unknown = FaultCode.CERT_UNKNOWN
        assert site.refused(site.desk.holder, name, first.fingerprint) is unknown
        assert site.desk.holder(name, second.fingerprint) == holder

    def test_a_certificate_of_another_tenant_or_box_is_nobodys(self, site: Site) -> None:
        name, issued = site.enrolled()
        unknown = FaultCode.CERT_UNKNOWN
        stranger = new_tenant(site.units)
        for other in (BoxName(stranger, name.device), BoxName(name.tenant, fresh_id())):
            assert site.refused(site.desk.holder, other, issued.fingerprint) is unknown
        assert site.refused(site.desk.holder, name, bytes(32)) is unknown

    def test_an_ended_certificate_is_renewed_by_its_key_for_half_a_year(self, site: Site) -> None:
        name, first = site.enrolled()
        pem = with_chain(site.keys[-1], [first.content], None)
        site.clock.advance(31 * DAY_MS)
        assert BoxGate(site.units, site.clock, site.gate).tend().shut_out >= 1
        request = site.request()
        proof = late_proof(pem, request)
        forged = FaultCode.CERT_UNKNOWN
        late = site.desk.renew_late
        assert site.refused(late, name, first.fingerprint, site.request(), proof) is forged
        issued = late(name, first.fingerprint, request, proof)
        assert site.desk.holder(name, issued.fingerprint).place.device == name.device
        assert name.device in site.gate.admitted
        again = site.refused(late, name, first.fingerprint, request, proof)
        assert again is FaultCode.ENROL_KEY_KNOWN
        site.clock.advance(180 * DAY_MS)
        gone = site.refused(late, name, first.fingerprint, request, proof)
        assert gone is FaultCode.CERT_TOO_LATE

    def test_a_revoked_box_is_never_let_in_again(self, site: Site) -> None:
        name, issued = site.enrolled()
        pem = with_chain(site.keys[-1], [issued.content], None)
        site.desk.revoke(site.box.tenant, name.device, who="ada", why="stolen")
        assert site.gate.admitted == {}
        request = site.request()
        refusals = {
            site.refused(site.desk.holder, name, issued.fingerprint),
            site.refused(
                site.desk.renew_late, name, issued.fingerprint, request, late_proof(pem, request)
            ),
        }
        assert refusals == {FaultCode.CERT_REVOKED}
        unknown = site.refused(
            lambda: site.desk.revoke(site.box.tenant, fresh_id(), who="ada", why="")
        )
        assert unknown is FaultCode.API_NOT_FOUND

    def test_what_the_broker_missed_it_is_told_again(self, site: Site) -> None:
        name, _ = site.enrolled()
        site.gate.down = True
        away = site.refused(
            lambda: site.desk.revoke(site.box.tenant, name.device, who="ada", why="stolen")
        )
        assert away is FaultCode.BROKER_GATE_DOWN
        site.gate.down = False
        tend = BoxGate(site.units, site.clock, site.gate)
        tend.tend()
        assert name.device not in site.gate.admitted
        kept, _ = site.enrolled()
        site.gate.admitted.clear()
        tend.tend()
        assert kept.device in site.gate.admitted
        assert tend.tend() == Tended()

    def test_a_box_is_told_of_its_store_and_of_no_secret_but_its_own(self, site: Site) -> None:
        till = NewTill(fresh_id(), site.box.store, "1号", "escpos", "generic", "/dev/t", "/dev/p")
        clerk = NewOperator(fresh_id(), site.box.store, "8", "李娜", "$argon2", "clerk")
        with site.units.begin(site.box.tenant) as unit:
            unit.fleet.add_till(till, WALL_MS)
            unit.fleet.add_operator(clerk, WALL_MS)
        name, issued = site.enrolled()
        sheet = site.desk.sheet(site.desk.holder(name, issued.fingerprint))
        assert (sheet.store_name, sheet.city, sheet.region) == ("上海店", "上海", "华东")
        assert (sheet.tills, sheet.operators) == ((till,), (clerk,))
        assert len(sheet.claim_secret) == 32
        place = site.desk.holder(name, issued.fingerprint).place
        lost = Holder(site.box.tenant, replace(place, device=fresh_id()))
        assert site.refused(site.desk.sheet, lost) is FaultCode.API_NOT_FOUND
