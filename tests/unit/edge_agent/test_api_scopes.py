"""Every route against every scope: refused unless it asks for just that one."""

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from edge_agent.api.app import FEATURES
from edge_agent.api.dependencies import needs
from edge_agent.api.guard import OPEN_PATHS
from edge_agent.domain.terminals import SCOPES, Kind, Scope, Terminal
from edge_agent.services.box.terminals import hash_of
from tests.factories.agent_api import MEMBER, TILL, Box
from tests.factories.terminals import PairingDesk

FORBIDDEN = 403


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


def asked_by(dependant: Dependant) -> set[Scope]:
    """Return the scopes that a route's dependencies demand."""
    own = {dependant.call.scope} if isinstance(dependant.call, needs) else set()
    return own.union(*map(asked_by, dependant.dependencies))


def api_routes(app: FastAPI) -> list[APIRoute]:
    """Return every route of the API."""
    routes = [route for feature in FEATURES for route in feature.router.routes]
    found = [route for route in routes if isinstance(route, APIRoute)]
    assert {route.path for route in found} == set(app.openapi()["paths"])
    return found


def token_with(box: Box, kind: Kind, *scopes: Scope) -> str:
    """Pair a terminal that may do this and nothing else."""
    token = f"token of {kind} with {scopes}"
    terminal = Terminal(
        terminal_id=UUID(int=hash(scopes) & (2**64 - 1)),
        kind=kind,
        name=token,
        scopes=frozenset(scopes),
        token_hash=hash_of(token),
        paired_ms=0,
        paired_by=UUID(int=8),
        till=TILL if kind is Kind.TILL else None,
    )
    box.agent.services.pairing.terminals.add(terminal)
    return token


def scope_refused(said: object) -> object:
    """Return the scope that a refusal names."""
    fields = said.get("fields") if isinstance(said, dict) else None
    return fields.get("scope") if isinstance(fields, dict) else None


def test_every_route_asks_for_one_scope_or_is_listed_as_open(box: Box) -> None:
    for route in api_routes(box.app):
        wanted = asked_by(route.dependant)
        assert len(wanted) == (0 if route.path in OPEN_PATHS else 1), route.path


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_opens_the_routes_of_its_scope_only(box: Box, scope: Scope) -> None:
    kind = next(kind for kind in Kind if scope in SCOPES[kind])
    operator = PairingDesk(box).operator
    sent = {"X-Operator": operator, "Idempotency-Key": f"key of {scope}".replace(" ", "-")}
    client = box.client(token_with(box, kind, scope), **sent)
    for route in sorted(api_routes(box.app), key=lambda route: route.path.endswith("/logout")):
        path = re.sub(r"\{[^}]+\}", str(MEMBER), route.path)
        allowed = asked_by(route.dependant) in ({scope}, set())
        for method in route.methods or ():
            # What does not fit is refused only after the scope was asked for.
            body = None if method == "GET" else {"no such field": 1}
            answer = client.request(method, path, json=body)
            is_json = answer.headers["content-type"].startswith("application/json")
            told = scope_refused(answer.json() if is_json else None)
            asked = {one.value for one in asked_by(route.dependant)}
            assert (told in asked) is not allowed, (method, path, answer.text)
            assert allowed or answer.status_code == FORBIDDEN


def test_the_socket_opens_for_who_may_hear_events(box: Box) -> None:
    for scope in Scope:
        kind = next(kind for kind in Kind if scope in SCOPES[kind])
        client = box.client(token_with(box, kind, scope))
        if scope is Scope.EVENTS:
            with client as hearing, hearing.websocket_connect("/v1/events"):
                continue
        with (
            pytest.raises((WebSocketDenialResponse, WebSocketDisconnect)) as refused,
            client.websocket_connect("/v1/events"),
        ):
            pass
        assert isinstance(refused.value, WebSocketDenialResponse)
        assert refused.value.json()["code"] == "A111"


def test_no_kind_may_do_everything() -> None:
    assert Scope.LEDGER not in SCOPES[Kind.TILL]
    assert Scope.TERMINALS not in SCOPES[Kind.TILL]
    assert Scope.SELL not in SCOPES[Kind.SCREEN]
    assert SCOPES[Kind.DISPLAY] == {Scope.SELF, Scope.EVENTS}
