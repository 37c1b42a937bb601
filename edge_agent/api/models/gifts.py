"""Gifts that are handed over, and tasks as a till shows them."""

from datetime import date
from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked


class HandOverAsked(Asked):
    """To whom a gift is handed."""

    member_id: UUID


class HandedAnswered(Answered):
    """A gift that left the counter; `seq` is its place in this shop's journal."""

    handed: UUID
    gift_id: UUID
    member_id: UUID
    kind: str
    sku: str
    name: str
    seq: int
    committed_ms: int


class TaskAskView(Answered):
    """One number that a task asks for: fen, visits, units, days or friends."""

    kind: str
    needs: int
    has: int
    missing: int


class TaskRewardView(Answered):
    """What is given for it."""

    points: int
    coupon: str
    gift: str


class TaskView(Answered):
    """A task; `with_basket` is how it stands when the basket is paid."""

    id: str
    kind: str
    name: str
    name_en: str
    every: str
    last_day: date | None
    asks: tuple[TaskAskView, ...]
    done: bool
    with_basket: tuple[TaskAskView, ...]
    done_with_basket: bool
    reward: TaskRewardView
    text_zh: str
    text_en: str


class TaskList(Answered):
    """Tasks that run here today, as far as the cloud had told when it was last heard."""

    member_id: UUID
    tasks: tuple[TaskView, ...]
    as_of_ms: int = Field(description="when the cloud's state was last applied here")
