"""The summary of known persons: made, published, and how a box brings its own up to date.

A first version holds everybody. The next ones hold what came since: only the new bits travel, some
ten bytes a person. It is made anew when the chain has outgrown it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.persons import FilterVersion, NewFilter
from cloud_broker.ports.unit import Units
from retail_core.errors import Fault
from retail_core.identity.person_filter import PersonFilter, encode_additions
from retail_core.texts.faults import FaultCode
from retail_core.wire.persons import ADDITIONS_MAX, PersonsPlan

PAGE = 20_000
CAPACITY_MIN = 20_000
# An identity is entered with the clock of before its commit, which may be long in coming.
OVERLAP_MS = 3_600_000
REFRESH_MS = 6 * 3_600_000
# A whole build takes half a minute for a million; the ingest process does smaller ones itself.
BUILD_BESIDE_MAX = 200_000
# When what was added since is a quarter of the whole, the whole is sent.
WORTH_ADDING = 4


@dataclass(frozen=True, slots=True)
class Made:
    """A version that was published; `mistakes` is the share of strangers taken for known."""

    version: FilterVersion
    whole: bool
    sent_bytes: int
    mistakes: float


class PersonFilters:
    """Makes and hands out the filter of a tenant's phones."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def publish(
        self, tenant: UUID, *, who: str, whole: bool = False, capacity: int = 0
    ) -> Made | None:
        """Publish what is new, or all of it; None when there is nothing to say.

        `capacity`: for how many persons a whole one is made, at least a quarter more than there are
        """
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            newest, persons = unit.person_filters.newest(), unit.person_filters.persons()
            content = None
            if newest is not None and persons <= newest.capacity and not whole:
                content = unit.person_filters.content(newest.version)
        if newest is not None and content is not None:
            made = self._grown(tenant, (newest, content), persons, now_ms)
        else:
            made = self._built(tenant, newest, (persons, capacity), now_ms)
        return None if made is None else self._publish(tenant, made, who, now_ms)

    def refresh_due(self, tenant: UUID) -> Made | None:
        """Publish what is new when the newest is hours old; a large first build is left to HQ."""
        with self._units.begin(tenant) as unit:
            newest, persons = unit.person_filters.newest(), unit.person_filters.persons()
        if newest is not None and newest.scanned_ms > self._clock.now_ms() - REFRESH_MS:
            return None
        fits = newest is not None and persons <= newest.capacity
        if not persons or (not fits and persons > BUILD_BESIDE_MAX):
            return None
        return self.publish(tenant, who="clock")

    def plan(self, tenant: UUID, held: int) -> PersonsPlan:
        """Return how a box with a version (0 for none) comes to the newest; Fault API_NOT_FOUND."""
        with self._units.begin(tenant) as unit:
            newest = unit.person_filters.newest()
            added = unit.person_filters.additions(held) if held else ()
        if newest is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="persons")
        plan = PersonsPlan(newest.version, newest.sha256, newest.size, whole=False)
        if held == newest.version:
            return plan
        steps = tuple(one for one in added if one is not None)
        complete = len(steps) == newest.version - held <= ADDITIONS_MAX
        if held and complete and sum(map(len, steps)) * WORTH_ADDING < newest.size:
            return PersonsPlan(newest.version, newest.sha256, newest.size, False, steps)  # noqa: FBT003 -- wire structs are positional
        return PersonsPlan(newest.version, newest.sha256, newest.size, True)  # noqa: FBT003 -- see above

    def content(self, tenant: UUID, version: int) -> bytes:
        """Return the newest version as a whole. Raises Fault API_NOT_FOUND."""
        with self._units.begin(tenant) as unit:
            content = unit.person_filters.content(version)
        if content is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"persons {version}")
        return content

    # ---- inside ---------------------------------------------------------------------------------

    def _grown(
        self, tenant: UUID, held: tuple[FilterVersion, bytes], persons: int, now_ms: int
    ) -> NewFilter | None:
        newest, content = held
        known = PersonFilter.decoded(content)
        places = known.added(self._phones(tenant, newest.scanned_ms - OVERLAP_MS))
        if not places and persons == known.count:
            return None
        known.count = persons
        version = replace(newest, version=newest.version + 1, persons=persons, scanned_ms=now_ms)
        additions = encode_additions(known.bits, persons, places)
        return _hashed(NewFilter(version, known.encoded(), additions))

    def _built(
        self,
        tenant: UUID,
        newest: FilterVersion | None,
        wanted: tuple[int, int],
        now_ms: int,
    ) -> NewFilter | None:
        persons, capacity = wanted
        room = max(capacity, persons + persons // 4, CAPACITY_MIN)
        known = PersonFilter.sized(room)
        known.add(self._phones(tenant, 0))
        known.count = max(persons, 0)
        number = 1 if newest is None else newest.version + 1
        return _hashed(
            NewFilter(FilterVersion(number, b"", 0, persons, room, now_ms), known.encoded())
        )

    def _phones(self, tenant: UUID, since_ms: int) -> Iterator[bytes]:
        """Return identities page by page, each page a transaction of its own."""
        after = b""
        while True:
            with self._units.begin(tenant) as unit:
                page = unit.person_filters.phones(max(since_ms, 0), after, PAGE)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1]

    def _publish(self, tenant: UUID, made: NewFilter, who: str, now_ms: int) -> Made | None:
        version = made.version
        with self._units.begin(tenant) as unit:
            if not unit.person_filters.add(made, who, now_ms):
                return None
            detail = {"persons": version.persons, "whole": made.additions is None}
            unit.hq.audit(AuditEntry(who, "persons.publish", str(version.version), detail), now_ms)
            unit.announce(LiveEvent(tenant, frozenset({"published"})))
        known = PersonFilter.decoded(made.content)
        sent = made.content if made.additions is None else made.additions
        return Made(version, made.additions is None, len(sent), known.mistakes)


def _hashed(made: NewFilter) -> NewFilter:
    version = replace(made.version, sha256=sha256(made.content).digest(), size=len(made.content))
    return replace(made, version=version)
