"""A member claims a receipt that nobody was booked to: once, in time, and never her own till's.

Points are worked out by the rules of the sale at the base tier, for what was kept, and booked on
the day of the claim: a day that was closed stays as it was.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.points import Moment, new_posting
from cloud_broker.domain.postings import sums_up
from cloud_broker.ports.clerks import Alert, ClerkDay
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.receipts import FoundReceipt, ReceiptClaimed
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.members.phones import PhoneHolder
from cloud_broker.services.stores.refresh import refresh
from retail_core.checkout.business_date import business_date
from retail_core.checkout.receipt import receipt_of
from retail_core.errors import Fault
from retail_core.identity.receipt_claim import ReceiptClaim, claim_key, is_genuine, read_claim
from retail_core.loyalty.claiming import Claimed, claim_postings
from retail_core.loyalty.refunds import Standing
from retail_core.pricing.rules.bundle import (
    SIGNATURE_BYTES,
    EarnRule,
    bundle_hash,
    parse_bundle,
)
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale

_MS_PER_DAY = 86_400_000
_MS_PER_S = 1_000


@dataclass(frozen=True, slots=True)
class ClaimDone:
    """What a claim brought."""

    points: int
    pending: bool
    store_name: str
    sold_ms: int
    total_fen: int


class ReceiptClaims:
    """Books claims; called from the API's threads."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def claim(self, who: PhoneHolder, text: str) -> ClaimDone:
        """Book a receipt to whoever holds its code (Faults A155 to A161)."""
        asked, now_ms = read_claim(text), self._clock.now_ms()
        with self._units.begin(who.tenant) as unit:
            # Locked first: a refund, or another phone, waits until this is booked.
            held = unit.ledger.held([asked.receipt_id]).get(asked.receipt_id)
            found = unit.receipts.found(asked.receipt_id)
            if held is None or found is None:
                raise Fault(FaultCode.CLAIM_NOT_YET)
            own = _check(unit, asked, found, who, now_ms)
            if not own:
                return self._book(unit, who, found, held.standing)
            _alert(unit, who, found, now_ms)
        raise Fault(FaultCode.CLAIM_OWN_SALE)

    def _book(
        self, unit: Unit, who: PhoneHolder, found: FoundReceipt, standing: Standing
    ) -> ClaimDone:
        now_ms, sale = self._clock.now_ms(), _sale(found)
        if all(standing.returned.get(line.line, 0) >= line.qty_milli for line in sale.lines):
            raise Fault(FaultCode.CLAIM_REFUNDED)
        wallet, earn = _wallet(unit, who.member), _earn(unit, sale)
        receipt = receipt_of(sale)
        made = claim_postings(receipt, standing.returned, earn, wallet, found.legal_entity)
        if earn is None or made.points + made.qualifying == 0:
            raise Fault(FaultCode.CLAIM_NOTHING)
        claimed = ReceiptClaimed(found.receipt_id, who.member, wallet, made.points)
        if not unit.receipts.claim(claimed, now_ms):
            raise Fault(FaultCode.CLAIM_TAKEN)
        _post(unit, who, found, wallet, made, now_ms)
        _tell(unit, who, found, made, now_ms)
        return ClaimDone(made.points, earn.pending, found.store_name, found.wall_ms, sale.total_fen)


def _check(
    unit: Unit, asked: ReceiptClaim, found: FoundReceipt, who: PhoneHolder, now_ms: int
) -> bool:
    """Refuse what cannot be claimed; tell whether it is a clerk's own sale."""
    if not is_genuine(asked, claim_key(found.token_hash)):
        raise Fault(FaultCode.CLAIM_TOKEN_WRONG)
    if found.member is not None:
        raise Fault(FaultCode.CLAIM_TAKEN)
    today = datetime.fromtimestamp(now_ms / _MS_PER_S, UTC).date()
    days = unit.points_desk.policies().on(today).claim_days
    if now_ms - found.wall_ms > days * _MS_PER_DAY:
        raise Fault(FaultCode.CLAIM_EXPIRED, days=days)
    persons = unit.benefits.persons([who.member])
    return found.operator_member in persons.get(who.member, (who.member,))


def _wallet(unit: Unit, member: UUID) -> UUID:
    """Return where her points are now, also when she was merged."""
    own = unit.members.wallets([member]).get(member)
    if own is None:
        raise Fault(FaultCode.SALE_MEMBER_UNKNOWN, member=member)
    return unit.ledger.holders([own]).get(own, own)


def _sale(found: FoundReceipt) -> Sale:
    sale = decode_body(EventType.SALE, found.body)
    if not isinstance(sale, Sale):
        raise Fault(FaultCode.WIRE_MALFORMED, detail="sale")
    return sale


def _earn(unit: Unit, sale: Sale) -> EarnRule | None:
    """Return how points are earned by the very rules of the sale; None without any."""
    signed = unit.catalogue.content("bundle", sale.bundle_version) if sale.bundle_version else None
    if signed is None or bundle_hash(signed[SIGNATURE_BYTES:]) != sale.bundle_hash:
        return None
    return parse_bundle(signed[SIGNATURE_BYTES:]).earn


def _post(
    unit: Unit, who: PhoneHolder, found: FoundReceipt, wallet: UUID, made: Claimed, now_ms: int
) -> None:
    local = datetime.fromtimestamp(now_ms / _MS_PER_S, UTC).astimezone(ZoneInfo(found.zone))
    day = max(business_date(local.replace(tzinfo=None), found.day_starts_at), found.day)
    # After the sale and its refunds, whatever the clocks say: a lot begins before it ends.
    moment = Moment(day, max(now_ms, found.wall_ms + 1), now_ms)
    postings = [
        new_posting(who.tenant, found.receipt_id, posting, wallet, moment)
        for posting in made.postings
    ]
    unit.ledger.add_postings(postings)
    unit.journal.move_balances(sums_up(made.postings), now_ms)
    unit.placements.queue({wallet}, now_ms)


def _tell(unit: Unit, who: PhoneHolder, found: FoundReceipt, made: Claimed, now_ms: int) -> None:
    unit.growth.due({who.member}, "sale")
    unit.members.add_interests({(found.store, who.member)}, now_ms)
    refresh(unit, {who.member}, now_ms)
    unit.growth.due({who.member}, "claim")
    if found.operator is not None:
        unit.clerks.note_day(ClerkDay(found.operator, found.day), now_ms)
    said = {"receipt": str(found.receipt_id), "points": made.points}
    unit.hq.audit(AuditEntry("member", "receipt.claim", str(who.member), said), now_ms)
    unit.announce(LiveEvent(who.tenant, frozenset({"member", "published"})))


def _alert(unit: Unit, who: PhoneHolder, found: FoundReceipt, now_ms: int) -> None:
    """Put a clerk who wanted her own till's receipt before the people at HQ."""
    if found.operator is None:
        return
    alert = Alert(
        found.operator,
        who.member,
        found.day,
        "own_claim",
        (found.receipt_id,),
        found.wall_ms,
        now_ms,
    )
    unit.clerks.raise_alerts([alert], now_ms)
