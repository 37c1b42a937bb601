"""Messages that advertise, in PostgreSQL."""

import json
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at
from cloud_broker.adapters.postgres.benefits import PERSONS
from cloud_broker.ports.messages import (
    Contact,
    MessageState,
    PaceSet,
    Queued,
    Said,
    Template,
)
from retail_core.insight.campaigns.pacing import Pace
from retail_core.insight.campaigns.plan import Channel
from retail_core.insight.campaigns.quiet import Quiet

_SAVE_TEMPLATE = """
insert into message_template values (%(tenant)s, %(template)s, %(channel)s, %(name)s, %(body)s,
  %(code)s, %(state)s, %(made_by)s, %(made)s, %(decided_by)s, %(decided)s)
on conflict (tenant_id, template_id) do update set state = excluded.state,
  decided_by = excluded.decided_by, decided_ms = excluded.decided_ms
"""
_SAVE_CONTACT = """
insert into contact values (%(tenant)s, %(member)s, %(channel)s, %(sealed)s, %(hash)s, %(given)s)
on conflict (tenant_id, member_id, channel) do update set sealed = excluded.sealed,
  address_hash = excluded.address_hash, given_ms = excluded.given_ms
"""
_SAY = """
insert into consent (tenant_id, consent_id, member_id, kind, given, text_version, text_hash,
  language, channel, store_id, operator_id, wall_ms, received_at)
select %(tenant)s, %(consent)s, m.member_id, %(kind)s, %(given)s, %(version)s, %(hash)s,
  %(language)s, %(channel)s, m.home_store_id, null, %(wall)s, %(now)s
from member m where m.tenant_id = %(tenant)s and m.member_id = %(member)s
"""
# A person's members with each one's newest word: one no is a no, and somebody has to have said yes.
_ALLOWED = f"""
with same as ({PERSONS}), words as (
  select distinct on (s.member_id, c.member_id) s.member_id as person, c.given
  from same s join consent c on c.tenant_id = %(tenant)s and c.member_id = s.other
    and c.kind = %(purpose)s
  order by s.member_id, c.member_id, c.wall_ms desc, c.consent_id desc
), agreed as (
  select person from words group by person having bool_and(given)
)
select distinct on (s.member_id) s.member_id as person, k.*
from same s join agreed a on a.person = s.member_id
join contact k on k.tenant_id = %(tenant)s and k.member_id = s.other and k.channel = %(channel)s
order by s.member_id, (k.member_id = s.member_id) desc, k.given_ms desc
"""  # noqa: S608 -- a constant
_ADD = """
insert into campaign_message select %(tenant)s, n.message, n.campaign, n.person, n.channel,
  n.template, n.fills::jsonb, n.priority, 'due', '', n.made, n.due, n.until, 0, null, null, null, ''
from unnest(%(messages)b::uuid[], %(campaigns)b::uuid[], %(people)b::uuid[], %(channels)b::text[],
  %(templates)b::uuid[], %(fills)b::text[], %(priorities)b::bigint[], %(made)b::bigint[],
  %(due)b::bigint[], %(until)b::bigint[])
  as n(message, campaign, person, channel, template, fills, priority, made, due, until)
on conflict (tenant_id, campaign_id, person_id, channel) do nothing
"""
# Chosen once: a subquery with a limit may be run anew for each row that it is compared with.
_TAKE = """
with chosen as materialized (
  select message_id from campaign_message where tenant_id = %(tenant)s
    and channel = %(channel)s and state = 'due' and due_ms <= %(now)s
  order by priority desc, due_ms, message_id limit %(limit)s for update skip locked
)
update campaign_message m set state = 'sending', taken_ms = %(now)s from chosen
where m.tenant_id = %(tenant)s and m.message_id = chosen.message_id returning m.*
"""
_PACE = """
insert into message_pace values (%(tenant)s, %(channel)s, %(minute)s, %(day)s, %(most)s, %(days)s,
  %(begins)s, %(ends)s, %(who)s, %(now)s)
on conflict (tenant_id, channel) do update set per_minute = excluded.per_minute,
  per_day = excluded.per_day, person_max = excluded.person_max,
  person_days = excluded.person_days, quiet_begins = excluded.quiet_begins,
  quiet_ends = excluded.quiet_ends, set_by = excluded.set_by, set_ms = excluded.set_ms
"""
_TOLD = """
update campaign_message set state = %(state)s, reason = %(reason)s, told_ms = %(ms)s
where tenant_id = %(tenant)s and channel = %(channel)s and state in ('sending', 'sent', 'unsure')
  and {named}
"""
_KNOWN = """
select from campaign_message where tenant_id = %(tenant)s and channel = %(channel)s and {named}
limit 1
"""


