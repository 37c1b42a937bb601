"""The page of a store's boxes: a code is shown once, and only to who may let boxes in."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import time

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from cloud_broker.console.pages import console_router, mount_static
from cloud_broker.ports.fleet import NewDevice, NewStore
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.fleet.box_desk import BoxDesk
from cloud_broker.services.fleet.enrolling import Enrolling
from edge_agent.domain.box_key import draw_key, request_for
from retail_core.errors import Fault
from retail_core.fleet.enrol_code import read
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource, FakeKeyRing
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_boxes import FakeBoxAuthority, FakeBrokerGate
from tests.fakes.cloud_units import FakeUnits
from tests.unit.cloud_broker_console import console_fakes as fakes

ORIGIN = "http://hq.test"
STORE = fakes.tile(0).store_id
PAGE = f"/stores/{STORE}/boxes"


@pytest.fixture
def desk() -> BoxDesk:
    units, clock = FakeUnits(), FakeCloudClock()
    with units.begin(fakes.TENANT) as unit:
        unit.fleet.add_tenant("熟客", "hq", 0)
        ids = (STORE, fresh_id(), fresh_id())
        row = NewStore(*ids, "上海店", "上海", "Asia/Shanghai", time(4), 7)
        unit.fleet.add_store(row, 0)
    ids_source = FakeCloudIdSource(clock)
    enrolling = Enrolling(
        units, clock, ids_source, FakeKeyRing(), FakeBoxAuthority(), FakeBrokerGate()
    )
    return BoxDesk(enrolling, "https://boxes.example", lambda: "ab" * 16)


def client_of(desk: BoxDesk | None, role: HqRole = "admin") -> TestClient:
    app = FastAPI()
    deps = fakes.deps(fakes.FakeHqQueries([fakes.tile(0)]), fakes.FakeHqAuth(role))
    app.include_router(console_router(replace(deps, boxes=desk)))
    mount_static(app)
    made = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    made.cookies.set("regulars_hq", fakes.TOKEN)
    return made


@pytest.fixture
def client(desk: BoxDesk) -> Iterator[TestClient]:
    with client_of(desk) as made:
        yield made


def posted(client: TestClient, path: str, **values: str) -> str:
    csrf = re.findall(r'name="csrf" value="(\w+)"', client.get(PAGE).text)[0]
    answer = client.post(path, data={"csrf": csrf, **values}, headers={"Origin": ORIGIN})
    assert answer.status_code in {200, 303}
    return answer.text


def code_on(page: str) -> str:
    found: str = re.findall(r">([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})<", page)[0]
    return found


def test_a_code_is_shown_once_as_text_and_picture(client: TestClient, desk: BoxDesk) -> None:
    assert "ab" * 16 not in client.get(PAGE).text
    page = posted(client, PAGE)
    code = read(code_on(page))
    assert "<svg" in page
    assert "ab" * 16 in page
    _, issued = desk.enrolling.enrol(code, request_for(draw_key()), "board")
    assert issued.content
    after = client.get(PAGE).text
    assert "证书到" in after or "certificate until" in after
    assert code_on(page) not in after


def test_a_replacement_and_an_end_are_two_buttons(client: TestClient, desk: BoxDesk) -> None:
    old = fresh_id()
    with desk.enrolling.units.begin(fakes.TENANT) as unit:
        unit.fleet.add_device(NewDevice(old, STORE, 1, bytes(32), ""), 0)
    code = read(code_on(posted(client, PAGE, instead_of=str(old))))
    desk.enrolling.enrol(code, request_for(draw_key()), "board")
    (box,) = desk.boxes(fakes.TENANT, STORE)
    assert box.device != old
    posted(client, f"{PAGE}/revoke", device=str(box.device), why="stolen")
    assert desk.boxes(fakes.TENANT, STORE) == ()


def test_of_two_boxes_the_one_that_was_chosen_is_replaced(
    client: TestClient, desk: BoxDesk
) -> None:
    first, second = fresh_id(), fresh_id()
    with desk.enrolling.units.begin(fakes.TENANT) as unit:
        for slot, device in ((1, first), (2, second)):
            unit.fleet.add_device(NewDevice(device, STORE, slot, bytes([slot]) * 32, ""), 0)
    page = posted(client, PAGE, instead_of=str(second))
    assert str(second) in page.split("boxes-title")[0], "the sheet says which one goes"
    desk.enrolling.enrol(read(code_on(page)), request_for(draw_key()), "board")
    one, two = desk.boxes(fakes.TENANT, STORE)
    assert (one.slot, one.device, two.slot) == (1, first, 2)
    assert two.device != second
    with pytest.raises(Fault) as refused:
        desk.code(fakes.FakeHqAuth("admin").identity, STORE, second)
    assert refused.value.code is FaultCode.API_NOT_FOUND, "somebody was quicker"
    further = read(code_on(posted(client, PAGE)))
    desk.enrolling.enrol(further, request_for(draw_key()), "board")
    assert [box.slot for box in desk.boxes(fakes.TENANT, STORE)] == [1, 2, 3], "one more"


def test_who_may_not_let_boxes_in_sees_no_button_and_is_refused(desk: BoxDesk) -> None:
    with client_of(desk, "auditor") as client:
        page = client.get(PAGE).text
        assert 'method="post" action="/stores' not in page
        csrf = re.findall(r'name="csrf" value="(\w+)"', page)
        data = {"csrf": csrf[0] if csrf else ""}
        answer = client.post(PAGE, data=data, headers={"Origin": ORIGIN})
        assert answer.status_code == 403


def test_a_cloud_without_an_authority_says_how_to_get_one() -> None:
    with client_of(None) as client:
        answer = client.get(PAGE)
    assert answer.status_code == 500
    assert "ca-init" in answer.text
