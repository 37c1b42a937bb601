"""A draft of rules: its rules in words and as JSON, a form for each, checks, publication."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from cloud_broker.console import rule_forms, rule_views
from cloud_broker.console.render import fault_text
from cloud_broker.console.rule_pages import PAGE, Csrf, asked, look_page, rights_of
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.domain.rule_work import findings
from cloud_broker.services.rules.drafting import DraftOpen, RuleSaving, Saving, group_of
from cloud_broker.services.rules.publishing import WHY_CHARS_MAX, Asked
from retail_core.errors import Fault
from retail_core.pricing.comparing.staging import Stage
from retail_core.texts.faults import FaultCode

_FORM_FAULTS = {FaultCode.RULES_FORM_WRONG, FaultCode.OFFER_INVALID, FaultCode.RULES_DRAFT_CHANGED}


class PublishForm(BaseModel):
    """A publication as the page that showed it asks for it."""

    seen: int = Field(0, ge=0)
    edit: int = Field(0, ge=0)
    stores: list[str] = []
    regions: list[str] = []
    why: str = Field("", max_length=WHY_CHARS_MAX)
    csrf: str = ""


class DraftPages:
    """One draft; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        at = PAGE + "/drafts/{draft_id}"
        router.add_api_route(at, self.page, methods=["GET"])
        router.add_api_route(at, self.save, methods=["POST"])
        router.add_api_route(at + "/rule", self.rule, methods=["GET"])
        router.add_api_route(at + "/rule", self.save_rule, methods=["POST"])
        router.add_api_route(at + "/drop", self.drop, methods=["POST"])
        router.add_api_route(at + "/publish", self.look, methods=["GET"])
        router.add_api_route(at + "/publish", self.publish, methods=["POST"])

    # ---- the whole draft ------------------------------------------------------------------------

    def page(self, request: Request, draft_id: UUID, edit: int = 0) -> Response:
        """Show a draft, by default at its newest edit."""
        visit = self._shell.visit(request)
        return self._shown(visit, self._open(visit, draft_id, edit), edit=edit)

    def save(
        self,
        request: Request,
        draft_id: UUID,
        text: Annotated[str, Form()] = "",
        name: Annotated[str, Form(max_length=200)] = "",
        edit: Annotated[int, Form(ge=0)] = 0,
        csrf: Csrf = "",
    ) -> Response:
        """Save the JSON; what somebody else saved meanwhile is set beside it, and nothing lost."""
        visit = self._shell.writing_visit(request, csrf)
        saving = Saving(edit, text.replace("\r\n", "\n"), name or None)
        try:
            opened = self._shell.deps.rules.drafts.save(visit.who, draft_id, saving)
        except Fault as fault:
            opened = self._open(visit, draft_id)
            answer = self._shown(visit, opened, fault=fault, mine=saving.text, name=name)
            answer.status_code = fault.spec.http_status
            return answer
        said = Said(texts(visit.language)("rules.saved", edit=opened.draft.edit))
        return self._shell.told(visit, f"{PAGE}/drafts/{draft_id}", lambda: said)

    def drop(self, request: Request, draft_id: UUID, csrf: Csrf = "") -> Response:
        """Lay a draft aside."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._shell.deps.rules.drafts.drop(visit.who, draft_id)
            return Said(texts(visit.language)("rules.dropped"))

        return self._shell.told(visit, PAGE, act)

    def _open(self, visit: Visit, draft_id: UUID, edit: int = 0) -> DraftOpen:
        return self._shell.deps.rules.drafts.open(visit.who.tenant_id, draft_id, edit)

    def _shown(
        self,
        visit: Visit,
        opened: DraftOpen,
        *,
        edit: int = 0,
        fault: Fault | None = None,
        mine: str | None = None,
        name: str = "",
    ) -> Response:
        desks, tenant = self._shell.deps.rules, visit.who.tenant_id
        bundle = opened.checked.bundle
        jobs = desks.jobs.jobs(tenant, opened.draft.draft)
        newest = {kind: next((one for one in jobs if one.kind == kind), None) for kind in JOB_KINDS}
        lint = newest["lint"]
        found: tuple[rule_views.FindingView, ...] = ()
        if lint is not None and lint.state == "done":
            result = desks.jobs.job(tenant, lint.job)[1]
            found = rule_views.found_in_words(findings.decode(result), visit.language)
        changes, reach = None, None
        changed: tuple[rule_views.ChangeView, ...] = ()
        if bundle is not None and opened.draft.state in {"open", "waiting"}:
            shown = Asked(0, opened.draft.draft, edit or opened.draft.edit)
            look = desks.office.look(tenant, shown)
            changes, reach = look.changes, look
            changed = rule_views.changes_of(changes, look.before, look.after, visit.language)
        rules = (
            rule_views.rules_unread(opened.text)
            if bundle is None
            else rule_views.rules_of(bundle, visit.language, found)
        )
        checked = opened.checked
        return self._shell.page(
            visit,
            "rule_draft.html",
            opened=opened,
            draft=opened.draft,
            looked_at=edit or opened.draft.edit,
            text=opened.text if mine is None else mine,
            name=name or opened.draft.name,
            rules=rules,
            error="" if checked.fault is None else fault_text(checked.fault, visit.language),
            lines=rule_views.around(opened.text, checked.line),
            line=checked.line,
            told="" if fault is None else fault_text(fault, visit.language),
            told_code="" if fault is None else fault.code.value,
            apart="" if mine is None else rule_views.apart(opened.text, mine),
            kinds=rule_forms.FORMS,
            lint=lint,
            replay=newest["replay"],
            found=found,
            changes=changes,
            changed=changed,
            look=reach,
            stores=sorted(self._shell.deps.fleet.places(tenant).stores.values()),
            regions=sorted(self._shell.deps.fleet.places(tenant).regions.values()),
            **rights_of(visit),
        )

    # ---- one rule -------------------------------------------------------------------------------

    def rule(self, request: Request, draft_id: UUID, kind: str = "", rule: str = "") -> Response:
        """Show the form of a rule, or of a new one of a kind."""
        visit = self._shell.visit(request)
        opened = self._open(visit, draft_id)
        held = rule_in(opened.text, rule)
        kind = str(held.get("kind", "gift")) if held else kind
        if kind not in rule_forms.FORMS or (rule and not held):
            raise Fault(FaultCode.API_NOT_FOUND, what=f"rule {rule or kind}")
        return self._form(visit, opened, (kind, rule), rule_forms.shown(kind, held), None)

    async def save_rule(self, request: Request, draft_id: UUID) -> Response:
        """Save one rule, or take it out; a form that is wrong comes back as it was filled in."""
        form = await request.form()
        given: dict[str, list[str]] = {}
        for name, value in form.multi_items():
            given.setdefault(name, []).append(str(value))
        return await run_in_threadpool(self._save_rule, request, draft_id, given)

    def _save_rule(
        self, request: Request, draft_id: UUID, given: Mapping[str, list[str]]
    ) -> Response:
        first = {name: values[0] for name, values in given.items()}
        visit = self._shell.writing_visit(request, first.get("csrf", ""))
        desk, t = self._shell.deps.rules.drafts, texts(visit.language)
        rule_id, kind = first.get("rule", ""), first.get("kind", "")
        opened = self._open(visit, draft_id)
        held = rule_in(opened.text, rule_id)
        if kind not in rule_forms.FORMS or not first.get("edit", "").isdigit():
            raise Fault(FaultCode.API_NOT_FOUND, what=f"kind {kind}")
        group = rule_forms.FORMS[kind].group
        edit = int(first["edit"])
        try:
            rule = None if "remove" in first else rule_forms.filled(kind, held, given)
            desk.save_rule(visit.who, draft_id, RuleSaving(edit, group, rule_id, rule))
        except Fault as fault:
            if fault.code not in _FORM_FAULTS:
                raise
            answer = self._form(visit, opened, (kind, rule_id), given, fault)
            answer.status_code = fault.spec.http_status
            return answer
        said = Said(t("rules.rule_removed" if rule is None else "rules.rule_saved"))
        return self._shell.told(visit, f"{PAGE}/drafts/{draft_id}", lambda: said)

    def _form(
        self,
        visit: Visit,
        opened: DraftOpen,
        which: tuple[str, str],
        values: Mapping[str, list[str]],
        fault: Fault | None,
    ) -> Response:
        kind, rule_id = which
        form = rule_forms.FORMS[kind]
        paths = [field.path for field in rule_forms.fields_of(kind)]
        return self._shell.page(
            visit,
            "rule_form.html",
            draft=opened.draft,
            kind=kind,
            rule_id=rule_id,
            own=form.own,
            head=rule_forms.HEAD,
            sections=rule_forms.SECTIONS,
            values=values,
            tiers=_tiers(opened, visit),
            days=rule_forms.DAYS,
            error="" if fault is None else form_words(fault, visit),
            error_code="" if fault is None else fault.code.value,
            wrong="" if fault is None else wrong_path(fault, paths),
            is_new=not rule_id,
            **rights_of(visit),
        )

    # ---- publication ----------------------------------------------------------------------------

    def look(
        self,
        request: Request,
        draft_id: UUID,
        how: Literal["all", "stores", "regions"] = "all",
    ) -> Response:
        """Show what a publication would change and for which shops."""
        visit = self._shell.visit(request)
        names = tuple(name for name in request.query_params.getlist(how) if name)
        stage = _stage(how, names)
        opened = self._open(visit, draft_id)
        wanted = Asked(0, draft_id, opened.draft.edit, stage)
        address = f"{PAGE}/drafts/{draft_id}"
        try:
            seen = self._shell.deps.rules.office.look(visit.who.tenant_id, wanted)
        except Fault as fault:
            said = Said(fault_text(fault, visit.language), well=False, code=fault.code.value)
            return self._shell.told(visit, address, lambda: said)
        return look_page(
            *(self._shell, visit, seen, address + "/publish", address),
            stage=stage,
            edit=opened.draft.edit,
        )

    def publish(
        self, request: Request, draft_id: UUID, form: Annotated[PublishForm, Form()]
    ) -> Response:
        """Publish what was looked at, or have it wait for a second person."""
        visit = self._shell.writing_visit(request, form.csrf)
        stores, regions = frozenset(form.stores), frozenset(form.regions)
        stage = Stage(stores, regions) if stores or regions else None
        wanted = Asked(form.seen, draft_id, form.edit, stage, why=form.why)
        return asked(self._shell, visit, wanted)


JOB_KINDS = ("lint", "replay")


def rule_in(text: str, rule_id: str) -> dict[str, Any]:
    """Return a rule of a draft's JSON by its id, {} for none."""
    try:
        plain = json.loads(text)
        group = group_of(rule_id, plain) if rule_id else None
    except (ValueError, AttributeError, TypeError):
        return {}
    rules = [] if group is None else plain[group]
    return next((dict(one) for one in rules if one.get("id") == rule_id), {})


