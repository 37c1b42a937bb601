"""What she buys, for what price, and what promotions do to her."""

from typing import Final

from cloud_broker.domain.metrics.algebra import Table, Value, band, choice, share, true
from cloud_broker.domain.metrics.entry import QUARTER, YEAR, Shelf, Tag, Unit, words
from cloud_broker.domain.metrics.facts import Asked

_S = Shelf("merchandising")
_P = Shelf("pricing")
_SENSITIVITY: Final = words(low=("不敏感", "low"), mid=("一般", "middle"), high=("敏感", "high"))
_LEVELS: Final = words(
    value=("平价", "value"), standard=("中档", "standard"), premium=("高端", "premium")
)


def discount_depth(found: Table, asked: Asked) -> Value:
    """Return what came off the shelf price in a year, in thousandths of it."""
    del asked
    return share(found.fen_off, found.fen_list)


def price_index(found: Table, asked: Asked) -> Value:
    """Return what her units cost against units of their categories, in thousandths."""
    del asked
    return share(found.fen_paid_at, found.fen_usual)


TAGS: Final[tuple[Tag, ...]] = (
    _S.tag(
        f"category_favourite category_favourite {YEAR}",
        Unit.NAME,
        "最爱品类:近一年花钱最多的品类",
        "Favourite category: most spent on in a year",
        lambda f, _: f.top_category,
    ),
    _S.tag(
        f"category_second category_second {YEAR}",
        Unit.NAME,
        "第二品类:近一年花钱第二多的品类",
        "Second category: next in spend in a year",
        lambda f, _: f.second_category,
    ),
    _S.tag(
        f"category_share category_focus {YEAR}",
        Unit.SHARE,
        "品类集中度:最爱品类占消费",
        "Focus: the favourite category's part of spend",
        lambda f, _: share(f.fen_category, f.fen_lines),
    ),
    _S.tag(
        f"category_loyal category_focus {YEAR}",
        Unit.FLAG,
        "品类忠诚:最爱品类占大头,且买过多次",
        "Keeps to a category: it is most of her spend, bought several times",
        lambda f, a: true(
            (share(f.fen_category, f.fen_lines) >= a.lines.loyal_share)
            & (f.n_category_top >= a.lines.repeats)
        ),
    ),
    _S.tag(
        f"categories category_breadth {YEAR}",
        Unit.COUNT,
        "品类数:近一年买过几个品类",
        "Categories: bought from in a year",
        lambda f, _: f.n_category,
    ),
    _S.tag(
        f"category_explorer category_breadth {YEAR}",
        Unit.FLAG,
        "跨品类:买过很多品类",
        "Explorer: buys across many categories",
        lambda f, a: true(f.n_category >= a.lines.explorer_categories),
    ),
    _S.tag(
        f"brand_favourite brand_favourite {YEAR}",
        Unit.NAME,
        "最爱品牌:近一年花钱最多的品牌",
        "Favourite brand: most spent on in a year",
        lambda f, _: f.top_brand,
    ),
    _S.tag(
        f"brand_share brand_loyalty {YEAR}",
        Unit.SHARE,
        "品牌集中度:最爱品牌占消费",
        "Brand focus: the favourite brand's part of spend",
        lambda f, _: share(f.fen_brand, f.fen_lines),
    ),
    _S.tag(
        f"brand_loyal brand_loyalty {YEAR}",
        Unit.FLAG,
        "品牌忠诚:一个品牌占大头,且买过多次",
        "Keeps to a brand: it is most of her spend, bought several times",
        lambda f, a: true(
            (share(f.fen_brand, f.fen_lines) >= a.lines.loyal_share)
            & (f.n_brand_top >= a.lines.repeats)
        ),
    ),
    _S.tag(
        f"brands brand_breadth {YEAR}",
        Unit.COUNT,
        "品牌数:近一年买过几个品牌",
        "Brands: bought in a year",
        lambda f, _: f.n_brand,
    ),
    _S.tag(
        f"article_favourite article_favourite {YEAR}",
        Unit.NAME,
        "最爱单品:近一年花钱最多的商品编号",
        "Favourite article: its number, most spent on in a year",
        lambda f, _: f.top_sku,
    ),
    _S.tag(
        f"article_habit article_habit {YEAR}",
        Unit.FLAG,
        "单品刚需:同一商品买了好几次",
        "Habit: the same article bought several times",
        lambda f, a: true(f.n_sku_top >= a.lines.repeats),
    ),
    _S.tag(
        f"articles_again repurchase {YEAR}",
        Unit.COUNT,
        "回购单品数:买过两次以上的商品",
        "Bought again: articles bought twice or more",
        lambda f, _: f.n_sku_again,
    ),
    _S.tag(
        f"repurchase_share repurchase {YEAR}",
        Unit.SHARE,
        "回购率:买过的商品里买了两次以上的",
        "Repurchase: part of her articles bought twice or more",
        lambda f, _: share(f.n_sku_again, f.n_sku),
    ),
    _S.tag(
        f"articles variety {YEAR}",
        Unit.COUNT,
        "单品数:近一年买过几种商品",
        "Articles: different ones in a year",
        lambda f, _: f.n_sku,
    ),
    _S.tag(
        f"tries_new variety {YEAR}",
        Unit.FLAG,
        "爱尝新:很少买同一样",
        "Tries new things: seldom buys the same again",
        lambda f, a: true(
            (f.n_year >= a.lines.repeats)
            & (f.n_sku >= a.lines.explorer_categories)
            & (share(f.n_sku_again, f.n_sku) <= a.lines.some_share)
        ),
    ),
    _P.tag(
        f"discount_depth price_sensitivity {YEAR}",
        Unit.SHARE,
        "折扣深度:近一年省下的占标价",
        "Depth of discount: what came off shelf prices in a year",
        discount_depth,
    ),
    _P.tag(
        f"price_sensitivity price_sensitivity {YEAR}",
        Unit.WORD,
        "价格敏感度:按折扣深度",
        "Price sensitivity: by depth of discount",
        lambda f, a: band(
            discount_depth(f, a),
            (a.lines.discount_low, a.lines.discount_high),
            ("low", "mid", "high"),
        ),
        _SENSITIVITY,
    ),
    _P.tag(
        f"price_index price_level {YEAR}",
        Unit.TIMES,
        "价位指数:她买的每件与同品类均价之比",
        "Price index: her units against their categories' mean",
        price_index,
    ),
    _P.tag(
        f"price_level price_level {YEAR}",
        Unit.WORD,
        "价位:平价、中档、高端",
        "Price level: value, standard, premium",
        lambda f, a: band(
            price_index(f, a),
            (a.lines.price_value, a.lines.price_premium),
            ("value", "standard", "premium"),
        ),
        _LEVELS,
    ),
    _P.tag(
        f"full_price_share full_price {YEAR}",
        Unit.SHARE,
        "原价单占比:没有省钱的单",
        "At full price: part of purchases with nothing off",
        lambda f, _: share(f.n_full_price, f.n_year),
    ),
    _P.tag(
        f"full_price_buyer full_price {YEAR}",
        Unit.FLAG,
        "原价客:多数单按原价买(不必给券)",
        "Pays full price: most purchases; needs no coupon",
        lambda f, a: true(
            (f.n_year >= a.lines.repeats) & (share(f.n_full_price, f.n_year) >= a.lines.loyal_share)
        ),
    ),
    _P.tag(
        f"deep_discount_share deep_discount {YEAR}",
        Unit.SHARE,
        "深折占比:大幅打折的商品行",
        "Deep discounts: part of lines far below shelf price",
        lambda f, _: share(f.n_deep, f.n_lines),
    ),
    _P.tag(
        f"bargain_hunter deep_discount {YEAR}",
        Unit.FLAG,
        "淘货:常买大幅打折的",
        "Bargain hunter: often buys at deep discounts",
        lambda f, a: true(share(f.n_deep, f.n_lines) >= a.lines.often_share),
    ),
    _P.tag(
        f"promoted_share promotion_response {YEAR}",
        Unit.SHARE,
        "促销占比:参加促销的商品占消费",
        "Promoted: part of spend on promoted lines",
        lambda f, _: share(f.fen_promoted, f.fen_lines),
    ),
    _P.tag(
        f"promotion_response promotion_response {YEAR}",
        Unit.WORD,
        "促销响应:按促销占比",
        "Response to promotions: by that part",
        lambda f, a: band(
            share(f.fen_promoted, f.fen_lines),
            (a.lines.some_share, a.lines.most_share),
            ("low", "mid", "high"),
        ),
        _SENSITIVITY,
    ),
    _P.tag(
        f"promotion_only promotion_only {YEAR}",
        Unit.FLAG,
        "只买促销:买过几次,全是促销商品",
        "Only promotions: several purchases, all of promoted goods",
        lambda f, a: true(
            (f.n_year >= a.lines.repeats) & (f.n_lines > 0) & (f.n_promoted == f.n_lines)
        ),
    ),
    _P.tag(
        f"coupons_used coupon_use {YEAR}",
        Unit.COUNT,
        "用券张数:近一年用掉的券",
        "Coupons: used in a year",
        lambda f, _: f.n_coupons,
    ),
    _P.tag(
        f"coupon_share coupon_dependence {YEAR}",
        Unit.SHARE,
        "用券单占比:用了券的单",
        "With a coupon: part of purchases",
        lambda f, _: share(f.n_coupon_orders, f.n_year),
    ),
    _P.tag(
        f"coupon_kind coupon_dependence {YEAR}",
        Unit.WORD,
        "券习惯:不用、偶尔、常用、非券不买",
        "Coupon habit: never, sometimes, often, not without",
        lambda f, a: choice(
            (f.n_year == 0, ""),
            (f.n_coupon_orders == 0, "never"),
            ((f.n_coupon_orders == f.n_year) & (f.n_year >= a.lines.repeats), "always"),
            (share(f.n_coupon_orders, f.n_year) >= a.lines.often_share, "often"),
            otherwise="sometimes",
        ).nullif(""),
        words(
            never=("不用券", "never"),
            sometimes=("偶尔用", "sometimes"),
            often=("常用券", "often"),
            always=("非券不买", "not without"),
        ),
    ),
    _P.tag(
        f"big_day_share big_sale_days {YEAR}",
        Unit.SHARE,
        "大促占比:618、双十一、双十二的单",
        "Big sale days: part of purchases on 618, 11.11, 12.12",
        lambda f, _: share(f.n_big_days, f.n_year),
    ),
    _P.tag(
        f"big_day_buyer big_sale_days {YEAR}",
        Unit.FLAG,
        "大促客:多在大促日买",
        "Buys on big days: most of her purchases",
        lambda f, a: true(share(f.n_big_days, f.n_year) >= a.lines.most_share),
    ),
    Shelf("service").tag(
        f"returns returns {YEAR}",
        Unit.COUNT,
        "退货单数:近一年退过的单",
        "Returns: purchases of a year with something given back",
        lambda f, _: f.n_returns,
    ),
    Shelf("service").tag(
        f"returned_fen returns {YEAR}",
        Unit.FEN,
        "退款金额:近一年",
        "Given back: in a year",
        lambda f, _: f.fen_returned,
    ),
    Shelf("service").tag(
        f"returns_often return_habit {YEAR}",
        Unit.FLAG,
        "常退货:次数多且占比高(回访,不是处罚)",
        "Returns often: many and a good part; for a call, not a penalty",
        lambda f, a: true(
            (f.n_returns >= a.lines.returns_often)
            & (share(f.n_returns, f.n_year) >= a.lines.often_share)
        ),
    ),
    Shelf("service").tag(
        f"cancelled cancellations {YEAR}",
        Unit.COUNT,
        "取消单数:近一年下单后取消的",
        "Cancelled: orders of a year called off",
        lambda f, _: f.n_cancelled,
    ),
    _S.tag(
        f"viewed_category interest_category {QUARTER}",
        Unit.NAME,
        "关注品类:近 90 天看得最多的品类",
        "Looks at: the category most viewed in 90 days",
        lambda f, _: f.top_viewed,
    ),
    _S.tag(
        f"wants_category interest_gap {QUARTER}",
        Unit.NAME,
        "种草品类:看得最多、但不是最常买的品类",
        "Wants: the category most viewed that is not the one she buys most",
        lambda f, _: f.top_viewed.nullif(f.top_category.fill_null("")),
    ),
)
