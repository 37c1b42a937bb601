"""An electronic receipt: what a member bought, shown to whoever holds its code and is she."""

from collections import Counter
from dataclasses import dataclass

from cloud_broker.ports.receipts import FoundReceipt
from cloud_broker.ports.unit import Units
from cloud_broker.services.members.phones import PhoneHolder
from retail_core.errors import Fault
from retail_core.identity.receipt_claim import claim_key, is_genuine, read_claim
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale
from retail_core.wire.refund import Refund


@dataclass(frozen=True, slots=True)
class BillLine:
    """A line as charged; `back_milli` of it has come back since."""

    name: str
    qty_milli: int
    shelf_fen: int
    net_fen: int
    back_milli: int


@dataclass(frozen=True, slots=True)
class Bill:
    """A receipt as its buyer sees it."""

    store_name: str
    till_receipt_no: str
    sold_ms: int
    shelf_fen: int
    total_fen: int
    lines: tuple[BillLine, ...]
    tenders: tuple[tuple[str, int], ...]


class ReceiptBills:
    """Shows receipts; called from the API's threads."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def show(self, who: PhoneHolder, text: str) -> Bill:
        """Return her own receipt by its code.

        Raises Fault CLAIM_TOKEN_WRONG, CLAIM_NOT_YET while its shop has not sent it, or
        API_NOT_FOUND for somebody else's: that it exists is told to nobody.
        """
        asked = read_claim(text)
        with self._units.begin(who.tenant) as unit:
            found = unit.receipts.found(asked.receipt_id)
            persons = unit.benefits.persons([who.member])
        if found is None:
            raise Fault(FaultCode.CLAIM_NOT_YET)
        if not is_genuine(asked, claim_key(found.token_hash)):
            raise Fault(FaultCode.CLAIM_TOKEN_WRONG)
        if found.member not in persons.get(who.member, (who.member,)):
            raise Fault(FaultCode.API_NOT_FOUND, what="receipt")
        return _bill(found)


def _bill(found: FoundReceipt) -> Bill:
    sale = decode_body(EventType.SALE, found.body)
    if not isinstance(sale, Sale):
        raise Fault(FaultCode.WIRE_MALFORMED, detail="sale")
    back = _returned(found)
    return Bill(
        store_name=found.store_name,
        till_receipt_no=sale.till_receipt_no,
        sold_ms=found.wall_ms,
        shelf_fen=sale.shelf_fen,
        total_fen=sale.total_fen,
        lines=tuple(
            BillLine(one.name, one.qty_milli, one.shelf_fen, one.net_fen, back[one.line])
            for one in sale.lines
        ),
        tenders=sale.tenders,
    )


def _returned(found: FoundReceipt) -> Counter[int]:
    back = Counter[int]()
    for one in found.refunds:
        refund = decode_body(EventType.REFUND, one.body)
        if isinstance(refund, Refund):
            back.update({line.line: line.qty_milli for line in refund.lines})
    return back
