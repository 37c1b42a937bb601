"""What members' phones ask of tiers and coupons, and what members say of themselves."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.services.growth.profile_desk import GrowthShown
from retail_core.growth.account import day_of_number
from retail_core.growth.birthdays import Birthday
from retail_core.wire.standing import TierAsk, TierStanding

_REFUSALS: dict[int | str, dict[str, Any]] = {401: {"model": ErrorBody}, 422: {"model": ErrorBody}}


class AskAnswered(BaseModel):
    """What a tier still asks; 0 where it is met."""

    tier: str
    fen: int
    visits: int
    both: bool = Field(description="spending and visits are asked; else either is enough")


class TierAnswered(BaseModel):
    """Why she holds her tier, what keeps it and what the next one asks, also in words."""

    since: date
    until: date
    counted_from: date
    spend_fen: int
    visits: int
    grace_until: date | None
    keep: AskAnswered | None
    next: AskAnswered | None
    next_name: str
    next_name_en: str
    text_zh: str
    text_en: str


class CouponAnswered(BaseModel):
    """A coupon of hers."""

    id: UUID
    name: str
    name_en: str = Field(description="as `name` where the rules have no English one")
    first_day: date
    last_day: date


class WaitingGift(BaseModel):
    """A gift that waits for her."""

    id: UUID
    kind: str
    name: str
    name_en: str = Field(description="as `name` where the rules have no English one")
    last_day: date
    ready: bool


class BirthdaySaid(BaseModel, extra="forbid"):
    """A birthday as it is said: month and day, solar or lunar; `leap` is a lunar leap month."""

    calendar: Literal["solar", "lunar"] = "solar"
    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    leap: bool = False


class PersonalSaid(BaseModel, extra="forbid"):
    """Whether offers may be made by guesses about her."""

    on: bool


class GrowthAnswered(BaseModel):
    """Her tier, coupons and gifts, and what she said of herself."""

    tier: TierAnswered | None = Field(description="None: not judged yet, or there is no plan")
    coupons: tuple[CouponAnswered, ...]
    gifts: tuple[WaitingGift, ...]
    birthday: BirthdaySaid | None
    personal: bool


class BirthdayAsked(BaseModel, extra="forbid"):
    """Her birthday, None to forget it."""

    birthday: BirthdaySaid | None


def add_to(routes: APIRouter, doors: Doors, FromPhone: Any) -> None:  # noqa: N803 - a type
    """Add the routes to those under `/v1/member`."""
    desk = doors.deps.growth.profile

    @routes.get("/growth", responses=_REFUSALS)
    def growth(who: FromPhone) -> GrowthAnswered:
        """Return her tier with the account of it, her coupons and gifts."""
        return _answered(desk.shown(who))

    @routes.put("/birthday", responses=_REFUSALS)
    def birthday(asked: BirthdayAsked, who: FromPhone) -> GrowthAnswered:
        """Keep her birthday as she says it; another one brings nothing more within a year."""
        said = asked.birthday
        born = None if said is None else Birthday(said.calendar, said.month, said.day, said.leap)
        desk.declare(who, born)
        return _answered(desk.shown(who))

    @routes.put("/personal", responses=_REFUSALS)
    def personal(asked: PersonalSaid, who: FromPhone) -> GrowthAnswered:
        """Let offers by guesses about her be made, or not."""
        desk.set_personal(who, on=asked.on)
        return _answered(desk.shown(who))


def _answered(shown: GrowthShown) -> GrowthAnswered:
    born = shown.profile.birthday
    return GrowthAnswered(
        tier=None if shown.standing is None else _tier(shown, shown.standing),
        coupons=tuple(
            CouponAnswered(
                id=one.right,
                name=one.name,
                name_en=one.name_en,
                first_day=one.first_day,
                last_day=one.last_day,
            )
            for one in shown.coupons
        ),
        gifts=tuple(
            WaitingGift(
                id=one.right,
                kind=one.kind,
                name=one.name,
                name_en=shown.english.of(one.name),
                last_day=one.last_day,
                ready=one.ready,
            )
            for one in shown.gifts
        ),
        birthday=None
        if born is None
        else BirthdaySaid(calendar=born.calendar, month=born.month, day=born.day, leap=born.leap),
        personal=shown.profile.personal,
    )


def _tier(shown: GrowthShown, standing: TierStanding) -> TierAnswered:
    return TierAnswered(
        since=day_of_number(standing.since),
        until=day_of_number(standing.until),
        counted_from=day_of_number(standing.counted_from),
        spend_fen=standing.spend_fen,
        visits=standing.visits,
        grace_until=day_of_number(standing.grace_until) if standing.grace_until else None,
        keep=_ask(standing.keep),
        next=_ask(standing.next),
        next_name=shown.next_name,
        next_name_en=shown.next_name_en,
        text_zh="" if shown.said is None else shown.said.zh,
        text_en="" if shown.said is None else shown.said.en,
    )


def _ask(ask: TierAsk | None) -> AskAnswered | None:
    if ask is None:
        return None
    return AskAnswered(tier=ask.tier, fen=ask.fen, visits=ask.visits, both=ask.both)
