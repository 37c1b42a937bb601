"""Whatever becomes of the taps' events, no line is sure that the till did not have.

The till of these tests keeps the truth: what was rung up, voided, parked. Its prices are chosen so
that a sum tells what it is the sum of (each article is worth more than all smaller ones together):
where two baskets cost the same, and just the event that tells them apart is lost, nobody can know.
Then the amounts are still right, which the second law says. Events get lost, come twice, come late.
"""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.fusion.basket import Confidence, FusedBasket
from retail_core.fusion.folding import (
    HEARD_MAX,
    PAID_MAX,
    PARKED_MAX,
    TillState,
    fold,
)
from retail_core.fusion.taps import PrintedTotal, Scanned, Show, Shown, Tapped
from retail_core.limits import LINES_MAX

BASE = 30
PRICES = [BASE**power for power in range(5)]
OVERRIDE_FEN = 12 * BASE**5
KEYED_FEN = BASE**7
STEP_MS = 1_100

Line = tuple[str, int, int]
"""Code, quantity in thousandths, amount in fen."""


@dataclass
class Till:
    """The truth, and what its taps say of it; `truth` is what was in the basket when."""

    mono_ms: int = 1_000
    lines: list[Line] = field(default_factory=list)
    parked: list[Line] = field(default_factory=list)
    said: list[Tapped] = field(default_factory=list)
    truth: dict[int, tuple[Line, ...]] = field(default_factory=dict)
    overridden: bool = False

    def act(self, kind: str, which: int) -> None:
        """Do one thing at the till."""
        self.mono_ms += STEP_MS
        getattr(self, kind)(which)
        self.truth[self.mono_ms] = tuple(self.lines)

    def scan(self, which: int) -> None:
        self._ring(which, 1)

    def several(self, which: int) -> None:
        self._ring(which, 2 + which % 2)

    def refused(self, which: int) -> None:
        """Scan what the till does not know: it beeps, and nothing is rung up."""
        self.said.append(self._scanned(which))

    def keyed(self, which: int) -> None:
        """Key an article's price by hand."""
        if len(self.lines) < 8:
            self.lines.append(("", 1000, KEYED_FEN))
            self._show(Show.PRICE, KEYED_FEN)

    def keyed_alike(self, which: int) -> None:
        """Key by hand what an article costs too."""
        if len(self.lines) < 8:
            self.lines.append(("", 1000, PRICES[which]))
            self._show(Show.PRICE, PRICES[which])

    def price(self, which: int) -> None:
        """Sell the next article at another price, once a sale."""
        if self.overridden or len(self.lines) >= 8:
            return
        self.overridden = True
        self.said.append(self._scanned(which))
        amount = OVERRIDE_FEN + PRICES[which]
        self.lines.append((f"69{which}", 1000, amount))
        self._show(Show.PRICE, amount)

    def void(self, which: int) -> None:
        if self.lines:
            _, _, amount = self.lines.pop(which % len(self.lines))
            self._show(Show.PRICE, -amount)

    def park(self, _: int) -> None:
        if self.lines and not self.parked:
            self.parked, self.lines = self.lines, []
            self._show(Show.CLEAR, None, running=False)

    def recall(self, _: int) -> None:
        if self.parked and not self.lines:
            self.lines, self.parked = self.parked, []
            self._show(Show.CLEAR, None)

    def pay(self, _: int) -> None:
        if not self.lines:
            return
        total = sum(amount for _, _, amount in self.lines)
        self._show(Show.TOTAL, total, running=False)
        self.truth[self.mono_ms] = tuple(self.lines)
        self._show(Show.CHANGE, 0, running=False)
        self.truth[self.mono_ms] = tuple(self.lines)
        self.mono_ms += 10
        self.said.append(PrintedTotal(total, self.mono_ms))
        self.lines, self.overridden = [], False

    def _ring(self, which: int, times: int) -> None:
        if len(self.lines) >= 8:
            return
        self.said.append(self._scanned(which))
        amount = times * PRICES[which]
        self.lines.append((f"69{which}", 1000 * times, amount))
        self._show(Show.PRICE, amount)

    def _scanned(self, which: int) -> Scanned:
        return Scanned(f"69{which}", self.mono_ms, f"S{which}", unit_fen=PRICES[which])

    def _show(self, kind: Show, amount: int | None, *, running: bool = True) -> None:
        self.mono_ms += 10
        self.said.append(Shown(kind, amount, self.mono_ms))
        if running:
            self.mono_ms += 10
            total = sum(amount for _, _, amount in self.lines)
            self.said.append(Shown(Show.SUBTOTAL, total, self.mono_ms))