class PostgresMessages(Repository):
    """Fulfils `MessageRepo`."""

    # ---- templates ------------------------------------------------------------------------------

    def templates(self) -> tuple[Template, ...]:
        """Return them all, by name."""
        rows = self._rows(
            "select * from message_template where tenant_id = %(tenant)s order by name, template_id"
        )
        return tuple(map(_template, rows))

    def template(self, template: UUID) -> Template | None:
        """Return one, locked until the end."""
        row = self._row(
            "select * from message_template where tenant_id = %(tenant)s"
            " and template_id = %(template)s for update",
            template=template,
        )
        return None if row is None else _template(row)

    def save_template(self, template: Template) -> None:
        """Enter or change one; StoreRefusedError when its writer approved it."""
        self._run(
            _SAVE_TEMPLATE,
            template=template.template,
            channel=template.channel,
            name=template.name,
            body=template.body,
            code=template.provider_code,
            state=template.state,
            made_by=template.made_by,
            made=template.made_ms,
            decided_by=template.decided_by,
            decided=template.decided_ms,
        )

    # ---- addresses ------------------------------------------------------------------------------

    def save_contact(self, contact: Contact) -> None:
        """Keep where a member may be written to, in place of what she said before."""
        self._run(
            _SAVE_CONTACT,
            member=contact.member,
            channel=contact.channel,
            sealed=contact.sealed,
            hash=contact.address_hash,
            given=contact.given_ms,
        )

    def drop_contacts(self, members: Collection[UUID], channel: Channel) -> int:
        """Forget where members were written to; return how many there were."""
        return self._run(
            "delete from contact where tenant_id = %(tenant)s and channel = %(channel)s"
            " and member_id = any(%(members)b::uuid[])",
            members=list(members),
            channel=channel,
        )

    def members_at(self, channel: Channel, address_hash: bytes) -> tuple[UUID, ...]:
        """Return whose an address is."""
        rows = self._rows(
            "select member_id from contact where tenant_id = %(tenant)s and channel = %(channel)s"
            " and address_hash = %(hash)s order by member_id",
            channel=channel,
            hash=address_hash,
        )
        return tuple(row.member_id for row in rows)

    def say(self, said: Sequence[Said], now_ms: int) -> None:
        """Append members' words on a purpose; whoever is not a member is passed over."""
        for one in said:
            self._run(
                _SAY,
                consent=one.consent,
                member=one.member,
                kind=one.kind,
                given=one.given,
                version=one.text_version,
                hash=one.text_hash,
                language=one.language,
                channel=one.channel,
                wall=one.wall_ms,
                now=at(now_ms),
            )

    def said_since(self, member: UUID, purpose: str, since_ms: int) -> bool:
        """Tell whether she said anything on a purpose at a moment or later."""
        row = self._row(
            "select from consent where tenant_id = %(tenant)s and member_id = %(member)s"
            " and kind = %(purpose)s and wall_ms >= %(since)s limit 1",
            member=member,
            purpose=purpose,
            since=since_ms,
        )
        return row is not None

    def allowed(
        self, people: Collection[UUID], channel: Channel, purpose: str
    ) -> dict[UUID, Contact]:
        """Return where each person may be written to now, by her newest word on the purpose.

        Of members that are one person one no is a no.
        """
        rows = self._rows(_ALLOWED, members=sorted(people), channel=channel, purpose=purpose)
        return {
            row.person: Contact(
                row.member_id, row.channel, row.sealed, row.address_hash, row.given_ms
            )
            for row in rows
        }

    # ---- what waits -----------------------------------------------------------------------------

    def add(self, messages: Sequence[Queued]) -> None:
        """Let messages wait; one a person, campaign and channel."""
        if messages:
            self._run(
                _ADD,
                messages=[one.message for one in messages],
                campaigns=[one.campaign for one in messages],
                people=[one.person for one in messages],
                channels=[one.channel for one in messages],
                templates=[one.template for one in messages],
                fills=[json.dumps(one.fills, ensure_ascii=False) for one in messages],
                priorities=[one.priority for one in messages],
                made=[one.made_ms for one in messages],
                due=[one.due_ms for one in messages],
                until=[one.until_ms for one in messages],
            )

    def take(self, channel: Channel, now_ms: int, limit: int) -> tuple[Queued, ...]:
        """Take what is due to send it now; what is taken is taken by nobody else."""
        rows = self._rows(_TAKE, channel=channel, now=now_ms, limit=limit)
        return tuple(sorted(map(_queued, rows), key=lambda one: (-one.priority, one.due_ms)))

    def take_these(self, messages: Collection[UUID], now_ms: int) -> None:
        """Take these, due or not."""
        self._run(
            "update campaign_message set state = 'sending', taken_ms = %(now)s"
            " where tenant_id = %(tenant)s and message_id = any(%(messages)b::uuid[])"
            " and state = 'due'",
            messages=list(messages),
            now=now_ms,
        )

    def due_of(self, people: Collection[UUID], channel: Channel) -> tuple[Queued, ...]:
        """Return all that waits for these people, due or not."""
        rows = self._rows(
            "select * from campaign_message where tenant_id = %(tenant)s and channel = %(channel)s"
            " and state = 'due' and person_id = any(%(people)b::uuid[]) for update skip locked",
            channel=channel,
            people=list(people),
        )
        return tuple(map(_queued, rows))

    def sent_to(self, people: Collection[UUID], since_ms: int) -> dict[UUID, list[int]]:
        """Return when people were sent something, by any channel."""
        rows = self._rows(
            "select person_id, taken_ms from campaign_message where tenant_id = %(tenant)s"
            " and person_id = any(%(people)b::uuid[]) and taken_ms > %(since)s"
            " and state in ('sent', 'delivered', 'failed', 'unsure')",
            people=list(people),
            since=since_ms,
        )
        found: dict[UUID, list[int]] = {}
        for row in rows:
            found.setdefault(row.person_id, []).append(row.taken_ms)
        return found

    def sent_since(self, channel: Channel, minute_ms: int, day_ms: int) -> tuple[int, int]:
        """Return how many were taken to be sent since two moments."""
        (row,) = self._rows(
            "select count(*) filter (where taken_ms > %(minute)s) as minute, count(*) as day"
            " from campaign_message where tenant_id = %(tenant)s and channel = %(channel)s"
            " and taken_ms > %(day)s and state <> 'dropped'",
            channel=channel,
            minute=minute_ms,
            day=day_ms,
        )
        return row.minute, row.day

    def later(self, message: UUID, due_ms: int, tries: int, reason: str) -> None:
        """Let a message that was taken wait again."""
        self._run(
            "update campaign_message set state = 'due', due_ms = %(due)s, tries = %(tries)s,"
            " reason = %(reason)s where tenant_id = %(tenant)s and message_id = %(message)s"
            " and state = 'sending'",
            message=message,
            due=due_ms,
            tries=tries,
            reason=reason,
        )

    def end(
        self, messages: Collection[UUID], state: MessageState, reason: str, now_ms: int
    ) -> None:
        """Note what became of messages for good."""
        self._run(
            "update campaign_message set state = %(state)s, reason = %(reason)s, told_ms = %(now)s"
            " where tenant_id = %(tenant)s and message_id = any(%(messages)b::uuid[])"
            " and state in ('due', 'sending')",
            messages=list(messages),
            state=state,
            reason=reason,
            now=now_ms,
        )

    def sent(self, message: UUID, provider_ref: str, now_ms: int) -> None:
        """Note that a provider took a message, under its own name for it."""
        # A receipt may be quicker than the answer: then only the name is noted.
        self._run(
            "update campaign_message set sent_ms = %(now)s, provider_ref = %(ref)s, reason = '',"
            " state = case when state = 'sending' then 'sent' else state end"
            " where tenant_id = %(tenant)s and message_id = %(message)s",
            message=message,
            ref=provider_ref,
            now=now_ms,
        )

    def told(self, channel: Channel, named: str, state: MessageState, reason: str, ms: int) -> bool:
        """Note a receipt, by our name of a message or the provider's; False when it is unknown."""
        try:
            ours = UUID(named)
        except ValueError:
            by = "provider_ref = %(named)s and provider_ref <> ''"
            values: dict[str, object] = {"channel": channel, "named": named}
        else:
            by = "message_id = %(named)s"
            values = {"channel": channel, "named": ours}
        if self._run(_TOLD.format(named=by), state=state, reason=reason, ms=ms, **values):
            return True
        return self._row(_KNOWN.format(named=by), **values) is not None

    def drop_waiting(self, campaign: UUID, reason: str, now_ms: int) -> int:
        """Drop what still waits of a campaign; return how many."""
        return self._run(
            "update campaign_message set state = 'dropped', reason = %(reason)s, told_ms = %(now)s"
            " where tenant_id = %(tenant)s and campaign_id = %(campaign)s and state = 'due'",
            campaign=campaign,
            reason=reason,
            now=now_ms,
        )

    def unsure(self, before_ms: int, now_ms: int) -> int:
        """Give up messages taken before: whether they went nobody knows, and none goes twice."""
        return self._run(
            "update campaign_message set state = 'unsure', told_ms = %(now)s"
            " where tenant_id = %(tenant)s and state = 'sending' and taken_ms < %(before)s",
            before=before_ms,
            now=now_ms,
        )

    # ---- how ------------------------------------------------------------------------------------

    def pace(self, channel: Channel) -> PaceSet:
        """Return how the brand writes; as the house has it until it is said."""
        row = self._row(
            "select * from message_pace where tenant_id = %(tenant)s and channel = %(channel)s",
            channel=channel,
        )
        if row is None:
            return PaceSet()
        return PaceSet(
            Pace(row.per_minute, row.per_day, row.person_max, row.person_days),
            Quiet(row.quiet_begins, row.quiet_ends),
        )

    def set_pace(self, channel: Channel, pace: PaceSet, who: str, now_ms: int) -> None:
        """Say how the brand writes."""
        self._run(
            _PACE,
            channel=channel,
            minute=pace.pace.per_minute,
            day=pace.pace.per_day,
            most=pace.pace.person_max,
            days=pace.pace.person_days,
            begins=pace.quiet.begins,
            ends=pace.quiet.ends,
            who=who,
            now=now_ms,
        )


def _template(row: Row[Any]) -> Template:
    return Template(
        *(row.template_id, row.channel, row.name, row.body, row.provider_code, row.state),
        *(row.made_by, row.made_ms, row.decided_by, row.decided_ms),
    )


def _queued(row: Row[Any]) -> Queued:
    return Queued(
        *(row.message_id, row.campaign_id, row.person_id, row.channel, row.template_id),
        *(row.fills, row.priority, row.made_ms, row.due_ms, row.until_ms, row.tries),
    )
