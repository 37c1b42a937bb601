"""Being written to: what a member is asked word for word, and her address as it rests.

One purpose a channel, and a word on one is none on the other. The address is kept sealed under a
key outside of the database, for as long as her consent stands.
"""

import hmac
from hashlib import sha256
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from retail_core.errors import Fault
from retail_core.identity.naming import normalise_phone
from retail_core.insight.campaigns.plan import Channel
from retail_core.texts.faults import FaultCode

NONCE_BYTES: Final = 12
TEXT_VERSION: Final = "2026-1"
OPENID_CHARS_MAX: Final = 64
_PURPOSE: Final = b"regulars contact 1\x00"
PURPOSES: Final[dict[Channel, str]] = {"sms": "sms", "wechat": "wechat"}
TEXTS: Final[dict[Channel, dict[str, str]]] = {
    "sms": {
        "zh": "我同意品牌用短信给我发优惠信息,为此加密保存我的手机号。不同意不影响会员资格;"
        "回复 T 或在会员页可随时退订,退订后号码立即删除。",
        "en": "I agree that the brand sends me offers by SMS and keeps my phone number, encrypted,"
        " for that. Saying no does not touch my membership; I can stop it at any time by replying T"
        " or on my page, and the number is then deleted.",
    },
    "wechat": {
        "zh": "我同意品牌用微信给我发优惠信息,为此加密保存我的微信标识。不同意不影响会员资格;"
        "在微信或会员页可随时退订,退订后标识立即删除。",
        "en": "I agree that the brand sends me offers by WeChat and keeps my WeChat id, encrypted,"
        " for that. Saying no does not touch my membership; I can stop it at any time in WeChat or"
        " on my page, and the id is then deleted.",
    },
}


def text_hash(channel: Channel, language: str) -> bytes:
    """Return the hash of the text she was shown; any language but `en` is zh."""
    said = TEXTS[channel]
    return sha256(said.get(language, said["zh"]).encode()).digest()


def address_of(channel: Channel, said: str) -> str:
    """Return an address as it is kept: E.164 digits, an openid. Faults CONTACT_INVALID, A107."""
    if channel == "sms":
        return normalise_phone(said)
    plain = said.strip()
    if not (plain.isascii() and plain.replace("-", "").replace("_", "").isalnum()):
        raise Fault(FaultCode.CONTACT_INVALID)
    if len(plain) > OPENID_CHARS_MAX:
        raise Fault(FaultCode.CONTACT_INVALID)
    return plain


def hash_of(phone_hash_key: bytes, channel: Channel, address: str) -> bytes:
    """Return the hash that finds whose an address is; a phone's is that of her membership."""
    named = address if channel == "sms" else f"{channel}:{address}"
    return hmac.digest(phone_hash_key, named.encode(), "sha256")


def seal(tenant_key: bytes, member: UUID, channel: Channel, address: str, nonce: bytes) -> bytes:
    """Return an address sealed for one member; `nonce` is 12 random bytes, never used twice."""
    return nonce + _box(tenant_key).encrypt(nonce, address.encode(), _bound(member, channel))


def unseal(tenant_key: bytes, member: UUID, channel: Channel, sealed: bytes) -> str:
    """Return an address. Fault CONTACT_INVALID for another member or under another key."""
    nonce, content = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return _box(tenant_key).decrypt(nonce, content, _bound(member, channel)).decode()
    except InvalidTag:
        raise Fault(FaultCode.CONTACT_INVALID) from None


def _box(tenant_key: bytes) -> AESGCM:
    return AESGCM(hmac.digest(tenant_key, _PURPOSE, "sha256"))


def _bound(member: UUID, channel: Channel) -> bytes:
    return member.bytes + channel.encode()
