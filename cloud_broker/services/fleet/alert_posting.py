"""Sends what is due, one message after the other, and tries again what was not taken."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from uuid import UUID

from cloud_broker.domain.alert_plan import next_try_ms
from cloud_broker.ports.alerts import AlertRule, AlertSender, Post, RuleKind
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PIECE = 16
OLD_SECRET_MS = 24 * 3_600 * 1_000
REASON_CHARS_MAX = 200
_PERMILLE = 1_001


class AlertPosting:
    """No transaction is open while a message is on its way."""

    def __init__(
        self,
        units: Units,
        clock: Clock,
        ids: IdSource,
        keys: KeyRing,
        senders: Mapping[RuleKind, AlertSender],
    ) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids
        self._keys = keys
        self._senders = senders

    def run(self, tenant: UUID) -> int:
        """Send a piece of what is due; return how many were tried."""
        with self._units.begin(tenant) as unit:
            posts = unit.alerts.due(self._clock.now_ms(), limit=PIECE)
            rules = {rule.rule: rule for rule in unit.alerts.rules()} if posts else {}
        stuck: set[UUID] = set()
        tried = 0
        for post in posts:
            # One that does not answer must not make the others wait for each of its messages.
            if post.rule not in stuck and post.rule in rules:
                tried += 1
                if not self._send(tenant, rules[post.rule], post):
                    stuck.add(post.rule)
        return tried

    def secrets(self, tenant: UUID, rule: AlertRule) -> tuple[bytes, ...]:
        """Return the keys that sign now: the newest, and for a day the one before."""
        newest = self.secret(tenant, rule.rule, rule.generation)
        if rule.rotated_ms is None or self._clock.now_ms() - rule.rotated_ms >= OLD_SECRET_MS:
            return (newest,)
        return newest, self.secret(tenant, rule.rule, rule.generation - 1)

    def secret(self, tenant: UUID, rule: UUID, generation: int) -> bytes:
        """Return a key; it follows from the tenant's own and stands in no database."""
        said = b"regulars alert webhook 1\0" + rule.bytes + generation.to_bytes(4, "big")
        return hmac.new(self._keys.keys(tenant).phone_hash_key, said, hashlib.sha256).digest()

    def _send(self, tenant: UUID, rule: AlertRule, post: Post) -> bool:
        try:
            self._senders[rule.kind].send(rule, post, self.secrets(tenant, rule))
        except Fault as fault:
            self._failed(tenant, post, fault)
            return False
        with self._units.begin(tenant) as unit:
            unit.alerts.sent(post.post, self._clock.now_ms())
        return True

    def _failed(self, tenant: UUID, post: Post, fault: Fault) -> None:
        now_ms = self._clock.now_ms()
        drawn = int.from_bytes(self._ids.random_bytes(2), "big") % _PERMILLE
        wait = next_try_ms(post.tries + 1, drawn)
        again = None if wait is None or fault.code == FaultCode.ALERT_REFUSED else now_ms + wait
        reason = str(fault.fields.get("reason", fault.code.value))[:REASON_CHARS_MAX]
        with self._units.begin(tenant) as unit:
            unit.alerts.failed(post.post, reason, again, now_ms)


def said_secret(key: bytes) -> str:
    """Return a key as receivers of Standard Webhooks are told it."""
    return "whsec_" + base64.b64encode(key).decode()
