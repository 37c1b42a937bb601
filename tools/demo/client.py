"""A small HTTP client for the demo's clerk, till, phone and HQ."""

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tools.demo.ids import fresh_uuid7


class AnswerError(Exception):
    """The peer answered with a coded error."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Client:
    """Talks JSON to one base URL with one bearer token."""

    base: str
    token: str | None = None
    timeout_s: float = 15.0

    def get(self, path: str) -> Any:
        """GET and decode."""
        return self.call("GET", path, None)

    def post(
        self, path: str, body: Any, *, key: str | None = None, operator: str | None = None
    ) -> Any:
        """POST with an idempotency key (a fresh one unless given) and decode."""
        headers = {"Idempotency-Key": key or str(fresh_uuid7())}
        if operator:
            headers["X-Operator"] = operator
        return self.call("POST", path, body, headers)

    def call(self, method: str, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        """Send one request; raises AnswerError on a status of 400 and above."""
        parts = urlsplit(self.base)
        connection = http.client.HTTPConnection(parts.netloc, timeout=self.timeout_s)
        sent = {"Accept": "application/json", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            text = answer.read()
            decoded = json.loads(text) if text else None
            if answer.status >= http.client.BAD_REQUEST:
                raise AnswerError(answer.status, decoded)
            return decoded
        finally:
            connection.close()


def wait_until(seconds: float, what: str, check: Any, pause_s: float = 0.05) -> Any:
    """Return the first truthy value of `check()`; raises TimeoutError naming what was awaited."""
    until = time.monotonic() + seconds
    last: Exception | None = None
    while time.monotonic() < until:
        try:
            if value := check():
                return value
        except (OSError, http.client.HTTPException, AnswerError) as error:
            last = error
        time.sleep(pause_s)
    raise TimeoutError(f"{what} ({last})" if last else what)
