"""Pairing terminals with a box, as a manager at the screen and the terminal itself do."""

from typing import Any

from starlette.testclient import TestClient

from tests.factories.agent_api import Box
from tests.factories.agent_files import OPERATOR_PIN, SCREEN_TOKEN

CLERK, MANAGER = "1001", "1002"


class PairingDesk:
    """A signed-in manager and clerk at the screen, and a stranger before the box."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self.operator = self._signed_in(MANAGER)
        self.manager = box.client(SCREEN_TOKEN, **{"X-Operator": self.operator})
        self.clerk = box.client(SCREEN_TOKEN, **{"X-Operator": self._signed_in(CLERK)})
        self.stranger = box.client()

    def open(self) -> str:
        """Open a window; return the code."""
        return str(self.manager.post("/v1/pairing", json={}).json()["code"])

    def ask(self, code: str, *, page: str = "", **body: object) -> dict[str, Any]:
        """Ask as a terminal on a page, or on none."""
        answer = self._terminal(page).post("/v1/pair", json={"code": code, **body})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def confirm(self, window: dict[str, Any], **grant: object) -> dict[str, Any]:
        """Say yes to who asks."""
        body = {"request_id": window["asking"]["request_id"], **grant}
        answer = self.manager.post("/v1/pairing/confirm", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def claim(self, asked: dict[str, Any], *, page: str = "") -> dict[str, Any]:
        """Ask for the token."""
        answer = self._terminal(page).post("/v1/pair/claim", json={"claim": asked["claim"]})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def pair(self, *, page: str = "", scopes: list[str] | None = None, **body: object) -> str:
        """Pair a terminal from beginning to end; return its token."""
        asked = self.ask(self.open(), page=page, **body)
        chosen = {} if scopes is None else {"scopes": scopes}
        self.confirm(self.manager.get("/v1/pairing").json(), **chosen)
        return str(self.claim(asked, page=page)["token"])

    def _terminal(self, page: str) -> TestClient:
        return self._box.client(Origin=page) if page else self.stranger

    def _signed_in(self, number: str) -> str:
        body = {"number": number, "pin": OPERATOR_PIN}
        said = self._box.screen().post("/v1/operators/login", json=body).json()
        return str(said["operator_token"])
