"""Sales put together, looked at whole: every field of the till after the taps."""

from dataclasses import replace

import pytest

from retail_core.fusion.agreement import (
    Bars,
    Channel,
    Record,
    Score,
    after_receipt,
    score_of,
    wilson_permille,
)
from retail_core.fusion.basket import Confidence, FusedBasket, FusedLine, Stage
from retail_core.fusion.compare import Computed, Difference, Kind, Printed, differences
from retail_core.fusion.folding import PAIR_MS, QUANTITY_MAX, TillState, fold
from retail_core.fusion.taps import PrintedTotal, Scanned, Show, Shown, Tapped

SEEN, LIKELY, SURE = Confidence.SEEN, Confidence.LIKELY, Confidence.SURE
COLA = Scanned("690", 1_000, "S1", "可乐", unit_fen=300)
BREAD = Scanned("691", 20_000, "S2", "面包", unit_fen=550)
COLA_LINE = FusedLine(1, "690", "S1", "可乐", 1_000, 300, 300, 1_000, scanned=True)
BREAD_LINE = FusedLine(2, "691", "S2", "面包", 1_000, 550, 550, 20_000, scanned=True)


def after(*events: Tapped) -> TillState:
    """Return the till after these events, without what it heard."""
    state = TillState()
    for event in events:
        state = fold(state, event)
    assert state.heard == events
    return replace(state, heard=())


def show(kind: Show, amount: int | None, at: int) -> Shown:
    return Shown(kind, amount, at)


COLA_SHOWN = (COLA, show(Show.PRICE, 300, 1_080))
BREAD_SHOWN = (BREAD, show(Show.PRICE, 550, 20_080))


def test_a_scan_a_price_and_a_sum() -> None:
    assert after(COLA).now == FusedBasket((COLA_LINE,), 2, Stage.OPEN, 1_000, 1_000, 1_000)
    shown = replace(COLA_LINE, shown=True, confidence=LIKELY)
    assert after(*COLA_SHOWN).now == FusedBasket((shown,), 2, Stage.OPEN, 1_000, 1_080, 1_080)
    summed = after(*COLA_SHOWN, show(Show.SUBTOTAL, 300, 2_000))
    assert summed == TillState(
        FusedBasket(
            (replace(shown, confidence=SURE),), 2, Stage.OPEN, 1_000, 1_080, 2_000, 300, 2_000
        )
    )


def test_a_sale_is_paid_and_printed() -> None:
    paid = after(*COLA_SHOWN, show(Show.TOTAL, 300, 3_000), show(Show.CHANGE, 700, 6_000))
    line = replace(COLA_LINE, shown=True, confidence=SURE)
    basket = FusedBasket((line,), 2, Stage.PAID, 1_000, 1_080, 6_000, 300, 3_000, head=1)
    assert paid == TillState(paid=(basket,), ended_ms=6_000)
    printed = after(
        *COLA_SHOWN,
        show(Show.TOTAL, 300, 3_000),
        show(Show.CHANGE, 700, 6_000),
        PrintedTotal(300, 7_000),
    )
    done = replace(basket, stage=Stage.SETTLED, last_ms=7_000)
    assert printed == TillState(done=done, ended_ms=6_000)


def test_a_receipt_over_another_sum_says_what_was_printed() -> None:
    state = after(COLA, PrintedTotal(290, 3_000))
    basket = FusedBasket((COLA_LINE,), 2, Stage.SETTLED, 1_000, 1_000, 3_000, 290)
    assert state == TillState(done=basket, ended_ms=3_000)


def test_a_change_nobody_saw_parts_two_sales() -> None:
    state = after(
        *COLA_SHOWN,
        show(Show.TOTAL, 300, 3_000),
        *BREAD_SHOWN,
        show(Show.SUBTOTAL, 550, 20_090),
    )
    cola = replace(COLA_LINE, shown=True, confidence=LIKELY)
    bread = replace(BREAD_LINE, shown=True, confidence=SURE)
    before = FusedBasket((cola,), 3, Stage.PAID, 1_000, 20_080, 20_090, 300, 3_000, head=1)
    now = FusedBasket((bread,), 3, Stage.OPEN, 20_080, 20_080, 20_080, 550, 20_090)
    assert state == TillState(now, paid=(before,))


