"""Tags that are worked out of what somebody did: none of them may be a condition of a price.

By their keys, so that publishing rules brings no analytic engine in; a test compares them with the
catalogue's own word on what is inferred.
"""

from typing import Final

from retail_core.pricing.proof.depends import rules_of
from retail_core.pricing.rules.coupons import CouponBase, Gift
from retail_core.pricing.rules.refusing import refuse
from retail_core.pricing.rules.ruleset import RuleBundle

GUESSED: Final = frozenset(
    [
        "activation_days",
        "adds_month",
        "article_favourite",
        "article_habit",
        "articles",
        "articles_again",
        "away_from_home",
        "bargain_hunter",
        "basket_lines",
        "basket_units",
        "big_day_buyer",
        "big_day_share",
        "big_ticket",
        "brand_favourite",
        "brand_loyal",
        "brand_share",
        "brands",
        "cadence",
        "came_back",
        "cancelled",
        "cart_left",
        "categories",
        "category_explorer",
        "category_favourite",
        "category_loyal",
        "category_second",
        "category_share",
        "channel_favourite",
        "channel_kind",
        "channel_shift",
        "channels",
        "checkout_left",
        "coupon_kind",
        "coupon_share",
        "coupons_used",
        "daypart",
        "days_since_order",
        "days_since_seen",
        "deep_discount_share",
        "delivery",
        "discount_depth",
        "engagement",
        "first_channel",
        "frequency_trend",
        "full_price_buyer",
        "full_price_share",
        "gap_days",
        "is_overdue",
        "lifecycle",
        "looks_online_buys_in_store",
        "lunch_buyer",
        "margin_share",
        "margin_year",
        "marketplace",
        "mini_program",
        "month_part",
        "night_owl",
        "one_time_buyer",
        "online_share",
        "online_spend_share",
        "orders_month",
        "orders_quarter",
        "orders_total",
        "orders_year",
        "overdue",
        "points_hoarder",
        "points_order_share",
        "points_spent",
        "price_index",
        "price_level",
        "price_sensitivity",
        "promoted_share",
        "promotion_only",
        "promotion_response",
        "region_favourite",
        "repurchase_share",
        "returned_fen",
        "returns",
        "returns_often",
        "reviews",
        "rfm_f",
        "rfm_m",
        "rfm_r",
        "rfm_segment",
        "roams",
        "searches",
        "season",
        "seasonal",
        "second_due",
        "served_share",
        "sharer",
        "shares",
        "single_buyer",
        "single_share",
        "social_commerce",
        "spend_change",
        "spend_level",
        "spend_month",
        "spend_quarter",
        "spend_total",
        "spend_trend",
        "spend_year",
        "spring_festival",
        "stocks_up",
        "store_favourite",
        "store_share",
        "stores",
        "ticket_average",
        "ticket_level",
        "ticket_top",
        "travels",
        "tries_new",
        "viewed_category",
        "views_month",
        "views_quarter",
        "wants_category",
        "weekend_buyer",
        "weekend_share",
        "window_shopper",
        "wishes",
    ]
)


def guesses_in(bundle: RuleBundle) -> tuple[tuple[str, str], ...]:
    """Return (rule, tag) of every rule of a price that asks for a guess about a person."""
    guesses = GUESSED | bundle.inferred_tags
    return tuple(
        (rule.id, tag)
        for rule in rules_of(bundle)
        if not isinstance(rule, CouponBase | Gift)
        for tag in sorted((rule.member_tags | rule.when.tags_all | rule.when.tags_none) & guesses)
    )


def refuse_guesses(bundle: RuleBundle) -> None:
    """Refuse rules that make a price depend on a guess about a person (Fault OFFER_INVALID)."""
    for rule, tag in guesses_in(bundle):
        refuse(
            rule,
            "member_tags",
            f"{tag} is worked out of what she did; a price may not depend on it, a coupon may",
            f"{tag} 是从她的行为算出来的,不能决定价格,只能用于券和赠品",
        )
