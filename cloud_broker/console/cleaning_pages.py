"""What is set apart and why, by rule; lifted with a reason; messages that could not be used."""

import csv
import io
from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from cloud_broker.console import formats
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell
from cloud_broker.console.texts import Texts, texts
from cloud_broker.domain.rights import Right, may
from cloud_broker.ports.cleaning import Ruling, Wanted, Which
from cloud_broker.services.goods.cells import safe_cell, yuan
from cloud_broker.services.insight.cleaning import WHY_CHARS_MAX
from cloud_broker.services.insight.insight_desks import InsightDesks
from retail_core.errors import Fault
from retail_core.insight.cleaning.decision import Rule
from retail_core.texts.faults import FaultCode

PAGE = "/cleaning"
SHOWN = 200
SHEET_MAX = 100_000
PAYLOAD_SHOWN = 400
HEADS = (
    *("day", "channel", "kind", "subject", "rule", "weight", "amount", "detail"),
    *("decided_by", "lifted_at", "who_lifted", "lifted_why"),
)
Csrf = Annotated[str, Form()]
Why = Annotated[str, Form(max_length=WHY_CHARS_MAX)]
RuleName = Annotated[str, Query(max_length=40)]


class CleaningPages:
    """One page; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE + ".csv", self.sheet, methods=["GET"])
        router.add_api_route(PAGE + "/orders", self.set_apart, methods=["POST"])
        router.add_api_route(
            PAGE + "/refused/{refused_id}/{act}", self.decide_refused, methods=["POST"]
        )
        router.add_api_route(PAGE + "/{decision_id}/{act}", self.decide, methods=["POST"])

    def page(self, request: Request, which: Which = "apart", rule: RuleName = "") -> Response:
        """Show what is set apart, by rule, and each channel with and without."""
        visit = self._shell.visit(request)
        desks, tenant = desks_of(self._shell), visit.who.tenant_id
        t = texts(visit.language)
        seen = desks.cleaning.overview(tenant)
        return self._shell.page(
            visit,
            "cleaning.html",
            seen=seen,
            apart_fen=sum(one.apart_fen for one in seen.channels),
            rows=desks.cleaning.rulings(tenant, Wanted(which, rule, limit=SHOWN)),
            shown=SHOWN,
            which=which,
            rule=rule,
            rules=tuple(one.value for one in Rule),
            detail=lambda one: detail_words(t, one.sign.detail),
            refused=desks.collecting.refused(tenant),
            why_refused=lambda one: Fault(FaultCode(one.code)).text(visit.language),
            payload=lambda one: one.payload[:PAYLOAD_SHOWN].decode("utf-8", "replace"),
            may_change=may(visit.who.role, Right.CLEANING_CHANGE),
            why_max=WHY_CHARS_MAX,
        )

    def sheet(self, request: Request, which: Which = "all", rule: RuleName = "") -> Response:
        """Give out decisions as a table."""
        visit = self._shell.visit(request)
        t, out = texts(visit.language), io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["id", *(t(f"cleaning.{head}") for head in HEADS)])
        found = desks_of(self._shell).cleaning.rulings(
            visit.who.tenant_id, Wanted(which, rule, limit=SHEET_MAX)
        )
        for one in found:
            writer.writerow(self._cells(one, t))
        return Response(
            "\ufeff" + out.getvalue(),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="cleaning.csv"'},
        )

    def _cells(self, one: Ruling, t: Texts) -> list[object]:
        sign, zone = one.sign, self._shell.deps.zone
        lifted = "" if one.lifted_ms is None else formats.iso(one.lifted_ms, zone)
        return [
            *(str(one.decision), sign.days[-1].isoformat(), sign.channel),
            *(t(f"cleaning_kind.{sign.kind}"), sign.subject, f"{sign.rule} v{sign.version}"),
            *(sign.weight, yuan(sign.net_fen), safe_cell(detail_words(t, sign.detail))),
            *(safe_cell(one.decided_by), lifted, safe_cell(one.lifted_by)),
            safe_cell(one.lifted_why),
        ]

    def decide(
        self,
        request: Request,
        decision_id: UUID,
        act: Literal["lift", "restore"],
        why: Why = "",
        csrf: Csrf = "",
    ) -> Response:
        """Lift a decision, or let it stand again."""
        visit = self._shell.writing_visit(request, csrf)

        def acted() -> Said:
            cleaning = desks_of(self._shell).cleaning
            done = cleaning.lift if act == "lift" else cleaning.restore
            done(visit.who.tenant_id, decision_id, who=visit.who.login, why=why)
            return Said(texts(visit.language)(f"cleaning.{act}_done"))

        return self._shell.told(visit, PAGE, acted)

    def set_apart(
        self,
        request: Request,
        order: Annotated[str, Form(max_length=64)] = "",
        why: Why = "",
        csrf: Csrf = "",
    ) -> Response:
        """Set an order or a sale apart by hand."""
        visit = self._shell.writing_visit(request, csrf)

        def acted() -> Said:
            desks_of(self._shell).cleaning.set_apart(
                visit.who.tenant_id, order.strip(), who=visit.who.login, why=why
            )
            return Said(texts(visit.language)("cleaning.apart_done"))

        return self._shell.told(visit, PAGE, acted)

    def decide_refused(
        self, request: Request, refused_id: UUID, act: Literal["again", "drop"], csrf: Csrf = ""
    ) -> Response:
        """Try a message again, or let go of it."""
        visit = self._shell.writing_visit(request, csrf)

        def acted() -> Said:
            collecting, t = desks_of(self._shell).collecting, texts(visit.language)
            tenant, who = visit.who.tenant_id, visit.who.login
            if act == "drop":
                collecting.drop(tenant, refused_id, who=who)
                return Said(t("cleaning.dropped"))
            took = collecting.again(tenant, refused_id, who=who)
            return Said(t("cleaning.taken", n=took.stored))

        return self._shell.told(visit, PAGE + "#refused", acted)


def desks_of(shell: Shell) -> InsightDesks:
    """Return the desks; Fault API_NOT_FOUND where there are none."""
    desks = shell.deps.insight
    if desks is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=PAGE)
    return desks


def detail_words(t: Texts, detail: Mapping[str, int | str]) -> str:
    """Return the figures behind a decision in words."""
    parts = (
        f"{t.or_else(f'cleaning_detail.{name}', name)} {value}" for name, value in detail.items()
    )
    return t("app.comma").join(parts)