def test_a_sale_is_parked_and_taken_up_again() -> None:
    parting = (
        *COLA_SHOWN,
        show(Show.CLEAR, None, 3_000),
        *BREAD_SHOWN,
        show(Show.SUBTOTAL, 550, 20_090),
    )
    parked = after(*parting)
    cola = replace(COLA_LINE, shown=True, confidence=LIKELY)
    bread = replace(BREAD_LINE, shown=True, confidence=SURE)
    waits = FusedBasket((cola,), 3, Stage.OPEN, 1_000, 20_080, 20_090, None, None, head=1)
    now = FusedBasket((bread,), 3, Stage.OPEN, 20_080, 20_080, 20_080, 550, 20_090)
    assert parked == TillState(now, parked=(waits,))
    paid = (show(Show.TOTAL, 550, 21_000), show(Show.CHANGE, 0, 22_000))
    again = after(*parting, *paid, show(Show.SUBTOTAL, 300, 30_000))
    assert again.now == replace(waits, last_ms=30_000, shown_fen=300), "nothing new is sure"
    assert (again.parked, again.ended_ms) == ((), 22_000)
    joined = after(*parting, show(Show.SUBTOTAL, 850, 30_000))
    assert joined.now == FusedBasket(
        (cola, replace(bread, line=3)), 4, Stage.OPEN, 1_000, 20_080, 30_000, 850, 30_000, 1
    )


def test_a_sum_shown_again_after_the_total_makes_nothing_newly_sure() -> None:
    state = after(*COLA_SHOWN, show(Show.TOTAL, 300, 3_000), show(Show.SUBTOTAL, 300, 4_000))
    assert (state.now.shown_fen, state.now.sure_ms, state.now.last_ms) == (300, 3_000, 4_000)


def test_another_sum_leaves_a_doubt_for_good() -> None:
    state = after(*COLA_SHOWN, show(Show.SUBTOTAL, 310, 2_000))
    line = replace(COLA_LINE, shown=True, doubted=True, confidence=LIKELY)
    assert state.now == FusedBasket((line,), 2, Stage.OPEN, 1_000, 1_080, 2_000, 310)
    fits = after(*COLA_SHOWN, show(Show.SUBTOTAL, 310, 2_000), show(Show.SUBTOTAL, 300, 3_000))
    assert fits.now.lines == (line,), "it may fit by chance"


def test_a_price_shown_twice_leaves_no_line_and_no_certainty() -> None:
    state = after(*COLA_SHOWN, show(Show.PRICE, 300, 1_600), show(Show.SUBTOTAL, 300, 1_700))
    line = replace(COLA_LINE, shown=True, inferred=True, confidence=SEEN)
    assert state.now == FusedBasket((line,), 3, Stage.OPEN, 1_000, 1_600, 1_700, 300, 1_700)


@pytest.mark.parametrize("amount", [0, 1, 420])
def test_a_keyed_price_is_a_line_that_was_shown(amount: int) -> None:
    line = FusedLine(1, "", "", "", 1_000, amount, amount, 500, shown=True)
    now = FusedBasket((line,), 2, Stage.OPEN, 500, 500, 500)
    assert after(show(Show.PRICE, amount, 500)).now == now


@pytest.mark.parametrize(
    ("unit", "qty", "amount", "read_as"),
    [
        (300, 1_000, 600, (2_000, 600)),
        (300, 1_000, 300 * QUANTITY_MAX, (1_000 * QUANTITY_MAX, 300 * QUANTITY_MAX)),
        (300, 1_000, 300 * (QUANTITY_MAX + 1), (1_000, 300 * (QUANTITY_MAX + 1))),
        (300, 1_000, 500, (1_000, 500)),
        (300, 2_000, 900, (2_000, 900)),
        (None, 1_000, 50, (1_000, 50)),
        (0, 1_000, 50, (1_000, 50)),
    ],
)
def test_another_amount_is_a_quantity_or_a_price(
    unit: int | None, qty: int, amount: int, read_as: tuple[int, int]
) -> None:
    scan = Scanned("690", 1_000, "S1", "可乐", unit_fen=unit, qty_milli=qty)
    (line,) = after(scan, show(Show.PRICE, amount, 1_050)).now.lines
    assert (line.qty_milli, line.amount_fen) == read_as
    assert isinstance(line.qty_milli, int)
    assert (line.scanned, line.shown, line.inferred, line.confidence) == (True, True, True, SEEN)


