"""What she spends, how it moves, on what a purchase comes to, and what it is worth to the chain."""

from typing import Final

from cloud_broker.domain.metrics.algebra import band, safe_div, share, true
from cloud_broker.domain.metrics.entry import (
    ALL,
    HALF,
    MONTH,
    QUARTER,
    YEAR,
    Shelf,
    Tag,
    Unit,
    words,
)

_S = Shelf("marketing")
LEVELS: Final = words(
    none=("无", "none"),
    low=("低", "low"),
    mid=("中", "middle"),
    high=("高", "high"),
    top=("顶", "top"),
)
TRENDS: Final = words(
    falling=("下降", "falling"), steady=("平稳", "steady"), rising=("上升", "rising")
)

TAGS: Final[tuple[Tag, ...]] = (
    _S.tag(
        f"spend_total spend_lifetime {ALL}",
        Unit.FEN,
        "累计消费:历来实付减退款",
        "Spend, ever: paid less refunded, since she is known",
        lambda f, _: f.fen_all,
    ),
    _S.tag(
        f"spend_year spend_year {YEAR}",
        Unit.FEN,
        "近一年消费:最近 365 天实付减退款",
        "Spend, a year: paid less refunded in 365 days",
        lambda f, _: f.fen_year,
    ),
    _S.tag(
        f"spend_level spend_year {YEAR}",
        Unit.WORD,
        "消费档:近一年消费落在哪一档",
        "Spending level: the band of a year's spend",
        lambda f, a: band(
            f.fen_year,
            (1, a.lines.spend_low_fen, a.lines.spend_mid_fen, a.lines.spend_high_fen),
            ("none", "low", "mid", "high", "top"),
        ),
        LEVELS,
    ),
    _S.tag(
        f"spend_quarter spend_recent {QUARTER}",
        Unit.FEN,
        "近 90 天消费:实付减退款",
        "Spend, 90 days: paid less refunded",
        lambda f, _: f.fen_quarter,
    ),
    _S.tag(
        f"spend_month spend_recent {MONTH}",
        Unit.FEN,
        "近 30 天消费:实付减退款",
        "Spend, 30 days: paid less refunded",
        lambda f, _: f.fen_month,
    ),
    _S.tag(
        f"spend_change spend_trend {HALF}",
        Unit.TIMES,
        "消费变化:近 90 天与前 90 天之比",
        "Change of spend: 90 days against the 90 before",
        lambda f, _: share(f.fen_quarter, f.fen_before),
    ),
    _S.tag(
        f"spend_trend spend_trend {HALF}",
        Unit.WORD,
        "消费走势:近 90 天比前 90 天升还是降",
        "Trend of spend: up or down against the 90 days before",
        lambda f, a: band(
            share(f.fen_quarter, f.fen_before),
            (a.lines.trend_down, a.lines.trend_up),
            ("falling", "steady", "rising"),
        ),
        TRENDS,
    ),
    _S.tag(
        f"margin_year margin {YEAR}",
        Unit.FEN,
        "近一年毛利:有成本的订单,实付减退款减成本(不足按 0)",
        "Margin, a year: orders with a cost, kept less cost, never below 0",
        lambda f, _: (f.fen_costed - f.fen_cost).clip(lower=0),
    ),
    _S.tag(
        f"margin_share margin {YEAR}",
        Unit.SHARE,
        "毛利率:毛利占实付",
        "Margin rate: margin of what was paid",
        lambda f, _: share((f.fen_costed - f.fen_cost).clip(lower=0), f.fen_costed),
    ),
    _S.tag(
        f"ticket_average ticket {YEAR}",
        Unit.FEN,
        "客单价:近一年平均每单",
        "Ticket: mean of a purchase in a year",
        lambda f, _: safe_div(f.fen_year, f.n_year),
    ),
    _S.tag(
        f"ticket_level ticket {YEAR}",
        Unit.WORD,
        "客单档:客单价落在哪一档",
        "Ticket level: the band of her mean purchase",
        lambda f, a: band(
            safe_div(f.fen_year, f.n_year),
            (a.lines.ticket_low_fen, a.lines.ticket_mid_fen, a.lines.ticket_high_fen),
            ("low", "mid", "high", "top"),
        ),
        LEVELS,
    ),
    _S.tag(
        f"ticket_top ticket_peak {YEAR}",
        Unit.FEN,
        "最高一单:近一年最大一单实付",
        "Largest purchase: of a year, as paid",
        lambda f, _: f.fen_top,
    ),
    _S.tag(
        f"big_ticket ticket_peak {YEAR}",
        Unit.FLAG,
        "大单客:近一年买过大单",
        "Big ticket: a purchase above the line in a year",
        lambda f, _: true(f.n_big_ticket > 0),
    ),
    _S.tag(
        f"basket_units basket_size {YEAR}",
        Unit.TIMES,
        "每单件数:平均每单件数,千分之一件",
        "Units a purchase: the mean, in thousandths of a unit",
        lambda f, _: share(f.n_units, f.n_year),
    ),
    _S.tag(
        f"stocks_up basket_size {YEAR}",
        Unit.FLAG,
        "囤货:大件数的单占到一定比例",
        "Stocks up: purchases of many units are a good part of hers",
        lambda f, a: true(share(f.n_big_basket, f.n_year) >= a.lines.often_share),
    ),
    _S.tag(
        f"basket_lines basket_width {YEAR}",
        Unit.TIMES,
        "连带:平均每单商品行数,千分之一行",
        "Breadth of basket: mean lines a purchase, in thousandths",
        lambda f, _: share(f.n_lines, f.n_year),
    ),
    _S.tag(
        f"single_share basket_kind {YEAR}",
        Unit.SHARE,
        "单件单占比:只买一件的单",
        "Single units: part of purchases with one unit",
        lambda f, _: share(f.n_single, f.n_year),
    ),
    _S.tag(
        f"single_buyer basket_kind {YEAR}",
        Unit.FLAG,
        "一件就走:多数单只买一件(适合做连带推荐)",
        "One and out: most purchases are one unit, so suggest a second",
        lambda f, a: true(share(f.n_single, f.n_year) >= a.lines.loyal_share),
    ),
)
