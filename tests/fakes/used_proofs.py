"""Used proofs in memory."""

from collections.abc import Collection
from uuid import UUID

from edge_agent.ports.used_proofs import ProofUse


class FakeUsedProofs:
    """Fulfils `UsedProofs`; another program's start is another `ProofUses` over the same one."""

    def __init__(self) -> None:
        self._uses: dict[UUID, ProofUse] = {}
        self._told: set[UUID] = set()

    def add(self, use: ProofUse) -> None:
        self._uses.setdefault(use.use_id, use)

    def all(self) -> tuple[ProofUse, ...]:
        return tuple(self._uses.values())

    def waiting(self) -> tuple[ProofUse, ...]:
        return tuple(use for use in self._uses.values() if use.use_id not in self._told)

    def told(self, use_ids: Collection[UUID]) -> None:
        self._told |= set(use_ids)

    def drop_dead(self, before_s: int) -> int:
        dead = {
            use.use_id
            for use in self._uses.values()
            if use.use_id in self._told and use.dead_after_s < before_s
        }
        for use_id in dead:
            del self._uses[use_id]
        return len(dead)

    def close(self) -> None:
        """Nothing is open."""
