"""Tables of the back office in the console: uploaded, looked at, put in force, taken back."""

import re
from dataclasses import replace

import httpx2
from fastapi.testclient import TestClient

from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import SAME, csrf, notice

FILE = "货号,售价,进价,品牌\nA1,61,21,丙\nA2,viel,,<b>\nA3,1,,\n"


def upload(client: TestClient, text: str = FILE, **fields: str) -> httpx2.Response:
    word = csrf(client.get("/masters").text)
    answer: httpx2.Response = client.post(
        "/masters",
        data={"csrf": word, "kind": "articles"} | fields,
        files={"file": ("十一月.csv", text.encode("gb18030"), "text/csv")},
        headers=SAME,
    )
    return answer


def test_looked_at_with_what_cannot_be_used_first(signed_in: TestClient) -> None:
    path = upload(signed_in).headers["location"]
    page = signed_in.get(path).text
    assert "影响 2 家门店" in page
    rows = re.findall(r'<tr><td class="number">(\d+)', page)
    assert rows == ["3", "4", "2"]
    assert "不是金额" in page
    assert "price <del>59.00</del> → <b>61.00</b>" in page
    assert "<b>&lt;b&gt;</b>" not in page
    assert "跳过有错的 2 行" in page


def test_found_filtered_and_sorted(signed_in: TestClient) -> None:
    path = upload(signed_in).headers["location"]

    def rows(asked: str) -> list[str]:
        page = signed_in.get(f"{path}?{asked}").text
        return re.findall(r'<tr><td class="number">(\d+)', page)

    assert rows("act=changed") == ["2"]
    assert rows("sort=row") == rows("sort=key") == rows("sort=day") == ["2", "3", "4"]
    assert rows("q=A2") == ["3"]
    assert "没有要改的行" in signed_in.get(f"{path}?q=nichts").text


def test_put_in_force_then_taken_back(signed_in: TestClient) -> None:
    path = upload(signed_in).headers["location"]
    page = signed_in.get(path).text
    form = {"csrf": csrf(page), "version": "1"}
    signed_in.post(f"{path}/apply", data=form, headers=SAME)
    assert "I122" in notice(signed_in.get(path).text)
    signed_in.post(f"{path}/apply", data=form | {"skip": "1"}, headers=SAME)
    page = signed_in.get(path).text
    assert "已生效 1 行(第 2 版)" in notice(page)
    assert "生效 1 行</button>" not in page
    signed_in.post(f"{path}/apply", data=form | {"skip": "1"}, headers=SAME)
    assert "I123" in notice(signed_in.get(path).text)
    assert "撤回 十一月.csv" in signed_in.get("/masters").text
    signed_in.post(f"{path}/undo", data={"csrf": csrf(page)}, headers=SAME)
    page = signed_in.get("/masters").text
    assert "已撤回 1 行(第 3 版)" in notice(page)
    assert "↩ 十一月.csv" in page


def test_a_file_without_a_table_leads_back_and_says_why(signed_in: TestClient) -> None:
    answer = upload(signed_in, "品名\nx\n")
    assert answer.headers["location"] == "/masters"
    assert "C101" in notice(signed_in.get("/masters").text)


def test_who_may_change_and_who_may_see_costs(
    signed_in: TestClient, auth: fakes.FakeHqAuth
) -> None:
    path = upload(signed_in).headers["location"]
    assert "cost <del>20.00</del>" in signed_in.get(path).text
    auth.identity = replace(auth.identity, role="marketing")
    page = signed_in.get(path).text
    assert "cost <del>" not in page
    assert 'action="/masters"' not in signed_in.get("/masters").text
    refused = signed_in.post(
        f"{path}/apply", data={"csrf": csrf(page), "version": "1"}, headers=SAME
    )
    assert refused.status_code == 403


def test_an_empty_file_to_fill_in(signed_in: TestClient) -> None:
    answer = signed_in.get("/masters/template/stock.csv")
    assert answer.text == "\ufeff地点,货号,数量,盘点日期\r\n"
    assert signed_in.get("/masters/template/prizes.csv").status_code == 404


def test_codes_that_nobody_knows(signed_in: TestClient) -> None:
    page = signed_in.get("/unknown-codes").text
    assert "没有未知条码" in page
    form = {"csrf": csrf(signed_in.get("/masters").text), "code": "96385074", "sku": " A1 "}
    signed_in.post("/unknown-codes", data=form, headers=SAME)
    assert "96385074 已归到 A1" in notice(signed_in.get("/unknown-codes").text)
    signed_in.post("/unknown-codes", data=form | {"sku": "A9"}, headers=SAME)
    assert "I122" in notice(signed_in.get("/unknown-codes").text)
