"""Members' own words in PostgreSQL."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at
from cloud_broker.ports.profiles import Profile
from retail_core.growth.birthdays import Birthday

_SAVE = """
insert into member_profile values (%(tenant)s, %(member)s, %(calendar)s, %(month)s, %(day)s,
  %(leap)s, %(now)s, %(personal)s, %(groups)b, %(told)s,
  %(year)s)
on conflict (tenant_id, member_id) do update set calendar = excluded.calendar,
  birth_month = excluded.birth_month, birth_day = excluded.birth_day,
  birth_leap = excluded.birth_leap, birth_set_at = excluded.birth_set_at,
  personal = excluded.personal, groups = excluded.groups, told = excluded.told,
  birth_year = excluded.birth_year
"""
_BORN = """
select p.* from member_profile p
join unnest(%(calendar)b::text[], %(month)b::smallint[], %(day)b::smallint[], %(leap)b::boolean[])
  as b(calendar, month, day, leap)
  on b.calendar = p.calendar and b.month = p.birth_month and b.day = p.birth_day
  and b.leap = p.birth_leap
where p.tenant_id = %(tenant)s and (%(after)s::uuid is null or p.member_id > %(after)s)
order by p.member_id limit %(limit)s
"""


class PostgresProfiles(Repository):
    """Fulfils `ProfileRepo`."""

    def profiles(self, members: Collection[UUID]) -> dict[UUID, Profile]:
        """Return profiles; who never said anything is absent."""
        rows = self._rows(
            "select * from member_profile where tenant_id = %(tenant)s"
            " and member_id = any(%(members)b::uuid[])",
            members=list(members),
        )
        return {row.member_id: _profile(row) for row in rows}

    def save(self, profile: Profile, now_ms: int) -> None:
        """Store a profile."""
        born = profile.birthday
        self._run(
            _SAVE,
            member=profile.member,
            calendar=None if born is None else born.calendar,
            month=None if born is None else born.month,
            day=None if born is None else born.day,
            leap=False if born is None else born.leap,
            now=at(now_ms),
            personal=profile.personal,
            groups=list(profile.groups),
            told=profile.told,
            year=profile.birth_year,
        )

    def born(
        self, births: Collection[Birthday], after: UUID | None, limit: int
    ) -> tuple[Profile, ...]:
        """Return profiles with any of these birthdays, in the order of the members' ids."""
        wanted = sorted(births)
        rows = self._rows(
            _BORN,
            calendar=[one.calendar for one in wanted],
            month=[one.month for one in wanted],
            day=[one.day for one in wanted],
            leap=[one.leap for one in wanted],
            after=after,
            limit=limit,
        )
        return tuple(_profile(row) for row in rows)

    def given_for(self, members: Collection[UUID]) -> tuple[date, ...]:
        """Return the birthdays for which any of these members was given something."""
        rows = self._rows(
            "select day from birthday_given where tenant_id = %(tenant)s"
            " and member_id = any(%(members)b::uuid[])",
            members=list(members),
        )
        return tuple(row.day for row in rows)

    def give_for(self, member: UUID, day: date, now_ms: int) -> None:
        """Note that a member was given something for a birthday."""
        self._run(
            "insert into birthday_given values (%(tenant)s, %(member)s, %(day)s, %(now)s)"
            " on conflict do nothing",
            member=member,
            day=day,
            now=at(now_ms),
        )


def _profile(row: Row[Any]) -> Profile:
    born = None
    if row.calendar is not None:
        born = Birthday(row.calendar, row.birth_month, row.birth_day, row.birth_leap)
    return Profile(row.member_id, born, row.personal, tuple(row.groups), row.told, row.birth_year)
