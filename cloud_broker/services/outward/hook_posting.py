"""Tells partner systems what happened; one that never answers is paused, and HQ is told."""

from typing import Protocol
from uuid import UUID

from cloud_broker.domain.hooks import SENT_KEPT_MS, UNSENT_KEPT_MS, gives_up
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hooks import Hook
from cloud_broker.ports.posts import Post
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from cloud_broker.services.outward.delivery import Delivery, SigningKeys

PIECE = 16
TIDY_EVERY_MS = 600_000


class HookSender(Protocol):
    """Something that carries a message to an address."""

    def send(self, target: str, post: Post, secrets: tuple[bytes, ...]) -> None:
        """Hand it over; Faults ALERT_NOT_SENT, ALERT_REFUSED, WEBHOOK_NETWORK."""
        ...


class HookPosting:
    """For one thread."""

    def __init__(
        self, units: Units, clock: Clock, ids: IdSource, keys: KeyRing, sender: HookSender
    ) -> None:
        self._units = units
        self._clock = clock
        self._keys = SigningKeys(keys, clock, b"regulars partner webhook 1")
        self._sender = sender
        self._delivery = Delivery(units, clock, ids, lambda unit: unit.hooks)
        self._tidy_at: dict[UUID, int] = {}

    def run(self, tenant: UUID) -> int:
        """Send a piece of what is due; return how many there were."""
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            if now_ms >= self._tidy_at.get(tenant, 0):
                self._tidy_at[tenant] = now_ms + TIDY_EVERY_MS
                unit.hooks.tidy(now_ms - SENT_KEPT_MS, now_ms - UNSENT_KEPT_MS)
            posts = unit.hooks.due(now_ms, each=PIECE)
            hooks = {hook.hook: hook for hook in unit.hooks.hooks()} if posts else {}

        def send(post: Post) -> None:
            hook = hooks[post.rule]
            self._sender.send(hook.target, post, self.secrets(tenant, hook))

        known = [post for post in posts if post.rule in hooks]
        begun, stuck = self._delivery.run(tenant, known, send)
        if stuck:
            self._pause(tenant, stuck)
        return begun

    def close(self) -> None:
        """Wait for what is on its way."""
        self._delivery.close()

    def secrets(self, tenant: UUID, hook: Hook) -> tuple[bytes, ...]:
        """Return the keys that sign now: the newest, and for a day the one before."""
        return self._keys.now(tenant, hook.hook, hook.generation, hook.rotated_ms)

    def secret(self, tenant: UUID, hook: Hook) -> bytes:
        """Return the newest key."""
        return self._keys.one(tenant, hook.hook, hook.generation)

    def _pause(self, tenant: UUID, stuck: set[UUID]) -> None:
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            for hook in unit.hooks.hooks():
                if hook.hook in stuck and gives_up(hook.failing_ms, now_ms):
                    count = unit.hooks.counts().get(hook.hook)
                    unit.hooks.pause(hook.hook, "" if count is None else count.reason, now_ms)
