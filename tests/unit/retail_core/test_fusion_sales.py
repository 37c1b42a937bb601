"""Sales as they happen at a counter, each tap at its own time."""

from retail_core.fusion.basket import Confidence, Stage
from retail_core.fusion.folding import (
    CARRY_MS,
    IDLE_MS,
    PAID_MS,
    PAIR_MS,
    PARKED_MS,
    TillState,
    expired,
    fold,
)
from retail_core.fusion.taps import PrintedTotal, Scanned, Show, Shown, Tapped

COLA, BREAD = ("690", "S1", 300), ("691", "S2", 550)


def scan(article: tuple[str, str, int], at: int, **more: int) -> Scanned:
    """Scan an article."""
    code, sku, unit = article
    return Scanned(code, at, sku, sku, unit_fen=unit, **more)


def show(kind: Show, amount: int | None, at: int) -> Shown:
    """Show something."""
    return Shown(kind, amount, at)


def fused(*events: Tapped, state: TillState | None = None) -> TillState:
    """Put events together."""
    state = state or TillState()
    for event in events:
        state = fold(state, event)
    return state


def known(state: TillState) -> list[tuple[str, int, int | None, Confidence]]:
    """Return the lines in short."""
    return [(one.sku, one.qty_milli, one.amount_fen, one.confidence) for one in state.now.lines]


SEEN, LIKELY, SURE = Confidence.SEEN, Confidence.LIKELY, Confidence.SURE


def test_a_line_grows_surer_with_each_tap() -> None:
    state = fused(scan(COLA, 0))
    assert known(state) == [("S1", 1000, 300, SEEN)]
    state = fused(show(Show.PRICE, 300, 80), state=state)
    assert known(state) == [("S1", 1000, 300, LIKELY)]
    state = fused(show(Show.SUBTOTAL, 300, 90), state=state)
    assert known(state) == [("S1", 1000, 300, SURE)]
    assert state.now.agrees
    state = fused(scan(BREAD, 2_000), state=state)
    assert known(state) == [("S1", 1000, 300, LIKELY), ("S2", 1000, 550, SEEN)]
    assert not state.now.agrees


def test_a_running_sum_alone_answers_each_scan() -> None:
    state = fused(
        scan(COLA, 0),
        show(Show.SUBTOTAL, 300, 80),
        scan(BREAD, 2_000),
        show(Show.SUBTOTAL, 850, 2_080),
    )
    assert [one[-1] for one in known(state)] == [SURE, SURE]


def test_the_quantity_key_is_inferred_and_never_sure() -> None:
    state = fused(scan(COLA, 0), show(Show.PRICE, 900, 80), show(Show.SUBTOTAL, 900, 90))
    assert known(state) == [("S1", 3000, 900, SEEN)]


def test_another_price_on_the_display_is_the_tills_price() -> None:
    state = fused(scan(COLA, 0), show(Show.PRICE, 250, 80))
    assert known(state) == [("S1", 1000, 250, SEEN)]


def test_a_label_of_a_scale_says_its_own_amount() -> None:
    state = fused(scan(COLA, 0, qty_milli=732, amount_fen=1245), show(Show.PRICE, 1245, 50))
    assert known(state) == [("S1", 732, 1245, LIKELY)]
    by_weight = fused(scan(COLA, 0, qty_milli=1500))
    assert known(by_weight) == [("S1", 1500, 450, SEEN)]


def test_a_void_takes_its_line_out() -> None:
    state = fused(
        scan(COLA, 0), show(Show.PRICE, 300, 80), scan(BREAD, 2_000), show(Show.PRICE, 550, 2_080),
        show(Show.PRICE, -300, 5_000), show(Show.SUBTOTAL, 550, 5_010),
    )  # fmt: skip
    assert known(state) == [("S2", 1000, 550, SURE)]
    assert known(fused(show(Show.PRICE, -999, 6_000), state=state))[0][-1] is LIKELY