KINDS = ("scan", "scan", "scan", "several", "refused", "keyed", "price", "void", "park", "recall")
ACTIONS = st.lists(
    st.tuples(st.sampled_from((*KINDS, "pay")), st.integers(0, len(PRICES) - 1)), max_size=30
)


def rung_up(actions: list[tuple[str, int]]) -> Till:
    """Ring up a day."""
    till = Till()
    for kind, which in actions:
        till.act(kind, which)
    return till


def check_sure(till: Till, now: FusedBasket, *, alike: bool) -> None:
    """Check that sure lines were in the till's basket when the sum was shown that made them so."""
    sure = [one for one in now.lines if one.confidence is Confidence.SURE]
    if not sure or now.sure_ms is None:
        return
    at = min(moment for moment in till.truth if moment >= now.sure_ms)
    true: Counter[object] = Counter(line[2:] if alike else line for line in till.truth[at])
    known = ((one.code, one.qty_milli, one.amount_fen) for one in sure)
    assert Counter(line[2:] if alike else line for line in known) <= true


def heard_badly(till: Till, data: st.DataObject) -> list[Tapped]:
    """Lose, repeat and delay what the taps said."""
    fate = st.sampled_from(("heard", "heard", "heard", "lost", "twice", "late"))
    count = len(till.said)
    fates = data.draw(st.lists(fate, min_size=count, max_size=count))
    heard: list[tuple[int, int, Tapped]] = []
    for place, (event, fate_of) in enumerate(zip(till.said, fates, strict=True)):
        late = 2 + place % 3 if fate_of == "late" else 0
        if fate_of != "lost":
            heard.append((place + late, place, event))
        if fate_of == "twice":
            heard.append((place + 1 + place % 4, place, event))
    return [event for _, _, event in sorted(heard, key=lambda one: one[:2])]


def check(till: Till, events: list[Tapped], *, alike: bool = False) -> None:
    """Put events together; at each step the laws hold and nothing grows without a bound."""
    state = TillState()
    for event in events:
        state = fold(state, event)
        check_sure(till, state.now, alike=alike)
        assert len(state.now.lines) <= LINES_MAX
        assert len(state.paid) <= PAID_MAX
        assert len(state.parked) <= PARKED_MAX
        assert len(state.heard) <= HEARD_MAX
        numbers = [one.line for one in state.now.lines]
        assert len(set(numbers)) == len(numbers)


@settings(max_examples=250, deadline=None)
@given(ACTIONS, st.data())
def test_no_line_is_sure_that_the_till_did_not_have(
    actions: list[tuple[str, int]], data: st.DataObject
) -> None:
    till = rung_up(actions)
    check(till, heard_badly(till, data))


@settings(max_examples=100, deadline=None)
@given(ACTIONS, st.data())
def test_amounts_are_right_also_where_goods_cost_the_same(
    actions: list[tuple[str, int]], data: st.DataObject
) -> None:
    alike = [("keyed_alike" if kind == "keyed" else kind, which) for kind, which in actions]
    till = rung_up(alike)
    check(till, heard_badly(till, data), alike=True)


@settings(max_examples=200, deadline=None)
@given(ACTIONS)
def test_with_nothing_lost_every_sale_is_settled_whole(actions: list[tuple[str, int]]) -> None:
    plain = [one for one in actions if one[0] not in {"refused", "keyed", "price", "several"}]
    till = rung_up([*plain, ("pay", 0)])
    state = TillState()
    for event in till.said:
        state = fold(state, event)
        if isinstance(event, PrintedTotal):
            assert state.done is not None
            assert state.done.sum_fen == event.total_fen
            if not {"park", "recall"} & {kind for kind, _ in plain}:
                assert all(one.confidence is Confidence.SURE for one in state.done.lines)


@settings(max_examples=100, deadline=None)
@given(ACTIONS)
def test_an_event_that_comes_twice_changes_nothing(actions: list[tuple[str, int]]) -> None:
    till = rung_up(actions)
    once, twice = TillState(), TillState()
    for event in till.said:
        once = fold(once, event)
        twice = fold(fold(twice, event), event)
        assert once == twice
