"""The other side of the connectors: how each platform signs and seals what it pushes."""

import hmac
import json
from base64 import b64decode, b64encode
from hashlib import md5, sha1

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from cloud_broker.domain.connectors.shape import Pushed

AT_MS = 1_790_000_000_000
SECRETS = {
    "oms": {"secret": "whsec_" + b64encode(b"o" * 32).decode()},
    "douyin": {"app_key": "7000000000000000001", "app_secret": "not-a-real-secret"},
    "wechat_mini": {
        "token": "nottherealtoken",
        "aes_key": b64encode(b"w" * 32).decode().rstrip("="),
        "app_id": "wx0000000000000001",
    },
}


def pushed(
    kind: str,
    content: object,
    at_ms: int = AT_MS,
    name: str = "p-1",
    secrets: dict[str, str] | None = None,
) -> Pushed:
    """Return content as a platform would push it at a moment."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    if kind == "oms":
        said = str(at_ms // 1000)
        key = b64decode((secrets or SECRETS["oms"])["secret"].removeprefix("whsec_"))
        mac = b64encode(hmac.digest(key, f"{name}.{said}.".encode() + text, "sha256")).decode()
        headers = {"webhook-id": name, "webhook-timestamp": said, "webhook-signature": f"v1,{mac}"}
        return Pushed("POST", {}, headers, text)
    if kind == "douyin":
        secret = SECRETS["douyin"]
        mac = md5(  # noqa: S324 -- as the platform signs
            secret["app_key"].encode() + text + secret["app_secret"].encode()
        ).hexdigest()
        return Pushed("POST", {}, {"app-id": secret["app_key"], "event-sign": mac}, text)
    return _wechat(text, at_ms)


def asked(at_ms: int = AT_MS) -> Pushed:
    """Return how WeChat tries an address."""
    said, nonce = str(at_ms // 1000), "415670741"
    mac = sha1(  # noqa: S324 -- as the platform signs
        "".join(sorted([SECRETS["wechat_mini"]["token"], said, nonce])).encode()
    ).hexdigest()
    query = {"signature": mac, "timestamp": said, "nonce": nonce, "echostr": "4375120948345356249"}
    return Pushed("GET", query, {}, b"")


def _wechat(text: bytes, at_ms: int) -> Pushed:
    secret = SECRETS["wechat_mini"]
    plain = b"r" * 16 + len(text).to_bytes(4, "big") + text + secret["app_id"].encode()
    pad = 32 - len(plain) % 32
    key = b64decode(secret["aes_key"] + "=")
    sealing = Cipher(AES(key), CBC(key[:16])).encryptor()
    sealed = b64encode(sealing.update(plain + bytes([pad]) * pad) + sealing.finalize()).decode()
    said, nonce = str(at_ms // 1000), "415670741"
    mac = sha1(  # noqa: S324 -- as the platform signs
        "".join(sorted([secret["token"], said, nonce, sealed])).encode()
    ).hexdigest()
    query = {"timestamp": said, "nonce": nonce, "msg_signature": mac, "encrypt_type": "aes"}
    body = json.dumps({"ToUserName": "gh_000000000001", "Encrypt": sealed}).encode()
    return Pushed("POST", query, {}, body)
