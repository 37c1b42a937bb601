"""Whose key or card is this? The shop's own copy answers at once, the cloud within what is left."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitedTooLong
from threading import Lock
from typing import Literal, Protocol
from uuid import UUID

from edge_agent.ports.replica import HeldMember, Replica

Kind = Literal["phone_key", "card"]

WORKERS = 2
PENDING_MAX = 8
# A value nobody knows is not asked for again at once: a code stays in view for many frames.
FORGET_MISS_S = 2.0


class StillAskingError(Exception):
    """The cloud has not answered yet; when it does, the member is held here."""


class Found(Protocol):
    """What a full look-up gives."""

    @property
    def held(self) -> HeldMember | None:
        """The member, now also held here."""
        ...


class MemberFinder(Protocol):
    """A look-up that may ask the cloud and take its time."""

    def find(self, kind: Kind, value: bytes, /) -> Found:
        """Look a keyed value up here and in the cloud; a cloud that is away is no fault."""
        ...


class MemberLookup:
    """Look-ups for a lane; questions to the cloud run on threads of their own."""

    def __init__(self, replica: Replica, finder: MemberFinder) -> None:
        self._replica = replica
        self._finder = finder
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="member-lookup")
        self._lock = Lock()
        self._pending: dict[tuple[Kind, bytes], Future[HeldMember | None]] = {}
        self._missed: dict[tuple[Kind, bytes], float] = {}

    def member(self, member_id: UUID) -> HeldMember | None:
        """Return a member held here."""
        return self._replica.member(member_id)

    def by_digit_reference(self, reference: str) -> tuple[HeldMember, ...]:
        """Return the members held here whose digit codes carry it; nobody else is asked."""
        return self._replica.by_digit_reference(reference)

    def find(self, kind: Kind, value: bytes, *, within_s: float) -> HeldMember | None:
        """Return whose value it is, None when nobody's; StillAskingError when time ran out."""
        held = self._here(kind, value)
        if held is not None:
            return held
        asked = self._ask(kind, value)
        if asked is None:
            return None
        try:
            return asked.result(timeout=max(within_s, 0.0))
        except WaitedTooLong:
            raise StillAskingError from None

    def stop(self) -> None:
        """Wait for questions under way and end the threads; safe to call twice."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _here(self, kind: Kind, value: bytes) -> HeldMember | None:
        match kind:
            case "phone_key":
                return self._replica.by_phone_key(value)
            case "card":
                return self._replica.by_card(value)

    def _ask(self, kind: Kind, value: bytes) -> Future[HeldMember | None] | None:
        key = (kind, value)
        with self._lock:
            now = time.monotonic()
            self._missed = {k: at for k, at in self._missed.items() if now - at < FORGET_MISS_S}
            if key in self._missed:
                return None
            if key not in self._pending:
                if len(self._pending) >= PENDING_MAX:
                    return None
                self._pending[key] = self._pool.submit(self._fetch, key)
            return self._pending[key]

    def _fetch(self, key: tuple[Kind, bytes]) -> HeldMember | None:
        held: HeldMember | None = None
        try:
            held = self._finder.find(*key).held
        finally:
            with self._lock:
                self._pending.pop(key, None)
                if held is None:
                    self._missed[key] = time.monotonic()
        return held
