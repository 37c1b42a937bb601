"""What a batch of new events does to the tables: facts in, effects out, nothing touched here.

An event that cannot be applied is refused alone and waits in the repair queue; its neighbours go
on. A sale is never refused for what it says about the member: money that was taken is booked.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NoReturn
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival, day_of
from cloud_broker.domain.handed_plan import call_answered, hand_over
from cloud_broker.domain.ingest_effects import (
    CARD,
    CONSENT_AGES,
    CONSENT_KINDS,
    FACE_LOCAL,
    PHONE,
    TAP,
    TOLD_CONSENTS,
    BookedSale,
    ErasedFace,
    Facts,
    FirstUse,
    HeldFace,
    NewCard,
    NewClaim,
    NewConsent,
    NewMember,
    Note,
    Plan,
    Refused,
    TapKey,
    TillNews,
)
from cloud_broker.domain.points_plan import book_refund, mature_at_once
from cloud_broker.domain.postings import booked, sums_up
from cloud_broker.domain.told_again import told_again
from retail_core.errors import Fault
from retail_core.identity.erasure import SignedReceipt, open_receipt
from retail_core.ids import id_of
from retail_core.loyalty.postings import points_earned
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import Body, decode_body
from retail_core.wire.growth import CallAnswered, GiftHanded
from retail_core.wire.lease import LeaseHello, LeaseReturned
from retail_core.wire.messages import (
    CardIssued,
    ClaimIssued,
    ConsentGiven,
    FaceErased,
    FaceHeld,
    MemberEnrolled,
    ProofSuspect,
    ProofUsed,
    Sale,
)
from retail_core.wire.refund import Refund
from retail_core.wire.returns import ReturnUnmatched
from retail_core.wire.tills import TillAgreement


def open_bodies(
    arrivals: Iterable[Arrival],
) -> tuple[list[tuple[Arrival, Body]], list[Refused]]:
    """Decode each body; those that cannot be decoded are refused."""
    opened: list[tuple[Arrival, Body]] = []
    refused: list[Refused] = []
    for arrival in arrivals:
        try:
            opened.append((arrival, decode_body(arrival.event.type, arrival.event.body)))
        except Fault as fault:
            refused.append(Refused(arrival, fault.code, detail_of(fault)))
    return opened, refused


def plan(opened: Sequence[tuple[Arrival, Body]], facts: Facts) -> Plan:
    """Work out the effects of new events, in the order given."""
    made = Plan()
    for arrival, body in opened:
        try:
            _apply(arrival, body, facts, made)
        except Fault as fault:
            made.refused.append(Refused(arrival, fault.code, detail_of(fault)))
        else:
            made.applied.append(arrival)
    return made


def detail_of(fault: Fault) -> str:
    """Return the fault's fields as a line for the person who repairs."""
    return ", ".join(f"{name}={value}" for name, value in sorted(fault.fields.items()))


def _apply(arrival: Arrival, body: Body, facts: Facts, made: Plan) -> None:
    match body:
        case Sale():
            _sale(arrival, body, facts, made)
        case Refund():
            book_refund(arrival, body, facts, made)
        case MemberEnrolled():
            _enrolled(arrival, body, facts, made)
        case ConsentGiven():
            _consent(arrival, body, facts, made)
        case CardIssued():
            _card(arrival, body, facts, made)
        case FaceHeld() | FaceErased():
            _face(arrival, body, facts, made)
        case LeaseHello() | LeaseReturned():
            made.lease_events.append((arrival, body))
        case _:
            _apply_other(arrival, body, facts, made)


def _apply_other(
    arrival: Arrival,
    body: ClaimIssued
    | ProofUsed
    | ProofSuspect
    | GiftHanded
    | TillAgreement
    | ReturnUnmatched
    | CallAnswered,
    facts: Facts,
    made: Plan,
) -> None:
    match body:
        case GiftHanded():
            hand_over(arrival, body, _member_of(arrival), made)
        case ClaimIssued():
            _claim(arrival, body, facts, made)
        case ProofUsed():
            _proof(arrival, body, facts, made)
        case ProofSuspect():
            _suspect(arrival, body, made)
        case TillAgreement():
            _till_stands(arrival, body, made)
        case ReturnUnmatched():
            _return_unmatched(arrival, body, made)
        case CallAnswered():
            call_answered(arrival, body, _member_of(arrival), made)


