"""Pairing over HTTP: the window, who may open it, pages, sockets, and what ends at a revocation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from retail_core.limits import PAIRING_WINDOW_S
from tests.factories.agent_api import ORIGIN, TILL, Box, sale
from tests.factories.agent_files import SCREEN_TOKEN, TILL_TOKEN
from tests.factories.terminals import PairingDesk

PAGE = "https://pos.example.cn"
FOREIGN = "https://evil.example"
STRANGER = "https://nobody-paired.example"  # other tests pair terminals of PAGE
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type",
    "Access-Control-Request-Private-Network": "true",
}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


@pytest.fixture
def desk(box: Box) -> PairingDesk:
    box.clock.advance(PAIRING_WINDOW_S * 1_000)  # earlier windows are over, the rate is full again
    return PairingDesk(box)


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_terminal_is_paired_and_sells(box: Box, desk: PairingDesk) -> None:
    code = desk.open()
    asked = desk.ask(code, name="自助 2", till=str(TILL))
    assert len(asked["check"]) == 4
    assert desk.claim(asked)["state"] == "waiting"
    window = desk.manager.get("/v1/pairing").json()
    assert window["state"] == "asking"
    assert window["asking"]["name"] == "自助 2"
    assert window["asking"]["check"] == asked["check"]
    assert code not in str(window)
    confirmed = desk.confirm(window)
    assert confirmed["till"] == str(TILL)
    paired = desk.claim(asked)
    assert paired["state"] == "paired"
    assert paired["terminal"]["terminal_id"] == confirmed["terminal_id"]
    once = {"Idempotency-Key": "first-sale-0001"}
    till = box.client(paired["token"])
    sold = till.post("/v1/sales", json=sale(12_800), headers=once)
    assert sold.status_code == 200
    assert till.get("/v1/terminals/self").json()["name"] == "自助 2"
    assert refused(till.get("/v1/ledger")) == (403, "A111")


def test_only_a_manager_at_the_screen_opens_a_window(box: Box, desk: PairingDesk) -> None:
    assert refused(box.screen().post("/v1/pairing", json={})) == (401, "A116")
    clerk = desk.clerk.post("/v1/pairing", json={})
    assert refused(clerk) == (403, "A190")
    assert "请店长或技术员用自己的工号和 PIN 登录" in clerk.json()["zh"]
    assert "a manager or technician" in clerk.json()["en"]
    till = box.client(TILL_TOKEN, **{"X-Operator": desk.operator})
    assert refused(till.post("/v1/pairing", json={})) == (403, "A111")
    assert desk.manager.get("/v1/pairing").json() == {
        "state": "closed", "expires_s": 0, "tries_left": 0, "asking": None,
    }  # fmt: skip


def test_wrong_codes_are_counted_and_end_the_window(box: Box, desk: PairingDesk) -> None:
    desk.open()
    for left in (4, 3, 2, 1, 0):
        answer = box.client().post("/v1/pair", json={"code": "0000-0000", "name": "x"})
        assert refused(answer) == (403, "A146")
        assert answer.json()["fields"] == {"tries_left": left}
    answer = box.client().post("/v1/pair", json={"code": "0000-0000", "name": "x"})
    assert refused(answer) == (403, "A145")


def test_asking_is_rated(box: Box, desk: PairingDesk) -> None:
    assert not desk.manager.get("/v1/pairing").json()["tries_left"]
    body = {"code": "0000-0000", "name": "x"}
    codes = {refused(box.client().post("/v1/pair", json=body))[1] for _ in range(32)}
    assert codes == {"A145", "A112"}


@pytest.mark.parametrize("name", ["", "a\nb", "<b>x</b>", "x" * 61, "\u202eevil", " x"])
def test_a_name_that_could_mislead_is_refused(box: Box, desk: PairingDesk, name: str) -> None:
    answer = box.client().post("/v1/pair", json={"code": desk.open(), "name": name})
    assert refused(answer) == (422, "A107")


def test_a_till_or_lane_that_is_not_here_is_not_confirmed(desk: PairingDesk) -> None:
    desk.ask(desk.open(), name="x", till=str(UUID(int=1)))
    window = desk.manager.get("/v1/pairing").json()
    body = {"request_id": window["asking"]["request_id"]}
    assert refused(desk.manager.post("/v1/pairing/confirm", json=body)) == (404, "A108")
    wrong = body | {"till": str(TILL), "lane": "zz"}
    assert refused(desk.manager.post("/v1/pairing/confirm", json=wrong)) == (404, "A108")
    beyond = body | {"till": str(TILL), "scopes": ["ledger.read"]}
    assert refused(desk.manager.post("/v1/pairing/confirm", json=beyond)) == (422, "A107")
    assert desk.confirm(window, till=str(TILL), scopes=["events"])["scopes"] == [
        "events",
        "terminals.self",
    ]


def test_who_is_refused_gets_no_token(desk: PairingDesk) -> None:
    asked = desk.ask(desk.open(), name="x")
    assert desk.manager.delete("/v1/pairing").json()["state"] == "closed"
    answer = desk.stranger.post("/v1/pair/claim", json={"claim": asked["claim"]})
    assert refused(answer) == (403, "A145")


def test_a_window_tells_the_screens(box: Box, desk: PairingDesk) -> None:
    with box.screen() as screen, screen.websocket_connect("/v1/events") as socket:
        code = desk.open()
        desk.ask(code, name="x")
        told: list[dict[str, Any]] = []
        while not told or told[-1]["state"] != "asking":
            event = socket.receive_json()
            if event["type"] == "pairing":
                told.append(event)
    assert [event["state"] for event in told] == ["open", "asking"]
    assert code not in str(told)


# ---- pages --------------------------------------------------------------------------------------


def test_a_foreign_page_may_knock_only_while_a_window_is_open(box: Box, desk: PairingDesk) -> None:
    page = box.client(Origin=STRANGER)
    box.clock.advance(PAIRING_WINDOW_S * 1_000)  # whatever another test left open
    assert refused(page.options("/v1/pair", headers=PREFLIGHT)) == (403, "A103")
    desk.open()
    asked = page.options("/v1/pair", headers=PREFLIGHT)
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == STRANGER
    assert asked.headers["access-control-allow-private-network"] == "true"
    assert "access-control-allow-credentials" not in asked.headers
    for path in ("/v1/quotes", "/v1/pairing", "/v1/terminals", "/v1/health"):
        assert refused(page.options(path, headers=PREFLIGHT)) == (403, "A103"), path
    null = box.client(Origin="null")
    assert refused(null.options("/v1/pair", headers=PREFLIGHT)) == (403, "A103")
    box.clock.advance(PAIRING_WINDOW_S * 1_000)
    assert refused(page.options("/v1/pair", headers=PREFLIGHT)) == (403, "A103")


def test_a_browser_tills_token_works_on_its_own_page_only(box: Box, desk: PairingDesk) -> None:
    token = desk.pair(page=PAGE, name="网页收银", till=str(TILL))
    lines = {"lines": [{"sku": "milk"}]}
    answer = box.client(token, Origin=PAGE).post("/v1/quotes", json=lines)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    for method in ("PUT", "DELETE"):
        asked = PREFLIGHT | {"Access-Control-Request-Method": method}
        shown = box.client(Origin=PAGE).options("/v1/sales", headers=asked)
        assert method in shown.headers["access-control-allow-methods"]
    assert box.client(token).post("/v1/quotes", json=lines).status_code == 200, "no page at all"
    for origin in (FOREIGN, ORIGIN, "null", PAGE + ".evil.example", PAGE + ":444"):
        answer = box.client(token, Origin=origin).post("/v1/quotes", json=lines)
        assert refused(answer) == (403, "A103"), origin
    for other in (TILL_TOKEN, SCREEN_TOKEN):
        answer = box.client(other, Origin=PAGE).post("/v1/quotes", json=lines)
        assert refused(answer) == (403, "A103"), "another's token on this page"
    rebound = box.client(token, Origin=PAGE, Host="pos.example.cn")
    assert refused(rebound.post("/v1/quotes", json=lines)) == (403, "A104")


def test_a_program_may_name_the_page_it_pairs_for(box: Box, desk: PairingDesk) -> None:
    asked = {"code": desk.open(), "name": "x", "till": str(TILL)}
    wrong = box.client(Origin=PAGE).post("/v1/pair", json=asked | {"origin": FOREIGN})
    assert refused(wrong) == (422, "A107")
    token = desk.pair(origin=PAGE, name="x", till=str(TILL))
    assert box.client(token, Origin=PAGE).get("/v1/terminals/self").json()["origins"] == [PAGE]


def test_a_native_tills_token_works_on_no_page(box: Box, desk: PairingDesk) -> None:
    token = desk.pair(name="x", till=str(TILL))
    for origin in (PAGE, ORIGIN):
        answer = box.client(token, Origin=origin).get("/v1/terminals/self")
        assert refused(answer) == (403, "A103")


# ---- rotation and revocation --------------------------------------------------------------------


def test_a_token_is_renewed_without_a_gap(box: Box, desk: PairingDesk) -> None:
    old = desk.pair(name="x", till=str(TILL))
    new = box.client(old).post("/v1/terminals/self/token", json={}).json()["token"]
    assert box.client(old).get("/v1/terminals/self").status_code == 200
    assert box.client(new).get("/v1/terminals/self").status_code == 200
    assert refused(box.client(old).get("/v1/terminals/self")) == (401, "A102")
    assert refused(box.till().post("/v1/terminals/self/token", json={})) == (404, "A108")


def test_a_revocation_acts_at_once_on_calls_and_open_sockets(box: Box, desk: PairingDesk) -> None:
    token = desk.pair(name="x", kind="display", lane=box.settings.lanes[0].id)
    listed = desk.manager.get("/v1/terminals").json()["terminals"]
    assert [one["provisioned"] for one in listed[:3]] == [True, True, False]
    terminal = listed[-1]["terminal_id"]
    with box.client(token) as client, client.websocket_connect("/v1/events") as socket:
        clerk = desk.clerk.delete(f"/v1/terminals/{terminal}")
        assert refused(clerk) == (403, "A190")
        assert desk.manager.delete(f"/v1/terminals/{terminal}").status_code == 200
        with pytest.raises(WebSocketDisconnect):
            all(iter(socket.receive_json, None))
        assert refused(client.get("/v1/terminals/self")) == (401, "A102")
        with (
            pytest.raises(WebSocketDenialResponse) as denied,
            client.websocket_connect("/v1/events"),
        ):
            pass
        assert denied.value.json()["code"] == "A102"
    assert refused(desk.manager.delete(f"/v1/terminals/{terminal}")) == (404, "A108")


def test_a_display_reads_events_and_nothing_else(box: Box, desk: PairingDesk) -> None:
    client = box.client(desk.pair(name="顾客屏", kind="display"))
    with client as display, display.websocket_connect("/v1/events"):
        pass
    assert refused(client.post("/v1/quotes", json={"lines": []})) == (403, "A111")
    assert refused(client.post("/v1/identify", json={})) == (403, "A111")


def test_a_till_paired_anew_gets_the_answer_it_lost(box: Box, desk: PairingDesk) -> None:
    once = {"Idempotency-Key": "lost-answer-0001"}
    first = box.client(desk.pair(name="x", till=str(TILL)))
    sold = first.post("/v1/sales", json=sale(12_800), headers=once)
    again = box.client(desk.pair(name="x", till=str(TILL)))
    assert refused(first.get("/v1/terminals/self")) == (401, "A102"), "its own place was taken"
    told = again.post("/v1/sales", json=sale(12_800), headers=once)
    assert told.headers["idempotency-replayed"] == "true"
    assert told.json() == sold.json()


def test_pairings_survive_a_restart(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        token = PairingDesk(box).pair(name="x", till=str(TILL))
    assert token not in (tmp_path / "data" / "documents.json").read_text("utf-8")
    with Box(tmp_path) as box:
        assert box.client(token).get("/v1/terminals/self").json()["till"] == str(TILL)


def test_a_terminal_of_one_lane_has_no_business_at_another(tmp_path: Path) -> None:
    with Box(tmp_path, two_lanes=True) as box:
        screen = box.client(PairingDesk(box).pair(name="屏", kind="screen", lane="b"))
        assert refused(screen.post("/v1/identify", json={"lane": "a"})) == (404, "A108")
        assert screen.post("/v1/identify", json={"deadline_ms": 1}).json()["lane"] == "b"


def test_no_code_claim_or_token_is_logged(
    box: Box, desk: PairingDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    code = desk.open()
    asked = desk.ask(code, name="x", till=str(TILL))
    desk.confirm(desk.manager.get("/v1/pairing").json())
    token = desk.claim(asked)["token"]
    box.client().post("/v1/pair", json={"code": code, "name": "x"})
    logged = "".join(capsys.readouterr())
    assert "/v1/pair/claim" in logged
    for secret in (code, code.replace("-", ""), asked["claim"], token):
        assert secret not in logged


def test_the_desks_strangers_carry_no_token(desk: PairingDesk) -> None:
    assert isinstance(desk.stranger, TestClient)
    assert "authorization" not in desk.stranger.headers
