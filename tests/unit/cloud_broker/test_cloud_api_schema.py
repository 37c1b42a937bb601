"""The cloud's API against its own OpenAPI: whatever is sent, the answer is documented, no 500."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from fastapi import FastAPI
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

from cloud_broker.domain.rights import KeyScope
from cloud_broker.services.access.people import HqAccess
from retail_core.texts.faults import FaultCode
from tests.factories.member_phone import Cloud, Phone
from tests.plugins.cloud import token_of

CONFORMANCE = [status_code_conformance, content_type_conformance, response_schema_conformance]
SENT = {"method": "method", "url": "url", "params": "params", "json": "json", "data": "content"}
ORIGIN = "http://cloud.test"
EXAMPLES = 1


@dataclass
class Callers:
    """One of each who may call, over a cloud in memory."""

    cloud: Cloud
    phone: Phone
    person: str
    partner: str
    sdk: str

    def credential(self, method: str, path: str, content: bytes) -> str:
        """Return the header with which somebody who may ask an address does."""
        if path.startswith("/v1/member/"):
            return self.phone.header(method, path, content)
        if path.startswith("/v1/device/"):
            return f"Bearer {token_of(self.cloud.box)}"
        if path.startswith(("/v1/master/", "/v1/export")):
            return f"Bearer {self.partner}"
        return (
            f"Bearer {self.person}"
            if path.startswith("/v1/hq/")
            else f"Basic {b64encode(f'{self.sdk}:'.encode()).decode()}"
        )


@pytest.fixture(scope="module")
def callers() -> Iterator[Callers]:
    cloud = Cloud()
    access = cloud.deps.auth
    assert isinstance(access, HqAccess)
    tenant, phone = cloud.box.tenant, Phone(cloud)
    assert phone.claim(cloud.enrolled().claim_code).status_code == 200
    password = access.add_user(tenant, "li", "李娜", "admin")
    person, _ = access.login("li", password)
    partner, _ = cloud.office.partners.create(tenant, "ERP", tuple(KeyScope), who="li")
    made = cloud.deps.channels.sources.make(tenant, "商城", "web", "sdk", who="li")
    with cloud.client:
        yield Callers(cloud, phone, person, partner, made.shown)


def operations(app: FastAPI) -> list[APIOperation[Any, Any, Any, Any]]:
    """Return every operation of the document; one that cannot be read fails here."""
    api: OpenApiSchema = schemathesis.openapi.from_dict(app.openapi())
    made = []
    for found in api.get_all_operations():
        assert isinstance(found, Ok)
        made.append(found.ok())
    return made


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_documented(callers: Callers, mode: GenerationMode) -> None:
    """Send what the document allows, and what it forbids, to every operation."""
    app = callers.cloud.client.app
    assert isinstance(app, FastAPI)
    tried = 0
    for operation in operations(app):
        takes_nothing = not (operation.body or list(operation.iter_parameters()))
        if takes_nothing and mode is GenerationMode.NEGATIVE:
            continue
        try_operation(operation, mode, callers)
        tried += 1
    assert tried > 50


def try_operation(
    operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, callers: Callers
) -> None:
    """Send examples of one operation, as somebody who may ask it."""

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case: schemathesis.Case[Any]) -> None:
        # Rates are tried on their own: here each call comes a minute after the one before.
        callers.cloud.clock.advance(60_000)
        request = case.as_transport_kwargs(base_url=ORIGIN)
        known = {ours: request[theirs] for theirs, ours in SENT.items() if theirs in request}
        asked = callers.cloud.client.build_request(**known)
        headers = {**request["headers"]}
        headers["Authorization"] = callers.credential(
            asked.method, urlsplit(str(asked.url)).path, asked.read()
        )
        raw = [(name.encode(), value.encode("utf-8", "replace")) for name, value in headers.items()]
        answer = callers.cloud.client.request(**known, headers=raw)
        assert FaultCode.API_INTERNAL.value.encode() not in answer.content, answer.text
        case.validate_response(answer, checks=CONFORMANCE)

    sent()


def test_quiet_hours_with_a_zone_are_refused_before_the_database_does(callers: Callers) -> None:
    counts = {"per_minute": 60, "per_day": 900, "person_max": 2, "person_days": 7}
    pace = counts | {"quiet_begins": "20:00:00Z", "quiet_ends": "09:00:00"}
    headers = {"Authorization": f"Bearer {callers.person}"}
    answer = callers.cloud.client.post("/v1/hq/campaigns/pace/sms", json=pace, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "A107")
    assert "时区" in answer.json()["zh"]
