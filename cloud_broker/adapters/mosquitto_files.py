"""Mosquitto's configuration, password and ACL files, made from the devices in the database.

Every device gets its own lines with its own topics: it can neither send nor receive in the name of
another device, nor see another tenant. After a change the broker reads them again on SIGHUP.
"""

import contextlib
import os
import pwd
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import pbkdf2_hmac
from pathlib import Path
from uuid import UUID

from retail_core import limits
from retail_core.wire.topics import shard_state_topic, worker_state_topic_filter

INGEST_USER = "cloud-ingest"
# The user name is the client id, so every worker needs an account of its own, by its slot.
INGEST_USERS = (
    INGEST_USER,
    *(f"{INGEST_USER}-{slot}" for slot in range(1, limits.INGEST_WORKERS_MAX)),
)
# Whoever runs `cloud-broker sync doctor`; hears whether ingest runs, and nothing else.
DOCTOR_USER = "cloud-doctor"
# The passwords are 256 random bits, so the rounds only have to please the file format.
_ROUNDS = 101
_SALT_BYTES = 12
_HASH_BYTES = 64
# Topic and MQTT headers on top of the largest frame.
_PACKET_BYTES_MAX = limits.FRAME_BYTES_MAX + 1024
# The ingest keeps messages unacknowledged until its commit: a batch must fit in flight.
_INFLIGHT_MAX = 2_000
_QUEUED_MAX = 20_000
_QUEUED_BYTES_MAX = 64 * 1024 * 1024
# What every mosquitto of ours is bound by, whoever comes in by which door.
BOUNDS = f"""\
set_tcp_nodelay true
max_packet_size {_PACKET_BYTES_MAX}
max_inflight_messages {_INFLIGHT_MAX}
max_queued_messages {_QUEUED_MAX}
max_queued_bytes {_QUEUED_BYTES_MAX}
persistent_client_expiration 1d
connection_messages true
log_dest stderr
log_type error
log_type warning
log_type notice
"""


@dataclass(frozen=True, slots=True)
class BrokerDevice:
    """A device as the broker knows it."""

    tenant: UUID
    shard: int
    device: UUID
    password_hash: str


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """Where the files lie."""

    config: Path
    passwords: Path
    acl: Path


@dataclass(frozen=True, slots=True)
class WebSocketDoor:
    """A second way in, for shops whose firewall lets out nothing but port 443.

    With a certificate it speaks TLS itself; without one, something in front of it does.
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None


def hash_password(password: str, salt: bytes) -> str:
    """Hash a broker password as mosquitto's `$7$` (PBKDF2-HMAC-SHA512) entry."""
    if len(salt) != _SALT_BYTES:
        msg = f"need {_SALT_BYTES} bytes of salt"
        raise ValueError(msg)
    digest = pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS, _HASH_BYTES)
    return f"$7${_ROUNDS}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def config_text(files: BrokerFiles, host: str, port: int, door: WebSocketDoor | None = None) -> str:
    """Return the broker's configuration: loopback or LAN, no anonymous, nothing durable."""
    return f"""\
# Made by `cloud-broker broker-files`; changes are overwritten.
per_listener_settings false
persistence false
allow_anonymous false
listener {port} {host}
use_username_as_clientid true
password_file {files.passwords}
acl_file {files.acl}
{BOUNDS}{"" if door is None else _door_text(door)}"""


def _door_text(door: WebSocketDoor) -> str:
    lines = [
        f"listener {door.port} {door.host}",
        "protocol websockets",
        "use_username_as_clientid true",
    ]
    if door.certificate is not None and door.key is not None:
        lines += [f"certfile {door.certificate}", f"keyfile {door.key}"]
        lines.append("tls_version tlsv1.2")
    return "\n".join(lines) + "\n"


def passwords_text(devices: Sequence[BrokerDevice], ingest_hash: str) -> str:
    """Return the password file."""
    lines = [f"{user}:{ingest_hash}" for user in (*INGEST_USERS, DOCTOR_USER)]
    lines += [f"{one.device}:{one.password_hash}" for one in devices if one.password_hash]
    return "\n".join(lines) + "\n"


def acl_text(devices: Sequence[BrokerDevice]) -> str:
    """Return the ACL file: a user that is not named in it may do nothing."""
    blocks = [
        *(f"user {user}\ntopic readwrite r1/#\n" for user in INGEST_USERS),
        f"user {DOCTOR_USER}\ntopic read r1/+/cloud/st\n",
    ]
    blocks += [_device_acl(device) for device in devices]
    return "\n".join(blocks)


def _device_acl(device: BrokerDevice) -> str:
    own = f"r1/{device.tenant}/{device.shard}/d/{device.device}"
    lines = [f"user {device.device}"]
    lines += [f"topic write {own}/{tail}" for tail in ("up", "st", "hello", "seen")]
    lines += [f"topic read {own}/{tail}" for tail in ("ack", "chg", "lane")]
    lines += [
        f"topic read r1/{device.tenant}/all/#",
        f"topic read r1/{device.tenant}/cloud/st",
        f"topic read {shard_state_topic(device.shard)}",
        f"topic read {worker_state_topic_filter()}",
    ]
    return "\n".join(lines) + "\n"


def write_files(
    folder: Path,
    devices: Sequence[BrokerDevice],
    ingest_hash: str,
    *,
    host: str,
    port: int,
    door: WebSocketDoor | None = None,
) -> BrokerFiles:
    """Write the three files whole or not at all; readable by the broker's account alone."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    files = BrokerFiles(folder / "mosquitto.conf", folder / "passwd", folder / "acl")
    put_file(files.config, config_text(files, host, port, door))
    put_file(files.passwords, passwords_text(devices, ingest_hash))
    put_file(files.acl, acl_text(devices))
    return files


def put_file(path: Path, text: str) -> None:
    """Write a file whole or not at all, for the broker's account alone."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    give_to_broker(fresh)
    fresh.replace(path)


def give_to_broker(path: Path) -> None:
    """Let the account mosquitto falls back to, when root starts it, read a file again on SIGHUP."""
    if os.geteuid() == 0:
        with contextlib.suppress(KeyError):
            broker = pwd.getpwnam("mosquitto")
            os.chown(path, broker.pw_uid, broker.pw_gid)
