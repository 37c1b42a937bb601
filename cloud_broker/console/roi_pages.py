"""Returns: channels and stores as charts, costs by file, the days stores are compared with."""

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from cloud_broker.console import live_charts
from cloud_broker.console.cleaning_pages import desks_of
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.domain.rights import Right, may
from cloud_broker.services.goods.cells import safe_cell
from cloud_broker.services.insight.costs import BYTES_MAX, TEMPLATE
from retail_core.errors import Fault
from retail_core.money import format_yuan
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:  # it brings linear algebra in
    from cloud_broker.services.insight.roi import Roi

PAGE = "/roi"
BACK = PAGE + "#costs"
ROWS_SHOWN = 100
Csrf = Annotated[str, Form()]


class RoiPages:
    """One page and the preview of a file; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE + "/{table}.csv", self.sheet, methods=["GET"])
        router.add_api_route(PAGE + "/baseline", self.baseline, methods=["POST"])
        router.add_api_route(PAGE + "/costs/look", self.look, methods=["POST"])
        router.add_api_route(PAGE + "/costs", self.take, methods=["POST"])
        router.add_api_route(PAGE + "/costs/{import_id}/undo", self.undo, methods=["POST"])

    def page(
        self, request: Request, first: str = "", last: str = "", everything: str = ""
    ) -> Response:
        """Show what channels and stores brought."""
        from cloud_broker.console import roi_charts  # noqa: PLC0415 - brings linear algebra in
        from cloud_broker.services.insight.roi_words import share  # noqa: PLC0415 - see above

        visit = self._shell.visit(request)
        desk, tenant = self._desk(), visit.who.tenant_id
        problem = None
        try:
            report = desk.report(tenant, _day(first), _day(last), quarantined=bool(everything))
        except Fault as fault:
            if fault.code is not FaultCode.ROI_SPAN:
                raise
            report, problem = desk.report(tenant), fault.text(visit.language)
        span = report.span
        return self._shell.page(
            visit,
            "roi.html",
            report=report,
            problem=problem,
            query=f"first={span.first}&last={span.last}&everything={'1' if everything else ''}",
            everything=bool(everything),
            channels=roi_charts.channel_bars(report.channels),
            stores=roi_charts.store_bars(report.stores),
            chart=roi_charts,
            live=live_charts,
            best=max(report.channels, key=lambda one: one.roi_permille or -1, default=None),
            helped=share(report.to_store_orders, sum(o.credit.orders for o in report.stores)),
            share=share,
            percent=_percent,
            ways=("shapley", "markov1", "markov2", "first", "last", "linear"),
            imports=desk.cost_imports(tenant),
            may_change=may(visit.who.role, Right.ROI_CHANGE),
        )

    def sheet(
        self,
        request: Request,
        table: Literal["channels", "stores", "costs"],
        first: str = "",
        last: str = "",
        everything: str = "",
    ) -> Response:
        """Give out a table, or an empty file of costs with every column."""
        visit = self._shell.visit(request)
        if table == "costs":
            return _sheet(TEMPLATE, table)
        from cloud_broker.services.insight import roi_words  # noqa: PLC0415 - see above
        from retail_core.insight.attribution.ways import WAYS  # noqa: PLC0415 - see above

        report = self._desk().report(
            visit.who.tenant_id, _day(first), _day(last), quarantined=bool(everything)
        )
        rows = (
            roi_words.channel_rows(report, WAYS)
            if table == "channels"
            else roi_words.store_rows(report)
        )
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerows(
            [safe_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
        )
        return _sheet(out.getvalue(), table)

    def baseline(
        self,
        request: Request,
        first: Annotated[str, Form(max_length=10)] = "",
        last: Annotated[str, Form(max_length=10)] = "",
        margin: Annotated[str, Form(max_length=6)] = "",
        csrf: Csrf = "",
    ) -> Response:
        """Choose against which days stores are compared."""
        visit = self._shell.writing_visit(request, csrf)

        def acted() -> Said:
            from_, until, permille = _day(first), _day(last), _permille(margin)
            if from_ is None or until is None:
                raise Fault(FaultCode.ROI_BASELINE, first=first, last=last, limit=732)
            self._desk().set_baseline(
                visit.who.tenant_id, from_, until, permille, who=visit.who.login
            )
            return Said(texts(visit.language)("roi.baseline_done"))

        return self._shell.told(visit, PAGE, acted)

    def look(
        self, request: Request, file: Annotated[UploadFile, File()], csrf: Csrf = ""
    ) -> Response:
        """Show what a file would be taken in as; nothing is kept."""
        visit = self._shell.writing_visit(request, csrf)
        content, name = file.file.read(BYTES_MAX + 1), file.filename or "costs.csv"
        desk, tenant = self._desk(), visit.who.tenant_id
        try:
            found = desk.look(tenant, content)
        except Fault as fault:
            return self._told(visit, _raising(fault))
        names = desk.shelf.store_names(tenant)
        return self._shell.page(
            visit,
            "roi_costs.html",
            name=name,
            found=found,
            shown=found.rows[:ROWS_SHOWN],
            more=len(found.rows) - ROWS_SHOWN,
            names=names,
            content=text_of(content),
        )

    def take(
        self,
        request: Request,
        name: Annotated[str, Form(max_length=200)],
        content: Annotated[str, Form(max_length=BYTES_MAX)],
        csrf: Csrf = "",
    ) -> Response:
        """Take a file in that was looked at."""
        visit = self._shell.writing_visit(request, csrf)

        def acted() -> Said:
            made = self._desk().take_costs(
                visit.who.tenant_id, name, content.encode(), who=visit.who.login
            )
            amount = format_yuan(made.fen)
            return Said(texts(visit.language)("roi.taken", n=made.rows, amount=amount))

        return self._told(visit, acted)

    def undo(self, request: Request, import_id: UUID, csrf: Csrf = "") -> Response:
        """Take an import back."""
        visit = self._shell.writing_visit(request, csrf)

        def acted() -> Said:
            self._desk().undo_costs(visit.who.tenant_id, import_id, who=visit.who.login)
            return Said(texts(visit.language)("roi.undone"))

        return self._told(visit, acted)

    def _told(self, visit: Visit, act: Callable[[], Said]) -> Response:
        return self._shell.told(visit, BACK, act)

    def _desk(self) -> "Roi":
        return desks_of(self._shell).roi()


def text_of(content: bytes) -> str:
    """Return a file's text, to be sent back with the form."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", "replace")


def _raising(fault: Fault) -> Callable[[], Said]:
    def act() -> Said:
        raise fault

    return act


def _sheet(text: str, table: str) -> Response:
    return Response(
        "\ufeff" + text,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{table}.csv"'},
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _permille(text: str) -> int | None:
    try:
        return round(float(text) * 10) if text.strip() else None
    except (ValueError, OverflowError):
        return -1


def _percent(permille: int | None) -> str:
    return "—" if permille is None else f"{permille / 10:,.1f} %"
