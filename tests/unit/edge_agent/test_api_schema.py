"""The API against its own OpenAPI: whatever is sent, the answer is documented and never a 500."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema
from starlette.testclient import TestClient

from edge_agent.api.deadline import HEADER as DEADLINE
from edge_agent.api.idempotency import HEADER
from edge_agent.domain.terminals import SCOPES, Kind, Scope
from tests.factories.agent_api import ORIGIN, Box
from tests.factories.agent_files import OPERATOR_PIN

CONFORMANCE = [status_code_conformance, content_type_conformance, response_schema_conformance]
SENT = {"method": "method", "url": "url", "params": "params", "json": "json", "data": "content"}
EXAMPLES = 6
keys = count(10_000_000)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


@pytest.fixture(scope="module")
def api(box: Box) -> OpenApiSchema:
    return schemathesis.openapi.from_dict(box.app.openapi())


@pytest.fixture(scope="module")
def clients(box: Box) -> Iterator[Mapping[Kind, TestClient]]:
    """Open one client for each kind of terminal: a new one for each call would be most of it."""
    with box.till() as till, box.screen() as screen:
        yield {Kind.TILL: till, Kind.SCREEN: screen}


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_documented(
    api: OpenApiSchema, clients: Mapping[Kind, TestClient], mode: GenerationMode
) -> None:
    """Send what the document allows, and what it forbids, to every operation."""
    tried = 0
    for found in api.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        takes_nothing = not (operation.body or list(operation.iter_parameters()))
        if takes_nothing and mode is GenerationMode.NEGATIVE:
            continue
        try_operation(operation, mode, clients)
        tried += 1
    assert tried >= 5


def try_operation(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    clients: Mapping[Kind, TestClient],
) -> None:
    """Send examples of one operation, as a terminal that may do it and a manager who signed in."""
    needed = operation.definition.raw["security"]
    scope = Scope(needed[0]["bearer"][0]) if needed else Scope.EVENTS
    kind = next(kind for kind in clients if scope in SCOPES[kind])
    body = {"number": "1002", "pin": OPERATOR_PIN}
    signed_in = clients[Kind.TILL].post("/v1/operators/login", json=body).json()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case: schemathesis.Case[Any]) -> None:
        request = case.as_transport_kwargs(base_url=ORIGIN)
        ours = {HEADER: f"key-{next(keys)}", "X-Operator": signed_in["operator_token"]}
        # How long a call may take is tried on its own; here every call may come to its end.
        headers = [
            (name.encode(), value.encode("utf-8", "replace"))
            for name, value in {**request["headers"], **ours}.items()
            if name != DEADLINE
        ]
        known = {ours: request[theirs] for theirs, ours in SENT.items() if theirs in request}
        answer = clients[kind].request(**known, headers=headers)
        # 503 and 507 are answers (a reader is gone, a disk is full); an unexpected failure is not.
        assert b"A199" not in answer.content
        case.validate_response(answer, checks=CONFORMANCE)

    sent()
