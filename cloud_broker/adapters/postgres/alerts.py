"""Alerts in PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.domain.alert_plan import AlertPlan, OpenAlert, StoreHeard, Trouble
from cloud_broker.ports.alerts import AlertRow, AlertRule
from cloud_broker.ports.posts import Post, PostCount

_RULES = "select * from alert_rule where tenant_id = %(tenant)s and ended_at is null"
# A store is heard when any of its boxes is.
_HEARD = """
select s.store_id, s.region_id, s.name, s.shard, max(t.last_seen_at) as heard_at,
  bool_and(t.state = 'gone' and t.on_purpose) as went
from store s
join device d on d.tenant_id = s.tenant_id and d.store_id = s.store_id and d.retired_at is null
join device_state t on t.tenant_id = d.tenant_id and t.device_id = d.device_id
where s.tenant_id = %(tenant)s and s.closed_at is null
group by s.store_id, s.region_id, s.name, s.shard
"""
_OPEN = """
insert into alert (tenant_id, alert_id, store_id, code, subject, severity, fields, raised_at,
  opened_at)
select %(tenant)s, n.alert_id, n.store_id, n.code, n.subject, n.severity, n.fields::jsonb,
  n.raised_at, %(now)s
from unnest(%(alert)b::uuid[], %(store)b::uuid[], %(code)b::text[], %(subject)b::text[],
  %(severity)b::text[], %(fields)b::text[], %(raised)b::timestamptz[])
  as n(alert_id, store_id, code, subject, severity, fields, raised_at)
"""
_MARK = """
update alert set away_at = case when alert_id = any(%(away)b::uuid[]) then %(now)s end,
  cleared_at = case when alert_id = any(%(clears)b::uuid[]) then %(now)s::timestamptz end
where tenant_id = %(tenant)s and alert_id = any(%(every)b::uuid[])
"""
_ALERTS = """
select a.*, coalesce(s.name, '') as store_name from alert a
left join store s on s.tenant_id = a.tenant_id and s.store_id = a.store_id
where a.tenant_id = %(tenant)s
order by a.cleared_at desc nulls first, a.opened_at desc, a.alert_id limit %(limit)s
"""
_TOLD = """
select distinct p.alert_id, p.rule_id from alert_post p
join alert_rule r on r.tenant_id = p.tenant_id and r.rule_id = p.rule_id
where p.tenant_id = %(tenant)s and p.alert_id = any(%(alerts)b::uuid[]) and p.what = 'raised'
  and r.ended_at is null
order by 1, 2
"""
_POST = """
insert into alert_post (tenant_id, post_id, rule_id, alert_id, what, body, made_at, next_at)
select %(tenant)s, n.* from unnest(%(post)b::uuid[], %(rule)b::uuid[], %(alert)b::uuid[],
  %(what)b::text[], %(body)b::text[], %(made)b::timestamptz[], %(made)b::timestamptz[]) as n
"""
# That something is over is not told before that it was.
_DUE = """
select p.* from alert_rule r cross join lateral (
  select * from alert_post o
  where o.tenant_id = r.tenant_id and o.rule_id = r.rule_id and o.next_at <= %(now)s
    and o.sent_at is null and o.given_up_at is null
    and not exists (select 1 from alert_post e where e.tenant_id = o.tenant_id
      and e.alert_id = o.alert_id and e.rule_id = o.rule_id and o.what = 'cleared'
      and e.what = 'raised' and e.sent_at is null and e.given_up_at is null)
  order by o.next_at, o.post_id limit %(each)s) p
where r.tenant_id = %(tenant)s and r.ended_at is null
order by p.next_at, p.post_id
"""
_COUNTS = """
select rule_id, count(*) filter (where sent_at is null and given_up_at is null) as waiting,
  count(*) filter (where given_up_at is not null) as given_up,
  coalesce((array_agg(reason order by made_at desc) filter (where reason <> ''))[1], '') as reason
