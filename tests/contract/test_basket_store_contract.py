"""What every store of baskets does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.adapters.baskets_sqlite import SqliteBaskets
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.domain.basket import BasketItem, BasketState, CounterBasket, ShownPrice, Wish
from edge_agent.domain.sale import AskedLine
from edge_agent.ports.basket_store import BasketStore
from edge_agent.ports.journal import Journal, StoredAnswer
from retail_core.clock import Instant, TimeQuality
from retail_core.tally import FaultTally
from tests.factories.shop_floor import make_draft
from tests.fakes.basket_store import FakeBasketStore
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal

KEY = b"k" * 32
OPENED = Instant(1_795_000_000_000, 5_000, UUID(int=9), TimeQuality.SYNCED)
BASKET = CounterBasket(UUID(int=1), "a", UUID(int=2), OPENED, 20261122)
FULL = replace(
    BASKET,
    basket_id=UUID(int=7),
    rev=4,
    state=BasketState.PARKED,
    name="红衣服的女士",
    items=(BasketItem(3, AskedLine("milk", "", 2_500, 12_800, "牛奶")),),
    next_line=4,
    member_id=UUID(int=3),
    wish=Wish(100, (UUID(int=4),)),
    operator=UUID(int=5),
    training=True,
    shown=ShownPrice(12_800, 3, 1),
    receipt_id=UUID(int=6),
)
ANSWER = StoredAnswer(b"h" * 32, 200, b"{}")

Stores = tuple[Journal, BasketStore]


class BasketStoreContract:
    """The suite; a subclass provides `stores`."""

    def test_gives_back_what_was_put_in_oldest_first(self, stores: Stores) -> None:
        _, store = stores
        store.keep(FULL)
        store.keep(replace(BASKET, name="first"))
        store.keep(BASKET)
        assert store.load() == (BASKET, FULL)

    def test_keeps_the_answer_with_the_basket_and_forgets_both(self, stores: Stores) -> None:
        _, store = stores
        store.keep(BASKET, ("key", ANSWER))
        store.keep(FULL, ("other", ANSWER))
        assert (store.answer("key"), store.answer("none")) == (ANSWER, None)
        store.forget([BASKET.basket_id])
        assert (store.load(), store.answer("key")) == ((FULL,), None)
        assert store.answer("other") == ANSWER

    def test_changes_together_with_the_journal_or_not_at_all(self, stores: Stores) -> None:
        journal, store = stores
        store.keep(BASKET)
        over = replace(BASKET, state=BasketState.COMMITTED)
        store.change(over)
        assert store.load() == (BASKET,)
        journal.append([make_draft()], beside=store.change(over))
        assert (store.load(), journal.next_seq()) == ((over,), 2)


class TestFakeBasketStore(BasketStoreContract):
    @pytest.fixture
    def stores(self) -> Stores:
        return FakeJournal(), FakeBasketStore()


class TestSqliteBaskets(BasketStoreContract):
    @pytest.fixture
    def stores(self, tmp_path: Path) -> Iterator[Stores]:
        journal = SqliteJournal(tmp_path / "journal.db", KEY, FakeIdSource())
        yield journal, SqliteBaskets(journal.file, FaultTally())
        journal.close()

    def test_survives_a_restart_and_passes_over_what_it_cannot_read(self, tmp_path: Path) -> None:
        path, tally = tmp_path / "journal.db", FaultTally()
        journal = SqliteJournal(path, KEY, FakeIdSource())
        store = SqliteBaskets(journal.file, tally)
        store.keep(FULL, ("key", ANSWER))
        with journal.file.transaction() as db:
            db.execute("INSERT INTO basket VALUES (x'00', x'c1')")
        journal.close()
        again = SqliteJournal(path, KEY, FakeIdSource())
        store = SqliteBaskets(again.file, tally)
        assert (store.load(), store.answer("key")) == ((FULL,), ANSWER)
        assert tally.snapshot() == {"A130": 1}
        again.close()
