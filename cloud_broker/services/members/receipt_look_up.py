"""A box asks for a receipt that another shop sold, or for what others took back of its own."""

from datetime import date
from uuid import UUID

from cloud_broker.ports.receipts import FoundReceipt
from cloud_broker.ports.unit import Units
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

FOUND_MAX = 10


class ReceiptLookUp:
    """Answers boxes; called from the API's threads."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def find(self, tenant: UUID, receipt_id: UUID) -> FoundReceipt:
        """Return a receipt with every refund of it; Fault API_NOT_FOUND."""
        with self._units.begin(tenant) as unit:
            found = unit.receipts.found(receipt_id)
        if found is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="receipt")
        return found

    def by_number(self, tenant: UUID, number: str, day: int) -> tuple[FoundReceipt, ...]:
        """Return a day's receipts with a printed number; Fault API_BODY_INVALID for no day."""
        try:
            on = date(day // 10_000, day // 100 % 100, day % 100)
        except ValueError:
            raise Fault(FaultCode.API_BODY_INVALID, detail=f"day {day}") from None
        with self._units.begin(tenant) as unit:
            ids = unit.receipts.by_number(number, on, FOUND_MAX)
            found = [unit.receipts.found(one) for one in ids]
        return tuple(one for one in found if one is not None)
