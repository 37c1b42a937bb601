"""What of a message may stand in a log that cannot forget: nobody's name, number or address.

Who somebody is goes into a place of its own, which can be erased. Numbers and e-mail addresses stay
comparable, as keyed hashes; what else names a person leaves the message.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from retail_core.errors import Fault
from retail_core.identity.naming import normalise_phone
from retail_core.insight.collection.messages import Json, Message

# Hash of a kind (`phone`, `email`, `ip`, `device`) and a text, under a key of the tenant.
Hashed = Callable[[str, str], bytes]

REMOVED: Final = "‹removed›"
_PHONE: Final = frozenset({"phone", "mobile", "tel", "telephone", "phonenumber", "手机", "手机号"})
_EMAIL: Final = frozenset({"email", "mail", "emailaddress", "邮箱"})
_DEVICE: Final = frozenset({"advertisingid", "deviceid", "idfa", "idfv", "imei", "oaid"})
_NAMING: Final = frozenset(
    {
        "address", "addresses", "avatar", "birthday", "birthdate", "firstname", "fullname",
        "idcard", "idnumber", "lastname", "latitude", "location", "longitude", "nickname",
        "password", "receiver", "realname", "street", "token", "username", "地址", "姓名", "身份证",
    }
)  # fmt: skip
_EMAIL_FORM = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Person:
    """What a message said of who somebody is; `traits` are what may be forgotten."""

    actor: str
    phone_hash: bytes | None = None
    email_hash: bytes | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)

    @property
    def says_something(self) -> bool:
        """Tell whether there is anything to be kept."""
        return bool(self.phone_hash or self.email_hash or self.traits)


def logged(message: Message, hashed: Hashed) -> Json:
    """Return what of a message goes into the log."""
    kept = {
        name: _plain(value, hashed)
        for name, value in message.body.items()
        if name not in {"traits", "context", "writeKey", "integrations"}
    }
    context = {name: value for name, value in message.context.items() if name != "traits"}
    if context:
        kept["context"] = _context(context, hashed)
    return kept


def person(message: Message, hashed: Hashed) -> Person:
    """Return what an identify says of somebody; of any other kind, nothing."""
    traits = message.traits if message.kind == "identify" else {}
    if not traits:
        return Person(message.actor)
    phone, email = None, None
    said: dict[str, Any] = {}
    for name, value in traits.items():
        plain = _bare(name)
        if plain in _PHONE:
            phone = phone or phone_hash(str(value), hashed)
        elif plain in _EMAIL:
            email = email or email_hash(str(value), hashed)
        else:
            said[name] = value
    return Person(message.actor, phone, email, said)


def phone_hash(text: str, hashed: Hashed) -> bytes | None:
    """Return a number's hash, as members' numbers are hashed; None for what is no number."""
    try:
        return hashed("phone", normalise_phone(text))
    except Fault:
        return None


def email_hash(text: str, hashed: Hashed) -> bytes | None:
    """Return the hash of an e-mail address however it is written; None for what is none."""
    bare = text.strip().lower()
    return hashed("email", bare) if _EMAIL_FORM.fullmatch(bare) else None


def _context(context: Json, hashed: Hashed) -> Json:
    kept: Json = {}
    for name, value in context.items():
        if _bare(name) == "ip":
            kept["ipHash"] = hashed("ip", str(value)).hex()[:32]
        elif name == "device" and isinstance(value, dict):
            kept[name] = {
                part: _device(part, one, hashed)
                for part, one in value.items()
                if _bare(part) != "name"
            }
        else:
            kept[name] = _named(name, value, hashed)
    return kept


def _device(part: str, value: object, hashed: Hashed) -> object:
    if _bare(part) == "id":
        return hashed("device", str(value)).hex()[:32]
    return _named(part, value, hashed)


def _plain(value: object, hashed: Hashed) -> object:
    if isinstance(value, dict):
        return {name: _named(name, one, hashed) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, hashed) for one in value]
    return value


def _named(name: str, value: object, hashed: Hashed) -> object:
    """Return a value as the log may hold it, by what it is called."""
    bare = _bare(name)
    if bare in _PHONE:
        found = phone_hash(str(value), hashed)
        return REMOVED if found is None else found.hex()
    if bare in _EMAIL:
        found = email_hash(str(value), hashed)
        return REMOVED if found is None else found.hex()
    if bare in _DEVICE:
        return hashed("device", str(value)).hex()[:32]
    if bare in _NAMING:
        return REMOVED
    return _plain(value, hashed)


def _bare(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")
