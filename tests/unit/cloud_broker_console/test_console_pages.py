"""The pages over fakes: who may see them, what they say, what they refuse."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from cloud_broker import console
from cloud_broker.console.pages import console_router, mount_static
from cloud_broker.console.render import render
from cloud_broker.console.said import Said, opened, sealed
from cloud_broker.console.shell import bare_values, local_path
from cloud_broker.services.overview import NameReview
from tests.unit.cloud_broker_console import console_fakes as fakes

ORIGIN = "https://hq.example"
SAME = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
STORE = f"/stores/{fakes.tile(0).store_id}"
MEMBER = f"/members/{fakes.MEMBER}"
PAGES = ("/", "/sales", "/members", "/repair", "/review-names", "/faces", STORE, MEMBER)
STATIC = Path(console.__file__).parent / "static"


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


def notice(page: str) -> str:
    found = re.search(r'<div id="notice"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert found is not None
    return found.group(1).strip()


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("path", [*PAGES, "/sales.csv", "/console/stream"])
def test_a_stranger_is_sent_to_sign_in(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=/")


def test_an_ended_session_inside_a_page_leads_to_sign_in(client: TestClient) -> None:
    client.cookies.set("regulars_hq", "old")
    answer = client.get("/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login"


def test_signing_in_hands_out_a_cookie_for_this_site_alone(client: TestClient) -> None:
    form = {"login": " hq ", "password": "geheim", "next": "/sales"}
    answer = client.post("/login", data=form, headers=SAME)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sales"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/").status_code == 200


def test_a_wrong_password_says_so_and_keeps_the_name(client: TestClient) -> None:
    answer = client.post("/login", data={"login": "hq<", "password": "x"}, headers=SAME)
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "hq&lt;" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_another_site_can_not_sign_anybody_in(client: TestClient, headers: dict[str, str]) -> None:
    form = {"login": "hq", "password": "geheim"}
    assert client.post("/login", data=form, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("/sales?q=1", "/sales?q=1"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("sales", "/"),
        ("", "/"),
    ],
)
def test_signing_in_never_leads_elsewhere(wanted: str, got: str) -> None:
    assert local_path(wanted) == got


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_render_in_both_languages(signed_in: TestClient, path: str, language: str) -> None:
    answer = signed_in.get(f"{path}?lang={language}")
    assert answer.status_code == 200
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    again = signed_in.get(path)
    assert ("退出" in again.text) == (language == "zh")


@pytest.mark.parametrize("path", [*PAGES, "/login"])
def test_pages_obey_their_content_policy(signed_in: TestClient, path: str) -> None:
    page = signed_in.get(path).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)


def test_the_wall_says_state_in_shape_and_word(signed_in: TestClient) -> None:
    page = signed_in.get("/").text
    for word in ("可售", "降级", "不可售", "失联"):
        assert word in page
    for mark in ("ok", "degraded", "cannot", "gone", "never"):
        assert f'id="mark-{mark}"' in page
    assert "18 ms" in page
    assert "磁盘已满" in page
    assert re.search(r'hx-sse:connect="/console/stream\?v=[0-9a-f]{24}"', page)


def test_an_empty_chain_teaches_the_next_step(
    signed_in: TestClient, queries: fakes.FakeHqQueries
) -> None:
    queries.stores, queries.all_sales, queries.versions = (), (), (0, 0)
    page = signed_in.get("/").text
    assert "cloud-broker provision-store" in page
    assert "cloud-broker import catalogue FILE" in page
    assert "还没有销售" in page


def test_a_store_says_why_and_what_helps(signed_in: TestClient) -> None:
    page = signed_in.get(f"/stores/{fakes.tile(3).store_id}").text
    assert "读卡器没有响应" in page
    assert "USB" in page
    assert page.index("可以收银") < page.index("为什么") < page.index("设备")


def test_what_came_from_outside_is_escaped(signed_in: TestClient) -> None:
    page = signed_in.get("/review-names").text
    assert "玉泽 &lt;50&gt;" in page
    assert "<50>" not in page


@pytest.mark.parametrize("path", ["/stores/7", "/members/x", f"/stores/{fakes.MEMBER}"])
def test_what_is_not_there_says_so(signed_in: TestClient, path: str) -> None:
    answer = signed_in.get(path)
    assert answer.status_code == 404
    assert "A108" in answer.text


def test_the_member_page_hides_declared_tags_until_asked(signed_in: TestClient) -> None:
    page = signed_in.get(MEMBER).text
    assert re.search(r"<details class=\"tags\"><summary>[^<]*2[^<]*</summary>", page)
    assert "2,340" in page
    assert "品牌负债" in page


def test_the_table_and_the_file_show_the_same_rows(signed_in: TestClient) -> None:
    page = signed_in.get("/sales?q=成都&sort=amount&dir=asc")
    assert page.text.count('<tr id="row-') == 2
    assert 'aria-sort="ascending"' in page.text
    file = signed_in.get("/sales.csv?q=成都")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(file.text.splitlines()) == 3
    assert signed_in.get("/sales?store=nonsense").text.count('<tr id="row-') == 6
    assert "没有符合条件的销售" in signed_in.get("/sales?q=zzz").text


def test_members_are_found_by_name(signed_in: TestClient) -> None:
    assert "138****8000" in signed_in.get("/members?q=李").text
    assert "没有找到会员" in signed_in.get("/members?q=赵").text


def test_a_replay_answers_with_the_row(signed_in: TestClient) -> None:
    word = csrf(signed_in.get("/repair").text)
    path = f"/repair/{fakes.repair(0).repair_id}/replay"
    row = signed_in.post(path, headers=SAME | {"HX-Request": "true", "X-CSRF-Token": word})
    assert row.status_code == 200
    assert row.text.strip().startswith("<tr id=")
    assert "已重放并入账" in row.text


def test_what_cannot_be_replayed_is_marked_as_seen(signed_in: TestClient) -> None:
    page = signed_in.get("/repair").text
    path = f"/repair/{fakes.repair(1).repair_id}/replay"
    assert path in page
    assert "看过了" in page


def test_a_replay_that_does_not_help_says_so(signed_in: TestClient, desk: fakes.FakeHqDesk) -> None:
    desk.mends = False
    word = csrf(signed_in.get("/repair").text)
    path = f"/repair/{fakes.repair(0).repair_id}/replay"
    row = signed_in.post(path, headers=SAME | {"HX-Request": "true", "X-CSRF-Token": word})
    assert "重放后仍未入账" in row.text


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


def test_an_act_after_the_session_ended_is_said_to_be_undone(client: TestClient) -> None:
    client.cookies.set("regulars_hq", "old")
    answer = client.post("/review-names", data={"name": "a", "sku": "b"}, headers=SAME)
    assert "没有执行" in client.get(answer.headers["location"]).text
    answer = client.post(
        "/review-names", data={"name": "a", "sku": "b"}, headers=SAME | {"HX-Request": "true"}
    )
    assert "没有执行" in client.get(answer.headers["HX-Redirect"]).text
    assert 'class="note"' not in client.get("/login?why=<b>").text


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_a_write_without_the_sessions_word_is_refused(
    signed_in: TestClient, desk: fakes.FakeHqDesk, token: str
) -> None:
    form = {"csrf": token, "name": "面膜", "sku": "WNN"}
    answer = signed_in.post("/review-names", data=form, headers=SAME)
    assert answer.status_code == 403
    assert "刷新" in answer.text
    assert desk.mapped == []


def test_a_write_from_another_site_is_refused(
    signed_in: TestClient, desk: fakes.FakeHqDesk
) -> None:
    word = csrf(signed_in.get("/review-names").text)
    form = {"csrf": word, "name": "面膜", "sku": "WNN"}
    answer = signed_in.post("/review-names", data=form, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert desk.mapped == []


def test_a_fault_inside_a_page_becomes_its_notice(signed_in: TestClient) -> None:
    word = csrf(signed_in.get("/review-names").text)
    form = {"name": "面膜", "sku": "?"}
    headers = SAME | {"HX-Request": "true", "X-CSRF-Token": word}
    answer = signed_in.post("/review-names", data=form, headers=headers)
    assert answer.status_code == 404
    assert answer.headers["HX-Retarget"] == "#notice"
    assert "A108" in answer.text


def test_mapping_a_name_says_what_it_did(signed_in: TestClient) -> None:
    word = csrf(signed_in.get("/review-names").text)
    headers = SAME | {"HX-Request": "true", "X-CSRF-Token": word}
    answer = signed_in.post("/review-names", data={"name": "面膜", "sku": "WNN"}, headers=headers)
    assert "面膜 已对应到 WNN" in answer.text


def test_an_auditor_sees_and_has_no_buttons(client: TestClient, auth: fakes.FakeHqAuth) -> None:
    auth.identity = fakes.FakeHqAuth("auditor").identity
    client.cookies.set("regulars_hq", fakes.TOKEN)
    assert "hx-post" not in client.get("/repair").text
    assert "hx-post" not in client.get("/review-names").text


def test_signing_out_ends_the_session(signed_in: TestClient, auth: fakes.FakeHqAuth) -> None:
    word = csrf(signed_in.get("/").text)
    assert signed_in.post("/logout", headers=SAME).status_code == 403
    answer = signed_in.post("/logout", data={"csrf": word}, headers=SAME)
    assert answer.status_code == 303
    assert "已退出" in signed_in.get(answer.headers["location"]).text
    assert auth.tokens == set()


def test_files_are_served_with_the_safe_headers(client: TestClient) -> None:
    answer = client.get("/console/static/console.css")
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"
    assert client.get("/console/static/../pages.py").status_code == 404


def test_the_style_sheets_use_the_tokens_and_load_nothing() -> None:
    sheet = (STATIC / "console.css").read_text(encoding="utf-8")
    tokens = (STATIC / "tokens.css").read_text(encoding="utf-8")
    assert "url(" not in sheet + tokens
    assert not re.search(r"#[0-9a-f]{3,8}\b", sheet), "a colour beside the tokens"
    assert set(re.findall(r"var\((--[\w-]+)\)", sheet)) <= set(re.findall(r"(--[\w-]+):", tokens))
    assert {"400", "600"} >= set(re.findall(r"font-weight: (\d+)", sheet))


def test_a_page_for_nobody_still_renders() -> None:
    page = render("error.html", bare_values("en", "/x") | {"said": Said("<m>", code="A108")})
    assert "&lt;m&gt;" in page


def test_who_may_recognise_faces_and_on_whose_word(signed_in: TestClient) -> None:
    page = signed_in.get("/faces").text
    assert "PIA-&lt;7&gt;" in page
    assert "周律师 2026-07-01" in page
    assert page.index("上海店") != page.index("成都店")


# ---- faces: one asks, another says yes -----------------------------------------------------------

RECORD = {
    "act": "enable",
    "assessment": "PIA-<9>",
    "signage": "门口",
    "approved_by": "周律师",
    "approved_on": "2026-10-01",
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
    assert missing in answer.text
    kept = "PIA-&lt;9&gt;" if missing != "assessment" else "周律师"
    assert f'value="{kept}"' in answer.text
    assert "等另一位同事确认" not in signed_in.get(path).text


def test_an_impossible_date_comes_back(signed_in: TestClient) -> None:
    path = face_pages(signed_in)["成都店"]
    form = RECORD | {"approved_on": "2026-02-30", "csrf": csrf(signed_in.get(path).text)}
    assert signed_in.post(f"{path}/propose", data=form, headers=SAME).status_code == 422


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
    client.post(f"{path}/propose", data=form, headers=SAME)
    assert "A111" in notice(client.get(path).text)
    assert client.post(f"{path}/propose", data=RECORD, headers=SAME).status_code == 403
    assert client.get(f"/faces/{UUID(int=1)}").status_code == 404
