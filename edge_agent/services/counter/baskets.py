"""Baskets at the counter, from the first line to the receipt, through any restart in between.

A change is worked out, priced and held back for first; only then is the basket what it became, with
the answer under its key in the same write. The last step writes the end of the basket together with
the sale, so that no kill can leave one without the other.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from edge_agent.domain.basket import (
    NO_WISH,
    BasketItem,
    BasketState,
    CounterBasket,
    ShownPrice,
    Wish,
    check_live,
    check_open,
    with_lines,
    with_member,
    with_quantity,
)
from edge_agent.domain.sale import AskedLine, SaleCommand, SaleResult
from edge_agent.ports.basket_store import BasketStore
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.replica import HeldMember
from edge_agent.services.counter.close_sale import CloseSale, Closing, Priced, check_trusted
from edge_agent.services.counter.redeeming import Asking, Trust
from edge_agent.services.journal.recorder import AnswerOf
from retail_core import limits
from retail_core.checkout.basket import BasketLine
from retail_core.clock import Instant
from retail_core.errors import Fault
from retail_core.identity.assurance import Action
from retail_core.texts.faults import FaultCode

# Who asks once more about a basket that is sold asks soon.
ENDED_KEPT = 200
STALE_MS = 24 * 3_600 * 1_000

Change = Callable[[CounterBasket], CounterBasket]
TrustOf = Callable[[CounterBasket], Trust]


@dataclass(frozen=True, slots=True)
class Where:
    """The till a basket belongs to, and the lane that may see it."""

    lane: str
    till: UUID


@dataclass(frozen=True, slots=True)
class BasketShown:
    """A basket with its price; `refused` when the member's own price needs a turn of the head."""

    basket: CounterBasket
    priced: Priced
    changed_fen: int | None = None
    refused: FaultCode | None = None


