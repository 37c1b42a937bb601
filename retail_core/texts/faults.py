"""The fault catalogue: every code with its category, whether a retry can help, and both texts."""

from retail_core.texts.fault_codes import Category, FaultCode, FaultSpec
from retail_core.texts.specs import (
    access,
    agreement,
    append,
    counter,
    devices,
    growth,
    learning,
    leases,
    ledger,
    mall,
    masters,
    privacy,
    receipts,
    recognition,
    recruiting,
    setup,
    sync,
    terminals,
    till,
    trade,
)

__all__ = ["FAULTS", "Category", "FaultCode", "FaultSpec"]

FAULTS: dict[FaultCode, FaultSpec] = (
    setup.SPECS
    | access.SPECS
    | agreement.SPECS
    | append.SPECS
    | counter.SPECS
    | devices.SPECS
    | growth.SPECS
    | trade.SPECS
    | ledger.SPECS
    | leases.SPECS
    | recognition.SPECS
    | privacy.SPECS
    | receipts.SPECS
    | recruiting.SPECS
    | mall.SPECS
    | masters.SPECS
    | sync.SPECS
    | terminals.SPECS
    | till.SPECS
    | learning.SPECS
)
