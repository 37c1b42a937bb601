"""What every shelf of leavings and certificates promises."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID, uuid4

import pytest

from cloud_broker.adapters.postgres.privacy import PostgresPrivacyShelf
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.ports.privacy import (
    Certified,
    Certify,
    Erase,
    Leaving,
    LeavingState,
    PrivacyShelf,
)
from cloud_broker.ports.unit import StoreRefusedError
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from retail_core.identity.erasure import pseudonym
from retail_core.identity.erasure_certificate import (
    ErasedPlace,
    ErasureCertificate,
    open_certificate,
    sign_certificate,
)
from tests.fakes.cloud_box import WALL_MS, Person, fresh_id
from tests.fakes.cloud_privacy import FakePrivacyShelf
from tests.plugins.cloud import new_box, new_tenant

DAY_MS = 24 * 3_600_000
SEED = sha256(b"chain").digest()


@dataclass
class Stage:
    """A shelf, and two members who are in it: Ann and Bea."""

    shelf: PrivacyShelf
    tenant: UUID
    ann: Person
    bea: Person

    def wish(self, person: Person, **changes: object) -> Leaving:
        plain = Leaving(
            fresh_id(),
            person.member,
            "phone",
            "member",
            "",
            WALL_MS,
            15,
            LeavingState.OPEN,
            due_ms=WALL_MS + DAY_MS,
        )
        return replace(plain, **changes)  # type: ignore[arg-type] # names of its own fields


@pytest.fixture(
    params=[
        "memory",
        pytest.param("postgres", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ]
)
def stage(request: pytest.FixtureRequest) -> Stage:
    ann, bea = Person(phone="8613911110001"), Person(phone="8613911110002")
    if request.param == "memory":
        tenant = fresh_id()
        rows = [
            {"tenant_id": tenant, "member_id": one.member, "phone_hash": one.phone_hash}
            for one in (ann, bea)
        ]
        words = [{"tenant_id": tenant, "member_id": one.member} for one in (ann, bea)]
        return Stage(FakePrivacyShelf({"member": rows, "consent": words}), tenant, ann, bea)
    units: PostgresUnits = request.getfixturevalue("shared_pg_units")
    tenant = new_tenant(units)
    box = new_box(units, tenant)
    for one in (ann, bea):
        box.enrols(one)
        box.consents(one)
    frame = open_frame(Inbound(box.topic(), box.frame(), WALL_MS))
    assert isinstance(frame, OpenFrame)
    with units.begin(tenant) as unit:
        Batch(unit, tenant, WALL_MS).book([frame], [])
    return Stage(PostgresPrivacyShelf(units), tenant, ann, bea)


def certifying(stage: Stage, told: list[ErasedPlace]) -> Certify:
    def certify(places: Sequence[ErasedPlace]) -> Certified:
        told.extend(places)
        erasure = fresh_id()
        said = ErasureCertificate(
            1, str(erasure), str(stage.tenant), (), "cli", 0, 5, tuple(places), 0, ()
        )
        return Certified(erasure, WALL_MS + 5, sign_certificate(said, SEED))

    return certify


def test_one_wish_to_leave_at_a_time(stage: Stage) -> None:
    shelf, tenant = stage.shelf, stage.tenant
    first = stage.wish(stage.ann)
    assert shelf.alive(tenant, stage.ann.member) is None
    assert shelf.ask(tenant, first)
    assert not shelf.ask(tenant, stage.wish(stage.ann))
    assert shelf.ask(tenant, stage.wish(stage.bea, asked_ms=WALL_MS + 1))
    assert shelf.alive(tenant, stage.ann.member) == first
    assert shelf.one(tenant, first.leaving) == first
    assert shelf.one(tenant, fresh_id()) is None
    assert [one.member for one in shelf.leavings(tenant, 10)] == [
        stage.bea.member,
        stage.ann.member,
    ]
    assert len(shelf.leavings(tenant, 1)) == 1
    assert shelf.leavings(fresh_id(), 10) == ()
    back = replace(first, state=LeavingState.BACK, ended_ms=WALL_MS + 7)
    assert shelf.move(tenant, first, back)
    assert not shelf.move(tenant, first, back)
    assert shelf.one(tenant, first.leaving) == back
    assert shelf.alive(tenant, stage.ann.member) is None
    assert shelf.ask(tenant, stage.wish(stage.ann))


def test_what_is_due(stage: Stage) -> None:
    shelf, tenant = stage.shelf, stage.tenant
    waits = stage.wish(stage.ann)
    told = stage.wish(stage.bea, state=LeavingState.TELLING, due_ms=WALL_MS, told_ms=WALL_MS)
    assert shelf.ask(tenant, waits)
    assert shelf.ask(tenant, told)
    assert shelf.due(tenant, WALL_MS + DAY_MS - 1) == (told,)
    assert shelf.due(tenant, WALL_MS + DAY_MS) == (told, waits)


def test_who_is_erased_is_found_nowhere(stage: Stage) -> None:
    shelf, tenant, ann = stage.shelf, stage.tenant, stage.ann.member
    sought = shelf.sought(tenant, [ann])
    assert sought.marks == (stage.ann.phone_hash,)
    assert str(stage.ann.phone_hash) not in repr(sought)
    assert {"member", "consent"} <= shelf.found(tenant, sought).keys()
    assert "consent" in shelf.rows_about(tenant, [ann], ())
    assert "consent" not in shelf.rows_about(tenant, [ann], {"consent"})
    asked = stage.wish(stage.ann, state=LeavingState.TELLING, told_ms=WALL_MS)
    shelf.ask(tenant, asked)
    told: list[ErasedPlace] = []
    new = uuid4()
    made = shelf.erase(
        tenant,
        Erase(asked.leaving, (ann,), (new,), (), WALL_MS + 9),
        certifying(stage, told),
    )
    assert shelf.found(tenant, sought) == {}
    assert {one.place: one.done for one in told}["member"] == "deleted"
    assert {one.place: one.done for one in told}["consent"] == "pseudonymised"
    assert shelf.certificates(tenant, 10) == (made,)
    assert open_certificate(made.signed).places == tuple(told)
    done = shelf.one(tenant, asked.leaving)
    assert done is not None
    assert (done.state, done.member, done.ended_ms) == (LeavingState.DONE, new, WALL_MS + 9)
    assert shelf.found(tenant, shelf.sought(tenant, [stage.bea.member]))["member"] == 1
    assert shelf.sought(tenant, [new]).marks == ()


def test_nobody_is_erased_who_did_not_ask(stage: Stage) -> None:
    shelf, tenant, ann = stage.shelf, stage.tenant, stage.ann.member
    shelf.ask(tenant, stage.wish(stage.ann))
    erase = Erase(fresh_id(), (ann,), (uuid4(),), (), WALL_MS)
    with pytest.raises((StoreRefusedError, AssertionError)):
        shelf.erase(tenant, erase, certifying(stage, []))
    assert shelf.found(tenant, shelf.sought(tenant, [ann]))["member"] == 1


def test_a_shop_that_has_not_heard_is_known(stage: Stage) -> None:
    waiting = stage.shelf.unheard(stage.tenant, [stage.ann.member])
    if isinstance(stage.shelf, FakePrivacyShelf):
        stage.shelf.waiting = (fresh_id(),)
        waiting = stage.shelf.unheard(stage.tenant, [stage.ann.member])
    assert len(waiting) == 1


def test_pseudonyms_find_who_is_there_and_a_certificate_is_kept_once(stage: Stage) -> None:
    said = [pseudonym(stage.tenant, one) for one in (stage.ann.member, fresh_id())]
    assert stage.shelf.named(stage.tenant, said) == (stage.ann.member,)
    made = certifying(stage, [])([])
    assert stage.shelf.keep(stage.tenant, made)
    assert not stage.shelf.keep(stage.tenant, made)
    assert stage.shelf.certificates(stage.tenant, 9) == (made,)
