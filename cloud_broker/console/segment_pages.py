"""Segments: the list, one with its history, and the form that says who belongs to it."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from cloud_broker.console import formats, live_charts
from cloud_broker.console.charts import MARGIN
from cloud_broker.console.render import fault_text
from cloud_broker.console.said import Said
from cloud_broker.console.segment_forms import (
    EVENTS,
    FIELDS,
    NEW_TAG,
    Edited,
    SegmentForm,
    definition_of,
    edited,
    shown_of,
    unit_of,
)
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.domain.rights import Right, may
from cloud_broker.domain.segments import COMPARES
from cloud_broker.ports.segments import Sampled, Segment, SegmentRun
from cloud_broker.ports.tags import TagSet, TagWord
from cloud_broker.services.access.worked_tags import WorkedTag, worked_tags
from cloud_broker.services.goods.cells import safe_cell
from cloud_broker.services.insight.segmenting import RUNS_SHOWN, Change, Looked, Segmenting
from retail_core.errors import Fault

PAGE = "/segments"
WIDTH, HEIGHT = 640, 120
Csrf = Annotated[str, Form()]
Column = Literal["name", "people", "change", "looked"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the list."""

    segment: Segment
    run: SegmentRun | None

    @property
    def people(self) -> int:
        """How many belonged to it at the last look."""
        return 0 if self.run is None else self.run.people

    @property
    def change(self) -> int:
        """How many more than at the look before."""
        return 0 if self.run is None else self.run.entered - self.run.left


