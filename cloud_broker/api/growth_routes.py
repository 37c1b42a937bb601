"""What members' phones ask of tasks, the points mall and shared links."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.ports.benefits import Gift
from cloud_broker.ports.mall import Order
from cloud_broker.services.growth.desks import GrowthDesks
from cloud_broker.services.growth.mall import MallDesk
from cloud_broker.services.growth.mall_shelf import Mall, Offered
from cloud_broker.services.growth.sharing import Sharing
from cloud_broker.services.growth.task_view import TaskShown, TasksShown
from cloud_broker.services.members.phones import PhoneHolder
from retail_core.growth.rewards import Reward

TOKEN_CHARS_MAX = 128
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody} for status in (401, 404, 409, 429)
}


class RewardShown(BaseModel):
    """What is given; the coupon and the gift by name, "" for none."""

    points: int
    coupon: str
    coupon_en: str
    gift: str
    gift_en: str


class AskShown(BaseModel):
    """One number a task asks for: days, fen, visits, units or friends."""

    kind: str
    needs: int
    has: int


class TaskAnswered(BaseModel):
    """A task in its present period."""

    id: str
    kind: str
    name: str
    name_en: str
    every: str
    asks: tuple[AskShown, ...]
    done: bool
    times: int
    streak: int | None
    last_day: date | None
    reward: RewardShown
    streak_reward: RewardShown


class InvitationAnswered(BaseModel):
    """What inviting brings, and how it went so far."""

    id: str
    name: str
    name_en: str
    inviter: RewardShown
    friend: RewardShown
    least_fen: int
    after_days: int
    friends: int
    rewarded: int


class TasksAnswered(BaseModel):
    """Everything to do."""

    tasks: tuple[TaskAnswered, ...]
    invitation: InvitationAnswered | None


class StoreLeft(BaseModel):
    """A pick-up store and what is left there."""

    store: UUID
    name: str
    left: int


class ItemAnswered(BaseModel):
    """Something for points."""

    id: str
    sku: str
    name: str
    name_en: str
    points: int
    pick_up_days: int
    per_person: int | None
    ordered: int
    stores: tuple[StoreLeft, ...]


class OrderAnswered(BaseModel):
    """An order; `state` is open, cancelling, expiring, handed, cancelled or expired."""

    order_id: UUID
    item: str
    name: str
    name_en: str
    points: int
    store_name: str
    state: str
    ordered_ms: int
    last_day: date


class GiftAnswered(BaseModel):
    """A gift that waits for her."""

    gift_id: UUID
    kind: str
    name: str
    name_en: str
    store_name: str | None = Field(description="None: any store")
    last_day: date
    ready: bool


class MallAnswered(BaseModel):
    """The mall, her points, her orders and all her gifts."""

    points_free: int
    points_whole: int
    items: tuple[ItemAnswered, ...]
    orders: tuple[OrderAnswered, ...]
    gifts: tuple[GiftAnswered, ...]


class OrderAsked(BaseModel, extra="forbid"):
    """An order; the phone makes its number, so that asking again orders once."""

    order_id: UUID
    item: str = Field(max_length=64)
    store: UUID


class LinkAsked(BaseModel, extra="forbid"):
    """What a link is for (a task's id or the invitation's), and a number of the browser's own."""

    about: str = Field(max_length=64)
    device: str = Field("", pattern="^([0-9a-f]{32})?$")


class LinkAnswered(BaseModel):
    """The link's path and its token."""

    token: str
    path: str


class OpenedAsked(BaseModel, extra="forbid"):
    """A link that brought a member here, and a number of her browser's own."""

    token: str = Field(max_length=TOKEN_CHARS_MAX)
    device: str = Field("", pattern="^([0-9a-f]{32})?$")


class OpenedAnswered(BaseModel):
    """It is noted."""

    noted: bool = True


class InvitedBy(BaseModel):
    """Who shared a link, her name masked."""

    from_name: str


def add_to(routes: APIRouter, doors: Doors, FromPhone: Any) -> None:  # noqa: N803 - a type
    """Add the routes to those under `/v1/member`."""
    desks = doors.deps.growth
    _tasks(routes, FromPhone, desks)
    _mall(routes, FromPhone, desks.mall)
    _links(routes, FromPhone, desks.sharing, doors)


def _tasks(routes: APIRouter, FromPhone: Any, desks: GrowthDesks) -> None:  # noqa: N803 - a type
    @routes.get("/tasks", responses=_REFUSALS)
    def tasks(who: FromPhone) -> TasksAnswered:
        """Return what she may do, and how far she is."""
        return _tasks_shown(desks.tasks.shown(who))


