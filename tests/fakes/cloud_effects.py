"""Where what was said at HQ has come to be, in memory."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.ports.effects import DocumentSeen, Said, Withdrawal

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


@dataclass
class EffectShelf:
    """First words of boxes; `said` and `withdrawals` are what a test says happened at HQ."""

    seen: dict[tuple[str, int, UUID], int] = field(default_factory=dict)
    said: dict[str, tuple[int, int]] = field(default_factory=dict)
    withdrawals: tuple[Withdrawal, ...] = ()


class FakeEffectRepo:
    """Fulfils `EffectRepo`."""

    def __init__(self, state: "State") -> None:
        self._shelf = state.effects

    def saw(self, seen: Collection[DocumentSeen]) -> None:
        for one in seen:
            self._shelf.seen.setdefault((one.kind, one.version, one.device), one.seen_ms)

    def newest(self, kind: str) -> Said | None:
        if kind not in self._shelf.said:
            return None
        version, said_ms = self._shelf.said[kind]
        seen: dict[UUID, int] = {}
        for (of, held, device), at_ms in self._shelf.seen.items():
            if of == kind and held >= version:
                seen[device] = min(at_ms, seen.get(device, at_ms))
        return Said(kind, version, said_ms, seen)

    def withdrawals(self, limit: int) -> tuple[Withdrawal, ...]:
        return self._shelf.withdrawals[:limit]
