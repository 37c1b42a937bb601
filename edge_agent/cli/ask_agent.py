"""What a command asks of the agent that runs: over its local API, with the operator's own right.

A box's files are open in one program at a time (its journal and its keys are kept from any other),
so a command that came while the shop sells would have to stop the agent, or ask it. It asks: who
may do what is then decided in one place, and what is done is done by the program that knows what
else is going on.
"""

import fcntl
import http.client
import json
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from edge_agent.adapters.loopback import ANYWHERE
from edge_agent.settings import Settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

JOURNAL_FILE = "journal.db"
TIMEOUT_S = 20.0
FILE_TIMEOUT_S = 120.0
NOT_RUNNING = (
    "盒子程序没有运行,先启动 / the agent is not running: systemctl start regulars-edge-agent"
)


@dataclass(frozen=True, slots=True)
class RunningAgent:
    """The agent at the address of its own settings."""

    host: str
    port: int
    token: str
    operator: str = ""

    def signed_in(self, number: str, pin: str) -> "RunningAgent":
        """Return the same with an operator's session (Faults API_OPERATOR_PIN_WRONG, …)."""
        said = self.ask("POST", "/v1/operators/login", {"number": number, "pin": pin})
        return RunningAgent(self.host, self.port, self.token, said["operator_token"])

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Send one request; raises the Fault that it answers with, or SETUP_CONFIG_INVALID."""
        return json.loads(self._answer(method, path, body))

    def fetch(self, path: str, body: object) -> bytes:
        """Ask for a file, as `ask` does."""
        return self._answer("POST", path, body, FILE_TIMEOUT_S)

    def _answer(self, method: str, path: str, body: object, timeout_s: float = TIMEOUT_S) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if self.operator:
            headers["X-Operator"] = self.operator
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout_s)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            status, content = answer.status, answer.read()
            said = json.loads(content) if status >= HTTPStatus.BAD_REQUEST else {}
        except (OSError, http.client.HTTPException, ValueError):
            detail = f"{self.host}:{self.port}"
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="api_port", detail=detail) from None
        finally:
            connection.close()
        if status >= HTTPStatus.BAD_REQUEST:
            raise Fault(FaultCode(said["code"]), **said.get("fields", {}))
        return content


def running_agent(settings: Settings) -> RunningAgent | None:
    """Return the agent that holds this box's files; None when nobody does."""
    config = settings.config
    if not _held(config.data_dir / f"{JOURNAL_FILE}.lock"):
        return None
    host = ANYWHERE.get(config.api_host, config.api_host)
    return RunningAgent(host, config.api_port, settings.device.screen.token.get_secret_value())


def _held(lock: Path) -> bool:
    """Tell whether a program keeps the journal to itself: it does for as long as it runs."""
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
