"""Segments at HQ: the form as rows and as JSON, the count beside it, versions, files."""

import csv
import io
import json
import re
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from cloud_broker.console.pages import console_router
from cloud_broker.console.segment_forms import definition_of, shown_of
from cloud_broker.domain.metrics.segments import vocabulary
from cloud_broker.domain.segments import read
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.insight.segmenting import Segmenting
from tests.factories.analytic_world import member, person
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_segments import FakeSegmentBook, FakeSegmentEngine, segmenting
from tests.unit.cloud_broker_console.console_fakes import (
    TENANT,
    TOKEN,
    FakeHqAuth,
    FakeHqQueries,
    deps,
)
from tests.unit.cloud_broker_console.console_words import ORIGIN, SAME, csrf, notice

TAGGED = [
    {"tenant_id": "", "person_id": person(1), "tags": {"spend_year": 250_000, "tier": "gold"}},
    {"tenant_id": "", "person_id": person(2), "tags": {"spend_year": 90_000}},
]
KNOWN = {
    person(1): ("王小美", "gold", "徐汇店", {"spend_year": 250_000}),
    person(2): ("李敏", "", "", {"spend_year": 90_000}),
}
WORDS = {word.key: word for word in FakeSegmentEngine({}).words()}
ROW = {
    "kind": "tag",
    "no": "",
    "key": "spend_year",
    "compare": ">=",
    "value": "1000",
    "of": "times",
}
ROW |= {"days": "30", "field": "", "choice": ""}


@pytest.fixture
def work() -> Segmenting:
    tables = {"members": [member(1), member(2), member(3)], "tagged": TAGGED}
    return segmenting(FakeCloudClock(), FakeSegmentBook(dict(KNOWN)), tables)


def at_hq(work: Segmenting, role: HqRole = "marketing") -> TestClient:
    app = FastAPI()
    app.include_router(console_router(deps(FakeHqQueries(), FakeHqAuth(role=role), segments=work)))
    client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    client.cookies.set("regulars_hq", TOKEN)
    return client


def sent(client: TestClient, path: str, **fields: Any) -> Any:
    word = csrf(client.get("/segments/new").text)
    return client.post(path, data={"csrf": word, **fields}, headers=SAME)


def count(text: str) -> int:
    found = re.search(r'<span class="big">([\d,]+)</span>', text)
    assert found is not None
    return int(found[1].replace(",", ""))


def test_an_empty_list_leads_to_the_first_segment(work: Segmenting) -> None:
    page = at_hq(work).get("/segments").text
    assert "还没有客群" in page
    assert 'href="/segments/new"' in page
    assert 'href="/segments/new"' not in at_hq(work, "auditor").get("/segments").text


def test_the_form_counts_with_masked_people_and_grows_by_rows(work: Segmenting) -> None:
    client = at_hq(work)
    page = sent(client, "/segments/look", **ROW, word="all").text
    assert count(page) == 1
    assert "王" in page
    assert "王小美" not in page
    assert "¥2,500.00" in page
    more = sent(client, "/segments/look", **ROW, act="event").text
    assert more.count('name="kind"') == 2
    assert 'value="event"' in more
    both = {name: [value, value] for name, value in ROW.items()}
    fewer = sent(client, "/segments/look", **(both | {"value": ["1000", "2"]}), act="drop:0").text
    assert fewer.count('name="kind"') == 1
    assert count(fewer) == 2
    assert work.book.segments(TENANT) == ()


