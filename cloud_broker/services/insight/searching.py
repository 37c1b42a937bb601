"""Every night everybody is compared with everybody: who is surely one is linked, the rest is shown.

A link of the night joins no wallet by itself: that takes the consent of both. What a person took
back once the night does not say again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import structs

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.evidence import Alike, KnownAs, Likening, Pair, Run
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.insight.heard import heard
from cloud_broker.services.insight.identity_desk import NIGHTLY, text_of
from cloud_broker.services.insight.settling import Settling
from retail_core.errors import Fault
from retail_core.insight.persons.kinds import MEMBER, Handle
from retail_core.insight.persons.records import Comparable, Record, born_of, comparable
from retail_core.insight.persons.signs import NO_YEAR, enough, signs_of
from retail_core.texts.faults import FaultCode

BY: Final = NIGHTLY
RULE: Final = "splink/1"
FROM: Final = time(3)
STEPS: Final = ("records", "compare", "link")
# Below what links by itself, however likely: a name and a day without its year are not enough.
_LOOK_AT: Final = 0.989


@dataclass(frozen=True, slots=True)
class Searching:
    """Searches; `run` is called again and again, and does something when it is time or asked."""

    units: Units
    clock: Clock
    ids: IdSource
    settling: Settling
    likening: Likening
    zone: str = "Asia/Shanghai"

    def run(self, tenant: UUID) -> int:
        """Search when somebody asked, or once a night; return how many pairs were found."""
        found = self._due(tenant)
        return 0 if found is None else sum(self.search(tenant, found).counts.values())

    def ask(self, tenant: UUID, who: str) -> Run:
        """Ask for a search now; Fault IDENTITY_BUSY."""
        run = Run(self.ids.uuid7(), who, self.clock.now_ms())
        with self.units.begin(tenant) as unit:
            if not unit.likenesses.ask_run(run):
                raise Fault(FaultCode.IDENTITY_BUSY)
        return run

    def search(self, tenant: UUID, asked: Run) -> Run:
        """Search to the end; what goes wrong is kept with the search."""
        run = replace(asked, state="running", began_ms=self.clock.now_ms(), step=STEPS[0])
        self._save(tenant, run)
        try:
            counts = self._search(tenant, run)
            done = replace(run, state="done", step="", counts=counts)
        except Fault as fault:
            done = replace(run, state="failed", why=f"{fault.code.value} {fault.text('zh')}"[:400])
        done = replace(done, ended_ms=self.clock.now_ms())
        with self.units.begin(tenant) as unit:
            unit.likenesses.save_run(done)
            entry = AuditEntry(
                run.asked_by, "identity.searched", str(run.run_id), dict(done.counts)
            )
            unit.hq.audit(entry, self.clock.now_ms())
        return done

    def _search(self, tenant: UUID, run: Run) -> Mapping[str, int]:
        self.settling.everything(tenant)
        with self.units.begin(tenant) as unit:
            records = unit.likenesses.records()
        compared = _comparable(records)
        self._save(tenant, replace(run, step=STEPS[1], counts={"records": len(records)}))
        alike = self.likening.alike(list(compared.values()))
        self._save(tenant, replace(run, step=STEPS[2], counts={"records": len(records)}))
        handles = {text_of(one.handle): one.handle for one in records}
        pairs = self._pairs(tenant, alike, compared, handles)
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            unit.evidence.one_at_a_time()
            unit.likenesses.save_pairs(run.run_id, pairs, now)
            sure = [((one.first, one.second), now) for one in pairs if one.state == "linked"]
            linked = unit.evidence.hear(heard(sure, f"{BY}:{RULE}", now))
        self.settling.everything(tenant)
        waiting = sum(one.state == "open" for one in pairs)
        return {"records": len(records), "pairs": len(pairs), "linked": linked, "review": waiting}

    def _pairs(
        self,
        tenant: UUID,
        alike: Sequence[Alike],
        compared: Mapping[str, Comparable],
        handles: Mapping[str, Handle],
    ) -> list[Pair]:
        """Return pairs of persons, each once; those that are one, or are said to be two, not."""
        best: dict[tuple[Handle, Handle], Pair] = {}
        with self.units.begin(tenant) as unit:
            person_of = _persons(unit, alike, handles)
            for one in alike:
                first, second = sorted((person_of[one.first], person_of[one.second]))
                if first == second:
                    continue
                pair = self._pair(one, (first, second), compared)
                held = best.get((first, second))
                if held is None or held.likely < pair.likely:
                    best[first, second] = pair
            apart = _said_apart(unit, best)
        return [pair for ends, pair in sorted(best.items()) if ends not in apart]

    def _pair(
        self, one: Alike, ends: tuple[Handle, Handle], compared: Mapping[str, Comparable]
    ) -> Pair:
        first, second = compared[one.first], compared[one.second]
        signs = {sign.key: sign.weight for sign in signs_of(first, second, one.weights)}
        sure = one.automatic and enough(first, second)
        likely = one.likely if sure else min(one.likely, _LOOK_AT)
        state, who = ("linked", BY) if sure else ("open", "")
        named = self.ids.uuid7()
        return Pair(named, *ends, likely, signs, RULE, state, decided_by=who)  # type: ignore[arg-type]

    def _due(self, tenant: UUID) -> Run | None:
        """Return the search that somebody asked for, or tonight's when it is time."""
        now = self.clock.now_ms()
        local = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(self.zone))
        with self.units.begin(tenant) as unit:
            runs = unit.likenesses.runs(1)
            newest = runs[0] if runs else None
            if newest is not None and newest.state in {"asked", "running"}:
                return newest  # one that is running was cut off: nobody else runs it
            ran = None if newest is None else self._day(newest.asked_ms)
            if local.time() < FROM or ran == local.date():
                return None
            run = Run(self.ids.uuid7(), BY, now)
            return run if unit.likenesses.ask_run(run) else None

    def _day(self, at_ms: int) -> object:
        moment = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(self.zone))
        return moment.date()

    def _save(self, tenant: UUID, run: Run) -> None:
        with self.units.begin(tenant) as unit:
            unit.likenesses.save_run(run)


