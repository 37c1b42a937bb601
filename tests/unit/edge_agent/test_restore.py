"""What only this shop knows comes back from its journal."""

from edge_agent.domain.enrolment import EnrolCommand
from edge_agent.services.counter.pending_points import PendingPoints
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.line.restore import restore_unsynced
from edge_agent.services.members.enrol import Enrol
from edge_agent.services.members.members import Members
from retail_core.tally import FaultTally
from tests.factories.shop_floor import SHOP, make_draft, make_record
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.replica import FakeReplica

WANG = EnrolCommand("王芳", "13800138000", "zh", {"membership": True}, ("敏感肌",))
CARD = b"\x04card"


def enrolled(journal: FakeJournal, replica: FakeReplica) -> tuple[Enrol, Members]:
    clock = FakeClock()
    members = Members(
        replica,
        FakeCloudDirectory(),
        PendingPoints(journal),
        clock,
        FaultTally(),
        phone_hash_key=b"p" * 32,
        card_hash_key=b"c" * 32,
    )
    recorder = Recorder(journal)
    return Enrol(recorder, replica, members, clock, FakeIdSource(), SHOP, claim_base="x"), members


def test_a_lost_replica_gets_back_members_and_cards_the_cloud_does_not_know() -> None:
    journal, replica = FakeJournal(), FakeReplica()
    enrol, members = enrolled(journal, replica)
    member_id = enrol.execute(WANG).member_id
    enrol.bind_card(member_id, CARD)
    journal.append([make_draft(), make_draft(member=member_id)])
    before, lost = replica.member(member_id), FakeReplica()
    assert restore_unsynced(journal, lost, SHOP) == 2
    assert lost.member(member_id) == before
    assert lost.by_card(members.card_hash(CARD)) == before
    assert restore_unsynced(journal, lost, SHOP) == 0


def test_what_the_cloud_has_is_left_to_it() -> None:
    journal, replica = FakeJournal(), FakeReplica()
    enrol, _members = enrolled(journal, replica)
    enrol.execute(WANG)
    journal.mark_acked([(1, journal.next_seq() - 1)])
    assert restore_unsynced(journal, FakeReplica(), SHOP) == 0


def test_a_newer_record_is_kept_and_gets_the_card() -> None:
    journal, replica = FakeJournal(), FakeReplica()
    enrol, members = enrolled(journal, replica)
    member_id = enrol.execute(WANG).member_id
    enrol.bind_card(member_id, CARD)
    other = FakeReplica()
    other.put_member(member_id, 7, make_record(name="王小芳", cards=()))
    assert restore_unsynced(journal, other, SHOP) == 1
    held = other.member(member_id)
    assert held is not None
    assert (held.ver, held.record.name) == (7, "王小芳")
    assert held.record.cards == (members.card_hash(CARD),)
