"""After a power cut: members enrolled here whom the cloud does not know yet.

The replica may lose its tail, and everything in it can be fetched again except what only this shop
knows. That stands in the journal, so it is put back from there before the first customer comes.
"""

from uuid import UUID

import msgspec

from edge_agent.domain.enrolment import record_of
from edge_agent.domain.shop import Shop
from edge_agent.ports.journal import Journal, Record
from edge_agent.ports.replica import Replica
from edge_agent.services.journal.waiting import waiting_pages
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import CardIssued, MemberEnrolled


def restore_unsynced(journal: Journal, replica: Replica, shop: Shop) -> int:
    """Put back members and cards that wait in the journal; return how many were missing."""
    return sum(
        _restore(record, replica, shop) for page in waiting_pages(journal) for record in page
    )


def _restore(record: Record, replica: Replica, shop: Shop) -> bool:
    member_id = record.draft.member
    if member_id is None or record.draft.type not in {"member.enrolled", "card.issued"}:
        return False
    match decode_body(record.draft.type, record.draft.body):
        case MemberEnrolled() as enrolled:
            return _restore_member(member_id, enrolled, replica, shop)
        case CardIssued() as card:
            return _restore_card(member_id, card, replica)
        case _:
            return False


def _restore_member(
    member_id: UUID, enrolled: MemberEnrolled, replica: Replica, shop: Shop
) -> bool:
    if replica.member(member_id) is not None:
        return False
    return replica.put_member(member_id, 0, record_of(enrolled, shop.store))


def _restore_card(member_id: UUID, card: CardIssued, replica: Replica) -> bool:
    held = replica.member(member_id)
    if held is None or card.uid_hash in held.record.cards:
        return False
    cards = (*held.record.cards, card.uid_hash)
    return replica.put_member(
        member_id, held.ver, msgspec.structs.replace(held.record, cards=cards)
    )