def test_a_price_nobody_scanned_is_a_line_of_its_own() -> None:
    state = fused(show(Show.PRICE, 420, 0))
    assert known(state) == [("", 1000, 420, SEEN)]


def test_a_price_shown_twice_goes_when_the_sum_says_so() -> None:
    state = fused(
        scan(COLA, 0), show(Show.PRICE, 300, 80), show(Show.PRICE, 300, 600),
        show(Show.SUBTOTAL, 300, 700),
    )  # fmt: skip
    assert known(state) == [("S1", 1000, 300, SEEN)]


def test_a_code_the_till_refused_keeps_all_from_being_sure() -> None:
    state = fused(
        scan(COLA, 0), show(Show.PRICE, 300, 80), scan(BREAD, 2_000),
        show(Show.SUBTOTAL, 300, 4_000),
    )  # fmt: skip
    assert [one[-1] for one in known(state)] == [LIKELY, SEEN]
    by_chance = fused(show(Show.SUBTOTAL, 850, 5_000), state=state)
    assert [one[-1] for one in known(by_chance)] == [LIKELY, SEEN]


def test_a_sale_is_paid_printed_and_the_next_begins_meanwhile() -> None:
    state = fused(
        scan(COLA, 0), show(Show.PRICE, 300, 80), show(Show.TOTAL, 300, 3_000),
    )  # fmt: skip
    assert state.now.stage is Stage.PAYING
    state = fused(show(Show.RECEIVED, 1_000, 5_000), show(Show.CHANGE, 700, 6_000), state=state)
    assert (state.now.lines, len(state.paid)) == ((), 1)
    state = fused(scan(BREAD, 7_000), PrintedTotal(300, 7_500), state=state)
    assert state.done is not None
    assert (state.done.stage, state.done.sum_fen) == (Stage.SETTLED, 300)
    assert known(state) == [("S2", 1000, 550, SEEN)]
    late = fused(scan(COLA, 5_500), state=state)
    assert late.now == state.now


def test_without_a_display_the_receipt_takes_its_own_lines_and_leaves_the_rest() -> None:
    state = fused(scan(COLA, 0), scan(BREAD, 9_000), PrintedTotal(300, 10_000))
    assert state.done is not None
    assert state.done.sum_fen == 300
    assert known(state) == [("S2", 1000, 550, SEEN)]
    old = fused(scan(COLA, 0), scan(BREAD, 1_000), PrintedTotal(300, 2_000 + CARRY_MS))
    assert old.done is not None
    assert old.done.sum_fen == 850
    assert old.now.lines == ()


def test_a_receipt_nobody_heard_of_settles_an_empty_sale() -> None:
    state = fused(PrintedTotal(300, 1_000))
    assert state.done is not None
    assert state.done.lines == ()


def test_a_parked_sale_is_taken_up_again() -> None:
    parked = fused(
        scan(COLA, 0), show(Show.PRICE, 300, 80), show(Show.CLEAR, None, 3_000),
        scan(BREAD, 5_000), show(Show.PRICE, 550, 5_080), show(Show.SUBTOTAL, 550, 5_090),
    )  # fmt: skip
    assert known(parked) == [("S2", 1000, 550, SURE)]
    assert [one.sum_fen for one in parked.parked] == [300]
    paid = fused(show(Show.TOTAL, 550, 6_000), show(Show.CHANGE, 0, 7_000), state=parked)
    again = fused(show(Show.SUBTOTAL, 300, 9_000), state=paid)
    assert [one[0] for one in known(again)] == ["S1"]
    assert again.parked == ()


def test_a_change_nobody_saw_parts_two_sales_by_their_sums() -> None:
    state = fused(
        scan(COLA, 0), show(Show.PRICE, 300, 80), show(Show.TOTAL, 300, 2_000),
        scan(BREAD, 20_000), show(Show.PRICE, 550, 20_080), show(Show.SUBTOTAL, 550, 20_090),
    )  # fmt: skip
    assert known(state) == [("S2", 1000, 550, SURE)]
    assert [one.stage for one in state.paid] == [Stage.PAID]


