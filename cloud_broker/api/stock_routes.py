"""Suggestions on stock as JSON: what there is, what an article faces, and what is said to one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.ports.stock_plans import ArticleOutlook, PlanState
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.insight.stock_desk import said

_WORDS_MAX = 100


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/hq/stock-plans`."""
    routes = APIRouter(
        prefix="/v1/hq/stock-plans",
        tags=["hq"],
        responses={code: {"model": ErrorBody} for code in (401, 403, 404, 409, 422)},
    )
    _reads(routes, doors)
    _words(routes, doors)
    return routes


def _reads(routes: APIRouter, doors: Doors) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type
    desk = doors.deps.stock

    @routes.get("")
    def plans(who: Person, state: PlanState = "open") -> dict[str, object]:
        """Return suggestions of a state, the most valuable or the newest first, and their run."""
        board = desk.board(who.tenant_id, state)
        run = board.run
        return {
            "plans": list(map(said, board.plans)),
            "run": None
            if run is None
            else {
                "as_of": run.as_of.isoformat(),
                "articles": run.articles,
                "suggestions": run.suggestions,
                "model": dict(run.model),
                "ended_ms": run.ended_ms,
            },
            "policy": board.policy.named(),
        }

    @routes.get("/articles")
    def articles(
        who: Person, q: Annotated[str, Query(max_length=_WORDS_MAX)] = ""
    ) -> dict[str, object]:
        """Return what articles face, by number."""
        return {"articles": list(map(_outlook, desk.articles(who.tenant_id, q)))}

    @routes.get("/article")
    def article(who: Person, sku: Annotated[str, Query(max_length=200)]) -> dict[str, object]:
        """Return what an article faces."""
        return _outlook(desk.article(who.tenant_id, sku)[0])

    @routes.get("/{plan_id}")
    def plan(who: Person, plan_id: UUID) -> dict[str, object]:
        """Return a suggestion."""
        return said(desk.plan(who.tenant_id, plan_id))


def _words(routes: APIRouter, doors: Doors) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type
    desk = doors.deps.stock

    @routes.post("/{plan_id}/accept")
    def accept(who: Person, plan_id: UUID) -> dict[str, object]:
        """Accept a suggestion: partners are told of a movement, of a slow article a draft is made.

        Refused when somebody decided meanwhile.
        """
        return said(desk.accept(who, plan_id))

    @routes.post("/{plan_id}/reject")
    def reject(who: Person, plan_id: UUID) -> dict[str, object]:
        """Turn a suggestion down; it is not said again for a while."""
        return said(desk.reject(who, plan_id))


def _outlook(one: ArticleOutlook) -> dict[str, object]:
    return {"sku": one.sku, "name": one.name, "as_of": one.as_of.isoformat(), **one.outlook}
