"""What the cloud believes of a gift that was handed over, and of a call that was made."""

from uuid import UUID

from cloud_broker.domain.arrivals import Arrival, day_from
from cloud_broker.domain.ingest_effects import AnsweredCall, HandedOver, Plan
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.growth import CALL_OUTCOMES, CallAnswered, GiftHanded


def hand_over(arrival: Arrival, body: GiftHanded, member: UUID, made: Plan) -> None:
    """Add a gift that was handed over to the plan (Faults W101, L101)."""
    try:
        day = day_from(arrival, body.business_date)
    except (ValueError, OverflowError, OSError):
        detail = f"business date {body.business_date}"
        raise Fault(FaultCode.WIRE_MALFORMED, detail=detail) from None
    handed, gift = UUID(bytes=body.handed), UUID(bytes=body.gift)
    if any(one.handed == handed for one in made.handed):
        raise Fault(FaultCode.LEDGER_KEY_CONFLICT, receipt=handed)
    made.handed.append(HandedOver(arrival, member, body, handed, gift, day))
    made.lease_events.append((arrival, body))
    made.touched.add(member)
    made.interests.add((arrival.place.store, member))


def call_answered(arrival: Arrival, body: CallAnswered, member: UUID, made: Plan) -> None:
    """Add what came of a call to the plan (Fault W101); her shops hear that it is over."""
    if body.outcome not in CALL_OUTCOMES:
        raise Fault(FaultCode.WIRE_MALFORMED, detail=f"outcome {body.outcome!r}")
    made.calls.append(AnsweredCall(arrival, UUID(bytes=body.call), body))
    made.touched.add(member)
