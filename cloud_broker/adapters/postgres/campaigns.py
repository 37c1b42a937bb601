"""Campaigns in PostgreSQL; what came of one is read from the orders and coupons themselves."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository
from cloud_broker.adapters.postgres.benefits import COUPON_UNUSED
from cloud_broker.adapters.postgres.campaign_sums import CampaignSums
from cloud_broker.adapters.postgres.order_pass import one_pass, orders
from cloud_broker.ports.campaigns import (
    Arms,
    CallAnswer,
    CallBack,
    Campaign,
    Entered,
    Look,
    Tally,
    coupon_source,
)
from retail_core.insight.campaigns.plan import Plan, plan_of, said_plan
from retail_core.insight.campaigns.triggers import Standing
from retail_core.wire.standing import TierStanding

_DAY_MS = 86_400_000
_PART = 10_000
_SAVE = """
insert into campaign values (%(tenant)s, %(campaign)s, %(name)s, %(plan)s::jsonb, %(state)s,
  %(made_by)s, %(made)s, %(asked)s, %(agreed)s, %(started)s, %(stopped)s, %(why)s, %(reached)s,
  %(passed)s, %(looked)s, %(back)s, %(tidied)s)
"""
_CHANGE = """
on conflict (tenant_id, campaign_id) do update set name = excluded.name, plan = excluded.plan,
  state = excluded.state, asked_by = excluded.asked_by, agreed_by = excluded.agreed_by,
  started_ms = excluded.started_ms, stopped_ms = excluded.stopped_ms, why = excluded.why,
  reached = excluded.reached, passed_ms = excluded.passed_ms, looked_ms = excluded.looked_ms,
  take_back = excluded.take_back, tidied = excluded.tidied
"""
_NEWCOMERS = """
select s.person_id from segment_member s
where s.tenant_id = %(tenant)s and s.segment_id = %(segment)s
  and (%(after)s::uuid is null or s.person_id > %(after)s)
  and exists (select from member m where m.tenant_id = s.tenant_id and m.member_id = s.person_id)
  and not exists (select from campaign_person p where p.tenant_id = s.tenant_id
    and p.campaign_id = %(campaign)s and p.person_id = s.person_id)
order by s.person_id limit %(limit)s
"""
_STANDINGS = """
select m.member_id, t.tags->>'lifecycle' as lifecycle,
  coalesce((t.tags->>'is_overdue')::boolean, false) as overdue, coalesce(p.told, 0) as told,
  h.account
from member m
left join member_tags t on t.tenant_id = m.tenant_id and t.member_id = m.member_id
left join member_profile p on p.tenant_id = m.tenant_id and p.member_id = m.member_id
left join member_standing h on h.tenant_id = m.tenant_id and h.member_id = m.member_id
where m.tenant_id = %(tenant)s and m.member_id = any(%(people)b::uuid[])
"""
_ENTER = """
insert into campaign_person select %(tenant)s, %(campaign)s, n.person, n.arm, n.ms, n.grouped
from unnest(%(people)b::uuid[], %(arms)b::text[], %(ms)b::bigint[], %(grouped)b::boolean[])
  as n(person, arm, ms, grouped)
"""
_CALLS = """
insert into call_back select %(tenant)s, n.call, n.campaign, n.member, n.note, n.ms, n.last, null
from unnest(%(calls)b::uuid[], %(campaigns)b::uuid[], %(members)b::uuid[], %(notes)b::text[],
  %(ms)b::bigint[], %(last)b::date[]) as n(call, campaign, member, note, ms, last)
on conflict (tenant_id, campaign_id, member_id) do nothing
"""
_PURCHASES = f"""
with {orders("true", "true")}
select person_id, business_date, fen from orders
where person_id is not null and not quarantined and fen > 0
"""  # noqa: S608 - our own words
_COUPONS = f"""
select count(*) as given, count(*) filter (where not {COUPON_UNUSED}) as used,
  count(*) filter (where b.ended is null and {COUPON_UNUSED}) as open
from campaign_person p
join member_coupon b on b.tenant_id = p.tenant_id and b.member_id = p.person_id
  and b.source = any(%(sources)b::text[])
