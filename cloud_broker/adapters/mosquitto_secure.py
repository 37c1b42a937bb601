"""Mosquitto with certificates: its configuration, the plugin's first file, the revocation list.

Two doors: one on which the cloud's own programs come with passwords, not to be reached from
outside, and one for boxes, whose name is the common name of their certificate. What the files say
of boxes is how the broker starts; from then on it is told over the control topic.
"""

import json
import os
import signal
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from cryptography import x509

from cloud_broker.adapters.dynsec import initial
from cloud_broker.adapters.mosquitto_files import BOUNDS, give_to_broker, put_file
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PLUGIN = "mosquitto_dynamic_security.so"
REVOKED = "devices.crl.pem"
_PLUGIN_FOLDERS = ("/usr/lib", "/usr/local/lib")
_MS = 1_000


@dataclass(frozen=True, slots=True)
class SecureDoors:
    """Where a broker listens: for the cloud's own programs, and for boxes."""

    host: str
    port: int
    tls_host: str
    tls_port: int


@dataclass(frozen=True, slots=True)
class BrokerTls:
    """PEM: the boxes' authorities, the broker's own chain and key, who is revoked."""

    boxes: bytes
    chain: bytes
    key: bytes
    revoked: bytes


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who may speak: the cloud's accounts, every box, and the passwords of boxes that have one."""

    own: Mapping[str, str]
    boxes: Iterable[tuple[UUID, UUID, UUID]]
    passwords: Mapping[UUID, str]


def write_secure_files(
    folder: Path, doors: SecureDoors, tls: BrokerTls, speakers: Speakers
) -> Path:
    """Write everything the broker starts with and return its configuration."""
    folder = folder.resolve()
    state = folder / "dynsec"
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    give_to_broker(state)
    for name, content in (
        ("boxes.pem", tls.boxes),
        ("server.pem", tls.chain),
        ("server.key", tls.key),
        (REVOKED, tls.revoked),
    ):
        put_file(folder / name, content.decode())
    first = initial(speakers.boxes, speakers.own, speakers.passwords)
    put_file(state / "dynamic-security.json", json.dumps(first))
    config = folder / "mosquitto.conf"
    put_file(config, config_text(folder, doors))
    return config


def config_text(folder: Path, doors: SecureDoors) -> str:
    """Return the broker's configuration."""
    return f"""\
# Made by `cloud-broker broker-files`; changes are overwritten.
per_listener_settings false
persistence false
allow_anonymous false
pid_file {folder}/dynsec/mosquitto.pid
plugin {plugin()}
plugin_opt_config_file {folder}/dynsec/dynamic-security.json
{BOUNDS}
listener {doors.port} {doors.host}
use_username_as_clientid true

listener {doors.tls_port} {doors.tls_host}
use_username_as_clientid true
use_identity_as_username true
require_certificate true
cafile {folder}/boxes.pem
certfile {folder}/server.pem
keyfile {folder}/server.key
crlfile {folder}/{REVOKED}
tls_version tlsv1.2
"""


def plugin() -> Path:
    """Return the plugin that comes with mosquitto; Fault SETUP_PACKAGE_MISSING."""
    for folder in _PLUGIN_FOLDERS:
        found = sorted(Path(folder).glob(f"**/{PLUGIN}"))
        if found:
            return found[0]
    raise Fault(FaultCode.SETUP_PACKAGE_MISSING, packages="mosquitto")


def publish_revoked(folder: Path, fresh: bytes, authority: bytes, now_ms: int) -> bool:
    """Put a new revocation list in place and let the broker read it; return whether it was told.

    A list that mosquitto cannot read would let everybody in, and one that is over nobody: what is
    not signed by the boxes' authority (DER), or older than the one in force, or over, is refused
    with Fault CRL_WRONG, and the file is replaced whole.
    """
    check_revoked(fresh, authority, now_ms, _number(folder / REVOKED))
    put_file(folder / REVOKED, fresh.decode())
    with suppress(OSError, ValueError):
        os.kill(int((folder / "dynsec" / "mosquitto.pid").read_text().strip()), signal.SIGHUP)
        return True
    return False


def check_revoked(fresh: bytes, authority: bytes, now_ms: int, before: int) -> None:
    """Raise Fault CRL_WRONG unless the broker may be given this list."""
    try:
        found = x509.load_pem_x509_crl(fresh)
    except ValueError:
        raise Fault(FaultCode.CRL_WRONG, reason="not a revocation list") from None
    key = x509.load_der_x509_certificate(authority).public_key()
    # Only authorities with keys of this kind are made or accepted here.
    signed = found.is_signature_valid(key)  # type: ignore[arg-type]
    ends = found.next_update_utc
    if not signed:
        raise Fault(FaultCode.CRL_WRONG, reason="signature")
    if ends is None or ends <= datetime.fromtimestamp(now_ms / _MS, UTC):
        raise Fault(FaultCode.CRL_WRONG, reason="over")
    if _number_of(found) <= before:
        raise Fault(FaultCode.CRL_WRONG, reason="older than the one in force")


def _number(path: Path) -> int:
    try:
        return _number_of(x509.load_pem_x509_crl(path.read_bytes()))
    except (OSError, ValueError):
        return 0


def _number_of(found: x509.CertificateRevocationList) -> int:
    try:
        return found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return 0
