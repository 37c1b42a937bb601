"""Where and when she buys: channels, hours, days, stores, seasons."""

from typing import Final

from cloud_broker.domain.metrics.algebra import Table, Value, choice, largest, one, share, true
from cloud_broker.domain.metrics.entry import (
    ALL,
    QUARTER,
    TWO_YEARS,
    YEAR,
    Shelf,
    Tag,
    Unit,
    words,
)
from cloud_broker.domain.metrics.facts import DAYPARTS, GROUPS, SEASONS, Asked

_S = Shelf("operations")
_KINDS: Final = words(
    online=("线上", "online"), offline=("门店", "in store"), omni=("全渠道", "both")
)
_PARTS: Final = words(
    morning=("早上", "morning"),
    noon=("中午", "noon"),
    afternoon=("下午", "afternoon"),
    evening=("晚上", "evening"),
    night=("深夜", "night"),
)
_SEASONS: Final = words(
    spring=("春", "spring"),
    summer=("夏", "summer"),
    autumn=("秋", "autumn"),
    winter=("冬", "winter"),
)


def channel_kind(found: Table, asked: Asked) -> Value:
    """Return online, offline, or omni where neither is a trifle."""
    online = share(found.n_online, found.n_year)
    some = asked.lines.omni_share
    return choice(
        (online.isnull(), ""),
        (online < some, "offline"),
        (online > 1_000 - some, "online"),
        otherwise="omni",
    ).nullif("")


def channels(found: Table, asked: Asked) -> Value:
    """Return how many kinds of channel she bought through in a year."""
    del asked
    kinds = [found[f"n_ch_{name}"] for name in ("till", *GROUPS, "other")]
    counted = one(kinds[0] > 0)
    for kind in kinds[1:]:
        counted += one(kind > 0)
    return counted


def daypart(found: Table, asked: Asked) -> Value:
    """Return the part of the day she buys in most."""
    del asked
    return largest(*((name, found[f"n_at_{name}"]) for name in DAYPARTS))


def season(found: Table, asked: Asked) -> Value:
    """Return the season she buys in most."""
    del asked
    return largest(*((name, found[f"n_in_{name}"]) for name in SEASONS))


def season_share(found: Table, asked: Asked) -> Value:
    """Return the part of two years' purchases in her season, in thousandths."""
    del asked
    best = found.n_in_spring
    for name in ("summer", "autumn", "winter"):
        other = found[f"n_in_{name}"]
        best = (best >= other).ifelse(best, other)
    return share(best, found.n_two_years)