def form_words(fault: Fault, visit: Visit) -> str:
    """Return a fault in words, a field by the name that the form gives it."""
    if fault.code is not FaultCode.RULES_FORM_WRONG:
        return fault_text(fault, visit.language)
    path = str(fault.fields["field"])
    named = texts(visit.language).or_else(f"rule_field.{path}", path)
    return fault_text(Fault(fault.code, **fault.fields | {"field": named}), visit.language)


def wrong_path(fault: Fault, paths: list[str]) -> str:
    """Return the path of the form's field that a fault is about, "" for none."""
    said = str(fault.fields.get("field", ""))
    return next(
        (path for path in paths if said == path or said.startswith((f"{path}[", f"{path}."))), ""
    )


def _tiers(opened: DraftOpen, visit: Visit) -> dict[str, str]:
    if opened.checked.bundle is not None:
        return rule_views.tier_names(opened.checked.bundle, visit.language)
    try:
        names = json.loads(opened.text).get("tier_names", {})
    except (ValueError, AttributeError):
        return {}
    return {str(code): str(name) for code, name in names.items()} if isinstance(names, dict) else {}


def _stage(how: str, names: tuple[str, ...]) -> Stage | None:
    if how == "all":
        return None
    chosen = frozenset(names)
    return Stage(stores=chosen) if how == "stores" else Stage(regions=chosen)