def _mall(routes: APIRouter, FromPhone: Any, mall: MallDesk) -> None:  # noqa: N803 - a type
    def named(who: PhoneHolder, order: Order) -> OrderAnswered:
        return _order(order, mall.shown(who))

    @routes.get("/mall", responses=_REFUSALS)
    def shown(who: FromPhone) -> MallAnswered:
        """Return what there is for points, her orders and her gifts."""
        return _mall_shown(mall.shown(who))

    @routes.post("/mall/orders", responses=_REFUSALS)
    def order(asked: OrderAsked, who: FromPhone) -> OrderAnswered:
        """Order something from free points, to be picked up in a store."""
        return named(who, mall.order(who, asked.order_id, asked.item, asked.store))

    @routes.post("/mall/orders/{order_id}/cancel", responses=_REFUSALS)
    def cancel(order_id: UUID, who: FromPhone) -> OrderAnswered:
        """Cancel an order; points come back once no store can hand it over any more."""
        return named(who, mall.cancel(who, order_id))


def _links(routes: APIRouter, FromPhone: Any, sharing: Sharing, doors: Doors) -> None:  # noqa: N803
    def admitted(request: Request) -> None:
        peer = "?" if request.client is None else request.client.host
        doors.claims.admit(peer)

    @routes.post("/links", responses=_REFUSALS)
    def link(asked: LinkAsked, who: FromPhone) -> LinkAnswered:
        """Return her link for a task or the invitation; the same one each time."""
        token = sharing.link(who, asked.about, bytes.fromhex(asked.device))
        return LinkAnswered(token=token, path=f"/m/s/{token}")

    @routes.get("/links/{token}", responses=_REFUSALS, dependencies=[Depends(admitted)])
    def from_whom(token: Annotated[str, Field(max_length=TOKEN_CHARS_MAX)]) -> InvitedBy:
        """Return who shared a link; open to everybody who has it."""
        return InvitedBy(from_name=sharing.seen(token).from_name)

    @routes.post("/opened", responses=_REFUSALS)
    def opened(asked: OpenedAsked, who: FromPhone) -> OpenedAnswered:
        """Note that a link brought her here."""
        sharing.opened(who, asked.token, bytes.fromhex(asked.device))
        return OpenedAnswered()


def _reward(reward: Reward, shown: TasksShown) -> RewardShown:
    gift = "" if reward.gift is None else reward.gift.name or reward.gift.sku
    coupon = shown.coupons.get(reward.coupon, reward.coupon)
    return RewardShown(
        points=reward.points,
        coupon=coupon,
        coupon_en=shown.english.of(coupon, reward.coupon),
        gift=gift,
        gift_en=shown.english.of(gift),
    )


def _tasks_shown(shown: TasksShown) -> TasksAnswered:
    rule = shown.invitation
    invitation = rule and InvitationAnswered(
        id=rule.id,
        name=rule.name,
        name_en=rule.name_en,
        inviter=_reward(rule.inviter, shown),
        friend=_reward(rule.friend, shown),
        least_fen=rule.least_fen,
        after_days=rule.after_days,
        friends=shown.friends,
        rewarded=shown.rewarded,
    )
    return TasksAnswered(
        tasks=tuple(_task(one, shown) for one in shown.tasks), invitation=invitation
    )


def _task(shown: TaskShown, every: TasksShown) -> TaskAnswered:
    task = shown.task
    return TaskAnswered(
        id=task.id,
        kind=task.__struct_config__.tag,
        name=task.name,
        name_en=task.name_en,
        every=task.every,
        asks=tuple(
            AskShown(kind=one.kind, needs=one.needs, has=one.has) for one in shown.progress.asks
        ),
        done=shown.progress.done,
        times=shown.times,
        streak=task.streak,
        last_day=task.last_day,
        reward=_reward(task.reward, every),
        streak_reward=_reward(task.streak_reward, every),
    )


def _mall_shown(mall: Mall) -> MallAnswered:
    return MallAnswered(
        points_free=mall.purse.free,
        points_whole=mall.purse.whole,
        items=tuple(map(_item, mall.offered)),
        orders=tuple(_order(one, mall) for one in mall.orders),
        gifts=tuple(_gift(one, mall) for one in mall.gifts),
    )


def _item(offered: Offered) -> ItemAnswered:
    item = offered.item
    return ItemAnswered(
        id=item.id,
        sku=item.sku,
        name=item.name,
        name_en=item.name_en,
        points=item.points,
        pick_up_days=item.pick_up_days,
        per_person=item.per_person,
        ordered=offered.ordered,
        stores=tuple(
            StoreLeft(store=place.store, name=place.name, left=left) for place, left in offered.left
        ),
    )


def _order(order: Order, mall: Mall) -> OrderAnswered:
    return OrderAnswered(
        order_id=order.order,
        item=order.item,
        name=order.name,
        name_en=mall.english.of(order.name),
        points=order.points,
        store_name=mall.places.get(order.store, ""),
        state=order.state,
        ordered_ms=order.ordered_ms,
        last_day=order.last_day,
    )


def _gift(gift: Gift, mall: Mall) -> GiftAnswered:
    name = gift.name or gift.sku
    return GiftAnswered(
        gift_id=gift.right,
        kind=gift.kind,
        name=name,
        name_en=mall.english.of(name),
        store_name=None if gift.store is None else mall.places.get(gift.store, ""),
        last_day=gift.last_day,
        ready=gift.ready,
    )
