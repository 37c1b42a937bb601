"""Sales as a table and as a file; members as a list and one by one."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from cloud_broker.console.said import Said
from cloud_broker.console.sheets import SALES_MAX, Column, SalesQuery, arrange, to_csv
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.domain.rights import Right, may
from cloud_broker.services.access.overview import SaleRow
from cloud_broker.services.points.desk import MAY_CHANGE
from retail_core.errors import Fault
from retail_core.growth.account import TierNames
from retail_core.texts.faults import FaultCode

MEMBERS_SHOWN = 50
GROUPS_CHARS_MAX = 2_000
# Commas and semicolons of both scripts.
_BETWEEN = re.compile(r"[,\uff0c、;\uff1b\n]")
WORDS_MAX = 100
Words = Annotated[str, Query(max_length=WORDS_MAX)]


class SalePages:
    """Pages of sales and members; of a member, HQ writes the customer groups."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/sales", self.table, methods=["GET"])
        router.add_api_route("/sales.csv", self.csv, methods=["GET"])
        router.add_api_route("/members", self.members, methods=["GET"])
        router.add_api_route("/members/{member_id}", self.member, methods=["GET"])
        router.add_api_route("/members/{member_id}/groups", self.groups, methods=["POST"])

    def table(
        self,
        request: Request,
        q: Words = "",
        store: str = "",
        sort: Column = "time",
        dir: str = "desc",  # noqa: A002  # the address says dir
    ) -> Response:
        """Show the table."""
        visit = self._shell.visit(request)
        query = SalesQuery(q, _uuid(store), sort, dir != "asc")
        return self._shell.page(
            visit,
            "sales.html",
            query=query,
            rows=self._rows(visit, query),
            limit=SALES_MAX,
            stores=self._shell.deps.queries.store_tiles(visit.who.tenant_id),
        )

    def csv(
        self,
        request: Request,
        q: Words = "",
        store: str = "",
        sort: Column = "time",
        dir: str = "desc",  # noqa: A002  # the address says dir
    ) -> Response:
        """Send the same rows as a file."""
        visit = self._shell.visit(request)
        rows = self._rows(visit, SalesQuery(q, _uuid(store), sort, dir != "asc"))
        values = self._shell.values(visit)
        return Response(
            to_csv(rows, self._shell.deps.zone, values["t"]),
            media_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": 'attachment; filename="sales.csv"',
                "Cache-Control": "no-store",
            },
        )

    def members(self, request: Request, q: Words = "") -> Response:
        """Find members."""
        visit = self._shell.visit(request)
        found = self._shell.deps.queries.members(
            visit.who.tenant_id, q.strip(), limit=MEMBERS_SHOWN
        )
        return self._shell.page(
            visit, "members.html", words=q, rows=found, tiers=self._tiers(visit)
        )

    def member(self, request: Request, member_id: UUID) -> Response:
        """Show one member."""
        visit = self._shell.visit(request)
        found = self._shell.deps.queries.member(visit.who.tenant_id, member_id)
        if found is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=member_id)
        why = found.tier_why_zh if visit.language == "zh" else found.tier_why_en
        may_act = visit.who.role in MAY_CHANGE
        return self._shell.page(
            visit,
            "member.html",
            member=found,
            why=why,
            may_act=may_act,
            tiers=self._tiers(visit),
            names=self._shell.deps.queries.rule_names(visit.who.tenant_id, visit.language),
            leaving=self._shell.deps.privacy.leavings.alive(visit.who.tenant_id, member_id),
            grace_days=self._shell.deps.privacy.leavings.grace_days,
            may_leave=may(visit.who.role, Right.MEMBERS_CHANGE),
        )

    def _tiers(self, visit: Visit) -> TierNames:
        return self._shell.deps.queries.tier_names(visit.who.tenant_id)

    def groups(
        self,
        request: Request,
        member_id: UUID,
        names: Annotated[str, Form(max_length=GROUPS_CHARS_MAX)] = "",
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        """Put a member into the groups that are named, and out of all others."""
        visit = self._shell.writing_visit(request, csrf)
        wanted = frozenset(one.strip() for one in _BETWEEN.split(names) if one.strip())

        def act() -> Said:
            self._shell.deps.growth.set_groups(visit.who, member_id, wanted)
            return Said(texts(visit.language)("member.groups_done"))

        return self._shell.told(visit, f"/members/{member_id}", act)

    def _rows(self, visit: Visit, query: SalesQuery) -> tuple[SaleRow, ...]:
        tenant = visit.who.tenant_id
        rows = self._shell.deps.queries.sales(tenant, limit=SALES_MAX, store=query.store)
        return arrange(rows, query)


def _uuid(text: str) -> UUID | None:
    """Read an id from an address; nothing and nonsense mean no choice."""
    try:
        return UUID(text)
    except ValueError:
        return None
