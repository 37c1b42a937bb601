"""What a batch leaves to be done: who is judged, gifts and calls booked, clerks to be seen."""

from uuid import UUID

from cloud_broker.domain.ingest_effects import Note, Plan
from cloud_broker.ports.campaigns import CallAnswer
from cloud_broker.ports.unit import Unit
from cloud_broker.services.growth.mall import settle_handed
from cloud_broker.services.members.key_watch import watch_keys
from retail_core.texts.faults import FaultCode


def after_booking(unit: Unit, made: Plan, now_ms: int) -> None:
    """Note who is to be judged, and book what left the counters."""
    bought = {sale.arrival.member for sale in made.sales}
    bought |= {refund.member for refund in made.refunds}
    unit.tasks.add_due({one for one in bought if one is not None}, now_ms)
    watch_keys(unit, made, now_ms)
    made.notes += settle_handed(unit, made.handed, now_ms)
    _answer_calls(unit, made, now_ms)


def _answer_calls(unit: Unit, made: Plan, now_ms: int) -> None:
    """End calls that clerks made; the first answer counts, one of no known call is looked at."""
    for one in made.calls:
        arrival = one.arrival
        operator = arrival.event.operator
        answer = CallAnswer(
            call=one.call,
            outcome=one.body.outcome,
            answered_ms=arrival.event.wall_ms,
            store=arrival.place.store,
            clerk=None if operator is None else UUID(bytes=operator),
        )
        whose = unit.campaigns.answer_call(answer, now_ms)
        if whose is None:
            detail = f"call={one.call}, outcome={one.body.outcome}"
            code = FaultCode.CALL_UNKNOWN
            made.notes.append(Note(arrival, "member", code, detail, arrival.member))
        else:
            # Of memberships that are one person the call is perhaps another's.
            made.touched.add(whose)
