"""The audit of equal treatment: reads sales and the rules they were priced by, and compares."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from cloud_broker.domain.equal_treatment import Audit, Report
from cloud_broker.ports.fairness import FairnessReads
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale

DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class EqualTreatment:
    """Audits some business days."""

    reads: FairnessReads

    def audit(self, tenant: UUID, first: date, last: date) -> Report:
        """Compare the sales of some days, both included; Fault API_BODY_INVALID for a bent span."""
        if not first <= last <= first + timedelta(days=DAYS_MAX):
            raise Fault(FaultCode.API_BODY_INVALID, detail=f"{first}..{last}")
        found = Audit(first, last)
        for one in self.reads.sales(tenant, first, last):
            sale = decode_body(EventType.SALE, one.body)
            if not isinstance(sale, Sale):
                continue
            if sale.bundle_version and not found.knows(sale.bundle_hash):
                signed = self.reads.rules(tenant, sale.bundle_version)
                found.learn(sale, signed, one.day, one.store)
            found.take(one.receipt, sale, one.day, one.store)
        return found.report()
