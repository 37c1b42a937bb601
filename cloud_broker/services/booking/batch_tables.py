"""What a batch reads of the tables before it is planned, and what it writes after."""

from collections.abc import Sequence
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival, day_of
from cloud_broker.domain.ingest_effects import CARD, PHONE, TAP, Facts, Plan, TapKey
from cloud_broker.domain.rule_uses import uses_moved
from cloud_broker.domain.told_again import is_told
from cloud_broker.ports.unit import Unit
from cloud_broker.services.booking.after_booking import after_booking
from cloud_broker.services.faces.withdrawn_again import withdraw_again
from cloud_broker.services.growth.profile_desk import enter_birthdays
from cloud_broker.services.points.books import look_up_points
from retail_core.ids import id_of
from retail_core.wire.codec import Body
from retail_core.wire.messages import CardIssued, FaceHeld, MemberEnrolled, ProofUsed, Sale
from retail_core.wire.refund import Refund


def gather(unit: Unit, tenant: UUID, opened: Sequence[tuple[Arrival, Body]]) -> Facts:
    """Read what the tables hold of everything the events name; first uses of proofs are entered."""
    receipts: set[UUID] = set()
    taps: set[TapKey] = set()
    told: set[TapKey] = set()
    wallets: set[UUID] = set()
    identities: set[tuple[str, bytes]] = set()
    proofs: list[tuple[Arrival, ProofUsed]] = []
    for arrival, body in opened:
        match body:
            case Sale():
                receipts.add(id_of(body.receipt_id))
                key = _key(arrival, body)
                if key is not None and body.source == TAP and body.till_receipt_no:
                    taps.add(key)
                elif key is not None and is_told(body.source, key):
                    told.add(key)
            case MemberEnrolled():
                wallets.add(id_of(body.wallet))
                identities.add((PHONE, body.phone_hash or b""))
            case CardIssued():
                identities.add((CARD, body.uid_hash))
            case ProofUsed():
                proofs.append((arrival, body))
            case _:
                pass
    members = {arrival.member for arrival, _ in opened if arrival.member is not None}
    faces = {
        arrival.member
        for arrival, body in opened
        if isinstance(body, FaceHeld) and arrival.member is not None
    }
    facts = _known(unit, members, receipts, (taps, told))
    facts.tenant = tenant
    facts.back = frozenset(id_of(body.receipt_id) for _, body in opened if isinstance(body, Refund))
    facts.wallet_owners = unit.members.wallet_owners(wallets) if wallets else {}
    facts.identities = unit.members.identities(identities) if identities else {}
    facts.proofs = unit.journal.claim_proofs(proofs) if proofs else {}
    facts.consenting = unit.faces.consenting(faces) if faces else set()
    facts.holders = _moved(unit, opened, facts)
    look_up_points(unit, opened, facts)
    return facts


def _known(
    unit: Unit, members: set[UUID], receipts: set[UUID], keys: tuple[set[TapKey], set[TapKey]]
) -> Facts:
    """Read what nearly every batch needs, in one way; `keys` are of tapped and of told sales."""
    taps, keys_told = keys

    def booked() -> set[UUID]:
        return unit.journal.known_receipts(receipts) if receipts else set()

    def tapped() -> set[TapKey]:
        return unit.journal.known_taps(taps)

    def wallets() -> dict[UUID, UUID]:
        return unit.members.wallets(members) if members else {}

    def told() -> dict[TapKey, dict[bytes, UUID]]:
        return unit.journal.told(keys_told)

    unit.ahead(booked, tapped, told, wallets)
    return Facts(receipts=booked(), taps=tapped(), told=told(), wallets=wallets())


def _moved(unit: Unit, opened: Sequence[tuple[Arrival, Body]], facts: Facts) -> dict[UUID, UUID]:
    """Return where points of members are whose shops book to another wallet than their first."""
    first = {
        facts.wallets[arrival.member]
        for arrival, body in opened
        if isinstance(body, Sale) and arrival.member in facts.wallets
        if _books_elsewhere(body, str(facts.wallets[arrival.member]))
    }
    facts.kin = {wallet: frozenset(unit.ledger.group(wallet)) for wallet in sorted(first)}
    kin = {one for group in facts.kin.values() for one in group}
    return unit.ledger.holders(kin) if kin else {}


def _books_elsewhere(sale: Sale, wallet: str) -> bool:
    return any(
        wallet not in posting.credit and wallet not in posting.debit for posting in sale.postings
    )


def write(unit: Unit, made: Plan, now_ms: int) -> None:
    """Write a plan's effects."""
    if not made.applied:
        return
    unit.journal.add_events(made.applied)
    unit.members.add_members(made.members)
    enter_birthdays(unit, made.members, now_ms)
    unit.members.add_identities(made.identities, now_ms)
    unit.members.add_cards(made.cards)
    unit.phones.add_claims(made.claims)
    unit.members.add_consents(made.consents)
    unit.faces.erased(made.erased_faces, now_ms)
    withdraw_again(unit, made, now_ms)
    unit.faces.hold(made.held_faces, now_ms)
    unit.journal.add_sales(made.sales)
    unit.clerks.note(made.sales, now_ms)
    unit.tills.note(made.till_news)
    unit.ledger.add_refunds(made.refunds)
    unit.journal.count_uses(uses_moved(made.sales, made.refunds))
    unit.growth.due(made.buyers, "sale")
    unit.stock.note_sales(made.sales)
    unit.stock.note_refunds(made.refunds)
    unit.ledger.add_postings(made.postings)
    unit.journal.move_balances(made.balances, now_ms)
    unit.catalogue.review_names(made.unmapped_names, now_ms)
    unit.members.add_interests(made.interests, now_ms)
    unit.repair.resolve_members({new.member for new in made.members}, now_ms)
    after_booking(unit, made, now_ms)


def _key(arrival: Arrival, sale: Sale) -> TapKey | None:
    till = arrival.event.till
    try:
        day = day_of(arrival, sale)
    except (ValueError, OverflowError, OSError):
        return None  # the plan refuses it
    said = None if till is None else id_of(till)
    return arrival.place.store, said, day, sale.till_receipt_no
