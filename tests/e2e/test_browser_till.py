"""A till in a real browser: its page pairs, sells and listens; no other page can, token or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.factories.agent_api import TILL, Box
from tests.factories.agent_files import OPERATOR_PIN, SCREEN_TOKEN
from tests.factories.agent_process import AgentProcess
from tests.factories.waiting import PATIENCE_MS

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.enable_socket]
ASK = """async ([address, token, body]) => {
  const headers = {'Content-Type': 'application/json'};
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    const answer = await fetch(address, {method: 'POST', headers, body: JSON.stringify(body)});
    return {status: answer.status, body: await answer.json()};
  } catch (error) { return {status: 0, body: String(error)}; }
}"""
LISTEN = """([address, token]) => new Promise(resolve => {
  const socket = new WebSocket(address, ['regulars.v1', `bearer.${token}`]);
  window.ended = new Promise(done => { socket.onclose = event => done(event.code); });
  socket.onmessage = event => resolve(JSON.parse(event.data).type);
  socket.onerror = () => resolve('refused');
})"""


@contextmanager
def page_of_its_own(browser: Browser, folder: Path) -> Iterator[Page]:
    """Open a page on an origin that no other has."""
    (folder / "index.html").write_text("<!doctype html><title>till</title>", encoding="utf-8")
    serve = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        yield page
        context.close()
        server.shutdown()


class Manager:
    """Who signs in at the screen and says yes."""

    def __init__(self, agent: AgentProcess) -> None:
        self._agent = agent
        login = {"number": "1002", "pin": OPERATOR_PIN}
        said = agent.call("POST", "/v1/operators/login", login, token=SCREEN_TOKEN).body
        self._operator = said["operator_token"]

    def ask(self, method: str, path: str, body: object = None) -> Any:
        answer = self._agent.call(method, path, body, token=SCREEN_TOKEN, X_Operator=self._operator)
        assert answer.status == 200, answer.body
        return answer.body


def test_only_its_own_page_uses_a_tills_token(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    with Box(tmp_path / "box"):
        pass
    with (
        AgentProcess(tmp_path / "box") as agent,
        page_of_its_own(browser, tmp_path) as page,
        page_of_its_own(browser, tmp_path) as foreign,
    ):
        manager = Manager(agent)

        def ask(asking: Page, path: str, body: object, token: str = "") -> dict[str, Any]:
            return dict(asking.evaluate(ASK, [agent.base + path, token, body]))

        knock = {"code": "0000-0000", "name": "网页收银", "till": str(TILL)}
        assert ask(page, "/v1/pair", knock)["status"] == 0, "no window, no answer"
        knock["code"] = manager.ask("POST", "/v1/pairing", {})["code"]
        asked = ask(page, "/v1/pair", knock)
        assert asked["status"] == 200, asked
        asking = manager.ask("GET", "/v1/pairing")["asking"]
        assert (asking["origin"], asking["check"]) == (
            page.url[: -len("/index.html")],
            asked["body"]["check"],
        )
        manager.ask("POST", "/v1/pairing/confirm", {"request_id": asking["request_id"]})
        paired = ask(page, "/v1/pair/claim", {"claim": asked["body"]["claim"]})["body"]
        token, lines = paired["token"], {"lines": [{"sku": "milk"}]}
        assert ask(page, "/v1/quotes", lines, token)["body"]["total_fen"] == 12_800
        assert ask(foreign, "/v1/quotes", lines, token)["status"] == 0
        socket = agent.base.replace("http", "ws") + "/v1/events"
        assert page.evaluate(LISTEN, [socket, token]) in {"health", "basket"}
        assert foreign.evaluate(LISTEN, [socket, token]) == "refused"
        manager.ask("DELETE", f"/v1/terminals/{paired['terminal']['terminal_id']}")
        assert page.evaluate("window.ended") == 1013
        assert ask(page, "/v1/quotes", lines, token)["status"] == 0, "its page is a stranger's now"
