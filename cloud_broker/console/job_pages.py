"""Checks and rehearsals: how far one is, what it found; it goes on when the page is left."""

import csv
import io
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from cloud_broker.console import rule_views
from cloud_broker.console.command_pages import code_text
from cloud_broker.console.rule_pages import PAGE, Csrf, rights_of
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.domain.rule_work import findings, tallies
from cloud_broker.ports.drafts import RuleJob
from cloud_broker.services.goods.cells import safe_cell, yuan
from cloud_broker.services.rules.jobs import OPEN
from retail_core.pricing.rehearsal.replay import Tally


class JobPages:
    """One long work."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE + "/drafts/{draft_id}/jobs", self.ask, methods=["POST"])
        router.add_api_route(PAGE + "/jobs/{job_id}", self.page, methods=["GET"])
        router.add_api_route(PAGE + "/jobs/{job_id}/stop", self.stop, methods=["POST"])
        router.add_api_route(PAGE + "/jobs/{job_id}/offers.csv", self.sheet, methods=["GET"])

    def ask(
        self,
        request: Request,
        draft_id: UUID,
        kind: Annotated[Literal["lint", "replay", "paid"], Form()] = "lint",
        csrf: Csrf = "",
    ) -> Response:
        """Begin a check or a rehearsal and lead to its page."""
        visit = self._shell.writing_visit(request, csrf)
        where = [f"{PAGE}/drafts/{draft_id}"]

        def act() -> Said:
            desk = self._shell.deps.rules.jobs
            wanted: Literal["lint", "replay"] = "lint" if kind == "lint" else "replay"
            job = desk.ask(visit.who, draft_id, wanted, paid=kind == "paid")
            where[0] = f"{PAGE}/jobs/{job.job}"
            return Said(texts(visit.language)("rules.job_begun"))

        answer = self._shell.told(visit, where[0], act)
        answer.headers["Location"] = where[0]
        return answer

    def page(self, request: Request, job_id: UUID) -> Response:
        """Show how far a work is and what came of it."""
        visit = self._shell.visit(request)
        job, result = self._shell.deps.rules.jobs.job(visit.who.tenant_id, job_id)
        opened = self._shell.deps.rules.drafts.open(visit.who.tenant_id, job.draft, job.edit)
        found, figures = None, None
        if result and job.kind == "lint":
            found = rule_views.found_in_words(findings.decode(result), visit.language)
        if job.kind == "replay" and opened.checked.bundle is not None:
            tally = tallies.decode(result) if result else Tally()
            t = texts(visit.language)
            figures = rule_views.rehearsed(tally, opened.checked.bundle, t)
        return self._shell.page(
            visit,
            "rule_job.html",
            job=job,
            draft=opened.draft,
            is_open=job.state in OPEN,
            found=found,
            figures=figures,
            reason=code_text(job.reason, visit) if job.reason else "",
            rules={one.rule_id: one.name for one in _rules(opened.text)},
            **rights_of(visit),
        )

    def stop(self, request: Request, job_id: UUID, csrf: Csrf = "") -> Response:
        """End a work; what was worked out until then stays."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._shell.deps.rules.jobs.stop(visit.who, job_id)
            return Said(texts(visit.language)("rules.job_stopped"))

        return self._shell.told(visit, f"{PAGE}/jobs/{job_id}", act)

    def sheet(self, request: Request, job_id: UUID) -> Response:
        """Give out what each rule came to."""
        visit = self._shell.visit(request)
        job, result = self._shell.deps.rules.jobs.job(visit.who.tenant_id, job_id)
        text = _sheet(job, result, visit)
        return Response(text, media_type="text/csv; charset=utf-8")


def _rules(text: str) -> tuple[rule_views.RuleView, ...]:
    return rule_views.rules_unread(text)


def _sheet(job: RuleJob, result: bytes, visit: Visit) -> str:
    t, out = texts(visit.language), io.StringIO()
    writer = csv.writer(out)
    heads = ("rules.rule", "rules.name", "rules.receipts", "rules.uses", "rules.taken_off")
    writer.writerow([t(head) for head in heads])
    tally = tallies.decode(result) if result and job.kind == "replay" else Tally()
    for rule_id, sums in sorted(tally.offers.items()):
        named = (safe_cell(rule_id), safe_cell(sums.name))
        writer.writerow([*named, sums.receipts, sums.uses, yuan(sums.fen_off)])
    return "\ufeff" + out.getvalue()
