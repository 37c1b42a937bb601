"""A box that asks through the door with certificates finds there all that boxes may ask for."""

from typing import Any, cast

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from cloud_broker.api.app import build_app
from cloud_broker.api.box_door import build_box_door
from cloud_broker.api.enrol_routes import EnrolDeps
from tests.factories.member_phone import Cloud


def for_boxes(app: FastAPI) -> set[tuple[str, str]]:
    """Return the routes under the boxes' own prefix, by method."""
    return {
        (method, path)
        for path, methods in app.openapi()["paths"].items()
        if path.startswith("/v1/device/")
        for method in methods
    }


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def door(cloud: Cloud) -> FastAPI:
    nobody = cast("Any", None)
    return build_box_door(
        cloud.deps,
        EnrolDeps(nobody, nobody, cloud.deps.clock, "", "", lambda _: ("", 0), bytes),
    )


def test_the_door_opens_on_all_that_is_for_boxes(cloud: Cloud, door: FastAPI) -> None:
    plain = for_boxes(build_app(cloud.deps))
    assert {("get", "/v1/device/stock"), ("get", "/v1/device/recommendations")} < plain
    assert plain - for_boxes(door) == set()
    assert not [path for path in door.openapi()["paths"] if path.startswith("/v1/master")]


def test_stock_and_suggestions_are_asked_for_who_it_is(door: FastAPI) -> None:
    client = TestClient(door, base_url="http://cloud.test")
    for path in ("/v1/device/stock", "/v1/device/recommendations"):
        assert client.get(path).status_code == 401
