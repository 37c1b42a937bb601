"""What a till's taps come to, told to its lane before payment; its receipt settles it."""

from uuid import UUID

from edge_agent.api.hub import EventHub
from edge_agent.api.models.agreement import FusedAnswered, FusedLineView
from edge_agent.api.views import Views
from edge_agent.api.visits import Visits
from edge_agent.domain.tapped import TappedBooking
from edge_agent.domain.tapped_receipt import TappedReceipt
from edge_agent.ports.display_tap import DisplayEvent
from edge_agent.ports.scanner_tap import ScanEvent
from edge_agent.services.tills.fusing import FusedQuote, Fusing
from edge_agent.services.tills.shadow import Shadow


class FusedDesk:
    """Between the taps' threads, the services and the screens."""

    def __init__(
        self,
        fusing: Fusing,
        shadow: Shadow,
        hub: EventHub,
        views: Views,
        visits: Visits,
    ) -> None:
        self._fusing = fusing
        self._shadow = shadow
        self._hub = hub
        self._views = views
        self._visits = visits
        self._shown: set[UUID] = set()

    def scanned(self, event: ScanEvent) -> None:
        """Take a scan of goods."""
        self._tell(self._fusing.scanned(event))

    def shown(self, event: DisplayEvent) -> None:
        """Take what the display showed."""
        self._tell(self._fusing.shown(event))

    def priced_anew(self, till: UUID) -> None:
        """Price a till's basket for who was just recognised there."""
        self._tell(self._fusing.now(till))

    def receipt(self, till: UUID, receipt: TappedReceipt, booking: TappedBooking) -> None:
        """Settle a sale by its receipt and compare."""
        self._shadow.receipt(till, receipt, booking)
        if receipt.kind == "sale":
            self._shown.discard(till)  # the sale's own event takes it off the screens

    def practised(self, till: UUID, receipt: TappedReceipt) -> None:
        """Settle a sale of a lesson: it is none, and its goods are not the next customer's."""
        self._fusing.printed(till, receipt.total_fen or 0)

    def _tell(self, fused: FusedQuote | None) -> None:
        """Tell the lane; one that is empty now is told only where it lay before."""
        if fused is None:
            return
        empty = not fused.basket.lines
        if fused.quote is None and not (empty and fused.till in self._shown):
            return
        (self._shown.discard if empty else self._shown.add)(fused.till)
        told = emptied(fused) if fused.quote is None else shown_fused(self._views, fused)
        place = self._visits.at(fused.till)
        self._hub.publish("basket", told.model_dump(mode="json"), lane=place.lane)


def shown_fused(views: Views, fused: FusedQuote) -> FusedAnswered:
    """Return a priced basket with how sure each line is."""
    quote, basket = fused.quote, fused.basket
    if quote is None:
        raise ValueError("nothing of it is priced")
    base = views.quote(quote.priced, fused.till, fused.member_id, quote.earn)
    priced = {line.line for line in base.lines}
    return FusedAnswered(
        **base.model_dump(),
        taps=tuple(
            FusedLineView(
                line=one.line,
                confidence=one.confidence.name.lower(),
                scanned=one.scanned,
                shown=one.shown,
            )
            for one in basket.lines
        ),
        unpriced=tuple(one.code for one in basket.lines if one.line not in priced),
        stage=basket.stage.value,
        shown_fen=basket.shown_fen,
        agrees=basket.agrees,
    )


def emptied(fused: FusedQuote) -> FusedAnswered:
    """Return what is left of a basket whose last article was taken out."""
    return FusedAnswered(
        till=fused.till,
        member_id=None,
        lines=(),
        shelf_fen=0,
        total_fen=0,
        saved_fen=0,
        points_earned=0,
        status="optimal",
        gap_fen=0,
        applied=(),
        rejected=(),
        bundle_version=0,
        due_fen=0,
        taps=(),
        unpriced=(),
        stage=fused.basket.stage.value,
        shown_fen=fused.basket.shown_fen,
        agrees=fused.basket.agrees,
    )
