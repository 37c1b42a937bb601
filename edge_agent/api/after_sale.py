"""What the routes after a sale work with, as one part of the API's."""

from dataclasses import dataclass

from edge_agent.api.receipt_views import ReceiptViews
from edge_agent.services.counter.receipts import ReceiptBook
from edge_agent.services.counter.refund import RefundSale
from edge_agent.services.counter.reprints import Reprints
from edge_agent.services.counter.training import TrainingMode
from edge_agent.services.tills.claim_links import ClaimLinks


@dataclass(frozen=True, slots=True)
class AfterSale:
    """Receipts, refunds, claims, and the mode in which nothing is booked."""

    receipts: ReceiptBook
    refunds: RefundSale
    reprints: Reprints
    claims: ClaimLinks
    training: TrainingMode
    views: ReceiptViews
