"""After something about members changed: put their new records into the feeds of their stores."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from cloud_broker.domain.records import record_of
from cloud_broker.ports.feed import FeedRow, NewChange
from cloud_broker.ports.unit import Unit
from cloud_broker.services.persons.persons import facts_of
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import ChangeKind


def refresh(
    unit: Unit,
    members: Collection[UUID],
    now_ms: int,
    beside: Mapping[UUID, Sequence[NewChange]] | None = None,
) -> tuple[FeedRow, ...]:
    """Raise the members' versions and append their records for every store that holds them.

    What stores have to hear `beside` goes with them: feeds are appended to in one order.
    """
    changes = {store: list(some) for store, some in (beside or {}).items()}
    if not members:
        return unit.feed.append(changes, now_ms) if changes else ()
    persons = unit.benefits.persons(members)
    alone = all(len(same) == 1 for same in persons.values())
    members = set(members) | {other for same in persons.values() for other in same}
    unit.members.bump(members)
    holders = unit.members.stores_of(members)
    for facts in facts_of(unit, members, alone=alone):
        body = encode_body(record_of(facts))
        change = NewChange(ChangeKind.MEMBER, facts.member, facts.ver, body)
        for store in holders.get(facts.member, ()):
            changes.setdefault(store, []).append(change)
    # Whoever books tells these boxes next.
    unit.ahead(lambda: unit.fleet.devices_of(changes))
    return unit.feed.append(changes, now_ms)
