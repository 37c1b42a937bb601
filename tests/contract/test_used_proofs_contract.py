"""What every `UsedProofs` promises, shown on the fake and on the real file."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.adapters.used_proofs_sqlite import SqliteUsedProofs
from edge_agent.ports.used_proofs import ProofUse, UsedProofs
from retail_core.identity.assurance import Factor
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.fakes.clock import FakeClock
from tests.fakes.used_proofs import FakeUsedProofs

KEY = b"k" * 32


def use(number: int, dead_after_s: int = 100) -> ProofUse:
    """One use."""
    return ProofUse(
        UUID(int=number), Factor.MEMBER_CODE, bytes([number]) * 32, UUID(int=7), dead_after_s,
        FakeClock().now(),
    )  # fmt: skip


class UsedProofsContract:
    @pytest.fixture
    def store(self) -> UsedProofs:
        raise NotImplementedError

    def test_keeps_uses_in_order_and_each_once(self, store: UsedProofs) -> None:
        assert store.all() == ()
        for one in (use(2), use(1), use(2)):
            store.add(one)
        assert store.all() == (use(2), use(1))

    def test_knows_which_are_told(self, store: UsedProofs) -> None:
        store.add(use(1))
        store.add(use(2))
        store.told([use(1).use_id])
        assert store.waiting() == (use(2),)
        assert store.all() == (use(1), use(2))

    def test_forgets_the_dead_that_are_told(self, store: UsedProofs) -> None:
        for one in (use(1, 99), use(2, 100), use(3, 99)):
            store.add(one)
        store.told([use(1).use_id, use(2).use_id])
        assert store.drop_dead(100) == 1
        assert store.all() == (use(2, 100), use(3, 99))
        assert store.drop_dead(100) == 0


class TestFakeUsedProofs(UsedProofsContract):
    @pytest.fixture
    def store(self) -> UsedProofs:
        return FakeUsedProofs()


class TestSqliteUsedProofs(UsedProofsContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[UsedProofs]:
        store = SqliteUsedProofs(tmp_path / "proofs.db", KEY)
        yield store
        store.close()

    def test_a_restart_finds_them(self, tmp_path: Path) -> None:
        store = SqliteUsedProofs(tmp_path / "proofs.db", KEY)
        store.add(use(1))
        store.close()
        store.close()
        again = SqliteUsedProofs(tmp_path / "proofs.db", KEY)
        assert again.all() == again.waiting() == (use(1),)
        again.close()

    def test_a_damaged_file_is_put_aside(self, tmp_path: Path) -> None:
        path, tally = tmp_path / "proofs.db", FaultTally()
        path.write_bytes(b"no database" * 1_000)
        store = SqliteUsedProofs.opened_or_new(path, KEY, tally)
        assert store.all() == ()
        store.close()
        assert (tmp_path / "proofs.db.damaged").exists()
        assert tally.snapshot() == {FaultCode.DISK_DOCUMENT_CORRUPT: 1}
        SqliteUsedProofs.opened_or_new(path, KEY, tally).close()
        assert tally.snapshot() == {FaultCode.DISK_DOCUMENT_CORRUPT: 1}
