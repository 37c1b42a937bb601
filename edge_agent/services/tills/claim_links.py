"""The code for a receipt nobody was booked to: printed on it, it lets her claim it later.

It is worked out, not stored: the same receipt has the same code, whoever prints it how often.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from edge_agent.services.counter.receipts import ReceiptBook
from retail_core.errors import Fault
from retail_core.identity.receipt_claim import mint_claim
from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class ClaimLink:
    """A receipt's code, the address it opens, and the rows of the drawing (`1` is dark)."""

    receipt_id: UUID
    claim_token: str
    claim_uri: str
    rows: tuple[str, ...]


class ClaimLinks:
    """Makes codes; `page` is the member page's address, `draw` makes the drawing."""

    def __init__(
        self, receipts: ReceiptBook, key: bytes, page: str, draw: Callable[[str], tuple[str, ...]]
    ) -> None:
        self._receipts = receipts
        self._key = key
        self._page = page
        self._draw = draw

    def token(self, receipt_id: UUID) -> str:
        """Return the code of a receipt of this box."""
        return mint_claim(self._key, receipt_id)

    def receipt_page(self, receipt_id: UUID) -> tuple[str, tuple[str, ...]]:
        """Return the member page's address for a receipt that has its member, and its drawing.

        Nothing is claimed by it: `#e=` names the receipt, `#r=` would claim it.
        """
        uri = f"{self._page}#e={self.token(receipt_id)}"
        return uri, self._draw(uri)

    def link(self, receipt_id: UUID) -> ClaimLink:
        """Return what is printed for a receipt of this box.

        Raises Fault REFUND_RECEIPT_UNKNOWN for another's, CLAIM_TAKEN for one that has a member.
        """
        held = self._receipts.here(receipt_id)
        if held is None:
            raise Fault(FaultCode.REFUND_RECEIPT_UNKNOWN, receipt=receipt_id)
        if held.member_id is not None:
            raise Fault(FaultCode.CLAIM_TAKEN)
        token = self.token(receipt_id)
        # What stands behind `#` stays on the phone: no server's log has it.
        uri = f"{self._page}#r={token}"
        return ClaimLink(receipt_id, token, uri, self._draw(uri))