class Baskets:
    """Safe to call from several threads; two changes of one basket wait for each other."""

    def __init__(self, store: BasketStore, sales: CloseSale, clock: Clock, ids: IdSource) -> None:
        self._store = store
        self._sales = sales
        self._desk = sales.desk
        self._clock = clock
        self._ids = ids
        self._lock = threading.RLock()
        self._baskets = {one.basket_id: one for one in store.load()}
        self._turns: dict[UUID, threading.RLock] = {}
        self._holds: dict[UUID, tuple[UUID, ...]] = {}
        self._lines: dict[UUID, tuple[int, dict[BasketItem, BasketLine]]] = {}

    # ---- looking --------------------------------------------------------------------------------

    def of_lane(self, lane: str, state: BasketState) -> tuple[CounterBasket, ...]:
        """Return a lane's baskets of one state, oldest first."""
        self.tidy()
        with self._lock:
            found = [
                one for one in self._baskets.values() if (one.lane, one.state) == (lane, state)
            ]
        return tuple(sorted(found, key=lambda one: one.basket_id))

    def serves_member(self, lane: str) -> bool:
        """Tell whether a basket of a member's is open at a lane."""
        return any(one.state is BasketState.OPEN and one.member_id for one in self._live(lane))

    def get(self, lane: str, basket_id: UUID) -> CounterBasket:
        """Return a basket of a lane (Faults BASKET_UNKNOWN, BASKET_ELSEWHERE)."""
        with self._lock:
            found = self._baskets.get(basket_id)
        if found is None:
            raise Fault(FaultCode.BASKET_UNKNOWN)
        if found.lane != lane:
            raise Fault(FaultCode.BASKET_ELSEWHERE)
        return found

    def show(self, basket: CounterBasket, trust: TrustOf) -> BasketShown:
        """Price a basket as it stands; one that is over or parked holds nothing back."""
        with self._alone(basket.basket_id):
            return self._shown(self.get(basket.lane, basket.basket_id), trust)

    def while_so(self, basket: CounterBasket, tell: Callable[[], None]) -> None:
        """Call `tell` if a basket still is as it was shown; meanwhile nobody changes it."""
        with self._alone(basket.basket_id):
            kept = self._baskets.get(basket.basket_id)
            if kept is not None and kept.rev == basket.rev:
                tell()

    # ---- ringing up -----------------------------------------------------------------------------

    def open(
        self, where: Where, opened: CounterBasket, trust: TrustOf, answer: AnswerOf[BasketShown]
    ) -> BasketShown:
        """Begin a basket made by `new` (Fault BASKETS_TOO_MANY)."""
        self.tidy()
        own = [one for one in self._live(where.lane) if one.till == where.till]
        if sum(one.state is BasketState.OPEN for one in own) >= limits.BASKETS_OPEN_MAX:
            raise Fault(FaultCode.BASKETS_TOO_MANY, limit=limits.BASKETS_OPEN_MAX)
        with self._alone(opened.basket_id):
            return self._kept(self._shown(opened, trust), answer)

    def new(
        self,
        where: Where,
        member_id: UUID | None,
        operator: UUID | None,
        *,
        training: bool = False,
    ) -> CounterBasket:
        """Return a basket that is not kept yet (Fault SALE_MEMBER_UNKNOWN)."""
        self._desk.member(member_id)
        at = self._clock.now()
        return CounterBasket(
            basket_id=self._ids.uuid7(),
            lane=where.lane,
            till=where.till,
            opened=at,
            day=self._desk.business_date(at),
            member_id=member_id,
            operator=operator,
            training=training,
        )

    def change(
        self, basket: CounterBasket, how: Change, trust: TrustOf, answer: AnswerOf[BasketShown]
    ) -> BasketShown:
        """Make a change and price what came of it; nothing changed when this raises."""
        with self._alone(basket.basket_id):
            before = self.get(basket.lane, basket.basket_id)
            moved = self._moved(before, trust)
            after = replace(how(before), rev=before.rev + 1)
            return self._kept(replace(self._shown(after, trust), changed_fen=moved), answer)

    def adding(self, lines: tuple[AskedLine, ...]) -> Change:
        """Return the change that adds lines (Faults SALE_LINES, SALE_ARTICLE_UNKNOWN)."""

        def add(basket: CounterBasket) -> CounterBasket:
            check_open(basket)
            return with_lines(basket, tuple(self._remembered(line) for line in lines))

        return add

    def _remembered(self, line: AskedLine) -> AskedLine:
        """Return a line that sells on when a new catalogue no longer has its article."""
        known = self._desk.line(1, line)
        return replace(line, unit_price_fen=known.unit_price_fen, name=known.name)

    def attaching(self, member_id: UUID | None) -> Change:
        """Return the change of whose basket it is (Fault SALE_MEMBER_UNKNOWN)."""

        def attach(basket: CounterBasket) -> CounterBasket:
            check_open(basket)
            self._desk.member(member_id)
            return with_member(basket, member_id)

        return attach

    def parking(self, name: str) -> Change:
        """Return the change that puts a basket aside (Fault BASKETS_TOO_MANY)."""

        def park(basket: CounterBasket) -> CounterBasket:
            check_open(basket)
            aside = [one for one in self._live(basket.lane) if one.state is BasketState.PARKED]
            if len(aside) >= limits.BASKETS_PARKED_MAX:
                raise Fault(FaultCode.BASKETS_TOO_MANY, limit=limits.BASKETS_PARKED_MAX)
            return replace(basket, state=BasketState.PARKED, name=name)

        return park

    # ---- the end --------------------------------------------------------------------------------

    def sell(
        self,
        basket: CounterBasket,
        paid: SaleCommand,
        trust: TrustOf,
        answer: AnswerOf[SaleResult],
    ) -> SaleResult:
        """Sell an open basket (Faults BASKET_*, SALE_EMPTY, FACE_TURN_NEEDED, those of tenders).

        A training basket is answered like any other and booked nowhere.
        """
        with self._alone(basket.basket_id), self._sales.turn:
            before = self.get(basket.lane, basket.basket_id)
            check_open(before)
            if not before.items:
                raise Fault(FaultCode.SALE_EMPTY)
            shown = self._shown(before, trust)
            check_trusted(trust(before), before.member_id, shown.priced)
            command = replace(paid, till=before.till, member_id=before.member_id)
            receipt_id = self._ids.uuid7()
            after = replace(
                before, rev=before.rev + 1, state=BasketState.COMMITTED, receipt_id=receipt_id
            )
            if before.training:
                sold = self._sales.practised(command, shown.priced, receipt_id)
                self._store.keep(after, answer(sold))
            else:
                closing = Closing(receipt_id, answer, self._store.change(after), before.opened)
                sold = self._sales.close(command, shown.priced, closing)
            self._set(after)
            self._keep_holds(after, ())
            self._lines.pop(after.basket_id, None)
            return sold

    def tidy(self) -> None:
        """Drop what nobody will come back for: parked and ended baskets of another day."""
        now = self._clock.now()
        today = self._desk.business_date(now)
        if today is None:
            return
        with self._lock:
            ended = [one for one in self._baskets.values() if not one.is_live]
            gone = [one for one in self._baskets.values() if _is_old(one, today, now)]
            gone += [one for one in ended[:-ENDED_KEPT] if one not in gone]
            for one in gone:
                del self._baskets[one.basket_id]
                self._turns.pop(one.basket_id, None)
                self._lines.pop(one.basket_id, None)
            holds = [self._holds.pop(one.basket_id, ()) for one in gone]
        for some in holds:
            self._sales.let_go(some)
        if gone:
            self._store.forget([one.basket_id for one in gone])

    # ---- inside ---------------------------------------------------------------------------------

    def _shown(self, basket: CounterBasket, trust: TrustOf) -> BasketShown:
        """Price a basket, and hold back what its price spends while it is open."""
        held, sure = self._member(basket), trust(basket)
        own = self._own(basket)
        asking = Asking(held, basket.wish, sure, basket.day, basket.training, own)
        priced = self._priced(basket, asking)
        total = priced.quote.priced.total_fen
        if held is None:
            unknown = None if basket.member_id is None else FaultCode.SALE_MEMBER_UNKNOWN
            return BasketShown(basket, priced, refused=unknown)
        if sure.may(Action.MEMBER_PRICE, total):
            return BasketShown(basket, priced)
        nobody = replace(asking, held=None, wish=NO_WISH, holds=self._own(basket))
        return BasketShown(basket, self._priced(basket, nobody), refused=FaultCode.FACE_TURN_NEEDED)

    def _member(self, basket: CounterBasket) -> HeldMember | None:
        """Return whose basket it is; one whose record cannot be read now still buys."""
        try:
            return self._desk.member(basket.member_id)
        except Fault as fault:
            if fault.code != FaultCode.SALE_MEMBER_UNKNOWN:
                raise
            return None

    def _priced(self, basket: CounterBasket, asking: Asking) -> Priced:
        if not basket.items:
            self._keep_holds(basket, ())
            allowance = self._sales.allowance(replace(asking, holds=()), basket.opened)
            return Priced(self._desk.empty(basket.opened), asking.held, allowance)
        lines = self._named(basket)
        if basket.state is not BasketState.OPEN or basket.training:
            self._keep_holds(basket, ())
            allowance = self._sales.allowance(replace(asking, holds=()), basket.opened)
            quote = self._desk.priced(lines, asking.held, basket.opened, allowance.redeem)
            return Priced(quote, asking.held, allowance)
        priced = self._sales.hold(lines, asking, basket.opened)
        self._holds[basket.basket_id] = (*priced.holds, *priced.kept)
        return priced

    def _named(self, basket: CounterBasket) -> tuple[BasketLine, ...]:
        """Find the articles of a basket, those of lines that did not change only once."""
        version = self._desk.catalogue_version()
        found_by, known = self._lines.get(basket.basket_id, (version, {}))
        if found_by != version:
            known = {}
        lines = {
            item: known.get(item) or self._desk.line(item.line, item.asked) for item in basket.items
        }
        if basket.is_live:
            self._lines[basket.basket_id] = (version, lines)
        return tuple(lines.values())

    def _own(self, basket: CounterBasket) -> tuple[UUID, ...]:
        return self._holds.get(basket.basket_id, ())

    def _keep_holds(self, basket: CounterBasket, holds: tuple[UUID, ...]) -> None:
        self._sales.let_go(self._holds.pop(basket.basket_id, ()))
        if holds:
            self._holds[basket.basket_id] = holds

    def _moved(self, basket: CounterBasket, trust: TrustOf) -> int | None:
        """Return by how much the total moved since it was shown, though nobody touched it."""
        shown = basket.shown
        if shown is None or not basket.is_live:
            return None
        rules, articles = self._desk.rules_at(basket.opened), self._desk.catalogue_version()
        if (rules.bundle.version, articles) == (shown.bundle_version, shown.catalogue_version):
            return None
        moved = self._shown(basket, trust).priced.quote.priced.total_fen - shown.total_fen
        return moved or None

    def _kept(self, shown: BasketShown, answer: AnswerOf[BasketShown]) -> BasketShown:
        quote = shown.priced.quote
        price = ShownPrice(
            quote.priced.total_fen, quote.rules.bundle.version, self._desk.catalogue_version()
        )
        kept = replace(shown, basket=replace(shown.basket, shown=price))
        self._store.keep(kept.basket, answer(kept))
        self._set(kept.basket)
        return kept

    def _set(self, basket: CounterBasket) -> None:
        with self._lock:
            self._baskets[basket.basket_id] = basket

    def _live(self, lane: str) -> list[CounterBasket]:
        with self._lock:
            return [one for one in self._baskets.values() if one.lane == lane and one.is_live]

    @contextmanager
    def _alone(self, basket_id: UUID) -> Iterator[None]:
        with self._lock:
            turn = self._turns.setdefault(basket_id, threading.RLock())
        with turn:
            yield