from alert_post where tenant_id = %(tenant)s and sent_at is null group by rule_id
"""


class PostgresAlerts(Repository):
    """Fulfils `AlertRepo`."""

    def add_rule(self, rule: AlertRule, who: str, now_ms: int) -> None:
        """Enter a rule."""
        self._run(
            "insert into alert_rule (tenant_id, rule_id, name, severity, code, region_id, kind,"
            " target, generation, made_by, made_at) values (%(tenant)s, %(rule)s, %(name)s,"
            " %(severity)s, %(code)s, %(region)s, %(kind)s, %(target)s, %(generation)s, %(who)s,"
            " %(now)s)",
            rule=rule.rule,
            name=rule.name,
            severity=rule.severity,
            code=rule.code,
            region=rule.region,
            kind=rule.kind,
            target=rule.target,
            generation=rule.generation,
            who=who,
            now=at(now_ms),
        )

    def end_rule(self, rule: UUID, now_ms: int) -> bool:
        """End a rule and drop what waits to be sent by it; False when there is none."""
        ended = self._run(
            "update alert_rule set ended_at = %(now)s where tenant_id = %(tenant)s"
            " and rule_id = %(rule)s and ended_at is null",
            rule=rule,
            now=at(now_ms),
        )
        self._run(
            "delete from alert_post where tenant_id = %(tenant)s and rule_id = %(rule)s"
            " and sent_at is null",
            rule=rule,
        )
        return bool(ended)

    def rotate(self, rule: UUID, now_ms: int) -> AlertRule | None:
        """Take the next secret; the one before is good for a while longer."""
        row = self._row(
            "update alert_rule set generation = generation + 1, rotated_at = %(now)s"
            " where tenant_id = %(tenant)s and rule_id = %(rule)s and ended_at is null"
            " and kind = 'webhook' returning *",
            rule=rule,
            now=at(now_ms),
        )
        return None if row is None else _rule(row)

    def rules(self) -> tuple[AlertRule, ...]:
        """Return the rules in force, oldest first."""
        return tuple(map(_rule, self._rows(_RULES + " order by made_at, rule_id")))

    def regions(self) -> dict[str, UUID]:
        """Return the regions by name."""
        rows = self._rows("select name, region_id from region where tenant_id = %(tenant)s")
        return {row.name: row.region_id for row in rows}

    def heard(self) -> tuple[StoreHeard, ...]:
        """Return every open store that was ever heard."""
        return tuple(
            StoreHeard(
                *(row.store_id, row.region_id, row.name, row.shard), ms_of(row.heard_at), row.went
            )
            for row in self._rows(_HEARD)
        )

    def standing(self) -> tuple[OpenAlert, ...]:
        """Return the alerts that stand."""
        rows = self._rows(
            "select alert_id, store_id, code, subject, away_at from alert"
            " where tenant_id = %(tenant)s and cleared_at is null order by opened_at, alert_id"
        )
        return tuple(
            OpenAlert(row.alert_id, (row.store_id, row.code, row.subject), _ms(row.away_at))
            for row in rows
        )

    def write(self, plan: AlertPlan, ids: Sequence[UUID], now_ms: int) -> None:
        """Do what was planned; `ids` are for those that open, in order."""
        if plan.opens:
            self._run(
                _OPEN,
                alert=list(ids),
                store=[one.store for one in plan.opens],
                code=[one.code for one in plan.opens],
                subject=[one.subject for one in plan.opens],
                severity=[one.severity for one in plan.opens],
                fields=[msgspec.json.encode(one.fields).decode() for one in plan.opens],
                raised=[at(one.since_ms) for one in plan.opens],
                now=at(now_ms),
            )
        every = [*plan.away, *plan.back, *plan.clears]
        if every:
            self._run(
                _MARK,
                away=[*plan.away, *plan.clears],
                clears=list(plan.clears),
                every=every,
                now=at(now_ms),
            )

    def alerts(self, *, limit: int) -> tuple[AlertRow, ...]:
        """Return the alerts: those that stand, then the newest that are over."""
        return tuple(map(_alert, self._rows(_ALERTS, limit=limit)))

    def told(self, alerts: Sequence[UUID]) -> tuple[tuple[UUID, UUID], ...]:
        """Return by which rules alerts were raised: (alert, rule); of rules in force."""
        return tuple((row.alert_id, row.rule_id) for row in self._rows(_TOLD, alerts=list(alerts)))

    def post(self, posts: Sequence[Post]) -> None:
        """Put messages on their way."""
        if posts:
            self._run(
                _POST,
                post=[one.post for one in posts],
                rule=[one.rule for one in posts],
                alert=[one.alert for one in posts],
                what=[one.what for one in posts],
                body=[one.body for one in posts],
                made=[at(one.made_ms) for one in posts],
            )

    def due(self, now_ms: int, *, each: int) -> tuple[Post, ...]:
        """Return what is to be sent now, of an alert and a rule one after the other."""
        return tuple(
            Post(
                *(row.post_id, row.rule_id, row.alert_id, row.what, row.body),
                made_ms=ms_of(row.made_at),
                tries=row.tries,
            )
            for row in self._rows(_DUE, now=at(now_ms), each=each)
        )

    def sent(self, post: UUID, now_ms: int) -> None:
        """Note that a message was taken."""
        self._run(
            "update alert_post set sent_at = %(now)s, tries = tries + 1, reason = ''"
            " where tenant_id = %(tenant)s and post_id = %(post)s",
            post=post,
            now=at(now_ms),
        )

    def failed(self, post: UUID, reason: str, next_ms: int | None, now_ms: int) -> None:
        """Note that it was not, and when it is tried again; None gives it up."""
        self._run(
            "update alert_post set tries = tries + 1, reason = %(reason)s, next_at = %(next)s,"
            " given_up_at = %(over)s where tenant_id = %(tenant)s and post_id = %(post)s",
            post=post,
            reason=reason,
            next=at(now_ms if next_ms is None else next_ms),
            over=at(now_ms) if next_ms is None else None,
        )

    def counts(self) -> dict[UUID, PostCount]:
        """Return how rules fare."""
        return {
            row.rule_id: PostCount(row.waiting, row.given_up, row.reason)
            for row in self._rows(_COUNTS)
        }

    def tidy(self, before_ms: int) -> int:
        """Drop alerts that were over before a moment, with their messages; return how many."""
        return self._run(
            "delete from alert where tenant_id = %(tenant)s and cleared_at < %(before)s",
            before=at(before_ms),
        )


def _ms(moment: Any) -> int | None:
    return None if moment is None else ms_of(moment)


def _rule(row: Row[Any]) -> AlertRule:
    return AlertRule(
        *(row.rule_id, row.name, row.severity, row.code, row.region_id, row.kind, row.target),
        generation=row.generation,
        rotated_ms=_ms(row.rotated_at),
    )


def _alert(row: Row[Any]) -> AlertRow:
    trouble = Trouble(row.store_id, row.code, row.subject, ms_of(row.raised_at), row.fields)
    return AlertRow(
        *(row.alert_id, row.store_id, row.store_name, trouble),
        opened_ms=ms_of(row.opened_at),
        away_ms=_ms(row.away_at),
        cleared_ms=_ms(row.cleared_at),
    )
