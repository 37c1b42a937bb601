"""The price certificate as a document: what was charged, and all it depended on, to check again.

It holds no more of a person than the rules asked about: a date of joining or a birthday is replaced
by one that meets exactly the same rules. Its bytes are canonical: the same certificate is the same
file everywhere, and its SHA-256 names it. docs/reference/certificate.md describes the fields.
"""

import hashlib
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal

import msgspec

from retail_core.checkout.basket import Basket
from retail_core.errors import Fault
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
from retail_core.pricing.proof.depends import member_facts, store_facts
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.context import MemberContext, StoreContext
from retail_core.pricing.rules.files import (
    BasketFile,
    LineFile,
    MemberFile,
    MemberUse,
    Spent,
    StoreUse,
    read_basket,
    read_member,
)
from retail_core.pricing.rules.reading import Misfit, decode
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

FORMAT = 1


class BundleName(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rules: `sha256` is over the bundle's file as it was published, in hex."""

    version: int
    chain: str
    sha256: str


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A priced basket as JSON: what is charged and why, also what `regulars price` prints.

    `sha256` is the hash that travels with the sale.
    """

    bundle_version: int
    lines: tuple[PricedLine, ...]
    shelf_fen: int
    saved_fen: int
    before_coupon_fen: int
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
    """A price with what it depended on: `basket` and `member` are files to price again."""

    format: int
    bundle: BundleName
    basket: BasketFile
    member: MemberFile | None
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
    facts = Asked(
        basket=asked.basket,
        member=member_facts(asked.member, bundle, asked.basket.opened_local.date()),
        store=store_facts(asked.store, bundle, asked.basket),
        points_wanted=asked.points_wanted,
    )
    return Certificate(
        format=FORMAT,
        bundle=BundleName(version=bundle.version, chain=bundle.chain, sha256=bundle_sha256.hex()),
        basket=basket_file(facts),
        member=member_file(facts.member),
        result=result_of(priced),
    )


def basket_file(asked: Asked) -> BasketFile:
    """Return what was asked for as a basket file."""
    store = asked.store
    spent = store.campaign_fen.keys() | store.campaign_uses.keys()
    return BasketFile(
        opened=asked.basket.opened_local,
        lines=tuple(
            LineFile(
                sku=line.sku,
                unit_price_fen=line.unit_price_fen,
                qty_milli=line.qty_milli,
                line=line.line,
                name=line.name,
                brand=line.brand,
                category=line.category,
                tags=line.tags,
            )
            for line in asked.basket.lines
        ),
        store=store.store,
        region=store.region,
        channel=store.channel,
        stock=store.stock,
        used=StoreUse(today=store.used.today),
        campaigns={
            name: Spent(fen=store.campaign_fen.get(name, 0), uses=store.campaign_uses.get(name, 0))
            for name in spent
        },
        points_wanted=asked.points_wanted,
        clock_known=store.clock_known,
        use_known=store.use_known,
    )


def member_file(member: MemberContext | None) -> MemberFile | None:
    """Return a member as a file."""
    if member is None:
        return None
    birthday = None if member.birthday is None else "{:02}-{:02}".format(*member.birthday)
    return MemberFile(
        tier=member.tier,
        tags=member.tags,
        groups=member.groups,
        joined=member.joined,
        birthday=birthday,
        points_free=member.points_free,
        coupons=member.coupons,
        personal=member.personal,
        used=MemberUse(ever=member.used.ever, today=member.used.today),
    )


def result_of(priced: PricedBasket) -> Result:
    """Return a priced basket in the shape of its JSON."""
    return Result(
        bundle_version=priced.bundle_version,
        lines=priced.lines,
        shelf_fen=priced.shelf_fen,
        saved_fen=priced.saved_fen,
        before_coupon_fen=priced.before_coupon_fen,
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


def encode_result(priced: PricedBasket) -> bytes:
    """Return a priced basket's canonical JSON: fields as declared, maps sorted, no white space."""
    return msgspec.json.encode(result_of(priced), order="deterministic")


def encode_certificate(certificate: Certificate) -> bytes:
    """Return the canonical bytes: names and sets sorted, no white space.

    A field that holds its default is left out, so a certificate keeps its bytes when a later
    version of the format has more optional fields.
    """
    return msgspec.json.encode(_without_defaults(certificate), order="deterministic")


def _without_defaults(value: object) -> object:
    """Return a value as JSON knows it, without the fields that hold their default."""
    if isinstance(value, msgspec.Struct):
        entries = [
            (one.encode_name, getattr(value, one.name), one.default, one.default_factory)
            for one in msgspec.structs.fields(value)
        ]
        return _kept(entries, msgspec.NODEFAULT)
    if is_dataclass(value):
        entries = [
            (one.name, getattr(value, one.name), one.default, one.default_factory)
            for one in fields(value)
        ]
        return _kept(entries, MISSING)
    if isinstance(value, list | tuple):
        return [_without_defaults(entry) for entry in value]
    return value


def _kept(entries: list[tuple[str, Any, Any, Any]], nothing: object) -> dict[str, object]:
    kept = {}
    for name, value, default, factory in entries:
        usual = factory() if factory is not nothing else default
        if usual is nothing or value != usual:
            kept[name] = _without_defaults(value)
    return kept


def certificate_sha256(certificate: Certificate) -> bytes:
    """Return the hash that names a certificate."""
    return hashlib.sha256(encode_certificate(certificate)).digest()


class _Price(msgspec.Struct):
    """What tells a price by itself from a certificate of it."""

    bundle_version: int
    total_fen: int
    sha256: str


_PRICE = Words(
    "this is a price as `regulars price --json` prints it; its certificate is written by"
    " `regulars price … --certificate FILE`",
    "这是 `regulars price --json` 打印的价格;凭证要用 `regulars price … --certificate 文件` 写出来",
)


def read_certificate(content: bytes) -> Certificate:
    """Read a certificate's JSON, canonical or not (Fault P132)."""
    certificate = decode(content, Certificate)
    if isinstance(certificate, Misfit):
        price = not isinstance(decode(content, _Price), Misfit)
        raise Fault(FaultCode.CERTIFICATE_INVALID, detail=_PRICE if price else certificate.words())
    if certificate.format != FORMAT:
        raise Fault(FaultCode.CERTIFICATE_INVALID, detail=_other_format(certificate.format))
    return certificate


def _other_format(number: int) -> Words:
    return Words(
        f"format {number} is not the {FORMAT} that this program knows",
        f"格式是 {number},这个程序认识的是 {FORMAT}",
    )


def asked_of(certificate: Certificate) -> Asked:
    """Return what the price was asked for (Fault P123 when no till could ask so)."""
    basket = read_basket(msgspec.json.encode(certificate.basket))
    member = certificate.member
    return Asked(
        basket=basket.basket,
        member=None if member is None else read_member(msgspec.json.encode(member)),
        store=basket.store,
        points_wanted=basket.points_wanted,
    )
