"""What travels with a sale so that its price can be worked out again elsewhere."""

from datetime import datetime, timedelta

from retail_core.checkout.basket import MILLI, Basket, BasketLine, line_shelf_fen
from retail_core.money import divide_half_up
from retail_core.pricing.proof.depends import member_facts, rules_of
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.context import MemberContext, StoreContext
from retail_core.wire.messages import PricedFor, SaleLine

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time, without a zone
_MINUTE = timedelta(minutes=1)


def priced_for(
    opened: datetime, member: MemberContext | None, store: StoreContext, bundle: RuleBundle
) -> PricedFor:
    """Return the facts that a price depended on; places only when rules name any."""
    facts = member_facts(member, bundle, opened.date())
    place = store if _asks_where(bundle) else StoreContext()
    return PricedFor(
        opened_min=max(0, (opened - _EPOCH) // _MINUTE),
        clock_known=store.clock_known,
        tier=None if facts is None else facts.tier,
        tags=() if facts is None else tuple(sorted(facts.tags)),
        store=place.store,
        region=place.region,
        channel=place.channel,
    )


def _asks_where(bundle: RuleBundle) -> bool:
    return bool(bundle.restrictions) or any(
        rule.when.stores or rule.when.regions or rule.when.channels for rule in rules_of(bundle)
    )


def opened_of(facts: PricedFor) -> datetime:
    """Return the wall time of opening; rules change on whole minutes only."""
    return _EPOCH + facts.opened_min * _MINUTE


def member_of(facts: PricedFor) -> MemberContext | None:
    """Return the member as the rules saw her."""
    return None if facts.tier is None else MemberContext(facts.tier, frozenset(facts.tags))


def store_of(facts: PricedFor) -> StoreContext:
    """Return the store as a box knows it: neither stock nor how often rules were used."""
    return StoreContext(
        store=facts.store,
        region=facts.region,
        channel=facts.channel,
        clock_known=facts.clock_known,
        use_known=False,
    )


def basket_again(
    lines: tuple[SaleLine, ...], facts: PricedFor, named: dict[str, BasketLine]
) -> Basket | None:
    """Return the basket as it was priced; None when a line's unit price cannot be told.

    `named` gives brand, category, tags and price of the articles that the catalogue knew.
    """
    found = tuple(_line(line, named.get(line.sku)) for line in lines)
    if any(line is None for line in found):
        return None
    return Basket(tuple(line for line in found if line is not None), opened_of(facts))


def _line(line: SaleLine, article: BasketLine | None) -> BasketLine | None:
    """Return a line at the unit price that gives its shelf amount."""
    prices = [divide_half_up(line.shelf_fen * MILLI, line.qty_milli)]
    if article is not None:
        prices.insert(0, article.unit_price_fen)
    for price in prices:
        again = BasketLine(
            line=line.line,
            sku=line.sku,
            article_id=None,
            name=line.name,
            unit_price_fen=price,
            qty_milli=line.qty_milli,
            brand=article.brand if article else "",
            category=article.category if article else "",
            tags=article.tags if article else frozenset(),
        )
        if line_shelf_fen(again) == line.shelf_fen:
            return again
    return None
