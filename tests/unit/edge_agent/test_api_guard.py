"""The gate in front of every route: host, origin, token, media type, size, and nothing leaks."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from edge_agent.api.guard import OPEN_PATHS, PAGE_HEADERS, SUBPROTOCOL
from edge_agent.api.hub import CLIENTS_MAX
from edge_agent.api.principals import SCOPES, Kind, Scope
from edge_agent.lane_settings import ONLY_LANE
from retail_core.limits import API_BODY_BYTES_MAX
from tests.factories.agent_api import ORIGIN, Box, api_routes, sale
from tests.factories.agent_files import SCREEN_TOKEN, TILL_TOKEN

FOREIGN = "https://evil.example"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


@pytest.fixture(scope="module")
def routes(box: Box) -> list[tuple[str, str]]:
    found = api_routes(box.app)
    assert {path for _method, path in found} >= {"/v1/health", "/v1/sales", "/v1/ledger"}
    assert all(path.startswith("/v1/") for _method, path in found)
    return found


def test_every_route_refuses_a_stranger(box: Box, routes: list[tuple[str, str]]) -> None:
    for token, code in (("", "A101"), ("till-token-0123456780", "A102")):
        client = box.client(token)
        for method, path in routes:
            if path in OPEN_PATHS:
                continue
            answer = client.request(method, path, json={})
            assert (answer.status_code, answer.json()["code"]) == (401, code), path
            assert answer.headers["www-authenticate"] == "Bearer"


def test_what_is_not_there_is_not_shown_to_a_stranger(box: Box) -> None:
    assert box.client().get("/v1/nothing").json()["code"] == "A101"
    answer = box.till().get("/v1/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "A108")
    answer = box.till().delete("/v1/health", headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (405, "A114")
    assert answer.headers["allow"] == "GET"


def test_every_route_refuses_a_foreign_page(box: Box, routes: list[tuple[str, str]]) -> None:
    for origin in (FOREIGN, "null", "http://127.0.0.1:18432", f"{ORIGIN}.evil.example"):
        client = box.client(TILL_TOKEN, Origin=origin)
        for method, path in routes:
            answer = client.request(method, path, json={})
            assert (answer.status_code, answer.json()["code"]) == (403, "A103"), path
            assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::2]:18431"])
def test_every_route_refuses_a_rebound_name(
    box: Box, routes: list[tuple[str, str]], host: str
) -> None:
    client = box.client(TILL_TOKEN, Host=host)
    for method, path in [*routes, ("GET", "/"), ("GET", "/screen/till.js")]:
        answer = client.request(method, path, json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "A104"), path


@pytest.mark.parametrize("host", ["localhost:18431", "127.0.0.1", "[::1]:18431", "LOCALHOST"])
def test_own_names_are_let_in(box: Box, host: str) -> None:
    assert box.client(Host=host).get("/v1/health").status_code == 200


def test_a_page_on_the_list_is_let_in_and_named(box: Box) -> None:
    answer = box.client(TILL_TOKEN, Origin=ORIGIN).get("/v1/health")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in answer.headers

    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Private-Network": "true",
    }
    answer = box.client(Origin=ORIGIN).options("/v1/sales", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-private-network"] == "true"
    assert "Idempotency-Key" in answer.headers["access-control-allow-headers"]
    assert box.client(Origin=FOREIGN).options("/v1/sales", headers=asked).status_code == 403


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_forged_form_is_refused(box: Box, media: str) -> None:
    answer = box.till().post("/v1/quotes", content=b"{}", headers={"Content-Type": media})
    assert (answer.status_code, answer.json()["code"]) == (415, "A115")


def test_bodies_are_bounded_announced_or_not(box: Box) -> None:
    large = b" " * (API_BODY_BYTES_MAX + 1)
    answer = box.till().post("/v1/quotes", content=large, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "A113")
    assert answer.json()["fields"]["limit_bytes"] == API_BODY_BYTES_MAX

    chunks = iter([large[:1000]] * 70)
    answer = box.till().post("/v1/quotes", content=chunks, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "A113")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"[" * 20_000, b'{"lines": NaN}', b"\xff\xfe", b'{"a":1}'],
)
def test_malformed_bodies_are_coded(box: Box, body: bytes) -> None:
    answer = box.till().post("/v1/quotes", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "A107")
    assert set(answer.json()) == {"code", "zh", "en", "fields"}
    assert answer.json()["fields"]["detail"] not in answer.json()["zh"], "in Chinese as well"


def test_a_refusal_does_not_repeat_what_was_sent(box: Box) -> None:
    body = {"number": "1001", "pin": {"secret": "246810"}}
    answer = box.till().post("/v1/operators/login", json=body)
    assert answer.status_code == 422
    assert "246810" not in answer.text


def test_every_answer_carries_the_security_headers(box: Box, routes: list[tuple[str, str]]) -> None:
    everything = [*routes, ("GET", "/"), ("GET", "/screen/till.js"), ("GET", "/nowhere")]
    for client in (box.client(), box.till(), box.client(Host="evil.example")):
        for method, path in everything:
            answer = client.request(method, path, json={})
            assert PAGE_HEADERS.items() <= {
                name.title(): value for name, value in answer.headers.items()
            }.items() | {(name, answer.headers[name]) for name in PAGE_HEADERS}
            assert "server" not in answer.headers
            if path.startswith("/v1/"):
                assert answer.headers["cache-control"] == "no-store"


def test_scopes_of_each_kind(box: Box) -> None:
    assert Scope.SELL not in SCOPES[Kind.SCREEN]
    assert Scope.LEDGER not in SCOPES[Kind.TILL]
    once = {"Idempotency-Key": "a-key-of-the-screen"}
    answer = box.screen().post("/v1/sales", json=sale(12_800), headers=once)
    assert (answer.status_code, answer.json()["code"]) == (403, "A111")
    assert answer.json()["fields"]["scope"] == "sales.write"
    assert box.till().get("/v1/ledger").json()["code"] == "A111"
    assert box.screen().get("/v1/ledger").status_code == 200


def test_no_documentation_page_loads_from_elsewhere(box: Box) -> None:
    for path in ("/docs", "/redoc"):
        assert box.client().get(path).status_code == 404
    assert box.client().get("/openapi.json").json()["info"]["title"].startswith("Regulars")


def test_an_unexpected_failure_shows_a_reference_and_nothing_else(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise RuntimeError("a member's name: 李敏")

    box.app.add_api_route("/v1/fail", fail)
    answer = box.till().get("/v1/fail")
    assert (answer.status_code, answer.json()["code"]) == (500, "A199")
    logged = "".join(capsys.readouterr())
    assert answer.json()["fields"]["ref"] in logged
    assert "RuntimeError" in logged
    for text in (answer.text, logged):
        assert "李敏" not in text
        assert "Traceback" not in text


def test_faults_are_counted(box: Box) -> None:
    before = box.agent.basis.tally.snapshot().get("A102", 0)
    box.client("x" * 20).get("/v1/ledger")
    assert box.agent.basis.tally.snapshot()["A102"] == before + 1


def test_logs_hold_no_token_and_no_member(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    with box.till() as client:
        client.post("/v1/operators/login", json={"number": "1001", "pin": "246810"})
        with client.websocket_connect(f"/v1/events?token={TILL_TOKEN}"):
            pass
    logged = "".join(capsys.readouterr())
    assert "/v1/operators/login" in logged
    for secret in (TILL_TOKEN, "246810"):
        assert secret not in logged


# ---- the socket ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "headers", "code"),
    [
        ("/v1/events", {}, "A101"),
        ("/v1/events?token=wrong", {}, "A102"),
        (f"/v1/events?token={TILL_TOKEN}", {"Origin": FOREIGN}, "A103"),
        (f"/v1/events?token={TILL_TOKEN}", {"Origin": "null"}, "A103"),
        (f"/v1/events?token={TILL_TOKEN}", {"Host": "evil.example"}, "A104"),
        ("/v1/other", {}, "A101"),
    ],
)
def test_the_socket_refuses_strangers(
    box: Box, url: str, headers: dict[str, str], code: str
) -> None:
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        box.client().websocket_connect(url, headers=headers),
    ):
        pass
    assert refused.value.json()["code"] == code


def test_the_socket_takes_the_token_three_ways(box: Box) -> None:
    offered = [SUBPROTOCOL, f"bearer.{SCREEN_TOKEN}"]
    with box.client() as client:
        with client.websocket_connect("/v1/events", subprotocols=offered) as socket:
            assert str(socket.accepted_subprotocol) == SUBPROTOCOL
        with client.websocket_connect(f"/v1/events?token={TILL_TOKEN}"):
            pass
    with box.till() as client, client.websocket_connect("/v1/events") as socket:
        box.hub.publish("tapped", {"n": 1}, lane=ONLY_LANE)
        assert socket.receive_json()["type"] in {"tapped", "health", "basket"}


def test_a_quote_reaches_the_screen(box: Box) -> None:
    with box.till() as till, till.websocket_connect("/v1/events") as socket:
        quoted = till.post("/v1/quotes", json={"lines": [{"sku": "milk"}]}).json()
        event = socket.receive_json()
    assert event["type"] == "basket"
    assert {key: event[key] for key in quoted} == quoted


def test_too_many_listeners_are_told_to_come_later(box: Box) -> None:
    clients = [box.hub.subscribe(ONLY_LANE) for _ in range(CLIENTS_MAX)]
    try:
        with box.till() as till, till.websocket_connect("/v1/events") as socket:
            with pytest.raises(WebSocketDisconnect) as told:
                socket.receive_json()
            assert told.value.code == 1013
    finally:
        for client in clients:
            assert client is not None
            box.hub.unsubscribe(client)


def test_what_a_listener_says_is_dropped(box: Box) -> None:
    with box.till() as till, till.websocket_connect("/v1/events") as socket:
        socket.send_text('{"type": "sale"}')
        box.hub.publish("tapped", {"n": 2}, lane=ONLY_LANE)
        while socket.receive_json()["type"] != "tapped":
            pass


def test_a_write_that_says_all_in_its_address_needs_no_body(box: Box) -> None:
    """The document names no body for it, so a till's client sends none and no media type."""
    resume, key = f"/v1/baskets/{uuid4()}/resume", {"Idempotency-Key": "no-body-1"}
    assert box.till().post(resume, headers=key).json()["code"] == "A130"
    forged = key | {"Content-Type": "application/x-www-form-urlencoded"}
    answer = box.till().post(resume, headers=forged)
    assert (answer.status_code, answer.json()["code"]) == (415, "A115")
    answer = box.client().post("/v1/pair")
    assert (answer.status_code, answer.json()["code"]) == (415, "A115")