def test_a_segment_is_saved_changed_looked_at_and_ended(work: Segmenting) -> None:
    client = at_hq(work)
    saved = sent(client, "/segments/save", **ROW, name="大客", note="寄券")
    place = saved.headers["location"]
    assert saved.status_code == 303
    page = client.get(place).text
    assert "已保存,现有 1 人" in notice(page)
    assert 'value="1000"' in page
    (held,) = work.book.segments(TENANT)
    lower = ROW | {"value": "500", "name": "大客", "segment": str(held.segment_id)}
    sent(client, "/segments/save", **lower, was=1)
    page = client.get(place).text
    assert "人数从 1 到 2" in page
    assert "polyline" in page
    assert [one.version for one in work.book.versions(TENANT, held.segment_id)] == [2, 1]
    # Somebody who still looks at the first version does not write over the second.
    stale = sent(client, "/segments/save", **(lower | {"value": "7"}), was=1)
    assert "E200" in stale.text
    assert 'value="7"' in stale.text
    sent(client, place + "/recompute")
    assert "已重新计算" in notice(client.get(place).text)
    rows = list(csv.reader(io.StringIO(client.get("/segments.csv").text.removeprefix("\ufeff"))))
    assert rows[1][1:4] == ["大客", "2", "0"]
    people = client.get(place + "/people.csv").text
    assert str(person(1)) in people
    sent(client, place + "/end")
    assert "已结束" in client.get(place).text
    assert "大客" not in client.get("/segments").text


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"value": "viel"}, "E195"),
        ({"value": "1.005"}, "E195"),
        ({"key": "declared_skin"}, "E197"),
        ({"key": "nothing"}, "E196"),
        ({"kind": "event", "key": "Product Viewed", "days": "0"}, "E195"),
        ({"kind": "event", "key": "Order Completed", "field": "store", "choice": "x"}, "E195"),
        ({"name": ""}, "E195"),
    ],
)
def test_what_cannot_be_saved_says_why_and_keeps_what_was_typed(
    work: Segmenting, fields: dict[str, str], code: str
) -> None:
    answer = sent(at_hq(work), "/segments/save", **(ROW | {"name": "新"} | fields))
    assert answer.status_code == 200
    assert code in answer.text
    assert 'role="alert"' in answer.text
    assert work.book.segments(TENANT) == ()


def test_what_rows_cannot_say_is_json(work: Segmenting) -> None:
    tag = {"tag": "spend_year", "is": ">=", "value": 1}
    deep = {"who": {"all": [{"any": [tag, {"not": tag}]}]}}
    work.create(TENANT, "深", deep, who="li")
    client = at_hq(work)
    (held,) = work.book.segments(TENANT)
    page = client.get(f"/segments/{held.segment_id}").text
    assert "<textarea" in page
    assert count(page) == 3
    fields = {"segment": str(held.segment_id), "was": 1, "name": "深"}
    broken = sent(client, "/segments/save", raw="{", **fields)
    assert "E195" in broken.text
    sent(client, "/segments/save", raw=json.dumps({"who": tag}), **fields)
    assert work.one(TENANT, held.segment_id).definition == {"who": tag}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_only_looks_sees_no_button_that_changes(work: Segmenting, language: str) -> None:
    work.create(TENANT, "买过", {"who": {"tag": "spend_year", "is": ">", "value": 0}}, who="li")
    (held,) = work.book.segments(TENANT)
    page = at_hq(work, "auditor").get(f"/segments/{held.segment_id}?lang={language}").text
    assert 'formaction="/segments/look"' in page
    assert f"/segments/{held.segment_id}/end" not in page
    assert 'name="name"' not in page


SHOP = str(person(7))
LEAVES = st.sampled_from(
    [
        {"tag": "spend_year", "is": ">=", "value": 123_456},
        {"tag": "online_share", "is": "<", "value": 505},
        {"tag": "overdue", "is": "!=", "value": 1_500},
        {"tag": "cart_left", "is": "yes"},
        {"tag": "lifecycle", "is": "in", "value": ["lost", "at_risk"]},
        {"tag": "tier", "is": "in", "value": ["gold", "plain"]},
        {"event": "Product Viewed", "days": 7, "is": ">", "value": 2},
        {"event": "Order Completed", "days": 90, "is": ">=", "value": 9_990, "of": "fen"},
        {
            "event": "Order Completed",
            "days": 30,
            "is": "=",
            "value": 0,
            "where": {"category": ["护肤", "面膜"]},
        },
        {
            "event": "Order Refunded",
            "days": 30,
            "is": ">",
            "value": 0,
            "where": {"store": [SHOP]},
        },
    ]
)
PARTS = st.lists(st.one_of(LEAVES, LEAVES.map(lambda one: {"not": one})), min_size=1, max_size=6)


@given(PARTS, st.sampled_from(["all", "any"]))
def test_rows_say_what_the_definition_says(parts: list[dict[str, Any]], word: str) -> None:
    known = vocabulary()
    definition = read({"who": {word: parts}}, known).plain()
    shown = shown_of(definition, WORDS, {SHOP: "徐汇店"})
    assert not shown.raw
    assert SHOP not in "".join(row.choice for row in shown.rows)
    assert definition_of(shown, WORDS, {"徐汇店": SHOP}) == definition
