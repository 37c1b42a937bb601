"""Partners' subscriptions in PostgreSQL.

Their messages are written by triggers, in the transaction that makes what they tell of so.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.hooks import Hook, HookPost
from cloud_broker.ports.posts import Post, PostCount

_IN_FORCE = "select * from hook where tenant_id = %(tenant)s and ended_at is null"
_DUE = """
select p.* from hook h cross join lateral (
  select * from hook_post o
  where o.tenant_id = h.tenant_id and o.hook_id = h.hook_id and o.next_at <= %(now)s
    and o.sent_at is null and o.given_up_at is null
  order by o.next_at, o.made_at, o.post_id limit %(each)s) p
where h.tenant_id = %(tenant)s and h.ended_at is null and h.paused_at is null
order by p.next_at, p.made_at, p.post_id
"""
_COUNTS = """
select hook_id, count(*) filter (where given_up_at is null) as waiting,
  count(*) filter (where given_up_at is not null) as given_up,
  coalesce((array_agg(reason order by made_at desc) filter (where reason <> ''))[1], '') as reason
from hook_post where tenant_id = %(tenant)s and sent_at is null group by hook_id
"""
_POST = """
insert into hook_post (tenant_id, post_id, hook_id, kind, body, made_at, next_at)
select %(tenant)s, n.* from unnest(%(post)b::uuid[], %(hook)b::uuid[], %(kind)b::text[],
  %(body)b::text[], %(made)b::timestamptz[], %(made)b::timestamptz[]) as n
"""
_REPLAY = """
update hook_post set sent_at = null, given_up_at = null, tries = 0, next_at = %(now)s, reason = ''
where tenant_id = %(tenant)s and hook_id = %(hook)s
  and case when %(post)s::uuid is null then given_up_at is not null else post_id = %(post)s end
