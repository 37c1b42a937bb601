"""The cloud's HTTP: who gets in where, what is refused and how, and that nothing leaks."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from cloud_broker.api.app import build_app, openapi
from cloud_broker.api.deps import ApiDeps
from cloud_broker.ports.catalogue import Document
from cloud_broker.services.access.people import HqAccess
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound
from retail_core.tally import FaultTally
from retail_core.wire.codec import decode_change, decode_member
from tests.factories.cloud_api import api_deps
from tests.fakes.cloud_basics import (
    FakeCloudClock,
)
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.fakes.cloud_hq import EmptyQueries, NotingDesk
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant, token_of

REPAIR = fresh_id()
DEVICE_ROUTES = [
    "/v1/device/members?kind=card&value=00",
    "/v1/device/changes?since=0",
    "/v1/device/catalogue/1",
    "/v1/device/bundle/1",
    "/v1/device/models/1",
    f"/v1/device/model-files/{'ab' * 32}",
    "/v1/device/models",
    "/v1/device/persons",
    "/v1/device/name-map",
]
HQ_ROUTES = [
    "/v1/hq/overview",
    "/v1/hq/members?q=x",
    f"/v1/hq/members/{fresh_id()}",
    "/v1/hq/sales?limit=1",
    f"/v1/hq/ledger?store={fresh_id()}",
    "/v1/hq/repair",
    "/v1/hq/review-names",
]
HQ_WRITES = [f"/v1/hq/repair/{REPAIR}/replay", "/v1/hq/review-names"]


@dataclass
class Site:
    """The whole site over a store in memory."""

    client: TestClient
    units: FakeUnits
    box: SimBox
    clock: FakeCloudClock
    access: HqAccess
    desk: NotingDesk
    tally: FaultTally
    deps: ApiDeps

    def book(self) -> None:
        ingest = Ingest(self.units, self.clock, self.tally)
        ingest.book([Inbound(self.box.topic(), self.box.frame(), self.clock.now_ms())])

    def as_box(self, path: str) -> httpx2.Response:
        return self.client.get(path, headers={"Authorization": f"Bearer {token_of(self.box)}"})

    def signed_in(self, role: str = "admin") -> dict[str, str]:
        password = self.access.add_user(self.box.tenant, f"li-{role}", "李娜", role)
        token, _ = self.access.login(f"li-{role}", password)
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def shared_site() -> Site:
    """Build the application once: its models take half a second."""
    units, clock, tally = FakeUnits(), FakeCloudClock(), FaultTally()
    desk = NotingDesk(REPAIR)
    deps = api_deps(units, clock, tally, EmptyQueries(), desk)
    access = deps.auth
    assert isinstance(access, HqAccess)
    client = TestClient(
        build_app(deps), base_url="http://cloud.test", raise_server_exceptions=False
    )
    return Site(client, units, SimBox(fresh_id()), clock, access, desk, tally, deps)


@pytest.fixture
def site(shared_site: Site) -> Site:
    """Begin anew, a day later: rates and sessions of the test before are over."""
    shared_site.units.states.clear()
    shared_site.desk.asked.clear()
    shared_site.client.cookies.clear()
    shared_site.clock.advance(86_400_000)
    shared_site.box = new_box(shared_site.units, new_tenant(shared_site.units, "demo"))
    shared_site.box.wall_ms = shared_site.clock.now_ms()
    return shared_site


def refusal(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code)
    assert set(body) == {"code", "zh", "en", "fields"}
    return body


class TestWhoGetsIn:
    @pytest.mark.parametrize("path", DEVICE_ROUTES + HQ_ROUTES)
    def test_nobody_without_a_token(self, site: Site, path: str) -> None:
        response = site.client.get(path)
        refusal(response, 401, "A101")
        assert response.headers["WWW-Authenticate"] == "Bearer"

    @pytest.mark.parametrize("path", HQ_WRITES)
    def test_nobody_writes_without_a_token(self, site: Site, path: str) -> None:
        refusal(site.client.post(path, json={"name": "a", "sku": "b"}), 401, "A101")

    @pytest.mark.parametrize("path", DEVICE_ROUTES + HQ_ROUTES)
    @pytest.mark.parametrize("token", ["x", f"{fresh_id()}.x", "."])
    def test_nobody_with_a_wrong_token(self, site: Site, path: str, token: str) -> None:
        response = site.client.get(path, headers={"Authorization": f"Bearer {token}"})
        refusal(response, 401, "A180" if path in HQ_ROUTES else "A102")

    @pytest.mark.parametrize("path", HQ_ROUTES)
    def test_no_box_among_people(self, site: Site, path: str) -> None:
        refusal(site.as_box(path), 401, "A180")

    @pytest.mark.parametrize("path", DEVICE_ROUTES)
    def test_no_person_among_boxes(self, site: Site, path: str) -> None:
        refusal(site.client.get(path, headers=site.signed_in()), 401, "A102")

    def test_a_session_ends(self, site: Site) -> None:
        headers = site.signed_in()
        assert site.client.get("/v1/hq/overview", headers=headers).status_code == 200
        site.clock.advance(12 * 3_600_000)
        refusal(site.client.get("/v1/hq/overview", headers=headers), 401, "A180")

    def test_a_cookie_opens_too(self, site: Site) -> None:
        token = site.signed_in()["Authorization"].removeprefix("Bearer ")
        site.client.cookies.set("regulars_hq", token)
        assert site.client.get("/v1/hq/overview").status_code == 200

    def test_everybody_may_ask_whether_it_lives(self, site: Site) -> None:
        assert site.client.get("/v1/health").json() == {"state": "ok", "software": "1.2"}


class TestTheGuard:
    @pytest.mark.parametrize(
        "host", ["evil.test", "", "cloud.test@evil.test", "evil.test#cloud.test", "cloud.test.evil"]
    )
    def test_another_host_name(self, site: Site, host: str) -> None:
        refusal(site.client.get("/v1/health", headers={"Host": host}), 403, "A104")

    def test_a_port_is_no_part_of_the_name(self, site: Site) -> None:
        response = site.client.get("/v1/health", headers={"Host": "cloud.test:8100"})
        assert response.status_code == 200

    @pytest.mark.parametrize("origin", ["http://evil.test", "null", "http://cloud.test:81"])
    def test_a_foreign_origin_writes_nothing(self, site: Site, origin: str) -> None:
        headers = site.signed_in() | {"Origin": origin}
        response = site.client.post(HQ_WRITES[0], json={}, headers=headers)
        refusal(response, 403, "A103")
        assert site.desk.asked == []

    def test_our_own_origin_does(self, site: Site) -> None:
        headers = site.signed_in() | {"Origin": "http://cloud.test"}
        assert site.client.post(HQ_WRITES[0], json={}, headers=headers).status_code == 200
        assert site.desk.asked == [("replay", "li-admin")]

    def test_a_form_is_no_json(self, site: Site) -> None:
        response = site.client.post(HQ_WRITES[0], data={"a": "b"}, headers=site.signed_in())
        refusal(response, 415, "A115")

    def test_a_body_without_end(self, site: Site) -> None:
        headers = site.signed_in() | {"Content-Type": "application/json"}
        response = site.client.post(HQ_WRITES[1], content=b" " * 65_537, headers=headers)
        refusal(response, 413, "A113")
        pieces = (b" " * 1_024 for _ in range(80))
        response = site.client.post(HQ_WRITES[1], content=pieces, headers=headers)
        refusal(response, 413, "A113")

    def test_what_is_not_there(self, site: Site) -> None:
        refusal(site.client.get("/v1/nothing"), 404, "A108")
        refusal(site.client.get("/docs"), 404, "A108")
        headers = {"Content-Type": "application/json"}
        refusal(site.client.delete("/v1/health", headers=headers), 405, "A114")

    def test_an_unexpected_error_tells_nothing(self, site: Site) -> None:
        response = site.client.get("/v1/hq/members?q=boom", headers=site.signed_in())
        body = refusal(response, 500, "A199")
        assert "secret" not in response.text
        assert len(body["fields"]["ref"]) == 8

    def test_safe_headers_on_answers_and_refusals(self, site: Site) -> None:
        for path in ("/v1/health", "/v1/hq/overview", "/nothing"):
            headers = site.client.get(path).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert headers["Cache-Control"] == "no-store"

    def test_refusals_are_counted(self, site: Site) -> None:
        before = site.tally.snapshot()
        site.client.get("/v1/hq/overview")
        site.client.get("/nothing")
        after = site.tally.snapshot()
        counted = {code: after[code] - before.get(code, 0) for code in after}
        assert {code: seen for code, seen in counted.items() if seen} == {"A101": 1, "A108": 1}


class TestBoxes:
    def test_a_member_on_a_miss(self, site: Site) -> None:
        person = Person()
        site.box.enrols(person)
        site.box.issues_card(person)
        site.book()
        other = new_box(site.units, site.box.tenant, "成都店")
        headers = {"Authorization": f"Bearer {token_of(other)}"}
        for kind, value in (
            ("phone", person.phone_hash),
            ("card", sha256(b"\x04card").digest()),
        ):
            path = f"/v1/device/members?kind={kind}&value={value.hex()}"
            found = site.client.get(path, headers=headers).json()
            assert found["member_id"] == str(person.member)
            assert decode_member(b64decode(found["record"])).name == "王芳"
        assert (other.store, person.member) in site.units.states[other.tenant].interests

    def test_a_member_of_nobody(self, site: Site) -> None:
        refusal(site.as_box(DEVICE_ROUTES[0]), 404, "A108")

    @pytest.mark.parametrize(
        "query", ["kind=name&value=00", "kind=card", "kind=card&value=0", "kind=card&value=XY"]
    )
    def test_a_question_that_makes_no_sense(self, site: Site, query: str) -> None:
        said = refusal(site.as_box(f"/v1/device/members?{query}"), 422, "A107")
        assert said["fields"]["detail"] not in said["zh"], "in Chinese as well"

    def test_walking_through_the_numbers(self, site: Site) -> None:
        codes = [site.as_box(DEVICE_ROUTES[0]).status_code for _ in range(250)]
        assert codes.count(404) == 240
        assert codes[-1] == 429

    def test_the_feed_after_a_position(self, site: Site) -> None:
        people = [Person(phone=str(n)) for n in range(300)]
        for person in people:
            site.box.enrols(person)
        frames = [site.box.frame(1, 256), site.box.frame(257)]
        ingest = Ingest(site.units, site.clock, site.tally)
        ingest.book([Inbound(site.box.topic(), frame, 0) for frame in frames])
        pos, seen = 0, 0
        while True:
            response = site.as_box(f"/v1/device/changes?since={pos}")
            assert response.headers["Content-Type"] == "application/msgpack"
            frame = decode_change(response.content)
            assert frame.prev_pos == pos
            if not frame.changes:
                break
            pos, seen = frame.pos, seen + len(frame.changes)
        assert (pos, seen) == (300, 300)

    @pytest.mark.parametrize("since", ["-1", "x", str(1 << 63)])
    def test_a_position_that_is_none(self, site: Site, since: str) -> None:
        refusal(site.as_box(f"/v1/device/changes?since={since}"), 422, "A107")

    def test_documents(self, site: Site) -> None:
        for path in DEVICE_ROUTES[2:7]:
            refusal(site.as_box(path), 404, "A108")
        with site.units.begin(site.box.tenant) as unit:
            unit.catalogue.add_catalogue(
                Document("catalogue", 1, bytes(32), b"goods"), date(2026, 11, 22), 0, "li"
            )
            unit.catalogue.add_bundle(Document("bundle", 1, bytes(32), b"rules"), b"", "li")
            models = Document("models", 1, bytes(32), b"signed")
            unit.catalogue.add_models(models, {"ab" * 32: b"net"}, "li")
            unit.catalogue.map_name("散称苹果", "A1", "li", 0)
        found = [site.as_box(path).content for path in DEVICE_ROUTES[2:7]]
        assert found == [b"goods", b"rules", b"signed", b"net", b"signed"]
        assert site.as_box("/v1/device/name-map").json() == {"散称苹果": "A1"}

    def test_a_retired_box_is_nobody(self, site: Site) -> None:
        site.units.states[site.box.tenant].retired.add(site.box.device)
        refusal(site.as_box("/v1/device/name-map"), 401, "A102")


class TestClaims:
    def claim(self, site: Site, code: str, key: str = "ab" * 32) -> httpx2.Response:
        body = {"claim_code": code, "public_key": key}
        return site.client.post("/v1/member/claim", json=body)

    def enrolled(self, site: Site, phone: str = "8613800138000") -> Person:
        person = Person(phone=phone)
        site.box.enrols(person)
        site.book()
        return person

    def test_once(self, site: Site) -> None:
        person = self.enrolled(site)
        answer = self.claim(site, person.claim_code).json()
        key_id = sha256(bytes.fromhex("ab" * 32)).digest()[:8]
        assert (answer["member_id"], answer["key_id"]) == (str(person.member), key_id.hex())
        assert answer["tenant_id"] == str(site.box.tenant)
        assert answer["now_ms"] == site.clock.now_ms()
        refusal(self.claim(site, person.claim_code, "cd" * 32), 404, "A108")
        # The shops hear of the phone.
        rows = site.units.states[site.box.tenant].feeds[site.box.store]
        record = decode_member(rows[-1].change.body)
        assert record.phone_keys[0].key_id == key_id
        assert record.digit_secret.hex() == answer["digit_secret"]

    def test_not_after_its_time(self, site: Site) -> None:
        person = self.enrolled(site)
        site.clock.advance(24 * 3_600_000)
        refusal(self.claim(site, person.claim_code), 404, "A108")

    def test_not_with_somebody_elses_key(self, site: Site) -> None:
        one = self.enrolled(site)
        two = self.enrolled(site, "8613800138001")
        assert self.claim(site, one.claim_code).status_code == 200
        refusal(self.claim(site, two.claim_code), 422, "A107")
        assert self.claim(site, two.claim_code, "cd" * 32).status_code == 200

    @pytest.mark.parametrize("key", ["", "ab", "AB" * 32, "00" * 32, "zz" * 32])
    def test_not_with_a_key_that_is_none(self, site: Site, key: str) -> None:
        refusal(self.claim(site, "x", key), 422, "A107")

    def test_not_by_trying(self, site: Site) -> None:
        codes = [self.claim(site, f"guess{n}").status_code for n in range(64)]
        assert codes == [404] * 60 + [429] * 4


class TestPeople:
    @pytest.mark.parametrize("path", [path for path in HQ_ROUTES if "/members/" not in path])
    def test_each_page_as_json(self, site: Site, path: str) -> None:
        assert site.client.get(path, headers=site.signed_in()).status_code == 200

    def test_a_member_nobody_knows(self, site: Site) -> None:
        path = f"/v1/hq/members/{fresh_id()}"
        refusal(site.client.get(path, headers=site.signed_in()), 404, "A108")

    def test_a_repair_nobody_knows(self, site: Site) -> None:
        path = f"/v1/hq/repair/{fresh_id()}/replay"
        refusal(site.client.post(path, json={}, headers=site.signed_in()), 404, "A108")

    def test_a_name_is_mapped(self, site: Site) -> None:
        body = {"name": "散称苹果", "sku": "A1"}
        response = site.client.post(HQ_WRITES[1], json=body, headers=site.signed_in())
        assert (response.status_code, response.content) == (204, b"")
        assert site.desk.asked == [("map", "li-admin", "散称苹果", "A1")]

    @pytest.mark.parametrize(
        "body", [{}, {"name": "a"}, {"name": "", "sku": "b"}, {"name": "a\x00", "sku": "b"},
                 {"name": "a", "sku": "b", "more": 1}, [], "x"]
    )  # fmt: skip
    def test_a_body_that_does_not_fit(self, site: Site, body: object) -> None:
        response = site.client.post(HQ_WRITES[1], json=body, headers=site.signed_in())
        refusal(response, 422, "A107")

    @pytest.mark.parametrize("limit", ["0", "501", "x"])
    def test_limits_are_limited(self, site: Site, limit: str) -> None:
        path = f"/v1/hq/sales?limit={limit}"
        refusal(site.client.get(path, headers=site.signed_in()), 422, "A107")


def test_the_document_of_the_interface_names_every_route(site: Site) -> None:
    paths = openapi(site.deps)["paths"]
    assert {path.partition("?")[0] for path in DEVICE_ROUTES[:2] + DEVICE_ROUTES[-2:]} <= set(paths)
    assert "/v1/hq/repair/{repair_id}/replay" in paths
    assert "/v1/member/claim" in paths
