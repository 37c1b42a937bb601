"""What every `EvidenceRepo` and `LikenessRepo` owes."""

from dataclasses import replace
from uuid import UUID

from cloud_broker.ports.evidence import Blocked, Evidence, Pair, Run, Settled
from cloud_broker.ports.imports import NewcomerRow
from cloud_broker.ports.unit import Units
from retail_core.insight.persons.graph import Link
from retail_core.insight.persons.hearing import hashed_handle, member_handle
from retail_core.insight.persons.kinds import Handle
from tests.fakes.cloud_box import WALL_MS, Person, fresh_id
from tests.plugins.cloud import new_box, new_tenant

USER, PHONE, VISITOR = Handle("user", "s:u1"), Handle("phone", "01"), Handle("anonymous", "s:v1")


def evidence(
    first: Handle, second: Handle, source: str = "web", at_ms: int = WALL_MS, *, apart: bool = False
) -> Evidence:
    ends = (first, second) if first < second else (second, first)
    link = Link(str(fresh_id()), *ends, source, at_ms, "identity/2", apart)
    return Evidence(link, WALL_MS, "因为")


def newcomer(person: Person, store: UUID) -> NewcomerRow:
    said = (person.member, person.wallet, person.name, "gold", "138****8000", person.phone_hash)
    return NewcomerRow(*said, store, WALL_MS, None)


def test_evidence_counts_once_and_stays_taken_back(any_units: Units) -> None:
    here, other = new_tenant(any_units), new_tenant(any_units)
    one, two = evidence(USER, PHONE), evidence(USER, VISITOR, at_ms=WALL_MS + 1)
    with any_units.begin(here) as unit:
        assert unit.evidence.hear([one, two]) == 2
        assert unit.evidence.hear([evidence(USER, PHONE), evidence(USER, PHONE, "oms")]) == 1
        assert unit.evidence.due(10) == (VISITOR, PHONE, USER)
        assert unit.evidence.due(10) == ()
        assert [row.link for row in unit.evidence.standing([VISITOR])] == [two.link]
        assert unit.evidence.known([USER, Handle("user", "s:u9")]) == {USER}
        assert unit.evidence.retract([UUID(one.link.link_id)], "li", "不是", WALL_MS + 5) == 1
        assert unit.evidence.retract([UUID(one.link.link_id)], "li", "不是", WALL_MS + 5) == 0
        assert unit.evidence.due(10) == (PHONE, USER)
        gone = replace(one, retracted_ms=WALL_MS + 5, retracted_by="li", retracted_why="不是")
        assert unit.evidence.link(UUID(one.link.link_id)) == gone
        assert not gone.stands
        assert unit.evidence.history([PHONE])[0] == gone
        # A source that says it again is not heard: a person took it back.
        assert unit.evidence.hear([evidence(USER, PHONE)]) == 0
        assert [row.link.source for row in unit.evidence.standing([PHONE])] == ["oms"]
    with any_units.begin(other) as unit:
        assert unit.evidence.history([USER, PHONE]) == ()
        assert unit.evidence.link(UUID(one.link.link_id)) is None


def test_a_person_may_change_her_mind(any_units: Units) -> None:
    with any_units.begin(new_tenant(any_units)) as unit:
        first = evidence(USER, PHONE, "hq:li")
        assert unit.evidence.say(first)
        assert not unit.evidence.say(evidence(USER, PHONE, "hq:li"))
        unit.evidence.retract([UUID(first.link.link_id)], "li", "错了", WALL_MS)
        assert unit.evidence.say(evidence(USER, PHONE, "hq:li"))
        assert unit.evidence.say(evidence(USER, PHONE, "hq:li", apart=True))
        assert len(unit.evidence.history([USER])) == 3


def test_values_are_blocked_and_freed(any_units: Units) -> None:
    blocked = Blocked(PHONE, "门店电话", "li", WALL_MS)
    with any_units.begin(new_tenant(any_units)) as unit:
        assert unit.evidence.block(blocked)
        assert not unit.evidence.block(replace(blocked, who="wang"))
        assert unit.evidence.blocked() == (blocked,)
        assert PHONE in unit.evidence.due(10)
        assert unit.evidence.unblock(PHONE)
        assert not unit.evidence.unblock(PHONE)
        assert unit.evidence.due(10) == (PHONE,)


