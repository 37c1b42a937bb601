"""What her membership is, what she does besides buying, and what she said of herself."""

from collections.abc import Sequence
from typing import Final

from cloud_broker.domain.metrics.algebra import (
    Table,
    Value,
    band,
    choice,
    days_between,
    share,
    true,
)
from cloud_broker.domain.metrics.entry import (
    MONTH,
    NOW,
    QUARTER,
    YEAR,
    Basis,
    Build,
    Shelf,
    Tag,
    Unit,
    words,
)
from cloud_broker.domain.metrics.facts import ADULT, Asked

_S = Shelf("marketing")
_M = Shelf("operations", Basis.SERVICE)
_D = Shelf("privacy", Basis.DECLARED)
_X = Shelf("privacy", Basis.SENSITIVE)
_DIET: Final = ("素食", "清真", "无糖", "低糖", "无麸质", "vegetarian", "halal", "sugar-free")
_PETS: Final = ("养猫", "养狗", "养宠", "cat", "dog", "pet")
_MOVES: Final = ("新婚", "备婚", "乔迁", "装修", "毕业", "newlywed", "moved", "graduated")
_INTERESTS: Final = ("健身", "户外", "露营", "烘焙", "茶", "咖啡", "fitness", "outdoor", "baking")
_SKIN: Final = ("敏感肌", "痘肌", "sensitive-skin", "acne")
_ALLERGY: Final = ("过敏", "allergy")
_MATERNITY: Final = ("备孕", "孕妇", "孕产", "哺乳", "pregnancy")
_CARE: Final = ("糖尿病", "高血压", "药品", "保健", "diabetes", "medicine")
_CHILDREN: Final = ("宝宝", "婴儿", "有孩", "亲子", "baby", "children")


def says(words_of: Sequence[str]) -> Build:
    """Return whether she declared one of these words."""

    def build(found: Table, asked: Asked) -> Value:
        del asked
        said = true(found.declared_tags.contains(words_of[0]))
        for word in words_of[1:]:
            said |= true(found.declared_tags.contains(word))
        return said

    return build


def agreed(words_of: Sequence[str]) -> Build:
    """Return whether she declared one of these and agreed separately that it is kept."""
    said = says(words_of)
    return lambda found, asked: said(found, asked) & true(found.sensitive_consent)


def age(found: Table, asked: Asked) -> Value:
    """Return the age she reaches this year, by the year she declared."""
    return asked.as_of.year - found.birth_year_declared


def engagement(found: Table, asked: Asked) -> Value:
    """Return points for what she did online in 90 days: the more it takes, the more it counts."""
    del asked
    light = found.n_views + found.n_searches
    return light + found.n_adds * 3 + found.n_wishes * 3 + found.n_shares * 5 + found.n_reviews * 5


def birthday_in(found: Table, asked: Asked, ahead: int) -> Value:
    """Return whether her birthday's month is so many months ahead."""
    month = (asked.as_of.month - 1 + ahead) % 12 + 1
    return true(found.birth_month == month)


