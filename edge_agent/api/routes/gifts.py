"""Gifts handed over at the counter, and a member's tasks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from edge_agent.api.basket_desk import Clerk
from edge_agent.api.dependencies import Deps, Once, needs
from edge_agent.api.models.base import WhereOrHere
from edge_agent.api.models.gifts import (
    HandedAnswered,
    HandOverAsked,
    TaskAskView,
    TaskList,
    TaskRewardView,
    TaskView,
)
from edge_agent.api.principals import Principal
from edge_agent.api.routes.baskets import clerk_of
from edge_agent.domain.terminals import Scope
from edge_agent.services.counter.gifts import Handed, HandingOver
from edge_agent.services.counter.tasks import RungUp, TaskHere
from edge_agent.services.journal.recorder import AnswerOf
from retail_core.errors import Fault
from retail_core.growth.task_progress import Progress
from retail_core.identity.assurance import Action
from retail_core.texts.faults import FaultCode

router = APIRouter(tags=["members"])


@router.post("/v1/gifts/{gift_id}/hand-over", response_model=HandedAnswered)
def hand_over(
    gift_id: UUID,
    asked: HandOverAsked,
    deps: Deps,
    once: Once,
    clerk: Annotated[Clerk, Depends(clerk_of)],
) -> Response:
    """Hand a gift to the member who stands here, by a sure factor; when this answers, it is done.

    Works without the cloud for what was lent to this box, and for nothing else.
    """
    place = clerk.place

    def act(answer: AnswerOf[Handed]) -> Handed:
        deps.after.training.refuse(place.lane)
        if not deps.visits.may(place, asked.member_id, Action.REDEEM_COUPON, 0):
            raise Fault(FaultCode.GIFT_PROOF_NEEDED)
        handing = HandingOver(gift_id, asked.member_id, place.till, clerk.operator)
        handed = deps.growth.gifts.execute(handing, answer)
        told = {"till": place.till, **_handed(handed).model_dump(mode="json")}
        deps.hub.publish("gift", told, lane=place.lane)
        return handed

    return deps.once.run(once, act, _handed)


@router.get("/v1/members/{member_id}/tasks")
def tasks(
    member_id: UUID,
    deps: Deps,
    caller: Annotated[Principal, Depends(needs(Scope.MEMBER_READ))],
    lane: WhereOrHere = None,
    basket_id: UUID | None = None,
) -> TaskList:
    """Show the tasks of a member this shop holds, and what a basket of this lane would add."""
    place = deps.visits.place(lane, caller)
    view = deps.members.view(member_id)
    if view is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"member {member_id}")
    rung: tuple[RungUp, ...] = ()
    if basket_id is not None:
        basket = deps.baskets.shown(Clerk(place, None), basket_id)
        rung = tuple(RungUp(line.sku, line.qty_milli, line.net_fen) for line in basket.lines)
    found = deps.growth.tasks.shown(member_id, rung)
    return TaskList(member_id=member_id, tasks=tuple(map(_task, found)), as_of_ms=view.as_of_ms)


def _handed(handed: Handed) -> HandedAnswered:
    return HandedAnswered(
        handed=handed.handed,
        gift_id=handed.gift,
        member_id=handed.member,
        kind=handed.kind,
        sku=handed.sku,
        name=handed.name,
        seq=handed.seq,
        committed_ms=handed.wall_ms,
    )


def _task(here: TaskHere) -> TaskView:
    task, reward = here.task, here.task.reward
    gift = "" if reward.gift is None else reward.gift.name or reward.gift.sku
    return TaskView(
        id=task.id,
        kind=str(task.__struct_config__.tag),
        name=task.name,
        name_en=task.name_en,
        every=task.every,
        last_day=task.last_day,
        asks=_asks(here.now),
        done=here.now.done,
        with_basket=_asks(here.then),
        done_with_basket=here.then.done,
        reward=TaskRewardView(points=reward.points, coupon=reward.coupon, gift=gift),
        text_zh=here.said.zh,
        text_en=str(here.said),
    )


def _asks(progress: Progress) -> tuple[TaskAskView, ...]:
    return tuple(TaskAskView.model_validate(ask) for ask in progress.asks)