def quantity(line: int, qty_milli: int) -> Change:
    """Return the change of how much of a line there is."""

    def change(basket: CounterBasket) -> CounterBasket:
        check_open(basket)
        return with_quantity(basket, line, qty_milli)

    return change


def redeeming(wish: Wish) -> Change:
    """Return the change of what she wants to redeem."""

    def change(basket: CounterBasket) -> CounterBasket:
        check_open(basket)
        return replace(basket, wish=wish)

    return change


def resumed(basket: CounterBasket) -> CounterBasket:
    """Take a parked basket back."""
    check_live(basket)
    return replace(basket, state=BasketState.OPEN)


def voided(basket: CounterBasket) -> CounterBasket:
    """End a basket without a sale."""
    check_live(basket)
    return replace(basket, state=BasketState.VOIDED)


def _is_old(basket: CounterBasket, today: int, now: Instant) -> bool:
    """Tell whether nobody will come back; an open one is waited for over the end of a day.

    One of practice is over with its day, as lessons are. Of one begun without a clock only this
    boot's count of time tells.
    """
    same_boot = basket.opened.boot_id == now.boot_id
    if basket.day is None:
        age_ms = now.mono_ms - basket.opened.mono_ms if same_boot else STALE_MS
    else:
        age_ms = now.wall_ms - basket.opened.wall_ms
    if basket.state is BasketState.OPEN and not basket.training:
        return age_ms > STALE_MS
    return age_ms >= STALE_MS if basket.day is None else basket.day != today