def test_whose_names_are_is_written_down(any_units: Units) -> None:
    ann, bea = member_handle(fresh_id()), member_handle(fresh_id())
    person = UUID(ann.value)
    rows = [Settled(one, person) for one in (ann, bea, USER)]
    with any_units.begin(new_tenant(any_units)) as unit:
        unit.evidence.one_at_a_time()
        unit.evidence.hear([evidence(ann, bea), evidence(bea, USER)])
        assert unit.evidence.settle([*rows, Settled(VISITOR, None)], WALL_MS) == 4
        assert unit.evidence.settle(rows, WALL_MS) == 0
        assert unit.evidence.persons([ann, USER, VISITOR, PHONE]) == {ann: person, USER: person}
        assert unit.evidence.handles(person) == tuple(sorted((ann, bea, USER)))
        assert unit.evidence.many() == (tuple(sorted((person, UUID(bea.value)))),)
        assert unit.evidence.settle([Settled(USER, None)], WALL_MS) == 1
        assert unit.evidence.persons([USER]) == {}


def test_names_of_before_become_evidence_once_and_members_say_what_they_want(
    any_units: Units,
) -> None:
    here = new_tenant(any_units)
    box = new_box(any_units, here)
    person = Person()
    with any_units.begin(here) as unit:
        unit.evidence.speaking("import:x")
        member, phone = person.member, fresh_id().bytes
        unit.movers.add_newcomers([newcomer(person, box.store)], WALL_MS)
        unit.members.add_identities({("phone", phone): member}, WALL_MS)
        unit.evidence.adopt(WALL_MS)
        assert unit.evidence.adopt(WALL_MS) == 0
        (row,) = unit.evidence.standing([hashed_handle("phone", phone)])
        assert set(row.link.ends) == {member_handle(member), hashed_handle("phone", phone)}
        (membership,) = unit.evidence.memberships([member, fresh_id()])
        assert (membership.member, membership.may_join) == (str(member), None)


def test_pairs_wait_until_somebody_decides(any_units: Units) -> None:
    ann, bea = sorted(member_handle(fresh_id()) for _ in range(2))
    pair = Pair(fresh_id(), ann, bea, 0.91, {"name": 8.25, "phone": 0.0}, "splink/1")
    weak = Pair(fresh_id(), bea, USER, 0.85, {}, "splink/1")
    with any_units.begin(new_tenant(any_units)) as unit:
        run = Run(fresh_id(), "li", WALL_MS)
        assert unit.likenesses.ask_run(run)
        assert not unit.likenesses.ask_run(Run(fresh_id(), "wang", WALL_MS))
        unit.likenesses.save_pairs(run.run_id, [weak, pair], WALL_MS)
        done = replace(run, state="done", ended_ms=WALL_MS + 9, counts={"pairs": 2})
        unit.likenesses.save_run(done)
        assert unit.likenesses.runs(5) == (done,)
        assert unit.likenesses.pairs("open") == (
            replace(pair, made_ms=WALL_MS),
            replace(weak, made_ms=WALL_MS),
        )
        unit.likenesses.decide(pair.candidate_id, "apart", "li", WALL_MS + 1)
        again = Run(fresh_id(), "li", WALL_MS + 5)
        assert unit.likenesses.ask_run(again)
        found = replace(pair, candidate_id=fresh_id(), likely=0.95)
        unit.likenesses.save_pairs(again.run_id, [found], WALL_MS + 6)
        # Decided by a person: found again it is not asked again; one not found any more goes.
        assert unit.likenesses.pairs("open", "later") == ()
        decided = unit.likenesses.pair(pair.candidate_id)
        assert decided is not None
        assert (decided.state, decided.likely, decided.decided_by) == ("apart", 0.95, "li")
        assert unit.likenesses.pair(fresh_id()) is None


def test_members_can_be_compared(any_units: Units) -> None:
    here = new_tenant(any_units)
    box = new_box(any_units, here)
    person = Person()
    with any_units.begin(here) as unit:
        unit.movers.add_newcomers([newcomer(person, box.store)], WALL_MS)
        (record,) = unit.likenesses.records()
        assert (record.handle, record.name) == (member_handle(person.member), person.name)
        assert record.phone == person.phone_hash.hex()
