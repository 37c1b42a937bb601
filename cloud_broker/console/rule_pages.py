"""Rules: versions and what is in them, drafts to begin, publications, the way back."""

import csv
import io
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from cloud_broker.console import formats, rule_views
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.domain.rights import Right, may
from cloud_broker.ports.drafts import RuleOrder
from cloud_broker.services.goods.cells import safe_cell
from cloud_broker.services.rules.publishing import WHY_CHARS_MAX, Asked, Look
from retail_core.pricing.comparing.differing import differences
from retail_core.pricing.rules.bundle import parse_bundle

PAGE = "/offers"
Csrf = Annotated[str, Form()]
Why = Annotated[str, Form(max_length=WHY_CHARS_MAX)]
HASH_SHOWN = 12


class RulePages:
    """The list and a version; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE + ".csv", self.sheet, methods=["GET"])
        router.add_api_route(PAGE + "/drafts", self.begin, methods=["POST"])
        at = PAGE + "/versions/{version}"
        router.add_api_route(at, self.version, methods=["GET"])
        router.add_api_route(at + "/bundle.json", self.file, methods=["GET"])
        router.add_api_route(at + "/back", self.look_back, methods=["GET"])
        router.add_api_route(at + "/back", self.back, methods=["POST"])
        router.add_api_route(PAGE + "/orders/{rule_order}/{act}", self.decide, methods=["POST"])

    def page(self, request: Request) -> Response:
        """Show versions, drafts, and publications."""
        visit = self._shell.visit(request)
        desks, tenant = self._shell.deps.rules, visit.who.tenant_id
        return self._shell.page(
            visit,
            "rules.html",
            seen=desks.drafts.overview(tenant),
            boxes=len(self._shell.deps.fleet.places(tenant).boxes),
            where=lambda order: where_of(order, visit),
            hash_shown=HASH_SHOWN,
            **rights_of(visit),
        )

    def sheet(self, request: Request) -> Response:
        """Give out the versions as a table."""
        visit = self._shell.visit(request)
        t, out = texts(visit.language), io.StringIO()
        writer = csv.writer(out)
        heads = ("rules.version", "rules.when", "rules.by", "rules.boxes", "rules.hash")
        writer.writerow([t(head) for head in heads])
        seen = self._shell.deps.rules.drafts.overview(visit.who.tenant_id)
        for one in seen.published:
            moment = formats.iso(one.made_ms, self._shell.deps.zone)
            held = seen.boxes.get(one.version, 0)
            writer.writerow([one.version, moment, safe_cell(one.made_by), held, one.sha256.hex()])
        return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8")

    def begin(
        self,
        request: Request,
        name: Annotated[str, Form(max_length=200)] = "",
        version: Annotated[int, Form(ge=0)] = 0,
        csrf: Csrf = "",
    ) -> Response:
        """Begin a draft and lead to it."""
        visit = self._shell.writing_visit(request, csrf)
        where = [PAGE]

        def act() -> Said:
            draft = self._shell.deps.rules.drafts.begin(visit.who, name, version)
            where[0] = f"{PAGE}/drafts/{draft.draft}"
            return Said(texts(visit.language)("rules.begun"))

        answer = self._shell.told(visit, PAGE, act)
        answer.headers["Location"] = where[0]
        return answer

    def version(self, request: Request, version: int) -> Response:
        """Show a version in words, what it changed, and which shops sell by it."""
        visit = self._shell.visit(request)
        desks, tenant = self._shell.deps.rules, visit.who.tenant_id
        published, text = desks.drafts.version(tenant, version)
        bundle = parse_bundle(text.encode())
        seen = desks.drafts.overview(tenant)
        earlier = [one.version for one in seen.published if one.version < version]
        changes, before = None, bundle
        if earlier:
            before = parse_bundle(desks.drafts.version(tenant, earlier[0])[1].encode())
            changes = differences(before, bundle)
        with_it = desks.drafts.boxes_with(tenant, version)
        book = self._shell.deps.fleet.places(tenant)
        stores = {one.store for one in book.boxes if one.device in with_it}
        return self._shell.page(
            visit,
            "rule_version.html",
            published=published,
            bundle=bundle,
            rules=rule_views.rules_of(bundle, visit.language),
            changes=changes,
            before=earlier[0] if earlier else 0,
            changed=()
            if changes is None
            else rule_views.changes_of(changes, before, bundle, visit.language),
            stores=sorted((book.stores[one], one) for one in stores),
            newest=seen.published[0].version,
            **rights_of(visit),
        )

    def file(self, request: Request, version: int) -> Response:
        """Give out a version's JSON as it was published."""
        visit = self._shell.visit(request)
        _, text = self._shell.deps.rules.drafts.version(visit.who.tenant_id, version)
        return Response(text, media_type="application/json")

    def look_back(self, request: Request, version: int) -> Response:
        """Show what going back to a version would change."""
        visit = self._shell.visit(request)
        office = self._shell.deps.rules.office
        look = office.look(visit.who.tenant_id, Asked(0, back_to=version))
        address = f"{PAGE}/versions/{version}"
        return look_page(self._shell, visit, look, address + "/back", address)

    def back(
        self,
        request: Request,
        version: int,
        seen: Annotated[int, Form(ge=0)] = 0,
        why: Why = "",
        csrf: Csrf = "",
    ) -> Response:
        """Publish a version's rules once more, under the next number."""
        visit = self._shell.writing_visit(request, csrf)
        return asked(self._shell, visit, Asked(seen, back_to=version, why=why))

    def decide(
        self, request: Request, rule_order: UUID, act: Literal["agree", "drop"], csrf: Csrf = ""
    ) -> Response:
        """Let a publication go out, as the second person, or take it back."""
        visit = self._shell.writing_visit(request, csrf)

        def acted() -> Said:
            office, t = self._shell.deps.rules.office, texts(visit.language)
            if act == "drop":
                office.drop(visit.who, rule_order)
                return Said(t("rules.taken_back"))
            order = office.agree(visit.who, rule_order)
            return Said(t("rules.went_out", version=order.version))

        return self._shell.told(visit, PAGE, acted)


def rights_of(visit: Visit) -> dict[str, bool]:
    """Return what somebody may do here, for templates."""
    return {
        "may_change": may(visit.who.role, Right.RULES_CHANGE),
        "may_publish": may(visit.who.role, Right.RULES_PUBLISH),
    }


def where_of(order: RuleOrder, visit: Visit) -> str:
    """Return where a publication holds, in words."""
    t = texts(visit.language)
    if order.stores or order.regions:
        return t("app.comma").join(order.stores or order.regions)
    return t("scope.chain")


def look_page(
    shell: Shell, visit: Visit, look: Look, address: str, back: str, **more: object
) -> Response:
    """Show a publication before it is asked for."""
    return shell.page(
        visit,
        "rule_look.html",
        look=look,
        changed=rule_views.changes_of(look.changes, look.before, look.after, visit.language),
        notices_of=rule_views.notices_of,
        address=address,
        back=back,
        **{"stage": None, "edit": 0} | more,
        **rights_of(visit),
    )


def asked(shell: Shell, visit: Visit, wanted: Asked) -> Response:
    """Ask for a publication and lead to the list, which says how that went."""

    def act() -> Said:
        order = shell.deps.rules.office.ask(visit.who, wanted)
        t = texts(visit.language)
        if order.state == "waiting":
            return Said(t("rules.waits"))
        return Said(t("rules.went_out", version=order.version))

    return shell.told(visit, PAGE, act)
