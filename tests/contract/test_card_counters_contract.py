"""What every `CardCounters` promises, shown on the fake and on the real file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.adapters.card_counters_sqlite import SqliteCardCounters
from edge_agent.ports.card_counters import CardCounters
from retail_core.tally import FaultTally
from tests.fakes.card_counters import FakeCardCounters

KEY = b"k" * 32
UID, OTHER = b"\x04" * 7, b"\x05" * 7


class CardCountersContract:
    @pytest.fixture
    def counters(self) -> Iterator[CardCounters] | CardCounters:
        raise NotImplementedError

    def test_a_card_never_seen_has_none(self, counters: CardCounters) -> None:
        assert counters.last(UID) is None

    def test_each_card_keeps_its_highest(self, counters: CardCounters) -> None:
        for uid, counter in ((UID, 0), (UID, 9), (OTHER, (1 << 24) - 1), (UID, 4)):
            counters.put(uid, counter)
        assert counters.last(UID) == 9
        assert counters.last(OTHER) == (1 << 24) - 1


class TestFakeCardCounters(CardCountersContract):
    @pytest.fixture
    def counters(self) -> CardCounters:
        return FakeCardCounters()


class TestSqliteCardCounters(CardCountersContract):
    @pytest.fixture
    def counters(self, tmp_path: Path) -> Iterator[CardCounters]:
        found = SqliteCardCounters(tmp_path / "cards.db", KEY)
        yield found
        found.close()

    def test_what_was_put_outlives_the_program(self, tmp_path: Path) -> None:
        path = tmp_path / "cards.db"
        first = SqliteCardCounters(path, KEY)
        first.put(UID, 7)
        # Another reader sees it on the disk while the first has not closed its file.
        second = SqliteCardCounters.opened_or_new(path, KEY, FaultTally())
        assert second.last(UID) == 7
        second.close()
        first.close()
        assert UID not in path.read_bytes()

    def test_a_damaged_file_is_put_aside_and_counted(self, tmp_path: Path) -> None:
        path = tmp_path / "cards.db"
        path.write_bytes(b"not a database at all" * 500)
        tally = FaultTally()
        fresh = SqliteCardCounters.opened_or_new(path, KEY, tally)
        assert fresh.last(UID) is None
        fresh.close()
        assert tally.snapshot() == {"D103": 1}
        assert path.with_name("cards.db.damaged").exists()