TAGS: Final[tuple[Tag, ...]] = (
    _M.tag(
        f"tier membership {NOW}",
        Unit.NAME,
        "会员等级:现在的等级",
        "Tier: as it is now",
        lambda f, _: f.tier.nullif(""),
    ),
    _M.tag(
        f"source source {NOW}",
        Unit.NAME,
        "来源:从哪里入会",
        "Source: where she joined",
        lambda f, _: f.source_channel,
    ),
    _M.tag(
        f"points_balance points_balance {NOW}",
        Unit.COUNT,
        "可用积分:现在可以花的",
        "Points: to spend now",
        lambda f, _: f.points_spendable.clip(lower=0),
    ),
    _M.tag(
        f"points_level points_balance {NOW}",
        Unit.WORD,
        "积分档:少、中、多",
        "Points level: few, some, many",
        lambda f, a: band(
            f.points_spendable, (a.lines.points_low, a.lines.points_high), ("few", "some", "many")
        ),
        words(few=("少", "few"), some=("中", "some"), many=("多", "many")),
    ),
    _M.tag(
        f"reach contact {NOW}",
        Unit.WORD,
        "可触达:她同意的方式",
        "Reach: the ways she agreed to",
        lambda f, _: choice(
            (f.sms_consent & f.wechat_consent, "both"),
            (f.wechat_consent, "wechat"),
            (f.sms_consent, "sms"),
            otherwise="none",
        ),
        words(
            both=("短信和微信", "SMS and WeChat"),
            wechat=("微信", "WeChat"),
            sms=("短信", "SMS"),
            none=("不打扰", "none"),
        ),
    ),
    _M.tag(
        f"no_guesses personalisation {NOW}",
        Unit.FLAG,
        "拒绝个性化:只有会员和她自己声明的标签",
        "No guesses: refused personal offers; only membership and her own words remain",
        lambda f, _: true(~f.personalise),
    ),
    _S.tag(
        f"points_spent points_use {YEAR}",
        Unit.COUNT,
        "用掉积分:近一年抵掉的",
        "Points spent: in a year",
        lambda f, _: f.n_points,
    ),
    _S.tag(
        f"points_order_share points_use {YEAR}",
        Unit.SHARE,
        "用积分单占比:用了积分的单",
        "With points: part of purchases",
        lambda f, _: share(f.n_points_used, f.n_year),
    ),
    _S.tag(
        f"points_hoarder points_hoard {YEAR}",
        Unit.FLAG,
        "攒积分:积分多、一年没用过(提醒她)",
        "Hoards points: many, none used in a year; remind her",
        lambda f, a: true((f.points_spendable >= a.lines.points_high) & (f.n_points_used == 0)),
    ),
    _S.tag(
        f"views_month browsing {MONTH}",
        Unit.COUNT,
        "近 30 天浏览:看过的商品次数",
        "Views, 30 days: of articles",
        lambda f, _: f.n_views_month,
    ),
    _S.tag(
        f"views_quarter browsing {QUARTER}",
        Unit.COUNT,
        "近 90 天浏览:看过的商品次数",
        "Views, 90 days: of articles",
        lambda f, _: f.n_views,
    ),
    _S.tag(
        f"adds_month carting {MONTH}",
        Unit.COUNT,
        "近 30 天加购:次数",
        "Put in the cart: in 30 days",
        lambda f, _: f.n_adds_month,
    ),
    _S.tag(
        f"cart_left cart_left {MONTH}",
        Unit.FLAG,
        "加购未买:加购之后没有下单",
        "Left in the cart: added, and no purchase since",
        lambda f, _: true(
            (f.n_adds_month > 0) & (f.last_on.isnull() | (f.last_on < f.last_add_on))
        ),
    ),
    _S.tag(
        f"checkout_left checkout_left {QUARTER}",
        Unit.FLAG,
        "到结算没付:开始结算的次数多于线上成交",
        "Left at checkout: began more often than she bought online",
        lambda f, _: true(f.n_checkouts > f.n_online_now),
    ),
    _S.tag(
        f"wishes wishlist {QUARTER}",
        Unit.COUNT,
        "收藏:近 90 天收藏的次数",
        "Wishlist: put on it in 90 days",
        lambda f, _: f.n_wishes,
    ),
    _S.tag(
        f"shares sharing {QUARTER}",
        Unit.COUNT,
        "分享:近 90 天分享的次数",
        "Shares: in 90 days",
        lambda f, _: f.n_shares,
    ),
    _S.tag(
        f"sharer sharing {QUARTER}",
        Unit.FLAG,
        "传播者:常分享(适合老带新)",
        "Spreads the word: shares often; ask her to invite",
        lambda f, a: true(f.n_shares >= a.lines.shares_active),
    ),
    _S.tag(
        f"searches searching {QUARTER}",
        Unit.COUNT,
        "搜索:近 90 天搜索的次数",
        "Searches: in 90 days",
        lambda f, _: f.n_searches,
    ),
    _S.tag(
        f"reviews reviewing {YEAR}",
        Unit.COUNT,
        "评价:近一年写的评价",
        "Reviews: written in a year",
        lambda f, _: f.n_reviews,
    ),
    _S.tag(
        f"engagement engagement {QUARTER}",
        Unit.WORD,
        "线上活跃度:浏览、加购、收藏、分享、评价合成",
        "Engagement online: of views, carts, wishes, shares, reviews",
        lambda f, a: band(
            engagement(f, a),
            (1, a.lines.views_active, a.lines.views_active * 5),
            ("none", "low", "mid", "high"),
        ),
        words(none=("无", "none"), low=("低", "low"), mid=("中", "middle"), high=("高", "high")),
    ),
    _S.tag(
        f"days_since_seen online_recency {YEAR}",
        Unit.DAYS,
        "距上次线上活动:几天",
        "Since last seen online: days",
        lambda f, a: days_between(f.last_seen_on, a.today),
    ),
    _S.tag(
        f"window_shopper conversion {QUARTER}",
        Unit.FLAG,
        "光看不买:看得多,近 90 天没买",
        "Looks and leaves: many views, no purchase in 90 days",
        lambda f, a: true((f.n_views >= a.lines.window_shopper_views) & (f.n_quarter == 0)),
    ),
    _S.tag(
        f"looks_online_buys_in_store online_to_store {QUARTER}",
        Unit.FLAG,
        "线上看门店买:看得多,只在门店成交",
        "Looks online, buys in store: in 90 days",
        lambda f, a: true(
            (f.n_views >= a.lines.views_active) & (f.n_till_now > 0) & (f.n_online_now == 0)
        ),
    ),
    _D.tag(
        f"birth_month birthday {NOW}",
        Unit.COUNT,
        "生日月:她说的月份",
        "Birthday month: as she said",
        lambda f, _: f.birth_month,
    ),
    _D.tag(
        f"birthday_now birthday {NOW}",
        Unit.FLAG,
        "本月生日:她说的生日在本月",
        "Birthday this month: as she said",
        lambda f, a: birthday_in(f, a, 0),
    ),
    _D.tag(
        f"birthday_next birthday_ahead {NOW}",
        Unit.FLAG,
        "下月生日:她说的生日在下月",
        "Birthday next month: as she said",
        lambda f, a: birthday_in(f, a, 1),
    ),
    _D.tag(
        f"age_band age {NOW}",
        Unit.WORD,
        "年龄段:按她说的年份,成年人",
        "Age: by the year she said, adults alone",
        lambda f, a: band(
            (age(f, a) >= ADULT).ifelse(age(f, a), None),
            (25, 35, 45, 60),
            ("to_24", "to_34", "to_44", "to_59", "from_60"),
        ),
        words(
            to_24=("18–24", "18–24"),
            to_34=("25–34", "25–34"),
            to_44=("35–44", "35–44"),
            to_59=("45–59", "45–59"),
            from_60=("60 以上", "60 and above"),
        ),
    ),
    _D.tag(
        f"declared_diet diet {NOW}",
        Unit.FLAG,
        "饮食习惯:她说的素食、清真、无糖等",
        "Diet: as she said",
        says(_DIET),
    ),
    _D.tag(
        f"declared_pets pets {NOW}",
        Unit.FLAG,
        "养宠:她说的",
        "Pets: as she said",
        says(_PETS),
    ),
    _D.tag(
        f"declared_life_event life_event {NOW}",
        Unit.FLAG,
        "人生节点:她说的新婚、乔迁、毕业等",
        "Life event: newlywed, moved, graduated, as she said",
        says(_MOVES),
    ),
    _D.tag(
        f"declared_interest interest {NOW}",
        Unit.FLAG,
        "兴趣:她说的健身、户外、烘焙等",
        "Interest: as she said",
        says(_INTERESTS),
    ),
    _X.tag(
        f"declared_skin skin {NOW}",
        Unit.FLAG,
        "肤质:她单独同意过的声明",
        "Skin: declared, with a consent of its own",
        agreed(_SKIN),
    ),
    _X.tag(
        f"declared_allergy allergy {NOW}",
        Unit.FLAG,
        "过敏:她单独同意过的声明",
        "Allergy: declared, with a consent of its own",
        agreed(_ALLERGY),
    ),
    _X.tag(
        f"declared_maternity maternity {NOW}",
        Unit.FLAG,
        "孕产:她单独同意过的声明",
        "Maternity: declared, with a consent of its own",
        agreed(_MATERNITY),
    ),
    _X.tag(
        f"declared_care health {NOW}",
        Unit.FLAG,
        "健康护理:她单独同意过的声明",
        "Health: declared, with a consent of its own",
        agreed(_CARE),
    ),
    _X.tag(
        f"declared_children children {NOW}",
        Unit.FLAG,
        "家有孩子:她单独同意过的声明",
        "Children: declared, with a consent of its own",
        agreed(_CHILDREN),
    ),
    _X.tag(
        f"declared_minor minor {NOW}",
        Unit.FLAG,
        "未成年:按她说的年份,单独同意过",
        "A minor: by the year she said, with a consent of its own",
        lambda f, a: true(age(f, a) < ADULT) & true(f.sensitive_consent),
    ),
)