def _comparable(records: Sequence[KnownAs]) -> dict[str, Comparable]:
    """Return records made comparable by name; numbers and mailboxes are hashes already."""
    known = {text_of(one.handle): one for one in records}
    plain = comparable(
        Record(name, one.name, address=one.address, born=_born(one.born))
        for name, one in known.items()
    )
    return {
        one.record_id: structs.replace(
            one,
            phone=known[one.record_id].phone or None,
            email=known[one.record_id].email or None,
            born=one.born or _no_year(known[one.record_id].born),
        )
        for one in plain
    }


def _born(text: str) -> str:
    return "" if text.startswith(NO_YEAR) else text


def _no_year(text: str) -> str | None:
    return text if text.startswith(NO_YEAR) and born_of(text) else None


def _persons(
    unit: Unit, alike: Sequence[Alike], handles: Mapping[str, Handle]
) -> dict[str, Handle]:
    """Return by which name each record's person goes now: a membership's, where she has one."""
    names = {name for one in alike for name in (one.first, one.second)}
    found = unit.evidence.persons([handles[name] for name in names])
    return {
        name: Handle(MEMBER, str(found[handles[name]])) if handles[name] in found else handles[name]
        for name in names
    }


def _said_apart(
    unit: Unit, pairs: Mapping[tuple[Handle, Handle], Pair]
) -> set[tuple[Handle, Handle]]:
    """Return of which pairs a person says that they are two, by whichever of their names."""
    whose: dict[Handle, Handle] = {}
    for end in sorted({end for pair in pairs for end in pair}):
        whose[end] = end
        if end.kind == MEMBER:
            whose.update(dict.fromkeys(unit.evidence.handles(UUID(end.value)), end))
    said = {
        tuple(sorted(whose.get(one, one) for one in row.link.ends))
        for row in unit.evidence.standing(list(whose))
        if row.link.apart
    }
    return {pair for pair in pairs if pair in said}
