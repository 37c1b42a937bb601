"""How far back a box looks for a sale that is told again, and what it keeps in mind."""

from collections.abc import Mapping
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.domain.sale import SaleCommand
from edge_agent.services.counter import sold_again
from edge_agent.services.counter.receipts import ReceiptBook
from edge_agent.services.counter.sold_again import FIRST_LOOK, SoldAgain
from retail_core.checkout.basket import BasketLine
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.shop_floor import SOAP, make_draft, make_sale
from tests.fakes.clock import BOOT
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.journal import FakeJournal

DAY = 20_260_731
LINE = BasketLine(1, SOAP.sku, SOAP.article_id, SOAP.name, 1_990, 1_000)
OLDER: Mapping[str, object] = {"business_date": DAY - 1}


class Counter:
    """A journal with sales of one soap in it, and who knows them again."""

    def __init__(self) -> None:
        self.journal = FakeJournal()
        self.till: UUID | None = None
        self.again = SoldAgain(self.journal, ReceiptBook(self.journal, FakeCloudDirectory()))

    def sold(self, number: str, **changes: object) -> UUID:
        sale = msgspec.structs.replace(make_sale(), till_receipt_no=number, **changes)
        draft = make_draft(sale=sale)
        self.till = draft.till
        self.again.recorded(self.journal.append([draft], answer=lambda _seq: None))
        return UUID(bytes=sale.receipt_id)

    def told(self, number: str, day: int | UUID = DAY, fen: int = 1_990) -> UUID | None:
        """The first receipt of which this one is a repetition."""
        if self.till is None:
            return None
        command = SaleCommand(self.till, number, (), (("cash", fen),))
        try:
            self.again.refuse(command, [LINE], day)
        except Fault as fault:
            told = fault.code is FaultCode.SALE_TOLD_AGAIN
            return UUID(str(fault.fields["receipt"])) if told else UUID(int=0)
        return None


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.mark.parametrize("before", [0, 1, FIRST_LOOK, 3 * FIRST_LOOK])
def test_the_whole_newest_day_is_looked_through(counter: Counter, before: int) -> None:
    counter.sold("1", **OLDER)
    first = counter.sold("1")
    for number in range(before):
        counter.sold(f"x{number}")
    assert counter.told("1") == first
    assert counter.told("2") is None


def test_what_comes_after_the_first_question_is_known_too(counter: Counter) -> None:
    counter.sold("1")
    assert counter.told("2") is None
    second = counter.sold("2")
    assert counter.told("2") == second
    assert counter.told("2", DAY + 1) is None


def test_sales_without_a_number_are_never_repetitions(counter: Counter) -> None:
    counter.sold("")
    assert counter.told("") is None


def test_while_the_clock_is_unknown_a_day_is_a_boot(counter: Counter) -> None:
    first = counter.sold("1", business_date=None)
    assert counter.told("1", BOOT) == first
    assert counter.told("1", UUID(int=9)) is None
    assert counter.told("1") is None


def test_no_more_is_kept_than_fits(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sold_again, "KEPT_MAX", 3)
    kept = [counter.sold(str(number)) for number in range(5)]
    assert [counter.told(str(number)) for number in range(5)] == [None, None, *kept[2:]]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["1", "2", ""]), st.sampled_from([100, 200])), max_size=12)
)
def test_whatever_tills_tell_what_was_paid_stands_in_the_books(
    tells: list[tuple[str, int]],
) -> None:
    """What is refused names a booked receipt of the same number and the same money."""
    counter, booked = Counter(), dict[UUID, tuple[str, int]]()
    for number, fen in tells:
        first = counter.told(number, fen=fen)
        if first is None:
            booked[counter.sold(number, tenders=(("cash", fen),))] = number, fen
        else:
            assert booked[first] == (number, fen)
    told = {one for one in tells if one[0]}
    unnumbered = sum(not number for number, _ in tells)
    assert sorted(booked.values()) == sorted([*told, *(one for one in tells if not one[0])])
    assert len(booked) == len(told) + unnumbered
