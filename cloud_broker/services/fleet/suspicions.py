"""What a person has to hear of at once, besides finding it in the repair list."""

from cloud_broker.domain.alert_plan import Trouble
from cloud_broker.ports.unit import Unit
from retail_core.texts.faults import FaultCode

# Somebody may be using what is another's: a copied card, a code shown twice, a code of a box.
SUSPICIOUS = frozenset(
    code.value
    for code in (
        FaultCode.NFC_CARD_SUSPECT,
        FaultCode.QR_USED_ELSEWHERE,
        FaultCode.ENROL_CODE_USED,
    )
)


def suspicion_troubles(unit: Unit) -> tuple[Trouble, ...]:
    """Return one trouble a store and kind; it is over when its items are dealt with."""
    return tuple(
        Trouble(one.store, one.code, "", one.since_ms, {"count": str(one.count)})
        for one in unit.repair.standing(SUSPICIOUS)
    )
