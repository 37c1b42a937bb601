"""What of stock a person has to hear of: articles that will not last until more comes."""

from cloud_broker.domain.alert_plan import Trouble
from cloud_broker.ports.unit import Unit
from retail_core.texts.faults import FaultCode


def stock_troubles(unit: Unit) -> tuple[Trouble, ...]:
    """Return one trouble a store; it is over when more is counted or no longer asked for."""
    return tuple(
        Trouble(
            one.store,
            FaultCode.STOCK_RUNS_OUT.value,
            "",
            one.since_ms,
            {"count": str(one.count), "name": one.worst},
        )
        for one in unit.stock_plans.short_stores()
    )
