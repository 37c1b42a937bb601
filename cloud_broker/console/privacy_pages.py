"""Who leaves, what was erased, and whether everybody is charged alike: HQ's pages of them."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from cloud_broker.console.formats import stamp
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.domain.equal_treatment import Report, as_csv
from cloud_broker.domain.rights import Right, may
from cloud_broker.ports.privacy import Leaving, LeavingState
from cloud_broker.services.goods.cells import safe_cell
from cloud_broker.services.members.privacy_desks import PrivacyDesks
from retail_core.errors import Fault
from retail_core.identity.erasure_certificate import open_certificate, to_file
from retail_core.texts.faults import FaultCode

PAGE = "/privacy"
EQUAL = "/equal-treatment"
SHOWN = 200
# A page is worked out while somebody waits; a longer span is the command's.
DAYS, DAYS_MAX = 7, 31
Day = Annotated[date | None, Query()]


class PrivacyPages:
    """Every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE + ".csv", self.csv, methods=["GET"])
        router.add_api_route(
            PAGE + "/certificates/{erasure_id}.json", self.certificate, methods=["GET"]
        )
        router.add_api_route(PAGE + "/{leaving_id}/{decision}", self.decide, methods=["POST"])
        router.add_api_route("/members/{member_id}/leaving", self.ask, methods=["POST"])
        router.add_api_route("/members/{member_id}/export.json", self.export, methods=["GET"])
        router.add_api_route(EQUAL, self.equal, methods=["GET"])
        router.add_api_route(EQUAL + ".csv", self.equal_csv, methods=["GET"])

    def page(self, request: Request) -> Response:
        """Show who leaves, what waits for a second person, and the certificates."""
        visit = self._shell.visit(request)
        desks, tenant = self._desks(), visit.who.tenant_id
        made = desks.shelf.certificates(tenant, SHOWN)
        return self._shell.page(
            visit,
            "privacy.html",
            leavings=desks.leavings.leavings(tenant),
            waiting={
                one.leaving: len(desks.shelf.unheard(tenant, [one.member]))
                for one in desks.leavings.leavings(tenant)
                if one.state is LeavingState.TELLING
            },
            certificates=[(one, open_certificate(one.signed)) for one in made],
            may_act=may(visit.who.role, Right.MEMBERS_CHANGE),
        )

    def csv(self, request: Request) -> Response:
        """Send the list of leavings as a file."""
        visit = self._shell.visit(request)
        out = io.StringIO()
        rows = csv.writer(out)
        names = ("state", "channel", "asked", "asked_by", "why", "second", "due")
        t = texts(visit.language)
        rows.writerow([t(f"privacy.{name}") for name in names])
        for one in self._desks().leavings.leavings(visit.who.tenant_id):
            rows.writerow([safe_cell(cell) for cell in self._cells(one, visit)])
        return _file(out.getvalue(), "leavings.csv", "text/csv; charset=utf-8")

    def certificate(self, request: Request, erasure_id: UUID) -> Response:
        """Send a certificate of erasure as a file."""
        visit = self._shell.visit(request)
        for one in self._desks().shelf.certificates(visit.who.tenant_id, 100_000):
            if one.erasure == erasure_id:
                text = to_file(one.signed).decode()
                return _file(text, f"erasure-{erasure_id}.json", "application/json")
        raise Fault(FaultCode.API_NOT_FOUND, what="certificate")

    def decide(
        self,
        request: Request,
        leaving_id: UUID,
        decision: Literal["agree", "refuse"],
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        """Agree as a second person, or refuse."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._desks().leavings.decide(
                visit.who.tenant_id, leaving_id, visit.who.login, agree=decision == "agree"
            )
            return Said(texts(visit.language)(f"privacy.done_{decision}"), well=True)

        return self._shell.told(visit, PAGE, act)

    def ask(
        self,
        request: Request,
        member_id: UUID,
        why: Annotated[str, Form(max_length=300)] = "",
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        """Ask that a member be let go; a second person decides."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._desks().leavings.request(
                visit.who.tenant_id, member_id, "hq", visit.who.login, why.strip()
            )
            return Said(texts(visit.language)("privacy.asked_for"), well=True)

        return self._shell.told(visit, f"/members/{member_id}", act)

    def export(self, request: Request, member_id: UUID) -> Response:
        """Send all that is held of a member as a file."""
        visit = self._shell.visit(request)
        told = self._desks().export.of(visit.who.tenant_id, member_id, visit.who.login)
        text = json.dumps(told, ensure_ascii=False, indent=1, default=str)
        return _file(text, f"member-{member_id}.json", "application/json")

    def equal(self, request: Request, first: Day = None, last: Day = None) -> Response:
        """Show whether everybody was charged alike."""
        visit = self._shell.visit(request)
        report = self._report(visit, first, last)
        return self._shell.page(visit, "equal_treatment.html", report=report, days_max=DAYS_MAX)

    def equal_csv(self, request: Request, first: Day = None, last: Day = None) -> Response:
        """Send the findings as a file."""
        visit = self._shell.visit(request)
        report = self._report(visit, first, last)
        name = f"equal-treatment-{report.first}-{report.last}.csv"
        return _file(as_csv(report), name, "text/csv; charset=utf-8")

    def _report(self, visit: Visit, first: date | None, last: date | None) -> Report:
        until = last or datetime.fromtimestamp(visit.now_ms / 1000, UTC).date()
        since = first or until - timedelta(days=DAYS - 1)
        if until - since >= timedelta(days=DAYS_MAX):
            raise Fault(FaultCode.API_BODY_INVALID, detail=f"{since}..{until}")
        return self._desks().equal.audit(visit.who.tenant_id, since, until)

    def _cells(self, one: Leaving, visit: Visit) -> tuple[str, ...]:
        t, zone = texts(visit.language), self._shell.deps.zone
        due = "" if one.due_ms is None else stamp(one.due_ms, zone)
        return (
            *(t(f"privacy_state.{one.state.value}"), t(f"privacy_channel.{one.channel}")),
            *(stamp(one.asked_ms, zone), one.asked_by, one.why, one.second, due),
        )

    def _desks(self) -> PrivacyDesks:
        return self._shell.deps.privacy


def _file(text: str, name: str, media: str) -> Response:
    return Response(
        text,
        media_type=media,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
