"""The API against its own OpenAPI: whatever is sent, the answer is documented and never a 500."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from edge_agent.api.idempotency import HEADER
from tests.factories.agent_api import ORIGIN, Box
from tests.factories.agent_files import OPERATOR_PIN, SCREEN_TOKEN, TILL_TOKEN

CONFORMANCE = [status_code_conformance, content_type_conformance, response_schema_conformance]
SENT = {"method": "method", "url": "url", "params": "params", "json": "json", "data": "content"}
SLOW_ON_PURPOSE = "/v1/operators/login"
keys = count(10_000_000)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


@pytest.fixture(scope="module")
def api(box: Box) -> OpenApiSchema:
    return schemathesis.openapi.from_dict(box.app.openapi())


@pytest.fixture(scope="module")
def operator(box: Box) -> str:
    body = {"number": "1001", "pin": OPERATOR_PIN}
    return str(box.till().post(SLOW_ON_PURPOSE, json=body).json()["operator_token"])


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_documented(
    box: Box, api: OpenApiSchema, operator: str, mode: GenerationMode
) -> None:
    """Send what the document allows, and what it forbids, to every operation."""
    tried = 0
    for found in api.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        takes_nothing = not (operation.body or list(operation.iter_parameters()))
        if takes_nothing and mode is GenerationMode.NEGATIVE:
            continue
        try_operation(operation.as_strategy(generation_mode=mode), box, operator)
        tried += 1
    assert tried >= 5


def try_operation(cases: SearchStrategy[schemathesis.Case[Any]], box: Box, operator: str) -> None:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def sent(case: schemathesis.Case[Any]) -> None:
        token = SCREEN_TOKEN if case.path == "/v1/ledger" else TILL_TOKEN
        request = case.as_transport_kwargs(base_url=ORIGIN)
        headers = {**request["headers"], HEADER: f"key-{next(keys)}", "X-Operator": operator}
        known = {ours: request[theirs] for theirs, ours in SENT.items() if theirs in request}
        answer = box.client(token).request(**known, headers=headers)
        # 503 and 507 are answers (a reader is gone, a disk is full); an unexpected failure is not.
        assert b"A199" not in answer.content
        case.validate_response(answer, checks=CONFORMANCE)

    sent()
