"""What a batch leaves for tasks and the mall: members to be judged, gifts that were handed over."""

from cloud_broker.domain.ingest_effects import Plan
from cloud_broker.ports.unit import Unit
from cloud_broker.services.mall import settle_handed


def after_booking(unit: Unit, made: Plan, now_ms: int) -> None:
    """Note who is to be judged, and book what left the counters."""
    bought = {sale.arrival.member for sale in made.sales}
    bought |= {refund.member for refund in made.refunds}
    unit.tasks.add_due({one for one in bought if one is not None}, now_ms)
    made.notes += settle_handed(unit, made.handed, now_ms)
