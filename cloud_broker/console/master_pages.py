"""Tables of the back office: upload, look at what would happen, put in force, take back."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.services.goods.office import How, Taken, Uploaded
from retail_core.catalog.masters import TABLES, MasterKind
from retail_core.catalog.planning import Act, PlannedRow
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

ROWS_SHOWN = 500
MAY_CHANGE = frozenset({"admin", "operations"})
# What goods cost the chain is not for everybody who looks at prices.
MAY_SEE_COSTS = frozenset({"admin", "operations"})
COST = "cost"
Order = Literal["row", "key", "act", "day"]
Csrf = Annotated[str, Form()]
Word = Annotated[str, Form(max_length=200)]
_RANK = {Act.REFUSED: 0, Act.ENDED: 1, Act.CHANGED: 2, Act.ADDED: 3, Act.UNCHANGED: 4}


class MasterPages:
    """The page of imports and one import's page; every act is a form that needs no script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/masters", self.page, methods=["GET"])
        router.add_api_route("/masters", self.upload, methods=["POST"])
        router.add_api_route("/unknown-codes", self.unknown, methods=["GET"])
        router.add_api_route("/unknown-codes", self.name_code, methods=["POST"])
        router.add_api_route("/masters/template/{kind}.csv", self.template, methods=["GET"])
        router.add_api_route("/masters/{import_id}", self.preview, methods=["GET"])
        router.add_api_route("/masters/{import_id}/apply", self.apply, methods=["POST"])
        router.add_api_route("/masters/{import_id}/undo", self.undo, methods=["POST"])

    def page(self, request: Request) -> Response:
        """Show the way in, and what was imported by whom."""
        visit = self._shell.visit(request)
        return self._shell.page(
            visit,
            "masters.html",
            kinds=tuple(MasterKind),
            rows=self._shell.deps.masters.history(visit.who.tenant_id),
            may_act=visit.who.role in MAY_CHANGE,
        )

    def template(self, request: Request, kind: MasterKind) -> Response:
        """Send an empty file with every column."""
        self._shell.visit(request)
        return Response(
            TABLES[kind].template(),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{kind.value}.csv"'},
        )

    def upload(
        self,
        request: Request,
        kind: Annotated[MasterKind, Form()],
        file: Annotated[UploadFile, File()],
        complete: Annotated[str, Form()] = "",
        csrf: Csrf = "",
    ) -> Response:
        """Keep a file and lead to what it would do."""
        visit = self._changing(request, csrf)
        content, name = file.file.read(), file.filename or kind.value
        masters, tenant = self._shell.deps.masters, visit.who.tenant_id
        try:
            up = masters.upload(
                tenant, kind, name, content, who=visit.who.login, how=How(bool(complete))
            )
        except Fault as fault:
            return self._refused(visit, fault)
        return RedirectResponse(f"/masters/{up.row.import_id}", status_code=303)

    def preview(
        self,
        request: Request,
        import_id: UUID,
        q: Annotated[str, Query(max_length=100)] = "",
        act: str = "",
        sort: Order | None = None,
    ) -> Response:
        """Show what a file would do now, what cannot be used first."""
        visit = self._shell.visit(request)
        up = self._shell.deps.masters.open(visit.who.tenant_id, import_id)
        rows = arranged(up, q, act, sort)
        return self._shell.page(
            visit,
            "master.html",
            row=up.row,
            preview=up.preview,
            counts=up.preview.plan.counts(),
            rows=rows[:ROWS_SHOWN],
            more=len(rows) - ROWS_SHOWN,
            query={"q": q, "act": act, "sort": sort or ""},
            acts=tuple(one for one in Act if one is not Act.UNCHANGED),
            orders=("row", "key", "act", "day"),
            hidden=() if visit.who.role in MAY_SEE_COSTS else (COST,),
            may_act=visit.who.role in MAY_CHANGE,
        )

    def apply(
        self,
        request: Request,
        import_id: UUID,
        version: Annotated[int, Form(ge=0)],
        skip: Annotated[str, Form()] = "",
        csrf: Csrf = "",
    ) -> Response:
        """Put a kept file in force, against the version that was shown."""
        visit = self._changing(request, csrf)
        masters, who = self._shell.deps.masters, visit.who

        def applied() -> Said:
            taken = masters.put_in_force(
                who.tenant_id, import_id, who=who.login, seen=version, skip_refused=bool(skip)
            )
            return _said(visit, "masters.applied", taken)

        return self._shell.told(visit, f"/masters/{import_id}", applied)

    def undo(self, request: Request, import_id: UUID, csrf: Csrf = "") -> Response:
        """Take an import back by a new one."""
        visit = self._changing(request, csrf)
        masters, who = self._shell.deps.masters, visit.who
        return self._shell.told(
            visit,
            "/masters",
            lambda: _said(
                visit, "masters.undone", masters.undo(who.tenant_id, import_id, who=who.login)
            ),
        )

    def unknown(self, request: Request) -> Response:
        """Show codes that tills sold and no article has."""
        visit = self._shell.visit(request)
        deps, tenant = self._shell.deps, visit.who.tenant_id
        return self._shell.page(
            visit,
            "unknown_codes.html",
            rows=deps.masters.unknown_codes(tenant),
            stores=len(deps.queries.store_tiles(tenant)),
            may_act=visit.who.role in MAY_CHANGE,
        )

    def name_code(  # noqa: PLR0913  # each is a field of the form
        self,
        request: Request,
        code: Word,
        sku: Word,
        name: Word = "",
        unit: Word = "",
        price: Word = "",
        csrf: Csrf = "",
    ) -> Response:
        """Give a code to an article, a new one if a name comes along."""
        visit = self._changing(request, csrf)
        masters, who = self._shell.deps.masters, visit.who
        cells = {"sku": sku.strip(), "name": name, "unit": unit, "price": price}

        def named() -> Said:
            masters.name_code(who.tenant_id, code, cells, who=who.login)
            return Said(texts(visit.language)("unknown_codes.named", code=code, sku=sku.strip()))

        return self._shell.told(visit, "/unknown-codes", named)

    def _changing(self, request: Request, csrf: str) -> Visit:
        visit = self._shell.writing_visit(request, csrf)
        if visit.who.role not in MAY_CHANGE:
            raise Fault(FaultCode.API_SCOPE_MISSING, scope="masters")
        return visit

    def _refused(self, visit: Visit, fault: Fault) -> Response:
        def refused() -> Said:
            raise fault

        return self._shell.told(visit, "/masters", refused)


def arranged(up: Uploaded, words: str, act: str, sort: Order | None) -> list[PlannedRow]:
    """Filter by words and act, and sort; what cannot be used stands first unless asked."""
    wanted = words.casefold().split()
    rows = [
        row
        for row in up.preview.plan.rows
        if (not act or row.act.value == act) and all(word in _text(row) for word in wanted)
    ]
    if sort == "row":
        return sorted(rows, key=lambda row: row.row)
    if sort == "key":
        return sorted(rows, key=lambda row: row.key)
    if sort == "day":
        return sorted(rows, key=lambda row: (row.day, row.row))
    return sorted(rows, key=lambda row: (_RANK[row.act], row.row))


def _text(row: PlannedRow) -> str:
    return " ".join((*row.key, *row.after.values(), *row.before.values())).casefold()


def _said(visit: Visit, key: str, taken: Taken) -> Said:
    done = sum(taken.counts.get(act.value, 0) for act in (Act.ADDED, Act.CHANGED, Act.ENDED))
    return Said(texts(visit.language)(key, n=done, version=taken.version))
