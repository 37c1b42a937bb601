"""On which baskets a bundle is tried out: articles, customers, times and stores that it names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, product

from retail_core.catalog.article import Article
from retail_core.checkout.basket import MILLI, Basket, BasketLine
from retail_core.pricing.matching.eligibility import refusal
from retail_core.pricing.matching.setting import setting_of
from retail_core.pricing.proof.depends import rules_of
from retail_core.pricing.proof.document import Asked
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.conditions import ItemSelector
from retail_core.pricing.rules.context import MemberContext, StoreContext
from retail_core.pricing.rules.coupons import Held
from retail_core.pricing.rules.line_index import LineIndex
from retail_core.pricing.rules.offers import OfferBase, PriceList, SlotBundle, TimeSlotPrice
from retail_core.pricing.rules.slots import minute_of

TRIED_PRICES_FEN = (100, 990, 1_990, 9_900, 29_900)
SCENES_A_RULE = 3
PLACES_MAX = 12
DEAR_FEN = 10_000_000
_MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001 - wall time
_LONG_AGO = timedelta(days=3 * 365)


@dataclass(frozen=True, slots=True)
class Goods:
    """An article to try: as a line of one unit, and what it costs the shop."""

    line: BasketLine
    cost_fen: int | None


@dataclass(frozen=True, slots=True)
class Scene:
    """Who buys where and when."""

    member: MemberContext | None
    store: StoreContext
    opened: datetime

    def ask(self, lines: Sequence[BasketLine]) -> Asked:
        """Ask a price for lines."""
        basket = Basket(tuple(lines), self.opened)
        return Asked(basket=basket, member=self.member, store=self.store)


def goods_of(articles: Sequence[Article]) -> tuple[Goods, ...]:
    """Return the articles of a catalogue."""
    return tuple(
        Goods(
            BasketLine(
                line=number,
                sku=article.sku,
                article_id=None,
                name=article.name,
                unit_price_fen=article.price_fen,
                qty_milli=MILLI,
                brand=article.brand,
                category=article.category,
                tags=article.tags,
            ),
            article.cost_fen,
        )
        for number, article in enumerate(articles, start=1)
    )


def goods_named(bundle: RuleBundle) -> tuple[Goods, ...]:
    """Make articles up that the rules name, each at several prices."""
    named = dict.fromkeys(item for rule in rules_of(bundle) for item in _named_by(rule))
    goods: list[Goods] = []
    for (kind, name), price in product(named or [("", "")], TRIED_PRICES_FEN):
        goods.append(Goods(_made_up(len(goods) + 1, kind, name, price), None))
    return tuple(goods)


def _named_by(rule: OfferBase) -> Iterator[tuple[str, str]]:
    selectors = [rule.items]
    if isinstance(rule, SlotBundle):
        selectors += [slot.items for slot in rule.slots]
    if isinstance(rule, PriceList):
        yield from (("skus", sku) for sku in sorted(rule.prices))
    for items in selectors:
        for kind in ("skus", "categories", "brands", "tags"):
            yield from ((kind, name) for name in sorted(getattr(items, kind)))


def _made_up(number: int, kind: str, name: str, price_fen: int) -> BasketLine:
    sku = name if kind == "skus" else f"{name or 'any'}-{price_fen}"
    return BasketLine(
        line=number,
        sku=sku,
        article_id=None,
        name=name or sku,
        unit_price_fen=price_fen,
        qty_milli=MILLI,
        brand=name if kind == "brands" else "",
        category=name if kind == "categories" else "",
        tags=frozenset({name}) if kind == "tags" else frozenset(),
    )


class Shelf:
    """The articles to try, found by what rules name."""

    def __init__(self, goods: Sequence[Goods]) -> None:
        self.goods = tuple(goods)
        self._index = LineIndex(tuple(one.line for one in self.goods))

    def named(self, rule: OfferBase) -> tuple[int, ...]:
        """Return the places of the articles that a rule names."""
        if isinstance(rule, PriceList):
            places = set(self._index.of_skus(rule.prices.keys()))
        elif isinstance(rule, SlotBundle):
            places = {place for slot in rule.slots for place in self.of_items(slot.items)}
        else:
            places = set(self.of_items(rule.items))
        if rule.except_items is not None:
            places -= set(self.of_items(rule.except_items))
        return tuple(sorted(places))

    def of_items(self, items: ItemSelector) -> tuple[int, ...]:
        """Return the places of the articles that a selector names."""
        return self._index.named_by(items)


class Stage:
    """Customers, stores and times; for each rule, those in which most and fewest others hold."""

    def __init__(self, bundle: RuleBundle) -> None:
        everybody = [
            Scene(member, store, opened)
            for opened, store, member in product(
                _times(bundle)[:PLACES_MAX], _stores(bundle)[:PLACES_MAX], _members(bundle)
            )
        ]
        open_to = [(scene, _open_to(scene, bundle)) for scene in everybody]
        self._crowded = sorted(open_to, key=lambda entry: -len(entry[1]))

    def scenes_for(self, rule: OfferBase) -> list[Scene]:
        """Return a few scenes in which a rule may be had; none when there is none."""
        apt = [scene for scene, rules in self._crowded if rule.id in rules]
        # Among many rules it may lose to those that few may have: alone it shows what it is worth.
        return list(islice(apt, SCENES_A_RULE)) + apt[SCENES_A_RULE:][-1:]

    def any_scene(self) -> Scene:
        """Return the scene in which most rules may be had."""
        return self._crowded[0][0]


def _open_to(scene: Scene, bundle: RuleBundle) -> frozenset[str]:
    """Return the rules that may be had in a scene by a basket that is dear enough."""
    asked = scene.ask([_made_up(1, "", "", DEAR_FEN)])
    at = setting_of(asked.basket, bundle, scene.member, scene.store)
    return frozenset(rule.id for rule in rules_of(bundle) if refusal(rule, at) is None)


def _times(bundle: RuleBundle) -> list[datetime]:
    """Return times inside each rule's hours, and inside its dates."""
    start = bundle.valid_from or _MONDAY
    times = dict.fromkeys([start])
    for rule in rules_of(bundle):
        begins = max(filter(None, (start, rule.when.valid_from)))
        times.setdefault(begins)
        slots = rule.slots if isinstance(rule, TimeSlotPrice) else rule.when.slots
        for slot in slots:
            midnight = begins.replace(hour=0, minute=0, second=0, microsecond=0)
            day = midnight + timedelta(days=(slot.weekday - begins.weekday()) % 7)
            at = day + timedelta(minutes=minute_of(slot.start))
            times.setdefault(at if at >= begins else at + timedelta(days=7))
    return list(times)


