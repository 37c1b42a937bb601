"""Operators sign in, hand over to a colleague, and sign out."""

from typing import Annotated

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import Deps, OperatorHeader, needs
from edge_agent.api.models.operators import (
    LoginAnswered,
    LoginAsked,
    LogoutAnswered,
    OperatorsAnswered,
    OperatorView,
)
from edge_agent.api.principals import Principal, Scope

router = APIRouter(tags=["operators"])


@router.get("/v1/operators")
def operators(
    deps: Deps, _caller: Annotated[Principal, Depends(needs(Scope.OPERATE))]
) -> OperatorsAnswered:
    """List who may sign in here."""
    people = tuple(OperatorView.model_validate(one) for one in deps.desk.people)
    return OperatorsAnswered(operators=people)


@router.post("/v1/operators/login")
def login(
    asked: LoginAsked,
    deps: Deps,
    _caller: Annotated[Principal, Depends(needs(Scope.OPERATE))],
    x_operator: OperatorHeader = None,
) -> LoginAnswered:
    """Sign an operator in; five wrong tries lock the number for five minutes.

    With the `X-Operator` of a colleague she takes over: the colleague's token counts no longer.
    """
    session = deps.desk.login(asked.number, asked.pin, x_operator)
    return LoginAnswered(
        operator_token=session.token,
        operator=OperatorView.model_validate(session.operator),
        expires_s=session.expires_s,
        idle_s=session.idle_s,
    )


@router.post("/v1/operators/logout")
def logout(
    deps: Deps,
    _caller: Annotated[Principal, Depends(needs(Scope.OPERATE))],
    x_operator: OperatorHeader = None,
) -> LogoutAnswered:
    """Sign the operator of `X-Operator` out."""
    deps.desk.logout(x_operator)
    return LogoutAnswered()
