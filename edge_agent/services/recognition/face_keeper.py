"""Forgetting without being told: leases that run out, faces nobody uses, words long at their end.

A turn of the keeper moves lease time, writes down who was recognised, and lets the planner decide;
once a day of lease time consents that ended three years ago go, too.
"""

import threading
from collections.abc import Callable
from uuid import UUID

import msgspec

from edge_agent.ports.clock import Clock
from edge_agent.services.recognition.erasing import Eraser, FaceFiles
from retail_core.identity.face_lease import (
    LOCAL_LEASE_MS,
    Mark,
    advance,
    begin,
    day_of,
    plan_leases,
)

KEPT_AS = "lease-clock"


class FaceKeeper:
    """Keeps the leases; `in_touch` tells whether the cloud is heard: then consents are known.

    `known` tells whether this shop holds a member; `moved` hears lease time and that at each turn;
    `allowed` tells whether HQ lets this shop recognise faces: without that no lease is renewed.
    """

    def __init__(  # noqa: PLR0913 - one fact each
        self,
        files: FaceFiles,
        eraser: Eraser,
        clock: Clock,
        in_touch: Callable[[], bool],
        known: Callable[[UUID], bool],
        moved: Callable[[int, bool], object] = lambda _elapsed_ms, _in_touch: None,
        allowed: Callable[[], bool] = lambda: True,
    ) -> None:
        self._files = files
        self._eraser = eraser
        self._clock = clock
        self._in_touch = in_touch
        self._known = known
        self._told = moved
        self._allowed = allowed
        self._settled_day = -1
        self._lock = threading.Lock()
        self._seen: set[UUID] = set()

    def saw(self, member_id: UUID) -> None:
        """Note that a member was recognised by face; written down at the next turn."""
        with self._lock:
            self._seen.add(member_id)

    def turn(self) -> None:
        """Forget what has run out; once a day of lease time, words long at their end as well."""
        today = day_of(self.forget())
        if today != self._settled_day:
            self._files.ledger.settle(self._known)
            self._settled_day = today

    def forget(self) -> int:
        """Move lease time, erase what has run out, renew what may go on; return lease time.

        A start does this before templates are read: none whose lease ended in the dark is matched.
        """
        mark = self._moved()
        self._files.store.elapsed(mark.elapsed_ms)
        with self._lock:
            seen, self._seen = self._seen, set()
        self._files.store.used(seen, day_of(mark.elapsed_ms))
        in_touch = self._in_touch()
        self._told(mark.elapsed_ms, in_touch)
        renewing = in_touch and self._allowed()
        plan = plan_leases(self._files.store.leases(), mark.elapsed_ms, renewing=renewing)
        for member_id in plan.expired:
            self._eraser.erase(member_id, "expired")
        for member_id in plan.unused:
            self._eraser.erase(member_id, "unused")
        self._files.store.renew(plan.renew, mark.elapsed_ms + LOCAL_LEASE_MS)
        return mark.elapsed_ms

    def _moved(self) -> Mark:
        kept, now = self._files.vault.get(KEPT_AS), self._clock.now()
        mark = begin(now) if kept is None else advance(_read(kept), now)
        self._files.vault.put(KEPT_AS, msgspec.json.encode(mark))
        return mark


def _read(kept: bytes) -> Mark:
    mark: Mark = msgspec.json.decode(kept, type=Mark)
    return mark