def test_the_document_says_what_an_idempotency_key_looks_like(box: Box) -> None:
    document = box.till().get("/openapi.json").json()
    said = document["paths"]["/v1/sales"]["post"]["parameters"]
    (key,) = (one for one in said if one["name"] == "Idempotency-Key")
    assert key["required"] is True
    assert key["schema"]["type"] == "string"
    assert re.fullmatch(key["schema"]["pattern"], key["example"])
    lines = {"lines": [{"sku": "X", "qty": 1, "unit_price_fen": 1}], "tenders": []}
    for given, fits in (("a" * 8, True), ("a" * 7, False), ("a" * 129, False), ("a b" * 4, False)):
        assert (re.fullmatch(key["schema"]["pattern"], given) is not None) is fits
        answer = box.till().post("/v1/sales", json=lines, headers={"Idempotency-Key": given})
        assert (answer.json()["code"] != "A105") is fits


@pytest.mark.parametrize("path", ["/", "/screen/till.js", "/screen/text/zh.json", "/tech"])
def test_an_upgraded_box_meets_no_page_of_yesterday(box: Box, path: str) -> None:
    with box.client() as client:
        first = client.get(path)
        assert first.headers["Cache-Control"] == "no-cache"
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.headers["Cache-Control"] == "no-cache"