class SegmentPages:
    """Every act is a form that works without a script; with one, the count follows the form."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE + ".csv", self.sheet, methods=["GET"])
        router.add_api_route(PAGE + "/new", self.new, methods=["GET"])
        router.add_api_route(PAGE + "/look", self.look, methods=["POST"])
        router.add_api_route(PAGE + "/save", self.save, methods=["POST"])
        one = PAGE + "/{segment_id}"
        router.add_api_route(one, self.segment, methods=["GET"])
        router.add_api_route(one + "/people.csv", self.people, methods=["GET"])
        router.add_api_route(one + "/{act}", self.act, methods=["POST"])

    def page(
        self,
        request: Request,
        q: Annotated[str, Query(max_length=100)] = "",
        sort: Column = "name",
        dir: Literal["asc", "desc"] = "asc",  # noqa: A002 - as the address has it
    ) -> Response:
        """Show the segments."""
        visit = self._shell.visit(request)
        every = self._listed(visit)
        return self._shell.page(
            visit,
            "segments.html",
            rows=_arranged(every, q, sort, descending=dir == "desc"),
            any_at_all=bool(every),
            query={"q": q, "sort": sort, "dir": dir},
            may_change=may(visit.who.role, Right.SEGMENTS_CHANGE),
        )

    def sheet(self, request: Request) -> Response:
        """Give out the list as a table."""
        visit = self._shell.visit(request)
        heads = ("name", "people", "entered", "left", "looked", "as_of")
        rows = [
            (
                *(str(one.segment.segment_id), safe_cell(one.segment.name)),
                *_figures(one.run, self._shell.deps.zone),
            )
            for one in self._listed(visit)
        ]
        return _sheet(visit, heads, rows, "segments.csv")

    def people(self, request: Request, segment_id: UUID) -> Response:
        """Give out who belongs to a segment, by number."""
        visit = self._shell.visit(request)
        tenant = visit.who.tenant_id
        self._work().one(tenant, segment_id)
        rows = [(str(one),) for one in self._work().people(tenant, segment_id)]
        return _sheet(visit, (), rows, "people.csv")

    def new(self, request: Request) -> Response:
        """Show the form for a segment that is to be."""
        visit = self._shell.visit(request)
        return self._shown(visit, Edited(rows=(NEW_TAG,)), None)

    def segment(self, request: Request, segment_id: UUID) -> Response:
        """Show a segment."""
        visit = self._shell.visit(request)
        held = self._work().one(visit.who.tenant_id, segment_id)
        return self._shown(visit, self._of(visit.who.tenant_id, held), held)

    def look(self, request: Request, form: Annotated[SegmentForm, Form()]) -> Response:
        """Show what the form comes to; nothing is kept."""
        visit = self._shell.writing_visit(request, form.csrf)
        held = None if form.segment is None else self._held(visit, form.segment)
        return self._shown(visit, edited(form), held)

    def save(self, request: Request, form: Annotated[SegmentForm, Form()]) -> Response:
        """Keep what the form says, as a segment or as its next version."""
        visit = self._shell.writing_visit(request, form.csrf)
        work, tenant, shown = self._work(), visit.who.tenant_id, edited(form)
        try:
            said = definition_of(shown, self._words(), self._ids(tenant))
            if form.segment is None:
                made = work.create(tenant, form.name, said, who=visit.who.login, note=form.note)
            else:
                new = Change(form.name, form.note, said)
                made = work.change(tenant, form.segment, form.was, new, who=visit.who.login)
        except Fault as fault:
            if fault.spec.category not in {"input", "conflict"}:
                raise
            refused = (fault.code.value, fault_text(fault, visit.language))
            held = None if form.segment is None else self._held(visit, form.segment)
            return self._shown(visit, replace(shown, refused=refused), held)
        t = texts(visit.language)
        run = work.book.last_runs(tenant)[made.segment_id]
        told = Said(t("segments.saved", name=made.name, n=run.people), well=True)
        return self._shell.told(visit, f"{PAGE}/{made.segment_id}", lambda: told)

    def act(
        self,
        request: Request,
        segment_id: UUID,
        act: Literal["recompute", "end"],
        csrf: Csrf = "",
    ) -> Response:
        """Look anew who belongs to a segment, or end it."""
        visit = self._shell.writing_visit(request, csrf)
        work, tenant, t = self._work(), visit.who.tenant_id, texts(visit.language)

        def done() -> Said:
            if act == "end":
                ended = work.end(tenant, segment_id, who=visit.who.login)
                return Said(t("segments.ended_now", name=ended.name), well=True)
            run = work.recompute(tenant, (segment_id,))[segment_id]
            return Said(
                t("segments.looked_now", n=run.people, entered=run.entered, left=run.left),
                well=True,
            )

        return self._shell.told(visit, f"{PAGE}/{segment_id}", done)

    # ---- inside ---------------------------------------------------------------------------------

    def _work(self) -> Segmenting:
        return self._shell.deps.segments

    def _words(self) -> dict[str, TagWord]:
        return {word.key: word for word in self._work().engine.words()}

    def _ids(self, tenant: UUID) -> dict[str, str]:
        regions, stores = self._work().book.places(tenant)
        return {one.name: str(one.place) for one in (*stores, *regions)}

    def _held(self, visit: Visit, segment_id: UUID) -> Segment:
        return self._work().one(visit.who.tenant_id, segment_id)

    def _listed(self, visit: Visit) -> list[Listed]:
        book, tenant = self._work().book, visit.who.tenant_id
        runs = book.last_runs(tenant)
        return [
            Listed(one, runs.get(one.segment_id))
            for one in book.segments(tenant)
            if one.ended_ms is None
        ]

    def _of(self, tenant: UUID, held: Segment) -> Edited:
        names = {one: name for name, one in self._ids(tenant).items()}
        shown = shown_of(held.definition, self._words(), names)
        return replace(
            shown, name=held.name, note=held.note, segment=held.segment_id, was=held.version
        )

    def _shown(self, visit: Visit, shown: Edited, held: Segment | None) -> Response:
        work, tenant, words = self._work(), visit.who.tenant_id, self._words()
        looked: Looked | None = None
        if not shown.refused[0] and (shown.rows or shown.raw):
            try:
                looked = work.look(tenant, definition_of(shown, words, self._ids(tenant)))
            except Fault as fault:
                if fault.spec.category != "input":
                    raise
                refused = (fault.code.value, fault_text(fault, visit.language))
                shown = replace(shown, refused=refused)
        runs = () if held is None else work.book.runs(tenant, held.segment_id, RUNS_SHOWN)
        regions, stores = work.book.places(tenant)
        return self._shell.page(
            visit,
            "segment.html",
            shown=shown,
            held=held,
            looked=looked,
            sample=() if looked is None else _worded(looked.some, words, work.today()),
            runs=runs,
            points=_points(runs),
            live=live_charts,
            versions=() if held is None else work.book.versions(tenant, held.segment_id),
            regions=regions,
            stores=stores,
            words=words,
            tiers=self._shell.deps.queries.tier_names(tenant),
            events=EVENTS,
            fields=FIELDS,
            compares=COMPARES,
            unit_of=lambda row: unit_of(row, words),
            may_change=may(visit.who.role, Right.SEGMENTS_CHANGE),
        )


def _worded(
    some: Sequence[Sampled], words: Mapping[str, TagWord], today: date
) -> tuple[tuple[Sampled, tuple[WorkedTag, ...]], ...]:
    known = tuple(words.values())
    return tuple((one, worked_tags(TagSet(one.person, "", today, one.tags), known)) for one in some)


def _arranged(
    rows: Sequence[Listed], words: str, sort: Column, *, descending: bool
) -> list[Listed]:
    keys: dict[Column, Any] = {
        "name": lambda row: row.segment.name,
        "people": lambda row: row.people,
        "change": lambda row: row.change,
        "looked": lambda row: 0 if row.run is None else row.run.at_ms,
    }
    wanted = words.casefold().split()
    found = [
        row
        for row in rows
        if all(word in f"{row.segment.name}\n{row.segment.note}".casefold() for word in wanted)
    ]
    return sorted(found, key=keys[sort], reverse=descending)


def _points(runs: Sequence[SegmentRun]) -> str:
    """Return the points of a line of how many there were, oldest first; "" for fewer than two."""
    if len(runs) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    first, last = runs[-1].at_ms, runs[0].at_ms
    top = max(1, *(run.people for run in runs))
    span = max(last - first, 1)
    return " ".join(
        f"{(run.at_ms - first) * WIDTH / span:.1f},"
        f"{HEIGHT - MARGIN - run.people * (HEIGHT - 2 * MARGIN) / top:.1f}"
        for run in reversed(runs)
    )


def _figures(run: SegmentRun | None, zone: str) -> tuple[object, ...]:
    if run is None:
        return ("", "", "", "", "")
    return run.people, run.entered, run.left, formats.iso(run.at_ms, zone), run.as_of.isoformat()


def _sheet(
    visit: Visit, heads: Sequence[str], rows: Sequence[Sequence[object]], name: str
) -> Response:
    t, out = texts(visit.language), io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["segment_id", *(t(f"segments.{head}") for head in heads)] if heads else ["member_id"]
    )
    writer.writerows(rows)
    return Response(
        "\ufeff" + out.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