def _stores(bundle: RuleBundle) -> list[StoreContext]:
    stores = dict.fromkeys([("", "", "")])
    for rule in rules_of(bundle):
        when = rule.when
        for store in sorted(when.stores) or [""]:
            for region in sorted(when.regions) or [""]:
                for channel in sorted(when.channels) or [""]:
                    stores.setdefault((store, region, channel))
    return [StoreContext(store=a, region=b, channel=c) for a, b, c in stores]


def _members(bundle: RuleBundle) -> list[MemberContext | None]:
    """Return nobody, and of each tier one with every tag and group, and one without."""
    rules = tuple(rules_of(bundle))
    tags = {tag for rule in rules for tag in rule.member_tags | rule.when.tags_all}
    groups = {group for rule in rules for group in rule.when.groups}
    today = (bundle.valid_from or _MONDAY).date()
    held = tuple(
        Held(id=f"held-{coupon.id}", coupon=coupon.id)
        for coupon in bundle.coupons
        if not coupon.automatic
    )
    members: list[MemberContext | None] = [None]
    for tier in bundle.tier_names or {"": ""}:
        plain = MemberContext(tier, coupons=held, joined=today - timedelta(1))
        members += [
            MemberContext(
                tier,
                frozenset(tags),
                frozenset(groups),
                today - _LONG_AGO,
                (today.month, today.day),
                coupons=held,
            ),
            plain,
        ]
    return members
