"""What travels with a sale so that its price can be worked out again elsewhere."""

from datetime import date, datetime, timedelta

from retail_core.checkout.basket import MILLI, Basket, BasketLine, line_shelf_fen
from retail_core.money import divide_half_up
from retail_core.pricing.proof.depends import member_facts, rules_of
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.context import NOTHING_USED, MemberContext, StoreContext, Used
from retail_core.wire.messages import PricedFor, SaleLine
from retail_core.wire.standing import RuleUse

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time, without a zone
_MINUTE = timedelta(minutes=1)


def priced_for(
    opened: datetime, member: MemberContext | None, store: StoreContext, bundle: RuleBundle
) -> PricedFor:
    """Return the facts that a price depended on; places only when rules name any.

    Points and held coupons are left out: what was redeemed says its own leases.
    """
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
        groups=() if facts is None else tuple(sorted(facts.groups)),
        joined=0 if facts is None or facts.joined is None else _as_int(facts.joined),
        birthday=0 if facts is None or facts.birthday is None else _month_day(facts.birthday),
        personal=facts is None or facts.personal or not bundle.inferred_tags,
        use_known=store.use_known,
        used=() if facts is None or not store.use_known else _uses(facts.used),
        store_used=_store_used(store, bundle),
        campaigns=_campaigns(store, bundle),
        stock=_stock(store, bundle),
    )


def _stock(store: StoreContext, bundle: RuleBundle) -> tuple[tuple[str, int], ...]:
    if all(rule.when.stock_from is None for rule in rules_of(bundle)):
        return ()
    return tuple((sku, max(0, units)) for sku, units in sorted(store.stock.items()))


def _as_int(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _month_day(birthday: tuple[int, int]) -> int:
    return birthday[0] * 100 + birthday[1]


def _uses(used: Used) -> tuple[RuleUse, ...]:
    rules = sorted(used.ever.keys() | used.today.keys())
    return tuple(RuleUse(rule, used.ever.get(rule, 0), used.today.get(rule, 0)) for rule in rules)


def _store_used(store: StoreContext, bundle: RuleBundle) -> tuple[tuple[str, int], ...]:
    if not store.use_known:
        return ()
    counted = {rule.id for rule in rules_of(bundle) if rule.caps.per_store_day is not None}
    return tuple(
        (rule, times) for rule, times in sorted(store.used.today.items()) if rule in counted
    )


def _campaigns(store: StoreContext, bundle: RuleBundle) -> tuple[tuple[str, int, int], ...]:
    if not store.use_known:
        return ()
    return tuple(
        (one.id, store.campaign_fen.get(one.id, 0), store.campaign_uses.get(one.id, 0))
        for one in bundle.campaigns
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
    if facts.tier is None:
        return None
    return MemberContext(
        tier=facts.tier,
        tags=frozenset(facts.tags),
        groups=frozenset(facts.groups),
        joined=day_of(facts.joined),
        birthday=month_day_of(facts.birthday),
        personal=facts.personal,
        used=uses_of(facts.used),
    )


def day_of(number: int) -> date | None:
    """Return the day that travels as 20260731; None for 0 and for what is no day."""
    try:
        return date(number // 10_000, number // 100 % 100, number % 100)
    except ValueError:
        return None


def month_day_of(number: int) -> tuple[int, int] | None:
    """Return the month and day that travel as 731; None for 0."""
    return divmod(number, 100) if number else None


def uses_of(told: tuple[RuleUse, ...], *, today: bool = True) -> Used:
    """Return how often rules were used; without `today` the day they tell of is over."""
    if not told:
        return NOTHING_USED
    ever = {one.rule: one.ever for one in told}
    return Used(ever, {one.rule: one.today for one in told} if today else {})


def store_of(facts: PricedFor) -> StoreContext:
    """Return the store as its box knew it."""
    return StoreContext(
        store=facts.store,
        region=facts.region,
        channel=facts.channel,
        clock_known=facts.clock_known,
        stock=dict(facts.stock),
        use_known=facts.use_known,
        used=Used(today=dict(facts.store_used)),
        campaign_fen={name: fen for name, fen, _uses in facts.campaigns},
        campaign_uses={name: uses for name, _fen, uses in facts.campaigns},
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