where p.tenant_id = %(tenant)s and p.campaign_id = %(campaign)s
"""  # noqa: S608 -- a constant
_UNUSED = f"""
select distinct p.person_id from campaign_person p
join member_coupon b on b.tenant_id = p.tenant_id and b.member_id = p.person_id
  and b.source = any(%(sources)b::text[]) and b.ended is null and {COUPON_UNUSED}
where p.tenant_id = %(tenant)s and p.campaign_id = %(campaign)s
order by p.person_id limit %(limit)s
"""  # noqa: S608 -- a constant
_account = msgspec.msgpack.Decoder(TierStanding)


class PostgresCampaigns(Repository):
    """Fulfils `CampaignRepo`."""

    def add(self, campaign: Campaign) -> None:
        """Enter a campaign."""
        self._write(_SAVE, campaign)

    def save(self, campaign: Campaign) -> None:
        """Store what changed of a campaign."""
        self._write(_SAVE + _CHANGE, campaign)

    def campaigns(self) -> tuple[Campaign, ...]:
        """Return them all, the newest first."""
        rows = self._rows(
            "select * from campaign where tenant_id = %(tenant)s"
            " order by made_ms desc, campaign_id desc"
        )
        return tuple(map(_campaign, rows))

    def campaign(self, campaign: UUID, *, locked: bool = True) -> Campaign | None:
        """Return one, locked until the end, or only to look at."""
        one = "select * from campaign where tenant_id = %(tenant)s and campaign_id = %(campaign)s"
        row = self._row(one + " for update" if locked else one, campaign=campaign)
        return None if row is None else _campaign(row)

    # ---- who comes in ---------------------------------------------------------------------------

    def segments(self) -> tuple[tuple[UUID, str, int], ...]:
        """Return every segment that stands: id, name and how many people belong to it, by name."""
        rows = self._rows(
            "select s.segment_id, s.name, (select count(*) from segment_member m"
            " where m.tenant_id = s.tenant_id and m.segment_id = s.segment_id) as people"
            " from segment s where s.tenant_id = %(tenant)s and s.ended_at is null order by s.name"
        )
        return tuple((row.segment_id, row.name, row.people) for row in rows)

    def segment_name(self, segment: UUID) -> str | None:
        """Return what a segment is called; None when there is none or it ended."""
        row = self._row(
            "select name from segment where tenant_id = %(tenant)s and segment_id = %(segment)s"
            " and ended_at is null",
            segment=segment,
        )
        return None if row is None else str(row.name)

    def segment_size(self, segment: UUID) -> int:
        """Return how many people belong to a segment."""
        row = self._row(
            "select count(*) as people from segment_member where tenant_id = %(tenant)s"
            " and segment_id = %(segment)s",
            segment=segment,
        )
        return 0 if row is None else int(row.people)

    def newcomers(
        self, campaign: UUID, segment: UUID, after: UUID | None, limit: int
    ) -> tuple[UUID, ...]:
        """Return people of the segment that are not in, in the order of their ids."""
        rows = self._rows(_NEWCOMERS, campaign=campaign, segment=segment, after=after, limit=limit)
        return tuple(row.person_id for row in rows)

    def standings(self, people: Collection[UUID]) -> dict[UUID, Standing]:
        """Return what triggers ask of people."""
        rows = self._rows(_STANDINGS, people=list(people))
        return {
            row.member_id: Standing(
                row.lifecycle or "", row.overdue, row.told, _missing(row.account)
            )
            for row in rows
        }

    def expected(self, people: Collection[UUID]) -> dict[UUID, int]:
        """Return what people are expected to spend within a year, in fen, where it is known."""
        rows = self._rows(
            "select person_id, expected_fen from person_worth where tenant_id = %(tenant)s"
            " and person_id = any(%(people)b::uuid[])",
            people=list(people),
        )
        return {row.person_id: row.expected_fen for row in rows}

    def expected_day(self) -> date | None:
        """Return the day for which what people are expected to spend was reckoned, if it was."""
        row = self._row("select max(as_of) as day from person_worth where tenant_id = %(tenant)s")
        return None if row is None else row.day

    def expected_of(self, segment: UUID) -> tuple[int | None, ...]:
        """Return the same for everybody of a segment, None where it is not known."""
        rows = self._rows(
            "select w.expected_fen from segment_member s left join person_worth w"
            " on w.tenant_id = s.tenant_id and w.person_id = s.person_id"
            " where s.tenant_id = %(tenant)s and s.segment_id = %(segment)s",
            segment=segment,
        )
        return tuple(row.expected_fen for row in rows)

    def purchases(self) -> tuple[tuple[UUID, date, int], ...]:
        """Return every purchase of members: whose, on which day, how many fen were kept."""
        with one_pass(self._connection):
            rows = self._rows(_PURCHASES)
        return tuple((row.person_id, row.business_date, row.fen) for row in rows)

    def set_expected(self, rows: Iterable[tuple[UUID, int]], as_of: date) -> int:
        """Replace what people are expected to spend; return how many there are."""
        self._run("delete from person_worth where tenant_id = %(tenant)s")
        held = list(rows)
        for at in range(0, len(held), _PART):
            part = held[at : at + _PART]
            self._run(
                "insert into person_worth select %(tenant)s, n.person, n.fen, %(day)s"
                " from unnest(%(people)b::uuid[], %(fen)b::bigint[]) as n(person, fen)",
                people=[person for person, _ in part],
                fen=[fen for _, fen in part],
                day=as_of,
            )
        return len(held)

    def enter(self, campaign: UUID, entered: Sequence[Entered]) -> None:
        """Enter people; StoreRefusedError for one who is in already."""
        if entered:
            self._run(
                _ENTER,
                campaign=campaign,
                people=[one.person for one in entered],
                arms=[one.arm for one in entered],
                ms=[one.entered_ms for one in entered],
                grouped=[one.grouped for one in entered],
            )

    def grouped(self, campaign: UUID, limit: int) -> tuple[UUID, ...]:
        """Return people it put into its group and that are still to be taken out."""
        rows = self._rows(
            "select person_id from campaign_person where tenant_id = %(tenant)s"
            " and campaign_id = %(campaign)s and grouped order by person_id limit %(limit)s",
            campaign=campaign,
            limit=limit,
        )
        return tuple(row.person_id for row in rows)

    def ungroup(self, campaign: UUID, people: Collection[UUID]) -> None:
        """Note that these were taken out."""
        self._run(
            "update campaign_person set grouped = false where tenant_id = %(tenant)s"
            " and campaign_id = %(campaign)s and person_id = any(%(people)b::uuid[])",
            campaign=campaign,
            people=list(people),
        )

    def unused(self, campaign: UUID, sources: Collection[str], limit: int) -> tuple[UUID, ...]:
        """Return people of it who hold an unused coupon of these sources."""
        rows = self._rows(_UNUSED, campaign=campaign, sources=list(sources), limit=limit)
        return tuple(row.person_id for row in rows)

    def add_calls(self, calls: Sequence[CallBack]) -> None:
        """Enter what clerks are to ask; once for each member and campaign."""
        if calls:
            self._run(
                _CALLS,
                calls=[one.call for one in calls],
                campaigns=[one.campaign for one in calls],
                members=[one.member for one in calls],
                notes=[one.note for one in calls],
                ms=[one.made_ms for one in calls],
                last=[one.last_day for one in calls],
            )

    def end_calls(self, campaign: UUID, now_ms: int) -> tuple[UUID, ...]:
        """End a campaign's open calls; return whose they were."""
        rows = self._rows(
            "update call_back set ended_ms = %(now)s where tenant_id = %(tenant)s"
            " and campaign_id = %(campaign)s and ended_ms is null returning member_id",
            campaign=campaign,
            now=now_ms,
        )
        return tuple(row.member_id for row in rows)

    def answer_call(self, answer: CallAnswer, now_ms: int) -> UUID | None:
        """Keep what came of a call, the first answer only; return whose it is, None if unknown."""
        self._run(
            "update call_back set outcome = %(outcome)s, answered_ms = %(at)s,"
            " store_id = %(store)s, clerk_id = %(clerk)b, ended_ms = coalesce(ended_ms, %(now)s)"
            " where tenant_id = %(tenant)s and call_id = %(call)s and outcome = ''",
            outcome=answer.outcome,
            at=answer.answered_ms,
            store=answer.store,
            clerk=answer.clerk,
            call=answer.call,
            now=now_ms,
        )
        rows = self._rows(
            "select member_id from call_back where tenant_id = %(tenant)s and call_id = %(call)s",
            call=answer.call,
        )
        return rows[0].member_id if rows else None

    # ---- what came of it ------------------------------------------------------------------------

    def tally(self, plan: Plan, campaign: UUID) -> Tally:
        """Count people, coupons, messages and calls."""
        arms = self._rows(
            "select arm, count(*) as n from campaign_person where tenant_id = %(tenant)s"
            " and campaign_id = %(campaign)s group by arm",
            campaign=campaign,
        )
        people = {row.arm: row.n for row in arms}
        sources = [coupon_source(campaign, one.rule) for one in plan.coupons]
        (coupons,) = self._rows(_COUPONS, campaign=campaign, sources=sources)
        messages = self._rows(
            "select state, reason, count(*) as n from campaign_message"
            " where tenant_id = %(tenant)s and campaign_id = %(campaign)s group by state, reason",
            campaign=campaign,
        )
        states: dict[str, int] = {}
        dropped: dict[str, int] = {}
        for row in messages:
            states[row.state] = states.get(row.state, 0) + row.n
            if row.state in {"dropped", "failed"}:
                dropped[row.reason] = dropped.get(row.reason, 0) + row.n
        calls = self._rows(
            "select case when ended_ms is null then 'open' else outcome end as state,"
            " count(*) as n from call_back where tenant_id = %(tenant)s"
            " and campaign_id = %(campaign)s group by 1",
            campaign=campaign,
        )
        answers = {row.state: row.n for row in calls if row.state}
        return Tally(
            *(people.get("treated", 0), people.get("held", 0)),
            *(coupons.given, coupons.used, coupons.open, answers.pop("open", 0)),
            *(states, dropped, answers),
        )

    def arms(self, campaign: UUID, measure_days: int) -> Arms:
        """Return both arms, by what each person spent since she came in."""
        return CampaignSums(self._connection, self._tenant).arms(campaign, measure_days)

    def add_look(self, campaign: UUID, look: Look) -> None:
        """Keep what was seen on a day, in place of what was seen earlier that day."""
        self._run(
            "insert into campaign_look values (%(tenant)s, %(campaign)s, %(day)s, %(ms)s,"
            " %(figures)s::jsonb) on conflict (tenant_id, campaign_id, day) do update"
            " set looked_ms = excluded.looked_ms, figures = excluded.figures",
            campaign=campaign,
            day=look.day,
            ms=look.looked_ms,
            figures=json.dumps(look.figures),
        )

    def looks(self, campaign: UUID) -> tuple[Look, ...]:
        """Return what was seen, day by day."""
        rows = self._rows(
            "select day, looked_ms, figures from campaign_look where tenant_id = %(tenant)s"
            " and campaign_id = %(campaign)s order by day",
            campaign=campaign,
        )
        return tuple(Look(row.day, row.looked_ms, row.figures) for row in rows)

    def _write(self, statement: str, one: Campaign) -> None:
        self._run(
            statement,
            campaign=one.campaign,
            name=one.plan.name,
            plan=json.dumps(said_plan(one.plan), ensure_ascii=False),
            state=one.state,
            made_by=one.made_by,
            made=one.made_ms,
            asked=one.asked_by,
            agreed=one.agreed_by,
            started=one.started_ms,
            stopped=one.stopped_ms,
            why=one.why,
            reached=one.reached,
            passed=one.passed_ms,
            looked=one.looked_ms,
            back=one.take_back,
            tidied=one.tidied,
        )


def _campaign(row: Row[Any]) -> Campaign:
    return Campaign(
        row.campaign_id,
        plan_of(row.plan),
        row.state,
        *(row.made_by, row.made_ms, row.asked_by, row.agreed_by),
        *(row.started_ms, row.stopped_ms, row.why),
        *(row.reached, row.passed_ms, row.looked_ms, row.take_back, row.tidied),
    )


def _missing(account: bytes | None) -> int | None:
    """Return what is missing to the next tier by spending."""
    ahead = None if account is None else _account.decode(account).next
    return None if ahead is None else ahead.fen
