"""A sale from the till's API: priced, checked against what was paid, on disk, then answered."""

from uuid import UUID

from edge_agent.domain.sale import AskedLine, SaleCommand, SaleResult
from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Draft
from edge_agent.ports.replica import HeldMember, Replica
from edge_agent.services.price_desk import PriceDesk, Quote
from edge_agent.services.recorder import AnswerOf, Recorder
from retail_core import limits
from retail_core.clock import Instant
from retail_core.errors import Fault
from retail_core.loyalty.earning import earn_postings
from retail_core.loyalty.postings import Posting, points_earned, to_wire
from retail_core.pricing.certificate import PricedBasket, certificate_hash
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale, SaleLine

SOURCE_API = "api"


class CloseSale:
    """Closes sales and quotes prices; safe to call from several threads."""

    def __init__(
        self, recorder: Recorder, replica: Replica, clock: Clock, ids: IdSource, shop: Shop
    ) -> None:
        self._recorder = recorder
        self._clock = clock
        self._ids = ids
        self._shop = shop
        self._desk = PriceDesk(replica, shop)

    def quote(self, lines: tuple[AskedLine, ...], member_id: UUID | None = None) -> PricedBasket:
        """Price lines without selling them."""
        return self._desk.quote(lines, self._desk.member(member_id), self._clock.now()).priced

    def execute(
        self, command: SaleCommand, *, answer: AnswerOf[SaleResult] | None = None
    ) -> SaleResult:
        """Close a sale; when this returns it is on disk, with the answer under its key."""
        at = self._clock.now()
        held = self._desk.member(command.member_id)
        quote = self._desk.quote(command.lines, held, at)
        check_paid(command, quote.priced.total_fen)
        postings = self._earned(quote, held)
        receipt_id = self._ids.uuid7()
        date = self._desk.business_date(at)
        body = encode_body(_sale(receipt_id, command, quote, postings, date))

        def result_at(seq: int) -> SaleResult:
            return SaleResult(
                receipt_id=receipt_id,
                seq=seq,
                priced=quote.priced,
                points_earned=points_earned(postings),
                member_id=command.member_id,
                business_date=date,
                wall_ms=at.wall_ms,
                unmapped=tuple(line.name for line in quote.basket.lines if line.article_id is None),
            )

        return self._recorder.record([self._draft(command, at, body)], result_at, answer)

    def _draft(self, command: SaleCommand, at: Instant, body: bytes) -> Draft:
        return Draft(
            event_id=self._ids.uuid7(),
            type=EventType.SALE,
            at=at,
            body=body,
            till=command.till,
            operator=command.operator,
            member=command.member_id,
        )

    def _earned(self, quote: Quote, held: HeldMember | None) -> tuple[Posting, ...]:
        if held is None:
            return ()
        return earn_postings(
            quote.priced,
            quote.rules.bundle.earn,
            held.record.tier,
            UUID(bytes=held.record.wallet),
            self._shop.legal_entity,
        )


def check_paid(command: SaleCommand, due_fen: int) -> None:
    """Refuse what was not paid to the fen (SALE_TENDER_MISMATCH) or paid negatively."""
    if len(command.tenders) > limits.TENDERS_MAX:
        raise Fault(FaultCode.API_BODY_INVALID, detail="tenders")
    if any(amount < 0 for _kind, amount in command.tenders):
        raise Fault(FaultCode.SALE_AMOUNT_NEGATIVE, line="tender")
    quoted = command.quoted_total_fen
    if quoted is not None and quoted != due_fen:
        raise Fault(FaultCode.SALE_TENDER_MISMATCH, tendered=quoted, due=due_fen)
    tendered = sum(amount for _kind, amount in command.tenders)
    if tendered != due_fen:
        raise Fault(FaultCode.SALE_TENDER_MISMATCH, tendered=tendered, due=due_fen)


def _sale(
    receipt_id: UUID,
    command: SaleCommand,
    quote: Quote,
    postings: tuple[Posting, ...],
    date: int | None,
) -> Sale:
    articles = {line.line: line.article_id for line in quote.basket.lines}
    return Sale(
        receipt_id=receipt_id.bytes,
        source=SOURCE_API,
        till_receipt_no=command.till_receipt_no,
        business_date=date,
        shelf_fen=quote.priced.shelf_fen,
        total_fen=quote.priced.total_fen,
        lines=tuple(
            SaleLine(
                line=line.line,
                article=None if (article := articles[line.line]) is None else article.bytes,
                sku=line.sku,
                name=line.name,
                qty_milli=line.qty_milli,
                shelf_fen=line.shelf_fen,
                net_fen=line.net_fen,
                offers=line.offers,
            )
            for line in quote.priced.lines
        ),
        tenders=command.tenders,
        postings=tuple(to_wire(posting) for posting in postings),
        bundle_version=quote.rules.bundle.version,
        bundle_hash=quote.rules.hash,
        certificate_hash=certificate_hash(quote.priced),
        solver_status=quote.priced.status,
        priced_for=quote.facts,
    )
