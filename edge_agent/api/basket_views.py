"""From a basket and its price to what a till and the screen show."""

from collections.abc import Sequence
from uuid import UUID

from edge_agent.api.models.baskets import (
    BasketRow,
    BasketView,
    CouponChoice,
    CouponUsed,
    ElsewhereView,
    GiftGiven,
    NearMissView,
    RedeemView,
)
from edge_agent.api.views import Views, fault_reason
from edge_agent.domain.basket import CounterBasket
from edge_agent.services.counter.baskets import BasketShown
from edge_agent.services.counter.close_sale import Priced, points_fen
from edge_agent.services.counter.redeeming import points_most
from retail_core.money import format_yuan
from retail_core.pricing.certificate import GivenGift, NearMiss, PricedBasket
from retail_core.pricing.rules.english import EnglishNames


class BasketViews:
    """Adds to a quote how its basket stands."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def basket(self, shown: BasketShown, near: Sequence[NearMiss] = ()) -> BasketView:
        """Return a basket."""
        basket, quote = shown.basket, shown.priced.quote
        member = None if shown.refused is not None else basket.member_id
        quoted = self._views.quoted(shown.priced, basket.till, member, shown.refused)
        priced, english = quote.priced, self._views.english
        return BasketView(
            **{name: getattr(quoted, name) for name in type(quoted).model_fields}
            | {"member_id": basket.member_id},
            basket_id=basket.basket_id,
            rev=basket.rev,
            state=basket.state.value,
            name=basket.name,
            opened_ms=basket.opened.wall_ms,
            training=basket.training,
            operator=basket.operator,
            redeem=redeem_view(basket, shown.priced),
            near_misses=tuple(_near(miss, priced, english) for miss in near),
            gifts=tuple(_given(gift, english) for gift in priced.gifts),
            coupon=coupon_used(priced, english),
            price_changed_fen=shown.changed_fen,
            receipt_id=basket.receipt_id,
        )


def row(basket: CounterBasket) -> BasketRow:
    """Return a basket as a list shows it, at the total told last."""
    return BasketRow(
        basket_id=basket.basket_id,
        rev=basket.rev,
        till=basket.till,
        state=basket.state.value,
        name=basket.name,
        opened_ms=basket.opened.wall_ms,
        training=basket.training,
        operator=basket.operator,
        member_id=basket.member_id,
        lines=len(basket.items),
        total_fen=0 if basket.shown is None else basket.shown.total_fen,
    )


def redeem_view(basket: CounterBasket, priced: Priced) -> RedeemView:
    """Return what is redeemed and what could be."""
    allowance, quote = priced.allowance, priced.quote
    bundle, chosen = quote.rules.bundle, frozenset(basket.wish.coupons)
    rules = bundle.coupons_by_id
    return RedeemView(
        points_chosen=basket.wish.points,
        points_fen=points_fen(quote.priced),
        points_max=points_most(quote, allowance.points_here),
        points_step=1 if bundle.points is None else bundle.points.step,
        fen_per_point=1 if bundle.points is None else bundle.points.fen_per_point,
        coupons=tuple(
            CouponChoice(
                id=UUID(bytes=one.id),
                rule=one.rule,
                name=(name := rules[one.rule].name if one.rule in rules else one.rule),
                name_en=bundle.english.of(name, one.rule),
                chosen=UUID(bytes=one.id) in chosen,
                usable=usable,
                last_day=one.last_day,
            )
            for one, usable in allowance.coupons
        ),
        refused=None if allowance.refused is None else fault_reason(allowance.refused),
        elsewhere=ElsewhereView(
            state=allowance.elsewhere.state,
            points_coming=allowance.elsewhere.coming,
            points_dark=allowance.elsewhere.dark,
        ),
    )


def coupon_used(priced: PricedBasket, english: EnglishNames) -> CouponUsed | None:
    """Return the coupon that lowers a basket."""
    used = priced.coupon
    if used is None:
        return None
    own = UUID(used.held_id) if used.held_id else None
    return CouponUsed(
        id=own,
        rule=used.coupon_id,
        name=used.name,
        name_en=english.of(used.name, used.coupon_id),
        fen_off=used.fen_off,
    )


def _given(gift: GivenGift, english: EnglishNames) -> GiftGiven:
    return GiftGiven(
        gift_id=gift.gift_id,
        name=gift.name,
        name_en=english.of(gift.name, gift.gift_id),
        sku=gift.sku,
        units=gift.units,
    )


def _near(miss: NearMiss, priced: PricedBasket, english: EnglishNames) -> NearMissView:
    saves, rule = format_yuan(miss.saves_fen), english.of(miss.name, miss.offer_id)
    if miss.sku:
        name = next((line.name for line in priced.lines if line.sku == miss.sku), miss.sku)
        zh = f"再加 {miss.units} 件{name},可享{miss.name},省 {saves}"
        en = f"{miss.units} more of {name}: {rule} saves {saves}"
    else:
        zh = f"再买 {format_yuan(miss.fen)} 可享{miss.name},省 {saves}"
        en = f"{format_yuan(miss.fen)} more of goods: {rule} saves {saves}"
    return NearMissView(
        offer_id=miss.offer_id,
        name=miss.name,
        name_en=rule,
        missing_fen=None if miss.sku else miss.fen,
        missing_units=miss.units if miss.sku else None,
        saves_fen=miss.saves_fen,
        text_zh=zh,
        text_en=en,
    )