def test_a_till_that_clears_its_display_to_write_parks_nothing() -> None:
    state = fused(
        scan(COLA, 0), show(Show.CLEAR, None, 50), show(Show.PRICE, 300, 80),
        scan(BREAD, 2_000), show(Show.CLEAR, None, 2_050), show(Show.PRICE, 550, 2_080),
        show(Show.SUBTOTAL, 850, 2_090),
    )  # fmt: skip
    assert [one[-1] for one in known(state)] == [SURE, SURE]


def test_what_nobody_comes_back_for_is_forgotten() -> None:
    state = fused(scan(COLA, 0))
    assert expired(state, IDLE_MS).now.lines
    gone = expired(state, IDLE_MS + 1)
    assert gone.now.lines == ()
    paid = fused(show(Show.CHANGE, 0, 100), state=state)
    assert len(expired(paid, 100 + PAID_MS).paid) == 1
    assert expired(paid, 101 + PAID_MS).paid == ()
    parked = TillState(parked=(state.now,))
    assert expired(parked, PARKED_MS).parked
    assert expired(parked, PARKED_MS + 1).parked == ()


def test_an_answer_that_comes_too_late_answers_nothing() -> None:
    state = fused(scan(COLA, 0), show(Show.PRICE, 300, PAIR_MS + 1))
    assert [one[-1] for one in known(state)] == [SEEN, SEEN]
    heard_first = fused(show(Show.PRICE, 300, 80), scan(COLA, 0))
    assert known(heard_first) == [("S1", 1000, 300, LIKELY)]


def test_a_sale_begins_with_its_first_scan_and_waits_as_paid() -> None:
    state = fused(scan(COLA, 1_000), scan(BREAD, 1_500), show(Show.RECEIVED, 1_000, 2_000))
    now = state.now
    assert (now.stage, now.began_ms, now.changed_ms, now.last_ms) == (
        Stage.PAYING, 1_000, 1_500, 1_500,
    )  # fmt: skip
    assert ([one.line for one in now.lines], now.next_line, now.head) == ([1, 2], 3, 2)
    state = fused(show(Show.CHANGE, 150, 3_000), state=state)
    (paid,) = state.paid
    assert (paid.stage, paid.last_ms, state.ended_ms, state.now.lines) == (
        Stage.PAID, 3_000, 3_000, (),
    )  # fmt: skip


def test_what_was_scanned_behind_the_receipt_begins_where_it_was_scanned() -> None:
    state = fused(scan(COLA, 1_000), scan(BREAD, 5_000), PrintedTotal(300, 5_100))
    assert state.done is not None
    assert [one.sku for one in state.done.lines] == ["S1"]
    now = state.now
    assert ([one.sku for one in now.lines], now.began_ms, now.next_line) == (["S2"], 5_000, 3)
    state = fused(PrintedTotal(550, 9_000), state=state)
    assert (state.now.lines, state.ended_ms) == ((), 9_000)


def test_a_parked_sale_taken_up_numbers_its_new_lines_behind_its_own() -> None:
    parked = fused(scan(COLA, 1_000), show(Show.CLEAR, None, 2_000))
    other = fused(scan(BREAD, 9_000), show(Show.SUBTOTAL, 550, 9_100), state=parked)
    assert [one.sku for one in other.parked[0].lines] == ["S1"]
    assert (other.parked[0].last_ms, other.now.shown_fen, other.now.stage) == (
        9_100,
        550,
        Stage.OPEN,
    )
    back = fused(show(Show.SUBTOTAL, 850, 12_000), state=other)
    assert [one.line for one in back.now.lines] == [1, 3], "2 was given before they parted"
    assert (back.now.next_line, back.now.head, back.parked) == (4, 1, ())
    late = expired(other, 9_100 + PARKED_MS)
    assert late.parked == other.parked
    assert expired(other, 9_101 + PARKED_MS).parked == ()
