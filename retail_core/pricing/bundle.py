"""The rule bundle: every rule of a chain in one published version, checked whole and signed.

A bundle travels as JSON (docs/reference/offers.md) and is checked whole when it is read: a typo in
a field, a tier or a time never becomes an offer that silently does nothing.
"""

import hashlib
from collections import Counter
from datetime import datetime
from typing import NoReturn

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail_core import limits
from retail_core.errors import Fault
from retail_core.pricing.conditions import NOBODY
from retail_core.pricing.coupons import Coupon, Gift
from retail_core.pricing.offers import (
    PERMILLE,
    MixAndMatch,
    Offer,
    Rebate,
    SetPrice,
    TierPrice,
    TimeSlotPrice,
)
from retail_core.pricing.slots import check_slot
from retail_core.texts.faults import FaultCode

FORMAT = 1
SIGNATURE_BYTES = 64
ID_CHARS_MAX = 64
SET_UNITS_MAX = 100
_CONTEXT = b"regulars-bundle-1\x00"


class EarnRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One point for each `fen_per_point`, times the tier's thousandths (1000 when not named)."""

    id: str
    fen_per_point: int
    tier_permille: dict[str, int] = {}


class PointsRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Points as tender: worth `fen_per_point`, in whole multiples of `step` points.

    None below `min_points` or on a total under `min_total_fen`; at most `max_permille` thousandths
    of the total.
    """

    id: str
    fen_per_point: int = 1
    step: int = 1
    min_points: int = 0
    min_total_fen: int = 0
    max_permille: int = PERMILLE


class Campaign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A budget that several offers and coupons share; None is without end."""

    id: str
    budget_fen: int | None = None
    uses: int | None = None


class Restriction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a region or a store does not take part in; by its shape it can only take away.

    `off` names offers, coupons and gifts; `per_receipt` lowers their cap on a receipt.
    """

    regions: frozenset[str] = NOBODY
    stores: frozenset[str] = NOBODY
    off: frozenset[str] = NOBODY
    per_receipt: dict[str, int] = {}
    points_off: bool = False


class RuleBundle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A published version of all rules; `tier_names` maps tier codes, lowest first, to names.

    `chain` names whose rules they are: coupons of another chain are refused. `inferred_tags` are
    guesses about a person: they may drive coupons, never a unit price.
    """

    version: int
    format: int = FORMAT
    chain: str = ""
    valid_from: datetime | None = None
    tier_names: dict[str, str] = {}
    inferred_tags: frozenset[str] = NOBODY
    earn: EarnRule | None = None
    points: PointsRule | None = None
    campaigns: tuple[Campaign, ...] = ()
    offers: tuple[Offer, ...] = ()
    coupons: tuple[Coupon, ...] = ()
    gifts: tuple[Gift, ...] = ()
    restrictions: tuple[Restriction, ...] = ()


def bundle_hash(content: bytes) -> bytes:
    """Return the SHA-256 by which a bundle's content is named."""
    return hashlib.sha256(content).digest()


def sign_bundle(content: bytes, private_key: bytes) -> bytes:
    """Put a 64-byte Ed25519 signature in front; `private_key` is the raw 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(_CONTEXT + content) + content


def open_bundle(signed: bytes, public_key: bytes) -> bytes:
    """Return the content if the raw 32-byte public key signed it (Fault P107 otherwise)."""
    signature, content = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _CONTEXT + content)
    except InvalidSignature:
        raise Fault(FaultCode.OFFER_INVALID, offer="bundle", reason="signature") from None
    return content


def parse_bundle(content: bytes) -> RuleBundle:
    """Read and check a bundle's JSON (Fault P107 names the offer and what is wrong)."""
    try:
        bundle = msgspec.json.decode(content, type=RuleBundle)
    except msgspec.DecodeError as error:
        raise Fault(FaultCode.OFFER_INVALID, offer="bundle", reason=str(error)) from None
    _check_bundle(bundle)
    for offer in bundle.offers:
        _check_offer(offer, bundle)
    if bundle.earn is not None:
        _check_earn(bundle.earn, bundle)
    return bundle


def _refuse(offer: str, reason: str) -> NoReturn:
    raise Fault(FaultCode.OFFER_INVALID, offer=offer, reason=reason)


def _check_bundle(bundle: RuleBundle) -> None:
    if bundle.version < 1:
        _refuse("bundle", "version must be 1 or more")
    if len(bundle.offers) > limits.OFFERS_MAX:
        _refuse("bundle", f"more than {limits.OFFERS_MAX} offers")
    for offer_id, times in Counter(offer.id for offer in bundle.offers).items():
        if times > 1:
            _refuse(offer_id, "the id is used more than once")


def _check_offer(offer: Offer, bundle: RuleBundle) -> None:
    _check_id(offer.id)
    if not 0 < len(offer.name) <= limits.NAME_CHARS_MAX:
        _refuse(offer.id, f"the name must have 1 to {limits.NAME_CHARS_MAX} characters")
    _check_tiers(offer.id, offer.tiers, bundle)
    match offer:
        case TierPrice():
            _check_rebate(offer)
        case TimeSlotPrice():
            _check_rebate(offer)
            _check_slots(offer)
        case MixAndMatch():
            _check_need(offer)
            _check_free(offer)
        case SetPrice():
            _check_need(offer)
            if not 0 <= offer.price_fen <= limits.AMOUNT_FEN_MAX:
                _refuse(offer.id, "price_fen is out of range")
        case _:
            _refuse(offer.id, "this kind is not priced yet")


def _check_id(text: str) -> None:
    if not 0 < len(text) <= ID_CHARS_MAX:
        _refuse(text, f"the id must have 1 to {ID_CHARS_MAX} characters")


def _check_tiers(owner: str, tiers: frozenset[str], bundle: RuleBundle) -> None:
    unknown = sorted(tiers - bundle.tier_names.keys())
    if unknown:
        _refuse(owner, f"tiers not in tier_names: {', '.join(unknown)}")


def _check_rebate(offer: Rebate) -> None:
    ways = (offer.permille, offer.fen_off, offer.price_fen)
    if sum(way is not None for way in ways) != 1:
        _refuse(offer.id, "give exactly one of permille, fen_off and price_fen")
    if offer.permille is not None and not 0 < offer.permille < PERMILLE:
        _refuse(offer.id, "permille must lie between 1 and 999")


def _check_slots(offer: TimeSlotPrice) -> None:
    if not offer.slots:
        _refuse(offer.id, "at least one slot is needed")
    for slot in offer.slots:
        try:
            check_slot(slot)
        except ValueError as error:
            _refuse(offer.id, str(error))


def _check_need(offer: MixAndMatch | SetPrice) -> None:
    if not 1 < offer.need <= SET_UNITS_MAX:
        _refuse(offer.id, f"need must lie between 2 and {SET_UNITS_MAX}")


def _check_free(offer: MixAndMatch) -> None:
    if not 0 < offer.free < offer.need:
        _refuse(offer.id, "free must lie between 1 and need - 1")


def _check_earn(earn: EarnRule, bundle: RuleBundle) -> None:
    _check_id(earn.id)
    if earn.fen_per_point < 1:
        _refuse(earn.id, "fen_per_point must be 1 or more")
    if any(permille < 0 for permille in earn.tier_permille.values()):
        _refuse(earn.id, "tier_permille may not be negative")
    _check_tiers(earn.id, frozenset(earn.tier_permille), bundle)
