"""A sign-in service over HTTP: discovery, the token's redemption, and its keys.

Tokens are checked by PyJWT against the keys the service publishes; what they say is checked by
`domain/id_token`.
"""

import base64
import http.client
import json
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt

from cloud_broker.domain.id_token import ALGORITHMS, Claims, Wanted, read
from cloud_broker.ports.clock import Clock
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TIMEOUT_S = 5.0
ANSWER_BYTES_MAX = 256 * 1024
DISCOVERY = "/.well-known/openid-configuration"
KEPT_MS = 3_600_000
# A key that is not known is asked for again, but not for every forged token that names one.
KEYS_AGAIN_MS = 10_000
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_MS = 1_000
_OK = 200
_BAD_REQUEST = (400, 401)


@dataclass(slots=True)
class _Kept:
    """What was fetched, and when."""

    said: dict[str, Any] = field(default_factory=dict)
    at_ms: int = -KEPT_MS


class HttpOidc:
    """Fulfils `IdProvider`."""

    def __init__(
        self, issuer: str, client: str, secret: str, clock: Clock, scopes: str = "openid email"
    ) -> None:
        self._issuer = issuer
        self._client = client
        self._secret = secret
        self._clock = clock
        self._scopes = scopes
        self._about, self._keys = _Kept(), _Kept()
        self._lock = threading.Lock()

    @property
    def issuer(self) -> str:
        """Return what it is called."""
        return self._issuer

    def door(self, back: str, state: str, nonce: str, challenge: str) -> str:
        """Return the address at which somebody signs in there. Fault OIDC_UNREACHABLE."""
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": back,
            "scope": self._scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return _with(self._endpoint("authorization_endpoint"), asked)

    def claims(self, back: str, code: str, verifier: str, nonce: str) -> Claims:
        """Redeem a code and return who it is.

        Faults OIDC_UNREACHABLE, OIDC_REFUSED, OIDC_ISSUER to OIDC_TOKEN_WRONG.
        """
        token = self._redeemed(back, code, verifier)
        said = self._checked(token)
        wanted = Wanted(self._issuer, self._client, nonce, self._clock.now_ms() // _MS)
        found = read(said, wanted)
        if isinstance(found, FaultCode):
            raise Fault(found, reason="claims")
        return found

    def way_out(self, back: str) -> str:
        """Return the address at which somebody signs out there, "" where there is none."""
        if "end_session_endpoint" not in self._discovered():
            return ""
        asked = {"client_id": self._client, "post_logout_redirect_uri": back}
        return _with(self._endpoint("end_session_endpoint"), asked)

    # ---- what it publishes ----------------------------------------------------------------------

    def _discovered(self) -> dict[str, Any]:
        with self._lock:
            now_ms = self._clock.now_ms()
            if now_ms - self._about.at_ms >= KEPT_MS:
                said = _fetched("GET", self._issuer.rstrip("/") + DISCOVERY)
                # A service that calls itself otherwise is another one (Discovery 1.0, 4.3).
                if said.get("issuer") != self._issuer:
                    raise Fault(FaultCode.OIDC_ISSUER)
                self._about = _Kept(said, now_ms)
            return self._about.said

    def _endpoint(self, name: str) -> str:
        found = self._discovered().get(name)
        if not isinstance(found, str) or not is_safe(found):
            raise Fault(FaultCode.OIDC_TOKEN_WRONG, reason=name)
        return found

    def _key(self, header: dict[str, Any]) -> jwt.PyJWK:
        address = self._endpoint("jwks_uri")
        with self._lock:
            now_ms = self._clock.now_ms()
            known = _chosen(self._keys.said, header)
            age_ms = now_ms - self._keys.at_ms
            if age_ms >= KEPT_MS or (known is None and age_ms >= KEYS_AGAIN_MS):
                self._keys = _Kept(_fetched("GET", address), now_ms)
                known = _chosen(self._keys.said, header)
        if known is None:
            raise Fault(FaultCode.OIDC_SIGNATURE)
        return known

    # ---- a token --------------------------------------------------------------------------------

    def _redeemed(self, back: str, code: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        ways = self._discovered().get("token_endpoint_auth_methods_supported", [])
        if self._secret and ways and "client_secret_basic" not in ways:
            form |= {"client_id": self._client, "client_secret": self._secret}
        elif self._secret:
            pair = f"{quote(self._client, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form["client_id"] = self._client
        endpoint = self._endpoint("token_endpoint")
        said = _fetched("POST", endpoint, urlencode(form).encode(), headers)
        token = said.get("id_token")
        if not isinstance(token, str):
            raise Fault(FaultCode.OIDC_TOKEN_WRONG, reason="id_token")
        return token

    def _checked(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise Fault(FaultCode.OIDC_TOKEN_WRONG, reason="header") from None
        if header.get("alg") not in ALGORITHMS:
            raise Fault(FaultCode.OIDC_ALGORITHM, alg=str(header.get("alg"))[:20])
        # Only the signature: what the token says is checked by our own clock and rules.
        options = {"verify_signature": True} | dict.fromkeys(
            ("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss", "verify_sub",
             "verify_jti"), False
        )  # fmt: skip
        try:
            said: dict[str, Any] = jwt.decode(
                token,
                self._key(header),
                algorithms=[header["alg"]],
                options=options,  # type: ignore[arg-type]  # a mapping of flags
            )
        except jwt.InvalidTokenError:
            raise Fault(FaultCode.OIDC_SIGNATURE) from None
        return said


def is_safe(address: str) -> bool:
    """Tell whether an address may carry a code or a secret: https, or this machine."""
    parts = urlsplit(address)
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return parts.hostname is not None and (parts.scheme == "https" or plain)


def _chosen(keys: dict[str, Any], header: dict[str, Any]) -> jwt.PyJWK | None:
    """Return the key a token names; without a name the only one that fits."""
    name, alg = header.get("kid"), header["alg"]
    found = []
    for one in keys.get("keys", ()):
        if one.get("use", "sig") != "sig" or one.get("alg", alg) != alg:
            continue
        if name is None or one.get("kid") == name:
            try:
                found.append(jwt.PyJWK(one, alg))
            except jwt.PyJWTError:
                continue
    return found[0] if len(found) == 1 else None


def _with(address: str, asked: dict[str, str]) -> str:
    return address + ("&" if "?" in address else "?") + urlencode(asked)


def _fetched(
    method: str, address: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """Ask for JSON; Faults OIDC_UNREACHABLE, OIDC_REFUSED, OIDC_TOKEN_WRONG."""
    try:
        status, content = _asked(method, address, body, headers or {})
    except (OSError, http.client.HTTPException) as error:
        raise Fault(FaultCode.OIDC_UNREACHABLE, reason=type(error).__name__) from None
    if status != _OK and status not in _BAD_REQUEST:
        raise Fault(FaultCode.OIDC_UNREACHABLE, reason=f"HTTP {status}")
    try:
        said = json.loads(content)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Fault(FaultCode.OIDC_TOKEN_WRONG, reason="JSON")
    if status != _OK:
        raise Fault(FaultCode.OIDC_REFUSED, reason=str(said.get("error", status))[:100])
    return said


def _asked(
    method: str, address: str, body: bytes | None, headers: dict[str, str]
) -> tuple[int, bytes]:
    parts = urlsplit(address)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=TIMEOUT_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body, {"Accept": "application/json", **headers})
        with connection.getresponse() as response:
            return response.status, response.read(ANSWER_BYTES_MAX)
    finally:
        connection.close()
