"""Is what a till charged right: sums always, the best price for some of the receipts.

A till prices offline by a published bundle. Every sale's sums are checked here, that its offers are
in that bundle, and that nothing costs more than on the shelf. One in a hundred, chosen by the
receipt's id, is priced again with the same rules, and every one that looks odd.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

from retail_core.catalog.article import Article
from retail_core.checkout.basket import MILLI, BasketLine
from retail_core.checkout.receipt import TENDER_POINTS
from retail_core.loyalty.leases import RightKind
from retail_core.pricing.certificate import PricedBasket, PricedLine
from retail_core.pricing.proof.arithmetic import check_sums
from retail_core.pricing.proof.depends import rules_of
from retail_core.pricing.proof.document import Asked
from retail_core.pricing.proof.repricing import basket_again, member_of, store_of
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.coupons import Held
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import Sale

PRICED_BY_US = "api"
SAMPLED_IN = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as it should be, with the numbers for the person who looks at it."""

    code: FaultCode
    detail: str


def is_sampled(receipt: UUID) -> bool:
    """Choose one receipt in a hundred, the same ones on every machine."""
    return int.from_bytes(sha256(receipt.bytes).digest()[:8]) % SAMPLED_IN == 0


def check_sale(sale: Sale, bundle: RuleBundle | None) -> Iterator[Difference]:
    """Yield what is wrong without pricing anything; `bundle` is None when none has that hash.

    A sale without a bundle is one at shelf prices.
    """
    lines = tuple(
        PricedLine(
            one.line, one.sku, one.name, one.qty_milli, one.shelf_fen, one.net_fen, one.offers
        )
        for one in sale.lines
    )
    for finding in check_sums(lines, sale.shelf_fen, sale.total_fen):
        said = [f"{finding.flaw}: {finding.found}, expected {finding.expected}"]
        said += [f"line={finding.line}"] if finding.line else []
        yield Difference(FaultCode.AUDIT_ARITHMETIC, ", ".join(said))
    offers = {rule for line in lines for rule, _ in line.offers}
    if bundle is None and (offers or sale.bundle_version):
        detail = f"version={sale.bundle_version}, sha256={sale.bundle_hash.hex()[:12]}"
        yield Difference(FaultCode.AUDIT_BUNDLE_UNKNOWN, detail)
    elif bundle is not None:
        for offer in sorted(offers - {rule.id for rule in rules_of(bundle)}):
            detail = f"offer={offer}, version={bundle.version}"
            yield Difference(FaultCode.AUDIT_OFFER_UNKNOWN, detail)


def is_odd(sale: Sale) -> bool:
    """Tell whether a sale is worth another look: not proven, or more than half came off."""
    off = sale.shelf_fen - sale.total_fen
    return sale.solver_status == "incumbent" or 2 * off > sale.shelf_fen


def asked_again(sale: Sale, articles: tuple[Article, ...]) -> Asked | None:
    """Return what the till had been asked; None when the sale does not say enough.

    Of points and coupons the ones that were redeemed: what she had beside them would not have made
    it cheaper, since the till chose among all of them.
    """
    facts = sale.priced_for
    if facts is None:
        return None
    basket = basket_again(sale.lines, facts, {one.sku: _line(one) for one in articles})
    if basket is None:
        return None
    points = sum(one.amount for one in sale.lease_spends if one.kind == RightKind.POINTS)
    member = member_of(facts)
    if member is not None:
        member = replace(member, points_free=points, coupons=_held(sale))
    return Asked(basket=basket, member=member, store=store_of(facts), points_wanted=points)


def _held(sale: Sale) -> tuple[Held, ...]:
    """Return the coupon of hers that was redeemed."""
    used = sale.coupon
    if used is None or used.id is None:
        return ()
    return (Held(id=str(UUID(bytes=used.id)), coupon=used.rule),)


def _line(article: Article) -> BasketLine:
    return BasketLine(
        line=1,
        sku=article.sku,
        article_id=article.article_id,
        name=article.name,
        unit_price_fen=article.price_fen,
        qty_milli=MILLI,
        brand=article.brand,
        category=article.category,
        tags=article.tags,
    )


def compare(sale: Sale, again: PricedBasket) -> Difference | None:
    """Return how a price differs from the one worked out again; None when it does not.

    A till that had reached its search limit may have charged more, by no more than it said; the
    cloud's own limit says nothing against a lower price.
    """
    paid_by_points = sum(fen for kind, fen in sale.tenders if kind == TENDER_POINTS)
    charged, due = sale.total_fen - paid_by_points, again.due_fen
    detail = f"charged={charged}, due={due}"
    if due < charged:
        return Difference(FaultCode.AUDIT_CHEAPER, detail)
    if due > charged and again.status == "optimal":
        return Difference(FaultCode.AUDIT_TOO_CHEAP, detail)
    return None
