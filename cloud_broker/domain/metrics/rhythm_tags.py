"""How often she comes, since when she has not, where in her life as a customer she stands."""

from typing import Final

import ibis

from cloud_broker.domain.metrics.algebra import (
    Table,
    Value,
    band,
    choice,
    days_between,
    safe_div,
    share,
    true,
)
from cloud_broker.domain.metrics.entry import (
    ALL,
    HALF,
    MONTH,
    NOW,
    QUARTER,
    YEAR,
    Basis,
    Shelf,
    Tag,
    Unit,
    words,
)
from cloud_broker.domain.metrics.facts import Asked
from cloud_broker.domain.metrics.spend_tags import TRENDS

_S = Shelf("marketing")
_M = Shelf("operations", Basis.SERVICE)
_HIGH, _MIDDLE = 4, 3  # of a score from 1 to 5
STAGES: Final = words(
    prospect=("未购", "not bought yet"),
    new=("新客", "new"),
    repeat=("复购", "repeat"),
    at_risk=("流失预警", "at risk"),
    lost=("已流失", "lost"),
)
_PACES: Final = words(
    weekly=("每周", "weekly"),
    fortnightly=("每两周", "fortnightly"),
    monthly=("每月", "monthly"),
    quarterly=("每季", "quarterly"),
    rare=("偶尔", "rare"),
)
_SEGMENTS: Final = words(
    champion=("核心客", "champion"),
    loyal=("忠实客", "loyal"),
    promising=("潜力客", "promising"),
    big_asleep=("沉睡大客", "big, asleep"),
    asleep=("沉睡客", "asleep"),
    ordinary=("普通客", "ordinary"),
)
_TENURES: Final = words(
    young=("新会员", "new member"), settled=("老会员", "settled"), old=("资深会员", "long-standing")
)


def since_last(found: Table, asked: Asked) -> Value:
    """Return days since her last purchase, null before the first."""
    return days_between(found.last_on, asked.today)


def own_gap(found: Table, asked: Asked) -> Value:
    """Return the mean days between her purchases, null before the second."""
    del asked
    return safe_div(days_between(found.first_on, found.last_on), found.n_orders - 1)


def overdue(found: Table, asked: Asked) -> Value:
    """Return her silence as a multiple of her own gap in thousandths; null where she has none."""
    return share(since_last(found, asked), own_gap(found, asked))


def stage(found: Table, asked: Asked) -> Value:
    """Return where she stands, by her own gap where she has one and by days where not."""
    lines, silent, late = asked.lines, since_last(found, asked), overdue(found, asked)
    late_by_far = true((late >= lines.lost_gaps) & (silent >= lines.risk_days_least))
    lost = true(silent >= lines.lost_days) | late_by_far
    risk = ibis.ifelse(
        late.notnull(),
        (late >= lines.risk_gaps) & (silent >= lines.risk_days_least),
        silent >= lines.risk_days,
    )
    return choice(
        (found.n_orders == 0, "prospect"),
        (lost, "lost"),
        (true(risk), "at_risk"),
        (
            (found.n_orders == 1) | (days_between(found.first_on, asked.today) < lines.new_days),
            "new",
        ),
        otherwise="repeat",
    )


def rfm_kind(found: Table, asked: Asked) -> Value:
    """Return the segment that the three scores come to."""
    del asked
    last, often, much = found.score_r, found.score_f, found.score_m
    return choice(
        (found.n_orders == 0, ""),
        ((last >= _HIGH) & (often >= _HIGH) & (much >= _HIGH), "champion"),
        ((last >= _MIDDLE) & (often >= _HIGH), "loyal"),
        ((last >= _HIGH) & (often <= _MIDDLE), "promising"),
        ((last < _MIDDLE) & (much >= _HIGH), "big_asleep"),
        (last < _MIDDLE, "asleep"),
        otherwise="ordinary",
    ).nullif("")