"""


class PostgresHooks(Repository):
    """Fulfils `HookRepo`."""

    def add(self, hook: Hook) -> None:
        """Enter a subscription."""
        self._run(
            "insert into hook (tenant_id, hook_id, name, target, kinds, made_by, made_at) values"
            " (%(tenant)s, %(hook)s, %(name)s, %(target)s, %(kinds)b, %(who)s, %(now)s)",
            hook=hook.hook,
            name=hook.name,
            target=hook.target,
            kinds=list(hook.kinds),
            who=hook.made_by,
            now=at(hook.made_ms),
        )

    def hooks(self) -> tuple[Hook, ...]:
        """Return those that were not ended, oldest first."""
        return tuple(map(_hook, self._rows(_IN_FORCE + " order by made_at, hook_id")))

    def end(self, hook: UUID, now_ms: int) -> bool:
        """End one and drop what waits for it; False when there is none."""
        ended = self._run(
            "update hook set ended_at = %(now)s where tenant_id = %(tenant)s"
            " and hook_id = %(hook)s and ended_at is null",
            hook=hook,
            now=at(now_ms),
        )
        self._run(
            "delete from hook_post where tenant_id = %(tenant)s and hook_id = %(hook)s"
            " and sent_at is null",
            hook=hook,
        )
        return bool(ended)

    def rotate(self, hook: UUID, now_ms: int) -> Hook | None:
        """Take the next secret; the one before is good for a while longer."""
        row = self._row(
            "update hook set generation = generation + 1, rotated_at = %(now)s"
            " where tenant_id = %(tenant)s and hook_id = %(hook)s and ended_at is null returning *",
            hook=hook,
            now=at(now_ms),
        )
        return None if row is None else _hook(row)

    def pause(self, hook: UUID, reason: str, now_ms: int) -> None:
        """Send nothing and note nothing for it from now on."""
        self._run(
            "update hook set paused_at = %(now)s, pause_reason = %(reason)s"
            " where tenant_id = %(tenant)s and hook_id = %(hook)s and paused_at is null",
            hook=hook,
            reason=reason,
            now=at(now_ms),
        )

    def resume(self, hook: UUID) -> bool:
        """Go on, what waits being due at once; False when it was not paused."""
        resumed = self._run(
            "update hook set paused_at = null, pause_reason = '', failing_since = null"
            " where tenant_id = %(tenant)s and hook_id = %(hook)s and paused_at is not null"
            " and ended_at is null",
            hook=hook,
        )
        self._run(
            "update hook_post set next_at = 'epoch' where tenant_id = %(tenant)s"
            " and hook_id = %(hook)s and sent_at is null and given_up_at is null",
            hook=hook,
        )
        return bool(resumed)

    def post(self, posts: Sequence[Post]) -> None:
        """Put messages on their way."""
        self._run(
            _POST,
            post=[one.post for one in posts],
            hook=[one.rule for one in posts],
            kind=[one.what for one in posts],
            body=[one.body for one in posts],
            made=[at(one.made_ms) for one in posts],
        )

    def due(self, now_ms: int, *, each: int) -> tuple[Post, ...]:
        """Return what is to be sent now, at most `each` of a subscription."""
        return tuple(map(_post, self._rows(_DUE, now=at(now_ms), each=each)))

    def sent(self, post: UUID, now_ms: int) -> None:
        """Note that a message was taken."""
        self._run(
            "update hook_post set sent_at = %(now)s, tries = tries + 1, reason = ''"
            " where tenant_id = %(tenant)s and post_id = %(post)s",
            post=post,
            now=at(now_ms),
        )
        self._run(
            "update hook h set failing_since = null from hook_post p"
            " where p.tenant_id = %(tenant)s and p.post_id = %(post)s"
            " and h.tenant_id = p.tenant_id and h.hook_id = p.hook_id"
            " and h.failing_since is not null",
            post=post,
        )

    def failed(self, post: UUID, reason: str, next_ms: int | None, now_ms: int) -> None:
        """Note that it was not, and when it is tried again; None gives it up."""
        self._run(
            "update hook_post set tries = tries + 1, reason = %(reason)s, next_at = %(next)s,"
            " given_up_at = %(over)s where tenant_id = %(tenant)s and post_id = %(post)s",
            post=post,
            reason=reason,
            next=at(now_ms if next_ms is None else next_ms),
            over=at(now_ms) if next_ms is None else None,
        )
        self._run(
            "update hook h set failing_since = %(now)s from hook_post p"
            " where p.tenant_id = %(tenant)s and p.post_id = %(post)s"
            " and h.tenant_id = p.tenant_id and h.hook_id = p.hook_id and h.failing_since is null",
            post=post,
            now=at(now_ms),
        )

    def counts(self) -> dict[UUID, PostCount]:
        """Return how subscriptions fare."""
        return {
            row.hook_id: PostCount(row.waiting, row.given_up, row.reason)
            for row in self._rows(_COUNTS)
        }

    def log(self, hook: UUID, *, limit: int) -> tuple[HookPost, ...]:
        """Return its messages, newest first."""
        rows = self._rows(
            "select * from hook_post where tenant_id = %(tenant)s and hook_id = %(hook)s"
            " order by made_at desc, post_id desc limit %(limit)s",
            hook=hook,
            limit=limit,
        )
        return tuple(
            HookPost(
                _post(row), ms_of(row.next_at), _ms(row.sent_at), _ms(row.given_up_at), row.reason
            )
            for row in rows
        )

    def replay(self, hook: UUID, post: UUID | None, now_ms: int) -> int:
        """Make a message due again, or every one that was given up; return how many."""
        return self._run(_REPLAY, hook=hook, post=post, now=at(now_ms))

    def tidy(self, sent_before_ms: int, made_before_ms: int) -> int:
        """Drop what was sent, and what was made, before a moment; return how many."""
        return self._run(
            "delete from hook_post where tenant_id = %(tenant)s"
            " and (sent_at < %(sent)s or made_at < %(made)s)",
            sent=at(sent_before_ms),
            made=at(made_before_ms),
        )


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else ms_of(moment)


def _hook(row: Row[Any]) -> Hook:
    return Hook(
        *(row.hook_id, row.name, row.target, tuple(row.kinds), row.made_by, ms_of(row.made_at)),
        generation=row.generation,
        rotated_ms=_ms(row.rotated_at),
        failing_ms=_ms(row.failing_since),
        paused_ms=_ms(row.paused_at),
        pause_reason=row.pause_reason,
    )


def _post(row: Row[Any]) -> Post:
    made = ms_of(row.made_at)
    return Post(row.post_id, row.hook_id, None, row.kind, row.body, made, tries=row.tries)
