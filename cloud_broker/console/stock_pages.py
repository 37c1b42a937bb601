"""Suggestions on stock: the list, what somebody says to one, and what an article faces."""

from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from cloud_broker.console import live_charts
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.stock_sheets import (
    HEIGHT,
    PLAN_STATES,
    WIDTH,
    ArticleColumn,
    ArticleQuery,
    Column,
    PlanQuery,
    arrange,
    arrange_articles,
    articles_csv,
    chart,
    plans_csv,
)
from cloud_broker.console.texts import texts
from cloud_broker.domain.rights import Right, may
from cloud_broker.ports.stock_plans import PlanState
from cloud_broker.services.insight.stock_desk import Board
from retail_core.errors import Fault
from retail_core.insight.stock.policy import LIMITS
from retail_core.insight.stock.suggesting import KINDS
from retail_core.texts.faults import FaultCode

PAGE = "/stock-plans"
_WORDS_MAX = 100
Words = Annotated[str, Query(max_length=_WORDS_MAX)]
Csrf = Annotated[str, Form()]
# Beside these a table is scrolled; enough to choose the week's work from.
SUMMED = 500


class StockPages:
    """Every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE + ".csv", self.csv, methods=["GET"])
        router.add_api_route(PAGE + "/articles", self.articles, methods=["GET"])
        router.add_api_route(PAGE + "/articles.csv", self.articles_csv, methods=["GET"])
        router.add_api_route(PAGE + "/article", self.article, methods=["GET"])
        router.add_api_route(PAGE + "/policy", self.policy, methods=["POST"])
        router.add_api_route(PAGE + "/{plan_id}/{act}", self.act, methods=["POST"])

    def page(
        self,
        request: Request,
        q: Words = "",
        kind: str = "",
        state: PlanState = "open",
        sort: Column = "worth",
        dir: str = "desc",  # noqa: A002  # the address says dir
    ) -> Response:
        """Show suggestions."""
        visit = self._shell.visit(request)
        query = PlanQuery(q, kind, state, sort, dir != "asc")
        board = self._board(visit, state)
        rows = arrange(board.plans, query)
        return self._shell.page(
            visit,
            "stock_plans.html",
            query=query,
            rows=rows,
            board=board,
            kinds=KINDS,
            states=PLAN_STATES,
            limits=LIMITS,
            limit=SUMMED,
            may_change=may(visit.who.role, Right.STOCK_PLANS_CHANGE),
            why=lambda one: one.why_zh if visit.language == "zh" else one.why_en,
        )

    def csv(
        self,
        request: Request,
        q: Words = "",
        kind: str = "",
        state: PlanState = "open",
        sort: Column = "worth",
        dir: str = "desc",  # noqa: A002  # the address says dir
    ) -> Response:
        """Send the same rows as a file."""
        visit = self._shell.visit(request)
        query = PlanQuery(q, kind, state, sort, dir != "asc")
        rows = arrange(self._board(visit, state).plans, query)
        return _file("stock-plans.csv", plans_csv(rows, texts(visit.language)))

    def articles(
        self,
        request: Request,
        q: Words = "",
        sort: ArticleColumn = "weeks",
        dir: str = "asc",  # noqa: A002  # the address says dir
    ) -> Response:
        """Show what articles face."""
        visit = self._shell.visit(request)
        query = ArticleQuery(q, sort, dir == "desc")
        desk, tenant = self._shell.deps.stock, visit.who.tenant_id
        rows = arrange_articles(desk.articles(tenant, q), query)
        return self._shell.page(visit, "stock_articles.html", query=query, rows=rows)

    def articles_csv(
        self,
        request: Request,
        q: Words = "",
        sort: ArticleColumn = "weeks",
        dir: str = "asc",  # noqa: A002  # the address says dir
    ) -> Response:
        """Send the same rows as a file."""
        visit = self._shell.visit(request)
        found = self._shell.deps.stock.articles(visit.who.tenant_id, q)
        rows = arrange_articles(found, ArticleQuery(q, sort, dir == "desc"))
        return _file("stock-articles.csv", articles_csv(rows, texts(visit.language)))

    def article(self, request: Request, sku: Annotated[str, Query(max_length=200)]) -> Response:
        """Show an article: what is there, what is expected, and who buys it."""
        visit = self._shell.visit(request)
        desk, tenant = self._shell.deps.stock, visit.who.tenant_id
        found, called = desk.article(tenant, sku)
        plans = [one for one in desk.board(tenant).plans if one.sku == sku]
        return self._shell.page(
            visit,
            "stock_article.html",
            article=found,
            chart=chart(found),
            live=live_charts,
            size=(WIDTH, HEIGHT),
            called=called,
            plans=plans,
            why=lambda one: one.why_zh if visit.language == "zh" else one.why_en,
        )

    def act(
        self,
        request: Request,
        plan_id: UUID,
        act: Literal["accept", "reject"],
        back: Annotated[str, Form(max_length=400)] = "",
        csrf: Csrf = "",
    ) -> Response:
        """Accept a suggestion, or turn it down; a slow article's draft is opened."""
        visit = self._shell.writing_visit(request, csrf)
        desk, t = self._shell.deps.stock, texts(visit.language)
        where = [f"{PAGE}?{back}" if back else PAGE]

        def acted() -> Said:
            if act == "reject":
                plan = desk.reject(visit.who, plan_id)
                return Said(t("stock.rejected", name=plan.name or plan.sku))
            plan = desk.accept(visit.who, plan_id)
            if plan.draft is not None:
                where[0] = f"/offers/drafts/{plan.draft}"
                return Said(t("stock.drafted"))
            return Said(t("stock.accepted", name=plan.name or plan.sku, due=plan.due_on))

        answer = self._shell.told(visit, where[0], acted)
        answer.headers["Location"] = where[0]
        return answer

    def policy(
        self,
        request: Request,
        name: Annotated[list[str], Form()] = [],  # noqa: B006 -- pydantic copies it
        value: Annotated[list[str], Form()] = [],  # noqa: B006 -- same
        csrf: Csrf = "",
    ) -> Response:
        """Set how the chain runs its stock."""
        visit = self._shell.writing_visit(request, csrf)
        desk, tenant = self._shell.deps.stock, visit.who.tenant_id

        def act() -> Said:
            held = desk.board(tenant).policy.named()
            said = {one: _number(one, text) for one, text in zip(name, value, strict=False)}
            changed = {one: number for one, number in said.items() if held.get(one) != number}
            desk.set_policy(tenant, changed, visit.who.login)
            return Said(texts(visit.language)("stock.policy_done"))

        return self._shell.told(visit, PAGE, act)

    def _board(self, visit: Visit, state: PlanState) -> Board:
        return self._shell.deps.stock.board(visit.who.tenant_id, state)


def address_of(sku: str) -> str:
    """Return the address of an article's page."""
    return f"{PAGE}/article?{urlencode({'sku': sku})}"


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Fault(FaultCode.STOCK_POLICY, name=name, value=text, names=", ".join(LIMITS))
    return int(text)


def _file(name: str, text: str) -> Response:
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
