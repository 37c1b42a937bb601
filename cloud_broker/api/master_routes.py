"""Master data for partner systems: what stands in a table, a preview of a change, the change.

A partner's key opens it, each table with scopes of its own; what goods cost is one of them.
"""

import csv
import io
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field, model_validator

from cloud_broker.api.deps import Box, Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.domain.rights import TABLES_OF, KeyScope
from cloud_broker.services.access.partners import Partner
from cloud_broker.services.goods.office import How, Preview
from retail_core import limits
from retail_core.catalog.masters import TABLES, MasterKind
from retail_core.catalog.reasons import RowError
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

BYTES = "application/octet-stream"
ROWS_MAX = 1_000
SHOWN_MAX = 1_000
COST = "cost"
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody} for status in (401, 403, 404, 409, 413, 422, 429)
}


class MasterFile(BaseModel, extra="forbid"):
    """A change: `csv` as a back office exports it, or `rows` by column; one of the two."""

    csv: str | None = Field(None, examples=["sku,price,effective_from\nA1,59.00,2026-12-01\n"])
    rows: list[dict[str, str]] | None = Field(None, max_length=limits.MASTER_ROWS_MAX)
    complete: bool = Field(default=False, description="the whole table: what is not named ends")
    skip_errors: bool = Field(default=False, description="take the good rows all the same")
    version: int | None = Field(None, ge=0, description="of the preview; refused if it moved on")

    @model_validator(mode="after")
    def _one_of_them(self) -> "MasterFile":
        if (self.csv is None) == (self.rows is None):
            raise ValueError(Words("give csv or rows", "csv 和 rows 请给一个"))
        return self

    def text(self) -> str:
        """Return the change as CSV."""
        if self.csv is not None:
            return self.csv
        rows = self.rows or []
        names = list(dict.fromkeys(name for row in rows for name in row))
        out = io.StringIO()
        writer = csv.DictWriter(out, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()


class Problem(BaseModel):
    """What is wrong in one cell; rows count from 1, the header is 1."""

    row: int
    column: str
    reason: str
    value: str
    zh: str
    en: str


class Effect(BaseModel):
    """What happens to one row: column → [before, after]."""

    row: int
    key: list[str]
    act: str
    effective_from: str
    changes: dict[str, list[str]]
    problems: list[Problem]


class Planned(BaseModel):
    """What a change would do: counts, at most 1,000 rows with the refused ones first."""

    version: int
    counts: dict[str, int]
    stores: int = Field(description="how many shops would notice")
    rows: list[Effect]
    notes: list[Problem]


class InForce(BaseModel):
    """What a change did."""

    version: int
    counts: dict[str, int]
    published_version: int


class TableRow(BaseModel):
    """One row as it stands today."""

    key: list[str]
    from_day: str
    cells: dict[str, str]


class TablePage(BaseModel):
    """A part of a table; ask again with `after` until it is None."""

    version: int
    rows: list[TableRow]
    after: str | None


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/master`, and what boxes fetch of stock and suggestions."""
    routes = APIRouter()
    routes.include_router(_partners(doors))
    routes.include_router(boxes(doors))
    return routes


def _partners(doors: Doors) -> APIRouter:
    routes = APIRouter(prefix="/v1/master", tags=["master"], responses=_ERRORS)
    masters = doors.deps.office.masters

    Caller = Annotated[Partner, Depends(doors.partner)]  # noqa: N806 - an alias is a type

    @routes.get("/{kind}")
    def table(
        caller: Caller,
        kind: MasterKind,
        after: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 200,
    ) -> TablePage:
        """Return a table as it stands today."""
        caller.require(TABLES_OF[kind][0])
        version, rows = masters.table(caller.tenant, kind)
        later = [row for row in rows if "\t".join(row[0]) > after]
        page = [
            TableRow(key=list(key), from_day=held.day.isoformat(), cells=_shown(caller, held.cells))
            for key, held in later[:limit]
        ]
        more = "\t".join(page[-1].key) if len(later) > limit else None
        return TablePage(version=version, rows=page, after=more)

    @routes.post("/{kind}/preview")
    def preview(caller: Caller, kind: MasterKind, file: MasterFile) -> Planned:
        """Say what a change would do; nothing is stored."""
        caller.require(TABLES_OF[kind][0])
        how = How(complete=file.complete)
        return _planned(caller, masters.preview(caller.tenant, kind, _text(file), how))

    @routes.post("/{kind}")
    def apply(caller: Caller, kind: MasterKind, file: MasterFile) -> InForce:
        """Put a change in force in one piece; the same again changes nothing."""
        caller.require(TABLES_OF[kind][1])
        how = How(file.complete, file.skip_errors, file.version)
        taken = masters.apply(caller.tenant, kind, _text(file), who=caller.who, how=how)
        return InForce(
            version=taken.version, counts=dict(taken.counts), published_version=taken.published
        )

    @routes.get(
        "/{kind}/template",
        response_class=Response,
        responses={200: {"content": {"text/csv": {}}}},
    )
    def template(caller: Caller, kind: MasterKind) -> Response:
        """Return an empty file with every column."""
        caller.require(TABLES_OF[kind][0])
        return Response(TABLES[kind].template(), media_type="text/csv; charset=utf-8")

    return routes


def boxes(doors: Doors) -> APIRouter:
    """Return the routes that boxes fetch stock and suggestions from, alone."""
    routes = APIRouter(prefix="/v1/device", tags=["device"], responses={401: {"model": ErrorBody}})
    deps = doors.deps
    FromBox = Annotated[Box, Depends(doors.box)]  # noqa: N806 - an alias is a type
    content: dict[int | str, dict[str, Any]] = {200: {"content": {BYTES: {}}}}

    @routes.get("/stock", response_class=Response, responses=content)
    def stock(box: FromBox) -> Response:
        """Return what lies in the box's own store."""
        now = deps.clock.now_ms()
        return Response(deps.office.stock.table(box.tenant, box.place, now), media_type=BYTES)

    @routes.get(
        "/recommendations",
        response_class=Response,
        responses=content | {404: {"model": ErrorBody}},
    )
    def recommendations(box: FromBox) -> Response:
        """Return the newest table of recommendations."""
        return Response(deps.devices.newest(box.tenant, "recommendations"), media_type=BYTES)

    return routes


def _text(file: MasterFile) -> str:
    text = file.text()
    if "\x00" in text:
        raise Fault(FaultCode.API_BODY_INVALID, detail="NUL")
    return text


def _shown(caller: Partner, cells: Mapping[str, str]) -> dict[str, str]:
    return {
        name: cell for name, cell in cells.items() if name != COST or caller.may(KeyScope.COST_READ)
    }


def _planned(caller: Partner, preview: Preview) -> Planned:
    plan = preview.plan
    rows = sorted(plan.rows, key=lambda row: (not row.errors, row.row))[:SHOWN_MAX]
    return Planned(
        version=preview.version,
        counts=plan.counts(),
        stores=len(preview.stores),
        rows=[
            Effect(
                row=row.row,
                key=list(row.key),
                act=row.act.value,
                effective_from=row.day.isoformat(),
                changes={
                    name: list(pair)
                    for name, pair in row.changes.items()
                    if name != COST or caller.may(KeyScope.COST_READ)
                },
                problems=[_problem(error) for error in row.errors],
            )
            for row in rows
        ],
        notes=[_problem(note) for note in plan.notes],
    )


def _problem(error: RowError) -> Problem:
    return Problem(
        row=error.row,
        column=error.column,
        reason=error.reason.value,
        value=error.value,
        zh=error.text("zh"),
        en=error.text("en"),
    )
