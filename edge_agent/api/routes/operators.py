"""Operators sign in."""

from typing import Annotated

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import Deps, needs
from edge_agent.api.models.operators import LoginAnswered, LoginAsked, OperatorView
from edge_agent.api.principals import Principal, Scope

router = APIRouter(tags=["operators"])


@router.post("/v1/operators/login")
def login(
    asked: LoginAsked, deps: Deps, _caller: Annotated[Principal, Depends(needs(Scope.OPERATE))]
) -> LoginAnswered:
    """Sign an operator in; five wrong tries lock the number for five minutes."""
    session = deps.desk.login(asked.number, asked.pin)
    return LoginAnswered(
        operator_token=session.token,
        operator=OperatorView.model_validate(session.operator),
        expires_s=session.expires_s,
    )
