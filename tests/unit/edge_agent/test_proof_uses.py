"""A use is written down at once and journalled once, whatever ends the program in between."""

import pytest

from edge_agent.ports.journal import Draft, Record
from edge_agent.ports.used_proofs import ProofUse
from edge_agent.recognition.proofs import Proofs
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.members.proof_uses import KEEP_DEAD_S, ProofUses
from retail_core.errors import Fault
from retail_core.identity.assurance import Factor
from retail_core.identity.digit_code import DigitUse
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import ProofUsed
from tests.factories.counter import ALICE, MASTER_KEY, META_KEY, card_hash
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.used_proofs import FakeUsedProofs


class Run:
    """One run of the program over files that outlive it."""

    def __init__(self, store: FakeUsedProofs, journal: FakeJournal, seed: int = 0) -> None:
        self.clock = FakeClock()
        self.tally = FaultTally()
        self.uses = ProofUses(store, Recorder(journal), self.clock, FakeIdSource(seed), self.tally)
        self.caught_up = self.uses.catch_up(journal)
        self.proofs = Proofs(META_KEY, MASTER_KEY, card_hash, None, self.uses)
        self.now_s = self.clock.wall_ms // 1000
        self.code = DigitUse(ALICE.bytes, self.now_s // 30)

    def use(self) -> None:
        self.proofs.admit_code(Factor.DIGIT_CODE, self.code, ALICE, self.now_s)


@pytest.fixture
def store() -> FakeUsedProofs:
    return FakeUsedProofs()


@pytest.fixture
def journal() -> FakeJournal:
    return FakeJournal()


def told(journal: FakeJournal) -> list[Record]:
    return list(journal.records(type_=EventType.PROOF_USED))


def test_a_use_reaches_the_journal_with_its_member(
    store: FakeUsedProofs, journal: FakeJournal
) -> None:
    run = Run(store, journal)
    run.use()
    assert told(journal) == []
    run.uses.turn()
    (record,) = told(journal)
    assert record.draft.member == ALICE
    body = decode_body(record.draft.type, record.draft.body)
    assert body == ProofUsed("digit_code", run.code.proof)
    assert store.waiting() == ()


@pytest.mark.parametrize("journalled", [True, False])
def test_a_killed_program_lets_no_code_through_twice(
    store: FakeUsedProofs, journal: FakeJournal, *, journalled: bool
) -> None:
    first = Run(store, journal)
    first.use()
    if journalled:
        first.uses.turn()
    second = Run(store, journal, seed=1)
    assert second.caught_up == (0 if journalled else 1)
    with pytest.raises(Fault) as fault:
        second.use()
    assert fault.value.code == FaultCode.QR_REPLAYED
    if not journalled:
        second.uses.turn()
    assert len(told(journal)) == 1


def test_killed_between_journal_and_mark_it_is_told_once(
    store: FakeUsedProofs, journal: FakeJournal
) -> None:
    first = Run(store, journal)
    first.use()
    (use,) = store.all()
    journal.append([Draft(use.use_id, EventType.PROOF_USED, use.at, b"\x92\xa0\xa0")])
    assert Run(store, journal).caught_up == 0
    assert store.waiting() == ()


def test_several_uses_are_one_transaction(store: FakeUsedProofs, journal: FakeJournal) -> None:
    run = Run(store, journal)
    for step in range(3):
        run.proofs.admit_code(Factor.DIGIT_CODE, DigitUse(ALICE.bytes, step), ALICE, 0)
    run.uses.turn()
    assert len(told(journal)) == 3


def test_what_is_long_dead_is_forgotten(store: FakeUsedProofs, journal: FakeJournal) -> None:
    run = Run(store, journal)
    run.use()
    run.uses.turn()
    run.clock.advance((KEEP_DEAD_S + 120) * 1000)
    run.proofs.admit_code(Factor.DIGIT_CODE, DigitUse(ALICE.bytes, 9), ALICE, run.now_s)
    run.uses.turn()
    assert len(store.all()) <= 1
    assert run.code.proof not in {use.proof for use in store.all()}


class FullDisk(FakeUsedProofs):
    """A file that takes nothing."""

    def add(self, use: ProofUse) -> None:
        raise Fault(FaultCode.DISK_FULL)


def test_a_full_disk_is_counted_and_the_shop_goes_on(journal: FakeJournal) -> None:
    run = Run(FullDisk(), journal)
    run.use()
    assert run.tally.snapshot() == {FaultCode.DISK_FULL: 1}
    with pytest.raises(Fault):
        run.use()
    run.uses.turn()
    assert len(told(journal)) == 1


def test_a_use_the_journal_refused_is_tried_again(
    store: FakeUsedProofs, journal: FakeJournal
) -> None:
    run = Run(store, journal)
    run.use()
    journal.full = True
    with pytest.raises(Fault):
        run.uses.turn()
    journal.full = False
    run.uses.turn()
    assert len(told(journal)) == 1


def test_nothing_to_tell_is_no_fault(
    store: FakeUsedProofs, journal: FakeJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.services.members.proof_uses.WAIT_S", 0.001)
    Run(store, journal).uses.turn()
    assert told(journal) == []
