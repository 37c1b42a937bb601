"""An agent as a process of its own, as `systemd` would run it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.factories.agent_files import CONFIG, DEVICE
from tests.factories.ports import free_port
from tests.factories.waiting import PATIENCE_S

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: Any


class AgentProcess:
    """`edge-agent run` over a folder; the cloud's addresses lead nowhere."""

    def __init__(
        self,
        folder: Path,
        *,
        extra: str = "",
        device: str = DEVICE,
        config: str = CONFIG,
        module: str = "edge_agent",
    ) -> None:
        self.folder = folder
        self.module = module
        self.port = free_port()
        nowhere = free_port()
        device = device.replace("broker_port = 18830", f"broker_port = {nowhere}")
        device = device.replace("127.0.0.1:8100", f"127.0.0.1:{nowhere}")
        (folder / "device.toml").write_text(device, encoding="utf-8")
        (folder / "device.toml").chmod(0o600)
        config = config.replace("api_port = 18431", f"api_port = {self.port}")
        self.config = folder / "agent.toml"
        profiles = f'profiles_dir = "{ROOT / "device_configs"}"\n'
        self.config.write_text(f"{extra}\n{profiles}{config}", encoding="utf-8")
        self.log = folder / "agent.log"
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def base(self) -> str:
        """The address of its API."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", self.module, "run", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "PYTHONWARNINGS": "default"},
            )
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if self._child.poll() is not None:
                raise AssertionError(
                    f"ended with {self._child.returncode}:\n{self.log.read_text()}"
                )
            try:
                if self.call("GET", "/v1/health").status == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"did not answer:\n{self.log.read_text()}")

    def call(
        self, method: str, path: str, body: object = None, *, token: str = "", **headers: str
    ) -> Answer:
        """Send one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            text = answer.read()
            known = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, known, json.loads(text) if text else None)
        finally:
            connection.close()

    def ask_to_end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; return the exit code and how many seconds it took."""
        assert self._child is not None
        began = time.monotonic()
        self._child.send_signal(number)
        code = self._child.wait(PATIENCE_S)
        self._child = None
        return code, time.monotonic() - began

    def ended(self) -> int:
        """Wait until it has ended by itself; return its exit code."""
        assert self._child is not None
        code = self._child.wait(PATIENCE_S)
        self._child = None
        return code

    def kill(self) -> None:
        """Kill it like a power cut; safe to call twice."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None
