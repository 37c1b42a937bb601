"""A clustered MQTT engine for a smoke run: two RabbitMQ nodes on loopback, of Debian's packages.

`python -m tools.rabbit_cluster` fetches the packages and unpacks them below var/: nothing is
installed on the machine and no service is started. Installed packages are used as they are.
"""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

VAR = Path(__file__).parents[1] / "var" / "rabbitmq"
START_S = 240.0
NODES = (1, 2)
_PREFETCH = 2_000  # as many unacknowledged messages as ingest gathers
_TAKEN = re.compile(r"^Inst (\S+)", re.MULTILINE)


class ClusterError(Exception):
    """The cluster could not be had; the text says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the broker, with what it may publish and hear, as expressions over topics."""

    user: str
    password: str
    write: str
    read: str


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the programs lie."""

    erlang_bin: Path
    scripts: Path


def find() -> Installation | None:
    """Return the installed packages or the unpacked ones, None when there are neither."""
    for root in (Path("/"), VAR / "root"):
        erlang = root / "usr/lib/erlang/bin"
        scripts = sorted(root.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin"))
        if scripts and (erlang / "erl").exists():
            return Installation(erlang, scripts[-1])
    return None


def fetch() -> Installation:
    """Download Debian's packages and unpack them; ClusterError without apt or without network."""
    found = find()
    if found is not None:
        return found
    for program in ("apt-get", "dpkg"):
        if shutil.which(program) is None:
            raise ClusterError(f"{program} is missing: a clustered engine needs Debian's packages")
    needed = ["apt-get", "install", "-s", "--no-install-recommends", "rabbitmq-server"]
    listed = _TAKEN.findall(_run(needed, VAR.parent))
    packages = [one for one in listed if one.startswith(("rabbitmq", "erlang"))]
    shutil.rmtree(VAR, ignore_errors=True)
    (VAR / "root").mkdir(parents=True)
    _run(["apt-get", "download", *packages], VAR)
    for package in sorted(VAR.glob("*.deb")):
        _run(["dpkg", "-x", str(package), str(VAR / "root")], VAR)
        package.unlink()
    # The start script knows one place only.
    script = VAR / "root/usr/lib/erlang/bin/erl"
    script.write_text(script.read_text().replace("=/usr/lib/erlang", f"={script.parents[1]}"))
    made = find()
    if made is None:
        raise ClusterError("the packages hold no rabbitmq_server")
    return made


class Cluster:
    """Two nodes that know each other; `ports` are their MQTT listeners."""

    def __init__(self, where: Installation, folder: Path, accounts: Sequence[Account]) -> None:
        self._where = where
        self._folder = folder
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._epmd: subprocess.Popen[bytes] | None = None
        self._epmd_port, *free = (_free_port() for _ in range(1 + 2 * len(NODES)))
        self.ports = dict(zip(NODES, free, strict=False))
        self._dist_ports = dict(zip(NODES, free[len(NODES) :], strict=True))
        cookie = folder / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        definitions = folder / "definitions.json"
        definitions.write_text(json.dumps(_definitions(accounts)))
        definitions.chmod(0o600)
        for node in NODES:
            self._write(node, definitions)

    def start(self) -> None:
        """Start both and wait until they are one cluster."""
        program = str(self._where.erlang_bin / "epmd")
        self._epmd = subprocess.Popen([program], env=self._environment(1))
        for node in NODES:
            self.start_node(node)
        self.wait()

    def start_node(self, node: int) -> None:
        """Start one node; `wait` waits for it."""
        with (self._folder / f"node{node}.out").open("ab") as log:
            self._processes[node] = subprocess.Popen(
                [str(self._where.scripts / "rabbitmq-server")],
                env=self._environment(node),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until every node listens; ClusterError with what it said last."""
        deadline = time.monotonic() + START_S
        for node, port in self.ports.items():
            while not _listens(port):
                if time.monotonic() > deadline:
                    said = (self._folder / f"node{node}.out").read_text(errors="replace")
                    raise ClusterError(f"node {node} did not start: {said[-800:]}")
                time.sleep(0.2)

    def kill_node(self, node: int) -> None:
        """End one node without a word."""
        process = self._processes.pop(node)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)

    def stop(self) -> None:
        """End all of it; safe to call twice."""
        for node in list(self._processes):
            with suppress(ProcessLookupError):
                self.kill_node(node)
        epmd, self._epmd = self._epmd, None
        if epmd is not None:
            epmd.kill()
            epmd.wait(30)

    def _write(self, node: int, definitions: Path) -> None:
        lines = [
            "listeners.tcp = none",
            f"mqtt.listeners.tcp.1 = 127.0.0.1:{self.ports[node]}",
            "mqtt.allow_anonymous = false",
            f"mqtt.prefetch = {_PREFETCH}",
            "cluster_formation.peer_discovery_backend = classic_config",
            *(f"cluster_formation.classic_config.nodes.{one} = r{one}@localhost" for one in NODES),
            "cluster_formation.randomized_startup_delay_range.min = 0",
            "cluster_formation.randomized_startup_delay_range.max = 1",
            f"load_definitions = {definitions}",
        ]
        (self._folder / f"node{node}.conf").write_text("\n".join(lines) + "\n")
        (self._folder / f"node{node}.plugins").write_text("[rabbitmq_mqtt].\n")

    def _environment(self, node: int) -> dict[str, str]:
        folder = self._folder
        return {
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PATH": f"{self._where.erlang_bin}:/usr/sbin:/usr/bin:/bin",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_NODENAME": f"r{node}@localhost",
            "RABBITMQ_DIST_PORT": str(self._dist_ports[node]),
            "RABBITMQ_MNESIA_BASE": str(folder / f"db{node}"),
            "RABBITMQ_LOG_BASE": str(folder / f"log{node}"),
            "RABBITMQ_PID_FILE": str(folder / f"node{node}.pid"),
            "RABBITMQ_CONFIG_FILE": str(folder / f"node{node}.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / f"node{node}.plugins"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }


def _definitions(accounts: Sequence[Account]) -> dict[str, object]:
    queues = "^(mqtt-subscription-.*|amq\\.topic)$"
    return {
        "vhosts": [{"name": "/"}],
        "users": [
            {
                "name": one.user,
                "password_hash": _hashed(one.password),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": "",
            }
            for one in accounts
        ],
        "permissions": [
            {"user": one.user, "vhost": "/", "configure": queues, "write": queues, "read": queues}
            for one in accounts
        ],
        "topic_permissions": [
            {
                "user": one.user,
                "vhost": "/",
                "exchange": "amq.topic",
                # The engine's own topics are parted by points.
                "write": one.write.replace("/", "\\."),
                "read": one.read.replace("/", "\\."),
            }
            for one in accounts
        ],
    }


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(4)
    return b64encode(salt + sha256(salt + password.encode()).digest()).decode()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: Sequence[str], folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise ClusterError(f"{command[0]} {command[1]}: {done.stderr.strip()[-300:]}")
    return done.stdout


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{fetch().scripts}\n")
    except ClusterError as error:
        sys.exit(f"没有集群引擎 / no clustered engine: {error}")
