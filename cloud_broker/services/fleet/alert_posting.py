"""Sends what is due of alerts, each receiver's messages one after the other."""

from collections.abc import Mapping
from uuid import UUID

from cloud_broker.ports.alerts import AlertRule, AlertSender, RuleKind
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.posts import Post
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from cloud_broker.services.outward.delivery import Delivery, SigningKeys

PIECE = 4


class AlertPosting:
    """Whom the rules name is told, by webhook or mail."""

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
        self._keys = SigningKeys(keys, clock, b"regulars alert webhook 1")
        self._senders = senders
        self._delivery = Delivery(units, clock, ids, lambda unit: unit.alerts)

    def run(self, tenant: UUID) -> int:
        """Send a piece of what is due; return how many there were."""
        with self._units.begin(tenant) as unit:
            posts = unit.alerts.due(self._clock.now_ms(), each=PIECE)
            rules = {rule.rule: rule for rule in unit.alerts.rules()} if posts else {}

        def send(post: Post) -> None:
            rule = rules[post.rule]
            self._senders[rule.kind].send(rule, post, self.secrets(tenant, rule))

        known = [post for post in posts if post.rule in rules]
        begun, _ = self._delivery.run(tenant, known, send)
        return begun

    def close(self) -> None:
        """Wait for what is on its way."""
        self._delivery.close()

    def secrets(self, tenant: UUID, rule: AlertRule) -> tuple[bytes, ...]:
        """Return the keys that sign now: the newest, and for a day the one before."""
        return self._keys.now(tenant, rule.rule, rule.generation, rule.rotated_ms)

    def secret(self, tenant: UUID, rule: UUID, generation: int) -> bytes:
        """Return a key."""
        return self._keys.one(tenant, rule, generation)
