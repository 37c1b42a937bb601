"""Signing in."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked


class LoginAsked(Asked):
    """Number and PIN of an operator."""

    number: Annotated[str, Field(min_length=1, max_length=32, examples=["1001"])]
    pin: Annotated[str, Field(min_length=1, max_length=64, repr=False, examples=["246810"])]


class OperatorView(Answered):
    """Who signed in."""

    operator_id: UUID
    number: str
    name: str
    role: str


class LoginAnswered(Answered):
    """The token goes into the `X-Operator` header until it expires."""

    operator_token: str = Field(repr=False)
    operator: OperatorView
    expires_s: int
    idle_s: int = Field(description="without a request for so long, the operator is signed out")


class OperatorsAnswered(Answered):
    """Who may sign in here, for the buttons of a quick switch."""

    operators: tuple[OperatorView, ...]


class LogoutAnswered(Answered):
    """The token counts no longer."""

    signed_out: bool = True
