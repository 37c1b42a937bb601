"""Members that are one person: each shop goes on with the name it knows, all show the same wallet.

Nobody is rewritten by a merge. A shop that enrolled her under a second id keeps it for her cards,
consents and receipts; what it hears under that id is the person as she is after the merge.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from cloud_broker.domain.records import POSTED_RECEIPTS_MAX, MemberFacts, last_of
from cloud_broker.ports.unit import Unit


def same_persons(unit: Unit, members: Collection[UUID]) -> set[UUID]:
    """Return these members and every other who is one person with one of them."""
    persons = unit.benefits.persons(members)
    return set(members) | {other for same in persons.values() for other in same}


def who_holds(unit: Unit, members: Collection[UUID]) -> dict[UUID, UUID]:
    """Return in whose wallet each member's points are: her own, or where they were merged to."""
    wallets = unit.members.wallets(members)
    holders = unit.ledger.holders(set(wallets.values()))
    owners = unit.members.wallet_owners(set(holders.values())) if holders else {}
    return {
        member: owners.get(holders.get(wallet, wallet), member)
        for member, wallet in wallets.items()
    }


def facts_of(
    unit: Unit, members: Collection[UUID], *, alone: bool = False
) -> tuple[MemberFacts, ...]:
    """Return what shops are told of these members, the merged ones as the person they are.

    `alone` says that it was asked already, and none of them is one person with another.
    """
    if alone:
        return unit.members.facts(members)
    persons = {
        member: same for member, same in unit.benefits.persons(members).items() if len(same) > 1
    }
    if not persons:
        return unit.members.facts(members)
    everybody = set(members) | {other for same in persons.values() for other in same}
    known = {facts.member: facts for facts in unit.members.facts(everybody)}
    holders = who_holds(unit, persons)
    return tuple(
        _as_one(facts, known[holders[member]], [known[one] for one in persons[member]])
        if (member := facts.member) in persons
        else facts
        for facts in known.values()
        if facts.member in members
    )


def _as_one(own: MemberFacts, holder: MemberFacts, all_of: Sequence[MemberFacts]) -> MemberFacts:
    """Return a member as the person she is; her phone's and her face's words stay her own."""
    receipts = sorted(
        (receipt for facts in all_of for receipt in facts.receipts),
        key=lambda receipt: receipt.sold_ms,
        reverse=True,
    )[:POSTED_RECEIPTS_MAX]
    last = last_of(tuple(receipts))
    return replace(
        holder,
        member=own.member,
        ver=own.ver,
        receipts=tuple(receipts),
        last_lines=next(
            (facts.last_lines for facts in all_of if last is not None and last in facts.receipts),
            (),
        ),
        cards=tuple(dict.fromkeys(card for facts in all_of for card in facts.cards)),
        phone_keys=tuple(dict.fromkeys(key for facts in all_of for key in facts.phone_keys)),
        digit_secret=own.digit_secret or holder.digit_secret,
        withdrawn_ms=own.withdrawn_ms,
        walk_up_withdrawn_ms=own.walk_up_withdrawn_ms,
        guardian_withdrawn_ms=own.guardian_withdrawn_ms,
        told=holder.told.joined_with(facts.told for facts in all_of),
    )
