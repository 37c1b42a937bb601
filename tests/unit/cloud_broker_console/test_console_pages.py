"""The pages over fakes: who may see them, what they say, what they refuse."""

import re
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from cloud_broker import console
from cloud_broker.console.render import environment, render
from cloud_broker.console.said import Said
from cloud_broker.console.shell import bare_values, local_path
from cloud_broker.services.access.mended import MendedSale, MendedTimes
from retail_core.growth.account import TierNames
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import SAME, csrf

STORE = f"/stores/{fakes.tile(0).store_id}"
MEMBER = f"/members/{fakes.MEMBER}"
PAGES = ("/", "/sales", "/members", "/repair", "/review-names", "/faces", STORE, MEMBER)
STATIC = Path(console.__file__).parent / "static"


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
    ("language", "written"), [("zh", "账号@企业短名"), ("en", "account@chain")]
)
def test_the_sign_in_page_says_how_a_login_of_one_of_several_chains_is_written(
    client: TestClient, language: str, written: str
) -> None:
    assert written in client.get(f"/login?lang={language}").text


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
    assert re.search(r'href="/masters">导入<', page)
    assert re.search(r'href="/offers">写规则<', page)
    assert "还没有销售" in page


def test_a_store_says_why_and_what_helps(signed_in: TestClient) -> None:
    page = signed_in.get(f"/stores/{fakes.tile(3).store_id}").text
    assert "读卡器没有响应" in page
    assert "USB" in page
    assert page.index("可以收银") < page.index("为什么") < page.index("设备")


def test_a_store_tells_how_many_times_were_mended_and_which(
    signed_in: TestClient, queries: fakes.FakeHqQueries
) -> None:
    assert "mended-title" not in signed_in.get(STORE).text
    sale = MendedSale(UUID(int=77), "000041", 5_900, 12_345, fakes.NOW_MS, fakes.NOW_MS)
    queries.mended_stores = frozenset({fakes.tile(0).store_id})
    queries.times = MendedTimes(31, (sale,))
    page = signed_in.get(STORE + "?lang=en").text
    assert "31 sales" in page
    assert "1970-01-01" in page, "what the box said"
    assert "000041" in page


def test_what_came_from_outside_is_escaped(signed_in: TestClient) -> None:
    page = signed_in.get("/review-names").text
    assert "玉泽 &lt;50&gt;" in page
    assert "<50>" not in page


@pytest.mark.parametrize("path", ["/stores/7", "/members/x", f"/stores/{fakes.MEMBER}"])
def test_what_is_not_there_says_so(signed_in: TestClient, path: str) -> None:
    answer = signed_in.get(path)
    assert answer.status_code == 404
    assert "A108" in answer.text


def test_an_address_that_leads_nowhere_is_a_page_for_people(signed_in: TestClient) -> None:
    page = signed_in.get("/nowhere?lang=en", headers={"Accept": "text/html,*/*"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "That did not go through" in page.text
    assert "/nowhere was not found" in page.text
    assert page.headers["X-Frame-Options"] == "DENY"
    for path, accept in (("/nowhere", "application/json"), ("/v1/nowhere", "text/html")):
        answer = signed_in.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")


def test_lists_are_set_as_the_language_sets_them(signed_in: TestClient) -> None:
    assert "×1, " in signed_in.get("/sales?lang=en").text
    assert "×1、" in signed_in.get("/sales?lang=zh").text


def test_the_member_page_hides_declared_tags_until_asked(signed_in: TestClient) -> None:
    page = signed_in.get(MEMBER).text
    assert re.search(r"<details class=\"tags\"><summary>[^<]*2[^<]*</summary>", page)
    assert "2,340" in page
    assert "品牌负债" in page
    assert "她关掉了:不按推测给券" in page
    assert re.search(
        r'id="points-owed"><dt class="muted">欠</dt>\s*<dd class="big">1,204</dd>', page
    )


def test_a_tier_is_called_what_the_rules_in_force_call_it(signed_in: TestClient) -> None:
    for language, name in (("zh", "金卡"), ("en", "Gold")):
        page = signed_in.get(f"{MEMBER}?lang={language}").text
        assert f'<span class="tier">{name}</span>' in page
        assert f"<td>{name}</td>" in signed_in.get(f"/members?q=李&lang={language}").text


def test_a_tier_that_no_rules_name_shows_its_code() -> None:
    words = dict(bare_values("zh", "/"))
    shown = environment().from_string("{{ code | tier(names) }}")
    assert shown.render(words, code="gold", names=TierNames()) == "gold"
    assert shown.render(words, code="", names=TierNames()) == words["t"]("member.tier_none")


def test_the_hint_on_customer_groups_stands_below_the_field_whole(signed_in: TestClient) -> None:
    page = signed_in.get(MEMBER).text
    (field,) = re.findall(r'<input[^>]*aria-describedby="groups-how"[^>]*>', page)
    assert "placeholder" not in field
    assert re.search(r'id="groups-how">[^<]*价目表按它给价</p>', page)


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
