"""What clerks did, by store and days; alerts about them; and which membership is a clerk's own."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request, Response

from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import Language, texts
from cloud_broker.ports.clerks import Alert, AlertKind, AlertRow
from cloud_broker.services.hq.clerk_desk import MAY_JUDGE, ClerkDesk, figures_csv
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

_MS = 1_000
_WHY: dict[AlertKind, FaultCode] = {
    "own_card": FaultCode.CLERK_OWN_CARD,
    "harvest": FaultCode.CLERK_HARVEST,
    "own_claim": FaultCode.CLAIM_OWN_SALE,
    "key_given": FaultCode.CLERK_KEY_GIVEN,
}
Day = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


@dataclass(frozen=True, slots=True)
class Span:
    """The days and the store that are asked for."""

    first: date
    last: date
    store: UUID | None

    def csv(self) -> str:
        """Return the address of the same rows as a file."""
        store = "" if self.store is None else f"&store={self.store}"
        return f"/clerks.csv?first={self.first}&last={self.last}{store}"


class ClerkPages:
    """The page of clerks; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/clerks", self.page, methods=["GET"])
        router.add_api_route("/clerks.csv", self.csv, methods=["GET"])
        router.add_api_route("/clerks/alerts", self.seen, methods=["POST"])
        router.add_api_route("/clerks/members", self.link, methods=["POST"])

    def page(self, request: Request, first: Day = "", last: Day = "", store: str = "") -> Response:
        """Show figures, alerts and clerks."""
        visit = self._shell.visit(request)
        span, desk, tenant = self._span(visit, first, last, store), *self._at(visit)
        return self._shell.page(
            visit,
            "clerks.html",
            span=span,
            rows=desk.figures(tenant, span.first, span.last, span.store),
            alerts=[(row, why(row, visit.language)) for row in desk.alerts(tenant)],
            clerks=desk.clerks(tenant),
            stores=self._shell.deps.queries.store_tiles(tenant),
            may_act=visit.who.role in MAY_JUDGE,
        )

    def csv(self, request: Request, first: Day = "", last: Day = "", store: str = "") -> Response:
        """Send the figures as a file."""
        visit = self._shell.visit(request)
        span, desk, tenant = self._span(visit, first, last, store), *self._at(visit)
        rows = desk.figures(tenant, span.first, span.last, span.store)
        name = f"clerks-{span.first}-{span.last}.csv"
        return Response(
            figures_csv(rows, span.first, span.last),
            media_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
            },
        )

    def seen(  # noqa: PLR0913 -- the key of an alert, and what was noted
        self,
        request: Request,
        operator: Annotated[UUID, Form()],
        member: Annotated[UUID, Form()],
        day: Annotated[date, Form()],
        kind: Annotated[AlertKind, Form()],
        note: Annotated[str, Form(max_length=200)] = "",
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        """Note that somebody has looked at an alert."""
        visit = self._shell.writing_visit(request, csrf)
        alert = Alert(operator, member, day, kind, (), 0, 0)

        def act() -> Said:
            self._shell.deps.clerks.acknowledge(visit.who, alert, note)
            return Said(texts(visit.language)("clerks.seen_done"))

        return self._shell.told(visit, "/clerks", act)

    def link(
        self,
        request: Request,
        operator: Annotated[UUID, Form()],
        member: Annotated[str, Form(max_length=64)] = "",
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        """Say which membership is a clerk's own; an empty one takes it back."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._shell.deps.clerks.link(visit.who, operator, _member(member))
            return Said(texts(visit.language)("clerks.linked"))

        return self._shell.told(visit, "/clerks", act)

    def _at(self, visit: Visit) -> tuple[ClerkDesk, UUID]:
        return self._shell.deps.clerks, visit.who.tenant_id

    def _span(self, visit: Visit, first: str, last: str, store: str) -> Span:
        """Return the days asked for; this month up to today when none are."""
        zone = ZoneInfo(self._shell.deps.zone)
        today = datetime.fromtimestamp(visit.now_ms / _MS, UTC).astimezone(zone).date()
        try:
            until = date.fromisoformat(last) if last else today
            since = date.fromisoformat(first) if first else until.replace(day=1)
            return Span(since, until, UUID(store) if store else None)
        except ValueError:
            raise Fault(FaultCode.API_BODY_INVALID, detail=f"{first} {last} {store}") from None


def why(row: AlertRow, language: Language) -> str:
    """Return what stands out, in words."""
    who = f"{row.name} ({row.number})" if row.number else str(row.alert.operator)
    fault = Fault(_WHY[row.alert.kind], operator=who, sales=len(row.alert.receipts))
    return fault.text(language)


def _member(text: str) -> UUID | None:
    try:
        return UUID(text.strip()) if text.strip() else None
    except ValueError:
        raise Fault(FaultCode.API_BODY_INVALID, detail="member") from None
