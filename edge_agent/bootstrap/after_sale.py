"""What comes after a sale, wired: receipts, refunds, claims, training."""

from edge_agent.api.after_sale import AfterSale
from edge_agent.api.receipt_views import ReceiptViews
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.lines import Lines
from edge_agent.drivers.qr.draw import drawn
from edge_agent.services.counter.close_sale import CloseSale
from edge_agent.services.counter.receipts import ReceiptBook
from edge_agent.services.counter.refund import RefundSale
from edge_agent.services.counter.reprints import Reprints
from edge_agent.services.counter.sold_again import SoldAgain
from edge_agent.services.counter.training import TrainingMode
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.tills.claim_links import ClaimLinks
from retail_core.identity.receipt_claim import claim_key


def build_after_sale(
    basis: Basis, storage: Storage, lines: Lines, recorder: Recorder, sales: CloseSale
) -> AfterSale:
    """Wire it, and let sales know what was sold; the key of claims is what box and cloud have."""
    device, clock, prices = basis.settings.device, basis.clock, sales.desk
    receipts = ReceiptBook(storage.journal, lines.directory)
    recorder.listen(receipts.recorded)
    sales.again = SoldAgain(storage.journal, receipts)
    recorder.listen(sales.again.recorded)
    key = claim_key(device.cloud.claim_root)
    return AfterSale(
        receipts=receipts,
        refunds=RefundSale(receipts, recorder, storage.replica, clock, basis.ids, basis.shop),
        reprints=Reprints(storage.documents),
        claims=ClaimLinks(receipts, key, f"{device.cloud.pages}/m/", drawn),
        training=TrainingMode(
            storage.documents, prices, clock, role=basis.settings.config.clerks.training_role
        ),
        views=ReceiptViews(prices, {till.id: till.name for till in device.tills}),
    )
