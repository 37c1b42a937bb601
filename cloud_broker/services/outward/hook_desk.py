"""What HQ does about partners that are told of events; each change is one of the audit's."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec

from cloud_broker.domain.hooks import TEST, HookKind
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hooks import Hook, HookPost
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.posts import Post, PostCount
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.outward.delivery import said_secret
from cloud_broker.services.outward.hook_posting import HookPosting
from cloud_broker.services.outward.targets import is_target
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

HOOKS_MAX = 32
NAME_CHARS_MAX = 80
SHOWN = 200


@dataclass(frozen=True, slots=True)
class HookDesk:
    """The desk; who may is for the caller to check."""

    units: Units
    clock: Clock
    ids: IdSource
    posting: HookPosting

    def hooks(self, tenant: UUID) -> tuple[tuple[Hook, PostCount], ...]:
        """Return the subscriptions and how they fare."""
        with self.units.begin(tenant) as unit:
            counts = unit.hooks.counts()
            return tuple(
                (hook, counts.get(hook.hook, PostCount(0, 0, ""))) for hook in unit.hooks.hooks()
            )

    def hook(self, tenant: UUID, hook: UUID) -> tuple[Hook, tuple[HookPost, ...]]:
        """Return one with its newest messages. Fault API_NOT_FOUND."""
        with self.units.begin(tenant) as unit:
            return _found(unit, hook), unit.hooks.log(hook, limit=SHOWN)

    def add(
        self, tenant: UUID, name: str, target: str, kinds: tuple[HookKind, ...], who: str
    ) -> tuple[Hook, str]:
        """Enter a subscription; return it with its secret, this once. Fault HOOK_WRONG."""
        name, target = name.strip(), target.strip()
        _check(name, target, kinds)
        now_ms = self.clock.now_ms()
        named = tuple(sorted({kind.value for kind in kinds}))
        hook = Hook(self.ids.uuid7(), name, target, named, who, now_ms)
        with self.units.begin(tenant) as unit:
            if len(unit.hooks.hooks()) >= HOOKS_MAX:
                raise Fault(FaultCode.HOOK_WRONG, field="hooks", value=f"> {HOOKS_MAX}")
            unit.hooks.add(hook)
            said = {"name": name, "target": target, "kinds": list(named)}
            _audit(unit, who, "add", hook.hook, now_ms, said)
        return hook, said_secret(self.posting.secret(tenant, hook))

    def rotate(self, tenant: UUID, hook: UUID, who: str) -> str:
        """Draw the next secret; the old one signs beside it for a day. Fault API_NOT_FOUND."""
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            made = unit.hooks.rotate(hook, now_ms)
            if made is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"webhook {hook}")
            _audit(unit, who, "rotate", hook, now_ms, {"generation": made.generation})
        return said_secret(self.posting.secret(tenant, made))

    def end(self, tenant: UUID, hook: UUID, who: str) -> None:
        """End one. Fault API_NOT_FOUND."""
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            if not unit.hooks.end(hook, now_ms):
                raise Fault(FaultCode.API_NOT_FOUND, what=f"webhook {hook}")
            _audit(unit, who, "end", hook, now_ms, {})

    def resume(self, tenant: UUID, hook: UUID, who: str) -> None:
        """Let a paused one go on. Fault API_NOT_FOUND."""
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            if not unit.hooks.resume(hook):
                raise Fault(FaultCode.API_NOT_FOUND, what=f"webhook {hook}")
            _audit(unit, who, "resume", hook, now_ms, {})

    def trial(self, tenant: UUID, hook: UUID) -> None:
        """Put a message on its way that only shows that it arrives. Fault API_NOT_FOUND."""
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            found = _found(unit, hook)
            said = {"type": TEST, "timestamp": now_ms, "data": {"name": found.name}}
            body = msgspec.json.encode(said).decode()
            unit.hooks.post([Post(self.ids.uuid7(), hook, None, TEST, body, now_ms)])

    def replay(self, tenant: UUID, hook: UUID, post: UUID | None, who: str) -> int:
        """Send a message again, or every one that was given up; return how many.

        Fault API_NOT_FOUND for a message that is not there.
        """
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            _found(unit, hook)
            count = unit.hooks.replay(hook, post, now_ms)
            if post is not None and not count:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"message {post}")
            _audit(unit, who, "replay", hook, now_ms, {"post": str(post or ""), "count": count})
        return count


def _check(name: str, target: str, kinds: tuple[HookKind, ...]) -> None:
    for field, value, fine in (
        ("name", name, 0 < len(name) <= NAME_CHARS_MAX and name.isprintable()),
        ("target", target, is_target(target)),
        ("kinds", "", bool(kinds)),
    ):
        if not fine:
            raise Fault(FaultCode.HOOK_WRONG, field=field, value=value)


def _found(unit: Unit, hook: UUID) -> Hook:
    found = next((one for one in unit.hooks.hooks() if one.hook == hook), None)
    if found is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"webhook {hook}")
    return found


def _audit(
    unit: Unit, who: str, act: str, hook: UUID, now_ms: int, said: Mapping[str, object]
) -> None:
    unit.hq.audit(AuditEntry(who, f"webhook.{act}", str(hook), said), now_ms)