def _consent(arrival: Arrival, body: ConsentGiven, facts: Facts, made: Plan) -> None:
    member = _member_of(arrival)
    if body.kind not in CONSENT_KINDS or body.age not in CONSENT_AGES:
        _malformed(f"consent {body.kind} {body.age}")
    made.consents.append(NewConsent(arrival, member, body))
    if body.kind == FACE_LOCAL and body.given:
        facts.consenting.add(member)
    elif body.kind == FACE_LOCAL:
        facts.consenting.discard(member)
    if body.kind in TOLD_CONSENTS:
        made.touched.add(member)


def _face(arrival: Arrival, body: FaceHeld | FaceErased, facts: Facts, made: Plan) -> None:
    """Count what a box holds; a box that holds a face without a consent is seen by a person."""
    member = _member_of(arrival)
    match body:
        case FaceHeld():
            if member not in facts.consenting:
                raise Fault(FaultCode.FACE_CONSENT_MISSING, member=member)
            if body.count < 1:
                _malformed("no template")
            made.held_faces.append(HeldFace(arrival, member, body))
        case FaceErased():
            receipt = open_receipt(SignedReceipt(body.receipt, body.signature, body.public_key))
            if receipt.device != str(arrival.place.device):
                raise Fault(FaultCode.RECEIPT_INVALID)
            made.held_faces = [one for one in made.held_faces if not one.is_of(arrival, member)]
            made.erased_faces.append(ErasedFace(arrival, member, body, receipt))


def _member_of(arrival: Arrival) -> UUID:
    member = arrival.member
    if member is None:
        _malformed("the event names no member")
    return member


def _malformed(detail: str) -> NoReturn:
    raise Fault(FaultCode.WIRE_MALFORMED, detail=detail)


def _sale(arrival: Arrival, sale: Sale, facts: Facts, made: Plan) -> None:
    receipt_id, member = id_of(sale.receipt_id), arrival.member
    if receipt_id in facts.receipts:
        raise Fault(FaultCode.LEDGER_KEY_CONFLICT, receipt=receipt_id)
    if len({line.line for line in sale.lines}) != len(sale.lines):
        _malformed("a line number stands twice")
    day = _day(arrival, sale)
    tap: TapKey = (arrival.place.store, _till(arrival), day, sale.till_receipt_no)
    tapped = sale.source == TAP and sale.till_receipt_no != ""
    if tapped and tap in facts.taps:
        raise Fault(FaultCode.SYNC_RECEIPT_TWICE, number=sale.till_receipt_no)
    content, note = told_again(arrival, sale, tap, facts)
    postings, wallet = booked(sale, member, facts.wallets, facts.kin)
    facts.receipts.add(receipt_id)
    made.notes += [] if note is None else [note]
    if tapped:
        facts.taps.add(tap)
    booked_sale = BookedSale(
        arrival, sale, receipt_id, day, postings, points_earned(postings), wallet, content
    )
    made.sales.append(booked_sale)
    made.balances.update(sums_up(postings))
    mature_at_once(booked_sale, facts, made)
    made.unmapped_names.update(line.name for line in sale.lines if line.article is None)
    if member is not None:
        _bought(arrival, member, facts, made)
        _parted(booked_sale, facts, made)


def _parted(sold: BookedSale, facts: Facts, made: Plan) -> None:
    """Let a person see points of a shop that has not heard yet that a merge was undone."""
    arrival, wallet = sold.arrival, sold.wallet
    own = facts.wallets.get(arrival.member or sold.receipt_id, wallet)
    if own is None or wallet is None or own == wallet:
        return
    if facts.holders.get(wallet, wallet) != facts.holders.get(own, own):
        detail = f"receipt={sold.receipt_id}, wallet={wallet}"
        code = FaultCode.LEDGER_MERGE_UNKNOWN
        made.notes.append(Note(arrival, "books", code, detail, arrival.member))


def _bought(arrival: Arrival, member: UUID, facts: Facts, made: Plan) -> None:
    made.interests.add((arrival.place.store, member))
    made.touched.add(member)
    if member not in facts.wallets:
        made.notes.append(
            Note(arrival, "member", FaultCode.SALE_MEMBER_UNKNOWN, f"member={member}", member)
        )


def _till(arrival: Arrival) -> UUID | None:
    return None if arrival.event.till is None else id_of(arrival.event.till)


