"""Tier, coupons, gifts and birthday as the API answers them, from what a member's record says."""

from calendar import isleap
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from edge_agent.api.models.growth import CouponView, GiftView, TierAskView, TierStandingView
from edge_agent.api.models.members import CallView, WorkedTagView
from edge_agent.domain.member_view import MemberView
from edge_agent.domain.shop import Shop
from retail_core.growth.account import TierNames, day_number, explain
from retail_core.insight.till_tags import TillWord
from retail_core.pricing.rules.ruleset import RuleBundle
from retail_core.wire.standing import TierAsk, TierStanding

_MS = 1_000
_MONTHS = 100
_LEAP_DAY = 229
_EVE = 228


@dataclass(frozen=True, slots=True)
class GrowthSeen:
    """What a member's view says beside her name and wallet."""

    standing: TierStandingView | None
    coupons: tuple[CouponView, ...]
    gifts: tuple[GiftView, ...]
    birthday_today: bool
    calls: tuple[CallView, ...]


def worked_seen(tag: TillWord) -> WorkedTagView:
    """Return a tag that HQ worked out, as a clerk reads it."""
    return WorkedTagView(
        key=tag.key,
        name=tag.name.zh,
        name_en=str(tag.name),
        value=tag.value.zh,
        value_en=str(tag.value),
    )


def growth_seen(view: MemberView, shop: Shop, bundle: RuleBundle) -> GrowthSeen:
    """Return what is hers today in this shop: what is over, or another shop's, stays away."""
    today = datetime.fromtimestamp(view.as_of_ms / _MS, UTC).astimezone(ZoneInfo(shop.zone)).date()
    day, names, english = day_number(today), bundle.coupons_by_id, bundle.english
    return GrowthSeen(
        standing=_standing(view.standing, view.tier, bundle),
        coupons=tuple(
            CouponView(
                id=UUID(bytes=one.id),
                rule=one.rule,
                name=(name := names[one.rule].name if one.rule in names else one.rule),
                name_en=english.of(name, one.rule),
                first_day=one.first_day,
                last_day=one.last_day,
            )
            for one in view.coupons
            if one.last_day >= day
        ),
        gifts=tuple(
            GiftView(
                id=UUID(bytes=one.id),
                kind=one.kind,
                name=one.name,
                name_en=english.of(one.name),
                sku=one.sku,
                last_day=one.last_day,
                here=one.store in {None, shop.store.bytes},
                ready=one.ready,
            )
            for one in view.gifts
            if one.last_day >= day
        ),
        birthday_today=is_birthday(view.birthday, today),
        calls=tuple(
            CallView(
                note=one.note,
                last_day=one.last_day,
                call_id=None if one.call is None else UUID(bytes=one.call),
            )
            for one in view.calls
            if one.last_day >= day
        ),
    )


def is_birthday(birthday: int, today: date) -> bool:
    """Tell whether a day is a birthday as MMDD; 29 February is kept on the 28th of other years."""
    told = today.month * _MONTHS + today.day
    return told == (_EVE if birthday == _LEAP_DAY and not isleap(today.year) else birthday)


def _standing(
    standing: TierStanding | None, tier: str, bundle: RuleBundle
) -> TierStandingView | None:
    if standing is None:
        return None
    said = explain(standing, tier, TierNames(bundle.tier_names, bundle.tier_names_en))
    return TierStandingView(
        tier_name=bundle.tier_names.get(tier, ""),
        tier_name_en=bundle.tier_name_en(tier),
        since=standing.since,
        until=standing.until,
        counted_from=standing.counted_from,
        spend_fen=standing.spend_fen,
        visits=standing.visits,
        grace_until=standing.grace_until,
        keep=_ask(standing.keep),
        next=_ask(standing.next),
        text_zh=said.zh,
        text_en=said.en,
    )


def _ask(ask: TierAsk | None) -> TierAskView | None:
    if ask is None:
        return None
    return TierAskView(tier=ask.tier, fen=ask.fen, visits=ask.visits, both=ask.both)
