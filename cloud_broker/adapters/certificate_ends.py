"""Reads when certificates end: from files, from what a broker shows, from our own notes.

What a server shows counts more than the file beside it: mosquitto reads a new certificate at a
restart alone.
"""

import json
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from cloud_broker.adapters.ca_files import DEVICES, ROOT, SERVERS, write_private
from cloud_broker.domain.server_ends import (
    AUTHORITY_NEAR_DAYS,
    LIST_NEAR_DAYS,
    NEAR_DAYS,
    ServerEnd,
)

TIMEOUT_S = 5.0
NOTES = "servers.json"
_MS = 1_000


@dataclass(frozen=True, slots=True)
class BrokerFace:
    """Where a broker shows its certificate, and the file it had it from, if that is known."""

    host: str
    port: int
    file: Path | None


@dataclass(frozen=True, slots=True)
class CertificateSight:
    """All that are looked at: brokers, further files, the authority's folder, revocation lists."""

    brokers: Sequence[BrokerFace]
    files: Sequence[Path]
    authority: Path | None
    lists: Sequence[Path] = ()

    def ends(self) -> list[ServerEnd]:
        """Return the end of each that can be seen."""
        return [*self._brokers(), *self._files(), *self._authority(), *self._lists()]

    def _brokers(self) -> Iterator[ServerEnd]:
        for one in self.brokers:
            found = shown(one.host, one.port)
            if found is None and one.file is not None:
                found = _read(one.file)
            if found is not None:
                yield _end(f"mosquitto {one.host}:{one.port}", found)

    def _files(self) -> Iterator[ServerEnd]:
        for path in self.files:
            found = _read(path)
            if found is not None:
                yield _end(str(path), found)

    def _lists(self) -> Iterator[ServerEnd]:
        for path in self.lists:
            found = _list_end(path)
            if found is not None:
                yield found

    def _authority(self) -> Iterator[ServerEnd]:
        if self.authority is None:
            return
        for name in (ROOT, DEVICES, SERVERS):
            found = _read(self.authority / f"{name}.pem")
            if found is not None:
                yield _end(str(self.authority / f"{name}.pem"), found, AUTHORITY_NEAR_DAYS)
        for what, content in _notes(self.authority).items():
            with suppress(ValueError):
                yield _end(what, x509.load_pem_x509_certificate(content.encode()))


def _list_end(path: Path) -> ServerEnd | None:
    try:
        until = x509.load_pem_x509_crl(path.read_bytes()).next_update_utc
    except (OSError, ValueError):
        return None
    if until is None:
        return None
    shown_end = f"{until:%Y-%m-%d %H:%M} UTC"
    return ServerEnd(
        str(path), int(until.timestamp()) * _MS, shown_end, LIST_NEAR_DAYS, is_list=True
    )


def shown(host: str, port: int) -> x509.Certificate | None:
    """Return what a server shows who says nothing of itself; None where it cannot be had so."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # In this version the server's certificate is known before it asks for ours.
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        with (
            socket.create_connection((host, port), TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            found = secure.getpeercert(binary_form=True)
            return None if found is None else x509.load_der_x509_certificate(found)
    except (OSError, ValueError):
        return None


def note(folder: Path, names: Sequence[str], chain: bytes) -> None:
    """Remember a certificate that was made for a server elsewhere, in place of its last one."""
    leaf = chain.split(b"-----END CERTIFICATE-----", 1)[0] + b"-----END CERTIFICATE-----\n"
    kept = dict(_notes(folder)) | {", ".join(names): leaf.decode()}
    write_private(folder / NOTES, json.dumps(kept, ensure_ascii=False, indent=1).encode(), 0o644)


def _notes(folder: Path) -> Mapping[str, str]:
    try:
        found = json.loads((folder / NOTES).read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): str(one) for name, one in found.items()} if isinstance(found, dict) else {}


def _read(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


def _end(what: str, found: x509.Certificate, near_days: int = NEAR_DAYS) -> ServerEnd:
    until = found.not_valid_after_utc
    return ServerEnd(what, int(until.timestamp()) * _MS, f"{until:%Y-%m-%d}", near_days)
