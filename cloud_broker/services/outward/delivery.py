"""The one way of a message to somebody's server: signed, tried again, given up in the end."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
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
# So many receivers are spoken to at a time, and so long a turn waits for them.
WAYS = 8
PATIENCE_S = 5.0


class Delivery:
    """Sends messages of one list; no transaction is open while one is on its way.

    A receiver's messages go out one after the other, several receivers' beside each other. One that
    takes long holds up its own alone: a turn waits for what it began itself, and not for ever.
    """

    def __init__(
        self, units: Units, clock: Clock, ids: IdSource, book: Callable[[Unit], PostBook]
    ) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids
        self._book = book
        self._on_the_way: dict[tuple[UUID, UUID], Future[bool]] = {}

    def run(
        self, tenant: UUID, posts: Sequence[Post], send: Callable[[Post], None]
    ) -> tuple[int, set[UUID]]:
        """Send messages, in their order for each receiver.

        Returns how many were begun, and the rules or subscriptions of which one was not taken, now
        or in a turn before. Those still on their way are left to a later turn.
        """
        stuck = self._arrived()
        of: dict[UUID, list[Post]] = {}
        for post in posts:
            if (tenant, post.rule) not in self._on_the_way:
                of.setdefault(post.rule, []).append(post)
        if of:
            # A pool of this turn: whoever is held up by somebody's server holds up no later turn.
            pool = ThreadPoolExecutor(WAYS, thread_name_prefix="delivery")
            for rule, some in of.items():
                way = pool.submit(self._hand_over, tenant, some, send)
                self._on_the_way[tenant, rule] = way
            pool.shutdown(wait=False)
            wait([self._on_the_way[tenant, rule] for rule in of], PATIENCE_S)
        return sum(map(len, of.values())), stuck | self._arrived()

    def close(self) -> None:
        """Wait for what is on its way."""
        wait(self._on_the_way.values())

    def _arrived(self) -> set[UUID]:
        """Take note of who is done; return those who did not take a message."""
        done = {key: way for key, way in self._on_the_way.items() if way.done()}
        for key in done:
            del self._on_the_way[key]
        return {rule for (_, rule), way in done.items() if not way.result()}

    def _hand_over(self, tenant: UUID, posts: Sequence[Post], send: Callable[[Post], None]) -> bool:
        """Send one receiver's messages until one is not taken; return whether all were."""
        for post in posts:
            try:
                send(post)
            except Fault as fault:
                self._failed(tenant, post, fault)
                return False
            with self._units.begin(tenant) as unit:
                self._book(unit).sent(post.post, self._clock.now_ms())
        return True

    def _failed(self, tenant: UUID, post: Post, fault: Fault) -> None:
        now_ms = self._clock.now_ms()
        drawn = int.from_bytes(self._ids.random_bytes(2), "big") % _PERMILLE
        wait = next_try_ms(post.tries + 1, drawn)
        again = None if wait is None or fault.code == FaultCode.ALERT_REFUSED else now_ms + wait
        reason = str(fault.fields.get("reason", fault.text("en")))[:REASON_CHARS_MAX]
        with self._units.begin(tenant) as unit:
            self._book(unit).failed(post.post, reason, again, now_ms)


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
