"""A clerk who gives a member a new phone link or a card is looked at by a person at HQ.

Whoever holds a member's phone or card may spend her points. Nobody has to second the clerk, since
a lost phone must not wait for a manager: it stands before HQ until somebody has seen it. A card for
whom the clerk enrolled herself within the last day is part of enrolling.
"""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.arrivals import Arrival
from cloud_broker.domain.ingest_effects import Plan
from cloud_broker.ports.clerks import Alert
from cloud_broker.ports.unit import Unit
from retail_core.checkout.business_date import business_date
from retail_core.ids import id_of

_DAY_MS = 86_400_000
_MS = 1_000


def watch_keys(unit: Unit, made: Plan, now_ms: int) -> None:
    """Raise an alert for each link and each card that a clerk gave to somebody else's member."""
    cards = [one.arrival for one in made.cards if one.arrival.event.operator is not None]
    since_ms = now_ms - _DAY_MS
    mine = unit.clerks.recruited({_member(one) for one in cards}, since_ms) if cards else {}
    given = [one.arrival for one in made.claims if one.arrival.event.operator is not None]
    given += [one for one in cards if mine.get(_member(one)) != _operator(one)]
    if given:
        unit.clerks.raise_alerts([_alert(one) for one in given], now_ms)


def _alert(given: Arrival) -> Alert:
    # By the cloud's clock: a box may say any moment.
    at_ms, place = given.received_ms, given.place
    local = datetime.fromtimestamp(at_ms / _MS, UTC).astimezone(ZoneInfo(place.zone))
    day = business_date(local.replace(tzinfo=None), place.day_starts_at)
    return Alert(
        _operator(given), _member(given), day, "key_given", (given.event_id,), at_ms, at_ms
    )


def _operator(given: Arrival) -> UUID:
    return id_of(given.event.operator or b"")


def _member(given: Arrival) -> UUID:
    return given.member or given.event_id
