"""What a batch leaves to be done: members to be judged, gifts handed over, clerks to be seen."""

from cloud_broker.domain.ingest_effects import Plan
from cloud_broker.ports.unit import Unit
from cloud_broker.services.growth.mall import settle_handed
from cloud_broker.services.members.key_watch import watch_keys


def after_booking(unit: Unit, made: Plan, now_ms: int) -> None:
    """Note who is to be judged, and book what left the counters."""
    bought = {sale.arrival.member for sale in made.sales}
    bought |= {refund.member for refund in made.refunds}
    unit.tasks.add_due({one for one in bought if one is not None}, now_ms)
    watch_keys(unit, made, now_ms)
    made.notes += settle_handed(unit, made.handed, now_ms)
