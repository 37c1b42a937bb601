"""How much an event matters when room runs out: money is never dropped, debug goes first."""

from enum import IntEnum

from retail_core.wire.kinds import EventType


class Urgency(IntEnum):
    """Classes of what a box tells, the dearest first."""

    MONEY = 0
    MEMBERSHIP = 1
    TELEMETRY = 2
    DEBUG = 3


COUNTED = "count"
_MONEY = frozenset(
    {
        EventType.SALE,
        EventType.REFUND,
        EventType.GIFT_HANDED,
        EventType.RETURN_UNMATCHED,
        EventType.LEASE_HELLO,
        EventType.LEASE_RETURNED,
    }
)
_TELEMETRY = frozenset({EventType.TILL_AGREEMENT})


def urgency_of(type_: str) -> Urgency:
    """Return the class of an event; what is not known yet may be a person's."""
    if type_ in _MONEY:
        return Urgency.MONEY
    return Urgency.TELEMETRY if type_ in _TELEMETRY else Urgency.MEMBERSHIP


def urgency_of_news(why: str) -> Urgency:
    """Return the class of news of a till's agreement: a mere count is overtaken by the next."""
    return Urgency.DEBUG if why == COUNTED else Urgency.TELEMETRY
