"""A sign-in service as OpenID Connect Core 1.0 and RFC 7636 describe one, in a process of its own.

`python -m tests.factories.oidc_provider PORT` serves until it is ended; who signs in, and what is
to be wrong about the token, is set by `POST /told`.
"""

import hashlib
import json
import sys
import time
from base64 import b64decode, urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, SECRET = "regulars hq", "geheim+/="
BACK = "/login/oidc/back"


class Provider(ThreadingHTTPServer):
    """Its keys, its open codes, and what it was told."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}/id"
        self.keys = {name: rsa.generate_private_key(65_537, 2_048) for name in ("one", "two")}
        self.published = ["one"]
        self.codes: dict[str, dict[str, str]] = {}
        self.told: dict[str, Any] = {}
        self.fetched: list[str] = []

    def token(self, nonce: str) -> str:
        """Make an ID token, wrong in what it was told."""
        now = int(time.time())
        said = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "s-1",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "email": "Li@Example.org",
            "email_verified": True,
        } | self.told.get("claims", {})
        for name, seconds in self.told.get("later", {}).items():
            said[name] = now + seconds
        key = self.told.get("key", "one")
        headers = {"kid": self.told.get("kid", key)}
        if self.told.get("alg") == "none":
            return jwt.encode(said, "", algorithm="none", headers=headers)
        if self.told.get("alg") == "HS256":
            # The old confusion: signed with what everybody can read.
            shared = self.told.get("shared", "x" * 40)
            return jwt.encode(said, shared, algorithm="HS256", headers=headers)
        return jwt.encode(said, self.keys[key], algorithm="RS256", headers=headers)


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.fetched.append(parts.path)
        asked = dict(parse_qsl(parts.query))
        if parts.path == "/id/.well-known/openid-configuration":
            at = self.server.issuer
            said = {
                "issuer": at,
                "authorization_endpoint": f"{at}/door",
                "token_endpoint": f"{at}/token",
                "jwks_uri": f"{at}/keys",
                "end_session_endpoint": f"{at}/out",
            } | self.server.told.get("about", {})
            self._say(200, said)
        elif parts.path == "/id/keys":
            self._say(200, {"keys": [self._jwk(name) for name in self.server.published]})
        elif parts.path == "/id/door":
            self._door(asked)
        elif parts.path == "/id/out":
            self._say(200, {"out": asked})
        else:
            self._say(404, {})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.path == "/told":
            self.server.told = json.loads(content)
            self.server.published = self.server.told.get("published", ["one"])
            self._say(200, {"fetched": self.server.fetched})
        elif self.path == "/id/token":
            self._redeem(dict(parse_qsl(content)))
        else:
            self._say(404, {})

    def _door(self, asked: dict[str, str]) -> None:
        wanted = {"response_type": "code", "client_id": CLIENT, "code_challenge_method": "S256"}
        good = all(asked.get(name) == value for name, value in wanted.items())
        back = asked.get("redirect_uri", "")
        if not good or urlsplit(back).path != BACK or "openid" not in asked.get("scope", ""):
            self._say(400, {"error": "invalid_request"})
            return
        answer = {"state": asked["state"]}
        if "error" in self.server.told:
            answer["error"] = self.server.told["error"]
        else:
            answer["code"] = f"code-{len(self.server.codes)}-{asked['state'][:8]}"
            self.server.codes[answer["code"]] = asked
        self.send_response(303)
        self.send_header("Location", f"{back}?{urlencode(answer)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _redeem(self, form: dict[str, str]) -> None:
        if "broken" in self.server.told:
            self._say(self.server.told["broken"], {})
            return
        pair = b64decode(self.headers.get("Authorization", "Basic ").removeprefix("Basic "))
        name, _, secret = pair.decode().partition(":")
        if (unquote(name), unquote(secret)) != (CLIENT, SECRET):
            self._say(401, {"error": "invalid_client"})
            return
        begun = self.server.codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        shown = urlsafe_b64encode(verifier).rstrip(b"=").decode()
        good = begun is not None and (
            (begun["code_challenge"], begun["redirect_uri"]) == (shown, form.get("redirect_uri"))
        )
        if begun is None or not good or form.get("grant_type") != "authorization_code":
            self._say(400, {"error": "invalid_grant"})
            return
        said = {"access_token": "a", "token_type": "Bearer"}
        self._say(200, said | {"id_token": self.server.token(begun["nonce"])})

    def _jwk(self, name: str) -> dict[str, Any]:
        said: dict[str, Any] = RSAAlgorithm.to_jwk(
            self.server.keys[name].public_key(), as_dict=True
        )
        return said | {"kid": name, "use": "sig", "alg": "RS256"}

    def _say(self, status: int, said: object) -> None:
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_said: object) -> None:
        """Keep quiet."""


if __name__ == "__main__":
    Provider(int(sys.argv[1])).serve_forever()
