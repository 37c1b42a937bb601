"""The member's page as files: all of it kept on the phone, in both languages, with safe headers."""

import json
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from cloud_broker.member_page.pages import (
    SAFE_HEADERS,
    STATIC,
    member_router,
    mount_static,
    worker_script,
)

FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
MADE_AT_SET_UP = {"/m/static/vendor/qrcode.mjs"}
# Keys put together at run time, by the consent's kind, the counter's answer or the tier.
COMPOSED = ("consent.", "lane.", "tier.", "task.", "order.", "tasks.", "mall.", "invite.")


@pytest.fixture(scope="module")
def client() -> TestClient:
    """Serve the page alone."""
    app = FastAPI()
    app.include_router(member_router())
    mount_static(app)
    return TestClient(app, base_url="http://cloud.test", follow_redirects=False)


def texts(language: str) -> dict[str, str]:
    read: dict[str, str] = json.loads((STATIC / "text" / f"{language}.json").read_text())
    return read


@pytest.mark.parametrize("path", ["/m/", "/m/lane/a/b", "/m/worker.js", "/m/static/page.js"])
def test_every_answer_carries_the_safe_headers(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in SAFE_HEADERS} == SAFE_HEADERS
    assert "set-cookie" not in answer.headers


def test_who_leaves_out_the_last_stroke_is_sent_on(client: TestClient) -> None:
    answer = client.get("/m")
    assert (answer.status_code, answer.headers["location"]) == (308, "/m/")


def test_the_worker_keeps_every_file() -> None:
    kept = set(re.findall(r'"(/m/[^"]*)",', (STATIC / "worker.js").read_text()))
    here = {f"/m/static/{path.relative_to(STATIC).as_posix()}" for path in FILES}
    shell = {"/m/static/index.html", "/m/static/worker.js"}
    assert kept == (here - shell) | {"/m/"} | MADE_AT_SET_UP


def test_other_files_are_another_worker(tmp_path: Path) -> None:
    (tmp_path / "worker.js").write_text('const VERSION = "0";')
    before = worker_script(tmp_path)
    (tmp_path / "page.css").write_text("a{}")
    assert worker_script(tmp_path) != before
    assert 'VERSION = "0"' not in before


def test_both_languages_say_the_same_things() -> None:
    assert texts("zh").keys() == texts("en").keys()
    for key, text in texts("zh").items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", texts("en")[key]))


def test_every_text_is_used_and_every_use_has_a_text() -> None:
    scripts = "".join(path.read_text() for path in SCRIPTS)
    used = set(re.findall(r'\bt\(\s*"([a-z_.]+)"', scripts))
    used |= {word for word in re.findall(r'"([a-z_.]+)"', scripts) if word in texts("zh")}
    assert used <= texts("zh").keys()
    assert {key for key in texts("zh").keys() - used if not key.startswith(COMPOSED)} == set()


def test_nothing_is_loaded_from_elsewhere_and_nothing_stands_inline() -> None:
    shell = (STATIC / "index.html").read_text()
    assert "http" not in shell
    assert not re.search(r"<style|\son\w+=|style=|<script(?![^>]*src=)", shell)
    for path in SCRIPTS:
        assert not re.search(r"innerHTML|eval\(|https?://(?!www\.w3\.org)", path.read_text())
