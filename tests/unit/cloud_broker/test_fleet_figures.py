"""What Prometheus reads of the fleet, and who else may."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from cloud_broker.api import errors, metrics
from cloud_broker.ports.health import BoxIssues
from cloud_broker.services.fleet.figures import FleetCount, FleetFigures
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant

TOKEN = "t" * 32
SAMPLE = re.compile(r'regulars_[a-z_]+(?:\{[a-z]+="[A-Za-z0-9_.]+"\})? -?[0-9.]+')


class Counted:
    """`FleetCounts` of a small chain."""

    def count(self, tenant: UUID) -> FleetCount:
        return FleetCount({"ok": 3, "gone": 1}, 12, 9, 4, 2, 1_500, {"0.5": 20, "0.99": 64})


@contextmanager
def asked(token: str, client: str = "127.0.0.1") -> Iterator[TestClient]:
    units, tally = FakeUnits(), FaultTally()
    tally.count(FaultCode.WIRE_MALFORMED)
    for _ in range(2):
        box = new_box(units, new_tenant(units))
        told = {("H103", ""): {"celsius": "83"}, ('H"\n', "13800138000"): {}}
        with units.begin(box.tenant) as unit:
            unit.health.keep_issues([BoxIssues(box.device, box.store, 1, told)])
    app = FastAPI()
    errors.install(app, tally)
    app.include_router(metrics.router(FleetFigures(units, Counted(), tally), token))
    with TestClient(app, client=(client, 5)) as made:
        yield made


def test_it_speaks_the_exposition_format_and_names_nobody() -> None:
    with asked("") as client:
        answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line) for line in samples)
    assert len(samples) == len(set(samples))
    for line in (
        'regulars_stores{state="ok"} 6',
        'regulars_stores{state="cannot"} 0',
        "regulars_box_queue_most 9",
        "regulars_ingest_lag_seconds 1.5",
        'regulars_sale_delay_seconds{quantile="0.99"} 0.064',
        'regulars_box_issues{code="H103"} 2',
        'regulars_box_issues{code="other"} 2',
        'regulars_faults_total{code="W101"} 1',
    ):
        assert line in samples
    assert "13800138000" not in answer.text


@pytest.mark.parametrize(
    ("token", "client", "headers", "status"),
    [
        ("", "127.0.0.1", {}, 200),
        ("", "10.0.0.7", {}, 401),
        ("", "127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}, 401),
        (TOKEN, "10.0.0.7", {"Authorization": f"Bearer {TOKEN}"}, 200),
        (TOKEN, "127.0.0.1", {}, 401),
        (TOKEN, "127.0.0.1", {"Authorization": "Bearer x"}, 401),
        (TOKEN, "127.0.0.1", {"Authorization": f"Basic {TOKEN}"}, 401),
    ],
)
def test_only_who_may_reads_it(
    token: str, client: str, headers: dict[str, str], status: int
) -> None:
    with asked(token, client) as made:
        assert made.get("/metrics", headers=headers).status_code == status
