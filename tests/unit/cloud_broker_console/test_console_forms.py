"""Forms that a browser sends by itself: what they do, and that the next page says so."""

import re
from dataclasses import replace
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from cloud_broker.console.said import WORDS_MAX, Said, opened, sealed
from retail_core.identity.face_enablement import MUST
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import SAME, csrf, notice

COOKIE_BYTES_MAX = 4_000


@pytest.mark.parametrize(
    ("mends", "words"),
    [(True, "上海徐汇店 第 41 条:已重放并入账"), (False, "上海徐汇店 第 41 条:重放后仍未入账")],
)
def test_a_replay_without_a_script_says_how_it_went(
    signed_in: TestClient, desk: fakes.FakeHqDesk, *, mends: bool, words: str
) -> None:
    desk.mends = mends
    word = csrf(signed_in.get("/repair").text)
    path = f"/repair/{fakes.repair(0).repair_id}/replay"
    answer = signed_in.post(path, data={"csrf": word}, headers=SAME)
    assert (answer.status_code, answer.headers["location"]) == (303, "/repair")
    assert words in notice(signed_in.get("/repair").text)
    assert notice(signed_in.get("/repair").text) == "", "said once"


def test_a_name_mapped_without_a_script_says_so(
    signed_in: TestClient, desk: fakes.FakeHqDesk
) -> None:
    form = {"csrf": csrf(signed_in.get("/repair").text), "name": "面<膜>", "sku": " WNN "}
    assert signed_in.post("/review-names", data=form, headers=SAME).status_code == 303
    assert desk.mapped == [("面<膜>", "WNN")]
    # A part of a page that our script asks for meanwhile does not take the words away.
    signed_in.get("/review-names", headers={"HX-Request": "true"})
    assert "面&lt;膜&gt; 已对应到 WNN" in notice(signed_in.get("/review-names").text)


def test_a_refusal_without_a_script_leads_back_and_says_why(signed_in: TestClient) -> None:
    form = {"csrf": csrf(signed_in.get("/repair").text), "name": "面膜", "sku": "?"}
    answer = signed_in.post("/review-names", data=form, headers=SAME)
    assert (answer.status_code, answer.headers["location"]) == (303, "/review-names")
    assert "A108" in notice(signed_in.get("/review-names").text)


def test_nobody_else_puts_words_into_a_page(signed_in: TestClient) -> None:
    for value in (".", "x.x", "WyJoaSIsIHRydWUsICIiXQ==.0", sealed(Said("hi"), "other session")):
        signed_in.cookies.set("regulars_said", value)
        assert notice(signed_in.get("/repair").text) == ""
    assert opened("é.é", "t") is None
    refused = Said("hi", well=False, code="A1")
    assert opened(sealed(refused, "t"), "t") == refused


def test_words_of_any_script_fit_into_a_cookie() -> None:
    said = Said("😀" * WORDS_MAX, well=False, code="A108")
    assert len(sealed(said, "t")) < COOKIE_BYTES_MAX
    assert opened(sealed(said, "t"), "t") == said


def test_an_act_after_the_session_ended_is_said_to_be_undone(client: TestClient) -> None:
    client.cookies.set("regulars_hq", "old")
    answer = client.post("/review-names", data={"name": "a", "sku": "b"}, headers=SAME)
    assert "没有执行" in client.get(answer.headers["location"]).text
    answer = client.post(
        "/review-names", data={"name": "a", "sku": "b"}, headers=SAME | {"HX-Request": "true"}
    )
    assert "没有执行" in client.get(answer.headers["HX-Redirect"]).text
    assert 'class="note"' not in client.get("/login?why=<b>").text


# ---- faces: one asks, another says yes -----------------------------------------------------------

RECORD = {
    "act": "enable",
    "assessment": "PIA-<9>",
    "signage": "门口",
    "approved_by": "周律师",
    "approved_on": "2026-07-01",
}


def face_pages(client: TestClient) -> dict[str, str]:
    page = client.get("/faces").text
    return {name: path for path, name in re.findall(r'<a href="(/faces/[0-9a-f-]+)">(..店)<', page)}


