"""HTTPS to the cloud's authority, on the paths of EST (RFC 7030)."""

import base64
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from edge_agent.adapters.outgoing import Outgoing
from edge_agent.ports.box_identity import LateAsk
from retail_core.errors import Fault
from retail_core.fleet.enrol_code import pin_of
from retail_core.texts.faults import FaultCode

TIMEOUT_S = 10.0
ANSWER_BYTES_MAX = 1024 * 1024
EST = "/.well-known/est"
_REQUEST = {"Content-Type": "application/pkcs10", "Content-Transfer-Encoding": "base64"}
_SAID = frozenset(code for code in FaultCode if code.value.startswith("F1")) | {
    FaultCode.API_RATE_LIMITED
}


@dataclass(frozen=True, slots=True)
class BrokerDoor:
    """Where the broker lets boxes in."""

    host: str
    port: int


class EstDesk:
    """Fulfils `CertificateDesk`; `drawn` is the file in which the next key waits."""

    def __init__(
        self, url: str, outgoing: Outgoing, drawn: Path, broker: BrokerDoor | None = None
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.hostname is None:
            raise Fault(FaultCode.ENROL_CLOUD_UNTRUSTED, reason=f"https:// ({url})")
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path.rstrip("/")
        self._out = outgoing
        self._drawn = drawn
        self._broker = broker

    def enrol(self, board: str, code: str, request: bytes) -> tuple[bytes, ...]:
        """Take the one-time code and return the certificates, ours first."""
        basic = base64.b64encode(f"{board}:{code}".encode()).decode()
        headers = _REQUEST | {"Authorization": f"Basic {basic}"}
        out = replace(self._out, identity=None)
        return _opened(self._asked(out, "/simpleenroll", headers, base64.b64encode(request)))

    def renew(self, request: bytes) -> tuple[bytes, ...]:
        """Ask with the present certificate for the next one."""
        content = base64.b64encode(request)
        return _opened(self._asked(self._out, "/simplereenroll", _REQUEST, content))

    def renew_late(self, asked: LateAsk) -> tuple[bytes, ...]:
        """Ask with the old key's signature, the certificate having ended."""
        body = {
            "tenant": str(asked.name.tenant),
            "device": str(asked.name.device),
            "fingerprint": asked.fingerprint.hex(),
            "request": base64.b64encode(asked.request).decode(),
            "proof": base64.b64encode(asked.proof).decode(),
        }
        out, headers = replace(self._out, identity=None), {"Content-Type": "application/json"}
        content = json.dumps(body).encode()
        return _opened(self._exchange(out, "POST", "/v1/device/renew-late", headers, content))

    def try_drawn(self) -> None:
        """Come with the drawn key over a second connection, to the cloud and to the broker.

        The broker is met in the handshake alone: a session there would end the one that works.
        """
        out = replace(self._out, identity=self._drawn)
        self._exchange(out, "GET", "/v1/device/identity")
        if self._broker is None:
            return
        context = out.context()
        # In this version a refused certificate is told within the handshake.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        try:
            plain = out.dialer.open((self._broker.host, self._broker.port), TIMEOUT_S)
            with plain, context.wrap_socket(plain, server_hostname=self._broker.host):
                pass
        except OSError as error:
            raise Fault(FaultCode.SYNC_LINK_DOWN, reason=type(error).__name__) from error

    def sheet(self) -> dict[str, Any]:
        """Fetch what the box's device file is made of."""
        found = _json(self._exchange(self._out, "GET", "/v1/device/sheet"))
        if not isinstance(found, dict):
            raise Fault(FaultCode.ENROL_ANSWER_WRONG, reason="sheet")
        return found

    def root(self, pin: str) -> bytes:
        """Return the cloud's root as PEM, and nothing else that was sent with it.

        With a pin the connection is not trusted and the root is: it must be the one the pin names.
        Fault ENROL_CLOUD_UNTRUSTED for any other.
        """
        out = _Unchecked(self._out.dialer) if pin else self._out
        for one in _certificates(self._exchange(out, "GET", f"{EST}/cacerts")):
            known = pin_of(one.public_bytes(Encoding.DER)) == pin
            if one.issuer == one.subject and (known or not pin):
                return one.public_bytes(Encoding.PEM)
        raise Fault(FaultCode.ENROL_CLOUD_UNTRUSTED, reason="pin")

    def _asked(self, out: Outgoing, path: str, headers: Mapping[str, str], content: bytes) -> bytes:
        return self._exchange(out, "POST", EST + path, headers, content)

    def _exchange(
        self,
        out: Outgoing,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> bytes:
        connection = out.connection(self._host, self._port, TIMEOUT_S, secure=True)
        try:
            connection.request(method, self._base + path, content, headers or {})
            with connection.getresponse() as response:
                body = response.read(ANSWER_BYTES_MAX)
                if response.status == HTTPStatus.OK:
                    return body
                raise _refusal(response.status, body)
        except ssl.SSLCertVerificationError as error:
            reason = error.verify_message
            raise Fault(FaultCode.ENROL_CLOUD_UNTRUSTED, reason=reason) from error
        except (OSError, http.client.HTTPException) as error:
            raise Fault(FaultCode.SYNC_LINK_DOWN, reason=type(error).__name__) from error
        finally:
            connection.close()


class _Unchecked(Outgoing):
    """The one connection of a new box that believes nothing: what it brings is checked by hash."""

    def context(self) -> ssl.SSLContext:
        """Return a context that trusts everybody."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


def _opened(body: bytes) -> tuple[bytes, ...]:
    """Return certificates in DER, the box's own first: packed, they have no order."""
    found = sorted(_certificates(body), key=_is_authority)
    return tuple(one.public_bytes(Encoding.DER) for one in found)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, x509.ExtensionNotFound):
        return True


def _certificates(body: bytes) -> list[x509.Certificate]:
    # Imported here: with it comes a parser of e-mails, 1.5 MB of memory for one answer a year.
    from cryptography.hazmat.primitives.serialization import pkcs7  # noqa: PLC0415 - see above

    try:
        packed = base64.b64decode(b"".join(body.split()), validate=True)
        return pkcs7.load_der_pkcs7_certificates(packed)
    except ValueError:
        raise Fault(FaultCode.ENROL_ANSWER_WRONG, reason="certificates") from None


def _refusal(status: int, body: bytes) -> Fault:
    told = _json(body)
    try:
        if not isinstance(told, dict):
            raise TypeError("not an object")  # noqa: TRY301 -- one answer for every bad shape
        code = FaultCode(told["code"])
        fields = {str(name): str(value) for name, value in told["fields"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return Fault(FaultCode.SYNC_LINK_DOWN, status=status)
    return (
        Fault(code, **fields) if code in _SAID else Fault(FaultCode.SYNC_LINK_DOWN, status=status)
    )


def _json(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except ValueError:
        return None
    return found
