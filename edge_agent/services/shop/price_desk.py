"""From what a till names to a priced basket: articles, rules, member and the shop's wall time.

Whatever becomes of the rules, a till sells: when they cannot be read or worked out, a basket is at
shelf prices, which is counted and said.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from edge_agent.domain.sale import AskedLine
from edge_agent.domain.shop import Shop
from edge_agent.ports.replica import HeldMember, Replica
from edge_agent.services.shop.article_finder import ArticleFinder
from edge_agent.services.shop.used_up import Budgets, Uses, UsesKnown
from retail_core.checkout.basket import Basket, BasketLine, check_basket
from retail_core.checkout.business_date import as_int, business_date
from retail_core.clock import Instant, TimeQuality
from retail_core.errors import Fault
from retail_core.pricing.certificate import PricedBasket
from retail_core.pricing.evaluate import MemberContext, price_basket
from retail_core.pricing.proof.document import Asked
from retail_core.pricing.proof.repricing import (
    day_of,
    member_of,
    month_day_of,
    opened_of,
    priced_for,
    store_of,
)
from retail_core.pricing.rules.bundle import EarnRule, RuleBundle, bundle_hash, parse_bundle
from retail_core.pricing.rules.context import StoreContext, Used
from retail_core.pricing.rules.coupons import Held
from retail_core.pricing.rules.restricting import points_in
from retail_core.pricing.rules.ruleset import PointsRule
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import PricedFor

NO_RULES = RuleBundle(version=0)
CHANNEL = "store"
# A basket is priced again when it is paid, and when somebody looks: nothing changed since.
QUOTES_KEPT = 16
_MS_PER_S = 1000


@dataclass(frozen=True, slots=True)
class Rules:
    """The bundle in force and the hash a certificate names it by."""

    bundle: RuleBundle
    hash: bytes
    readable: bool = True


SHELF_PRICES = Rules(NO_RULES, b"")


UNREADABLE = replace(SHELF_PRICES, readable=False)


@dataclass(frozen=True, slots=True)
class Redeemable:
    """What may be put into a price: points and coupons that this box was lent, and she chose.

    `holds` are the basket's own reservations, which its price may use; `budgets` is False when
    campaigns may not be drawn on.
    """

    points: int = 0
    coupons: tuple[Held, ...] = ()
    holds: tuple[UUID, ...] = ()
    budgets: bool = True


NOTHING = Redeemable()


@dataclass(frozen=True, slots=True)
class Quote:
    """A priced basket with what it was priced from.

    `earn` is how it earns, also at shelf prices; `fallback` says why it is at those. `caps_day` is
    the day of which it uses the store's caps, where this box shares them; None where it does not.
    """

    basket: Basket
    priced: PricedBasket
    rules: Rules
    facts: PricedFor
    asked: Asked
    earn: EarnRule | None
    fallback: FaultCode | None = None
    caps_day: int | None = None


class PriceDesk:
    """Prices baskets by the replica's articles and rules; parsed rules are kept by version."""

    def __init__(  # what it prices by; tests bring a pricing that fails
        self,
        replica: Replica,
        shop: Shop,
        *,
        uses: Uses | None = None,
        budgets: Budgets | None = None,
        tally: FaultTally | None = None,
        price: Callable[..., PricedBasket] = price_basket,
    ) -> None:
        self._replica = replica
        self._articles = ArticleFinder(replica, shop.labels)
        self._uses = uses
        self._budgets = budgets
        self._tally = tally or FaultTally()
        self._price = price
        self._quoted: deque[Quote] = deque(maxlen=QUOTES_KEPT)
        self._shop = shop
        self._zone = ZoneInfo(shop.zone)
        self._parsed: dict[int, tuple[bytes, Rules]] = {}

    def rules(self) -> Rules:
        """Return the newest rules; shelf prices while no bundle has come."""
        held = self._replica.bundle()
        if held is None:
            return SHELF_PRICES
        version, content = held
        if version not in self._parsed or self._parsed[version][0] != content:
            self._parsed = {version: (content, self._read(content))}
        return self._parsed[version][1]

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
                self._parsed |= {version: (content, self._read(content))}
            yield self._parsed[version][1]

    def _read(self, content: bytes) -> Rules:
        """Return the rules held here; what this program cannot read leaves shelf prices."""
        try:
            return Rules(parse_bundle(content), bundle_hash(content))
        except Fault as fault:
            self._tally.count(fault.code)
            return UNREADABLE

    def local(self, at: Instant) -> datetime:
        """Return the naive wall time in the shop's zone."""
        moment = datetime.fromtimestamp(at.wall_ms / _MS_PER_S, UTC)
        return moment.astimezone(self._zone).replace(tzinfo=None)

    def _opened(self, at: Instant) -> datetime:
        """Return the wall time of opening by the minute: rules change on whole minutes only."""
        return self.local(at).replace(second=0, microsecond=0)

    def business_date(self, at: Instant) -> int | None:
        """Return the business date as 20260731; None while the clock is unknown."""
        if at.quality == TimeQuality.UNKNOWN:
            return None
        return as_int(business_date(self.local(at), self._shop.day_starts_at))

    def day_asked(self, quote: Quote) -> int | None:
        """Return the business day a price hangs on, its basket's, as caps of a day count it."""
        asked = quote.asked
        if not asked.store.clock_known:
            return None
        return as_int(business_date(asked.basket.opened_local, self._shop.day_starts_at))

    def catalogue_version(self) -> int:
        """Return the version of the articles that prices come from."""
        return self._replica.catalogue_version()

    def quote(
        self,
        lines: tuple[AskedLine, ...],
        held: HeldMember | None,
        at: Instant,
        redeem: Redeemable = NOTHING,
    ) -> Quote:
        """Price lines for a member or nobody (Faults of the core, SALE_ARTICLE_UNKNOWN)."""
        return self.priced(self.named(lines), held, at, redeem)

    def named(self, lines: tuple[AskedLine, ...]) -> tuple[BasketLine, ...]:
        """Find the articles of lines, numbered from 1 (Fault SALE_ARTICLE_UNKNOWN)."""
        return tuple(self.line(number, line) for number, line in enumerate(lines, start=1))

    def priced(
        self,
        lines: tuple[BasketLine, ...],
        held: HeldMember | None,
        at: Instant,
        redeem: Redeemable = NOTHING,
    ) -> Quote:
        """Price lines whose articles and unit prices are known, as of the basket's opening."""
        rules = self.rules_at(at)
        used, caps_day = self._shared(self._used(held, at), at, rules, redeem)
        asked = Asked(
            basket=Basket(lines, self._opened(at)),
            member=_member_context(held, used.member, redeem),
            store=replace(self._store(at, used, rules, redeem), stock=self._stock(lines, rules)),
            points_wanted=redeem.points,
        )
        return self._quote(asked, rules, caps_day)

    def _shared(
        self, used: UsesKnown, at: Instant, rules: Rules, redeem: Redeemable
    ) -> tuple[UsesKnown, int | None]:
        """Return the store's uses as far as this box may know, and the day it shares caps of."""
        day = self.business_date(at)
        if self._budgets is None or day is None:
            return used, None
        holds = redeem.holds if redeem.budgets else None
        up = self._budgets.used_up(rules.bundle, day, used.store.today, holds)
        if up is None:
            return used, None
        return replace(used, store=replace(used.store, today={**used.store.today, **up})), day

    def again(
        self,
        lines: tuple[BasketLine, ...],
        held: HeldMember | None,
        at: Instant,
        facts: PricedFor | None = None,
    ) -> Quote:
        """Price lines of an older receipt, with what its price hung on if it is known.

        Nothing is redeemed: what was, is given back by other means.
        """
        if facts is None:
            return self.priced(lines, held, at)
        basket = Basket(lines, opened_of(facts))
        asked = Asked(basket=basket, member=member_of(facts), store=store_of(facts))
        return self._quote(asked, self.rules_at(at))

    def _quote(self, asked: Asked, rules: Rules, caps_day: int | None = None) -> Quote:
        """Price what is asked, at shelf prices when the rules fail (Faults of `check_basket`)."""
        for known in tuple(self._quoted):
            if known.rules is rules and (known.asked, known.caps_day) == (asked, caps_day):
                return known
        check_basket(asked.basket)
        fallback = None if rules.readable else FaultCode.PRICE_FALLBACK
        earn = rules.bundle.earn
        try:
            priced = self._price(
                asked.basket,
                rules.bundle,
                asked.member,
                store=asked.store,
                points_wanted=asked.points_wanted,
            )
        except Exception:  # noqa: BLE001 -- a bug in the rules' search must not close the counter
            fallback = FaultCode.PRICE_FALLBACK
            rules = SHELF_PRICES
            asked = Asked(basket=asked.basket, member=asked.member, store=asked.store)
            priced = price_basket(asked.basket, NO_RULES, None)
        if fallback is not None:
            self._tally.count(fallback)
        opened = asked.basket.opened_local
        facts = priced_for(opened, asked.member, asked.store, rules.bundle)
        made = Quote(asked.basket, priced, rules, facts, asked, earn, fallback, caps_day)
        if fallback is None:
            self._quoted.append(made)
        return made

    def empty(self, at: Instant) -> Quote:
        """Return a basket with nothing in it yet."""
        rules = self.rules_at(at)
        asked = Asked(basket=Basket((), self.local(at)), member=None, store=StoreContext())
        priced = PricedBasket((), 0, 0, 0, "optimal", 0, (), (), rules.bundle.version, 0)
        facts = priced_for(asked.basket.opened_local, None, asked.store, rules.bundle)
        return Quote(asked.basket, priced, rules, facts, asked, rules.bundle.earn)

    def points_rule(self, at: Instant) -> PointsRule | None:
        """Return how points pay in this shop; None when they do not."""
        here = StoreContext(store=self._shop.store_name, region=self._shop.region)
        return points_in(self.rules_at(at).bundle, here)

    def _used(self, held: HeldMember | None, at: Instant) -> UsesKnown:
        if self._uses is None:
            return UsesKnown()
        return self._uses.of(held, self.business_date(at))

    def member(self, member_id: UUID | None) -> HeldMember | None:
        """Return the member of a sale; Fault SALE_MEMBER_UNKNOWN when she is not held here."""
        if member_id is None:
            return None
        held = self._replica.member(member_id)
        if held is None:
            raise Fault(FaultCode.SALE_MEMBER_UNKNOWN)
        return held

    def _store(
        self, at: Instant, used: UsesKnown, rules: Rules, redeem: Redeemable
    ) -> StoreContext:
        """Return what the box knows of the shop, but for what lies here."""
        fen, uses = dict[str, int](), dict[str, int]()
        if self._budgets is not None and rules.bundle.campaigns:
            holds = redeem.holds if redeem.budgets else None
            fen, uses = self._budgets.gone(rules.bundle, holds)
        return StoreContext(
            store=self._shop.store_name,
            region=self._shop.region,
            channel=CHANNEL,
            used=used.store,
            campaign_fen=fen,
            campaign_uses=uses,
            clock_known=at.quality != TimeQuality.UNKNOWN,
            use_known=used.known,
        )

    def _stock(self, lines: tuple[BasketLine, ...], rules: Rules) -> dict[str, int]:
        """Return what lies here of a basket's articles and of gifts: the rest no rule asks."""
        asked = {line.sku for line in lines} | {gift.sku for gift in rules.bundle.gifts}
        held = self._replica.stock()
        return {sku: held[sku] for sku in sorted(asked) if sku in held}

    def line(self, number: int, asked: AskedLine) -> BasketLine:
        """Find the article of a line; an unknown one sells at the till's price."""
        return self._articles.line(number, asked)


def _member_context(
    held: HeldMember | None, used: Used, redeem: Redeemable
) -> MemberContext | None:
    """Return what the replica knows of a member that rules may ask about."""
    if held is None:
        return None
    record: MemberRecord = held.record
    return MemberContext(
        tier=record.tier,
        tags=frozenset(record.tags),
        groups=frozenset(record.groups),
        joined=day_of(record.joined),
        birthday=month_day_of(record.birthday),
        points_free=redeem.points,
        coupons=redeem.coupons,
        personal=record.personal,
        used=used,
    )


def _holds(rules: Rules, local: datetime) -> bool:
    begin = rules.bundle.valid_from
    return begin is None or begin <= local
