"""What the routes after a sale work with, as one part of the API's."""

from dataclasses import dataclass

from edge_agent.api.receipt_views import ReceiptViews
from edge_agent.services.claim_links import ClaimLinks
from edge_agent.services.receipts import ReceiptBook
from edge_agent.services.refund import RefundSale
from edge_agent.services.reprints import Reprints
from edge_agent.services.training import TrainingMode


@dataclass(frozen=True, slots=True)
class AfterSale:
    """Receipts, refunds, claims, and the mode in which nothing is booked."""

    receipts: ReceiptBook
    refunds: RefundSale
    reprints: Reprints
    claims: ClaimLinks
    training: TrainingMode
    views: ReceiptViews
