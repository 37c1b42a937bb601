"""The one way of a message to somebody's server: signed, tried again, given up in the end."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.tries import next_try_ms
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.posts import Post, PostBook
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Unit, Units
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

OLD_SECRET_MS = 24 * 3_600 * 1_000
REASON_CHARS_MAX = 200
_PERMILLE = 1_001


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sends messages of one list; no transaction is open while one is on its way."""

    units: Units
    clock: Clock
    ids: IdSource
    book: Callable[[Unit], PostBook]

    def run(self, tenant: UUID, posts: Sequence[Post], send: Callable[[Post], None]) -> set[UUID]:
        """Send messages; return the rules or subscriptions of which one was not taken.

        One that does not answer must not make the others wait for each of its messages.
        """
        stuck: set[UUID] = set()
        for post in posts:
            if post.rule in stuck:
                continue
            try:
                send(post)
            except Fault as fault:
                self._failed(tenant, post, fault)
                stuck.add(post.rule)
                continue
            with self.units.begin(tenant) as unit:
                self.book(unit).sent(post.post, self.clock.now_ms())
        return stuck

    def _failed(self, tenant: UUID, post: Post, fault: Fault) -> None:
        now_ms = self.clock.now_ms()
        drawn = int.from_bytes(self.ids.random_bytes(2), "big") % _PERMILLE
        wait = next_try_ms(post.tries + 1, drawn)
        again = None if wait is None or fault.code == FaultCode.ALERT_REFUSED else now_ms + wait
        reason = str(fault.fields.get("reason", fault.text("en")))[:REASON_CHARS_MAX]
        with self.units.begin(tenant) as unit:
            self.book(unit).failed(post.post, reason, again, now_ms)


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Keys of Standard Webhooks; they follow from the tenant's own and stand in no database."""

    keys: KeyRing
    clock: Clock
    label: bytes

    def now(
        self, tenant: UUID, owner: UUID, generation: int, rotated_ms: int | None
    ) -> tuple[bytes, ...]:
        """Return the keys that sign now: the newest, and for a day the one before."""
        newest = self.one(tenant, owner, generation)
        if rotated_ms is None or self.clock.now_ms() - rotated_ms >= OLD_SECRET_MS:
            return (newest,)
        return newest, self.one(tenant, owner, generation - 1)

    def one(self, tenant: UUID, owner: UUID, generation: int) -> bytes:
        """Return a key."""
        said = self.label + b"\0" + owner.bytes + generation.to_bytes(4, "big")
        return hmac.new(self.keys.keys(tenant).phone_hash_key, said, hashlib.sha256).digest()


def said_secret(key: bytes) -> str:
    """Return a key as receivers of Standard Webhooks are told it."""
    return "whsec_" + base64.b64encode(key).decode()
