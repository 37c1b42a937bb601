"""Partners' subscriptions, in memory; what triggers tell is put there by the tests."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.ports.hooks import Hook, HookPost
from cloud_broker.ports.posts import Post, PostCount
from cloud_broker.ports.unit import Units
from cloud_broker.services.outward.hook_desk import HookDesk
from cloud_broker.services.outward.hook_posting import HookPosting
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


def first_of_each(posts: Sequence[Post], each: int) -> tuple[Post, ...]:
    """Return the first messages of each rule or subscription, in the order they have."""
    taken: Counter[UUID] = Counter()
    found = []
    for post in posts:
        taken[post.rule] += 1
        if taken[post.rule] <= each:
            found.append(post)
    return tuple(found)


@dataclass
class HookShelf:
    """Subscriptions in force, and messages in the order they came."""

    hooks: dict[UUID, Hook] = field(default_factory=dict)
    posts: dict[UUID, HookPost] = field(default_factory=dict)


class FakePostBook:
    """A `PostBook`: how far each message came."""

    def __init__(self, state: "State") -> None:
        self._shelf = state.hooks

    def due(self, now_ms: int, *, each: int) -> tuple[Post, ...]:
        hooks = {one.hook for one in self._shelf.hooks.values() if one.paused_ms is None}
        due = [
            held
            for held in self._shelf.posts.values()
            if held.post.rule in hooks
            and held.sent_ms is None
            and held.given_up_ms is None
            and held.next_ms <= now_ms
        ]
        due.sort(key=lambda held: (held.next_ms, held.post.made_ms, held.post.post))
        return first_of_each([held.post for held in due], each)

    def sent(self, post: UUID, now_ms: int) -> None:
        held = self._tried(post)
        self._shelf.posts[post] = replace(held, sent_ms=now_ms, reason="")
        self._keep(replace(self._shelf.hooks[held.post.rule], failing_ms=None))

    def failed(self, post: UUID, reason: str, next_ms: int | None, now_ms: int) -> None:
        held = self._tried(post)
        self._shelf.posts[post] = replace(
            held,
            reason=reason,
            next_ms=now_ms if next_ms is None else next_ms,
            given_up_ms=now_ms if next_ms is None else None,
        )
        hook = self._shelf.hooks[held.post.rule]
        self._keep(replace(hook, failing_ms=hook.failing_ms or now_ms))

    def counts(self) -> dict[UUID, PostCount]:
        found: dict[UUID, PostCount] = {}
        for held in self._shelf.posts.values():
            if held.sent_ms is None:
                before = found.get(held.post.rule, PostCount(0, 0, ""))
                found[held.post.rule] = PostCount(
                    before.waiting + (held.given_up_ms is None),
                    before.given_up + (held.given_up_ms is not None),
                    held.reason or before.reason,
                )
        return found

    def _tried(self, post: UUID) -> HookPost:
        held = self._shelf.posts[post]
        return replace(held, post=replace(held.post, tries=held.post.tries + 1))

    def _keep(self, hook: Hook) -> Hook:
        self._shelf.hooks[hook.hook] = hook
        return hook


class FakeHookRepo(FakePostBook):
    """A `HookRepo`."""

    def add(self, hook: Hook) -> None:
        self._shelf.hooks[hook.hook] = hook

    def hooks(self) -> tuple[Hook, ...]:
        return tuple(sorted(self._shelf.hooks.values(), key=lambda one: (one.made_ms, one.hook)))

    def end(self, hook: UUID, now_ms: int) -> bool:
        posts = self._shelf.posts
        self._shelf.posts = {
            key: held
            for key, held in posts.items()
            if held.sent_ms is not None or held.post.rule != hook
        }
        return self._shelf.hooks.pop(hook, None) is not None

    def rotate(self, hook: UUID, now_ms: int) -> Hook | None:
        held = self._shelf.hooks.get(hook)
        if held is None:
            return None
        return self._keep(replace(held, generation=held.generation + 1, rotated_ms=now_ms))

    def pause(self, hook: UUID, reason: str, now_ms: int) -> None:
        held = self._shelf.hooks[hook]
        if held.paused_ms is None:
            self._keep(replace(held, paused_ms=now_ms, pause_reason=reason))

    def resume(self, hook: UUID) -> bool:
        for key, held in self._shelf.posts.items():
            if held.post.rule == hook and held.sent_ms is None and held.given_up_ms is None:
                self._shelf.posts[key] = replace(held, next_ms=0)
        found = self._shelf.hooks.get(hook)
        if found is None or found.paused_ms is None:
            return False
        self._keep(replace(found, paused_ms=None, pause_reason="", failing_ms=None))
        return True

    def post(self, posts: Sequence[Post]) -> None:
        for one in posts:
            self._shelf.posts[one.post] = HookPost(one, one.made_ms, None, None, "")

    def log(self, hook: UUID, *, limit: int) -> tuple[HookPost, ...]:
        rows = [held for held in self._shelf.posts.values() if held.post.rule == hook]
        rows.sort(key=lambda held: (held.post.made_ms, held.post.post), reverse=True)
        return tuple(rows[:limit])

    def replay(self, hook: UUID, post: UUID | None, now_ms: int) -> int:
        count = 0
        for key, held in self._shelf.posts.items():
            meant = held.given_up_ms is not None if post is None else key == post
            if held.post.rule == hook and meant:
                again = replace(held.post, tries=0)
                self._shelf.posts[key] = HookPost(again, now_ms, None, None, "")
                count += 1
        return count

    def tidy(self, sent_before_ms: int, made_before_ms: int) -> int:
        old = {
            key
            for key, held in self._shelf.posts.items()
            if (held.sent_ms is not None and held.sent_ms < sent_before_ms)
            or held.post.made_ms < made_before_ms
        }
        self._shelf.posts = {k: held for k, held in self._shelf.posts.items() if k not in old}
        return len(old)


@dataclass
class FakePartner:
    """A `HookSender`: a partner's server that remembers, and refuses while it is told to."""

    came: list[tuple[str, Post, int]] = field(default_factory=list)
    refuses: FaultCode | None = None

    def send(self, target: str, post: Post, secrets: tuple[bytes, ...]) -> None:
        if self.refuses is not None:
            raise Fault(self.refuses, reason="HTTP 503")
        self.came.append((target, post, len(secrets)))


def hook_desk(units: Units, clock: FakeCloudClock, partner: FakePartner | None = None) -> HookDesk:
    """Webhooks of a chain, and who gets them."""
    ids = FakeCloudIdSource(clock)
    posting = HookPosting(units, clock, ids, FakeKeyRing(), partner or FakePartner())
    return HookDesk(units, clock, ids, posting)