def test_only_an_answer_in_time_and_of_the_amount_is_one() -> None:
    other = after(show(Show.PRICE, 420, 960), COLA)
    assert [(one.sku, one.shown, one.scanned) for one in other.now.lines] == [
        ("", True, False),
        ("S1", False, True),
    ]
    late = after(show(Show.PRICE, 300, 1_001 + PAIR_MS), COLA)
    assert len(late.now.lines) == 2
    heard_first = after(show(Show.PRICE, 300, 1_000 + PAIR_MS), COLA)
    (line,) = heard_first.now.lines
    assert (line.scanned, line.shown, line.confidence) == (True, True, LIKELY)
    before = after(show(Show.PRICE, 300, 999), COLA)
    assert len(before.now.lines) == 2, "an answer is never caught before its scan"


@pytest.mark.parametrize(
    ("sums", "sure"),
    [
        (((300, 1_000 + PAIR_MS),), True),
        (((300, 1_001 + PAIR_MS),), False),
        (((100, 1_100), (300, 1_200)), False),
    ],
)
def test_a_running_sum_answers_the_last_scan_in_time_and_by_what_it_grew(
    sums: tuple[tuple[int, int], ...], *, sure: bool
) -> None:
    state = after(COLA, *(show(Show.SUBTOTAL, fen, at) for fen, at in sums))
    assert (state.now.lines[0].confidence is SURE) is sure
    assert state.now.lines[0].shown is sure


def test_two_scans_and_one_sum_leave_the_last_one_open() -> None:
    second = replace(BREAD, mono_ms=1_500)
    state = after(COLA, second, show(Show.SUBTOTAL, 850, 1_600))
    assert [(one.shown, one.confidence) for one in state.now.lines] == [(False, SEEN)] * 2


def test_change_without_a_sale_ends_what_was_caught_before_it() -> None:
    assert after(show(Show.CHANGE, 0, 5_000)) == TillState(ended_ms=5_000)
    assert after(show(Show.CHANGE, 0, 5_000), COLA) == TillState(ended_ms=5_000)


class TestTillsScore:
    def test_each_result_is_kept_by_its_letter(self) -> None:
        record = Record()
        for agreed, ahead in ((True, True), (False, True), (True, False), (False, False)):
            record = after_receipt(record, Bars(), agreed=agreed, ahead=ahead)
        assert (record.results, record.seen, record.agreed) == ("ADad", 4, 2)
        assert score_of(record) == Score(4, 2, wilson_permille(2, 4))
        assert score_of(record, Channel.APPEND) == score_of(record)
        for ahead_only in (Channel.INJECT, Channel.DISPLAY):
            assert score_of(record, ahead_only) == Score(2, 1, wilson_permille(1, 2))

    @pytest.mark.parametrize(
        ("agreed", "seen", "permille"),
        [(1, 1, 206), (0, 1, 0), (1, 2, 94), (2, 2, 342), (0, 0, 0), (95, 100, 888)],
    )
    def test_wilsons_lower_end_of_few(self, agreed: int, seen: int, permille: int) -> None:
        assert wilson_permille(agreed, seen) == permille


class TestReceiptsThatDiffer:
    OURS = Computed("S1", "可乐", 2_000, 600, 540)

    @pytest.mark.parametrize(
        ("printed", "totals", "said"),
        [
            ((), (0, 0), [Difference(Kind.MISSING, "可乐", "S1", 540, None, 2_000, None)]),
            (
                (Printed("S1", "KL", 2_000, 500),),
                (0, 0),
                [Difference(Kind.PRICE, "可乐", "S1", 540, 500, 2_000, 2_000)],
            ),
            (
                (Printed("S1", "KL", 1_000, 540),),
                (0, 0),
                [Difference(Kind.QUANTITY, "可乐", "S1", 540, 540, 2_000, 1_000)],
            ),
            (
                (Printed("S1", "KL", 2_000, 600), Printed("S9", "茶", 1_000, 90)),
                (600, 690),
                [
                    Difference(Kind.EXTRA, "茶", "S9", None, 90, None, 1_000),
                    Difference(Kind.TOTAL, computed_fen=600, printed_fen=690),
                ],
            ),
            (
                (Printed("S1", "KL", 2_000, 540), Printed("", "?", 3_000, 90)),
                (540, 540),
                [Difference(Kind.UNKNOWN, "?", "", None, 90, None, 3_000)],
            ),
        ],
    )
    def test_a_difference_is_told_whole(
        self, printed: tuple[Printed, ...], totals: tuple[int, int], said: list[Difference]
    ) -> None:
        assert list(differences([self.OURS], printed, totals)) == said
