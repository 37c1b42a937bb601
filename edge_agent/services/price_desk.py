"""From what a till names to a priced basket: articles, rules, member and the shop's wall time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from edge_agent.domain.sale import AskedLine
from edge_agent.domain.shop import Shop
from edge_agent.ports.replica import HeldMember, Replica
from retail_core.checkout.basket import Basket, BasketLine
from retail_core.checkout.business_date import as_int, business_date
from retail_core.clock import Instant, TimeQuality
from retail_core.errors import Fault
from retail_core.pricing.certificate import PricedBasket
from retail_core.pricing.evaluate import MemberContext, price_basket
from retail_core.pricing.proof.repricing import priced_for
from retail_core.pricing.rules.bundle import RuleBundle, bundle_hash, parse_bundle
from retail_core.pricing.rules.context import StoreContext
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import PricedFor

NO_RULES = RuleBundle(version=0)
CHANNEL = "store"
_MS_PER_S = 1000


@dataclass(frozen=True, slots=True)
class Rules:
    """The bundle in force and the hash a certificate names it by."""

    bundle: RuleBundle
    hash: bytes


SHELF_PRICES = Rules(NO_RULES, b"")


@dataclass(frozen=True, slots=True)
class Quote:
    """A priced basket with what it was priced from."""

    basket: Basket
    priced: PricedBasket
    rules: Rules
    facts: PricedFor


class PriceDesk:
    """Prices baskets by the replica's articles and rules; parsed rules are kept by version."""

    def __init__(self, replica: Replica, shop: Shop) -> None:
        self._replica = replica
        self._shop = shop
        self._zone = ZoneInfo(shop.zone)
        self._parsed: dict[int, Rules] = {}

    def rules(self) -> Rules:
        """Return the newest rules; shelf prices while no bundle has come."""
        held = self._replica.bundle()
        if held is None:
            return SHELF_PRICES
        version, content = held
        if version not in self._parsed:
            self._parsed = {version: _read_rules(content)}
        return self._parsed[version]

    def rules_at(self, at: Instant) -> Rules:
        """Return the newest rules that hold already, which without a clock nobody can tell."""
        newest = self.rules()
        if newest.bundle.valid_from is None:
            return newest
        if at.quality == TimeQuality.UNKNOWN:
            return SHELF_PRICES
        local = self.local(at)
        if _holds(newest, local):
            return newest
        return next((rules for rules in self._earlier() if _holds(rules, local)), SHELF_PRICES)

    def rules_of(self, hash_: bytes) -> Rules | None:
        """Return the rules a receipt names, in force or among the earlier ones kept; else None."""
        if not hash_:
            return SHELF_PRICES
        return next((one for one in (self.rules(), *self._earlier()) if one.hash == hash_), None)

    def _earlier(self) -> Iterator[Rules]:
        for version, content in self._replica.earlier_bundles():
            if version not in self._parsed:
                self._parsed |= {version: _read_rules(content)}
            yield self._parsed[version]

    def local(self, at: Instant) -> datetime:
        """Return the naive wall time in the shop's zone."""
        moment = datetime.fromtimestamp(at.wall_ms / _MS_PER_S, UTC)
        return moment.astimezone(self._zone).replace(tzinfo=None)

    def business_date(self, at: Instant) -> int | None:
        """Return the business date as 20260731; None while the clock is unknown."""
        if at.quality == TimeQuality.UNKNOWN:
            return None
        return as_int(business_date(self.local(at), self._shop.day_starts_at))

    def quote(self, lines: tuple[AskedLine, ...], held: HeldMember | None, at: Instant) -> Quote:
        """Price lines for a member or nobody (Faults of the core, SALE_ARTICLE_UNKNOWN)."""
        named = tuple(self._line(number, line) for number, line in enumerate(lines, start=1))
        return self.again(named, held, at)

    def again(self, lines: tuple[BasketLine, ...], held: HeldMember | None, at: Instant) -> Quote:
        """Price lines whose articles and unit prices are known, as those of an older receipt."""
        rules = self.rules_at(at)
        basket = Basket(lines, self.local(at))
        member, store = _member_context(held), self._store(at)
        priced = price_basket(basket, rules.bundle, member, store=store)
        facts = priced_for(basket.opened_local, member, store, rules.bundle)
        return Quote(basket, priced, rules, facts)

    def member(self, member_id: UUID | None) -> HeldMember | None:
        """Return the member of a sale; Fault SALE_MEMBER_UNKNOWN when she is not held here."""
        if member_id is None:
            return None
        held = self._replica.member(member_id)
        if held is None:
            raise Fault(FaultCode.SALE_MEMBER_UNKNOWN)
        return held

    def _store(self, at: Instant) -> StoreContext:
        """Return what the box knows of the shop: neither stock nor how often rules were used."""
        return StoreContext(
            store=self._shop.store_name,
            region=self._shop.region,
            channel=CHANNEL,
            clock_known=at.quality != TimeQuality.UNKNOWN,
            use_known=False,
        )

    def _line(self, number: int, asked: AskedLine) -> BasketLine:
        article = self._replica.article_by_sku(asked.sku) if asked.sku else None
        if article is None and asked.barcode:
            article = self._replica.article_by_barcode(asked.barcode)
        if article is not None:
            return BasketLine(
                line=number,
                sku=article.sku,
                article_id=article.article_id,
                name=article.name,
                unit_price_fen=article.price_fen,
                qty_milli=asked.qty_milli,
                brand=article.brand,
                category=article.category,
                tags=article.tags,
            )
        code = asked.sku or asked.barcode
        if asked.unit_price_fen is None:
            raise Fault(FaultCode.SALE_ARTICLE_UNKNOWN, sku=code)
        name = asked.name or code
        return BasketLine(number, code, None, name, asked.unit_price_fen, asked.qty_milli)


def _member_context(held: HeldMember | None) -> MemberContext | None:
    """Return what the replica knows of a member that rules may ask about."""
    if held is None:
        return None
    record = held.record
    return MemberContext(
        tier=record.tier, tags=frozenset(record.tags), points_free=record.points_free
    )


def _holds(rules: Rules, local: datetime) -> bool:
    begin = rules.bundle.valid_from
    return begin is None or begin <= local


def _read_rules(content: bytes) -> Rules:
    """Return the rules held here; what this program cannot read leaves shelf prices."""
    try:
        return Rules(parse_bundle(content), bundle_hash(content))
    except Fault:
        return SHELF_PRICES
