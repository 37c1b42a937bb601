"""Members of the system before: moved in chunks, each durable; totals compared; taken back whole.

Whoever is known already by her number or card is not made twice: her card and points join what she
has. Points come as postings of the ledger, and go back the same way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.points import Moment
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.imports import (
    FileImport,
    MovedTotals,
)
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from cloud_broker.services.insight.card_hashes import CardHashes
from cloud_broker.services.insight.file_rows import Rows, opened, sha_of
from cloud_broker.services.insight.member_moving import Move, Moving, People, Undo, note
from cloud_broker.services.insight.order_files import Progress, Refused, RefusedRow
from cloud_broker.services.points.desk import entity_of
from retail_core.checkout.business_date import DAY_STARTS_AT, business_date
from retail_core.errors import Fault
from retail_core.insight.channel_orders.people import (
    PeopleMapped,
    card_patterns,
    people_mapped,
    read_person,
)
from retail_core.texts.faults import FaultCode

CHUNK: Final = 500
UNDO_CHUNK: Final = 200
CARDS_LOOKED_AT = 200_000
RULE_BACK: Final = "import-undo"
_MS = 1_000


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What of a file went back; `left` points were spent, or lie in boxes that were asked."""

    rows: int
    points: int
    left: int


@dataclass(frozen=True, slots=True)
class MemberFiles:
    """Moves members."""

    units: Units
    clock: Clock
    ids: IdSource
    keys: KeyRing
    zone: str

    def check(
        self, path: Path, mapping: Mapping[str, Any] | None, told: Progress, refused: Refused
    ) -> tuple[People, tuple[str, ...]]:
        """Read a file and store nothing; return its totals and the patterns of its cards.

        `made` counts people by number and card within the file. Faults IMPORT_COLUMNS, …_MAPPING.
        """
        found, seen = People(), set[str]()
        cards: list[str] = []
        with opened(path) as rows:
            how = people_mapped(rows.header, mapping)
            for row, cells in rows:
                found.rows += 1
                try:
                    one = read_person(cells, row, how, self._today())
                except Fault as fault:
                    found.refused += 1
                    refused(RefusedRow(row, fault))
                    continue
                names = {f"p{one.phone}"} if one.phone else set()
                names |= {f"c{one.card}"} if one.card else set()
                joins = bool(names & seen)
                seen |= names
                if one.card and len(cards) < CARDS_LOOKED_AT:
                    cards.append(one.card)
                note(found, one, made=not joins, cards=bool(one.card) + bool(one.card_uid))
                told(rows.bytes_read, rows.bytes)
        return found, card_patterns(cards)

    def run(
        self,
        tenant: UUID,
        path: Path,
        mapping: Mapping[str, Any] | None,
        *,
        moving: Moving,
        told: Progress,
        refused: Refused,
    ) -> FileImport:
        """Move a file in; one that was broken off goes on, one that is done changes nothing.

        Faults IMPORT_COLUMNS, IMPORT_MAPPING, IMPORT_BUSY, API_NOT_FOUND for the entity.
        """
        sha, hashes = sha_of(path), CardHashes.of(self.keys.keys(tenant))
        with opened(path) as rows:
            how = people_mapped(rows.header, mapping)
            file = self._begun(tenant, path, sha, how, moving)
            if file.state == "done":
                return file
            later = ((row, cells) for row, cells in _numbered(rows) if row > file.rows_done)
            while chunk := list(islice(later, CHUNK)):
                move = Move(self.ids, tenant, file, how, moving, hashes)
                wrong: list[RefusedRow] = []
                with self.units.begin(tenant) as unit:
                    file = move.take(unit, chunk, self.moment(), wrong)
                for one in sorted(wrong, key=lambda one: one.row):
                    refused(one)
                told(rows.bytes_read, rows.bytes)
        with self.units.begin(tenant) as unit:
            unit.file_imports.turn(file.import_id, "done", self.clock.now_ms())
            detail: dict[str, object] = dict(file.counts)
            entry = AuditEntry(moving.who, "import.members", str(file.import_id), detail)
            unit.hq.audit(entry, self.clock.now_ms())
        return replace(file, state="done")

    def compare(self, tenant: UUID, file: FileImport) -> MovedTotals:
        """Return what of a file stands in the books. Fault IMPORT_TOTALS where it is not all."""
        with self.units.begin(tenant) as unit:
            stand = unit.movers.totals(file.import_id)
        said = People.of(file.counts)
        for what, expected, found in (
            ("rows", said.good, stand.rows),
            ("points", said.points, stand.points),
            *(
                (f"tier {tier}", count, stand.by_tier.get(tier, 0))
                for tier, count in said.tiers.items()
            ),
        ):
            if expected != found:
                raise Fault(FaultCode.IMPORT_TOTALS, what=what, expected=expected, found=found)
        return stand

    def undo(self, tenant: UUID, file: FileImport, who: str, told: Progress) -> TakenBack:
        """Take back what a file brought; what was spent stays spent and is told.

        May be asked again: what boxes held goes back when it has come from them.
        """
        with self.units.begin(tenant) as unit:
            unit.file_imports.turn(file.import_id, "undoing", self.clock.now_ms())
        done, back, left, whole = 0, 0, 0, People.of(file.counts).good
        while True:
            now = self.clock.now_ms()
            with self.units.begin(tenant) as unit:
                rows = unit.movers.still_given(file.import_id, UNDO_CHUNK)
                if not rows:
                    unit.file_imports.turn(file.import_id, "undone", now)
                    detail: dict[str, object] = {"points": back, "left": left}
                    entry = AuditEntry(who, "import.undo", str(file.import_id), detail)
                    unit.hq.audit(entry, now)
                    return TakenBack(done, back, left)
                taken = Undo(unit, tenant, file, self.moment()).take(rows, self.ids)
            done, back = done + len(rows), back + sum(taken.values())
            left += sum(one.points - taken[one.row] for one in rows)
            told(done, max(whole, done))

    def moment(self) -> Moment:
        """Return now, as the books count it."""
        now = self.clock.now_ms()
        return Moment(self._today(), now, now)

    # ---- inside ---------------------------------------------------------------------------------

    def _today(self) -> date:
        local = datetime.fromtimestamp(self.clock.now_ms() / _MS, UTC).astimezone(
            ZoneInfo(self.zone)
        )
        return business_date(local.replace(tzinfo=None), DAY_STARTS_AT)

    def _begun(
        self, tenant: UUID, path: Path, sha: bytes, how: PeopleMapped, moving: Moving
    ) -> FileImport:
        said = how.said() | {"entity": moving.entity, "everywhere": moving.everywhere}
        new = FileImport(
            self.ids.uuid7(), "members", path.name[:200], sha, said, moving.who, self.clock.now_ms()
        )
        with self.units.begin(tenant) as unit:
            entity_of(unit, moving.entity)
            held = unit.file_imports.begin(new)
        if dict(held.how) != said:
            raise Fault(FaultCode.IMPORT_MAPPING, reason=f"import {held.import_id}")
        return held


def _numbered(rows: Rows) -> Iterator[tuple[int, Mapping[str, str]]]:
    yield from rows
