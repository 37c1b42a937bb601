"""The pages over fakes, and somebody signed in."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from cloud_broker.console.pages import console_router, mount_static
from cloud_broker.services.access.overview import NameReview
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import ORIGIN


@pytest.fixture
def queries() -> fakes.FakeHqQueries:
    made = fakes.FakeHqQueries(
        fakes.tiles(8, mixed=True), tuple(fakes.sale(number) for number in range(6))
    )
    made.all_repairs = (fakes.repair(0), fakes.repair(1, replayable=False, seq=None))
    made.all_names = (NameReview("玉泽 <50>", 14, fakes.NOW_MS, "YZ50"),)
    return made


@pytest.fixture
def auth() -> fakes.FakeHqAuth:
    return fakes.FakeHqAuth()


@pytest.fixture
def desk(queries: fakes.FakeHqQueries) -> fakes.FakeHqDesk:
    return fakes.FakeHqDesk(queries)


@pytest.fixture
def client(
    queries: fakes.FakeHqQueries, auth: fakes.FakeHqAuth, desk: fakes.FakeHqDesk
) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(console_router(fakes.deps(queries, auth, desk=desk)))
    mount_static(app)
    with TestClient(app, base_url=ORIGIN, follow_redirects=False) as made:
        yield made


@pytest.fixture
def signed_in(client: TestClient) -> TestClient:
    client.cookies.set("regulars_hq", fakes.TOKEN)
    return client
