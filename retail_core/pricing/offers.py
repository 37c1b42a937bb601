"""Offers as data: the tagged union, the rule bundle around it, and its signature.

A bundle travels as JSON (docs/reference/offers.md) and is checked whole when it is read: a typo in
a field, a tier or a time never becomes an offer that silently does nothing.
"""

import hashlib
from collections import Counter
from typing import NoReturn

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail_core import limits
from retail_core.errors import Fault
from retail_core.pricing.slots import WeekSlot, check_slot
from retail_core.texts.faults import FaultCode

SIGNATURE_BYTES = 64
PERMILLE = 1000
ID_CHARS_MAX = 64
SET_UNITS_MAX = 100
_CONTEXT = b"regulars-bundle-1\x00"
_NOBODY: frozenset[str] = frozenset()


class ItemSelector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which articles: any of the named ones; a selector that names nothing means all."""

    skus: frozenset[str] = _NOBODY
    categories: frozenset[str] = _NOBODY
    brands: frozenset[str] = _NOBODY
    tags: frozenset[str] = _NOBODY


class OfferBase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every offer has. Empty `tiers` and `member_tags` mean everybody, members or not."""

    id: str
    name: str
    items: ItemSelector = ItemSelector()
    tiers: frozenset[str] = _NOBODY
    member_tags: frozenset[str] = _NOBODY
    priority: int = 0


class TierPrice(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="tier_price"):
    """Each unit at `permille` thousandths of its price (950 is 95 折)."""

    permille: int


class TimeSlotPrice(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="time_slot_price"):
    """Each unit at `permille` thousandths while the basket's opening time lies in a slot."""

    permille: int
    slots: tuple[WeekSlot, ...]


class MixAndMatch(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="mix_and_match"):
    """Of each `need` units taken together the `free` cheapest cost nothing; any multiple."""

    need: int
    free: int = 1


class SetPrice(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="set_price"):
    """Each `need` units taken together cost `price_fen`; any multiple."""

    need: int
    price_fen: int


Offer = TierPrice | TimeSlotPrice | MixAndMatch | SetPrice


class EarnRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One point for each `fen_per_point`, times the tier's thousandths (1000 when not named)."""

    id: str
    fen_per_point: int
    tier_permille: dict[str, int] = {}


class RuleBundle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A published version of all rules; `tier_names` maps tier codes, lowest first, to names."""

    version: int
    offers: tuple[Offer, ...] = ()
    earn: EarnRule | None = None
    tier_names: dict[str, str] = {}


def order_key(offer: Offer) -> tuple[int, str]:
    """Return what decides between offers that save the same: priority first, then the lower id."""
    return -offer.priority, offer.id


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
            _check_permille(offer)
        case TimeSlotPrice():
            _check_permille(offer)
            _check_slots(offer)
        case MixAndMatch():
            _check_need(offer)
            _check_free(offer)
        case SetPrice():
            _check_need(offer)
            if not 0 <= offer.price_fen <= limits.AMOUNT_FEN_MAX:
                _refuse(offer.id, "price_fen is out of range")


def _check_id(text: str) -> None:
    if not 0 < len(text) <= ID_CHARS_MAX:
        _refuse(text, f"the id must have 1 to {ID_CHARS_MAX} characters")


def _check_tiers(owner: str, tiers: frozenset[str], bundle: RuleBundle) -> None:
    unknown = sorted(tiers - bundle.tier_names.keys())
    if unknown:
        _refuse(owner, f"tiers not in tier_names: {', '.join(unknown)}")


def _check_permille(offer: TierPrice | TimeSlotPrice) -> None:
    if not 0 < offer.permille < PERMILLE:
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
