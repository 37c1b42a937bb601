"""An outbox in memory."""

from collections.abc import Sequence
from uuid import UUID

from edge_agent.domain.point_push import PointPush, PushState

_OPEN = {PushState.WAITING, PushState.CALLING}


class FakePushOutbox:
    """Fulfils `PushOutbox`."""

    def __init__(self) -> None:
        self._cursor: int | None = None
        self._pushes: dict[UUID, PointPush] = {}
        self._links: dict[UUID, str] = {}

    def cursor(self) -> int | None:
        return self._cursor

    def take(self, upto_seq: int, pushes: Sequence[PointPush]) -> None:
        for push in pushes:
            self._pushes.setdefault(push.push_id, push)
        self._cursor = upto_seq

    def keep(self, push: PointPush) -> None:
        if push.push_id in self._pushes:
            self._pushes[push.push_id] = push

    def open(self) -> tuple[tuple[PointPush, str], ...]:
        first: dict[str, PointPush] = {}
        for push in sorted(self._linked(), key=lambda one: one.state is PushState.WAITING):
            first.setdefault(self._links[push.member_id], push)
        return tuple((push, customer) for customer, push in first.items())

    def unsure(self) -> tuple[PointPush, ...]:
        wanted = {PushState.UNSURE, PushState.REFUSED}
        return tuple(push for push in self._pushes.values() if push.state in wanted)

    def depth(self) -> int:
        return len(self._linked())

    def _linked(self) -> list[PointPush]:
        return [
            push
            for push in self._pushes.values()
            if push.state in _OPEN and push.member_id in self._links
        ]

    def link(self, member_id: UUID, customer: str) -> None:
        self._links[member_id] = customer

    def customer(self, member_id: UUID) -> str | None:
        return self._links.get(member_id)

    def close(self) -> None:
        """Nothing to close."""
