"""The taps of each till put together while it rings up, and priced for whoever stands there.

Each till has a state of its own, so nothing of one can reach another. Nothing is kept on disk: a
basket that was half heard before a restart is not worth believing after it.
"""

import threading
from dataclasses import dataclass, replace
from uuid import UUID

from edge_agent.domain.sale import AskedLine
from edge_agent.ports.clock import Clock
from edge_agent.ports.display_tap import DisplayEvent
from edge_agent.ports.scanner_tap import ScanEvent
from edge_agent.services.members.till_sessions import TillSessions
from edge_agent.services.shop.price_desk import PriceDesk, Quote
from retail_core.checkout.basket import MILLI, BasketLine, line_shelf_fen
from retail_core.errors import Fault
from retail_core.fusion.basket import FusedBasket, FusedLine
from retail_core.fusion.folding import TillState, expired, fold
from retail_core.fusion.taps import PrintedTotal, Scanned, Show, Shown, Tapped
from retail_core.identity.assurance import Action
from retail_core.money import divide_half_up

_GOODS = frozenset({"article", "weighed"})
_SHOWS = {kind.value: kind for kind in Show}


@dataclass(frozen=True, slots=True)
class FusedQuote:
    """A till's basket before it is paid, priced for `member_id` or nobody.

    `quote` is None while nothing of it can be priced.
    """

    till: UUID
    basket: FusedBasket
    quote: Quote | None
    member_id: UUID | None


class Fusing:
    """One state a till; safe to call from any thread."""

    def __init__(self, desk: PriceDesk, sessions: TillSessions, clock: Clock) -> None:
        self._desk = desk
        self._sessions = sessions
        self._clock = clock
        self._states: dict[UUID, TillState] = {}
        self._lock = threading.Lock()

    def scanned(self, event: ScanEvent) -> FusedQuote | None:
        """Take a scan; None when it is none of goods, or changes nothing."""
        return self._heard(event.till, self._named(event)) if event.kind in _GOODS else None

    def shown(self, event: DisplayEvent) -> FusedQuote | None:
        """Take what the display showed; None when it changes nothing."""
        kind = _SHOWS.get(event.kind)
        if kind is None:
            return None
        return self._heard(event.till, Shown(kind, event.amount_fen, event.mono_ms))

    def printed(self, till: UUID, total_fen: int) -> FusedBasket:
        """Settle the sale whose receipt was printed; return it as the taps knew it before."""
        event = PrintedTotal(total_fen, self._clock.now().mono_ms)
        with self._lock:
            state = fold(self._states.get(till, TillState()), event)
            self._states[till] = state
        return state.done or FusedBasket()

    def now(self, till: UUID) -> FusedQuote:
        """Return a till's basket as it stands."""
        with self._lock:
            state = expired(self._states.get(till, TillState()), self._clock.now().mono_ms)
            self._states[till] = state
        return self.quoted(till, state.now)

    def quoted(self, till: UUID, basket: FusedBasket) -> FusedQuote:
        """Price a basket for who stands at the till, if she may have her price."""
        lines, at = priceable(self._desk, basket), self._clock.now()
        if not lines:
            return FusedQuote(till, basket, None, None)
        try:
            quote = self._desk.priced(lines, None, at)
            member = self._member(till, quote.priced.total_fen)
            if member is not None:
                quote = self._desk.priced(lines, self._desk.member(member), at)
        except Fault:
            return FusedQuote(till, basket, None, None)
        return FusedQuote(till, basket, quote, member)

    # ---- inside ---------------------------------------------------------------------------------

    def _heard(self, till: str, event: Tapped) -> FusedQuote | None:
        key = UUID(till)
        with self._lock:
            before = self._states.get(key, TillState())
            after = fold(before, event)
            self._states[key] = after
        return None if after.now == before.now else self.quoted(key, after.now)

    def _named(self, event: ScanEvent) -> Scanned:
        """Find the article of a code, and what the line costs by our prices."""
        asked = AskedLine(barcode=event.code, qty_milli=MILLI)
        try:
            line = self._desk.line(1, asked)
        except Fault:
            return Scanned(event.code, event.mono_ms, amount_fen=event.amount_fen)
        return Scanned(
            event.code,
            event.mono_ms,
            sku=line.sku,
            name=line.name,
            qty_milli=line.qty_milli,
            unit_fen=line.unit_price_fen,
            amount_fen=line_shelf_fen(line),
        )

    def _member(self, till: UUID, fen: int) -> UUID | None:
        present = self._sessions.present(till)
        if present is None:
            return None
        member, standing = present
        return member if standing.may(Action.MEMBER_PRICE, self._sessions.policy, fen) else None


def priceable(desk: PriceDesk, basket: FusedBasket) -> tuple[BasketLine, ...]:
    """Return the lines whose price is known, under their own numbers."""
    made = (_basket_line(desk, line) for line in basket.lines)
    return tuple(line for line in made if line is not None and line.qty_milli > 0)


def _basket_line(desk: PriceDesk, line: FusedLine) -> BasketLine | None:
    if not line.sku:
        if line.amount_fen is None or line.amount_fen < 0:
            return None
        return BasketLine(line.line, "", None, line.code, line.amount_fen, MILLI)
    try:
        found = desk.line(line.line, AskedLine(sku=line.sku, qty_milli=line.qty_milli))
    except Fault:
        return None
    unit = line.unit_fen if line.unit_fen is not None else found.unit_price_fen
    made = replace(found, qty_milli=line.qty_milli, unit_price_fen=unit)
    if line.amount_fen is None or line_shelf_fen(made) == line.amount_fen or line.amount_fen < 0:
        return made
    # The till sells it at a price of its own.
    return replace(made, unit_price_fen=divide_half_up(line.amount_fen * MILLI, line.qty_milli))
