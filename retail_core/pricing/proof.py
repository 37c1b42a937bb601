"""The price certificate as a document: what was charged, and all it depended on, to check again.

It holds no more of a person than the rules asked about: a date of joining or a birthday is replaced
by one that meets exactly the same rules. Its bytes are canonical: the same certificate is the same
file everywhere, and its SHA-256 names it. docs/reference/certificate.md describes the fields.
"""

import hashlib
from datetime import datetime
from typing import Literal

import msgspec

from retail_core.checkout.basket import Basket, BasketLine
from retail_core.errors import Fault
from retail_core.pricing.bundle import RuleBundle
from retail_core.pricing.certificate import (
    AppliedOffer,
    GivenGift,
    NearMiss,
    PricedBasket,
    PricedLine,
    RejectedOffer,
    UsedCoupon,
    UsedPoints,
    certificate_hash,
)
from retail_core.pricing.context import MemberContext, StoreContext
from retail_core.pricing.depends import member_facts, store_facts
from retail_core.texts.faults import FaultCode

FORMAT = 1


class BundleName(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rules: `sha256` is over the bundle's file as it was published, in hex."""

    version: int
    chain: str
    sha256: str


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was charged and why; `sha256` is the hash that travels with the sale."""

    lines: tuple[PricedLine, ...]
    shelf_fen: int
    total_fen: int
    due_fen: int
    status: Literal["optimal", "incumbent"]
    gap_fen: int
    applied: tuple[AppliedOffer, ...]
    coupon: UsedCoupon | None
    points: UsedPoints | None
    gifts: tuple[GivenGift, ...]
    rejected: tuple[RejectedOffer, ...]
    near_misses: tuple[NearMiss, ...]
    sha256: str


class Certificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One priced basket with what it depended on."""

    format: int
    bundle: BundleName
    opened: datetime
    basket: tuple[BasketLine, ...]
    store: StoreContext
    member: MemberContext | None
    points_wanted: int
    result: Result


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a price was asked for."""

    basket: Basket
    member: MemberContext | None
    store: StoreContext
    points_wanted: int = 0


def certify(
    asked: Asked, priced: PricedBasket, bundle: RuleBundle, bundle_sha256: bytes
) -> Certificate:
    """Return the certificate of a price."""
    return Certificate(
        format=FORMAT,
        bundle=BundleName(version=bundle.version, chain=bundle.chain, sha256=bundle_sha256.hex()),
        opened=asked.basket.opened_local,
        basket=asked.basket.lines,
        store=store_facts(asked.store, bundle, asked.basket),
        member=member_facts(asked.member, bundle, asked.basket.opened_local.date()),
        points_wanted=asked.points_wanted,
        result=_result(priced),
    )


def _result(priced: PricedBasket) -> Result:
    return Result(
        lines=priced.lines,
        shelf_fen=priced.shelf_fen,
        total_fen=priced.total_fen,
        due_fen=priced.due_fen,
        status=priced.status,
        gap_fen=priced.gap_fen,
        applied=priced.applied,
        coupon=priced.coupon,
        points=priced.points,
        gifts=priced.gifts,
        rejected=priced.rejected,
        near_misses=priced.near_misses,
        sha256=certificate_hash(priced).hex(),
    )


def encode_certificate(certificate: Certificate) -> bytes:
    """Return the canonical bytes: fields as declared, sets and maps sorted, no white space."""
    return msgspec.json.encode(certificate, order="deterministic")


def certificate_sha256(certificate: Certificate) -> bytes:
    """Return the hash that names a certificate."""
    return hashlib.sha256(encode_certificate(certificate)).digest()


def read_certificate(content: bytes) -> Certificate:
    """Read a certificate's JSON, canonical or not (Fault P132)."""
    try:
        certificate = msgspec.json.decode(content, type=Certificate)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Fault(FaultCode.CERTIFICATE_INVALID, detail=str(error)) from None
    if certificate.format != FORMAT:
        raise Fault(FaultCode.CERTIFICATE_INVALID, detail=f"format {certificate.format}")
    return certificate


def asked_of(certificate: Certificate) -> Asked:
    """Return what the price was asked for."""
    return Asked(
        basket=Basket(certificate.basket, certificate.opened),
        member=certificate.member,
        store=certificate.store,
        points_wanted=certificate.points_wanted,
    )