TAGS: Final[tuple[Tag, ...]] = (
    _S.tag(
        f"channel_kind channel_kind {YEAR}",
        Unit.WORD,
        "渠道类型:线上、门店、全渠道",
        "Channel: online, in store, both",
        channel_kind,
        _KINDS,
    ),
    _S.tag(
        f"online_share channel_share {YEAR}",
        Unit.SHARE,
        "线上单占比:线上的单",
        "Online: part of purchases",
        lambda f, _: share(f.n_online, f.n_year),
    ),
    _S.tag(
        f"online_spend_share channel_share {YEAR}",
        Unit.SHARE,
        "线上消费占比:线上的消费",
        "Spent online: part of spend",
        lambda f, _: share(f.fen_online, f.fen_year),
    ),
    _S.tag(
        f"channel_favourite channel_favourite {YEAR}",
        Unit.NAME,
        "最爱渠道:近一年花钱最多的渠道",
        "Favourite channel: most spent through in a year",
        lambda f, _: f.top_channel,
    ),
    _S.tag(
        f"channels channel_breadth {YEAR}",
        Unit.COUNT,
        "渠道种类:用过几类渠道",
        "Kinds of channel: bought through in a year",
        channels,
    ),
    _S.tag(
        f"first_channel channel_first {ALL}",
        Unit.WORD,
        "首单渠道:第一单在线上还是门店",
        "First channel: where she bought first",
        lambda f, _: choice(
            (f.n_orders == 0, ""),
            (f.first_till_on.isnull(), "online"),
            (f.first_online_on.isnull(), "offline"),
            (f.first_online_on < f.first_till_on, "online"),
            (f.first_till_on < f.first_online_on, "offline"),
            otherwise="omni",
        ).nullif(""),
        _KINDS,
    ),
    _S.tag(
        f"channel_shift channel_shift {QUARTER}",
        Unit.WORD,
        "渠道迁移:以前一种、近 90 天改到另一种",
        "Shift: bought one way before, the other way in 90 days",
        lambda f, _: choice(
            (
                (f.n_online_now > 0) & (f.n_till_now == 0) & (f.n_ch_till * 2 > f.n_year),
                "to_online",
            ),
            ((f.n_till_now > 0) & (f.n_online_now == 0) & (f.n_online * 2 > f.n_year), "to_store"),
        ),
        words(to_online=("转到线上", "to online"), to_store=("转到门店", "to stores")),
    ),
    _S.tag(
        f"mini_program mini_program {YEAR}",
        Unit.FLAG,
        "小程序客:在小程序买过",
        "Mini-program: bought in one in a year",
        lambda f, _: true(f.n_ch_mini > 0),
    ),
    _S.tag(
        f"social_commerce social_commerce {YEAR}",
        Unit.FLAG,
        "内容电商客:在抖音、快手、小红书买过",
        "Content commerce: bought on a video or notes platform",
        lambda f, _: true(f.n_ch_social > 0),
    ),
    _S.tag(
        f"marketplace marketplace {YEAR}",
        Unit.FLAG,
        "货架电商客:在天猫、京东、拼多多买过",
        "Marketplaces: bought on one in a year",
        lambda f, _: true(f.n_ch_market > 0),
    ),
    _S.tag(
        f"delivery delivery {YEAR}",
        Unit.FLAG,
        "到家客:点过外卖或到家",
        "Delivery: ordered to her door in a year",
        lambda f, _: true(f.n_ch_delivery > 0),
    ),
    _S.tag(
        f"daypart daypart {YEAR}",
        Unit.WORD,
        "常来时段:近一年最多的时段",
        "Part of the day: when she buys most",
        daypart,
        _PARTS,
    ),
    _S.tag(
        f"night_owl night {YEAR}",
        Unit.FLAG,
        "夜间客:深夜的单占到一定比例",
        "At night: a good part of purchases after 22 o'clock",
        lambda f, a: true(share(f.n_at_night, f.n_year) >= a.lines.often_share),
    ),
    _S.tag(
        f"weekend_share weekend {YEAR}",
        Unit.SHARE,
        "周末占比:周六日的单",
        "At weekends: part of purchases",
        lambda f, _: share(f.n_weekend, f.n_year),
    ),
    _S.tag(
        f"weekend_buyer weekend {YEAR}",
        Unit.FLAG,
        "周末客:多在周末来",
        "Weekend buyer: most purchases on Saturday or Sunday",
        lambda f, a: true(share(f.n_weekend, f.n_year) >= a.lines.loyal_share),
    ),
    _S.tag(
        f"lunch_buyer workday_lunch {YEAR}",
        Unit.FLAG,
        "工作日午间客:工作日中午的单占到一定比例",
        "Lunch on workdays: a good part of purchases at noon, Monday to Friday",
        lambda f, a: true(share(f.n_lunch, f.n_year) >= a.lines.often_share),
    ),
    _S.tag(
        f"month_part month_part {YEAR}",
        Unit.WORD,
        "旬习惯:上旬、中旬、下旬",
        "Part of the month: when she buys most",
        lambda f, _: largest(
            ("early", f.n_month_early), ("middle", f.n_month_middle), ("late", f.n_month_late)
        ),
        words(
            early=("上旬", "1st to 10th"),
            middle=("中旬", "11th to 20th"),
            late=("下旬", "from the 21st"),
        ),
    ),
    _S.tag(
        f"store_favourite store_favourite {YEAR}",
        Unit.NAME,
        "常去门店:近一年花钱最多的店",
        "Favourite store: most spent at in a year",
        lambda f, _: f.top_store,
    ),
    _S.tag(
        f"store_share store_loyalty {YEAR}",
        Unit.SHARE,
        "门店集中度:常去门店占消费",
        "Store focus: its part of a year's spend",
        lambda f, _: share(f.fen_store, f.fen_year),
    ),
    _S.tag(
        f"stores store_breadth {YEAR}",
        Unit.COUNT,
        "去过门店数:近一年",
        "Stores: bought at in a year",
        lambda f, _: f.n_store,
    ),
    _S.tag(
        f"roams store_breadth {YEAR}",
        Unit.FLAG,
        "多店客:去过好几家店",
        "Roams: bought at several stores",
        lambda f, a: true(f.n_store >= a.lines.stores_roaming),
    ),
    _S.tag(
        f"away_from_home home_store {YEAR}",
        Unit.FLAG,
        "换了店:常去的不是入会的店",
        "Moved: her favourite store is not her home store",
        lambda f, _: true(f.top_store.notnull() & (f.top_store != f.home_store_id.fill_null(""))),
    ),
    _S.tag(
        f"region_favourite region {YEAR}",
        Unit.NAME,
        "常在大区:近一年花钱最多的大区",
        "Region: most spent in in a year",
        lambda f, _: f.top_region,
    ),
    _S.tag(
        f"travels region_breadth {YEAR}",
        Unit.FLAG,
        "跨区客:在两个以上大区买过",
        "Travels: bought in two regions or more",
        lambda f, _: true(f.n_region > 1),
    ),
    _S.tag(
        f"served_share service {YEAR}",
        Unit.SHARE,
        "导购服务占比:有店员登录的单",
        "Served: part of purchases with a clerk signed in",
        lambda f, _: share(f.n_served, f.n_year),
    ),
    _S.tag(
        f"season season {TWO_YEARS}",
        Unit.WORD,
        "旺季:两年里买得最多的季节",
        "Season: when she buys most, over two years",
        season,
        _SEASONS,
    ),
    _S.tag(
        f"seasonal season_dependence {TWO_YEARS}",
        Unit.FLAG,
        "季节客:多数购买在同一季",
        "Seasonal: most of her purchases in one season",
        lambda f, a: true(
            (f.n_two_years >= a.lines.repeats) & (season_share(f, a) >= a.lines.loyal_share)
        ),
    ),
    _S.tag(
        f"spring_festival festival {TWO_YEARS}",
        Unit.FLAG,
        "年货客:春节前后买过",
        "Spring festival: bought around it",
        lambda f, _: true(f.n_festive > 0),
    ),
)