def _day(arrival: Arrival, sale: Sale) -> date:
    try:
        return day_of(arrival, sale)
    except (ValueError, OverflowError, OSError):
        _malformed(f"business date {sale.business_date}")


def _enrolled(arrival: Arrival, body: MemberEnrolled, facts: Facts, made: Plan) -> None:
    member, wallet = _member_of(arrival), id_of(body.wallet)
    if member in facts.wallets:
        _malformed(f"member {member} is enrolled already")
    if facts.wallet_owners.get(wallet, member) != member:
        _malformed(f"wallet {wallet} is another member's")
    facts.wallets[member] = wallet
    facts.wallet_owners[wallet] = member
    made.members.append(NewMember(arrival, member, body, wallet))
    made.touched.add(member)
    made.interests.add((arrival.place.store, member))
    if body.phone_hash:
        _identify(arrival, (PHONE, body.phone_hash), member, facts, made)


def _claim(arrival: Arrival, body: ClaimIssued, facts: Facts, made: Plan) -> None:
    member = _member_of(arrival)
    if member not in facts.wallets:
        raise Fault(FaultCode.SALE_MEMBER_UNKNOWN, member=member)
    made.claims.append(NewClaim(arrival, member, body))


def _card(arrival: Arrival, card: CardIssued, facts: Facts, made: Plan) -> None:
    member = _member_of(arrival)
    if member not in facts.wallets:
        raise Fault(FaultCode.SALE_MEMBER_UNKNOWN, member=member)
    if not card.uid_hash:
        _malformed("the card has no number")
    _identify(arrival, (CARD, card.uid_hash), member, facts, made)
    if facts.identities[CARD, card.uid_hash] == member:
        made.cards.append(NewCard(arrival, member, card))
        made.touched.add(member)


def _till_stands(arrival: Arrival, body: TillAgreement, made: Plan) -> None:
    """Take what a box says of a till; one that lost its permit is put before a person."""
    till = _till(arrival)
    if till is None:
        _malformed("the event names no till")
    made.till_news.append(TillNews(arrival, till, body))
    lost = [one.channel for one in body.channels if one.standing == "lost"]
    if body.why == "standing" and lost:
        detail = f"till={till}, channels={','.join(lost)}, score={body.score}"
        made.notes.append(Note(arrival, "till", FaultCode.TILL_AGREEMENT_LOST, detail))


def _return_unmatched(arrival: Arrival, body: ReturnUnmatched, made: Plan) -> None:
    """Put a return that fits no sale, or several customers', before the people at HQ."""
    try:
        code = FaultCode(body.reason)
    except ValueError:
        _malformed(f"reason {body.reason!r}")
    detail = f"kind={body.kind}, receipt={body.till_receipt_no or '-'}"
    detail += f", original={body.original_no or '-'}, fen={body.total_fen}, lines={len(body.lines)}"
    made.notes.append(Note(arrival, "till", code, detail))


def _suspect(arrival: Arrival, suspect: ProofSuspect, made: Plan) -> None:
    """Put a card that seems to be copied before the people at HQ."""
    try:
        code = FaultCode(suspect.code)
    except ValueError:
        _malformed(f"code {suspect.code!r}")
    detail = f"factor={suspect.factor}, counter={suspect.shown}, last={suspect.last}"
    detail += f", card={suspect.subject.hex()[:12]}"
    made.notes.append(Note(arrival, "proof", code, detail, arrival.member))


def _proof(arrival: Arrival, used: ProofUsed, facts: Facts, made: Plan) -> None:
    """Flag a proof that was used before, which its own box would have refused."""
    own = FirstUse(arrival.event_id, arrival.place.store)
    first = facts.proofs.setdefault(used.proof, own)
    if first.event_id != arrival.event_id:
        detail = f"factor={used.factor}, first_store={first.store}"
        made.notes.append(
            Note(arrival, "proof", FaultCode.QR_USED_ELSEWHERE, detail, arrival.member)
        )


def _identify(
    arrival: Arrival, key: tuple[str, bytes], member: UUID, facts: Facts, made: Plan
) -> None:
    """Let a phone or card name this member, or ask a person when it names another already."""
    owner = facts.identities.setdefault(key, member)
    if owner == member:
        made.identities[key] = member
    else:
        made.notes.append(
            Note(arrival, "person", FaultCode.SYNC_PERSON_TWICE, f"other={owner}", member)
        )