def test_a_store_is_enabled_by_two_persons(signed_in: TestClient, auth: fakes.FakeHqAuth) -> None:
    path = face_pages(signed_in)["成都店"]
    page = signed_in.get(path).text
    assert "人脸识别关着" in page
    word = csrf(page)
    answer = signed_in.post(f"{path}/propose", data=RECORD | {"csrf": word}, headers=SAME)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    page = signed_in.get(path).text
    assert "等另一位同事确认" in notice(page)
    assert "PIA-&lt;9&gt;" in page
    assert 'value="confirm"' not in page, "nobody seconds himself"
    assert "将影响 1 家门店:成都店" in page
    proposal = re.search(r'action="(/faces/proposals/[0-9a-f-]+)"', page)
    assert proposal is not None
    own = {"csrf": word, "answer": "confirm"}
    signed_in.post(proposal.group(1), data=own, headers=SAME)
    assert "R134" in notice(signed_in.get("/faces").text)
    auth.identity = replace(auth.identity, user_id=UUID(int=3), login="wang")
    assert 'value="confirm"' in signed_in.get(path).text
    signed_in.post(proposal.group(1), data=own, headers=SAME)
    assert "已确认(第 1 版)" in notice(signed_in.get("/faces").text)
    page = signed_in.get(path).text
    assert "人脸识别已启用" in page
    assert "hq + wang" in page
    signed_in.post(proposal.group(1), data=own, headers=SAME)
    assert "A108" in notice(signed_in.get("/faces").text), "it is settled"


def test_the_walk_up_zone_is_asked_for_and_ended_on_its_own(
    signed_in: TestClient, auth: fakes.FakeHqAuth
) -> None:
    path = face_pages(signed_in)["上海店"]
    word = csrf(signed_in.get(path).text)
    form = RECORD | {"csrf": word, "act": "walk_up"}
    signed_in.post(f"{path}/propose", data=form, headers=SAME)
    proposal = re.search(r'action="(/faces/proposals/[0-9a-f-]+)"', signed_in.get(path).text)
    assert proposal is not None
    auth.identity = replace(auth.identity, user_id=UUID(int=3), login="wang")
    signed_in.post(proposal.group(1), data={"csrf": word, "answer": "confirm"}, headers=SAME)
    assert "走近即识别区已启用" in signed_in.get(path).text
    for act, said in (("walk_up", "只在顾客要求时比对"), ("enable", "人脸识别关着")):
        answer = signed_in.post(f"{path}/off", data={"csrf": word, "act": act}, headers=SAME)
        assert answer.headers["location"] == path
        page = signed_in.get(path).text
        assert "马上收到" in notice(page)
        assert said in page
    signed_in.post(f"{path}/off", data={"csrf": word, "act": "enable"}, headers=SAME)
    assert "A108" in notice(signed_in.get(path).text), "there is nothing to switch off"


@pytest.mark.parametrize("missing", ["assessment", "signage", "approved_by", "approved_on"])
def test_an_incomplete_record_comes_back_with_what_was_entered(
    signed_in: TestClient, missing: str
) -> None:
    path = face_pages(signed_in)["成都店"]
    form = RECORD | {missing: " ", "csrf": csrf(signed_in.get(path).text)}
    answer = signed_in.post(f"{path}/propose", data=form, headers=SAME)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert MUST[missing] in answer.text, "as people call it"
    kept = "PIA-&lt;9&gt;" if missing != "assessment" else "周律师"
    assert f'value="{kept}"' in answer.text
    assert "等另一位同事确认" not in signed_in.get(path).text


@pytest.mark.parametrize("on", ["2026-02-30", "2019-12-31", "2126-07-01"])
def test_an_impossible_date_comes_back(signed_in: TestClient, on: str) -> None:
    path = face_pages(signed_in)["成都店"]
    form = RECORD | {"approved_on": on, "csrf": csrf(signed_in.get(path).text)}
    answer = signed_in.post(f"{path}/propose", data=form, headers=SAME)
    assert answer.status_code == 422
    assert f"不能晚于今天:{on}" in answer.text


def test_a_proposal_is_withdrawn_and_replaced(signed_in: TestClient) -> None:
    path = face_pages(signed_in)["成都店"]
    word = csrf(signed_in.get(path).text)
    for number in (1, 2):
        form = RECORD | {"csrf": word, "assessment": f"PIA-{number}"}
        signed_in.post(f"{path}/propose", data=form, headers=SAME)
    page = signed_in.get(path).text
    assert page.count("/faces/proposals/") == 1
    assert "PIA-2" in page
    proposal = re.search(r'action="(/faces/proposals/[0-9a-f-]+)"', page)
    assert proposal is not None
    signed_in.post(proposal.group(1), data={"csrf": word, "answer": "withdraw"}, headers=SAME)
    assert "提议已撤下" in notice(signed_in.get("/faces").text)
    assert "/faces/proposals/" not in signed_in.get(path).text


def test_faces_are_decided_by_those_who_may(client: TestClient, auth: fakes.FakeHqAuth) -> None:
    auth.identity = fakes.FakeHqAuth("marketing").identity
    client.cookies.set("regulars_hq", fakes.TOKEN)
    path = face_pages(client)["成都店"]
    page = client.get(path).text
    assert "/propose" not in page
    form = RECORD | {"csrf": csrf(page)}
    assert "A111" in client.post(f"{path}/propose", data=form, headers=SAME).text
    assert client.post(f"{path}/propose", data=RECORD, headers=SAME).status_code == 403
    assert client.get(f"/faces/{UUID(int=1)}").status_code == 404
