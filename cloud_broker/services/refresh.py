"""After something about members changed: put their new records into the feeds of their stores."""

from collections.abc import Collection
from uuid import UUID

from cloud_broker.domain.records import record_of
from cloud_broker.ports.feed import FeedRow, NewChange
from cloud_broker.ports.unit import Unit
from cloud_broker.services.persons import facts_of, same_persons
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import ChangeKind


def refresh(unit: Unit, members: Collection[UUID], now_ms: int) -> tuple[FeedRow, ...]:
    """Raise the members' versions and append their records for every store that holds them."""
    if not members:
        return ()
    members = same_persons(unit, members)
    unit.members.bump(members)
    holders = unit.members.stores_of(members)
    changes: dict[UUID, list[NewChange]] = {}
    for facts in facts_of(unit, members):
        body = encode_body(record_of(facts))
        change = NewChange(ChangeKind.MEMBER, facts.member, facts.ver, body)
        for store in holders.get(facts.member, ()):
            changes.setdefault(store, []).append(change)
    return unit.feed.append(changes, now_ms)
