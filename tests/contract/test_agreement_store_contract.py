"""What every `AgreementStore` promises, shown on the fake and on the real file."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.adapters.agreement_sqlite import SqliteAgreement
from edge_agent.domain.agreement import DayCount, Example, Override, TillTrust
from edge_agent.ports.agreement_store import EXAMPLES_KEPT, AgreementStore
from retail_core.fusion.agreement import Channel, Record, Standing
from retail_core.fusion.compare import Difference, Kind
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.fakes.agreement_store import FakeAgreementStore
from tests.fakes.clock import FakeClock

KEY = b"k" * 32
TILL, OTHER = UUID(int=1), UUID(int=2)
TRUST = TillTrust(
    Record("AADa", {Channel.APPEND: Standing.EARNED}, 4, 3),
    {"price": 1},
    (DayCount(20261122, 4, 3),),
    (Override(Channel.INJECT, True, 5, UUID(int=9), FakeClock().now()),),  # noqa: FBT003
    told=2,
)


def example(number: int) -> Example:
    """One difference."""
    return Example(TILL, number, Difference(Kind.PRICE, "可乐", "S1", 300, 350, 1000, 1000))


class AgreementStoreContract:
    @pytest.fixture
    def store(self) -> AgreementStore:
        raise NotImplementedError

    def test_keeps_a_record_for_each_till(self, store: AgreementStore) -> None:
        assert store.load() == {}
        store.keep(TILL, TillTrust())
        store.keep(TILL, TRUST)
        store.keep(OTHER, TillTrust(told=1))
        assert store.load() == {TILL: TRUST, OTHER: TillTrust(told=1)}

    def test_keeps_the_last_examples_of_each_till(self, store: AgreementStore) -> None:
        for number in range(EXAMPLES_KEPT):
            store.keep(TILL, TRUST, [example(2 * number), example(2 * number + 1)])
        store.keep(OTHER, TRUST)
        last = 2 * EXAMPLES_KEPT - 1
        found = store.examples(TILL)
        assert found == tuple(example(last - back) for back in range(EXAMPLES_KEPT))
        assert store.examples(OTHER) == ()


class TestFakeAgreementStore(AgreementStoreContract):
    @pytest.fixture
    def store(self) -> AgreementStore:
        return FakeAgreementStore()


class TestSqliteAgreement(AgreementStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[AgreementStore]:
        store = SqliteAgreement(tmp_path / "agreement.db", KEY, FaultTally())
        yield store
        store.close()

    def test_a_restart_finds_it(self, tmp_path: Path) -> None:
        path = tmp_path / "agreement.db"
        store = SqliteAgreement(path, KEY, FaultTally())
        store.keep(TILL, TRUST, [example(1)])
        store.close()
        store.close()
        again = SqliteAgreement.opened_or_new(path, KEY, FaultTally())
        assert again.load() == {TILL: TRUST}
        assert again.examples(TILL) == (example(1),)
        again.close()

    def test_a_damaged_file_is_put_aside_and_nothing_is_trusted(self, tmp_path: Path) -> None:
        path, tally = tmp_path / "agreement.db", FaultTally()
        path.write_bytes(b"no database" * 1_000)
        store = SqliteAgreement.opened_or_new(path, KEY, tally)
        assert store.load() == {}
        store.close()
        assert (tmp_path / "agreement.db.damaged").exists()
        assert tally.snapshot() == {FaultCode.DISK_DOCUMENT_CORRUPT: 1}

    def test_a_record_of_another_program_is_counted_and_begins_anew(self, tmp_path: Path) -> None:
        path, tally = tmp_path / "agreement.db", FaultTally()
        store = SqliteAgreement(path, KEY, tally)
        store.keep(TILL, TRUST)
        with store._file.transaction() as db:
            db.execute("UPDATE trust SET trust = x'c1'")
        assert store.load() == {}
        assert tally.snapshot() == {FaultCode.DISK_DOCUMENT_CORRUPT: 1}
        store.close()