TAGS: Final[tuple[Tag, ...]] = (
    _S.tag(
        f"orders_total frequency_lifetime {ALL}",
        Unit.COUNT,
        "累计单数:历来的购买",
        "Purchases, ever: since she is known",
        lambda f, _: f.n_orders,
    ),
    _S.tag(
        f"orders_year frequency {YEAR}",
        Unit.COUNT,
        "近一年单数:最近 365 天的购买",
        "Purchases, a year: in 365 days",
        lambda f, _: f.n_year,
    ),
    _S.tag(
        f"orders_quarter frequency_recent {QUARTER}",
        Unit.COUNT,
        "近 90 天单数:最近 90 天的购买",
        "Purchases, 90 days: in 90 days",
        lambda f, _: f.n_quarter,
    ),
    _S.tag(
        f"orders_month frequency_recent {MONTH}",
        Unit.COUNT,
        "近 30 天单数:最近 30 天的购买",
        "Purchases, 30 days: in 30 days",
        lambda f, _: f.n_month,
    ),
    _S.tag(
        f"frequency_trend frequency_trend {HALF}",
        Unit.WORD,
        "频次走势:近 90 天比前 90 天来得多还是少",
        "Trend of visits: more or fewer than in the 90 days before",
        lambda f, a: band(
            share(f.n_quarter, f.n_before),
            (a.lines.trend_down, a.lines.trend_up),
            ("falling", "steady", "rising"),
        ),
        TRENDS,
    ),
    _S.tag(
        f"gap_days cadence {ALL}",
        Unit.DAYS,
        "购买间隔:两次购买平均隔几天",
        "Gap: mean days between her purchases",
        own_gap,
    ),
    _S.tag(
        f"cadence cadence {ALL}",
        Unit.WORD,
        "购买节奏:按平均间隔",
        "Pace: by the mean gap",
        lambda f, a: band(
            own_gap(f, a),
            (
                *(a.lines.weekly_days, a.lines.fortnight_days),
                *(a.lines.monthly_days, a.lines.quarterly_days),
            ),
            ("weekly", "fortnightly", "monthly", "quarterly", "rare"),
        ),
        _PACES,
    ),
    _S.tag(
        f"days_since_order recency {NOW}",
        Unit.DAYS,
        "距上次购买:到当天几天",
        "Since last purchase: days up to the day",
        since_last,
    ),
    _S.tag(
        f"overdue overdue {NOW}",
        Unit.TIMES,
        "超期倍数:沉默是自己平均间隔的几倍,千分之一倍",
        "Overdue: silence against her own mean gap, in thousandths",
        overdue,
    ),
    _S.tag(
        f"is_overdue overdue {NOW}",
        Unit.FLAG,
        "该来未来:沉默超过自己平均间隔的若干倍",
        "Due and away: silent for longer than her gap allows",
        lambda f, a: true(overdue(f, a) >= a.lines.risk_gaps),
    ),
    _S.tag(
        f"rfm_r rfm_recency {ALL}",
        Unit.SCORE,
        "RFM 近度分:1 到 5,越近越高",
        "RFM, recency: 1 to 5, 5 bought last",
        lambda f, _: f.score_r,
    ),
    _S.tag(
        f"rfm_f rfm_frequency {YEAR}",
        Unit.SCORE,
        "RFM 频度分:1 到 5,越多越高",
        "RFM, frequency: 1 to 5, 5 bought most often",
        lambda f, _: f.score_f,
    ),
    _S.tag(
        f"rfm_m rfm_value {YEAR}",
        Unit.SCORE,
        "RFM 金额分:1 到 5,越高越高",
        "RFM, value: 1 to 5, 5 spent most",
        lambda f, _: f.score_m,
    ),
    _S.tag(
        f"rfm_segment rfm_segment {YEAR}",
        Unit.WORD,
        "RFM 客群:三个分合成的客群",
        "RFM segment: what the three scores come to",
        rfm_kind,
        _SEGMENTS,
    ),
    _S.tag(
        f"lifecycle lifecycle {NOW}",
        Unit.WORD,
        "生命周期:未购、新客、复购、流失预警、已流失;有自己节奏的按节奏",
        "Life as a customer: not bought, new, repeat, at risk, lost; by her own pace where known",
        stage,
        STAGES,
    ),
    _S.tag(
        f"one_time_buyer second_purchase {ALL}",
        Unit.FLAG,
        "只买过一次:等第二单",
        "Bought once: the second purchase is to come",
        lambda f, _: true(f.n_orders == 1),
    ),
    _S.tag(
        f"second_due second_purchase {ALL}",
        Unit.FLAG,
        "催第二单:首单后过了半个新客期还没有第二单",
        "Second is due: half a newcomer's time since the first, and no second",
        lambda f, a: true(
            (f.n_orders == 1)
            & (since_last(f, a) * 2 >= a.lines.new_days)
            & (since_last(f, a) < a.lines.risk_days)
        ),
    ),
    _S.tag(
        f"came_back winback {HALF}",
        Unit.FLAG,
        "回流:近 30 天又买,之前 180 天没买",
        "Came back: bought in 30 days after 180 days of nothing",
        lambda f, _: true((f.n_month > 0) & (f.n_quiet == 0) & (f.n_orders > f.n_month)),
    ),
    _S.tag(
        f"activation_days activation {ALL}",
        Unit.DAYS,
        "入会到首单:几天;入会前已买算 0",
        "From joining to buying: days, 0 if she bought before",
        lambda f, _: days_between(f.joined, f.first_on).clip(lower=0),
    ),
    _M.tag(
        f"tenure_days tenure {NOW}",
        Unit.DAYS,
        "会龄:入会几天",
        "Tenure: days as a member",
        lambda f, a: days_between(f.joined, a.today),
    ),
    _M.tag(
        f"tenure_band tenure {NOW}",
        Unit.WORD,
        "会龄档:新会员、老会员、资深会员",
        "Tenure band: new, settled, long-standing",
        lambda f, a: band(
            days_between(f.joined, a.today),
            (a.lines.tenure_young_days, a.lines.tenure_old_days),
            ("young", "settled", "old"),
        ),
        _TENURES,
    ),
    _M.tag(
        f"joined_month_now anniversary {NOW}",
        Unit.FLAG,
        "入会周年月:本月是入会的月份",
        "Anniversary: she joined in this month of an earlier year",
        lambda f, a: true((f.joined.month() == a.as_of.month) & (f.joined.year() < a.as_of.year)),
    ),
)
