"""Certificates that our own code would never make: of a wrong date, purpose, name or authority."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from cloud_broker.adapters.ca_files import DEVICES, FileAuthority
from cloud_broker.adapters.ca_parts import named, usage_of_leaf
from edge_agent.domain.box_key import draw_key, request_for
from retail_core.fleet.box_identity import BoxName
from tests.fakes.cloud_box import fresh_id

PASSPHRASE = "of-somebody-else"


def leaf(
    authority: FileAuthority,
    folder: Path,
    common: str,
    *,
    since: int = -1,
    days: int = 30,
    until: float | None = None,
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
) -> Path:
    """Sign a certificate that our own code would never make; return its file.

    It ends after `days`, or `until` a moment (Unix seconds).
    """
    signer, key = authority._signer(DEVICES), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    ends = now + timedelta(days=since + days)
    if until is not None:
        ends = datetime.fromtimestamp(until, UTC)
    made = (
        usage_of_leaf(signer, key.public_key(), purpose)
        .subject_name(named(common, ""))
        .not_valid_before(now + timedelta(days=since))
        .not_valid_after(ends)
        .sign(signer.key, hashes.SHA256())
    )
    path = folder / f"{fresh_id()}.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


def self_signed(folder: Path, name: BoxName) -> Path:
    made = FileAuthority(folder / f"own{fresh_id()}", PASSPHRASE)
    made.create("Own", int(time.time() * 1_000))
    key = draw_key()
    issued = made.issue(request_for(key), name, int(time.time() * 1_000))
    path = folder / f"{fresh_id()}.pem"
    content = x509.load_der_x509_certificate(issued.content).public_bytes(Encoding.PEM)
    path.write_bytes(key + content)
    return path
