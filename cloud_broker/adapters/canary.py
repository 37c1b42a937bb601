"""A certificate that has been revoked since it was made: a broker that lets it in heeds no list.

A broken list of the revoked opens a mosquitto to every box that was ever shut out, and says so in
a line of its log alone. The canary names no box and has no role: it is never let speak.
"""

import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cloud_broker.adapters.ca_files import write_private
from cloud_broker.ports.authority import BoxAuthority
from retail_core.fleet.box_identity import BoxName

FILE = "canary.pem"
TIMEOUT_S = 5.0
TRIES = 3
PAUSE_S = 1.0
# A certificate that has ended is refused whatever the list says: it would prove nothing.
_LEFT_MS = 2 * 24 * 3_600_000
_MS = 1_000
_NOBODY = BoxName(UUID(int=0), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Cage:
    """Where the canary is kept, and the brokers it is tried on: (host, port for boxes)."""

    folder: Path
    brokers: Sequence[tuple[str, int]]

    def serial(self) -> int | None:
        """Return the number that every list of the revoked has to name; None before the first."""
        found = self._held()
        return None if found is None else found.serial_number

    def fresh(self, authority: BoxAuthority, now_ms: int) -> int:
        """Return that number, of a new canary where the old one is gone or near its end.

        Who asks puts it in force at once: until then a new canary would be let in.
        """
        found = self._held()
        if found is not None and _ms(found.not_valid_after_utc) - now_ms > _LEFT_MS:
            return found.serial_number
        key = ec.generate_private_key(ec.SECP256R1())
        asked = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        request = asked.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
        issued = authority.issue(request, _NOBODY, now_ms)
        chain = [
            x509.load_der_x509_certificate(one) for one in (issued.content, *authority.chain())
        ]
        pem = b"".join(one.public_bytes(Encoding.PEM) for one in chain)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(self.folder / FILE, pem + secret)
        return issued.serial

    def tried(self) -> Iterator[tuple[str, bool]]:
        """Yield each broker that answers, and whether it lets the canary in."""
        if self._held() is None:
            return
        for host, port in self.brokers:
            with suppress(OSError):
                yield f"mosquitto {host}:{port}", self._stays_open(host, port)

    def _stays_open(self, host: str, port: int) -> bool:
        """Return whether the canary is let in again and again: a new list takes a moment."""
        for again in reversed(range(TRIES)):
            if not self._let_in(host, port):
                return False
            time.sleep(PAUSE_S if again else 0)
        return True

    def _let_in(self, host: str, port: int) -> bool:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(self.folder / FILE)
        # In this version a certificate is refused within the handshake.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection((host, port), TIMEOUT_S) as plain:
            try:
                context.wrap_socket(plain, server_hostname=host).close()
            except (ssl.SSLError, ConnectionResetError):
                return False
        return True

    def _held(self) -> x509.Certificate | None:
        try:
            return x509.load_pem_x509_certificate((self.folder / FILE).read_bytes())
        except (OSError, ValueError):
            return None


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * _MS
