"""The fault catalogue: every code with its category, whether a retry can help, and both texts."""

from retail_core.texts.fault_codes import Category, FaultCode, FaultSpec
from retail_core.texts.specs import (
    access,
    agreement,
    alerts,
    append,
    campaigns,
    cleaning,
    collection,
    counter,
    devices,
    downlink,
    enrolment,
    fleet,
    growth,
    health,
    identity,
    insight,
    learning,
    leases,
    leaving,
    ledger,
    mall,
    masters,
    metrics,
    privacy,
    receipts,
    recognition,
    recruiting,
    releases,
    restoring,
    segments,
    setup,
    sign_in,
    stock,
    sync,
    sync_doctor,
    terminals,
    till,
    trade,
)

__all__ = ["FAULTS", "Category", "FaultCode", "FaultSpec"]

FAULTS: dict[FaultCode, FaultSpec] = (
    setup.SPECS
    | access.SPECS
    | sign_in.SPECS
    | agreement.SPECS
    | append.SPECS
    | campaigns.SPECS
    | cleaning.SPECS
    | collection.SPECS
    | counter.SPECS
    | devices.SPECS
    | downlink.SPECS
    | enrolment.SPECS
    | alerts.SPECS
    | fleet.SPECS
    | releases.SPECS
    | growth.SPECS
    | health.SPECS
    | insight.SPECS
    | identity.SPECS
    | metrics.SPECS
    | stock.SPECS
    | segments.SPECS
    | trade.SPECS
    | ledger.SPECS
    | leases.SPECS
    | leaving.SPECS
    | recognition.SPECS
    | privacy.SPECS
    | receipts.SPECS
    | recruiting.SPECS
    | mall.SPECS
    | restoring.SPECS
    | masters.SPECS
    | sync.SPECS
    | sync_doctor.SPECS
    | terminals.SPECS
    | till.SPECS
    | learning.SPECS
)
